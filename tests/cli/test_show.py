"""What results look like."""

from __future__ import annotations

import io
import shlex
from xml.etree import ElementTree as ET

from rich.console import Console

from techrun.cli.show.curl import curl_line, failing_exchange
from techrun.cli.show.reports import junit, markdown
from techrun.cli.show.table import show_table
from techrun.cli.show.ticker import Ticker
from techrun.cli.show.waterfall import show_story
from techrun.model import Reason, Status


def printed(show, value) -> str:
    stream = io.StringIO()
    show(value, Console(file=stream, width=110, emoji=False, markup=False, highlight=False))
    return stream.getvalue()


def test_a_table_has_a_line_for_each_check_and_a_summary(make_result, failed_payment) -> None:
    text = printed(show_table, [make_result(), failed_payment])
    assert "acme-es/checkout  ✗ down" in text
    assert 'at "payment": expected 200, got 502 [status]' in text
    assert "2 checks: 1 up, 1 down" in text


def test_brackets_in_a_shops_answer_are_not_taken_for_markup(make_result) -> None:
    result = make_result(status=Status.DOWN, reason=Reason.STATUS, message="[/red] [bold]")
    assert "[/red] [bold]" in printed(show_table, [result])


def test_a_story_shows_steps_phases_exchanges_and_findings(failed_payment) -> None:
    text = printed(
        lambda result, console: show_story(result, "failure.counted (1 of 4)", console), failed_payment
    )
    for part in (
        "In the daemon: failure.counted (1 of 4)",
        "home",
        "payment",
        "█",
        "POST https://shop.example/pay",
        "< server: nginx",
        "✗ expected 200, got 502",
    ):
        assert part in text


def test_a_curl_line_survives_the_shell_and_leaves_out_what_curl_sets_itself(failed_payment) -> None:
    exchange = failing_exchange(failed_payment.outcome)
    assert exchange is not None
    words = shlex.split(curl_line(exchange))
    assert words[0] == "curl"
    assert words[-1] == "https://shop.example/pay?a=1&b=2"
    assert "x-note: it's" in words
    assert "card=***" in words
    assert not any(word.startswith("host:") for word in words)


def test_junit_tells_failures_from_errors(make_result, failed_payment) -> None:
    blocked = make_result("search", Status.BLOCKED, reason=Reason.BLOCKED, message="captcha \x00 page")
    root = ET.fromstring(junit([make_result(), failed_payment, blocked], {}))
    suite = root.find("testsuite")
    assert suite is not None
    assert (suite.get("tests"), suite.get("failures"), suite.get("errors")) == ("3", "1", "1")
    assert [child.tag for case in suite for child in case] == ["failure", "error"]


def test_junit_skips_what_is_down_and_silenced_and_what_works_is_a_success_all_the_same(
    make_result, failed_payment
) -> None:
    well = make_result()
    silenced = {failed_payment.check.id: "silence #4 (new PSP)", well.check.id: "silence #4 (new PSP)"}
    suite = ET.fromstring(junit([well, failed_payment], silenced)).find("testsuite")
    assert suite is not None
    assert (suite.get("failures"), suite.get("skipped")) == ("0", "1")
    (skipped,) = [child for case in suite for child in case]
    assert skipped.tag == "skipped"
    assert skipped.get("message", "").startswith("silence #4 (new PSP): ")


def test_markdown_escapes_what_would_break_the_table(make_result) -> None:
    text = markdown([make_result(status=Status.DOWN, reason=Reason.STATUS, message="a|b\nc")])
    assert "a\\|b c" in text


def test_a_ticker_prints_only_what_turns(make_result) -> None:
    stream = io.StringIO()
    ticker = Ticker(Console(file=stream, width=110))
    for status in (Status.UP, Status.UP, Status.DOWN, Status.DOWN, Status.UP):
        ticker.accept(make_result(status=status))
    assert [line.split()[2:4] for line in stream.getvalue().splitlines()] == [
        ["✓", "up"],
        ["✗", "down"],
        ["✓", "up"],
    ]
