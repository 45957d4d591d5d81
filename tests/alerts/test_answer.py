"""What a message shows of the answer that failed."""

from __future__ import annotations

import pytest

from techrun.alerts.answer import failed_answer
from techrun.model import ExchangeRecord, Outcome, Reason, Status, Step

NGINX = "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body><h1>502 Bad Gateway</h1><hr>nginx</body></html>"


def record(body="", status=502, kind="text/html; charset=utf-8", **more):
    headers = (("content-type", kind),) if kind else ()
    return ExchangeRecord("GET", "https://acme.example/", status=status, response_headers=headers, response_body=body, **more)  # fmt: skip


def failed(*exchanges, step="payment", reason=Reason.STATUS, name="payment", http_status=502):
    before = Step("home", Status.UP, http_status=200)
    steps = (before, Step(name, Status.DOWN, reason, http_status=http_status, exchanges=exchanges))
    return Outcome(Status.DOWN, reason, "expected a 2xx status", step, steps=steps)


@pytest.mark.parametrize(
    ("body", "kind", "shown"),
    [
        pytest.param(NGINX, "text/html", "502 Bad Gateway nginx", id="a server's own page, its title once"),
        pytest.param(
            "<title>Acme &amp; Co</title><script>var a='<b>'</script><style>p{}</style><p>We are\n sorry</p>",
            "text/html", "Acme & Co | We are sorry", id="no tags, scripts or styles",
        ),
        pytest.param('{"error":\n "no stock"}', "application/json", '{"error": "no stock"}', id="json on one line"),
        pytest.param("<p>oops</p>", "", "oops", id="a page without a type"),
        pytest.param("<p>Caf\u00e9</p>", "text/html; charset=iso-8859-1", "Caf\u00e9", id="decoded once, not twice"),
        pytest.param(
            '<meta charset="iso-8859-1"><p>Caf\u00e9</p>', "text/html", "Caf\u00e9", id="whatever charset it declares"
        ),
        pytest.param("<p>half a <div cla…", "text/html", "half a", id="a page cut within a tag"),
        pytest.param("<p>half a <…", "text/html", "half a", id="a page cut at the beginning of a tag"),
        pytest.param("<123 bytes of image/png>", "image/png", "<123 bytes of image/png>", id="no text"),
        pytest.param("\ud83d broken", "text/plain", "? broken", id="half a character"),
        pytest.param("", "text/html", "", id="an empty answer"),
        pytest.param("<title>Oops</title>", "text/html", "Oops", id="nothing but a title"),
        pytest.param("<div>" * 300 + "deep", "text/html", "deep", id="nested, but within what a page may"),
    ],
)  # fmt: skip
def test_the_text_is_what_a_person_would_read(body, kind, shown):
    assert failed_answer(failed(record(body, kind=kind))) == (502, shown)


def test_a_long_text_is_cut_to_three_hundred_characters():
    _, excerpt = failed_answer(failed(record("word " * 400, kind="text/plain")))
    assert len(excerpt) <= 300
    assert excerpt.endswith("…")


def test_the_last_answer_of_the_step_that_decided_counts():
    first, last = record("try again", 503, kind="text/plain"), record("gave up", 500, kind="text/plain")
    assert failed_answer(failed(first, last)) == (500, "gave up")


def test_files_of_the_page_are_no_answer_of_the_step():
    page, asset = record("gone", 410, kind="text/plain"), record("x", 200, kind="text/css")
    asset = ExchangeRecord("GET", asset.url, status=200, response_body="body{}", kind="asset")
    assert failed_answer(failed(page, asset)) == (410, "gone")


@pytest.mark.parametrize(
    "outcome",
    [
        pytest.param(Outcome(Status.DOWN, Reason.CONNECT, "refused"), id="a kind without steps"),
        pytest.param(failed(record("", status=None, failure="no answer"), http_status=None), id="no answer"),
        pytest.param(failed(record("fine", 200), reason=Reason.ASSET), id="only a file of the page failed"),
        pytest.param(failed(record(), step="elsewhere"), id="the step is not told of"),
    ],
)
def test_where_no_answer_failed_there_is_none(outcome):
    assert failed_answer(outcome) == (None, "")


def test_the_step_of_an_http_check_has_no_name():
    assert failed_answer(failed(record("gone", 410, kind="text/plain"), step="", name="http")) == (
        410,
        "gone",
    )


def test_without_the_exchange_the_status_is_still_known():
    assert failed_answer(failed(http_status=504)) == (504, "")
