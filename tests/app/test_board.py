"""How every check is right now, as the landing page and readiness see it."""

from __future__ import annotations

from techrun.app.board import Board
from techrun.model import Check, CheckId, Outcome, Reason, Result, Status

HOME, CART = (Check(CheckId("acme-es", name), "http", every=30, deadline=10) for name in ("home", "cart"))


def result(check: Check, outcome: Outcome) -> Result:
    return Result(check, outcome, "r", started=100.0, duration=0.5, lateness=0.0)


def test_checks_stand_in_the_order_of_the_configuration_with_their_last_result() -> None:
    board = Board()
    board.configure([HOME, CART], [])
    board.accept(result(CART, Outcome(Status.DOWN, Reason.STATUS, "expected 200, got 502", step="pay")))
    home, cart = board.rows()
    assert (home.check, home.status) == ("home", None)
    assert (cart.status, cart.message, cart.last_run) == (
        Status.DOWN,
        'at "pay": expected 200, got 502',
        100.5,
    )


def test_a_check_that_leaves_the_configuration_leaves_the_board_and_the_others_keep_their_result() -> None:
    board = Board()
    board.configure([HOME, CART], [])
    for check in (HOME, CART):
        board.accept(result(check, Outcome(Status.UP)))
    board.configure([CART], [])
    assert [(row.check, row.status) for row in board.rows()] == [("cart", Status.UP)]


def test_it_is_ready_with_the_first_result_and_at_once_where_there_is_nothing_to_wait_for() -> None:
    board = Board()
    assert not board.has_results()
    board.configure([HOME], [])
    assert not board.has_results()
    board.accept(result(HOME, Outcome(Status.DOWN, Reason.CONNECT)))
    assert board.has_results()
    empty = Board()
    empty.configure([], [])
    assert empty.has_results()
