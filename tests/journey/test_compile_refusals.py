"""`validate` refuses what cannot work, all of it at once, and says what to do."""

import pytest

from techrun.errors import ConfigError
from techrun.journey.compile import compile_journey
from techrun.journey.model import Journey
from techrun.journey.rules import unknown_step
from techrun.language.definition import Definition

OK = "expect: {css: {h1: {exists: true}}}"
LOGIN = """
fragment: login
parameters: [user, password]
steps:
  - {step: form, get: /login, expect: {css: {form: {exists: true}}}}
  - {step: send, submit: form, fill: {user: "${user}", password: "${password}"}, expect: {text: {contains: Hello}}}
"""


def problems(shop, text, fragments=(), **options):
    with pytest.raises(ConfigError) as raised:
        shop.compiled(text, fragments, **options)
    return [f"{problem.what} | {problem.hint}" for problem in raised.value.problems]


@pytest.mark.parametrize(
    ("steps", "says"),
    [
        pytest.param("- {step: a, expect: {status: 200}}", "step a needs exactly one verb; it has none", id="no verb"),
        pytest.param(f"- {{step: a, get: /, post: /, {OK}}}", "it has get and post", id="two verbs"),
        pytest.param(f"- {{step: a, get: /, fill: {{q: 1}}, {OK}}}", "get: takes no fill:", id="a key of another verb"),
        pytest.param("- {step: a, wait: 2s, save: {x: {css: h1}}}", "wait: takes no save: | wait: stands alone", id="wait"),
        pytest.param(f"- {{step: a, get: /, json: 1, {OK}}}", "get: takes no json:", id="get with a body"),
        pytest.param(f"- {{step: a, post: /, json: 1, form: {{a: 1}}, {OK}}}", "form: and json: are two bodies", id="two bodies"),
        pytest.param(f"- {{step: a, graphql: /graphql, {OK}}}", "graphql: needs its document under query:", id="no document"),
        pytest.param(f"- {{step: a, get: /, query: q, {OK}}}", "query: is a map of the URL's parameters", id="query text"),
        pytest.param(f"- {{step: a, get: /, headers: {{'a b': 1}}, {OK}}}", "'a b' is no header name", id="header name"),
        pytest.param(f"- {{step: a, get: /, auth: {{user: x}}, {OK}}}", "auth: is either bearer:, or user: and password:", id="half an auth"),
        pytest.param(f"- {{step: a, get: /, budget: {{warn: 3s, fail: 1s}}, {OK}}}", "warn: is not below fail:", id="budget"),
        pytest.param("- {step: a, get: /}", "step a asserts nothing: an empty page would pass", id="nothing asserted"),
        pytest.param(
            "- {step: a, get: /, expect: {text: {not: {contains: Sorry}}}}", "step a only says what must not be there",
            id="only negative",
        ),
        pytest.param(
            "- {step: a, get: /, expect: {soft: {css: {h1: {exists: true}}}}}", "step a only says what must not be there",
            id="only soft",
        ),
        pytest.param(
            "- {step: a, get: /, expect: {css: {.error: {exists: false}}}}", "step a only says what must not be there",
            id="only absent",
        ),
        pytest.param(
            "- {step: a, get: /, save: {x: {css: h1}}}\n- {step: b, get: /, expect: {that: '${x == 1}'}}",
            "step b only compares what was saved: an empty page would pass", id="only compared",
        ),
        pytest.param(
            "- {step: a, get: /, carry: {X-A: text}}", "step a asserts nothing: an empty page would pass", id="only carried text"
        ),
        pytest.param(f"- {{step: a, get: 'ftp://x/', {OK}}}", "'ftp://x/' is no web address", id="address"),
        pytest.param(f"- {{step: a, get: 'http://u:p@x/', {OK}}}", "the address holds a user name", id="user in the address"),
        pytest.param(f"- {{step: a, get: /, {OK}}}\n- {{step: b, submit: 'form[', {OK}}}", '"form[" is no CSS selector', id="form's selector"),
        pytest.param(
            f"- {{step: a, get: /, {OK}}}\n- {{step: b, submit: form, press: '#', {OK}}}", '"#" is no CSS selector',
            id="button's selector",
        ),
        pytest.param(f"- {{step: a, post: /, retry: {{times: 2}}, {OK}}}", "retry: on post: may do twice", id="retry of a post"),
        pytest.param(
            f"- {{step: a, post: /, effect: order, retry: {{times: 2}}, {OK}}}", "a step that places an order is never tried again",
            id="retry of an order",
        ),
        pytest.param(f"- {{step: a, submit: form, {OK}}}", "step a sends a form, but no step before it opens a page", id="form without page"),
        pytest.param(
            f"- {{step: p, get: /, {OK}}}\n- {{step: a, as: admin, submit: form, {OK}}}",
            "no step in the session admin before it opens a page", id="form without page in another session",
        ),
        pytest.param(f"- {{step: a, get: /, {OK}}}\n- {{step: a, get: /, {OK}}}", "two steps are named a", id="same name"),
        pytest.param(f"- {{step: a, get: '/${{sku}}', {OK}}}", "${sku} is unknown: no step saves sku", id="never saved"),
        pytest.param(
            "- {step: a, get: /, save: {price: {css: p}}}\n- {step: b, get: '/${prise}', save: {x: {css: p}}}",
            'did you mean "price"?', id="misspelt",
        ),
        pytest.param(
            "- {step: a, get: '/${sku}', save: {x: {css: p}}}\n- {step: b, get: /, save: {sku: {css: p}}}",
            "${sku} is saved only later, by step b | move that step up", id="saved later",
        ),
        pytest.param("- {step: a, get: '/${env.NOPE}', save: {x: {css: p}}}", "the environment variable NOPE is not set", id="env"),
        pytest.param("- {step: a, get: '/${secret.TOKEM}', save: {x: {css: p}}}", 'the secret TOKEM is not known | did you mean "TOKEN"?', id="secret"),
        pytest.param("- {step: a, get: '/${run.nr}', save: {x: {css: p}}}", "${run.nr} is unknown", id="inside run"),
        pytest.param("- {step: a, get: /, when: '${oder}', save: {order: {css: p}}}", "${oder} is unknown", id="when"),
        pytest.param("- {step: a, get: /, save: {shop: {css: p}}}", "the name shop is taken", id="reserved name"),
        pytest.param("- {step: a, get: '/${', save: {x: {css: p}}}", "${ is never closed", id="broken template"),
        pytest.param("- {step: a, get: /, save: {x: {css: 'a[['}}}", "is no CSS selector", id="broken selector"),
        pytest.param("- {step: a, get: /, save: {x: {json: 'a.b'}}}", "is no JSONPath", id="broken JSONPath"),
        pytest.param("- {step: a, get: /, expect: {regex: {'(': {exists: true}}}}", "is no regular expression", id="broken regex"),
        pytest.param("- {step: a, use: login, with: {user: a, password: b}, expect: {status: 200}}", "use: takes no expect:", id="use"),
        pytest.param("- {step: a, use: logn}", '"logn" is no fragment | did you mean "login"?', id="unknown fragment"),
        pytest.param("- {step: a, use: login, with: {user: a}}", "the fragment login needs the parameter password", id="missing parameter"),
        pytest.param(
            "- {step: a, use: login, with: {user: a, password: b, passwort: c}}",
            'the fragment login has no parameter passwort | did you mean "password"?', id="unknown parameter",
        ),
    ],
)  # fmt: skip
def test_it_is_refused_and_says_why(shop, steps, says):
    text = "steps:\n" + "\n".join("  " + line for line in steps.splitlines())
    found = problems(shop, text, [LOGIN], constants={"secret": {"TOKEN": "x"}})
    assert any(says in each for each in found), found


@pytest.mark.parametrize(
    ("cleanup", "says"),
    [
        (f"- {{step: c, post: /, effect: order, {OK}}}", "cleanup places no orders"),
        ("- {step: c, post: /}", "step c asserts nothing"),
        (f"- {{step: a, get: /, {OK}}}", "two steps are named a"),
    ],
    ids=["an order", "no assertion", "a name of the steps"],
)
def test_cleanup_is_held_to_the_rules_too(shop, cleanup, says):
    found = problems(shop, f"steps: [{{step: a, get: /, {OK}}}]\ncleanup:\n  {cleanup}")
    assert any(says in each for each in found), found


def test_everything_wrong_is_told_at_once(shop):
    text = """
    steps:
      - {step: a, get: "/${nope}", expect: {css: {"a[[": {exists: true}}}}
      - {step: b, post: /}
      - {step: b, use: nowhere}
    """
    assert len(problems(shop, text)) >= 4


@pytest.mark.parametrize(
    "steps",
    [
        f"[{{step: a, post: /, retry: {{times: 2}}, idempotent: true, {OK}}}]",
        f"[{{step: a, get: /, retry: {{times: 2}}, {OK}}}]",
        "[{step: a, get: '/${env.X:-home}', save: {x: {css: p}}}]",
        "[{step: a, get: /, save: {total: {css: p, number: true}}, expect: {that: '${total > 0}'}}]",
        "[{step: a, get: /, when: '${x}', save: {x: {css: p}}}]",
        "[{step: a, post: /, carry: {Cart-Token: {header: cart-token}}}]",
        "[{step: a, get: /, expect: {status: 204}}]",
        f"[{{step: a, graphql: /graphql, query: 'query {{ a(x: \"${{nope}}\") }}', {OK}}}]",
    ],
)
def test_what_is_right_is_not_refused(shop, steps):
    assert shop.compiled(f"steps: {steps}").step_names == ("a",)


def test_cleanup_may_name_what_any_step_saves_and_may_be_tried_again(shop):
    plan = shop.compiled("""
    steps: [{step: a, post: /, effect: order, save: {order: {json: $.id}}}]
    cleanup:
      - step: cancel
        when: ${order}
        post: /orders/${order}/cancel
        retry: {times: 3, wait: 2s, on: [network, 5xx]}
        expect: {status: 200}
    """)
    assert plan.cleanup[0].retry.times == 3


class Lines:
    """An origin that knows the paths it is asked for."""

    def __init__(self, file):
        self.file = file

    def place(self, path=(), *, on_key=False):
        from techrun.errors import Place

        return Place(self.file + ":" + ".".join(map(str, path)), 1, 1)


def test_an_error_in_a_fragment_names_both_places(shop):
    from techrun.journey.model import Fragment

    fragment = Fragment.model_validate(
        {"fragment": "f", "steps": [{"step": "x", "get": "/${nope}", "save": {"y": {"css": "p"}}}]}
    )
    fragment.written_at(Lines("fragment.yaml"))
    journey = Journey.model_validate({"journey": "j", "steps": [{"step": "s", "use": "f"}]})
    journey.written_at(Lines("journey.yaml"))
    with pytest.raises(ConfigError) as raised:
        compile_journey(journey, {}, {"f": fragment}, "en-US")
    files = [place.file for place in raised.value.problems[0].places]
    assert files == ["fragment.yaml:steps.0.get", "journey.yaml:steps.0.use"]


def test_fragments_that_use_each_other_are_refused(shop):
    one = "{fragment: one, steps: [{step: a, use: two}]}"
    two = "{fragment: two, steps: [{step: b, use: one}]}"
    found = problems(shop, "steps: [{step: s, use: one}]", [one, two])
    assert "fragments use each other: one → two → one" in found[0]


def test_a_flood_of_steps_is_refused(shop):
    fragments = [
        f"{{fragment: f{n}, steps: [{', '.join(f'{{step: s{i}, use: f{n + 1}}}' for i in range(9))}]}}"
        for n in range(5)
    ]
    fragments.append("{fragment: f5, steps: [{step: x, get: /, expect: {status: 200}}]}")
    assert "more than 500 steps" in problems(shop, "steps: [{step: s, use: f0}]", fragments)[0]


def test_a_journey_is_no_fragment():
    journey = Journey.model_validate({"journey": "j", "steps": [{"step": "s", "use": "j"}]})
    others: dict[str, Definition] = {"j": journey}
    with pytest.raises(ConfigError) as raised:
        compile_journey(journey, {}, others, "en-US")
    assert raised.value.problems[0].what == '"j" is a journey, not a fragment'


@pytest.mark.parametrize("name", ["Add to cart", "add_to_cart", "-a", "a--b", "É", "a" * 65, ""])
def test_a_step_is_named_by_a_slug(shop, name):
    from pydantic import ValidationError

    with pytest.raises(ValidationError, match="is no slug"):
        Journey.model_validate({"journey": "j", "steps": [{"step": name, "get": "/"}]})


def test_an_until_that_names_no_step_is_told_with_the_nearest():
    assert unknown_step(["home", "shipping-offers"], "shipping-offer") == (
        'no step is named "shipping-offer"',
        'did you mean "shipping-offers"?',
    )
