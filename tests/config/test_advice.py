"""What `techrun validate` warns of: allowed, and regretted at 3 a.m."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from techrun.config import Settings
from techrun.config.advice import advice
from techrun.config.problems import render

Load = Callable[..., Settings]

MAIN = """\
shops: shops/*.yaml
channels:
  oncall: {url: "json://pager.example"}
owner: {name: ops-team, notify: [oncall]}
"""
SHOP = """\
shop: acme
url: https://www.acme.example
owner: shop-ops
runbook: https://wiki.example/acme
notify: {page: [oncall]}
checks:
  - {name: home, http: /}
"""
OTHER = SHOP.replace("acme", "fettle")


def told(settings: Load, main: str = MAIN, **shops: str) -> str:
    """The warnings as they are printed."""
    files = {f"shops__{name}": text for name, text in (shops or {"acme": SHOP}).items()}
    return render(advice(settings(main, **files)))


def test_of_a_careful_configuration_there_is_nothing_to_say(settings) -> None:
    main = MAIN + "witness: [https://www.wikipedia.org]\nweb: {url: https://techrun.example}\n"
    main += "alerting: {escalate: [oncall]}\n"
    assert told(settings, main, acme=SHOP, fettle=OTHER) == ""


@pytest.mark.parametrize(
    ("main", "shop", "warning"),
    [
        pytest.param(
            "shops: shops/*.yaml\n",
            SHOP.replace("notify: {page: [oncall]}\n", ""),
            """\
techrun.yaml:1:1  there are no channels: nobody hears of anything
    shops: shops/*.yaml
    ^
  write some under `channels:`
""",
            id="no channels",
        ),
        pytest.param(
            MAIN.replace("owner: {name: ops-team, notify: [oncall]}", "owner: {name: ops-team}"),
            SHOP,
            """\
techrun.yaml:4:8  techrun's own troubles (blind checks, its own network) are told to the shops' people
    owner: {name: ops-team}
           ^
  write `owner: {name: ops-team, notify: [CHANNEL]}`
""",
            id="an owner without channels",
        ),
        pytest.param(
            MAIN,
            SHOP.replace("runbook: https://wiki.example/acme\n", ""),
            """\
shops/acme.yaml:1:7  acme pages for home, and no runbook says what to do
    shop: acme
          ^
  write `runbook: https://…` here or at the check
""",
            id="no runbook",
        ),
        pytest.param(
            MAIN,
            SHOP.replace("owner: shop-ops\n", ""),
            """\
shops/acme.yaml:1:7  acme pages, and has no owner
    shop: acme
          ^
  write `owner: …`: who answers for it
""",
            id="no owner of a shop",
        ),
        pytest.param(
            MAIN,
            SHOP.replace("notify: {page: [oncall]}", "notify: {ticket: [oncall]}"),
            """\
shops/acme.yaml:1:7  acme pages for home, and no channel is named for that
    shop: acme
          ^
  write `notify: {page: [CHANNEL]}`
""",
            id="no channel for pages",
        ),
        pytest.param(
            MAIN + "alerting: {escalate: [oncall]}\n",
            SHOP,
            """\
techrun.yaml:5:22  messages escalate, but have no link by which to acknowledge them
    alerting: {escalate: [oncall]}
                         ^
  say how people reach this techrun: `web: {url: https://…}`
""",
            id="escalation without a link",
        ),
        pytest.param(
            MAIN + "routes: [{notify: oncall, escalate: oncall}]\n",
            SHOP,
            """\
techrun.yaml:5:37  messages escalate, but have no link by which to acknowledge them
    routes: [{notify: oncall, escalate: oncall}]
                                        ^
  say how people reach this techrun: `web: {url: https://…}`
""",
            id="a route's escalation without a link",
        ),
        pytest.param(
            MAIN,
            SHOP.replace("page: [oncall]", "page: [oncall], escalate: [oncall]"),
            """\
shops/acme.yaml:5:36  messages escalate, but have no link by which to acknowledge them
    notify: {page: [oncall], escalate: [oncall]}
                                       ^
  say how people reach this techrun: `web: {url: https://…}`
""",
            id="a shop's escalation without a link",
        ),
    ],
)
def test_each_warning_has_its_place_and_says_what_to_do(settings, main, shop, warning) -> None:
    assert told(settings, main, acme=shop) == warning


def test_two_shops_that_page_want_a_witness(settings) -> None:
    assert (
        told(settings, acme=SHOP, fettle=OTHER)
        == """\
techrun.yaml:1:1  2 shops page, and no `witness` tells an outage from the loss of techrun's own network
    shops: shops/*.yaml
    ^
  name sites that are always there: `witness: [https://…]`
"""
    )


@pytest.mark.parametrize(
    "checks",
    [
        pytest.param("  - {name: home, http: /, runbook: https://wiki.example/home}\n", id="its own runbook"),
        pytest.param("  - {name: home, http: /, severity: ticket}\n", id="no page"),
    ],
)
def test_a_check_needs_no_runbook_of_the_shop(settings, checks) -> None:
    shop = SHOP.replace("runbook: https://wiki.example/acme\n", "").replace(
        "  - {name: home, http: /}\n", checks
    )
    assert told(settings, acme=shop) == ""


def test_the_combinations_of_a_check_are_named_once(settings) -> None:
    shop = SHOP.replace("runbook: https://wiki.example/acme\n", "")
    shop += "  - {name: category, http: '/${lang}', severity: page, for_each: {lang: [es, ca]}}\n"
    assert "acme pages for home and category, and no runbook" in told(settings, acme=shop)


@pytest.mark.parametrize(
    ("route", "heard"),
    [
        pytest.param("{notify: oncall}", True, id="for all"),
        pytest.param("{match: {severity: page, days: mon-fri}, notify: oncall}", True, id="at some times"),
        pytest.param("{match: {severity: ticket}, notify: oncall}", False, id="for tickets"),
        pytest.param("{match: {select: acme/cart}, notify: oncall}", False, id="for another check"),
    ],
)
def test_a_route_may_hear_in_the_shops_place(settings, route, heard) -> None:
    shop = SHOP.replace("notify: {page: [oncall]}\n", "") + "  - {name: cart, http: /cart}\n"
    warnings = told(settings, f"{MAIN}routes: [{route}]\n", acme=shop)
    assert ("no channel is named" not in warnings) == heard


def test_a_shop_outside_production_pages_nobody(settings) -> None:
    assert (
        told(
            settings,
            acme="shop: acme\nurl: https://www.acme.example\nenv: staging\nchecks: [{name: home, http: /}]\n",
        )
        == ""
    )


LOADED = (
    SHOP
    + """\
load:
  hosts: [staging.acme.example, "*.fettle.example", "acme.preview.example:8443"]
  scenarios: {checkout: {allow_orders: true}, brwose: {rate: 5/s}}
"""
)


def test_a_load_test_that_reaches_another_shops_customers_is_warned_of(settings) -> None:
    text = told(settings, acme=LOADED, fettle=OTHER)
    what = "`hosts` lets load tests of acme reach www.fettle.example, where the production shop fettle is"
    assert text.count("`hosts` lets") == 1
    assert what in text
    assert "shops/acme.yaml:9:33" in text
    staging = OTHER.replace("owner:", "env: staging\nowner:")
    assert "`hosts` lets" not in told(settings, acme=LOADED, fettle=staging)


def test_orders_under_load_in_production_are_warned_of(settings) -> None:
    assert "the scenario checkout places orders in acme, which is in production" in told(
        settings, acme=LOADED
    )
    staging = LOADED.replace("owner:", "env: staging\nowner:")
    assert "places orders" not in told(settings, acme=staging)


def test_a_scenario_that_there_is_not_is_warned_of(settings) -> None:
    read = settings(MAIN, shops__acme=LOADED)
    text = render(advice(read, ["browse", "checkout"]))
    assert 'there is no scenario "brwose"' in text
    assert 'did you mean "browse"?' in text
    assert "no scenario" not in render(advice(read))


RELEASED = (
    SHOP
    + """\
releases:
  bake: {for: 1m, every: 10s}
  gate: {load: [chekout]}
"""
)


def test_releases_whose_version_nobody_reads_are_warned_of(settings) -> None:
    text = told(settings, acme=RELEASED)
    assert 'nothing says where the version of acme is read: no verification can end with "pass"' in text
    assert "shops/acme.yaml:9:3" in text
    read = RELEASED.replace("releases:\n", "releases:\n  version: {url: /release.json}\n")
    assert "nothing says" not in told(settings, acme=read)
    only_a_gate = RELEASED.replace("  bake: {for: 1m, every: 10s}\n", "")
    assert "nothing says" not in told(settings, acme=only_a_gate)


def test_a_bake_too_short_for_its_samples_is_warned_of(settings) -> None:
    assert "a run every 10s for 1m never makes 30 samples" in told(settings, acme=RELEASED)
    fewer = RELEASED.replace("every: 10s", "every: 10s, samples: 9")
    assert "never makes" not in told(settings, acme=fewer)


def test_a_load_test_of_the_gate_that_there_is_not_is_warned_of(settings) -> None:
    read = settings(MAIN, shops__acme=RELEASED)
    text = render(advice(read, ["browse", "checkout"]))
    assert 'there is no scenario "chekout"' in text
    assert "shops/acme.yaml:10:17" in text
    assert "no scenario" not in render(advice(read))
