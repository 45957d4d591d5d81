"""Releases: whether what was deployed is what is live, and as good as before.

records     what a verification saw, what was made of it, what a gate decided
identity    what each node runs; stamp: the file that tells it
smoke       journeys and checks that a release must pass; bake: all checks faster, for some minutes
runs        what one run of a check says; weighing: whether all rulings that decide hold
figures     what a Prometheus says; calling: how other services are called
judge       all of it together: pass, fail or inconclusive
keeping     the book: releases, verifications, what gates said
acting      what follows from a verdict; report: how it is told
gate        whether a release may begin
dora        the four keys of DORA
calibrate   earlier releases, judged again
"""
