"""How quiet, how fast: months of shops that break and do not break, played in minutes.

    python -m benchmarks.months [--days 30] [--checks 200] [--seed 1] [--alone] [--quick]

The schedule, the states, the incidents and the rules of routing are the real ones, with their real defaults;
the clock, the shops and the witnesses are simulated (`_months_world`, `_months_plan`, `_months_run`). The same
months are then played with less confirmation, and watched by the counters of other tools. `--alone` lets
nothing happen but the failures that come alone; `--quick` plays techrun with its defaults only.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from dataclasses import dataclass

from benchmarks._months_judge import Strike, Verdict, judge, quantile
from benchmarks._months_peers import PEERS, watch
from benchmarks._months_plan import LENGTHS, Planner
from benchmarks._months_run import Months, Played
from benchmarks._months_world import PLANS, World
from techrun.alerts.policy import Policy
from techrun.model import Confirmation

CONFIRMATIONS = {
    "techrun, its defaults: 4 failures in a row": Confirmation(),
    "the same with the pauses 10, 15, 5 s": Confirmation(delays=(10.0, 15.0, 5.0)),
    "the same with 3 (confirmed after 5 and 10 s)": Confirmation(3, 2, (5.0, 10.0)),
    "the same with 2 (confirmed after 5 s)": Confirmation(2, 2, (5.0,)),
}


@dataclass(frozen=True, slots=True)
class Row:
    """One tool or setting, and what came of it."""

    name: str
    verdict: Verdict


def main() -> None:
    options = _options()
    shops = options.checks // len(PLANS)
    print(f"seed {options.seed}: {options.days:g} days, {shops} shops, {shops * len(PLANS)} checks")
    rows = []
    for name, confirmation in list(CONFIRMATIONS.items())[: 1 if options.quick else None]:
        world = _world(options)
        played, seconds = _timed(world, confirmation, options.days)
        rows.append(Row(name, judge(world, played)))
        print(f"{name}: {played.runs:,} runs, {played.looks:,} looks, {seconds:.0f} s of CPU", flush=True)
        if len(rows) == 1:
            _tell_more(rows[0].verdict, played, options.days)
    peers = () if options.quick else PEERS
    rows += [Row(peer.name, watch(_world(options), peer, options.days)) for peer in peers]
    print()
    print("\n".join(_table(rows)))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="How quiet, how fast: simulated months.")
    parser.add_argument("--days", type=float, default=30)
    parser.add_argument("--checks", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--alone", action="store_true", help="only failures that come alone")
    parser.add_argument("--quick", action="store_true", help="only techrun with its defaults")
    return parser.parse_args()


def _world(options: argparse.Namespace) -> World:
    shops = options.checks // len(PLANS)
    if options.alone:
        return World(shops, [], [], options.seed)
    return Planner(shops, options.days, options.seed).world()


def _timed(world: World, confirmation: Confirmation, days: float) -> tuple[Played, float]:
    began = time.process_time()
    played = Months(world, confirmation=confirmation).play(days)
    return played, time.process_time() - began


def _tell_more(verdict: Verdict, played: Played, days: float) -> None:
    """What one table has no room for."""
    policy = Policy()
    print(
        f"defaults: {Confirmation()}, group_wait {dict(policy.group_wait)}, deploy_grace {policy.deploy_grace:g} s"
    )
    print(f"pages {verdict.pages}, recoveries {verdict.recovered}, of our own network {verdict.own}")
    print(f"shops told of by a storm {verdict.in_storms}, pages said twice {verdict.repeated}")
    print(f"tickets a day {sum(verdict.tickets.values()) / days:.2f}: {dict(verdict.tickets)}")
    print(f"incidents held for a while, by rule: {played.holds}")
    for what in verdict.false_pages:
        print(f"FALSE PAGE {what}")
    for strike in verdict.strikes:
        if strike.paged is None and strike.confirmable:
            print(f"MISSED {strike.trouble}")
    print()
    print("\n".join(_by_kind(verdict)))
    print()


def _by_kind(verdict: Verdict) -> Iterator[str]:
    """Time to page by what happened."""
    yield "| what happened | at shops | paged | seconds from the first failed run to the page: median, p95, longest | from its end |"
    yield "| --- | --- | --- | --- | --- |"
    outages = verdict.of("outage")
    for length in LENGTHS:
        same = [one for one in outages if one.trouble.length == length and not one.hangs]
        yield _line(f"outage of {length / 60:g} min", same)
    yield _line("all of them", [one for one in outages if not one.hangs])
    for length in LENGTHS:
        yield _line(
            f"the shop hangs for {length / 60:g} min",
            [one for one in outages if one.trouble.length == length and one.hangs],
        )
    yield _line("outage that begins with a release", verdict.of("bad release"))
    yield _line("blocked on every path", verdict.of("waf everywhere"))


def _line(name: str, strikes: list[Strike]) -> str:
    times = [one.to_page for one in strikes if one.to_page is not None]
    ends = [one.to_page_from_its_end for one in strikes if one.to_page_from_its_end is not None]
    found = sum(one.paged is not None for one in strikes)
    return f"| {name} | {len(strikes)} | {found} | {_spread(times)} | {_spread(ends)} |"


def _table(rows: list[Row]) -> Iterator[str]:
    """Side by side."""
    lengths = " | ".join(f"{length / 60:g} min" for length in LENGTHS)
    yield f"| | false pages | found: {lengths} | seconds from the first failed run to the page: median, p95, longest |"
    yield "| --- | --- |" + " --- |" * (len(LENGTHS) + 1)
    for row in rows:
        outages = row.verdict.of("outage")
        times = [one.to_page for one in outages if one.to_page is not None]
        found = " | ".join(
            _share([one for one in outages if one.trouble.length == length]) for length in LENGTHS
        )
        yield f"| {row.name} | {len(row.verdict.false_pages)} | {found} | {_spread(times)} |"


def _share(strikes: list[Strike]) -> str:
    return f"{sum(one.paged is not None for one in strikes)} of {len(strikes)}"


def _spread(values: list[float]) -> str:
    return ", ".join(f"{quantile(values, share):.0f}" for share in (0.5, 0.95, 1.0)) if values else "-"


if __name__ == "__main__":
    main()
