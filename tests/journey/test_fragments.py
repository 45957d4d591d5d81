"""Rule 12: fragments bring parameterised steps; rule 18: their names are `fragment/step`."""

import pytest

from techrun.journey.plan import place_of

LOGIN = """
fragment: login
parameters: {user: null, path: /login}
steps:
  - {step: form, get: "${path}", save: {token: {css: "[name=csrf]", attr: value, secret: true}}}
  - {step: send, post: "${path}", form: {user: "${user}", csrf: "${token}"}, expect: {text: {contains: Hello}}}
"""
CSRF = '<form><input name=csrf value="t0ken-1"></form>Hello'


def test_parameters_are_given_or_have_defaults_and_what_is_saved_goes_on(shop):
    plan = shop.compiled(
        """
        steps:
          - {step: first, get: /, save: {name: {css: h1}}}
          - {step: login, use: login, with: {user: "${name}@x"}}
          - {step: after, get: "/hi/${token}", expect: {status: 200}}
        """,
        [LOGIN],
    )
    played = shop.play(plan, [shop.page("<h1>ann</h1>"), shop.page(CSRF), shop.page(CSRF), shop.page()])
    assert [request.step for request in played.requests] == ["first", "login/form", "login/send", "after"]
    assert played.requests[1].url == "https://shop.example/login"
    assert played.requests[2].body == b"user=ann%40x&csrf=t0ken-1"
    assert played.requests[3].url == "https://shop.example/hi/t0ken-1"
    assert played.outcome.status == "up"


def test_a_parameter_is_known_only_inside(shop):
    from techrun.errors import ConfigError

    with pytest.raises(ConfigError) as raised:
        shop.compiled(
            """
            steps:
              - {step: login, use: login, with: {user: x}}
              - {step: after, get: "/${path}", expect: {status: 200}}
            """,
            [LOGIN],
        )
    assert "${path} is unknown" in raised.value.problems[0].what


def test_fragments_nest_and_pass_parameters_on(shop):
    outer = """
    fragment: outer
    parameters: [who]
    steps: [{step: inner, use: login, with: {user: "${who}!", path: /in}}]
    """
    plan = shop.compiled("steps: [{step: start, use: outer, with: {who: bob}}]", [LOGIN, outer])
    assert plan.step_names == ("start/inner/form", "start/inner/send")
    played = shop.play(plan, [shop.page(CSRF), shop.page(CSRF)])
    assert played.requests[1].body == b"user=bob%21&csrf=t0ken-1"


def test_when_and_as_of_the_use_hold_for_all_its_steps(shop):
    plan = shop.compiled(
        """
        steps:
          - {step: first, get: /, save: {name: {css: h1}}}
          - {step: skipped, use: login, when: "${name == 'bob'}", with: {user: x}}
          - {step: admin, use: login, as: admin, with: {user: x}}
          - {step: last, get: /, expect: {status: 200}}
        """,
        [LOGIN],
    )
    answers = [
        shop.page("<h1>ann</h1>", set_cookie="who=customer; Path=/"),
        shop.page(CSRF),
        shop.page(CSRF),
        shop.page(),
    ]
    played = shop.play(plan, answers)
    assert [step.skipped for step in played.outcome.steps] == [False, True, True, False, False, False]
    assert [played.header(index, "cookie") for index in range(4)] == [None, None, None, "who=customer"]


def test_a_parameter_that_is_not_saved_yet_fails_the_step_and_names_it(shop):
    plan = shop.compiled(
        """
        steps:
          - {step: first, get: /, when: false, save: {name: {css: h1}}}
          - {step: login, use: login, with: {user: "${name}"}}
        """,
        [LOGIN],
    )
    outcome = shop.play(plan, []).outcome
    assert (outcome.step, outcome.reason) == ("login/form", "extraction")
    assert "${name} is unknown" in outcome.message


@pytest.mark.parametrize(
    ("until", "requests"),
    [("login", 2), ("login/form", 1), ("login/send", 2), ("send", 2), (None, 3), ("after", 3)],
)
def test_until_includes_its_step_and_the_name_of_a_use_stands_for_its_last(shop, until, requests):
    plan = shop.compiled(
        "steps: [{step: login, use: login, with: {user: x}}, {step: after, get: /, expect: {status: 200}}]",
        [LOGIN],
    )
    played = shop.play(plan, [shop.page(CSRF), shop.page(CSRF), shop.page()], until=until)
    assert len(played.requests) == requests
    assert played.outcome.status == "up"


@pytest.mark.parametrize(
    ("names", "step", "place"),
    [
        (("home", "shop/product", "pay/product"), "product", None),
        (("home", "shop/product", "product"), "product", 2),
        (("home", "shop/form", "shop/product", "shop/cart"), "product", 2),
        (("home", "shop/product"), "duct", None),
        (("home", "shop/more/product"), "shop/more", 1),
    ],
    ids=["two have it", "its full name", "one has it", "only a part of it", "a fragment in a fragment"],
)
def test_a_fragment_s_step_is_known_by_its_own_name_where_no_other_has_it(names, step, place):
    assert place_of(names, step) == place


def test_an_unknown_until_is_our_own_fault(shop):
    plan = shop.compiled("steps: [{step: a, get: /, expect: {status: 200}}]")
    outcome = shop.play(plan, [], until="b").outcome
    assert (outcome.status, outcome.reason) == ("unknown", "internal")
