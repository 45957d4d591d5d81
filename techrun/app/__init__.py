"""The only place where parts are joined: configuration, checks, engine, sinks, web server, demo.

loading     files → checks that are ready to run; every command begins here
daemon      `techrun run`: engine, sinks and web server; reloading: the configuration read again;
            parts: settings for the fetcher; board: the landing page's rows; counting: what is counted of
            techrun itself; heartbeat: the dead man's switch
once        `techrun check`; deciding: what the daemon would make of a run
operations  what a person on call does, on the store or (remote, by client) over the API; standing: how
            things stand
loadtest    `techrun load run`: from the guards to the verdict; load_target: what may be loaded; load_scenarios:
            with whom; load_drive: the run itself, watched by load_feed, load_asking and interrupts
loads       where load runs are kept, and found again; remote_loads: over the API; load_files: as files
notifying   `techrun notify test`
describing  `techrun validate`
demo        `techrun demo`
"""
