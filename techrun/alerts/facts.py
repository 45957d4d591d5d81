"""What a message says, fact by fact: the variables of the templates.

A fact that is empty has nothing to say; what matters and is not known says that it is not.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

from techrun.alerts.context import Context
from techrun.alerts.telling import Sentences
from techrun.alerts.titles import headline_of
from techrun.alerts.wording import cut, listed, one_line
from techrun.standing import Event, Incident

SENTENCE = 300
"""Characters of any one fact, and of the excerpt."""
NAMES = 8
"""So many of the checks that work are named."""


@dataclass(frozen=True, slots=True)
class Facts:
    """The variables of a template. All are plain text but `number`, `parts`, `incident` and `context`."""

    headline: str
    """The title of the message."""
    event: str
    """`opened`, `raised`, `update`, `reminder`, `escalated`, `recovered` or `withdrawn`."""
    kind: str
    """`outage`, `degraded`, `blind`, `fixture`, `leak`, `uplink`, `storm` or `reported`."""
    severity: str
    """`page`, `ticket` or `info`."""
    number: int
    """The incident's number."""
    shop: str
    """The shop's name; empty where it is about techrun itself or about many shops."""
    client: str
    """Who the shop belongs to."""
    url: str
    """The shop's address."""
    owner: str
    """The shop's owner."""
    news: str
    """What this message tells that an earlier one did not: that it goes on, is worse, was escalated."""
    held: str
    """How long messages were held back, and by what."""
    meaning: str
    """What is to be understood, where the title leaves that open; what a person reported."""
    lasted: str
    """How long it lasts, or lasted: `12m30s`."""
    since: str
    """When the first failed run started, by the shop's clock; the day only where it is not today."""
    runs: str
    """How it was confirmed: `4 of 4 runs`; only in the first message."""
    last_good: str
    """When the last good run started, or `not known`."""
    over: str
    """When it ended; empty while it goes on."""
    found: str
    """What the leading check found, where the title has no room for it."""
    also_failing: str
    """The other checks that fail, and why."""
    works_again: str
    """The checks of this incident that recovered."""
    up: str
    """The shop's checks that work."""
    own_network: str
    """`ok`, `lost` or `unknown (no witness)`."""
    changed: str
    """The release before it, or that there was none for long."""
    release_link: str
    """Its page."""
    load_test: str
    """The load test that the shop is under, or was: `running: checkout, v2, since 14:02`."""
    rollback: str
    """The shop's `rollback`; techrun prints it and never runs it."""
    at_risk: str
    """Money an hour: `180-420 EUR/h`, or `unknown`."""
    at_risk_method: str
    """How that is reckoned."""
    lost: str
    """Money so far, or altogether: `90-210 EUR`."""
    lost_method: str
    """How that is reckoned."""
    test_orders: str
    """Test orders that stand in the shop, or `none` where the check places some."""
    notes: str
    """What persons added to the incident."""
    repeat: str
    """The command that shows the failure again."""
    ack_link: str
    """Opens a page with a button that acknowledges the incident."""
    acknowledged: str
    """Who has taken it on, and when."""
    escalation: str
    """Who hears of it next, and when: `not acked by 03:22 -> phone`."""
    runbook: str
    """The page that says what to do."""
    trace: str
    """The trace id of the run that decided; the shop's logs have it too."""
    excerpt: str
    """The beginning of the answer that failed, redacted."""
    parts: tuple[str, ...]
    """The incidents of a storm, a title each."""
    incident: Incident
    """The whole record."""
    context: Context
    """All that is known around it."""

    def variables(self) -> dict[str, Any]:
        """By name, as a template takes them."""
        return {field.name: getattr(self, field.name) for field in fields(self)}


def facts_of(
    event: Event, incident: Incident, context: Context, now: float, *, nth: int = 1, in_place: str = ""
) -> Facts:
    """All that is to be said of an incident; `in_place` is the channel that should have said it."""
    told = Sentences(event, incident, context, now)
    shop, lead, release = context.shop, incident.lead, context.release
    up = listed(context.up, NAMES) if told.goes_on else ""
    sentences = {**told.by_name(), "news": told.news(nth, in_place), "up": up}
    return Facts(
        headline=headline_of(event, incident, now),
        event=event,
        kind=incident.kind,
        severity=incident.severity,
        number=incident.id,
        shop=incident.shop,
        client=shop.client if shop else "",
        url=shop.url if shop else "",
        owner=shop.owner if shop else "",
        lasted=told.lasted,
        since=told.moment(incident.since, named=True),
        over=told.moment(incident.closed, named=True) if incident.closed is not None else "",
        release_link=release.link if release and sentences["changed"] else "",
        runbook=told.runbook(),
        ack_link=context.ack_link if told.goes_on else "",
        trace=lead.trace_id if lead else "",
        excerpt=cut(one_line(lead.excerpt), SENTENCE) if lead and told.goes_on else "",
        parts=told.parts(),
        incident=incident,
        context=context,
        **{name: cut(one_line(sentence), SENTENCE) for name, sentence in sentences.items()},
    )
