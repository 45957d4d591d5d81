"""A verification as metrics in Prometheus' text format: GitLab's metrics report, the node exporter's textfile. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from techrun.markup import readable
from techrun.releases.records import VALUES, Verification
from techrun.releases.report.bake import bake_rows

Lines = Iterable[tuple[Mapping[str, str], float]]


def render(verification: Verification) -> str:
    """The whole file."""
    return "".join(_families(verification))


def _families(verification: Verification) -> Iterator[str]:
    shop = {"shop": verification.shop}
    verdict = verification.verdict
    value = verdict.value if verdict else ""
    named = shop | {"version": verification.version, "commit": verification.commit}
    yield _family("info", "The release that was verified.", [(named, 1)])
    yield _family("timestamp_seconds", "When it began.", [(shop, verification.begun)])
    verdicts = [(shop | {"verdict": one}, float(one == value)) for one in VALUES]
    yield _family("verdict", "What was thought of it.", verdicts)
    took = verification.ended - verification.started
    yield _family("verification_duration_seconds", "How long that took.", [(shop, took)])
    if verification.live is not None:
        until = verification.live - verification.begun
        yield _family("live_after_seconds", "From its beginning until every node ran it.", [(shop, until)])
    if verdict is not None:
        rulings = [one for one in verdict.rulings if not one.warns]
        counts = {"yes": True, "no": False, "unknown": None}
        found = [
            (shop | {"holds": name}, float(sum(one.holds is holds for one in rulings)))
            for name, holds in counts.items()
        ]
        yield _family("rulings", "Rules that it was judged by, and whether they hold.", found)
    yield from _bake(verification)


def _bake(verification: Verification) -> Iterator[str]:
    rows = [({"shop": verification.shop, "check": row.check}, row) for row in bake_rows(verification)]
    yield _family("bake_runs", "Runs that count.", [(labels, row.runs) for labels, row in rows])
    yield _family("bake_failed_runs", "Those that failed.", [(labels, row.failed) for labels, row in rows])
    medians = [(labels, row.median) for labels, row in rows if row.median is not None]
    yield _family("bake_median_seconds", "Median of the time that a good run took.", medians)


def _family(name: str, text: str, lines: Lines) -> str:
    """One metric with its lines; nothing where it has none."""
    shown = "".join(
        f"techrun_release_{name}{{{_labels(labels)}}} {_number(value)}\n" for labels, value in lines
    )
    head = f"# HELP techrun_release_{name} {text}\n# TYPE techrun_release_{name} gauge\n"
    return head + shown if shown else ""


def _labels(labels: Mapping[str, str]) -> str:
    return ",".join(f'{name}="{_escaped(value)}"' for name, value in labels.items())


def _escaped(text: str) -> str:
    return readable(text).replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _number(value: float) -> str:
    return f"{value:.3f}".rstrip("0").rstrip(".")
