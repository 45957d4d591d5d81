"""Whatever a shop answers, a journey ends with an outcome that has a reason, and its cleanup ran."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from techrun.exchange import Failure, Interrupted, Response, Wait
from techrun.model import Reason, Status

JOURNEY = """
budget: {warn: 1s}
steps:
  - step: home
    get: /
    carry: {X-Token: {header: x-token}}
    save: {price: {css: .price, number: true}, name: {css: h1}}
    expect: {css: {h1: {exists: true}}, text: {contains: Shop}, assets: true, soft: {xpath: {//img: {count: {gte: 1}}}}}
  - {step: find, graphql: /graphql, query: "{ x }", variables: {n: "${name}"}, save: {sku: {json: "$..sku"}}}
  - {step: cart, as: other, get: "/${sku}", save: {id: {regex: "[a-z]+(.*)"}, where: {url: true}, sid: {cookie: sid}}}
  - {step: form, submit: form, fill: {qty: 1}, retry: {times: 1, wait: 1s, on: [network, 5xx, expect]}, idempotent: true, expect: {css: {h1: Shop}, that: "${price > 0}"}}
  - {step: order, post: /order, json: {id: "${id}"}, effect: order, fixture: true, save: {order: {json: $.id, secret: true}}}
cleanup:
  - {step: cancel, when: "${order}", post: "/cancel/${order}", expect: {status: 200}}
  - {step: bye, get: /bye, expect: {status: 200}}
"""

FRAGMENTS = [
    b"<html>", b"<title>Shop</title>", b"<h1>Shop</h1>", b"<p class=price>12,50 EUR</p>", b"<p class=price>x</p>",
    b"<form action='/x'><input name=qty>", b"<form method=post action='http://[bad'><input name=qty value=\xff>", b"</form>",
    b"<select name=qty>", b"<base href='//['>", b"<script src=/a.js></script>", b"<link rel=stylesheet href='http://[x'>",
    b'{"data": {"sku": "a b"}, "id": 7}', b'{"errors": [null]}', b'{"errors": [{}], "data": 1}', b'"\\ud800"', b'{"sku": "\\ud800"}',
    b"[[[[", b"\x00\xff\xfe", b"captcha are you a robot", b"<div class=alert>no</div>", b"<table><form><tr><input name=qty>",
    b"&#xD800;<h1>&#0;</h1>", b"<!--", b"<textarea>",
    b"<form accept-charset='idna x'><input type=range name=qty min=1e999 step=1e-999><input type=radio name=r checked>",
    b"<input type=date name=d value=0000-00-00 dirname=d.dir><select name=s><option disabled selected>",
]  # fmt: skip
BODIES = st.one_of(st.lists(st.sampled_from(FRAGMENTS), max_size=8).map(b"".join), st.binary(max_size=200))
HEADERS = st.lists(
    st.one_of(
        st.sampled_from(
            [
                ("content-type", "text/html; charset=utf-8"), ("content-type", "application/json"), ("content-type", "text/html;charset=???"),
                ("location", "/next"), ("location", "http://[bad"), ("location", "//other.example/\x00"), ("location", ""),
                ("location", "https://shop.example:99999/"), ("set-cookie", "sid=1; Path=/; Max-Age=" + "9" * 30),
                ("set-cookie", "sid=\x01; Expires=Mon, 99 Foo 99999 00:00:00 -0000"), ("x-token", "a\r\nb"), ("x-token", "t0ken"),
                ("content-length", "9" * 400), ("last-modified", "Mon, 01 Jan 0001 00:00:00 GMT"), ("cf-mitigated", "challenge"),
            ]
        ),
        st.tuples(st.sampled_from(["location", "set-cookie", "x-token", "content-type"]), st.text(max_size=40)),
    ),
    max_size=5,
)  # fmt: skip
RESPONSES = st.builds(
    lambda status, headers, body, elapsed: Response(status, tuple(headers), body, elapsed=elapsed),
    st.one_of(st.sampled_from([200, 200, 200, 301, 302, 307, 403, 404, 500]), st.integers(0, 999)),
    HEADERS,
    BODIES,
    st.floats(0, 3),
)
GOOD = {
    "home": Response(
        200, (("content-type", "text/html"), ("x-token", "t")), b"<h1>Shop</h1><p class=price>12</p><form><input name=qty>"
    ),
    "find": Response(200, (("content-type", "application/json"),), b'{"data": {"sku": "m"}}'),
    "cart": Response(200, (("content-type", "text/html"), ("set-cookie", "sid=1; Path=/")), b"abc"),
}  # fmt: skip
ANSWERS = st.one_of(
    st.just("good"),
    st.just("good"),
    RESPONSES,
    st.sampled_from(Reason).map(lambda reason: Failure(reason, "why")),
    st.sampled_from([Reason.TIMEOUT, Reason.INTERRUPTED]).map(lambda reason: Interrupted(reason, "why")),
    st.none(),
)


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(well=st.integers(0, 8), answers=st.lists(ANSWERS, max_size=8))
def test_any_answers_end_in_an_outcome_and_a_cleanup(shop, well, answers):
    plan = shop.compiled(JOURNEY) if not hasattr(shop, "plan") else shop.plan
    shop.plan = plan
    script = iter(["good"] * well + answers)
    thrown = []

    def answer(asked):
        given = next(script, "good")
        if isinstance(given, Interrupted):
            thrown.append(given)
            return given
        if isinstance(asked, Wait):
            return None
        return GOOD.get(asked.step, Response(200, (), b'{"id": 1}')) if given == "good" else given

    played = shop.play(plan, answer, allow_orders=True, explain=True)
    outcome = played.outcome
    assert outcome.status in Status
    assert (outcome.reason is None) == (outcome.status == "up")
    interrupted_cleanup = any(step.reason in ("timeout", "interrupted") for step in outcome.cleanup)
    assert [step.name for step in outcome.cleanup] == ["cancel", "bye"] or interrupted_cleanup
    assert not [
        finding for step in outcome.steps for finding in step.findings if "our own error" in finding.message
    ]
