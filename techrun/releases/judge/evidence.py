"""Which samples of a bake count. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from techrun.config.releases import Releases
from techrun.releases.judge.moments import NEAR, Moment, moments
from techrun.releases.records import Sample, Verification
from techrun.releases.runs import GOOD, TELLING


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the bake found of the judged checks."""

    samples: Mapping[str, tuple[Sample, ...]]
    """Of each judged check, in the order of time, those that count."""
    hidden: int = 0
    """Samples that do not count, since the control check failed at the same time."""
    darkest: float = 0.0
    """Share of them among the samples of the check that lost most."""
    control: tuple[Sample, ...] = ()

    @property
    def counted(self) -> int:
        """How many there are."""
        return sum(len(samples) for samples in self.samples.values())


def evidence(verification: Verification, releases: Releases) -> Evidence:
    """Sort the samples of a bake, and hide those at which the control check failed too."""
    by_check = telling(verification)
    control = releases.judge.control
    steady = steadily(by_check, control)
    dark = moments(steady)
    judged = [check for check in verification.judged if not is_control(check, control)]
    seen = {
        check: tuple(each for each in by_check.get(check, ()) if not _within(each, dark)) for check in judged
    }
    lost = {check: len(by_check.get(check, ())) - len(seen[check]) for check in judged}
    darkest = max((count / len(by_check[check]) for check, count in lost.items() if count), default=0.0)
    return Evidence(seen, sum(lost.values()), darkest, steady)


def steadily(by_check: Mapping[str, Sequence[Sample]], control: str | None) -> tuple[Sample, ...]:
    """The samples of the control check; the first one's, should several be meant."""
    found = (samples for check, samples in by_check.items() if is_control(check, control))
    return tuple(next(found, ()))


def is_control(check: str, control: str | None) -> bool:
    """Whether this check (`acme/status`) is the one that is named (`status`, `acme/status`, `*/status`)."""
    return control is not None and any(
        name == control or fnmatchcase(name, control) for name in (check, check.partition("/")[2])
    )


def telling(verification: Verification) -> Mapping[str, Sequence[Sample]]:
    """By check and in the order of time: what was taken after the settle time and says something of the shop."""
    found: defaultdict[str, list[Sample]] = defaultdict(list)
    for sample in sorted(verification.samples, key=lambda each: each.at):
        if not sample.settling and sample.status in TELLING:
            found[sample.check].append(sample)
    return found


def timed(samples: Sequence[Sample]) -> tuple[Sample, ...]:
    """Those whose times count: good ones, no longer warming up, and not asked for because of a failure."""
    return tuple(each for each in samples if each.status in GOOD and not each.warm_up and not each.confirms)


def _within(sample: Sample, dark: Sequence[Moment]) -> bool:
    return any(
        each.since - NEAR <= sample.at + sample.duration and sample.at <= each.until + NEAR for each in dark
    )
