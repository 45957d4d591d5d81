"""From results to the right few messages.

state       when failures become an outage and good runs a recovery: pure, every decision has a name
incidents   what such a change means for a shop: an incident opens or closes; pure
message     what a person reads
delivery    one worker a channel: what waits in the outbox is sent until it is taken
notify      one message to one channel, through Apprise

`sinks/incidents` feeds them with results, `store/outbox` keeps the messages meanwhile.
"""
