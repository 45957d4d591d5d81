"""A load test from the command to its verdict: guards, generator, run, judgement, and where it is kept."""

from __future__ import annotations

import contextlib
import secrets
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial

from techrun.app import load_drive
from techrun.app.interrupts import Interrupts
from techrun.app.load_drive import Collector, Course, Driven, Onlooker
from techrun.app.load_scenarios import Source
from techrun.app.load_target import Target
from techrun.app.loading import Loaded
from techrun.config.load import Criterion, as_written
from techrun.errors import CannotTellError, TechrunError
from techrun.load.bundle import bundle_of, embed
from techrun.load.bundle.carried import Bundle
from techrun.load.generator.parent import LocustGenerator
from techrun.load.guards import check_rate
from techrun.load.guards.killswitch import Ask, KillSwitch, first_look, under_load
from techrun.load.job import Generator, Job, Ready, Wishes
from techrun.load.judge import capacity, fingerprint, machine, outcome
from techrun.load.judge import criteria as criteria_rules
from techrun.load.judge.verdict import judge, wants_rerun
from techrun.load.keeping import Loads, announced
from techrun.load.records import Run, Verdict


@dataclass(frozen=True, slots=True)
class LoadWish:
    """What a person asks for; what is not said is as the shop's configuration or the scenario has it."""

    source: Source
    release: str = ""
    old_release: str = ""
    wishes: Wishes = field(default_factory=Wishes)
    workers: int = 1
    expect_workers: int = 0
    wait_for_workers: float = 60.0
    bind: str = "127.0.0.1"
    port: int = 0
    web: str = ""
    asked: Mapping[str, str] = field(default_factory=dict)
    """All that was said of it, as `Run.asked` keeps it."""


@dataclass(frozen=True, slots=True)
class Around:
    """Who watches a load test, who hears of it, and where it is kept."""

    onlooker: Onlooker
    interrupts: Interrupts
    kept: Loads
    told: Loads
    """Where the alerts hear of it."""
    ask: Ask | None = None
    """How techrun's own probes of the shop stand; None: nobody is asked."""
    collect: Callable[[Run], contextlib.AbstractContextManager[Collector | None]] = lambda _: (
        contextlib.nullcontext()
    )
    """Counts along for one run: metrics."""


@dataclass(frozen=True, slots=True)
class Finished:
    """A load test with its verdict."""

    run: Run
    baseline: Run | None = None
    """The newest run that it was held against, where that was a stored one."""
    interrupted: bool = False
    fault: Exception | None = None
    """Our own, which ended it."""
    lost: str = ""
    """Why the run could not be kept; empty: it was."""


@dataclass(frozen=True, slots=True)
class _Test:
    """What both tries of a load test share."""

    loaded: Loaded
    target: Target
    wish: LoadWish
    around: Around
    bundle: Bundle


def load_test(loaded: Loaded, target: Target, wish: LoadWish, around: Around) -> Finished:
    """Run it, and once more where stored runs were faster. Each run is kept; LoadError: it could not begin."""
    around.kept.ready()
    bundle = bundle_of(loaded.settings, target.shop.name)
    test = _Test(loaded, target, wish, around, bundle)
    finished = _try(test, None)
    verdict = finished.run.verdict
    if verdict is None or finished.interrupted or finished.fault or not wants_rerun(verdict):
        return finished
    around.onlooker.says(f"{verdict.summary} One slow run is no proof: once more.")
    return _try(test, verdict)


def _try(test: _Test, before: Verdict | None) -> Finished:
    """One run, judged and kept."""
    around = test.around
    with _prepared(test) as (generator, ready):
        check_rate(ready.schedule, test.target.addresses, test.target.limits)
        criteria = _criteria(test, ready)
        run = _planned(test, ready, criteria)
        baseline = _baseline(around.kept, run)
        with contextlib.ExitStack() as stack:
            switch = stack.enter_context(_watched(test, run))
            stack.enter_context(announced(around.told, run))
            collector = stack.enter_context(around.collect(run))
            stack.enter_context(around.interrupts.noted())
            course = Course(
                generator=generator,
                run=run,
                criteria=criteria,
                judge=partial(_look, criteria, baseline, before),
                onlooker=around.onlooker,
                interrupts=around.interrupts,
                kill_switch=switch,
                collector=collector,
                breakpoint=ready.breakpoint,
            )
            driven = load_drive.drive(course)
            generator.close()
            run = _judged(test, course, driven, baseline, before)
            if collector is not None:
                collector.settle(run)
            lost = _kept(around, run)
    shown = baseline[0] if baseline and _compared(run) == "stored" else None
    return Finished(run, shown, driven.ended == "interrupted", driven.fault, lost)


def _kept(around: Around, run: Run) -> str:
    """Why the run could not be kept, which must not take its verdict along; nothing: it was."""
    try:
        around.kept.save(run)
    except (TechrunError, OSError) as error:
        around.onlooker.says(f"the run is not kept: {error}")
        return str(error)
    return ""


@contextlib.contextmanager
def _prepared(test: _Test) -> Iterator[tuple[Generator, Ready]]:
    """The generator, ready to begin; it is ended whatever happens."""
    wish, bundle = test.wish, test.bundle
    job = Job(
        scenario=embed(wish.source.text, bundle),
        name=wish.source.name,
        hosts=test.target.hosts,
        wishes=_wishes(test),
        workers=wish.workers,
        expect_workers=wish.expect_workers,
        wait_for_workers=wish.wait_for_workers,
        bind=wish.bind,
        port=wish.port,
        web=wish.web,
        control=test.target.load.control,
        seed=secrets.randbelow(1_000_000),
    )
    generator = LocustGenerator(job, bundle.secrets(test.loaded.settings))
    try:
        yield generator, generator.prepare()
    finally:
        generator.close()


def _wishes(test: _Test) -> Wishes:
    """The command line's wishes before those of the configuration, and both before the scenario's own words."""
    written, asked = test.target.load.of(test.wish.source.name), test.wish.wishes
    rate, users = asked.rate, asked.users
    if rate is None and users is None:
        rate, users = written.rate, written.users
    merged = {
        name: getattr(written, name) if getattr(asked, name) is None else getattr(asked, name)
        for name in ("ramp", "warm_up", "measure", "drain", "allow_orders")
    }
    return Wishes(rate=rate, users=users, **merged)


def _criteria(test: _Test, ready: Ready) -> tuple[Criterion, ...]:
    """What must hold: as it is written, else the budgets of the journeys that are taken."""
    host = test.target.hosts["new"]
    plans = {journey: test.bundle.plan_with_budgets(journey, host) for journey in ready.journeys}
    return criteria_rules.criteria_for(test.target.load, test.wish.source.name, ready.personas, plans)


def _planned(test: _Test, ready: Ready, criteria: tuple[Criterion, ...]) -> Run:
    """The run before it begins."""
    target, wish, now = test.target, test.wish, time.time()
    workers = max(wish.workers, 1) + wish.expect_workers
    control = target.load.control or "the runner's own loopback"
    return Run(
        id=f"{time.strftime('%Y%m%d-%H%M%S', time.gmtime(now))}-{secrets.token_hex(2)}",
        shop=target.shop.name,
        scenario=wish.source.name,
        release=wish.release,
        host=target.hosts["new"],
        started=now,
        ended=now,
        schedule=ready.schedule,
        personas=ready.personas,
        fingerprint=fingerprint.of_run(
            machine.described(),
            ready.schedule,
            ready.personas,
            journeys=test.bundle.journeys_hash(ready.journeys),
            workers=workers,
            control=control,
        ),
        old_release=wish.old_release,
        old_host=target.hosts.get("old", ""),
        workers=workers,
        criteria=as_written(criteria),
        control=control,
        notes=ready.notes,
        asked=wish.asked,
    )


def _baseline(kept: Loads, run: Run) -> list[Run]:
    """The accepted runs to be held against; where none has this fingerprint the newest, which tells why not."""
    if "old" in run.schedule.arms:
        return []
    same = kept.accepted(run.shop, run.scenario, run.fingerprint)
    if same:
        return same
    others = [one for one in kept.runs(run.shop, run.scenario) if one.accepted and one.whole]
    return [kept.get(others[0].id)] if others else []


@contextlib.contextmanager
def _watched(test: _Test, run: Run) -> Iterator[KillSwitch | None]:
    """The probes of techrun's daemon watch the shop meanwhile; CannotTellError where it is down before anything is sent."""
    ask = test.around.ask
    if ask is None:
        yield None
        return
    other = under_load(ask, test.target.hosts.values())
    if other is not None:
        raise CannotTellError(
            f"{other.host} is under load already ({other.scenario}): wait until that is over; "
            "a test that was killed is forgotten after a minute"
        )
    down, nobody = first_look(ask, run.shop)
    if down is not None and test.target.watched:
        raise CannotTellError(
            f"{run.shop} is down already (#{down.id} {down.title}): a load test would tell nothing and hurt it"
        )
    if down is not None:
        nobody = f"{run.shop} is down already, at the address that is watched (#{down.id} {down.title})"
    if nobody:
        test.around.onlooker.says(f"no kill switch: {nobody}")
        yield None
        return
    switch = KillSwitch(ask, run.shop)
    switch.begin()
    try:
        yield switch
    finally:
        switch.close()


def _look(
    criteria: tuple[Criterion, ...], baseline: list[Run], before: Verdict | None, run: Run, looks: int
) -> Verdict:
    """The verdict while the run goes on."""
    return judge(run, criteria, baseline, looks=looks, last_look=False, before=before)


def _judged(test: _Test, course: Course, driven: Driven, baseline: list[Run], before: Verdict | None) -> Run:
    """The run with its verdict, and with what its end adds to that."""
    run, ended = driven.run, driven.ended
    if course.breakpoint and ended in {"", "knee"}:
        return replace(run, verdict=capacity.judged(run, course.criteria))
    verdict = judge(run, course.criteria, baseline, looks=driven.looks, before=before)
    if driven.fault is not None:
        why = str(driven.fault) or type(driven.fault).__name__
        verdict = outcome.died(verdict, why, course.generator.log)
    elif ended == "killed":
        verdict = outcome.broke_the_shop(verdict, run.stopped, same_address=test.target.watched)
    elif ended == "interrupted":
        verdict = outcome.interrupted(verdict)
    return replace(run, verdict=verdict)


def _compared(run: Run) -> str:
    comparison = run.verdict.comparison if run.verdict else None
    return comparison.method if comparison else "none"
