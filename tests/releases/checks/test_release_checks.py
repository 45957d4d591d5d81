"""From a shop's configuration to what a verification runs."""

from __future__ import annotations

import pytest

from techrun.app.release_checks import bake_plan, control_checks, judged_checks, smoke_wishes
from techrun.errors import ConfigError
from techrun.model import Status

NODES = ("127.0.0.2", "127.0.0.3")
THREE = """
  - {name: home, http: /}
  - {name: search, http: "/search?q=x", deadline: 5s}
  - {name: looking, journey: look, severity: ticket}
"""


def wishes(one, standing=None):
    found = smoke_wishes(one.loaded, one.shop, one.shop.releases, NODES, standing or {})
    return [(wish.name, wish.via) for wish in found]


def test_a_journey_that_no_check_runs_smokes_on_each_node_and_through_the_front(written) -> None:
    one = written(THREE, "{smoke: [order]}")
    found = smoke_wishes(one.loaded, one.shop, one.shop.releases, NODES)
    assert [(wish.name, wish.via, wish.orders) for wish in found] == [
        ("order", "127.0.0.2", False),
        ("order", "127.0.0.3", False),
        ("order", "front", False),
    ]
    assert str(found[0].check.id) == "acme/order"
    assert found[0].check.steps == ("home", "place")
    assert found[0].check.deadline == 25


def test_the_one_order_is_placed_last_and_through_the_front(written) -> None:
    one = written(THREE, "{smoke: [{journey: order, orders: true}, look]}")
    found = smoke_wishes(one.loaded, one.shop, one.shop.releases, NODES)
    assert [(wish.name, wish.via) for wish in found if wish.orders] == [("order", "front")]
    assert found[-1].orders


def test_what_is_not_for_nodes_goes_through_the_front_alone(written) -> None:
    assert wishes(written(THREE, "{smoke: [{journey: look, nodes: false}]}")) == [("look", "front")]


def test_a_journey_of_several_checks_runs_once_for_each_set_of_values(written) -> None:
    checks = """
  - {name: pay, journey: buy, for_each: {pay: [card, invoice]}}
  - {name: pay-rarely, journey: buy, every: 10m, for_each: {pay: [card, invoice]}}
"""
    assert wishes(written(checks, "{smoke: [{journey: buy, nodes: false}]}")) == [
        ("buy (pay/card)", "front"),
        ("buy (pay/invoice)", "front"),
    ]


def test_a_journey_runs_in_full_though_its_check_ends_earlier(written) -> None:
    checks = """
  - {name: peek, journey: look, until: home, deadline: 3s}
  - {name: looking, journey: look, every: 1h, deadline: 9s}
"""
    full = written(checks, "{smoke: [look]}")
    (first, *_) = smoke_wishes(full.loaded, full.shop, full.shop.releases, NODES)
    assert first.check.steps == ("home", "stock")
    assert first.check.deadline == 9
    cut = written(checks, "{smoke: [{journey: look, until: home}]}")
    (first, *_) = smoke_wishes(cut.loaded, cut.shop, cut.shop.releases, NODES)
    assert first.check.steps == ("home",)


def test_only_checks_of_the_shops_own_address_run_on_nodes(written) -> None:
    checks = """
  - {name: home, http: /}
  - {name: whole, http: "https://shop.example/cart"}
  - {name: psp, http: "https://psp.example/health"}
  - {name: port, tcp: "shop.example:443"}
  - {name: mail, tcp: "mail.example:25"}
  - {name: certificate, tls: "shop.example:443"}
  - {name: name, dns: shop.example}
"""
    by_node = {name for name, via in wishes(written(checks, "{smoke: [{check: '*'}]}")) if via != "front"}
    assert by_node == {"home", "whole", "port", "certificate"}


@pytest.mark.parametrize(
    ("standing", "before"),
    [
        ({}, None),
        ({"acme/looking": Status.UP}, Status.UP),
        ({"acme/looking": Status.UP, "acme/again": Status.DOWN}, Status.DOWN),
    ],
    ids=["nobody knows", "up", "one of two is down"],
)
def test_a_journey_stood_before_as_the_checks_that_run_it(written, standing, before) -> None:
    checks = "[{name: looking, journey: look}, {name: again, journey: look, every: 5m}]"
    one = written(checks, "{smoke: [{journey: look, no_worse: true}]}")
    found = smoke_wishes(one.loaded, one.shop, one.shop.releases, (), standing)
    assert [(wish.no_worse, wish.before) for wish in found] == [(True, before)]


@pytest.mark.parametrize(
    ("checks", "releases", "judged"),
    [
        (THREE, "{}", ["acme/home"]),
        (THREE.replace("home", "index"), "{}", ["acme/looking"]),
        ("[{name: search, http: /search}, {name: cart, http: /cart}]", "{}", ["acme/search", "acme/cart"]),
        (THREE, "{bake: {checks: ['*']}}", ["acme/home", "acme/search", "acme/looking"]),
        (THREE, "{bake: {checks: [search, acme/home, search]}}", ["acme/search", "acme/home"]),
        (
            "[{name: home, http: /}, {name: psp, http: 'https://psp.example', severity: page}]",
            "{judge: {control: psp}}",
            ["acme/home"],
        ),
        (THREE, "{bake: {checks: ['*']}, judge: {control: search}}", ["acme/home", "acme/looking"]),
    ],
    ids=[
        "those that page",
        "journeys",
        "all",
        "a pattern",
        "by name, each once",
        "all but the control",
        "never the control",
    ],
)
def test_which_checks_decide(written, checks, releases, judged) -> None:
    one = written(checks, releases)
    assert [str(each.id) for each in judged_checks(one.loaded, one.shop, one.shop.releases)] == judged


def test_the_control_bakes_as_often_as_what_is_judged(written) -> None:
    one = written(THREE, "{judge: {control: search}}")
    plan = bake_plan(one.loaded, one.shop, one.shop.releases)
    (control,) = control_checks(one.loaded, one.shop, one.shop.releases)
    assert plan.interval(control) == plan.every
    assert control not in plan.judged


def test_the_plan_has_the_shops_settings(written) -> None:
    bake = "{bake: {settle: 5s, warm_up: 1, for: 20s, every: 2s, samples: 8}}"
    one = written(THREE, bake)
    plan = bake_plan(one.loaded, one.shop, one.shop.releases, {"acme/home": Status.UP})
    assert (plan.settle, plan.warm_up, plan.seconds, plan.every, plan.wanted) == (5, 1, 20, 2, 8)
    assert plan.before == {"acme/home": Status.UP}
    assert len(plan.checks) == 3


def test_a_check_that_is_nothing_but_an_order_is_not_baked(written) -> None:
    """Without its order it would run no step, and pass."""
    one = written("[{name: home, http: /}, {name: ordering, journey: only-order, every: 1h}]")
    assert [str(check.id) for check in bake_plan(one.loaded, one.shop, one.shop.releases).checks] == [
        "acme/home"
    ]


@pytest.mark.parametrize(
    ("entry", "told"),
    [
        ("{journey: look, until: stok}", 'no step is named "stok"'),
        ("buy", "pay"),
        ("{journey: look, orders: true}", "the journey look places no order"),
        ("{journey: order, until: home, orders: true}", "the journey order places no order until there"),
    ],
    ids=["no such step", "a value that nobody gives", "no order", "ends before the order"],
)
def test_mistakes_in_smoke_journeys_are_found_when_the_configuration_is_read(written, entry, told) -> None:
    with pytest.raises(ConfigError) as error:
        written(THREE, f"{{smoke: [{entry}]}}")
    (problem,) = error.value.problems
    assert told in problem.what
    assert problem.places[0].file.endswith("techrun.yaml")
    assert problem.places[0].line > 0


@pytest.mark.parametrize(
    ("releases", "told"),
    [
        ("{bake: {checks: [home, ordering]}}", "ordering cannot be judged: it begins with an order"),
        ("{bake: {checks: [home]}, judge: {control: home}}", "home cannot be judged: it is the control"),
    ],
    ids=["nothing but an order", "the control"],
)
def test_a_check_that_a_bake_cannot_judge_is_not_left_out_in_silence(written, releases, told) -> None:
    with pytest.raises(ConfigError) as error:
        written("[{name: home, http: /}, {name: ordering, journey: only-order, every: 1h}]", releases)
    (problem,) = error.value.problems
    assert told in problem.what
    assert problem.places[0].line > 0
