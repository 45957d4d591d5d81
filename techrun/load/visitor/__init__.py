"""One visitor: a journey driven under gevent.

user        `JourneyUser`, as scenarios know it; equipment: what its visits need, without Locust
visit       brings one visit to its end; telling: what is told of its steps
exchange    one request and its answer; connect: sockets, TLS and what may be reached; decoding: of bodies
"""
