"""What the workers told, as one report."""

from techrun.load.generator.merging import Merger
from techrun.load.records import Schedule, Stage

TEN_A_SECOND = Schedule((Stage("measure", 5.0, 10.0, 10.0),))
NOTHING = {
    "cells": [],
    "counts": {},
    "examples": [],
    "traffic": [],
    "active": [],
    "health": [],
    "below": 0,
    "over": False,
}
BOTH = frozenset({"worker 1", "worker 2"})


def _merger(schedule=TEN_A_SECOND):
    merger = Merger(schedule)
    merger.expect("worker 1")
    merger.expect("worker 2")
    return merger


def _told(**what):
    return {**NOTHING, **what}


def _arrivals(report):
    return [(one.window, one.due, one.started, one.late, one.active) for one in report.traffic]


def test_a_window_is_over_when_it_is_over_on_every_worker():
    merger = _merger()
    merger.add("worker 1", _told(traffic=[[0, 5, 5, 0, 0]], active=[[0, 2]], below=1))
    assert merger.take(1.1, BOTH).traffic == ()
    merger.add("worker 2", _told(traffic=[[0, 5, 4, 1, 0]], active=[[0, 3]], below=1))
    assert _arrivals(merger.take(2.1, BOTH)) == [(0, 10, 9, 1, 5)]
    assert merger.take(2.2, BOTH).traffic == ()


def test_what_a_dead_worker_should_have_begun_stays_due():
    merger = _merger()
    merger.add("worker 1", _told(traffic=[[0, 5, 5, 0, 0], [1, 5, 5, 0, 0]], below=2))
    report = merger.take(2.1, {"worker 1"})
    assert _arrivals(report) == [(0, 10, 5, 0, 0), (1, 10, 5, 0, 0)]
    assert report.workers == 1


def test_a_frozen_worker_that_comes_back_adds_its_late_starts_and_nothing_is_due_twice():
    merger = _merger()
    merger.add("worker 1", _told(traffic=[[0, 5, 5, 0, 0]], active=[[0, 2]], below=2))
    merger.take(2.1, {"worker 1"})
    merger.add("worker 2", _told(traffic=[[0, 5, 5, 5, 0]], below=2))
    assert _arrivals(merger.take(3.1, BOTH)) == [(0, 0, 5, 5, 2)]


def test_what_was_planned_after_a_stop_is_not_asked_for():
    merger = _merger()
    merger.ended = 0.5
    merger.add("worker 1", _told(traffic=[[0, 3, 3, 0, 0]], below=1, over=True))
    merger.add("worker 2", _told(traffic=[[0, 2, 2, 0, 0]], below=1, over=True))
    assert merger.over(BOTH)
    assert _arrivals(merger.take(1.1, BOTH, last=True))[0] == (0, 5, 5, 0, 0)


def test_histograms_errors_and_counts_of_all_workers_add_up():
    merger = _merger()
    cell = ["new", "look", "home", 0, {-100: 2, -50: 1}, {"timeout": 1}]
    for worker in BOTH:
        merger.add(worker, _told(cells=[cell], counts={"orders": 2}))
    report = merger.take(1.0, BOTH)
    assert [(one.buckets, one.errors) for one in report.cells] == [({-100: 4, -50: 2}, {"timeout": 2})]
    assert report.counts == {"orders": 4}
    assert merger.take(1.1, BOTH).cells == ()


def test_nobody_is_waited_for_who_is_dead():
    merger = _merger()
    merger.add("worker 1", _told(over=True))
    assert not merger.over(BOTH)
    assert merger.over({"worker 1"})
