"""What techrun answers over HTTP.

server       the web server, in a thread of its own
routes       metrics, health, reload, and everything else put together
landing      the landing page: what is wrong, and the status of each check
api          `/api/v1`; load_api: its part about load runs; call: one request; access: who may use it;
             bodies: what may be sent to it
acknowledge  the page behind the link in a message
"""
