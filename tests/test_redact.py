"""A secret is masked however it is written; a text without one stays as it is."""

from __future__ import annotations

import base64
import html
import json
import time
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from techrun.redact import MASK, Redactor

SECRET = "Zq7/+ü&\"<s3cr3t>% 'x\\y\U0001f512"

WRITINGS = {
    "plain": lambda text: text,
    "html": html.escape,
    "html in decimal": lambda text: "".join(
        f"&#{ord(each)};" if not each.isalnum() else each for each in text
    ),
    "html in hex": lambda text: "".join(
        f"&#X{ord(each):X};" if not each.isalnum() else each for each in text
    ),
    "html by name": lambda text: html.escape(text).replace("ü", "&uuml;"),
    "html twice": lambda text: html.escape(html.escape(text)),
    "json": json.dumps,
    "json with letters": lambda text: json.dumps(text, ensure_ascii=False),
    "json as php writes it": lambda text: json.dumps(text).replace("/", "\\/"),
    "json inside html": lambda text: html.escape(json.dumps(text)),
    "json inside json": lambda text: json.dumps(json.dumps(text)),
    "json inside a script": lambda text: json.dumps(text).replace("<", "\\u003C").replace("&", "\\u0026"),
    "percent": quote,
    "percent, all of it": lambda text: quote(text, safe=""),
    "percent in lower case": lambda text: quote(text, safe="").lower(),
    "percent with +": quote_plus,
    "percent twice": lambda text: quote(quote(text, safe=""), safe=""),
    "percent of html": lambda text: quote(html.escape(text)),
    "percent of json": lambda text: quote(json.dumps(text)),
    "repr": repr,
    "repr beside a quote": lambda text: repr("it's " + text),
    "repr of bytes": lambda text: repr(text.encode()),
    "ascii": ascii,
    "hex": lambda text: text.encode().hex(),
    "hex in capitals": lambda text: text.encode().hex().upper(),
    "base64": lambda text: base64.b64encode(text.encode()).decode(),
    "base64 after one byte": lambda text: base64.b64encode(b"u" + text.encode() + b"tail").decode(),
    "base64 after two bytes": lambda text: base64.b64encode(b"u:" + text.encode() + b"tail").decode(),
    "base64 for URLs": lambda text: base64.urlsafe_b64encode(b"us:" + text.encode()).decode(),
    "base64 in a URL": lambda text: quote(base64.b64encode(text.encode()).decode(), safe=""),
    "on one line": lambda text: " ".join(f"{text[:18]}\n\t{text[18:]}".split()),
    "in capitals": str.upper,
    "read in a wrong charset": lambda text: text.encode().decode("cp1252", "replace"),
    "read in another wrong charset": lambda text: text.replace("\U0001f512", "?").replace("ü", "\ufffd"),
}


@pytest.mark.parametrize("write", WRITINGS.values(), ids=WRITINGS)
def test_a_secret_is_masked_however_it_is_written(write) -> None:
    masked = Redactor([SECRET])(f"before {write(SECRET)} after")
    assert MASK in masked
    assert masked.startswith("before ")
    assert masked.endswith(" after")
    assert "s3cr3t" not in masked.lower()
    assert len(masked) <= len("before *** after") + 12, "what is left shows nothing of it"


@pytest.mark.parametrize(
    "text",
    ["", "an ordinary page", "Zq7 alone is a word like any other", "50 % off & more… <b>now</b>", "***"],
)
def test_a_text_without_a_secret_stays_as_it_is(text: str) -> None:
    assert Redactor([SECRET])(text) == text


@pytest.mark.parametrize(
    "write",
    [str, html.escape, lambda text: json.dumps(text)[1:-1], quote],
    ids=["plain", "html", "json", "percent"],
)
def test_the_beginning_of_a_secret_that_was_cut_off_is_masked(write) -> None:
    """Messages quote pages and are shortened: a secret may stand at the cut."""
    written = write(SECRET)
    for length in range(4, len(written)):
        shown = Redactor([SECRET])(f'the page says "{written[:length]}…" at /')
        assert shown == f'the page says "{MASK}…" at /'


def test_of_two_secrets_of_which_one_holds_the_other_nothing_is_left() -> None:
    """A shop hands out a token made of our key: the mask of the one must not hide the other."""
    outer = Redactor(["inner-key"])
    assert Redactor(["prefix-inner-key-suffix"], parent=outer)("a prefix-inner-key-suffix b") == f"a {MASK} b"
    outer = Redactor(["prefix-inner-key-suffix"])
    assert Redactor(["inner-key"], parent=outer)("a prefix-inner-key-suffix b") == f"a {MASK} b"


def test_too_short_a_value_is_left_alone() -> None:
    assert Redactor(["abc"])("abc abcd") == "abc abcd"


def test_what_another_redactor_knows_is_taken_over() -> None:
    one = Redactor()
    one.add_all(Redactor(["hunter22"]))
    assert one("say hunter22") == f"say {MASK}"


@given(secret=st.text(min_size=4, max_size=40), before=st.text(max_size=20), after=st.text(max_size=20))
@example("0 \r0", "", "")
@settings(deadline=None, max_examples=300)
def test_any_text_can_be_a_secret(secret: str, before: str, after: str) -> None:
    for write in (str, repr, json.dumps, quote, html.escape):
        if secret.encode("utf-8", "surrogatepass").decode("utf-8", "replace") != secret and write is quote:
            continue
        masked = Redactor([secret])(f"{before}<{write(secret)}>{after}")
        assert MASK in masked
        assert masked != f"{before}<{write(secret)}>{after}" or secret in MASK * 10


@pytest.mark.parametrize(
    ("secret", "page"),
    [
        ('a\\\\"\'"x1', "a" + "\\" * 60_000),
        ('a\\"/"/x1', "a\\" * 30_000),
        ("ñandú№éñü1z", "?" * 60_000),
        ("ab  \t cd", "ab" + " " * 60_000),
        ("ab \r\x1c\u2003 cd", "ab" + " " * 60_000),
        ("%%%%%%a", "%" + "25" * 30_000),
        ("x&&&&&y", "x&" + "amp;" * 15_000),
        ("aaaaaaaaaaaaaaaab", "a" * 60_000),
    ],
)
def test_no_page_makes_redacting_slow(secret: str, page: str) -> None:
    """A page made to be confused with a secret; a pattern that backtracks would take minutes."""
    started = time.process_time()
    Redactor([secret])(f"{page} …")
    assert time.process_time() - started < 5
