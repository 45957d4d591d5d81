"""The door of the shop: who is let in when."""

import time

import gevent
import gevent.event
import pytest

from techrun.load.generator.pacing import Pacer, Part
from techrun.load.records import Schedule, Stage


def _schedule(rate=100.0, seconds=0.2, **how):
    return Schedule((Stage("measure", seconds, rate, rate),), **how)


def _run(schedule, visit, *, personas=(("looker", 1.0),), part=None):
    """Let visitors in until the schedule ends; the pacer, and who came."""
    came = []

    def live(persona):
        while (slot := pacer.take(persona)) is not None:
            came.append((persona, slot))
            visit(slot)

    pacer = Pacer(
        schedule, personas, part or Part(), lambda persona: gevent.spawn(live, persona), time.monotonic()
    )
    pacer.run()
    while pacer.active:
        gevent.sleep(0.01)
    pacer.close()
    return pacer, came


def test_each_arrival_is_let_in_once_and_in_order():
    _, came = _run(_schedule(), lambda slot: None)
    assert [slot.number for _, slot in came] == list(range(20))
    assert [slot.due for _, slot in came] == pytest.approx([number / 100 for number in range(20)])


def test_visitors_that_stay_keep_nobody_waiting():
    inside = []
    all_are_there = gevent.event.Event()

    def stay_until_all_are_there(slot):
        inside.append(slot)
        if len(inside) == 20:
            all_are_there.set()
        assert all_are_there.wait(5)

    _, came = _run(_schedule(), stay_until_all_are_there)
    assert len(came) == 20


def test_workers_share_the_arrivals_without_overlap():
    numbers = [
        slot.number
        for index in (0, 1, 2)
        for _, slot in _run(_schedule(), lambda _: None, part=Part(index, 3))[1]
    ]
    assert sorted(numbers) == list(range(20))


def test_personas_have_their_shares_on_all_workers_together():
    shares = (("few", 1.0), ("many", 3.0))
    came = [
        who
        for index in (0, 1)
        for who, _ in _run(_schedule(320), lambda _: None, personas=shares, part=Part(index, 2))[1]
    ]
    assert len(came) == 64
    assert came.count("few") == 16


def test_an_arrival_beyond_the_most_visitors_is_dropped_and_counted():
    pacer, came = _run(_schedule(), lambda slot: gevent.sleep(0.4), part=Part(most=5))
    assert len(came) == 5
    assert pacer.take_arrivals() == [[0, 20, 5, 0, 15]]


def test_a_visitor_that_dies_waiting_costs_no_arrival():
    came = []

    def live(persona):
        slot = pacer.take(persona)
        if slot is not None:
            came.append(slot.number)

    pacer = Pacer(
        _schedule(20, 0.3),
        (("looker", 1.0),),
        Part(),
        lambda who: gevent.spawn(live, who),
        time.monotonic() + 0.1,
    )
    waiting = gevent.spawn(live, "looker")
    gevent.sleep(0.02)
    waiting.kill()
    pacer.run()
    gevent.sleep(0.05)
    assert came == list(range(6))
    assert pacer.active == 0


def test_a_visitor_that_breaks_leaves_the_shop():
    def live(persona):
        pacer.take(persona)
        raise gevent.GreenletExit

    pacer = Pacer(
        _schedule(20, 0.2), (("looker", 1.0),), Part(), lambda who: gevent.spawn(live, who), time.monotonic()
    )
    pacer.run()
    gevent.sleep(0.05)
    assert pacer.active == 0


def test_a_longer_schedule_is_gone_on_with_until_the_last_arrival():
    schedule = _schedule(50, 0.2)
    pacer = Pacer(
        schedule, (("looker", 1.0),), Part(), lambda who: gevent.spawn(pacer.take, who), time.monotonic()
    )
    gevent.spawn_later(0.1, lambda: pacer.extend(_schedule(50, 0.4)))
    pacer.run()
    assert sum(due for _, due, *_ in pacer.take_arrivals()) == 20
    assert not pacer.extend(_schedule(50, 9))


def test_those_who_wait_when_the_run_ends_go_home():
    pacer = Pacer(_schedule(), (("looker", 1.0),), Part(), lambda who: None, time.monotonic() + 60)
    waiting = gevent.spawn(pacer.take, "looker")
    gevent.sleep(0)
    pacer.close()
    assert waiting.get(timeout=1) is None
    assert pacer.take("looker") is None
