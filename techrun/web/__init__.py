"""What techrun answers over HTTP.

server       the web server, in a thread of its own
routes       metrics, health, reload, and everything else put together
landing      the landing page: what is wrong, and the status of each check
api          `/api/v1`; call: one request; access: who may use it; bodies: what may be sent to it
load_api     its part about load runs; release_api: about the book of releases; gate_api: about the gate;
             dora_api: about the four keys of DORA
acknowledge  the page behind the link in a message
"""
