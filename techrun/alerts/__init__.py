"""From results to the right few messages.

state       when failures become an outage and good runs a recovery: pure, every decision has a name
rules       every such name, in words
quiet       when a check that is not down is an incident all the same: blind, degraded; pure
answer      what a message shows of the answer that failed
incidents   what such a change means for a shop: an incident opens or closes; pure
windows     when alerts of which checks are held: silences, the calendar, the grace of a release; pure
routing     what is owed of an incident now, asked again and again with what was told; pure
owing       the rules by which a message is owed; pure
recipients  who hears of an incident; pure
policy      what the configuration says about all this
context     what a message tells besides its incident
message     what a person reads: title, text and HTML of an event for one channel
titles      what is wrong, in one line of words
facts       what a message says, fact by fact: the variables of the templates
telling     each of these facts in words, where it has something to say
rendering   facts to text and HTML, by our templates or the user's
samples     incidents as they may come, which templates are tried with
template_check  whether a user's templates can be relied on
wording     times, durations, money and lists as people read them
impact      what an outage costs, as a range; pure
links       the link by which a person acknowledges an incident
delivery    one worker a channel: what waits in the outbox is sent until it is taken
notify      one message to one channel, through Apprise
_apprise_pager   services that open incidents of their own: the key of each, and how it is resolved
_apprise_answer  what a service answered: accepted, refused for good, or when to come back
_apprise_guard   no secret in what Apprise writes to the log

`sinks/incidents` feeds them with results, `store/outbox` keeps the messages meanwhile.
"""
