"""Synthetic runs that look like real ones: the same at every time of asking."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from random import Random
from statistics import NormalDist

import pytest

from techrun.load.histogram import bucket_of
from techrun.load.records import (
    CONTROL,
    Cell,
    Comparison,
    Contrast,
    Example,
    Health,
    Persona,
    Ruling,
    Run,
    Schedule,
    Stage,
    Traffic,
    Verdict,
)
from techrun.load.schedule import arrivals_end, planned

NORMAL = NormalDist()
STARTED = 1795312926.0
BUYS = ("home", "category", "product", "add to basket", "checkout", "pay")
PERSONAS = (
    Persona("WindowShopper", "guest-checkout", 5, "product", BUYS[:3]),
    Persona("Searcher", "search", 3, "", ("home", "search", "result")),
    Persona("Buyer", "guest-checkout", 2, "", BUYS),
    Persona("Reorderer", "business-customer", 1, left_out="this shop has no journey business-customer"),
)
MEDIANS = {
    "home": 0.042, "category": 0.085, "product": 0.061, "add to basket": 0.12, "checkout": 0.19, "pay": 0.41,
    "search": 0.15, "result": 0.06,
}  # fmt: skip


@dataclass
class Shop:
    """How fast a release answers and how often it fails."""

    slower: float = 1.0
    failing: dict[str, tuple[float, str]] = field(default_factory=dict)
    """Share and reason by step."""
    bends: Callable[[float], float] = lambda _: 1.0
    """How much slower at this moment."""


def steady(measure=300.0, rate=10.0, arms=("new",)):
    return Schedule(
        (
            Stage("ramp", 30, 0.5, rate),
            Stage("warm-up", 30, rate, rate),
            Stage("measure", measure, rate, rate),
        ),
        arms=arms,
    )


def cells_of(draw, arm, schedule, personas, shop, share=1.0):
    """What visitors of these kinds met, in the schedule's order."""
    chosen = [one for one in personas if not one.left_out]
    cells = {}

    def cell(journey, step, window):
        return cells.setdefault((journey, step, window), Cell(arm, journey, step, window, {}, {}))

    for window in range(int(arrivals_end(schedule) / schedule.width)):
        for _ in range(round(planned(schedule, window) * share)):
            who = draw.choices(chosen, [one.weight for one in chosen])[0]
            whole = late = draw.random() * 0.001
            for number, step in enumerate(who.steps):
                at = window + number
                limit, reason = shop.failing.get(step, (0.0, ""))
                if draw.random() < limit:
                    errors = cell(who.journey, step, at).errors
                    errors[reason] = errors.get(reason, 0) + 1
                    break
                spread = 0.28 + 0.25 * (draw.random() < 0.06)
                seconds = MEDIANS.get(step, 0.1) * shop.slower * shop.bends(at * schedule.width)
                seconds *= 2.718 ** (spread * NORMAL.inv_cdf(min(0.9999, max(0.0001, draw.random()))))
                count(cell(who.journey, step, at).buckets, seconds + late)
                whole, late = whole + seconds, 0.0
            else:
                count(cell(who.journey, "", window).buckets, whole)
        count(cell(CONTROL, CONTROL, window).buckets, 0.0012 + draw.random() * 0.0004)
    return tuple(cells.values())


def count(buckets, seconds):
    bucket = bucket_of(seconds)
    buckets[bucket] = buckets.get(bucket, 0) + 1


def traffic_of(schedule, *, begun=1.0, late=0.0):
    return tuple(
        Traffic(window, due, round(due * begun), round(due * late), 0, round(due * 4.2), closed=True)
        for window in range(int(arrivals_end(schedule)))
        if (due := planned(schedule, window)) is not None
    )


def health_of(draw, schedule, *, cpu=0.3, waited=0.005, processes=("worker 1", "worker 2")):
    return tuple(
        Health(
            process, window, min(1.0, cpu * (0.85 + 0.3 * draw.random())), 2.0, waited * (0.5 + draw.random()),
            0.001, 0.002 + 0.004 * draw.random(), 0.0, 84 * 2**20 + window * 1000,
        )
        for window in range(int(arrivals_end(schedule)))
        for process in processes
    )  # fmt: skip


FINGERPRINT = {
    "cpu": "AMD EPYC 9354P, 2 cores", "python": "3.11.2", "locust": "2.47.0", "techrun": "0.4.0",
    "journeys": "5c1f0a9be2d47733", "schedule": "10/s for 5 min", "image": "ci-runner:2026-11",
}  # fmt: skip
HOLDS = {"holds": True, "broken": False, "unclear": None}


def ruling(rule, subject, holds, text, journey="", step=""):
    return Ruling(rule, f"{journey} {subject}".strip(), HOLDS[holds], text, journey, step)


CRITERIA = (
    {"step": "product", "p95": "800ms"},
    {"errors": "0.5%"},
    {"p99": "3s", "over": "30s", "abort": True},
)
VALID = (
    ruling("invalid.no_requests", "requests", "holds", "14,630 steps were taken."),
    ruling("invalid.rate", "rate", "holds", "99.9 % of the visits asked for were begun; 95 % are needed."),
    ruling("invalid.late", "late starts", "holds", "0.02 % of the visits began late; up to 1 % may."),
    ruling(
        "invalid.generator",
        "generator",
        "holds",
        "it waited 0.5 % of the time for a processor; up to 5 % may be.",
    ),
)
HELD = (
    ruling("errors.criterion", "all steps", "holds", "0.06 % of all steps failed; up to 0.5 % may."),
    ruling("latency.criterion", "product", "holds", "the p95 is 98 ms; up to 800 ms are allowed.", "guest-checkout", "product"),
)  # fmt: skip


def contrast(step, statistic, old, ratio, width, regressed, journey="guest-checkout"):
    return Contrast(
        journey, step, statistic, old, old * ratio, ratio, ratio * (1 - width), ratio * (1 + width),
        0.001 if regressed else 0.8, 1.02 + 1.4 * width, regressed,
    )  # fmt: skip


def contrasts_of(slow=(), width=0.03, unsure=()):
    pairs = [("guest-checkout", step) for step in BUYS] + [
        ("search", step) for step in ("home", "search", "result")
    ]
    draw = Random(4)
    rows = []
    for journey, step in pairs:
        for statistic, times, wide in (("p50", 1.0, 1.0), ("p95", 1.75, 1.8)):
            ratio = 1.26 + 0.03 * draw.random() if step in slow else 0.985 + 0.03 * draw.random()
            found = True if step in slow else None if step in unsure else False
            reach = width * wide * (0.8 + 0.4 * draw.random()) * (4 if step in unsure else 1)
            rows.append(contrast(step, statistic, MEDIANS[step] * times, ratio, reach, found, journey))
    return tuple(rows)


def interleaved(draw, schedule, new, old, personas=PERSONAS):
    return (
        *cells_of(draw, "new", schedule, personas, new, 0.5),
        *cells_of(draw, "old", schedule, personas, old, 0.5),
    )


def base(schedule, **what):
    draw = Random(9)
    defaults = {
        "id": "20261122T020206-checkout-3f9a", "shop": "demo", "scenario": "checkout", "release": "v2", "host": "http://127.0.0.1:9781",
        "started": STARTED, "ended": STARTED + arrivals_end(schedule) + 4, "schedule": schedule,
        "personas": PERSONAS, "traffic": traffic_of(schedule), "health": health_of(draw, schedule),
        "counts": {"orders": 148, "orders_leaked": 0}, "fingerprint": FINGERPRINT, "workers": 2, "criteria": CRITERIA,
        "control": "the runner's own loopback", "asked": {"config": "checks/demo", "rate": "20/s", "workers": "2", "no-orders": ""},
    }  # fmt: skip
    return Run(**{**defaults, **what})


def passed():
    schedule = steady(arms=("new", "old"))
    flaky = Shop(failing={"pay": (0.008, "status"), "search": (0.001, "timeout")})
    summary = (
        "v2 is no slower than v1 and holds every limit; a slowdown of 9 % in any step would have been seen."
    )
    comparison = Comparison("v1, in the same run", "interleaved", contrasts_of())
    return base(
        schedule,
        cells=interleaved(Random(1), schedule, flaky, flaky),
        old_release="v1",
        old_host="http://127.0.0.1:9780",
        examples=(
            Example(
                "new", "guest-checkout", "pay", "status", "502 instead of 200 from /payment/confirm", 81.0
            ),
            Example("new", "search", "search", "timeout", "no answer within 10 s", 140.2),
        ),
        verdict=Verdict(
            "pass",
            summary,
            (
                *VALID,
                *HELD,
                ruling("latency.regressed", "all steps", "holds", "no step is slower than allowed."),
            ),
            comparison,
        ),
    )


def regressed():
    schedule = steady(arms=("new", "old"))
    slow = Shop(bends=lambda at: 1.3 + 0.5 * (at > 200), failing={"checkout": (0.02, "expectation")})
    summary = (
        "v2 is slower than v1: the p95 of product rose by 28 % (22 % to 35 %), and 1 of 50 checkouts fails."
    )
    rulings = (
        ruling("errors.regressed", "checkout", "broken", "1.9 % of the steps failed, before 0 %.", "guest-checkout", "checkout"),
        ruling("latency.regressed", "product", "broken", "p95 107 ms → 137 ms, +28 % (95 % interval +22 % to +35 %): slower than the +10 % that is tolerated", "guest-checkout", "product"),
        ruling("latency.regressed", "product", "unclear", "median changed by -1 % to +14 %; up to 5 % may be.", "guest-checkout", "product"),
    )  # fmt: skip
    return base(
        schedule,
        cells=interleaved(Random(2), schedule, slow, Shop()),
        old_release="v1",
        old_host="http://127.0.0.1:9780",
        examples=(
            Example("new", "guest-checkout", "checkout", "expectation", "the page has no “Place order”", 93.0),
            Example("new", "guest-checkout", "checkout", "expectation", "the page has no “Place order” (basket 4711)", 99.0),
        ),
        notes=("A deployment of another service was going on (note of the pipeline).",),
        verdict=Verdict(
            "fail",
            summary,
            (*rulings, *VALID, *HELD[1:]),
            Comparison(
                "v1, in the same run", "interleaved", contrasts_of(("product", "category"), unsure=("pay",)), looks=2
            ),
        ),
    )  # fmt: skip


def inconclusive():
    schedule = steady(60, 4, ("new", "old"))
    unclear = ruling(
        "latency.regressed",
        "pay",
        "unclear",
        "the p95 changed by -18 % to +31 %; up to 10 % may be.",
        "guest-checkout",
        "pay",
    )
    return base(
        schedule,
        cells=interleaved(Random(3), schedule, Shop(), Shop()),
        old_release="v1",
        verdict=Verdict(
            "inconclusive",
            "This run cannot tell whether v2 is slower than v1: pay may have changed by -18 % to +31 %.",
            (unclear, *VALID, *HELD),
            Comparison("v1, in the same run", "interleaved", contrasts_of(width=0.12, unsure=BUYS), looks=3),
        ),
    )


def invalid():
    schedule = steady(60, 40)
    rulings = (
        ruling("invalid.rate", "rate", "broken", "81 % of the visits asked for were begun; 95 % are needed."),
        ruling(
            "invalid.generator",
            "worker 1",
            "broken",
            "it waited 31 % of the time for a processor; up to 5 % may be.",
        ),
    )
    return base(
        schedule,
        cells=cells_of(Random(4), "new", schedule, PERSONAS, Shop(bends=lambda at: 1 + 40 * (at > 70))),
        traffic=traffic_of(schedule, begun=0.81, late=0.3),
        health=health_of(Random(1), schedule, cpu=0.98, waited=0.31),
        workers_lost=1,
        stopped="worker 2 died",
        verdict=Verdict(
            "invalid", "The generator was starved: nothing can be said of v2.", (*rulings, *VALID[:1])
        ),
    )


def breakpoint_run():
    steps = tuple(Stage("measure", 30, rate, rate, f"{rate}/s") for rate in range(10, 90, 10))
    schedule = Schedule((Stage("ramp", 10, 1, 10), *steps), drain=30)
    bent = Shop(bends=lambda at: 1 + max(0.0, at - 190) ** 1.6 / 90)
    return base(
        schedule,
        scenario="breakpoint",
        cells=cells_of(Random(5), "new", schedule, PERSONAS[:1], bent),
        personas=PERSONAS[:1],
        stopped="the criterion p95 of all steps up to 800 ms broke at 80/s",
        verdict=Verdict(
            "pass",
            "The shop held 60 visits a second; at 70 the p95 passed 800 ms.",
            (
                *VALID,
                ruling("breakpoint.knee", "all steps", "holds", "the knee is at about 60 visits a second."),
            ),
            Comparison("", "none", why_none="a breakpoint run is held against nothing"),
        ),
    )


def no_baseline():
    schedule = steady()
    return base(
        schedule,
        cells=cells_of(Random(6), "new", schedule, PERSONAS, Shop()),
        verdict=Verdict(
            "pass",
            "v2 holds every limit; there is no earlier run to compare it with (baseline recorded, 1 of 5).",
            (*VALID, *HELD),
            Comparison("", "none", baseline_runs=1, why_none="no run with this fingerprint: cpu differs"),
        ),
    )


def stored():
    run = no_baseline()
    comparison = Comparison("the last 5 accepted runs", "stored", contrasts_of(width=0.1), baseline_runs=5)
    return replace(
        run, verdict=Verdict("pass", "v2 is within what the last 5 runs showed.", VALID, comparison)
    )


def baseline():
    schedule = steady(360)
    return replace(
        base(schedule, cells=cells_of(Random(7), "new", schedule, PERSONAS, Shop(slower=0.95))), release="v1"
    )


def no_requests():
    schedule = steady(30, 2)
    nothing = ruling("invalid.no_requests", "requests", "broken", "no step was taken: is the host right?")
    return base(
        schedule,
        traffic=traffic_of(schedule, begun=0.0),
        verdict=Verdict("invalid", "Not one step was taken.", (nothing,)),
    )


def one_step():
    schedule = Schedule((Stage("measure", 5, 2, 2),))
    personas = (Persona("Smoke", "home", 1, steps=("home",)),)
    return base(
        schedule,
        scenario="smoke",
        personas=personas,
        cells=cells_of(Random(8), "new", schedule, personas, Shop()),
        verdict=Verdict("pass", "One page answers.", VALID),
    )


def sixty_steps():
    schedule = steady(60, 3, ("new", "old"))
    personas = tuple(
        Persona(f"Kind{number}", f"journey-{number}", 1 + number, steps=tuple(f"step {number}-{at} with a long name" for at in range(15)))
        for number in range(4)
    )  # fmt: skip
    return base(
        schedule,
        personas=personas,
        cells=interleaved(Random(10), schedule, Shop(), Shop(), personas),
        old_release="v1",
        verdict=Verdict("pass", "All 60 steps hold.", VALID),
    )


HOSTILE = "````\n<script>alert(1)</script>\"'><img src=http://evil.example/x> | `x` [a](http://evil.example) \x00\x1b[31m ${x} {{ 7 * 7 }} &amp; ]]>"


def hostile():
    schedule = steady(30, 2)
    personas = (
        Persona(HOSTILE, HOSTILE, 1, HOSTILE, (HOSTILE, "x" * 300)),
        Persona("b", "b", 1, left_out=HOSTILE),
    )
    shop = Shop(failing={HOSTILE: (0.3, HOSTILE)})
    return Run(
        HOSTILE, HOSTILE, HOSTILE, HOSTILE, HOSTILE, STARTED, STARTED + 90, schedule, personas,
        cells_of(Random(11), "new", schedule, personas, shop), traffic_of(schedule),
        health_of(Random(1), schedule, processes=(HOSTILE,)), {HOSTILE: 3},
        (Example("new", HOSTILE, HOSTILE, HOSTILE, HOSTILE, 3.0),), {HOSTILE: HOSTILE}, HOSTILE, HOSTILE,
        stopped=HOSTILE, criteria=({HOSTILE: HOSTILE},), control=HOSTILE, notes=(HOSTILE,),
        verdict=Verdict(
            "fail", HOSTILE, (ruling(HOSTILE, HOSTILE, "broken", HOSTILE, HOSTILE, HOSTILE),),
            Comparison(HOSTILE, "stored", (contrast(HOSTILE, "p95", 0.1, 5.0, 0.9, None, HOSTILE),), 3, HOSTILE),
        ),
    )  # fmt: skip


def thousand_windows():
    schedule = steady(940, 10, ("new", "old"))
    return base(
        schedule,
        cells=interleaved(Random(12), schedule, Shop(), Shop(slower=1.1)),
        old_release="v1",
        verdict=Verdict("pass", "A long run.", VALID),
    )


def empty():
    return Run("", "", "", "", "", 0.0, 0.0, Schedule(()))


def closed():
    schedule = Schedule((Stage("ramp", 10, 1, 20), Stage("measure", 30, 20, 20)), model="closed")
    return base(
        schedule,
        cells=cells_of(Random(13), "new", steady(30, 4), PERSONAS, Shop()),
        traffic=tuple(Traffic(window, 0, 5, 0, 0, 20) for window in range(40)),
        verdict=Verdict("pass", "20 visitors at a time were served.", VALID),
    )


RUNS = {
    "pass": passed, "regressed": regressed, "inconclusive": inconclusive, "invalid": invalid,
    "breakpoint": breakpoint_run, "no baseline": no_baseline, "stored baseline": stored, "no requests": no_requests,
    "one step": one_step, "sixty steps": sixty_steps, "hostile": hostile, "a thousand windows": thousand_windows,
    "empty": empty, "closed model": closed,
}  # fmt: skip
_MADE: dict[str, tuple[Run, Run | None]] = {}


def made(name: str) -> tuple[Run, Run | None]:
    """A run by its name, and what is stored to hold it against."""
    if name not in _MADE:
        _MADE[name] = (RUNS[name](), baseline() if name == "stored baseline" else None)
    return _MADE[name]


@pytest.fixture(params=RUNS)
def any_name(request):
    """The name of each run in turn."""
    return request.param


@pytest.fixture
def any_run(any_name):
    """Each of the runs in turn, with its baseline."""
    return made(any_name)


@pytest.fixture
def run_named():
    """A run by its name, with its baseline."""
    return made
