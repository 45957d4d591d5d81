"""Makes the load: Locust, in a process of its own, behind an interface.

parent      the end of the one who commands; child: the process itself; errand: the pipes between them
locust_hooks what Locust calls; reading: the scenario; ending: the verdict of a plain `locust -f`
leader      the master, or the only process; leading: one run of it; crew: who makes the load
follower    a worker's end; worker: one process in one run
pacing      lets visitors in when they are due; control: measures the runner beside them; health: and its process
recorder    what happened in one process; merging: in all of them
"""
