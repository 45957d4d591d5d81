"""Rules 4, 5, 7 and 18: what a step is judged by, in which order, and what its message says."""

import pytest

from techrun.exchange import Failure, Response
from techrun.model import Reason

STEP = "steps: [{step: a, get: /, save: {total: {css: .total, number: true}}, expect: {css: {h1: Thanks}}}]"
GOOD = "<h1>Thanks</h1><p class=total>1,299.00</p>"


def test_a_step_that_holds_is_up(shop):
    outcome = shop.play(shop.compiled(STEP), [shop.page(GOOD)]).outcome
    assert (outcome.status, outcome.reason, outcome.message, outcome.step) == ("up", None, "", "")
    assert outcome.steps[0].http_status == 200


@pytest.mark.parametrize(
    ("answer", "reasons", "message"),
    [
        pytest.param(Failure(Reason.DNS, "no such name"), ["dns"], "no such name", id="transport"),
        pytest.param(
            ("<p>captcha</p>", 403), ["blocked"], "captcha page (status 403) at https://shop.example/", id="blocked before status"
        ),
        pytest.param(
            ("<p>oops</p>", 502), ["status", "extraction", "expectation"], "expected a 2xx status, got 502", id="status before save"
        ),
        pytest.param(
            ("<h1>Sorry</h1>", 200), ["extraction", "expectation"], "cannot save total: ", id="save before expect"
        ),
        pytest.param(
            ("<h1>Sorry</h1><p class=total>1</p>", 200), ["expectation"], 'expected css "h1" to be "Thanks", got "Sorry"',
            id="expect",
        ),
    ],
)  # fmt: skip
def test_the_first_failure_is_the_reason_and_all_are_reported(shop, answer, reasons, message):
    answer = answer if isinstance(answer, Failure) else shop.page(*answer)
    outcome = shop.play(shop.compiled(STEP), [answer]).outcome
    assert [finding.reason for finding in outcome.steps[0].findings] == reasons
    assert outcome.reason == reasons[0]
    assert outcome.step == "a"
    assert message in outcome.message


def test_a_failure_ends_the_steps(shop):
    plan = shop.compiled("""
    steps:
      - {step: a, get: /, expect: {status: 200}}
      - {step: b, get: /, expect: {status: 200}}
    """)
    played = shop.play(plan, [shop.page(status=500)])
    assert [step.name for step in played.outcome.steps] == ["a"]
    assert (played.outcome.status, played.outcome.step) == ("down", "a")


@pytest.mark.parametrize(
    ("status", "fine"), [(200, True), (204, True), (299, True), (301, False), (404, False), (500, False)]
)
def test_the_final_status_is_2xx_unless_the_step_says_otherwise(shop, status, fine):
    plan = shop.compiled("steps: [{step: a, get: /, expect: {css: {h1: ok}}}]")
    outcome = shop.play(plan, [shop.page("<h1>ok</h1>", status)]).outcome
    assert (outcome.status == "up") is fine


def test_a_status_that_is_expected_replaces_the_rule(shop):
    plan = shop.compiled("steps: [{step: a, get: /gone, expect: {status: 410}}]")
    assert shop.play(plan, [shop.page(status=410)]).outcome.status == "up"
    outcome = shop.play(plan, [shop.page(status=200)]).outcome
    assert (outcome.reason, "410" in outcome.message) == ("status", True)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        pytest.param(
            {"errors": [{"message": "No such sku"}], "data": None}, "GraphQL: No such sku", id="errors"
        ),
        pytest.param(
            {"errors": [{"message": "a"}, {"message": "b"}]}, "GraphQL: a (and 1 more)", id="more errors"
        ),
        pytest.param({"errors": ["plain"]}, "GraphQL: plain", id="errors as texts"),
        pytest.param({"errors": {"x": 1}}, "GraphQL: ", id="errors as a map"),
        pytest.param({"data": None}, "the GraphQL answer has no data", id="null data"),
        pytest.param({}, "the GraphQL answer has no data", id="nothing"),
        pytest.param([], "the GraphQL answer has no data", id="a list"),
    ],
)
def test_a_graphql_answer_with_errors_or_without_data_fails(shop, body, message):
    plan = shop.compiled("""
    steps: [{step: a, graphql: /graphql, query: "{ x }", expect: {status: 200}}]
    """)
    outcome = shop.play(plan, [shop.data(body)]).outcome
    assert outcome.reason == "graphql"
    assert message in outcome.message


def test_a_graphql_answer_that_is_a_web_page_fails(shop):
    plan = shop.compiled('steps: [{step: a, graphql: /graphql, query: "{ x }", expect: {status: 200}}]')
    outcome = shop.play(plan, [shop.page()]).outcome
    assert outcome.reason == "graphql"
    assert "is no JSON" in outcome.message


def test_a_graphql_document_is_sent_literally_beside_its_variables(shop):
    plan = shop.compiled("""
    steps:
      - {step: a, get: /, save: {words: {css: h1}}}
      - {step: b, graphql: /graphql, query: "query($w: String!) { find(w: $w) }", variables: {w: "${words}", n: 2}, expect: {status: 200}}
    """)
    played = shop.play(plan, [shop.page("<h1>a mug</h1>"), shop.data({"data": {"find": 1}})])
    assert played.requests[1].body == (
        b'{"query":"query($w: String!) { find(w: $w) }","variables":{"w":"a mug","n":2}}'
    )
    assert played.header(1, "content-type") == "application/json"
    assert played.outcome.status == "up"


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ('<div class="alert">Sorry,  payment\ndeclined</div>', 'the page says "Sorry, payment declined"'),
        ('<p role="alert">Out of stock</p>', 'the page says "Out of stock"'),
        ("<ul class=errorlist><li>Enter a valid e-mail</li></ul>", 'the page says "Enter a valid e-mail"'),
        ("<div class=alert> </div><title>Your cart</title>", 'the page\'s title is "Your cart"'),
        (f"<div class=error>{'x' * 500}</div>", 'the page says "' + "x" * 119 + "…"),
    ],
    ids=["alert", "role", "list", "title", "long"],
)
def test_the_message_adds_what_the_page_itself_says(shop, body, says):
    plan = shop.compiled("steps: [{step: a, get: /, expect: {css: {.thanks: {exists: true}}}}]")
    assert says in shop.play(plan, [shop.page(body)]).outcome.message


def test_soft_findings_degrade_and_the_journey_goes_on(shop):
    plan = shop.compiled("""
    steps:
      - {step: a, get: /, expect: {css: {h1: {exists: true}}, soft: {css: {img: {exists: true}}}}}
      - {step: b, get: /, expect: {status: 200}}
    """)
    outcome = shop.play(plan, [shop.page("<h1>x</h1>"), shop.page()]).outcome
    assert (outcome.status, outcome.reason, outcome.step) == ("degraded", "expectation", "a")
    assert [step.status for step in outcome.steps] == ["degraded", "up"]


def test_a_failure_weighs_more_than_what_degraded_before(shop):
    plan = shop.compiled("""
    steps:
      - {step: a, get: /, expect: {status: 200, soft: {css: {img: {exists: true}}}}}
      - {step: b, get: /, expect: {status: 200}}
    """)
    outcome = shop.play(plan, [shop.page("x"), shop.page(status=500)]).outcome
    assert (outcome.status, outcome.step) == ("down", "b")


def test_that_compares_what_was_saved(shop):
    plan = shop.compiled("""
    steps:
      - step: a
        get: /
        save: {subtotal: {css: .s, number: true}, shipping: {css: .h, number: true}, total: {css: .t, number: true}}
        expect: {that: ["${total == subtotal + shipping}", "${total > 0}"]}
    """, locale="de-DE")  # fmt: skip
    body = "<p class=s>1.299,00 €</p><p class=h>4,90 €</p><p class=t>{}</p>"
    assert shop.play(plan, [shop.page(body.format("1.303,90 €"))]).outcome.status == "up"
    outcome = shop.play(plan, [shop.page(body.format("1.299,00 €"))]).outcome
    assert outcome.reason == "expectation"
    assert "expected that ${total == subtotal + shipping}" in outcome.message


@pytest.mark.parametrize(
    ("elapsed", "status", "reason"), [(0.1, "up", None), (1.0, "degraded", "budget"), (5.0, "down", "budget")]
)
def test_the_budget_of_a_step_degrades_and_fails(shop, elapsed, status, reason):
    plan = shop.compiled("steps: [{step: a, get: /, budget: {warn: 800ms, fail: 4s}, expect: {status: 200}}]")
    answer = Response(200, (), b"x", elapsed=elapsed)
    outcome = shop.play(plan, [answer]).outcome
    assert (outcome.status, outcome.reason) == (status, reason)


def test_the_budget_of_the_journey_counts_all_steps(shop):
    text = """
    budget: {warn: 1500ms, fail: 3s}
    steps:
      - {step: a, get: /, expect: {status: 200}}
      - {step: b, get: /, expect: {status: 200}}
    """
    for each, status in ((0.5, "up"), (1.0, "degraded"), (2.0, "down")):
        outcome = shop.play(shop.compiled(text), [Response(200, (), b"x", elapsed=each)] * 2).outcome
        assert outcome.status == status
    assert (outcome.reason, outcome.step, outcome.message) == ("budget", "", "took 4s, more than 3s")


def test_a_failing_expectation_comes_before_the_budget(shop):
    plan = shop.compiled("steps: [{step: a, get: /, budget: {fail: 1s}, expect: {css: {h1: ok}}}]")
    outcome = shop.play(
        plan, [Response(200, (("content-type", "text/html"),), b"<h1>no</h1>", elapsed=9)]
    ).outcome
    assert [finding.reason for finding in outcome.steps[0].findings] == ["expectation", "budget"]


PAGE = """<link rel=stylesheet href=/a.css><script src=/b.js></script>
<script src=https://www.tracker.test/t.js></script><link rel=stylesheet href=https://cdn.shop-files.test/c.css><h1>x</h1>"""


@pytest.mark.parametrize(
    ("assets", "messages"),
    [
        pytest.param({}, [], id="all there"),
        pytest.param({"/a.css": ("", 404, "text/css")}, ["style sheet https://shop.example/a.css: status 404"], id="gone"),
        pytest.param({"/b.js": (" ", 200, "text/javascript")}, ["script https://shop.example/b.js: empty"], id="empty"),
        pytest.param(
            {"/b.js": ("<html>", 200, "text/html")}, ["script https://shop.example/b.js: its type is text/html"], id="a page instead"
        ),
        pytest.param(
            {"/a.css": ("x", 200, "text/plain")}, ["style sheet https://shop.example/a.css: its type is text/plain"], id="no css"
        ),
        pytest.param({"/b.js": ("x", 200, "text/plain")}, [], id="a script as plain text runs"),
        pytest.param(
            {"/a.css": ("", 500, ""), "/c.css": ("", 404, "")},
            ["style sheet https://shop.example/a.css: status 500", "style sheet https://cdn.shop-files.test/c.css: status 404"],
            id="two",
        ),
    ],
)  # fmt: skip
def test_assets_of_the_page_must_be_there_full_and_of_the_right_type(shop, assets, messages):
    plan = shop.compiled("steps: [{step: a, get: /, expect: {css: {h1: x}, assets: true}}]")

    def answer(request):
        path = "/" + request.url.split("/", 3)[3]
        if path == "/":
            return shop.page(PAGE)
        default = ("x", 200, "text/css" if path.endswith("css") else "application/javascript")
        return shop.page(*assets.get(path, default))

    played = shop.play(plan, answer)
    assert [finding.message for finding in played.outcome.steps[0].findings] == messages
    assert played.outcome.reason == ("asset" if messages else None)
    assert [request.kind for request in played.requests] == ["page", "asset", "asset", "asset"]
    assert not any("tracker" in url for url in played.urls)
    assert played.outcome.steps[0].duration == pytest.approx(0.1)


def test_assets_are_asked_for_bare_and_bounded(shop):
    plan = shop.compiled("""
    steps:
      - step: a
        post: /
        headers: {X-Key: k}
        auth: {bearer: t}
        json: {a: 1}
        expect: {css: {h1: x}, assets: true}
    """)
    body = "<h1>x</h1>" + "".join(f"<script src=/{n}.js></script>" for n in range(50))
    answers = [shop.page(body)] + [shop.page("x", kind="text/javascript")] * 50
    played = shop.play(plan, answers)
    assert len(played.requests) == 21
    asset = played.requests[1]
    assert (asset.method, asset.body, played.header(1, "x-key"), played.header(1, "accept")) == (
        "GET",
        b"",
        None,
        "*/*",
    )


def test_assets_of_a_page_that_is_wrong_anyway_are_left_alone(shop):
    plan = shop.compiled("steps: [{step: a, get: /, expect: {css: {h1: x}, assets: true}}]")
    assert len(shop.play(plan, [shop.page(PAGE, 500)]).requests) == 1


def test_soft_assets_degrade(shop):
    plan = shop.compiled("steps: [{step: a, get: /, expect: {css: {h1: x}, soft: {assets: true}}}]")
    outcome = shop.play(
        plan, [shop.page("<h1>x</h1><script src=/b.js></script>"), shop.page(status=404)]
    ).outcome
    assert (outcome.status, outcome.reason) == ("degraded", "asset")


def test_an_asset_that_does_not_come_is_named_with_the_cause(shop):
    plan = shop.compiled("steps: [{step: a, get: /, expect: {css: {h1: x}, assets: true}}]")
    answers = [
        shop.page("<h1>x</h1><script src=/b.js></script>"),
        Failure(Reason.TIMEOUT, "no answer within 5 s"),
    ]
    outcome = shop.play(plan, answers).outcome
    assert (outcome.reason, outcome.message) == (
        "asset",
        "script https://shop.example/b.js: no answer within 5 s",
    )


def test_measures_are_those_of_the_last_page(shop):
    plan = shop.compiled("steps: [{step: a, get: /, expect: {status: 200}}]")
    answers = [
        shop.redirect("/home"),
        shop.page("<h1>hello</h1>", content_length="14", last_modified="Thu, 01 Jan 2026 00:00:00 GMT"),
    ]
    assert shop.play(plan, answers).outcome.measures == {
        "http_status_code": 200.0,
        "http_version": 1.1,
        "http_ssl": 1.0,
        "http_redirects": 1.0,
        "http_content_length": 14.0,
        "http_uncompressed_body_length": 14.0,
        "ip_protocol": 4.0,
        "http_last_modified_timestamp_seconds": 1767225600.0,
    }


def test_the_expiry_of_a_refused_certificate_is_a_measure(shop):
    from techrun.exchange import Certificate

    plan = shop.compiled("steps: [{step: a, get: /, expect: {status: 200}}]")
    certificate = Certificate("CN=shop", "CN=ca", 0, 5, earliest_expiry=5.0)
    outcome = shop.play(plan, [Failure(Reason.TLS, "expired", certificate=certificate)]).outcome
    assert outcome.measures == {"ssl_earliest_cert_expiry": 5.0}
