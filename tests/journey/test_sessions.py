"""Rules 3, 10, 11, 14 and 19: the engine owns cookies, carried headers, redirects, forms; every request is marked."""

import hashlib
import hmac

import pytest

from techrun.exchange import Failure

OK = "expect: {status: 200}"


def steps(*lines, **more):
    return "steps:\n" + "\n".join(f"  - {line}" for line in lines)


def two(shop, first, second, **options):
    plan = shop.compiled(steps(f"{{step: a, {first}}}", f"{{step: b, {second}, {OK}}}"), **options)
    return lambda *answers: shop.play(plan, [*answers, shop.page()])


def test_cookies_travel_within_a_session_and_not_between_sessions(shop):
    plan = shop.compiled(
        steps(
            f"{{step: a, get: /, {OK}}}",
            f"{{step: b, get: /, {OK}}}",
            f"{{step: c, as: admin, get: /, {OK}}}",
            f"{{step: d, as: admin, get: /, {OK}}}",
        )
    )
    answers = [
        shop.page(set_cookie=["sid=1; Path=/", "x=2; Path=/"]),
        shop.page(),
        shop.page(set_cookie="sid=9"),
        shop.page(),
    ]
    played = shop.play(plan, answers)
    assert [played.header(index, "cookie") for index in range(4)] == [None, "sid=1; x=2", None, "sid=9"]


def test_a_cookie_that_a_redirect_sets_is_sent_on_the_next_hop(shop):
    plan = shop.compiled(steps("{step: a, post: /login, form: {u: 1}, expect: {cookie: {sid: abc}}}"))
    played = shop.play(plan, [shop.redirect("/account", set_cookie="sid=abc; Path=/"), shop.page()])
    assert played.header(1, "cookie") == "sid=abc"
    assert played.outcome.status == "up"


@pytest.mark.parametrize(
    ("method", "status", "then", "body"),
    [
        ("post", 301, "GET", b""), ("post", 302, "GET", b""), ("post", 303, "GET", b""), ("post", 307, "POST", b"a=1"),
        ("post", 308, "POST", b"a=1"), ("put", 302, "PUT", b"a=1"), ("put", 303, "GET", b""), ("delete", 307, "DELETE", b"a=1"),
    ],
)  # fmt: skip
def test_a_redirect_changes_the_method_as_browsers_do(shop, method, status, then, body):
    plan = shop.compiled(steps(f"{{step: a, {method}: /x, form: {{a: 1}}, {OK}}}"))
    played = shop.play(plan, [shop.redirect("/y", status), shop.page()])
    assert (played.requests[1].method, played.requests[1].body) == (then, body)
    assert (played.header(1, "content-type") is None) is (not body)
    assert [request.kind for request in played.requests] == ["page", "redirect"]
    assert [request.step for request in played.requests] == ["a", "a"]


@pytest.mark.parametrize(
    ("location", "url"),
    [
        ("/b", "https://shop.example/b"),
        ("b?x=1#top", "https://shop.example/a/b?x=1"),
        ("//shop.example/c", "https://shop.example/c"),
        ("/sp ace/ü", "https://shop.example/sp%20ace/%C3%BC"),
        ("?page=2", "https://shop.example/a/start?page=2"),
    ],
)
def test_where_a_redirect_leads(shop, location, url):
    plan = shop.compiled(steps(f"{{step: a, get: /a/start, {OK}}}"))
    assert shop.play(plan, [shop.redirect(location), shop.page()]).urls[1] == url


@pytest.mark.parametrize(
    ("answers", "message"),
    [
        pytest.param(["/a", "/"], "redirect loop: https://shop.example/ comes round again", id="loop"),
        pytest.param([f"/{n}" for n in range(30)], "more than 10 redirects, the last to", id="too many"),
        pytest.param(["javascript:alert(1)"], "which is no web address", id="script"),
        pytest.param(["http://[broken"], "which is no web address", id="no url"),
        pytest.param(["https://user:pw@shop.example/"], "which is no web address", id="credentials"),
    ],
)
def test_redirects_that_lead_nowhere_fail(shop, answers, message):
    plan = shop.compiled(steps(f"{{step: a, get: /, {OK}}}"))
    outcome = shop.play(plan, [shop.redirect(each) for each in answers]).outcome
    assert outcome.reason == "redirect"
    assert message in outcome.message


def test_a_redirect_to_itself_that_sets_a_cookie_is_no_loop(shop):
    plan = shop.compiled(steps(f"{{step: a, get: /, {OK}}}"))
    outcome = shop.play(plan, [shop.redirect("/", set_cookie="seen=1"), shop.page()]).outcome
    assert outcome.status == "up"


def test_a_step_that_expects_a_redirect_sees_it(shop):
    plan = shop.compiled(steps("{step: a, get: /old, expect: {status: 301, header: {location: /new}}}"))
    played = shop.play(plan, [shop.redirect("/new", 301)])
    assert played.outcome.status == "up"
    assert len(played.requests) == 1


def test_leaving_https_is_noted(shop):
    plan = shop.compiled(steps(f"{{step: a, get: /, {OK}}}"))
    outcome = shop.play(plan, [shop.redirect("http://shop.example/x"), shop.page()]).outcome
    assert (outcome.status, outcome.message) == ("degraded", "https redirects to http://shop.example/x")


SECRETS = "headers: {X-Api-Key: k, Accept-Language: fr}, auth: {bearer: t}"


def test_nothing_that_opens_doors_follows_a_redirect_to_another_origin(shop):
    plan = shop.compiled(
        steps(
            "{step: a, get: /, carry: {Cart-Token: {header: cart-token}}}",
            f"{{step: b, get: /, {SECRETS}, {OK}}}",
        ),
        signing_key="key",
    )
    answers = [shop.page(cart_token="c1"), shop.redirect("https://other.example/"), shop.page()]
    played = shop.play(plan, answers)
    named = {"authorization", "x-api-key", "cart-token", "x-synthetic-signature"}
    assert named <= {name.lower() for name, _ in played.requests[1].headers}
    left = {name.lower() for name, _ in played.requests[2].headers}
    assert not named & left
    assert {"user-agent", "accept-language", "traceparent", "x-synthetic"} <= left


def test_what_belongs_to_http_may_follow_to_https_of_the_same_host(shop):
    plan = shop.compiled(
        steps(f"{{step: a, get: /, auth: {{bearer: t}}, {OK}}}"), base_url="http://shop.example"
    )
    played = shop.play(plan, [shop.redirect("https://shop.example/"), shop.page()])
    assert played.header(1, "authorization") == "Bearer t"


def test_a_session_keeps_who_it_is(shop):
    plan = shop.compiled(
        steps(
            f"{{step: a, get: /, auth: {{user: ann, password: p:w}}, {OK}}}",
            f"{{step: b, get: /, {OK}}}",
            f"{{step: c, as: admin, get: /, {OK}}}",
        )
    )
    played = shop.play(plan, [shop.page()] * 3)
    assert [played.header(index, "authorization") for index in range(3)] == ["Basic YW5uOnA6dw=="] * 2 + [
        None
    ]


def test_a_carried_header_is_sent_from_now_on_and_renewed_by_later_answers(shop):
    plan = shop.compiled(
        steps(
            "{step: a, get: /, carry: {Nonce: {header: nonce}}}",
            f"{{step: b, post: /, {OK}}}",
            f"{{step: c, post: /, {OK}}}",
            f"{{step: d, as: admin, get: /, {OK}}}",
            f"{{step: e, get: 'https://api.other.example/', {OK}}}",
        )
    )
    answers = [shop.page(nonce="n1"), shop.page(nonce="n2"), shop.page(), shop.page(), shop.page()]
    played = shop.play(plan, answers)
    assert [played.header(index, "nonce") for index in range(5)] == [None, "n1", "n2", None, None]


def test_carry_takes_json_values_and_templates(shop):
    plan = shop.compiled(
        steps(
            "{step: a, post: /, save: {token: {json: $.token}}, carry: {Authorization: 'Bearer ${token}', X-Cart: {json: $.cart}}}",
            f"{{step: b, get: /, {OK}}}",
        )
    )
    played = shop.play(plan, [shop.data({"token": "t1", "cart": 7}), shop.page()])
    assert (played.header(1, "authorization"), played.header(1, "x-cart")) == ("Bearer t1", "7")


def test_a_carry_that_finds_nothing_fails_the_step(shop):
    plan = shop.compiled(steps("{step: a, get: /, carry: {Cart-Token: {header: cart-token}}}"))
    outcome = shop.play(plan, [shop.page()]).outcome
    assert outcome.reason == "extraction"
    assert outcome.message.startswith("cannot carry Cart-Token: header cart-token is not among the headers")


def test_every_request_says_who_it_is_from(shop):
    plan = shop.compiled(
        "journey: guest-checkout\n"
        + steps(f"{{step: a, get: /, {OK}}}", f"{{step: b, get: /, {OK}}}"),
        user_agent="techrun/1 (+https://ops.example)", locale="es-ES", signing_key="s3cr3t",
    )  # fmt: skip
    played = shop.play(plan, [shop.redirect("/x"), shop.page(), shop.page()], now=1_800_000_000.7)
    for index in range(3):
        assert played.header(index, "user-agent") == "techrun/1 (+https://ops.example)"
        assert played.header(index, "accept-language") == "es-ES,es;q=0.9"
        assert played.header(index, "x-synthetic") == "guest-checkout run-1"
        digest = hmac.new(b"s3cr3t", b"1800000000.guest-checkout.run-1", hashlib.sha256).hexdigest()
        assert played.header(index, "x-synthetic-signature") == f"t=1800000000,v1={digest}"
    parents = [played.header(index, "traceparent").split("-") for index in range(3)]
    assert {parent[1] for parent in parents} == {played.outcome.trace_id}
    assert [parent[2] for parent in parents] == [
        played.outcome.steps[0].span_id,
        played.outcome.steps[0].span_id,
        played.outcome.steps[1].span_id,
    ]
    assert {(parent[0], parent[3]) for parent in parents} == {("00", "01")}


def test_the_trace_of_the_caller_is_used(shop):
    plan = shop.compiled(steps(f"{{step: a, get: /, {OK}}}"))
    played = shop.play(plan, [shop.page()], trace_id="ab" * 16)
    assert played.outcome.trace_id == "ab" * 16
    assert played.header(0, "traceparent").startswith("00-" + "ab" * 16)


def test_without_a_key_nothing_is_signed(shop):
    plan = shop.compiled(steps(f"{{step: a, get: /, {OK}}}"))
    assert shop.play(plan, [shop.page()]).header(0, "x-synthetic-signature") is None


FORM = "<form action=/cart method=post><input type=hidden name=csrf value=t1><input name=qty value=1></form>"


def test_a_form_goes_out_with_all_it_has_and_says_where_it_comes_from(shop):
    play = two(shop, f"get: /p/mug, {OK}", "submit: form, fill: {qty: 2}, form: {ajax: 1}")
    played = play(shop.page(FORM))
    sent = played.requests[1]
    assert (sent.method, sent.url, sent.body) == (
        "POST",
        "https://shop.example/cart",
        b"csrf=t1&qty=2&ajax=1",
    )
    assert played.header(1, "content-type") == "application/x-www-form-urlencoded"
    assert played.header(1, "referer") == "https://shop.example/p/mug"
    assert played.header(1, "origin") == "https://shop.example"


def test_the_form_is_that_of_the_last_html_page_of_its_session(shop):
    plan = shop.compiled(
        steps(
            f"{{step: a, get: /p/mug, {OK}}}",
            "{step: b, get: /cart.json, expect: {json: {$.n: 1}}}",
            f"{{step: c, as: admin, get: /, {OK}}}",
            f"{{step: d, submit: form, {OK}}}",
        )
    )
    played = shop.play(
        plan, [shop.page(FORM), shop.data({"n": 1}), shop.page("<form action=/admin>"), shop.page()]
    )
    assert played.urls[3] == "https://shop.example/cart"


def test_a_form_that_is_not_there_fails_the_step_in_words(shop):
    outcome = two(shop, f"get: /, {OK}", "submit: 'form#buy'")(shop.page("<p>sold out</p>")).outcome
    assert (outcome.step, outcome.reason) == ("b", "extraction")
    assert outcome.message == "no form matches 'form#buy'; the page has no form"


def test_a_form_after_answers_that_are_no_page_fails_in_words(shop):
    outcome = two(shop, f"get: /, {OK}", "submit: form")(shop.data({})).outcome
    assert "no HTML page yet" in outcome.message


@pytest.mark.parametrize(
    ("target", "url"),
    [
        ("https://other.example/x", "https://shop.example/"), ("http://shop.example/x", None), ("/x", "https://shop.example/p?a=1"),
    ],
)  # fmt: skip
def test_the_referer_says_as_little_as_browsers_say(shop, target, url):
    played = two(shop, f"get: '/p?a=1#f', {OK}", f"get: '{target}'")(shop.page())
    assert played.header(1, "referer") == url


@pytest.mark.parametrize(
    ("base", "target", "url"),
    [
        ("https://shop.example", "/a?b=c d&é=1", "https://shop.example/a?b=c%20d&%C3%A9=1"),
        ("https://shop.example/fr", "/a", "https://shop.example/a"),
        ("https://shop.example/fr", "a", "https://shop.example/fr/a"),
        ("https://shop.example/fr/", "", "https://shop.example/fr/"),
        ("https://shop.example", "http://127.0.0.1:8000/x#y", "http://127.0.0.1:8000/x"),
        ("https://shop.example", "/a%20b/%C3%A9", "https://shop.example/a%20b/%C3%A9"),
    ],
)
def test_addresses_are_joined_to_the_shops(shop, base, target, url):
    plan = shop.compiled(steps(f"{{step: a, get: '{target}', {OK}}}"), base_url=base)
    assert shop.play(plan, [shop.page()]).urls == [url]


@pytest.mark.parametrize(
    "target", ["ftp://shop.example/", "http://", "http://[x", "https://a:b@shop.example/", "https://x:99999/"]
)
def test_what_is_no_web_address_fails_the_step(shop, target):
    """Here it comes from the data; an address that is written so is refused before anything runs."""
    plan = shop.compiled(steps(f"{{step: a, get: '${{env.X}}', {OK}}}"), constants={"env": {"X": target}})
    outcome = shop.play(plan, []).outcome
    assert (outcome.reason, outcome.status) == ("extraction", "down")


def test_query_form_and_headers_are_encoded_and_numbers_keep_their_text(shop):
    from techrun.journey.model import Journey
    from techrun.language.scalars import FloatText, IntText

    spec = {
        "step": "a",
        "post": "/x?y=1",
        "query": {"zip": IntText(1234, "01234"), "tags": ["a b", "c&d"]},
        "form": {"price": FloatText(1.1, "1.10"), "on": True, "none": None},
        "headers": {"X-Number": IntText(7, "007")},
        "expect": {"status": 200},
    }
    from techrun.journey.compile import compile_journey

    plan = compile_journey(
        Journey.model_validate({"journey": "j", "steps": [spec]}), {}, {}, "en-US", base_url=shop.url
    )
    played = shop.play(plan, [shop.page()])
    assert played.urls == ["https://shop.example/x?y=1&zip=01234&tags=a+b&tags=c%26d"]
    assert played.requests[0].body == b"price=1.10&on=true&none="
    assert played.header(0, "x-number") == "007"


def test_json_and_raw_bodies(shop):
    plan = shop.compiled(
        steps(
            f"{{step: a, post: /, json: {{n: 1, t: 'ü'}}, {OK}}}",
            f"{{step: b, put: /, body: '<x/>', headers: {{Content-Type: text/xml}}, {OK}}}",
            f"{{step: c, delete: /, {OK}}}",
        )
    )
    played = shop.play(plan, [shop.page()] * 3)
    assert [request.body.decode() for request in played.requests] == ['{"n":1,"t":"ü"}', "<x/>", ""]
    assert [played.header(index, "content-type") for index in range(3)] == [
        "application/json",
        "text/xml",
        None,
    ]
    assert [request.method for request in played.requests] == ["POST", "PUT", "DELETE"]


def test_json_is_asked_for_where_json_is_read(shop):
    plan = shop.compiled(
        steps("{step: a, get: /, expect: {json: {$.a: 1}}}", "{step: b, get: /, expect: {css: {h1: x}}}")
    )
    played = shop.play(plan, [shop.data({"a": 1}), shop.page("<h1>x</h1>")])
    assert played.header(0, "accept").startswith("application/json")
    assert played.header(1, "accept").startswith("text/html")


def test_a_line_break_cannot_smuggle_in_a_header(shop):
    play = two(shop, "get: /, save: {x: {json: $.x}}", "get: /, headers: {X-A: '${x}'}")
    outcome = play(shop.data({"x": "a\r\nX-B: c"})).outcome
    assert (outcome.step, outcome.reason) == ("b", "extraction")
    assert "line break" in outcome.message


def test_time_limits_versions_and_tls_are_passed_to_the_driver(shop):
    plan = shop.compiled(
        steps(f"{{step: a, get: /, timeout: 5s, http_version: 1.1, {OK}}}"), verify_tls=False
    )
    request = shop.play(plan, [Failure("connect", "refused")]).requests[0]
    assert (request.timeout, request.http, request.verify_tls, request.step) == (5.0, "1.1", False, "a")
