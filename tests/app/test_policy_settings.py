"""The policy of alerting is as the configuration says it, and templates are checked before they are needed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, time
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from techrun.alerts.policy import Hours, Planned, Policy, Route
from techrun.app.loading import load
from techrun.app.parts import check_parts, policy_of
from techrun.config.problems import render
from techrun.errors import ConfigError

SHOP = """
shop: {name}
client: acme
url: http://{name}.example
timezone: {zone}
notify: {{page: [oncall], ticket: [desk]{more}}}
checks:
  - {{name: home, http: /, tags: [b2b]}}
"""
MAIN = """
shops: shops/*.yaml
channels:
  oncall: {url: "json://127.0.0.1:9/a", fallback: desk}
  desk: {url: "json://127.0.0.1:9/b"}
"""
WORK_DAYS = frozenset(range(5))


@pytest.fixture
def policy(tmp_path: Path) -> Callable[..., Policy]:
    """The policy of two shops, one in Madrid and one in Dublin."""

    def made(main: str = "", calendar: str = "", more: str = "") -> Policy:
        (tmp_path / "shops").mkdir()
        for name, zone in (("acme-es", "Europe/Madrid"), ("acme-ie", "Europe/Dublin")):
            (tmp_path / "shops" / f"{name}.yaml").write_text(SHOP.format(name=name, zone=zone, more=more))
        (tmp_path / "techrun.yaml").write_text(
            MAIN + main + ("calendar: calendar.yaml\n" if calendar else "")
        )
        (tmp_path / "calendar.yaml").write_text(calendar)
        return policy_of(load(tmp_path, {}).settings)

    return made


def test_what_nobody_says_is_as_the_policy_has_it(policy) -> None:
    channels = {"page": ("oncall",), "ticket": ("desk",), "info": ()}
    assert policy() == Policy(
        fallback={"oncall": "desk"},
        severity_channels={
            (shop, severity): names for shop in ("acme-es", "acme-ie") for severity, names in channels.items()
        },
    )


def test_times_and_chains_are_taken_over(policy) -> None:
    made = policy(
        """
owner: {name: ops-team, notify: [desk]}
alerting:
  group_wait: {page: 5s}
  remind: {page: never, info: 2d}
  escalate: [desk, oncall]
  escalate_after: 1m
  deploy_grace: 3m
  blind_after: 4m
  blocked_after_release: 5m
  degraded_after: 6m
  maintenance_page: 7m
  fallback_after: 8m
  storm: {shops: 9, within: 10m}
""",
        more=", escalate: [desk]",
    )
    assert made.owner == ("desk",)
    assert made.group_wait == {"page": 5.0, "ticket": 60.0, "info": 60.0}
    assert made.remind == {"ticket": 86400.0, "info": 172800.0}
    assert (made.escalate, made.escalate_after) == (("desk", "oncall"), 60.0)
    assert made.shop_escalate == {"acme-es": ("desk",), "acme-ie": ("desk",)}
    assert (made.deploy_grace, made.blind_after, made.blocked_after_release) == (180.0, 240.0, 300.0)
    assert (made.degraded_after, made.maintenance_page, made.fallback_after) == (360.0, 420.0, 480.0)
    assert (made.storm_shops, made.storm_within) == (9, 600.0)


@pytest.mark.parametrize(
    ("written", "routes"),
    [
        pytest.param("{notify: desk}", [Route(notify=("desk",))], id="for all"),
        pytest.param(
            "{match: {select: 'acme-*', client: acme, env: production, tag: b2b, severity: [page, ticket]}, "
            "notify: [desk], escalate: []}",
            [
                Route(
                    ("acme-*",), ("acme",), ("production",), ("b2b",), ("page", "ticket"), None, ("desk",), ()
                )
            ],
            id="every key",
        ),
        pytest.param(
            "{match: {days: mon-fri}, notify: desk}",
            [Route(hours=Hours(WORK_DAYS), notify=("desk",))],
            id="days",
        ),
        pytest.param(
            "{match: {days: mon-fri, hours: [08:00-12:00, 13:00-24:00]}, notify: desk}",
            [
                Route(hours=Hours(WORK_DAYS, time(8), time(12)), notify=("desk",)),
                Route(hours=Hours(WORK_DAYS, time(13), time(0)), notify=("desk",)),
            ],
            id="two times of the day are two routes",
        ),
    ],
)
def test_a_route_is_taken_over(policy, written, routes) -> None:
    assert list(policy(f"routes: [{written}]\n").routes) == routes


MOVE = "name: move, from: 2026-12-01T22:00, to: 2026-12-02T02:00"


@pytest.mark.parametrize(
    ("written", "zone"),
    [
        pytest.param(f"{{{MOVE}, select: acme-es}}", "Europe/Madrid", id="the shop's"),
        pytest.param(
            f"{{{MOVE}, select: 'acme-i*/home'}}", "Europe/Dublin", id="of the only shop that is meant"
        ),
        pytest.param(f"{{{MOVE}, select: 'acme-*'}}", "UTC", id="of two shops"),
        pytest.param(f"{{{MOVE}}}", "UTC", id="of all shops"),
        pytest.param(f"{{{MOVE}, select: acme-es, timezone: Asia/Tokyo}}", "Asia/Tokyo", id="its own"),
    ],
)
def test_a_window_goes_by_the_clock(policy, written, zone) -> None:
    (planned,) = policy(calendar=f"maintenance: [{written}]\n").calendar
    clock = ZoneInfo(zone)
    assert planned.timezone == zone
    assert planned.starts == datetime(2026, 12, 1, 22, tzinfo=clock).timestamp()
    assert planned.ends == datetime(2026, 12, 2, 2, tzinfo=clock).timestamp()


def test_a_window_that_recurs_keeps_its_rule(policy) -> None:
    made = policy(
        calendar="""
silences:
  - {name: import, select: acme-es, client: acme, tag: b2b, every: weekday, at: 02:30, lasts: 30m, reason: ERP}
campaigns:
  - {name: Black Friday, from: 2026-11-27, to: 2026-11-30}
"""
    )
    assert made.calendar == (
        Planned(
            name="import",
            kind="silence",
            selectors=("acme-es",),
            client="acme",
            tags=("b2b",),
            rule="FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR",
            at=time(2, 30),
            lasts=1800.0,
            timezone="Europe/Madrid",
            reason="ERP",
        ),
    )


def test_templates_that_cannot_work_are_told(tmp_path: Path) -> None:
    (tmp_path / "techrun.yaml").write_text(
        "shop: acme\nurl: http://acme.example\ntemplates: mine\nchecks: [{name: home, http: /}]\n"
    )
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "opend.txt").write_text("{{ title }}")
    with pytest.raises(ConfigError) as raised:
        check_parts(load(tmp_path, {}).settings)
    told = render(raised.value.problems)
    assert "techrun.yaml:3:12" in told
    assert "opend.txt" in told
