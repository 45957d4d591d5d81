"""Every decision by its name, in words: `--explain`, the story of an incident and the documentation use them."""

from __future__ import annotations

from collections.abc import Mapping

RULES: Mapping[str, str] = {
    # what a run means for its check
    "ignored.manual": "a person ran it; that says nothing about the schedule's runs",
    "ignored.release": "a release ran it; its verdict is the release's",
    "ignored.interrupted": "techrun was stopped while it ran",
    "held.blocked": "a captcha or firewall stopped it; the streak of the runs before is kept",
    "held.fixture": "our own test data are at fault; the streak is kept",
    "held.uplink": "techrun's own network is gone; the streak is kept, and outages wait",
    "held.unknown": "it gave no verdict by our own fault; the streak is kept",
    "held.not_reached": "it stopped before the step that failed, so it proves nothing about that step",
    "failure.counted": "a failure, and not yet as many in a row as an outage takes",
    "failure.forgotten": "a good run after failures that were too few for an outage",
    "down.confirmed": "as many failures in a row as an outage takes: the check is down",
    "down.order_confirmed": "two orders failed: the check is down",
    "down.continues": "one more failure of a check that is down",
    "first.good": "the first verdict ever, and it is good",
    "good.continues": "one more good run",
    "recovery.counted": "a good run of a check that is down, and not yet as many as a recovery takes",
    "recovered.confirmed": "as many good runs in a row as a recovery takes: the check works again",
    "degraded.counted": "slow or poor, and not yet as often in a row as it takes",
    "degraded.confirmed": "slow or poor as often in a row as it takes: the check is degraded",
    "improvement.counted": "well, and not yet as often in a row as it takes",
    "improved.confirmed": "well as often in a row as it takes: the check is no longer degraded",
    # which incident a check belongs to
    "joined.first": "it opened the incident",
    "joined.depends_on": "it depends on a check that is down already, so it makes no alert of its own",
    "joined.parent_of": "checks that depend on it are down already, and it explains them",
    "joined.same_cause": "another check of the shop fails for the same cause",
    "joined.storm": "many shops broke at once and are told as one",
    "blind.confirmed": "no verdict for so long that somebody must look at techrun or its way to the shop",
    "blind.blocked_after_release": "blocked soon after a release: customers may be blocked as well",
    "blind.blocked_everywhere": "every check of the shop is blocked: customers may be blocked as well",
    "fixture.confirmed": "our own test data failed as often in a row as an outage takes",
    "degraded.lasts": "degraded for so long that somebody should know",
    "leak.told": "a test order was not taken back",
    "storm.gathers": "so many shops broke within a few minutes that one message tells of all",
    "uplink.lost": "none of the witnesses can be reached: techrun's own network is gone",
    "uplink.back": "a witness can be reached again",
    "opened.by_person": "a person reported it",
    # how it ends
    "recovered.verdict": "the check gives verdicts again",
    "closed.check_gone": "the check left the configuration",
    "closed.by_person": "a person closed it",
    "told.once": "there is nothing to wait for: it is told once",
    # what holds a message back
    "held.group_wait": "what belongs to it may still fail; it is told as one",
    "held.silence": "a silence covers it",
    "held.maintenance": "announced maintenance covers it",
    "held.deploy_grace": "a release has just begun",
    "held.maintenance_page": "the platform shows its maintenance page, and not yet for long",
    "held.parent": "a check that it depends on is asked first",
    "held.recovering": "it was held, and its last runs did not fail: it may be over",
    "held.asked_again": "it was held, and is asked again before it is told",
    "held.storm": "it is told with the storm that it belongs to",
    # what is told to whom
    "owed.opened": "told when it began",
    "owed.joined": "told to a channel that is concerned from now on",
    "owed.raised": "told that it is worse than was said before",
    "owed.update": "told that other checks of it still fail",
    "owed.reminder": "told again, since nobody acknowledged it",
    "owed.escalated": "told to the next one, since nobody acknowledged it",
    "owed.recovered": "told that it is over",
    "owed.withdrawn": "told that it is no longer watched",
    "owed.fallback": "told to the fallback, since the channel fails",
    "acknowledged": "a person took it on",
}
"""Name and meaning, in the order in which they apply."""
