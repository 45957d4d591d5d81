"""What a driver hears of a run while it goes on, and an outcome that leaves that out."""

from __future__ import annotations

from random import Random

import pytest

from techrun.exchange import Failure
from techrun.journey.engine import Context, Options, run
from techrun.model import Reason
from techrun.redact import Redactor

JOURNEY = """
    steps:
      - {step: home, get: /, expect: {text: {contains: hello}}}
      - {step: skipped, when: "${1 == 2}", get: /, expect: {text: {contains: hello}}}
      - {step: pay, post: /pay, effect: order, expect: {text: {contains: hello}}, save: {id: {header: x-id}}}
    cleanup:
      - {step: cancel, when: "${id}", post: "/cancel/${id}", expect: {text: {contains: hello}}}
"""


def _play(plan, answers, on_step=None, **options):
    context = Context("run-1", lambda: 1_800_000_000.0, Random(7), Redactor(["hunter22"]), on_step=on_step)
    journey = run(plan, Options(allow_orders=True, **options), context)
    queue = list(answers)
    try:
        next(journey)
        while True:
            journey.send(queue.pop(0))
    except StopIteration as end:
        return end.value


def test_each_step_is_told_when_it_is_done(shop):
    told = []
    hello = shop.page("hello", x_id="7")

    def on_step(step):
        told.append(
            (step.step.name, len(step.log.exchanges), step.skipped, step.cleanup, step.failure is None)
        )

    _play(shop.compiled(JOURNEY), [hello] * 3, on_step)
    assert told == [
        ("home", 1, False, False, True),
        ("skipped", 0, True, False, True),
        ("pay", 1, False, False, True),
        ("cancel", 1, False, True, True),
    ]


@pytest.mark.parametrize("fails_at", range(4))
def test_a_brief_outcome_says_the_same_but_for_its_steps(shop, fails_at):
    hello = shop.page("hello", x_id="7")
    answers = [hello, hello, hello]
    answers[fails_at:] = [shop.page("the password hunter22 is wrong", 500)] * 3
    plan = shop.compiled(JOURNEY)
    whole, brief = _play(plan, answers), _play(plan, answers, brief=True)
    for name in (
        "status",
        "reason",
        "message",
        "step",
        "orders",
        "order_failed",
        "cleanup_failed",
        "not_run",
    ):
        assert getattr(brief, name) == getattr(whole, name), name
    assert "hunter22" not in brief.message
    assert (brief.steps, brief.cleanup, brief.measures) == ((), (), {})


@pytest.mark.parametrize(("own_hosts_only", "reason"), [(False, Reason.ASSET), (True, None)])
def test_assets_that_the_driver_refuses_fail_unless_other_hosts_are_left_alone(shop, own_hosts_only, reason):
    plan = shop.compiled("steps: [{step: home, get: /, expect: {css: {h1: hello}, assets: true}}]")
    page = shop.page('<link rel=stylesheet href="https://cdn.example/x.css"><h1>hello</h1>')
    refused = Failure(Reason.FORBIDDEN, "not this host")
    assert _play(plan, [page, refused], own_hosts_only=own_hosts_only).reason is reason
