"""Each fact of a message in words, each only where it has something to say to whom it is for."""

from __future__ import annotations

import shlex

from techrun.alerts.context import Context
from techrun.alerts.impact import loses_orders
from techrun.alerts.wording import (
    about_text,
    cut,
    duration_text,
    fitting,
    listed,
    load_test_text,
    money_text,
    one_line,
    release_text,
    time_text,
)
from techrun.impact import Cost
from techrun.model import Reason
from techrun.standing import LEAKS_ALLOWED, Event, Hold, Incident, IncidentKind, Member

NAMES, PARTS = 6, 8
"""So many checks, and incidents of a storm, are named; of the others it is said how many there are."""
LOADS, RELEASES = 2, 3
"""So many load tests and releases are told."""
FRESH = 86_400.0
"""A release so many seconds before, or less, is what changed."""
GATHERING = "held.group_wait"
"""The rule of every message, of which there is nothing to say."""
BRIEF = 30.0
"""Seconds that a message may be held back and need not explain it."""
SOON = 300.0
"""Seconds after which the first message, too, says what was lost so far."""
WHY = 60
"""Characters of why another check fails too."""

_GOES_ON: tuple[Event, ...] = ("opened", "raised", "update", "reminder", "escalated")
_OF_A_SHOP: tuple[IncidentKind, ...] = ("outage", "degraded", "blind", "fixture", "reported")
_MAY_BE_US = (Reason.DNS, Reason.CONNECT, Reason.TIMEOUT, Reason.UPLINK)
"""Reasons that a lost network of our own has as well."""

_MEANING: dict[IncidentKind, str] = {
    "degraded": "Customers can do it, but slower or poorer than promised.",
    "fixture": "techrun's own test data are at fault, not the shop; until they are mended, nothing is known.",
    "leak": f"Please cancel it by hand. With {LEAKS_ALLOWED} such orders in a shop none is placed "
    "until a person has seen to them.",
    "uplink": "Neither shops nor witnesses can be reached, so nothing is known about any shop.",
}
_BLIND: dict[Reason | None, str] = {
    Reason.BLOCKED: "A captcha or firewall stops the probe; whether customers get through is not known.",
    Reason.UPLINK: "techrun's own network is gone, so nothing is known about the shop.",
    Reason.FORBIDDEN: "techrun's settings forbid the address, so nothing is known about the shop.",
    Reason.ORDER_CAP: "No test order may be placed, so nothing is known about orders.",
}
_BLIND_OTHERWISE = "techrun cannot tell whether it works; the fault is probably its own."


class Sentences:
    """The facts of one message in words."""

    def __init__(self, event: Event, incident: Incident, context: Context, now: float) -> None:
        self._event = event
        self._incident = incident
        self._context = context
        self._now = now
        self._lead = incident.lead
        self._zone = context.shop.timezone if context.shop else "UTC"
        self.goes_on = event in _GOES_ON
        self.lasted = duration_text((now if incident.closed is None else incident.closed) - incident.since)

    def by_name(self) -> dict[str, str]:
        """The facts by name, as long as they come."""
        at_risk, at_risk_method = self._at_risk()
        lost, lost_method = self._lost()
        return {
            "held": self._held(),
            "meaning": self._meaning(),
            "runs": self._runs(),
            "last_good": self._last_good(),
            "found": self._found(),
            "also_failing": self._also_failing(),
            "works_again": self._works_again(),
            "own_network": self._own_network(),
            "changed": self._changed(),
            "load_test": self._load_test(),
            "rollback": self._rollback(),
            "at_risk": at_risk,
            "at_risk_method": at_risk_method,
            "lost": lost,
            "lost_method": lost_method,
            "test_orders": self._test_orders(),
            "notes": self._notes(),
            "repeat": self._repeat(),
            "acknowledged": self._acknowledged(),
            "escalation": self._escalation(),
        }

    def moment(self, at: float, *, seconds: bool = True, named: bool = False) -> str:
        """A moment by the shop's clock."""
        return time_text(at, self._now, self._zone, seconds=seconds, named=named)

    def news(self, nth: int, in_place: str) -> str:
        """What this message tells that an earlier one did not."""
        told = f"Told before: {listed(self._context.told_to, NAMES)}." if self._context.told_to else ""
        nobody = "" if self._context.acknowledged else "Nobody acknowledged it."
        said = {
            "raised": f"It is worse than was told: a {self._incident.severity} now.",
            "update": "Other checks of it fail now.",
            "reminder": f"It goes on, for {self.lasted} now (reminder {nth}). {nobody}",
            "escalated": f"It goes on, for {self.lasted} now. {nobody} {told}",
            "withdrawn": "What it is about left the configuration and is no longer watched; "
            "no recovery was seen.",
        }.get(self._event, "")
        place = f'The channel "{in_place}" fails, so you hear of it in its place.' if in_place else ""
        return " ".join(f"{place} {said}".split())

    def _held(self) -> str:
        """What kept messages back so long that it must be said."""
        holds = [hold for hold in self._context.holds if hold.rule != GATHERING]
        seconds = self._held_for(holds)
        why = listed([hold.detail or hold.rule for hold in holds], 3)
        if seconds is None:
            return f"by {why}" if why else ""
        lasted = f"for {duration_text(seconds)}" + (f" ({why})" if why else "")
        return lasted if seconds >= BRIEF else ""

    def _held_for(self, holds: list[Hold]) -> float | None:
        """Seconds; None where they are not known."""
        if self._context.held_for or not holds:
            return self._context.held_for
        begun = [hold.since for hold in holds if hold.since is not None]
        if begun:
            return self._now - min(begun)
        return self._now - self._incident.opened if self._event == "opened" else None

    def _meaning(self) -> str:
        """What the kind means, where the title leaves that open."""
        kind, text = self._incident.kind, self._incident.text
        if not self.goes_on:
            return ""
        if kind == "blind":
            return (
                _BLIND.get(self._lead.reason, _BLIND_OTHERWISE) if self._lead and self._lead.reason else text
            )
        if kind == "leak":
            by = f"{self._lead.check} placed it. " if self._lead else ""
            return by + _MEANING[kind]
        told = one_line(text) in self._incident.title
        return text if text and not told else _MEANING.get(kind, "")

    def _runs(self) -> str:
        """How the first message confirms it."""
        if self._event != "opened" or self._lead is None or not self._lead.runs:
            return ""
        return f"{self._lead.runs} of {self._lead.runs} runs"

    def _last_good(self) -> str:
        """When it still worked."""
        if self._lead is None or self._incident.kind in ("degraded", "leak") or not self.goes_on:
            return ""  # a degraded run counts as good
        return "not known" if self._lead.last_good is None else self.moment(self._lead.last_good)

    def _found(self) -> str:
        """What the leading check found, where the title has no room for it."""
        lead = self._lead
        said = _why(lead) if lead else ""
        if lead is None or not said or (said in self._incident.title and self.goes_on):
            return ""
        return f'at "{lead.step}": {said}' if lead.step else said

    def _also_failing(self) -> str:
        """The other checks that fail, and why."""
        others = [each for each in self._incident.failing if each is not self._lead]
        return listed([self._with_why(each) for each in others], NAMES)

    def _works_again(self) -> str:
        """Checks that recovered; at the end all of them, where there were several."""
        members = self._incident.members
        mended = [self._name(each) for each in members if each.recovered is not None]
        return listed(mended, NAMES) if self.goes_on or len(members) > 1 else ""

    def _with_why(self, member: Member) -> str:
        lead = self._lead
        if lead and member.message and (member.step, member.message) == (lead.step, lead.message):
            return f"{self._name(member)} (the same)"
        step = f'"{member.step}", ' if member.step else ""
        why = f"{step}{fitting(_why(member), WHY - len(step))}".removesuffix(", ")
        return f"{self._name(member)} ({cut(why, WHY)})" if why else self._name(member)

    def _name(self, member: Member) -> str:
        return member.check.name if member.check.shop == self._incident.shop else str(member.check)

    def _own_network(self) -> str:
        """Whether it may be techrun's own network; that this is unknown matters where it looks like that."""
        known = self._context.own_network
        if not self.goes_on or self._incident.kind not in ("outage", "blind", "storm"):
            return ""
        if known == "unknown" and not (self._lead and self._lead.reason in _MAY_BE_US):
            return ""
        return {"ok": "ok", "lost": "lost", "unknown": "unknown (no witness)"}[known]

    def _changed(self) -> str:
        """The release that may be the cause, or that there was none for long."""
        release = self._context.release
        if release is None or self._incident.kind not in _OF_A_SHOP:
            return ""
        before = self._incident.since - release.begun
        if before > FRESH:
            return f"no release for {about_text(before)} (last: {release.version})"
        named = [release_text(one, self._incident.since) for one in (release, *self._context.overlapping)]
        if len(named) == 1:
            return named[0]
        return f"{'; or '.join(named[:RELEASES])}: which of them it was cannot be told"

    def _load_test(self) -> str:
        """What loads the shop; then what did, the newest first."""
        url = self._context.shop.url if self._context.shop else ""
        tests = sorted(self._context.load_tests, key=lambda test: (not test.runs(self._now), -test.began))
        return "; ".join([load_test_text(test, self._now, self._zone, url) for test in tests][:LOADS])

    def _rollback(self) -> str:
        """The command that takes a release back; printed, never run."""
        shop = self._context.shop
        told = self.goes_on and self._incident.severity == "page" and self._incident.kind in _OF_A_SHOP
        return shop.rollback if shop and told else ""

    def _at_risk(self) -> tuple[str, str]:
        """What it costs an hour, and how that is reckoned."""
        if not self.goes_on or not loses_orders(self._incident):
            return "", ""
        if self._context.per_hour is not None:
            return f"{_range(self._context.per_hour)}/h", self._context.per_hour.method
        return ("unknown", "no `impact` for this shop") if self._context.shop is not None else ("", "")

    def _lost(self) -> tuple[str, str]:
        """What it cost so far, or altogether, and how that is reckoned."""
        fresh = self._event == "opened" and self._now - self._incident.since < SOON
        if self._context.lost is None or fresh or not loses_orders(self._incident):
            return "", ""
        return _range(self._context.lost), self._context.lost.method

    def _test_orders(self) -> str:
        """Test orders that stand in the shop."""
        if not self.goes_on or self._incident.kind == "leak":
            return ""
        if self._context.test_orders:
            return listed(self._context.test_orders, 3)
        places = self._context.check is not None and self._context.check.places_orders
        return "none" if places and self._incident.kind == "outage" else ""

    def _notes(self) -> str:
        """What persons added."""
        said = (": ".join(filter(None, (note.fault, note.text))) for note in self._context.annotations)
        return "; ".join(filter(None, said))

    def _repeat(self) -> str:
        """The command that shows the failure again, at whom it may concern."""
        lead, check = self._lead, self._context.check
        if lead is None or check is None or not self.goes_on or self._incident.kind == "leak":
            return ""
        until = ["--until", lead.step] if lead.step and lead.step in check.steps else []
        curl = ["--curl"] if check.kind in ("http", "journey") else []
        return shlex.join(["techrun", "check", str(lead.check), *until, *curl])

    def _acknowledged(self) -> str:
        """Who has taken it on."""
        taken = self._context.acknowledged
        if taken is None:
            return ""
        note = f": {taken.note}" if taken.note else ""
        return f"by {taken.author} {self.moment(taken.at, seconds=False)}{note}"

    def _escalation(self) -> str:
        """Who hears of it next."""
        if self._context.next_escalation is None or not self.goes_on or self._context.acknowledged:
            return ""
        channel, at = self._context.next_escalation
        return f"not acked by {self.moment(at, seconds=False)} -> {channel}"

    def runbook(self) -> str:
        """The page that says what to do: the check's, else the shop's."""
        check, shop = self._context.check, self._context.shop
        return (check.runbook if check else "") or (shop.runbook if shop else "") if self.goes_on else ""

    def parts(self) -> tuple[str, ...]:
        """The incidents of a storm."""
        titles = [one_line(each.title) for each in self._context.storm]
        left = len(titles) - PARTS
        return (*titles[:PARTS], *([f"and {left} more"] if left > 0 else []))


def _why(member: Member) -> str:
    return one_line(member.message) or (member.reason.value if member.reason else "")


def _range(money: Cost) -> str:
    return money_text(money.low, money.high, money.currency)
