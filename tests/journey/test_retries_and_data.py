"""Rules 15, 16 and 20: retries, waits, conditions, test data and what their faults mean."""

import pytest

from techrun.exchange import Failure, Wait
from techrun.model import Reason


def retrying(shop, on="[network, 5xx]", times=2, verb="get"):
    more = "" if verb == "get" else ", idempotent: true"
    return shop.compiled(f"""
    steps:
      - {{step: a, {verb}: /, retry: {{times: {times}, wait: 2s, on: {on}}}{more}, expect: {{css: {{h1: ok}}}}}}
    """)


GOOD = "<h1>ok</h1>"
REFUSED = Failure(Reason.CONNECT, "refused", elapsed=0.5)


def test_a_form_is_sent_again_from_its_own_page_and_not_from_that_of_the_error(shop):
    plan = shop.compiled("""
    steps:
      - {step: cart, get: /cart, expect: {css: {form: {exists: true}}}}
      - {step: pay, submit: form, idempotent: true, retry: {times: 1, wait: 2s}, expect: {css: {h1: ok}}}
    """)
    form = shop.page("<form method=post action=/pay><input name=a value=1></form>")
    played = shop.play(plan, [form, shop.page("<h1>Sorry</h1>", 502), shop.page(GOOD)])
    assert (played.outcome.status, played.outcome.message) == ("up", "")
    assert [request.body for request in played.requests[1:]] == [b"a=1", b"a=1"]
    assert played.header(2, "referer") == f"{shop.url}/cart"


@pytest.mark.parametrize(
    ("on", "answer", "attempts"),
    [
        pytest.param("[network]", REFUSED, 2, id="network"),
        pytest.param("[5xx]", REFUSED, 1, id="network not asked for"),
        pytest.param("[5xx]", (GOOD, 503), 2, id="5xx"),
        pytest.param("[network]", (GOOD, 503), 1, id="5xx not asked for"),
        pytest.param("[network, 5xx]", (GOOD, 404), 1, id="4xx"),
        pytest.param("[network, 5xx]", ("<h1>no</h1>", 200), 1, id="expectation not asked for"),
        pytest.param("[expect]", ("<h1>no</h1>", 200), 2, id="expectation"),
        pytest.param("[network, 5xx, expect]", ("<p>captcha</p>", 403), 1, id="never a captcha"),
        pytest.param(
            "[network, 5xx, expect]", Failure(Reason.FORBIDDEN, "no"), 1, id="never what is forbidden"
        ),
    ],
)
def test_a_step_is_tried_again_on_what_it_says_and_on_nothing_else(shop, on, answer, attempts):
    answer = answer if isinstance(answer, Failure) else shop.page(*answer)
    played = shop.play(retrying(shop, on), [answer, shop.page(GOOD)])
    step = played.outcome.steps[0]
    assert step.attempts == attempts
    assert (played.outcome.status == "up") is (attempts == 2)
    assert [each.seconds for each in played.asked if isinstance(each, Wait)] == [2.0] * (attempts - 1)


def test_tries_are_bounded_and_their_time_adds_up(shop):
    played = shop.play(retrying(shop), [REFUSED] * 9)
    step = played.outcome.steps[0]
    assert (step.attempts, step.reason, step.duration) == (3, "connect", 1.5)
    assert len(step.exchanges) == 3


def test_a_step_without_retry_is_tried_once(shop):
    plan = shop.compiled("steps: [{step: a, get: /, expect: {status: 200}}]")
    assert len(shop.play(plan, [REFUSED]).requests) == 1


def test_waits_are_asked_of_the_driver(shop):
    plan = shop.compiled("steps: [{step: a, wait: 1500ms}, {step: b, get: /, expect: {status: 200}}]")
    played = shop.play(plan, [shop.page()])
    assert played.asked[0] == Wait(1.5)
    assert [(step.name, step.status, step.duration) for step in played.outcome.steps] == [
        ("a", "up", 0.0),
        ("b", "up", 0.1),
    ]


def test_waits_of_cleanup_say_so(shop):
    plan = shop.compiled("""
    steps: [{step: a, get: /, expect: {status: 200}}]
    cleanup: [{step: b, post: /, retry: {times: 1, wait: 1s}, expect: {status: 200}}]
    """)
    played = shop.play(plan, [shop.page(), REFUSED, shop.page()])
    assert [each.cleanup for each in played.asked] == [False, True, True, True]
    assert not played.outcome.cleanup_failed


@pytest.mark.parametrize(
    ("when", "skipped"),
    [
        ("${n == 1}", False),
        ("${n == 2}", True),
        ("${later}", True),
        ("${not later}", False),
        ("false", True),
        ("${n > 0 and later}", True),
    ],
)
def test_when_decides_and_what_is_unknown_is_false(shop, when, skipped):
    plan = shop.compiled(f"""
    steps:
      - {{step: a, get: /, save: {{n: {{json: $.n}}}}}}
      - {{step: b, when: "{when}", get: /, expect: {{status: 200}}}}
      - {{step: c, get: /, save: {{later: {{json: $.n}}}}}}
    """)
    played = shop.play(plan, [shop.data({"n": 1})] * 3)
    assert played.step("b").skipped is skipped
    assert played.outcome.status == "up"
    assert len(played.requests) == (2 if skipped else 3)


FIXTURE = """
data: {article: {file: articles.csv}}
steps:
  - {step: home, get: /, expect: {status: 200}}
  - {step: product, get: "/p/${article.sku}", fixture: true, expect: {css: {.buy: {exists: true}}}}
  - {step: last, get: "/last/${article.sku}", expect: {status: 200}}
"""
ROWS = {"article": [{"sku": "M1"}, {"sku": "M2"}, {"sku": "M3"}]}


def sold_out(shop, *skus):
    return lambda request: shop.page(
        "<p>x</p>" if request.url.rpartition("/")[2] in skus else "<b class=buy>x</b>"
    )


@pytest.mark.parametrize(
    ("gone", "urls", "status"),
    [
        ((), ["/", "/p/M1", "/last/M1"], "up"),
        (("M1",), ["/", "/p/M1", "/", "/p/M2", "/last/M2"], "up"),
        (("M1", "M2", "M3"), ["/", "/p/M1", "/", "/p/M2", "/", "/p/M3"], "unknown"),
    ],
    ids=["first on sale", "second on sale", "all gone"],
)
def test_where_test_data_are_at_fault_the_next_row_is_tried(shop, gone, urls, status):
    played = shop.play(shop.compiled(FIXTURE, data=ROWS), sold_out(shop, *gone))
    assert [url.removeprefix(shop.url) for url in played.urls] == urls
    assert played.outcome.status == status
    assert played.outcome.reason == ("fixture" if status == "unknown" else None)


def test_rows_tried_are_bounded_and_begin_where_the_run_says(shop):
    rows = {"article": [{"sku": f"S{n}"} for n in range(40)]}
    played = shop.play(shop.compiled(FIXTURE, data=rows), lambda request: shop.page(), row=38)
    assert [url for url in played.urls if "/p/" in url] == [
        f"https://shop.example/p/S{n}" for n in (38, 39, 0, 1, 2)
    ]


def test_articles_of_the_shop_are_tried_in_order(shop):
    plan = shop.compiled(
        "steps: [{step: p, get: '/p/${synthetic.article}', fixture: true, expect: {css: {.buy: {exists: true}}}}]",
        constants={"synthetic": {"articles": ["M1", "M2"], "email": "probe@x"}},
    )
    played = shop.play(plan, sold_out(shop, "M1"))
    assert played.urls == ["https://shop.example/p/M1", "https://shop.example/p/M2"]
    assert played.outcome.status == "up"


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        pytest.param(("<p>x</p>", 200), "fixture", id="expectation"),
        pytest.param(("<p>x</p>", 404), "fixture", id="gone"),
        pytest.param(("<p>x</p>", 500), "status", id="the shop is broken"),
        pytest.param(REFUSED, "connect", id="the shop is not there"),
        pytest.param(("<p>captcha</p>", 403), "blocked", id="a captcha"),
    ],
)
def test_a_broken_shop_is_no_fault_of_the_test_data(shop, answer, reason):
    plan = shop.compiled("steps: [{step: p, get: /p, fixture: true, expect: {css: {.buy: {exists: true}}}}]")
    answer = answer if isinstance(answer, Failure) else shop.page(*answer)
    assert shop.play(plan, [answer]).outcome.reason == reason


def test_once_an_order_went_out_no_other_row_is_tried(shop):
    plan = shop.compiled(
        """
        data: {article: {file: a.csv}}
        steps:
          - {step: order, post: "/o/${article.sku}", effect: order, expect: {status: 200}}
          - {step: stock, get: /stock, fixture: true, expect: {css: {.buy: {exists: true}}}}
        """,
        data=ROWS,
    )
    played = shop.play(plan, lambda request: shop.page(), allow_orders=True)
    assert [request.step for request in played.requests] == ["order", "stock"]
    assert played.outcome.reason == "fixture"


def test_a_new_row_is_a_new_customer(shop):
    plan = shop.compiled(FIXTURE, data=ROWS)

    def answer(request):
        return shop.page(
            "<p>x</p>" if "M1" in request.url else "<b class=buy>x</b>", set_cookie="sid=1; Path=/"
        )

    played = shop.play(plan, answer)
    assert played.urls[2] == "https://shop.example/"
    assert played.header(2, "cookie") is None


def test_data_and_constants_are_there_for_every_step(shop):
    plan = shop.compiled(
        """
        data: {address: {file: address.yaml}}
        steps:
          - {step: a, post: /, json: {to: "${address}", city: "${address.city}", id: "${run.id}", shop: "${shop.url}"}, expect: {status: 200}}
        """,
        data={"address": {"city": "Lyon", "zip": "69001"}},
    )
    played = shop.play(plan, [shop.page()])
    assert played.requests[0].body == (
        b'{"to":{"city":"Lyon","zip":"69001"},"city":"Lyon","id":"run-1","shop":"https://shop.example"}'
    )
