"""What a verification has seen by now, and its words on the command line."""

from __future__ import annotations

import time
from collections import defaultdict
from dataclasses import dataclass, field
from statistics import median

from techrun.cli.show.clock import left as left_of
from techrun.cli.show.console import badge, seconds
from techrun.load.report.words import Said
from techrun.model import Status
from techrun.releases.identity.telling import place
from techrun.releases.identity.turning import GOOD as TURNED
from techrun.releases.records import FRONT, Identity, NodeFinding, Sample, SmokeResult, Stage
from techrun.releases.report.words import NODES, beside
from techrun.releases.runs import GOOD

ASKING = Said("is asked", "…", "unsure")
"""Of a place that has not answered often enough yet."""


@dataclass(slots=True)
class Tally:
    """The samples of one check that count."""

    counted: int = 0
    failed: int = 0
    durations: list[float] = field(default_factory=list)

    def of(self, wanted: int) -> str:
        """`12 of 30`; the number alone where there are enough."""
        return f"{self.counted} of {wanted}" if self.counted < wanted else str(self.counted)

    @property
    def median(self) -> float | None:
        """Of its good runs, in seconds."""
        return median(self.durations) if self.durations else None


class Seen:
    """Everything that was told of a verification."""

    def __init__(self, title: str) -> None:
        self.title = title
        self.stage: Stage | None = None
        self.texts: dict[Stage, str] = {}
        self.identity: Identity | None = None
        self.smoke: list[SmokeResult] = []
        self.checks: tuple[str, ...] = ()
        self.wanted = 0
        self.baking_since = self.until = 0.0
        self.tallies: defaultdict[str, Tally] = defaultdict(Tally)
        self.failures: list[Sample] = []

    def begins(self, stage: Stage, text: str) -> None:
        """A stage begins."""
        self.stage = stage
        self.texts[stage] = text

    def bakes(self, checks: tuple[str, ...], wanted: int, until: float) -> None:
        """Which checks are judged, and until when."""
        self.checks, self.wanted, self.until, self.baking_since = checks, wanted, until, time.time()

    def sample(self, sample: Sample) -> None:
        """Count a run of the bake."""
        if sample.status not in GOOD:
            self.failures.append(sample)
        if sample.settling:
            return
        tally = self.tallies[sample.check]
        tally.counted += 1
        tally.failed += sample.status is Status.DOWN
        if sample.status in GOOD:
            tally.durations.append(sample.duration)

    def well(self, stage: Stage) -> bool:
        """Whether all that a stage saw is as it should be; the verdict may be milder."""
        if stage == "identity":
            found = self.identity
            return (
                found is not None
                and not found.not_seen
                and all(one.state in TURNED for one in found.findings)
            )
        if stage == "smoke":
            return all(one.status in GOOD for one in self.smoke)
        return not self.failures

    @property
    def cold(self) -> bool:
        """Whether no run has counted yet."""
        return not any(self.tallies[check].counted for check in self.checks)

    def progress(self, now: float) -> str:
        """`12 of 30 samples of each check, 1 failed, 2m24s left`."""
        counted = [self.tallies[check].counted for check in self.checks]
        failed = sum(tally.failed for tally in self.tallies.values())
        left = left_of(self.until, now)
        if self.cold:
            return f"the caches are cold: nothing counts yet, {left} left"
        return f"{min(counted)} of {self.wanted} samples of each check, {failed} failed, {left} left"


def node_said(finding: NodeFinding) -> Said:
    """A node's state as a word; one that is still asked has none yet."""
    asking = finding.state == "not-seen" and finding.samples > 0
    return ASKING if asking else NODES[finding.state]


def node_line(finding: NodeFinding) -> str:
    """`✗ 127.0.0.2 still serves v811 (asked 12 times)`; the text names the node."""
    said = node_said(finding)
    where = place(finding.via)
    if not finding.text or said is ASKING:
        return f"{said.sign} {where} {said.word}"
    return f"{said.sign} {finding.text}" if where in finding.text else f"{said.sign} {where}: {finding.text}"


def seen_of(finding: NodeFinding) -> str:
    """What a place said, beside its address: the version alone where that is the right one."""
    return finding.version if finding.state == "new" else beside(finding)


def smoke_line(result: SmokeResult, *, sign: bool = True, why: bool = True) -> str:
    """`✓ up guest-checkout on 127.0.0.2 (1.20 s)`, with the reason where it is not up, unless another line has it."""
    where = "through the front" if result.via == FRONT else f"on {result.via}"
    text = f"{badge(result.status) if sign else result.status.value} {result.name} {where}"
    text += f" ({seconds(result.duration)})"
    if result.excused:
        text += ", as it was before the release"
    if why:
        text += _why(result)
    orders = (order.rpartition(" ") for order in result.orders)
    return text + "".join(f"; test order {state} ({reference})" for reference, _, state in orders)


def sample_line(sample: Sample) -> str:
    """`✗ down acme/home: at "home": expected 200, got 502 [status]`."""
    note = " (settling: it does not count)" if sample.settling else ""
    return f"{badge(sample.status)} {sample.check}{_why(sample)}{note}"


def _why(run: Sample | SmokeResult) -> str:
    if run.reason is None:
        return ""
    where = f'at "{run.step}": ' if run.step else ""
    return f": {where}{run.message} [{run.reason.value}]"
