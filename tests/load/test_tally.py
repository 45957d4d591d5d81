"""Reports add up to a run, in whatever pieces they come."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from techrun.load.histogram import merged
from techrun.load.records import CONTROL, Cell, Example, Report, Traffic
from techrun.load.tally import EXAMPLES, Tally, settled

CELLS = st.builds(
    Cell,
    arm=st.sampled_from(["new", "old"]),
    journey=st.sampled_from(["browse", "buy"]),
    step=st.sampled_from(["home", "cart", ""]),
    window=st.integers(0, 4),
    buckets=st.dictionaries(st.integers(-50, 50), st.integers(1, 5), max_size=3),
    errors=st.dictionaries(st.sampled_from(["status", "timeout"]), st.integers(1, 5), max_size=2),
)


def whole(cells) -> dict:
    found: dict = {}
    for cell in cells:
        key = (cell.arm, cell.journey, cell.step, cell.window)
        buckets, errors = found.get(key, ({}, {}))
        found[key] = (merged((buckets, cell.buckets)), merged((errors, cell.errors)))  # type: ignore[arg-type]
    return found


@settings(max_examples=60)
@given(reports=st.lists(st.lists(CELLS, max_size=6), max_size=5))
def test_nothing_is_lost_and_nothing_counted_twice(reports, make_run) -> None:
    tally = Tally()
    for cells in reports:
        tally.add(Report(1.0, tuple(cells)))
    run = tally.into(make_run())
    assert whole(run.cells) == whole(cell for cells in reports for cell in cells)
    assert len(run.cells) == len(whole(run.cells))


def test_arrivals_of_a_window_add_up_and_visitors_are_those_told_last(make_run) -> None:
    tally = Tally()
    tally.add(Report(1.0, traffic=(Traffic(0, 10, 8, 1, 0, 5),)))
    tally.add(Report(2.0, traffic=(Traffic(0, 0, 2, 1, 0, 3, closed=True),)))
    assert tally.into(make_run()).traffic == (Traffic(0, 10, 10, 2, 0, 3, closed=True),)
    assert tally.active == 3


def test_a_process_that_is_gone_is_counted_as_lost(make_run) -> None:
    tally = Tally()
    for workers in (2, 2, 1):
        tally.add(Report(1.0, workers=workers))
    assert tally.into(make_run()).workers_lost == 1


def test_a_few_examples_of_each_failure_are_kept(make_run) -> None:
    tally = Tally()
    for number in range(20):
        tally.add(Report(1.0, examples=(Example("new", "browse", "home", "status", f"{number}", 1.0),)))
    assert [one.message for one in tally.into(make_run()).examples] == [
        f"{number}" for number in range(EXAMPLES)
    ]


def test_the_last_seconds_and_the_totals_leave_the_control_request_out(make_cell) -> None:
    tally = Tally()
    tally.add(Report(1.0, (make_cell(0), make_cell(7), make_cell(9), make_cell(9, journey=CONTROL))))
    assert [cell.window for cell in tally.recent(3)] == [7, 9]
    assert tally.total("new", "home").count == 30
    assert tally.total("old", "home").count == 0


def test_windows_that_are_not_over_settle_nothing(make_run, make_cell) -> None:
    tally = Tally()
    tally.add(Report(1.0, (make_cell(0), make_cell(1)), (Traffic(0, 1, 1, 0, 0, 1, closed=True),)))
    tally.add(Report(2.0, traffic=(Traffic(1, 1, 1, 0, 0, 1),)))
    run = settled(tally.into(make_run()))
    assert [cell.window for cell in run.cells] == [0]
    assert [traffic.window for traffic in run.traffic] == [0]
