"""No secret is in what a run tells, in any spelling; what is told is enough to understand a failure."""

import base64
from urllib.parse import quote

import pytest

from techrun.exchange import Failure
from techrun.journey.record import EXCERPT
from techrun.model import Reason
from techrun.redact import Redactor

SAVED = "s4ved/t0ken+value"
KNOWN = "kn0wn-secret"

TELLS = """
steps:
  - {step: a, get: "/?key=${secret.KEY}", save: {token: {css: h1, secret: true}}}
  - step: b
    post: /order/${token}
    effect: order
    headers: {X-Token: "${token}"}
    auth: {user: me, password: "${token}"}
    form: {token: "${token}", key: "${secret.KEY}"}
    save: {order: {css: .order}}
    expect: {css: {h1: "${token}!"}}
"""


def spellings(secret):
    return [secret, quote(secret, safe=""), base64.b64encode(secret.encode()).decode(), secret.encode().hex()]


def test_a_failed_run_tells_no_secret(shop):
    plan = shop.compiled(TELLS, constants={"secret": {"KEY": KNOWN}})
    echo = (
        f"<h1>{SAVED}</h1><p class=order>{SAVED}-1042</p><div class=alert>bad token {SAVED}</div>"
        + "".join(f"<p>{each}</p>" for each in (*spellings(SAVED), *spellings(KNOWN)))
    )
    played = shop.play(
        plan,
        [shop.page(echo), shop.page(echo, x_echo=SAVED)],
        redactor=Redactor([KNOWN]),
        allow_orders=True,
        explain=True,
    )
    assert played.requests[1].url == f"https://shop.example/order/{SAVED}"
    assert played.outcome.status == "down"
    assert played.outcome.orders[0].reference == "order=***-1042"
    told = repr(played.outcome)
    assert [each for secret in (SAVED, KNOWN) for each in spellings(secret) if each in told] == []
    assert base64.b64encode(f"me:{SAVED}".encode()).decode() not in told
    assert "***" in told


def test_a_secret_cut_by_the_excerpt_does_not_show_its_start(shop):
    plan = shop.compiled(
        "steps: [{step: a, get: /, save: {t: {regex: 'tok-\\w+', secret: true}}, expect: {css: {h1: x}}}]"
    )
    secret = "tok-" + "abcdefgh" * 20
    body = "x" * (EXCERPT - 10) + secret
    record = shop.play(plan, [shop.page(body)]).outcome.steps[0].exchanges[0]
    assert "tok-" not in record.response_body
    assert record.response_body.startswith("xxx")


@pytest.mark.parametrize("size", [400, 3000])
def test_a_body_full_of_secrets_shows_none_of_the_one_that_is_cut(shop, size):
    plan = shop.compiled(
        "steps: [{step: a, get: /, save: {t: {regex: 'tok-\\w+', secret: true}}, expect: {css: {h1: x}}}]"
    )
    secret = "tok-" + "abcdefgh" * (size // 8)
    record = shop.play(plan, [shop.page((secret + " ") * 400)]).outcome.steps[0].exchanges[0]
    assert "tok-" not in record.response_body


def test_carried_tokens_are_secrets(shop):
    plan = shop.compiled("""
    steps:
      - {step: a, get: /, carry: {Nonce: {header: nonce}}}
      - {step: b, get: /, expect: {css: {h1: x}}}
    """)
    answers = [shop.page(nonce="n0nce-first"), shop.page("n0nce-first n0nce-second", nonce="n0nce-second")]
    told = repr(shop.play(plan, answers, explain=True).outcome)
    assert "n0nce" not in told


def test_passwords_and_cookies_are_masked_even_where_nobody_called_them_secret(shop):
    plan = shop.compiled("""
    steps:
      - {step: a, get: /, auth: {bearer: plain-token}, expect: {status: 200}}
      - {step: b, get: /, expect: {status: 200}}
    """)
    steps = shop.play(
        plan, [shop.page(set_cookie="sid=abcdef; Path=/; HttpOnly"), shop.page()], explain=True
    ).outcome.steps
    sent = dict(steps[1].exchanges[0].request_headers)
    assert (sent["Cookie"], sent["Authorization"]) == ("sid=***", "***")
    assert ("set-cookie", "sid=***; Path=/; HttpOnly") in steps[0].exchanges[0].response_headers


def test_exchanges_are_told_of_a_failed_step_with_its_redirects(shop):
    plan = shop.compiled("""
    steps:
      - {step: a, get: /, expect: {status: 200}}
      - {step: b, post: /x, form: {q: 1}, expect: {css: {h1: y}}}
    """)
    steps = shop.play(plan, [shop.page(), shop.redirect("/y"), shop.page("<h1>z</h1>")]).outcome.steps
    assert steps[0].exchanges == ()
    told = [(each.method, each.url, each.request_body, each.status, each.kind) for each in steps[1].exchanges]
    assert told == [
        ("POST", "https://shop.example/x", "q=1", 302, "page"),
        ("GET", "https://shop.example/y", "", 200, "redirect"),
    ]
    assert steps[1].exchanges[1].response_body == "<h1>z</h1>"


def test_explain_tells_the_exchanges_of_every_step(shop):
    plan = shop.compiled("steps: [{step: a, get: /, expect: {status: 200}}]")
    assert len(shop.play(plan, [shop.page()], explain=True).outcome.steps[0].exchanges) == 1


def test_an_exchange_that_brought_nothing_is_told_with_its_failure(shop):
    plan = shop.compiled("steps: [{step: a, get: /, expect: {status: 200}}]")
    record = (
        shop.play(plan, [Failure(Reason.CONNECT, "refused", address="10.0.0.1", elapsed=0.2)])
        .outcome.steps[0]
        .exchanges[0]
    )
    assert (record.status, record.failure, record.address, record.elapsed) == (
        None,
        "refused",
        "10.0.0.1",
        0.2,
    )


def test_what_is_no_text_is_only_counted(shop):
    plan = shop.compiled("steps: [{step: a, get: /, expect: {css: {h1: x}}}]")
    record = shop.play(plan, [shop.page(b"\x89PNG\x00" * 10, kind="image/png")]).outcome.steps[0].exchanges[0]
    assert record.response_body == "<50 bytes of image/png>"
