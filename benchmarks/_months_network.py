"""Our own network in the simulated months, and its witnesses: asked as `techrun.witness` asks them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from math import inf

from techrun.model import Outcome, Reason, Status
from techrun.standing import OwnNetwork
from techrun.witness import NO_ANSWER, Patience


@dataclass(slots=True)
class Network:
    """Lost at the given times."""

    lost: list[tuple[float, float]]
    patience: Patience = field(default_factory=Patience)
    state: OwnNetwork = "unknown"
    since: float = 0.0
    answer_at: float = inf
    """When the witnesses that are being asked will have said something, or not."""
    again_at: float = inf
    _told: float = -inf
    _last_lost: float = -inf
    _answered: bool = True

    def next_at(self) -> float:
        return min(self.answer_at, self.again_at)

    def doubt(self, outcome: Outcome, now: float) -> float:
        """When it is known whether a run that ended now was our own fault."""
        if outcome.status is not Status.DOWN or outcome.reason not in NO_ANSWER:
            return now
        if self.answer_at < inf:
            return self.answer_at
        holds = self.patience.again if self.state == "lost" else self.patience.trust
        if now - self._told < holds:
            return now
        self._ask(now)
        return self.answer_at

    def tick(self, now: float) -> None:
        """Take the answer, or ask again."""
        if self.again_at <= now:
            self.again_at = inf
            self._ask(now)
        if self.answer_at <= now:
            self.answer_at, self._told = inf, now
            before, self.state = self.state, "ok" if self._answered else "lost"
            self.since = now if before != self.state else self.since
            if not self._answered or before == "lost":
                self._last_lost = now
            if not self._answered:
                self.again_at = now + self.patience.again

    def judged(self, outcome: Outcome, began: float) -> Outcome:
        """What is left of an outcome now."""
        if outcome.status is not Status.DOWN or outcome.reason not in NO_ANSWER:
            return outcome
        ours = self._last_lost >= began or self.state == "lost"
        return (
            replace(outcome, status=Status.UNKNOWN, reason=Reason.UPLINK, order_failed=False)
            if ours
            else outcome
        )

    def _ask(self, now: float) -> None:
        self._answered = not any(start <= now < end for start, end in self.lost)
        self.answer_at = now + (0.1 if self._answered else self.patience.answer)
