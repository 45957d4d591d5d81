"""What the configuration says of alerting: moments, recurrences, impact, owners, tokens."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, time
from zoneinfo import ZoneInfo

import pytest
from pydantic import TypeAdapter

from techrun.config import Settings
from techrun.config.moments import AMoment, Days, Hours, Moment, Repeat, Rule
from techrun.errors import Problem
from techrun.impact import Impact

HEAD = "shop: acme\nurl: https://www.acme.example\n"
TAIL = "checks: [{name: home, http: /}]\n"
Load = Callable[..., Settings]


@pytest.mark.parametrize(
    ("written", "days"),
    [
        pytest.param("mon-fri", {0, 1, 2, 3, 4}, id="a span"),
        pytest.param("sat,sun", {5, 6}, id="a list in one text"),
        pytest.param(["sat", "sun"], {5, 6}, id="a list"),
        pytest.param("fri-mon", {4, 5, 6, 0}, id="over the end of the week"),
        pytest.param("mon-tue, thu", {0, 1, 3}, id="a span and a day"),
        pytest.param("mon-sun", set(range(7)), id="the whole week"),
        pytest.param("Mon", {0}, id="a capital letter"),
    ],
)
def test_days_of_the_week(written, days) -> None:
    assert TypeAdapter(Days).validate_python(written) == days


@pytest.mark.parametrize(
    ("written", "hours"),
    [
        pytest.param("08:00-18:00", (time(8), time(18)), id="a day"),
        pytest.param("22:00 - 6:30", (time(22), time(6, 30)), id="a night"),
        pytest.param("18:00-24:00", (time(18), time(0)), id="to midnight"),
    ],
)
def test_times_of_the_day(written, hours) -> None:
    assert TypeAdapter(Hours).validate_python(written) == hours


@pytest.mark.parametrize("written", ["24:00-08:00", "08:00", "8-18", "08:60-10:00", "08:00-24:30", ""])
def test_what_is_no_time_of_the_day_is_refused(written) -> None:
    with pytest.raises(ValueError, match="is not a time"):
        TypeAdapter(Hours).validate_python(written)


@pytest.mark.parametrize(
    ("written", "rule"),
    [
        pytest.param("day", "FREQ=DAILY", id="every day"),
        pytest.param("weekday", "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR", id="every weekday"),
        pytest.param("mon,wed", "FREQ=WEEKLY;BYDAY=MO,WE", id="two days"),
        pytest.param("sat-mon", "FREQ=WEEKLY;BYDAY=MO,SA,SU", id="over the end of the week"),
    ],
)
def test_every_becomes_a_rule(written, rule) -> None:
    assert TypeAdapter(Repeat).validate_python(written) == rule


@pytest.mark.parametrize(
    "written",
    [
        "FREQ=MONTHLY;BYDAY=1TU",
        "rrule:freq=weekly;byday=mo,we",
        "FREQ=MONTHLY;BYMONTHDAY=-1",
        "FREQ=YEARLY;BYMONTH=11;BYDAY=4TH",
        "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1",
    ],
)
def test_a_rule_that_names_its_days_is_taken(written) -> None:
    assert TypeAdapter(Rule).validate_python(written) == written.upper().removeprefix("RRULE:")


@pytest.mark.parametrize(
    "written",
    [
        "FREQ=WEEKLY;BYDAY=MO;COUNT=3",
        "FREQ=DAILY;UNTIL=20261201",
        "FREQ=DAILY;BYHOUR=3",
        "FREQ=MONTHLY;BYMONTHDAY=32",
        "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=WEEKLY;BYDAY=",
        "FREQ=WEEKLY;BYDAY",
        "every tuesday",
        ";;;",
        "",
    ],
)
def test_a_rule_that_cannot_be_followed_is_refused(written) -> None:
    with pytest.raises(ValueError, match=r"rule|taken|FREQ"):
        TypeAdapter(Rule).validate_python(written)


def epoch(zone: str, *parts: int) -> float:
    return datetime(*parts, tzinfo=ZoneInfo(zone)).timestamp()  # type: ignore[misc, arg-type]  # year, month, …


class TestMoment:
    """`from` and `to` of the calendar."""

    def moment(self, written: str) -> Moment:
        found = TypeAdapter(AMoment).validate_python(written)
        assert isinstance(found, Moment)
        return found

    def test_without_an_offset_it_is_by_the_clock_of_the_zone(self) -> None:
        moment = self.moment("2026-12-01T22:00")
        assert moment.at("Europe/Madrid") == epoch("Europe/Madrid", 2026, 12, 1, 22)

    def test_an_offset_is_kept(self) -> None:
        assert self.moment("2026-12-01T22:00Z").at("Europe/Madrid") == epoch("UTC", 2026, 12, 1, 22)

    def test_a_date_begins_at_midnight_and_ends_at_the_next(self) -> None:
        day = self.moment("2026-03-29")
        assert day.at("Europe/Madrid") == epoch("Europe/Madrid", 2026, 3, 29)
        assert day.until("Europe/Madrid") - day.at("Europe/Madrid") == 23 * 3600  # the clocks go forward

    @pytest.mark.parametrize("written", ["2026-13-01", "tomorrow", "1999-12-31", "2026-12-01T25:00", ""])
    def test_what_is_no_moment_is_refused(self, written) -> None:
        with pytest.raises(ValueError, match="is not a moment"):
            self.moment(written)


class TestImpact:
    """Orders an hour are one number or 168 of them."""

    def impact(self, settings: Load, orders: str) -> Impact:
        loaded = settings(f"{HEAD}impact: {{orders_per_hour: {orders}, average_order: 85.50 EUR}}\n{TAIL}")
        found = loaded.shops[0].shop.impact
        assert found is not None
        return found

    def test_one_number_is_the_average_hour(self, settings) -> None:
        assert self.impact(settings, "120") == Impact((120.0,), 85.5, "EUR")

    def test_a_day_is_every_day(self, settings) -> None:
        found = self.impact(settings, str(list(range(24))))
        assert found.orders_per_hour == tuple(float(hour) for hour in range(24)) * 7

    def test_a_week_begins_on_monday(self, settings) -> None:
        assert self.impact(settings, str(list(range(168)))).orders_per_hour == tuple(map(float, range(168)))

    def test_days_are_named(self, settings) -> None:
        work, rest = [2] * 24, [1] * 23 + [9]
        found = self.impact(settings, f'{{"sat,sun": {rest}, mon-fri: {work}}}').orders_per_hour
        assert found[:120] == (2.0,) * 120
        assert found[120:] == ((1.0,) * 23 + (9.0,)) * 2

    def test_without_it_nobody_knows(self, settings) -> None:
        assert settings(HEAD + TAIL).shops[0].shop.impact is None


OPS = 'channels: {ops: {url: "json://ops.example"}}\n'


class TestOwner:
    """techrun's own owner, and the shop's."""

    def test_in_a_file_of_its_own_it_is_techruns(self, settings) -> None:
        loaded = settings(
            f"shops: shops/*.yaml\nowner: {{name: ops-team, notify: [ops]}}\n{OPS}",
            shops__acme=f"{HEAD}owner: shop-ops\n{TAIL}",
        )
        assert (loaded.owner.name, loaded.owner.notify) == ("ops-team", ("ops",))
        assert loaded.shops[0].shop.owner == "shop-ops"

    def test_a_single_file_says_both_in_one(self, settings) -> None:
        loaded = settings(f"{HEAD}owner: {{name: ops-team, notify: [ops]}}\n{OPS}{TAIL}")
        assert loaded.owner.notify == ("ops",)
        assert loaded.shops[0].shop.owner == "ops-team"

    def test_in_a_single_file_a_name_is_the_shops(self, settings) -> None:
        loaded = settings(f"{HEAD}owner: shop-ops\n{TAIL}")
        assert loaded.owner.notify == ()
        assert loaded.shops[0].shop.owner == "shop-ops"


def test_tokens_are_redacted_and_not_in_a_repr(settings: Load) -> None:
    loaded = settings(f"{HEAD}web: {{tokens: {{operate: a-token-in-the-clear}}}}\n{TAIL}")
    assert loaded.web.tokens.operate == ("a-token-in-the-clear",)
    assert loaded.redactor("got a-token-in-the-clear") == "got ***"
    assert "clear" not in repr(loaded.web)


def test_a_check_has_its_own_symptom_and_runbook(settings: Load) -> None:
    written = """checks:
  - name: search
    http: /${lang}
    for_each: {lang: [es]}
    symptom: customers find nothing in ${lang}
    runbook: https://wiki.example/search/${lang}
"""
    check = settings(HEAD + written).checks[0]
    assert (check.symptom, check.runbook) == (
        "customers find nothing in es",
        "https://wiki.example/search/es",
    )


def test_a_selector_that_matches_nothing_is_told_beside_other_mistakes_of_the_main_file(
    problems: Callable[..., list[Problem]],
) -> None:
    found = problems(f"{HEAD}{OPS}routes: [{{match: {{select: amce}}, notify: ops}}]\nlisten: here\n{TAIL}")
    assert [problem.what for problem in found] == [
        'no check matches "amce"',
        '"here" is not an address to listen at',
    ]


def test_where_a_check_is_broken_no_selector_is_called_wrong(
    problems: Callable[..., list[Problem]],
) -> None:
    written = f"{HEAD}{OPS}routes: [{{match: {{select: acme/cart}}, notify: ops}}]\n"
    found = problems(f"{written}checks: [{{name: cart, http: /cart, every: often}}]\n")
    assert len(found) == 1


def test_a_chain_of_fallbacks_that_ends_is_right(settings: Load) -> None:
    urls = ", ".join(
        f'{name}: {{url: "json://{name}.example"{rest}}}'
        for name, rest in (("a", ", fallback: b"), ("b", ", fallback: c"), ("c", ""))
    )
    loaded = settings(f"{HEAD}channels: {{{urls}}}\n{TAIL}")
    assert [channel.fallback for channel in loaded.channels.values()] == ["b", "c", ""]


def test_one_circle_of_fallbacks_is_one_problem(problems: Callable[..., list[Problem]]) -> None:
    urls = ", ".join(
        f'{name}: {{url: "json://{name}.example", fallback: {next_one}}}'
        for name, next_one in (("a", "b"), ("b", "c"), ("c", "b"), ("d", "d"))
    )
    found = problems(f"{HEAD}channels: {{{urls}}}\n{TAIL}")
    assert [problem.what for problem in found] == [
        "`fallback` goes in a circle: b → c → b",
        "`fallback` goes in a circle: d → d",
    ]
