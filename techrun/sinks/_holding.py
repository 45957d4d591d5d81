"""What holds an incident back that is not told yet. Belongs to the incidents' thread."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from techrun.alerts.incidents import ancestors
from techrun.alerts.windows import hold_of
from techrun.handling import Window
from techrun.model import CheckId, Reason, Status
from techrun.sinks._around import Around
from techrun.sinks._keeper import Keeper
from techrun.standing import CheckState, Hold, Incident

PARENT_WAIT = 38.0
"""Seconds after its first failed run for which a child's outage waits for what its parent's runs find: a page
may take 40."""
ASKED_AGAIN = 45.0
"""Seconds for which what was held is asked whether it is over; then it is told in any case. So long before the end
of a hold the asking begins."""
FAILS_AGAIN = 2
"""Runs that must fail until it is told: one alone could be a failure that comes alone."""
PUT_OFF = frozenset({"held.group_wait", "held.parent", "held.storm"})
"""What only puts a message off: there is no doubt about the incident."""
FROM_OUTSIDE = frozenset({"held.silence", "held.maintenance", "held.deploy_grace", "held.uplink"})
DOUBTED = frozenset({"held.recovering", "held.asked_again"})

CERTAIN = 30.0
"""Seconds for which it must fail anew where its runs had ceased to fail meanwhile: as long as a confirmation takes."""


@dataclass(frozen=True, slots=True)
class _Doubt:
    """About what was held from outside before it was told."""

    since: float | None = None
    """None: what holds it is not over yet."""
    failed: Mapping[CheckId, int] | None = None
    """How many runs in a row had failed by then."""
    ceased: bool = False
    """Its runs did not fail for a time."""

    def dispelled(self, now: float, bad: Mapping[CheckId, int]) -> bool:
        """Whether these runs in a row that failed by now are enough to tell it."""
        failed, since = self.failed or {}, self.since if self.since is not None else now
        if self.ceased and now - since < CERTAIN:
            return False
        return any(runs - _earlier(failed.get(check, 0), runs) >= FAILS_AGAIN for check, runs in bad.items())


class Holding:
    """Windows, our own network, parents that are asked first, and doubts about what was held for a while."""

    def __init__(self, keeper: Keeper, holds: Mapping[int, Mapping[str, Hold]]) -> None:
        self._keeper = keeper
        self._held = {
            number: _Doubt(next((hold.since for rule, hold in its.items() if rule in DOUBTED), None))
            for number, its in holds.items()
            if its.keys() & (FROM_OUTSIDE | DOUBTED)
        }

    def forget(self, incident: int) -> None:
        """It is over."""
        self._held.pop(incident, None)

    def holds(self, incident: Incident, windows: list[Window], around: Around) -> Iterator[Hold]:
        """Why nothing is told of it now."""
        if incident.closed is not None:
            return
        outside = list(self._from_outside(incident, windows, around))
        yield from outside
        if incident.kind != "outage":
            return
        parent, until = self._open_question(incident), incident.since + PARENT_WAIT
        if parent is not None and around.now < until:
            yield Hold("held.parent", until, f"{parent} is asked first")
        if incident.told is not None or incident.storm is not None:
            self.forget(incident.id)
        elif outside:
            self._note(incident, outside, around.now)
        elif incident.id in self._held:
            yield from self._doubts(incident, around.now)

    def _from_outside(self, incident: Incident, windows: list[Window], around: Around) -> Iterator[Hold]:
        now, policy = around.now, self._keeper.policy
        window = hold_of(windows, incident, self._keeper.checks, now)
        if window is not None:
            yield window
        if incident.kind != "outage":
            return
        if around.own_network == "lost":
            yield Hold("held.uplink", detail="techrun's own network is gone")
        stands_until = incident.since + policy.maintenance_page
        if now < stands_until and all(one.reason is Reason.MAINTENANCE for one in incident.failing):
            yield Hold("held.maintenance_page", stands_until, "the platform shows its maintenance page")

    def _note(self, incident: Incident, outside: list[Hold], now: float) -> None:
        """It will be doubted; shortly before the hold ends it is asked, so that what is over ends unheard.

        A maintenance page that turns into an error is told at once.
        """
        is_ending = any(hold.until is not None and hold.until - now <= ASKED_AGAIN for hold in outside)
        if is_ending:
            self._keeper.asked |= {one.check for one in incident.failing}
        if is_ending or any(hold.rule in FROM_OUTSIDE for hold in outside):
            self._held[incident.id] = _Doubt()

    def _doubts(self, incident: Incident, now: float) -> Iterator[Hold]:
        """What was held may be over by now: it is told once it has failed again."""
        states = {one.check: self._keeper.states.get(one.check, CheckState()) for one in incident.failing}
        failed = {check: state.runs for check, state in states.items() if state.streak is Status.DOWN}
        bad = {check: runs for check, runs in failed.items() if not states[check].blind_runs}
        doubt = self._held[incident.id]
        since = doubt.since if doubt.since is not None else now
        doubt = replace(doubt, since=since, failed=failed if doubt.failed is None else doubt.failed)
        if doubt.dispelled(now, bad):
            self.forget(incident.id)
            return
        self._held[incident.id] = doubt if bad else _Doubt(now, failed, ceased=True)
        self._keeper.asked |= states.keys()
        if not bad:
            yield Hold("held.recovering", detail="its last runs did not fail")
        elif now < since + ASKED_AGAIN:
            yield Hold("held.asked_again", since + ASKED_AGAIN, "it may be over: it is asked again")

    def _open_question(self, incident: Incident) -> CheckId | None:
        """A check that would explain all that fails here, and of which it is not known yet whether it is down."""
        lead = incident.lead
        if incident.told is not None or lead is None:
            return None
        for parent in sorted(ancestors(lead.check, self._keeper.checks), key=str):
            state = self._keeper.states.get(parent)
            if parent not in self._keeper.checks or incident.member(parent) is not None:
                continue
            failing = state is not None and state.streak is Status.DOWN and state.status is not Status.DOWN
            if failing or state is None or (state.last_run or 0.0) < lead.since:
                return parent
        return None


def _earlier(before: int, runs: int) -> int:
    """How many failures in a row are of an earlier time: none, where a good run came between."""
    return before if before <= runs else 0
