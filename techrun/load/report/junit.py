"""A load test as JUnit: one test case for the verdict and one for each ruling, so that CI lists what broke. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from techrun.junit import Kind, add_case, distinct, suite_of, tell, tell_verdict, written
from techrun.load.figures import STATISTICS
from techrun.load.records import Ruling, Run
from techrun.load.report import words
from techrun.load.report.rulings import INVALID


def render(run: Run) -> str:
    """The whole file. A broken rule is a failure; what makes the run invalid or undecided is an error.

    The first case is the verdict itself: the file is never green where the verdict is not.
    """
    verdict = run.verdict
    value, summary = (verdict.value, verdict.summary) if verdict else ("", "the run was not judged")
    said = {
        "run": run.id,
        "release": run.release,
        "host": run.host,
        "old_release": run.old_release,
        "verdict": value,
        **{f"fingerprint.{name}": each for name, each in sorted(run.fingerprint.items())},
    }
    name = f"load test {run.scenario} of {run.shop}"
    suite = suite_of(name, words.iso(run.started), run.ended - run.started, said)
    classname = f"load.{run.shop}.{run.scenario}"
    tell_verdict(add_case(suite, classname, "verdict"), value, summary)
    rulings = verdict.rulings if verdict else ()
    undecided = value in {"inconclusive", "invalid"}
    for ruling, each in zip(rulings, _names(rulings), strict=True):
        case, kind = add_case(suite, classname, each), _kind(ruling, undecided=undecided)
        if kind is not None:
            tell(case, kind, ruling.rule, ruling.text)
    return written(suite)


def _kind(ruling: Ruling, *, undecided: bool) -> Kind | None:
    """What cannot be told is an error only where the verdict hangs on it; None: it holds."""
    if ruling.holds:
        return None
    if ruling.holds is False:
        return "error" if ruling.rule.startswith(INVALID) else "failure"
    return "error" if undecided else "skipped"


def _names(rulings: Sequence[Ruling]) -> list[str]:
    """A name for each, the same in every run. Median and p95 of a step are two."""
    plain = [f"{one.rule} {one.subject}".strip() for one in rulings]
    return distinct(
        [
            _with_statistic(name, one) if plain.count(name) > 1 else name
            for name, one in zip(plain, rulings, strict=True)
        ]
    )


def _with_statistic(name: str, ruling: Ruling) -> str:
    statistic = ruling.text.partition(" ")[0]
    return f"{name}, {statistic}" if statistic in STATISTICS.values() else name
