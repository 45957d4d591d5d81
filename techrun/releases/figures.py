"""The shop's own numbers: what a Prometheus says of a release, and whether that is within the limits."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any
from urllib.parse import urlencode

from techrun.config.releases import PrometheusSource, Query
from techrun.exchange import Failure, Request, Response
from techrun.fetch import Fetcher
from techrun.language.expressions import (
    ExpressionError,
    MissingNameError,
    TemplateError,
    compile_template,
)
from techrun.releases.calling import call, headers, short
from techrun.releases.records import Figure, Ruling, Verification

Scope = Mapping[str, Mapping[str, str]]

TIMEOUT = 10.0
"""Seconds for one try of one query."""
PAUSES = (1.0, 3.0)
"""Seconds before each further try, where nobody answered or the server was busy."""
AT_ONCE = 4
"""Queries that are under way at a time: each may cost the server much."""


@dataclass(frozen=True, slots=True)
class _Answer:
    value: float | None
    failure: str = ""


def scope_of(verification: Verification) -> Scope:
    """What the queries may name of a release."""
    known = {"version": verification.version, "commit": verification.commit}
    return {"release": {name: _quotable(text) for name, text in known.items()}}


def _quotable(text: str) -> str:
    """Text as it stands between the quotes of PromQL: a tag's name must not end them."""
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("'", "\\'").replace("\n", "\\n")


async def ask(source: PrometheusSource, scope: Scope, fetcher: Fetcher) -> tuple[Figure, ...]:
    """What it answers to each query now, in their order; whatever goes wrong stands in the figure. Never raises."""
    turns = asyncio.Semaphore(AT_ONCE)

    async def figure(query: Query) -> Figure:
        async with turns:
            found = await _asked(source, query.query, scope, fetcher)
            held = await _asked(source, query.baseline, scope, fetcher) if query.baseline else _Answer(None)
        failures = (found.failure, held.failure and f"baseline: {held.failure}")
        return Figure(query.name, found.value, held.value, "; ".join(filter(None, failures)))

    return tuple(await asyncio.gather(*(figure(query) for query in source.queries)))


async def _asked(source: PrometheusSource, template: str, scope: Scope, fetcher: Fetcher) -> _Answer:
    try:
        query = compile_template(template).text(scope)
    except (TemplateError, MissingNameError, ExpressionError) as error:
        return _Answer(None, str(error))
    request = Request(
        "POST",
        f"{source.url.rstrip('/')}/api/v1/query",
        headers=headers(source.token, "application/x-www-form-urlencoded"),
        body=urlencode({"query": query, "timeout": f"{TIMEOUT:g}s"}).encode(),
    )
    answer, _ = await call(fetcher, request, PAUSES, TIMEOUT)
    return _read(answer)


def _read(answer: Response | Failure) -> _Answer:
    """The one number in an answer; else why there is none."""
    if isinstance(answer, Failure):
        return _Answer(None, f"no answer: {short(answer.message)}")
    try:
        said = json.loads(answer.body)
        data = said["data"] if said["status"] == "success" else None
        if data is not None:
            return _number(data["resultType"], data["result"])
        return _Answer(None, f"refused: {short(str(said['error']))}")
    except (ValueError, KeyError, TypeError, IndexError, RecursionError):
        return _Answer(None, f"the answer ({answer.status}) is none of Prometheus: check `url` and `token`")


def _number(kind: str, result: Any) -> _Answer:
    if kind == "scalar":
        return _finite(result[1])
    if kind != "vector":
        return _Answer(
            None, f"the query gives a {kind}, not one number: wrap it, as in `avg_over_time(…[5m])`"
        )
    if not result:
        return _Answer(None, "no data: no series is like this")
    if len(result) > 1:
        return _Answer(
            None, f"the query gives {len(result)} numbers, not one: wrap it, as in `sum(…)` or `max(…)`"
        )
    return _finite(result[0]["value"][1])


def _finite(text: str) -> _Answer:
    value = float(text)
    if isfinite(value):
        return _Answer(value)
    return _Answer(None, f"no data: the query gives {text}, as a division by zero does")


def figure_rulings(figures: Sequence[Figure], queries: Sequence[Query]) -> tuple[Ruling, ...]:
    """What each query's limits say of its figure; a query that was never asked cannot be told."""
    known = {figure.name: figure for figure in figures}
    return tuple(
        ruling
        for query in queries
        for ruling in _rulings(query, known.get(query.name) or Figure(query.name, None, failure="not asked"))
    )


def _rulings(query: Query, figure: Figure) -> list[Ruling]:
    """One for each limit; one alone where there is no value."""
    value = figure.value
    if value is None:
        text = f"{figure.failure or 'no data'}"
        return [_ruling(query, "figures.no_data", None, text, warns=query.warn or query.optional)]
    found = []
    if query.max is not None:
        text = f"{_told(value)}, at most {_told(query.max)} is allowed"
        found.append(_ruling(query, "figures.max", value <= query.max, text))
    if query.min is not None:
        text = f"{_told(value)}, at least {_told(query.min)} is wanted"
        found.append(_ruling(query, "figures.min", value >= query.min, text))
    if query.baseline is not None:
        found.append(_held_against(query, figure, value))
    return found


def _held_against(query: Query, figure: Figure, value: float) -> Ruling:
    baseline = figure.baseline
    if baseline is None:
        text = f"{_told(value)}, but nothing to hold it against: {figure.failure or 'no data'}"
        return _ruling(query, "figures.worse", None, text, warns=query.warn or query.optional)
    added = value - baseline
    worse = added > abs(baseline) * query.worse and added > query.floor
    text = f"{_told(value)}, before it was {_told(baseline)}"
    if not worse and added > 0:
        text += f"; up to {query.worse * 100:g} % more"
        text += f" or {_told(query.floor)} more is not told" if query.floor else " is not told"
    return _ruling(query, "figures.worse", not worse, text)


def _ruling(query: Query, rule: str, holds: bool | None, text: str, *, warns: bool | None = None) -> Ruling:  # noqa: FBT001  as in the record
    return Ruling(
        rule=rule,
        subject=query.name,
        holds=holds,
        text=text,
        warns=query.warn if warns is None else warns,
        samples=0 if holds is None else 1,
    )


def _told(value: float) -> str:
    return f"{value:.4g}"
