"""Problems as text: place, what, the line with a caret, what to do."""

from __future__ import annotations

from techrun.config.problems import LONGEST_LINE, render
from techrun.errors import Place, Problem


def test_a_problem_shows_its_line_and_a_caret() -> None:
    place = Place("shop.yaml", 12, 5, "    evry: 30s")
    assert render([Problem('unknown key "evry"', "expected every", (), (place,))]) == (
        'shop.yaml:12:5  unknown key "evry"\n        evry: 30s\n        ^\n  expected every\n'
    )


def test_a_tab_does_not_move_the_caret() -> None:
    lines = render([Problem("a tab", "", (), (Place("f", 1, 2, "\tkey: @x"),))]).splitlines()
    assert lines[1].index("k") == lines[2].index("^")


def test_wide_characters_move_the_caret_by_two_columns() -> None:
    lines = render([Problem("x", "", (), (Place("f", 1, 3, "店舗x"),))]).splitlines()
    assert lines[2].index("^") == 4 + 4


def test_a_long_line_is_cut_around_the_caret() -> None:
    text = "a" * 500 + "X" + "b" * 500
    lines = render([Problem("x", "", (), (Place("f", 1, 501, text),))]).splitlines()
    assert lines[1][lines[2].index("^")] == "X"
    assert len(lines[1]) < LONGEST_LINE + 10


def test_characters_of_a_terminal_do_nothing() -> None:
    told = render([Problem("x", "", (), (Place("f", 1, 1, "a\x1b[31mb"),))])
    assert "\x1b" not in told


def test_further_places_are_named_once() -> None:
    places = (Place("a.yaml", 1, 1, "x"), Place("b.yaml", 2, 3, "y"))
    assert "see also b.yaml:2:3" in render([Problem("twice", "", (), places)])
    assert "see also" not in render([Problem("twice", "the first is at b.yaml:2:3", (), places)])


def test_a_problem_without_a_place_is_told_all_the_same() -> None:
    assert render([Problem("nothing is known"), Problem("nor is this", "look")]) == (
        "nothing is known\n\nnor is this\n  look\n"
    )
