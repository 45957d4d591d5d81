"""The page of a load test: one file that opens offline and asks nobody for anything. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from itertools import groupby
from typing import Protocol

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from techrun import __version__
from techrun.load.judge.rules import RULES, decides
from techrun.load.records import COUNTS, Run
from techrun.load.report import rulings, spread, tables, timelines, words
from techrun.load.report.command import command
from techrun.load.report.forest import forest
from techrun.load.report.series import Side, sides
from techrun.markup import readable


def render(run: Run, baseline: Run | None = None) -> str:
    """The whole page. `baseline` is the stored run that is drawn beside this one where it has no old arm."""
    new, old = sides(run, baseline)
    page = _environment().get_template("report.html")
    text = page.render(
        run=run,
        version=__version__,
        said=words.verdict_of(run),
        comparison=run.verdict.comparison if run.verdict else None,
        new=new,
        old=old,
        command=command(run),
        criteria=[words.criterion(one) for one in run.criteria],
        count_names=COUNTS,
        **_judged(run),
        **_measured(run, new, old),
    )
    return readable(text)


def _judged(run: Run) -> dict[str, object]:
    """What the verdict rests on."""
    comparison = run.verdict.comparison if run.verdict else None
    contrasts = comparison.contrasts if comparison else ()
    return {
        "deciding": rulings.deciding(run),
        "others": rulings.others(run),
        "held": [one for one in rulings.holding(run) if decides(one)],
        "against": rulings.against(run),
        "forest": forest(tables.in_order(run, contrasts)),
        "detectable": rulings.detectable(contrasts),
    }


def _measured(run: Run, new: Side, old: Side | None) -> dict[str, object]:
    """What was measured, as tables and charts."""
    stages = tables.stage_rows(run, new)
    steps, visits = tables.step_rows(run, new, old), tables.visit_rows(run, new, old)
    return {
        "steps": steps,
        "visits": visits,
        "total": tables.total_row(new, old),
        "slowest": _slowest(steps),
        "slowest_visit": _slowest(visits),
        "several": len({row.journey for row in steps}) > 1,
        "failures": tables.failures(run, new, old),
        "stages": stages if sum(row.stage.phase == "measure" for row in stages) > 1 else [],
        "loads": tables.loads(run),
        "vitals": tables.vitals(run),
        "control": tables.control(run.cells, new.measured),
        "arrived": tables.arrived(run),
        "latency": timelines.latency(run, new, old),
        "failed": timelines.errors(run, new, old),
        "spread": spread.histogram(new, old),
        "by_rate": spread.by_rate(run),
        "load_charts": timelines.all_of((timelines.arrivals(run), timelines.visitors(run))),
        "generator": timelines.generator(run),
    }


def _slowest(rows: Sequence[tables.StepRow]) -> float:
    """The highest p95 of both releases: the length of the longest bar."""
    both = [one.quantile(0.95) for row in rows for one in (row.new, row.old) if one]
    return max((one for one in both if one is not None), default=0.0)


class _OfJourney(Protocol):
    @property
    def journey(self) -> str: ...


def _by_journey(rows: Sequence[_OfJourney]) -> list[tuple[str, list[_OfJourney]]]:
    """Rows that follow each other of the same journey."""
    return [(journey, list(group)) for journey, group in groupby(rows, key=lambda row: row.journey)]


@cache
def _environment() -> Environment:
    """The templates, whose values are escaped."""
    found = Environment(
        loader=PackageLoader("techrun.load.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    loader = found.loader
    style = loader.get_source(found, "report.css")[0] if loader else ""
    found.filters.update(by_journey=_by_journey, tight=words.tight)
    found.globals.update(style=Markup(style), words=words, p99=tables.p99, rules=RULES)  # noqa: S704  a file of our own
    return found
