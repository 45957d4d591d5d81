"""What a message says, fact by fact, in words that fit its reader: the variables of the templates.

A fact that is empty has nothing to say; what matters and is not known says that it is not.
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass

from techrun.alerts.context import AtRisk, Context
from techrun.alerts.titles import headline_of
from techrun.alerts.wording import about_text, cut, duration_text, listed, money_text, one_line, time_text
from techrun.model import Reason
from techrun.standing import LEAKS_ALLOWED, Event, Incident, IncidentKind, Member

SENTENCE = 300
"""Characters of any one fact."""
EXCERPT = 300
"""Characters of the answer that failed."""
NAMES, TITLES = 6, 8
"""So many checks, and incidents of a storm, are named; of the others it is said how many there are."""
FRESH = 86_400.0
"""A release within so many seconds before is what changed."""

_BEGINS: tuple[Event, ...] = ("opened", "raised", "update", "reminder", "escalated")
"""Events of an incident that goes on."""
_OF_CUSTOMERS: tuple[IncidentKind, ...] = ("outage", "reported", "storm")
"""Kinds by which orders are lost."""
_OF_A_SHOP: tuple[IncidentKind, ...] = ("outage", "degraded", "blind", "fixture", "reported")
_MAY_BE_US = (Reason.DNS, Reason.CONNECT, Reason.TIMEOUT, Reason.UPLINK)
"""Reasons that a lost network of our own has as well."""


@dataclass(frozen=True, slots=True)
class Facts:
    """The variables of a template; `docs/alerts.md` explains each. All but the last three are plain text."""

    headline: str
    event: str
    kind: str
    severity: str
    number: int
    shop: str
    client: str
    url: str
    owner: str
    news: str
    held: str
    meaning: str
    lasted: str
    since: str
    runs: str
    last_good: str
    over: str
    found: str
    also_failing: str
    works_again: str
    up: str
    own_network: str
    changed: str
    release_link: str
    rollback: str
    at_risk: str
    at_risk_method: str
    lost: str
    lost_method: str
    test_orders: str
    notes: str
    repeat: str
    ack_link: str
    acknowledged: str
    escalation: str
    runbook: str
    trace: str
    excerpt: str
    parts: tuple[str, ...]
    incident: Incident
    context: Context


def facts_of(
    event: Event, incident: Incident, context: Context, now: float, *, nth: int, in_place: str
) -> Facts:
    """All that is to be said of an incident; `in_place` is the channel that should have said it."""
    teller = _Teller(event, incident, context, now)
    shop, lead = context.shop, incident.lead
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
        news=teller.news(nth, in_place),
        held=teller.held(),
        meaning=_bounded(teller.meaning()),
        lasted=teller.lasted,
        since=teller.moment(incident.since, named=True),
        runs=teller.runs(),
        last_good=teller.last_good(),
        over=teller.moment(incident.closed, named=True) if incident.closed is not None else "",
        found=_bounded(teller.found()),
        also_failing=_bounded(teller.also_failing()),
        works_again=teller.works_again(),
        up=_bounded(listed(context.up, NAMES)),
        own_network=teller.own_network(),
        changed=_bounded(teller.changed()),
        release_link=context.release.link if context.release and teller.changed() else "",
        rollback=teller.rollback(),
        **teller.money(),
        test_orders=_bounded(teller.test_orders()),
        notes=_bounded(teller.notes()),
        repeat=teller.repeat(),
        ack_link=context.ack_link if teller.goes_on else "",
        acknowledged=_bounded(teller.acknowledged()),
        escalation=teller.escalation(),
        runbook=teller.runbook(),
        trace=lead.trace_id if lead else "",
        excerpt=cut(one_line(lead.excerpt), EXCERPT) if lead and teller.goes_on else "",
        parts=teller.parts(),
        incident=incident,
        context=context,
    )


def _bounded(text: str) -> str:
    return cut(one_line(text), SENTENCE)


class _Teller:
    """Puts the facts of one message into words."""

    def __init__(self, event: Event, incident: Incident, context: Context, now: float) -> None:
        self._event = event
        self._incident = incident
        self._context = context
        self._now = now
        self._lead = incident.lead
        self._zone = context.shop.timezone if context.shop else "UTC"
        self.goes_on = event in _BEGINS
        self.lasted = duration_text((now if incident.closed is None else incident.closed) - incident.since)

    def moment(self, at: float, *, seconds: bool = True, named: bool = False) -> str:
        return time_text(at, self._now, self._zone, seconds=seconds, named=named)

    def news(self, nth: int, in_place: str) -> str:
        """What this message tells that an earlier one did not."""
        told = f"Told before: {listed(self._context.told_to, NAMES)}." if self._context.told_to else ""
        said = {
            "raised": f"It is worse than was told: a {self._incident.severity} now.",
            "update": "Other checks of it fail now.",
            "reminder": f"It still goes on, for {self.lasted} now (reminder {nth}). {self._nobody()}",
            "escalated": f"It goes on for {self.lasted} now. {self._nobody()} {told}",
            "withdrawn": "What it is about left the configuration and is no longer watched; "
            "no recovery was seen.",
        }.get(self._event, "")
        place = (
            f'The channel "{in_place}" does not take it, so you hear of it in its place.' if in_place else ""
        )
        return " ".join(f"{place} {said}".split())

    def _nobody(self) -> str:
        return "" if self._context.acknowledged else "Nobody acknowledged it."

    def held(self) -> str:
        """What kept this message back, beyond the moment in which messages are gathered."""
        why = [hold.detail or hold.rule for hold in self._context.holds if hold.rule != "held.group_wait"]
        total = (
            f"{duration_text(self._context.held_for)} of it held back" if self._context.held_for >= 1 else ""
        )
        if not why:
            return total
        if self._event == "opened":
            total = f"told {duration_text(self._now - self._incident.opened)} late"
        return _bounded(f"{total or 'held back'}: {listed(why, 3)}")

    def meaning(self) -> str:
        """What the kind means where its title leaves that open."""
        lead, text = self._lead, self._incident.text
        match self._incident.kind:
            case "degraded":
                return "Customers can do it, but slower or poorer than promised."
            case "blind":
                return _BLIND.get(lead.reason if lead else None, _BLIND[None])
            case "fixture":
                return "techrun's own test data in the shop are at fault, not the shop; it is not watched so far."
            case "leak":
                by = f"{lead.check} placed it. " if lead else ""
                return (
                    f"{by}Please cancel it by hand. With {LEAKS_ALLOWED} such orders in a shop none is placed "
                    "until a person has seen to them."
                )
            case "uplink":
                return (
                    text or "Neither shops nor witnesses can be reached, so nothing is known about any shop."
                )
            case "storm" | "reported":
                return text if one_line(text) not in self._incident.title else ""
            case _:
                return text

    def runs(self) -> str:
        """How the first message confirms it."""
        if self._event != "opened" or self._lead is None or not self._lead.runs:
            return ""
        return f"{self._lead.runs} of {self._lead.runs} runs"

    def last_good(self) -> str:
        if self._lead is None or self._incident.kind == "leak" or not self.goes_on:
            return ""
        return "not known" if self._lead.last_good is None else self.moment(self._lead.last_good)

    def found(self) -> str:
        """What the leading check found, where the title had no room for it."""
        lead = self._lead
        if lead is None or not (lead.message or lead.reason):
            return ""
        said = one_line(lead.message) or (lead.reason.value if lead.reason else "")
        if said in self._incident.title and self.goes_on:
            return ""
        return f'at "{lead.step}": {said}' if lead.step else said

    def also_failing(self) -> str:
        others = [each for each in self._incident.failing if each is not self._lead]
        return listed([self._with_why(each) for each in others], NAMES)

    def works_again(self) -> str:
        if not self.goes_on:
            return ""
        mended = [self._name(each) for each in self._incident.members if each.recovered is not None]
        return _bounded(listed(mended, NAMES))

    def _with_why(self, member: Member) -> str:
        why = ", ".join(filter(None, (f'"{member.step}"' if member.step else "", one_line(member.message))))
        return f"{self._name(member)} ({cut(why, 60)})" if why else self._name(member)

    def _name(self, member: Member) -> str:
        return member.check.name if member.check.shop == self._incident.shop else str(member.check)

    def own_network(self) -> str:
        """Whether it could be techrun's own network; unknown matters where the reason looks like that."""
        known = self._context.own_network
        if not self.goes_on or self._incident.kind not in ("outage", "blind", "storm"):
            return ""
        if known == "unknown" and not (self._lead and self._lead.reason in _MAY_BE_US):
            return ""
        return {"ok": "ok", "lost": "lost", "unknown": "unknown (no witness)"}[known]

    def changed(self) -> str:
        release = self._context.release
        if release is None or self._incident.kind not in _OF_A_SHOP:
            return ""
        before = self._incident.since - release.begun
        if before >= FRESH:
            return f"no release for {about_text(before)} (last: {release.version})"
        commit = f" ({release.commit[:12]})" if release.commit else ""
        author = f" by {release.author}" if release.author else ""
        when = f"{about_text(before)} before" if before >= 0 else f"{about_text(-before)} later"
        return f"release {release.version}{commit}{author} {when}"

    def rollback(self) -> str:
        shop = self._context.shop
        told = self.goes_on and self._incident.severity == "page" and self._incident.kind in _OF_A_SHOP
        return shop.rollback if shop and told else ""

    def money(self) -> dict[str, str]:
        """What it costs an hour, and what it cost so far or altogether."""
        words = dict.fromkeys(("at_risk", "at_risk_method", "lost", "lost_method"), "")
        if self._incident.kind not in _OF_CUSTOMERS:
            return words
        if self.goes_on:
            words["at_risk"], words["at_risk_method"] = self._per_hour()
        if self._context.lost is not None and self._event != "opened":
            words["lost"], words["lost_method"] = _range(self._context.lost), self._context.lost.method
        return words

    def _per_hour(self) -> tuple[str, str]:
        if self._context.per_hour is not None:
            return f"{_range(self._context.per_hour)}/h", self._context.per_hour.method
        if self._incident.severity == "page" and self._context.shop is not None:
            return "unknown", "no `impact` for this shop"
        return "", ""

    def test_orders(self) -> str:
        if not self.goes_on or self._incident.kind == "leak":
            return ""
        if self._context.test_orders:
            return listed(self._context.test_orders, 3)
        return "none" if self._context.check and self._context.check.places_orders else ""

    def notes(self) -> str:
        """What persons added."""
        said = (": ".join(filter(None, (note.fault, note.text))) for note in self._context.annotations)
        return "; ".join(filter(None, said))

    def repeat(self) -> str:
        lead, check = self._lead, self._context.check
        if lead is None or check is None or not self.goes_on or self._incident.kind == "leak":
            return ""
        words = ["techrun", "check", str(lead.check)]
        if lead.step and lead.step in check.steps:
            words += ["--until", lead.step]
        if check.kind in ("http", "journey"):
            words.append("--curl")
        return shlex.join(words)

    def acknowledged(self) -> str:
        taken = self._context.acknowledged
        if taken is None:
            return ""
        note = f": {taken.note}" if taken.note else ""
        return f"by {taken.author} {self.moment(taken.at, seconds=False)}{note}"

    def escalation(self) -> str:
        if self._context.next_escalation is None or not self.goes_on:
            return ""
        channel, at = self._context.next_escalation
        return f"not acked by {self.moment(at, seconds=False)} -> {channel}"

    def runbook(self) -> str:
        check, shop = self._context.check, self._context.shop
        return (check.runbook if check else "") or (shop.runbook if shop else "") if self.goes_on else ""

    def parts(self) -> tuple[str, ...]:
        """The incidents of a storm."""
        titles = [cut(each.title, 100) for each in self._context.storm]
        left = len(titles) - TITLES
        return (*titles[:TITLES], *([f"and {left} more"] if left > 0 else []))


_BLIND: dict[Reason | None, str] = {
    Reason.BLOCKED: "A captcha or firewall stops the probe. Customers may be fine, nothing is known.",
    Reason.UPLINK: "techrun's own network is gone, so nothing is known about the shop.",
    Reason.FORBIDDEN: "techrun's settings forbid the address, so nothing is known about the shop.",
    Reason.ORDER_CAP: "No test order may be placed (cap or orders that stand), so nothing is known about orders.",
    None: "techrun cannot tell whether it works: the fault is its own until proven otherwise.",
}


def _range(money: AtRisk) -> str:
    return money_text(money.low, money.high, money.currency)
