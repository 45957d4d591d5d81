"""What every sink promises: one list of scenarios, run against each module found in techrun/sinks."""

from __future__ import annotations

import importlib
import pkgutil
import threading

import pytest

import techrun.sinks
from techrun.model import Check, CheckId, Order, Outcome, Phases, Reason, Result, Shop, Status, Step
from techrun.sinks.history import HistorySink
from techrun.sinks.incidents import IncidentSink
from techrun.sinks.jsonl import JsonlSink
from techrun.sinks.prometheus import PrometheusSink
from techrun.store.database import Store

MODULES = sorted(
    module.name for module in pkgutil.iter_modules(techrun.sinks.__path__) if module.name[0] != "_"
)
MAKERS = {
    "history": lambda folder, store: HistorySink(store()),
    "incidents": lambda folder, store: IncidentSink(store()),
    "jsonl": lambda folder, store: JsonlSink(folder / "results.jsonl"),
    "prometheus": lambda folder, store: PrometheusSink(),
}
"""How to make a sink of each module; a new output adds its line here."""

SHOPS = [Shop("acme-es", "https://www.acme.es"), Shop("acme-fr", "https://www.acme.fr")]
CHECKS = [
    Check(CheckId("acme-es", "home"), "http", 30, 10),
    Check(CheckId("acme-es", "checkout"), "journey", 60, 30, severity="page", steps=("home", "pay")),
    Check(CheckId("acme-fr", "mail"), "tcp", 60, 5, notify=("nobody",)),
]
STEPS = (Step("home", Status.UP, duration=0.1), Step("pay", Status.DOWN, Reason.STATUS, "got 502", 0.4))
OUTCOMES = {
    "up": Outcome(Status.UP, phases=Phases(connect=0.1), measures={"http_status_code": 200.0}),
    "degraded": Outcome(Status.DEGRADED, Reason.BUDGET, "slow", step="home", steps=STEPS[:1]),
    "down": Outcome(Status.DOWN, Reason.STATUS, "got 502", step="pay", steps=STEPS),
    "blocked": Outcome(Status.BLOCKED, Reason.BLOCKED, "captcha"),
    "unknown": Outcome(Status.UNKNOWN, Reason.INTERNAL, "our own fault"),
    "bare": Outcome(Status.DOWN),
    "strange text": Outcome(Status.DOWN, Reason.EXPECTATION, 'half \ud800 "quoted"\n\x00 ☃', step='a"b\\c'),
    "huge text": Outcome(Status.DOWN, Reason.EXPECTATION, "x" * 1_000_000),
    "strange measures": Outcome(Status.UP, measures={"http_status_code": float("nan")}),
    "an order": Outcome(
        Status.DOWN,
        Reason.STATUS,
        step="pay",
        steps=STEPS,
        cleanup=(Step("cancel", Status.DOWN, Reason.TIMEOUT),),
        cleanup_failed=True,
        orders=(Order("pay", "order_id=7", "leaked"),),
        order_failed=True,
        not_run="stopped",
    ),
}


def result(outcome, check=CHECKS[0], number=0, **changes):
    return Result(check, outcome, f"run-{number}", 1_790_000_000.0 + number, 0.5, 0.001, **changes)


@pytest.fixture
def a_store(tmp_path):
    """Opens the one store of a test."""
    opened = []

    def store():
        opened.append(Store(tmp_path / "techrun.db"))
        return opened[0]

    store.opened = opened
    yield store
    for each in opened:
        each.close()


@pytest.fixture(params=MODULES)
def sink(request, tmp_path, a_store, caplog):
    """A configured sink; whatever happened to it, it must not have logged a fault of its own."""
    if request.param not in MAKERS:
        pytest.fail(f"techrun/sinks/{request.param}.py is new: say in MAKERS how to make it")
    made = MAKERS[request.param](tmp_path, a_store)
    made.configure(CHECKS, SHOPS)
    yield made
    made.close()
    assert [record.message for record in caplog.records if record.levelname == "ERROR"] == []


@pytest.mark.parametrize("outcome", OUTCOMES.values(), ids=OUTCOMES.keys())
def test_every_outcome_is_taken_for_every_kind_of_check(sink, outcome):
    for check in CHECKS:
        for number in range(5):
            sink.accept(result(outcome, check, number))


@pytest.mark.parametrize("trigger", ["schedule", "confirmation", "manual", "release"])
def test_every_trigger_is_taken(sink, trigger):
    sink.accept(result(OUTCOMES["up"], trigger=trigger, location="paris", missed=3))


def test_a_result_of_a_check_that_is_gone_is_no_error(sink):
    sink.accept(result(OUTCOMES["down"], CHECKS[1]))
    sink.configure(CHECKS[:1], SHOPS[:1])
    sink.accept(result(OUTCOMES["down"], CHECKS[1]))


def test_checks_may_come_go_and_come_back(sink):
    for checks, shops in (([], []), (CHECKS, SHOPS), (CHECKS[1:], SHOPS), (CHECKS, SHOPS)):
        sink.configure(checks, shops)
        sink.accept(result(OUTCOMES["up"]))


def test_a_configuration_may_be_repeated(sink):
    sink.configure(CHECKS, SHOPS)
    sink.configure(list(CHECKS), list(SHOPS))


def test_closing_twice_is_no_error(sink):
    sink.accept(result(OUTCOMES["up"]))
    sink.close()
    sink.close()


def test_taking_results_does_not_wait_for_the_disk(sink, a_store):
    """The disk hangs until all results were taken: a sink that waited for it would never end."""
    hold = threading.Event()
    for store in a_store.opened:
        store.write(lambda _: hold.wait(50), urgent=True)
    for number in range(2_000):
        assert sink.accept(result(OUTCOMES["down"], number=number)) is None
    hold.set()


def test_every_sink_has_the_three_methods_of_the_protocol():
    for name in MODULES:
        module = importlib.import_module(f"techrun.sinks.{name}")
        classes = [
            value
            for value in vars(module).values()
            if isinstance(value, type) and value.__module__ == module.__name__ and hasattr(value, "accept")
        ]
        assert len(classes) == 1, f"{name}: one sink to a module"
        assert all(hasattr(classes[0], method) for method in ("configure", "accept", "close"))
        assert module.__doc__
