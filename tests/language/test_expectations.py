"""Expectations: every matcher, the words of every finding, and what counts as saying something."""

import json
from decimal import Decimal

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from techrun.language.expect import Expect, compile_expect
from techrun.language.page import Page
from techrun.language.scalars import FloatText, IntText
from techrun.model import Reason

HTML = Page(
    200,
    (("content-type", "text/html"), ("link", "a"), ("link", "b")),
    """<title>Cart</title><h1>Your cart</h1><p class=price>1.299,00 €</p><b class=qty> 2 </b>
    <i class=free>Free</i><meta itemprop=price content="12.50"><ul><li>a<li>b</ul><p>You <b>added</b> it.""".encode(),
    "https://shop.test/cart?id=7",
    {"sid": "s"},
)
JSON = Page(
    201,
    (("content-type", "application/json"),),
    b"""{"qty": 0, "price": "89.80", "zip": "01234", "ok": true, "none": null, "tags": ["a", 1],
    "user": {"name": "N"}, "text": "true", "float": 0.1}""",
)
SCOPE = {
    "total": Decimal("94.80"),
    "subtotal": 89.8,
    "shipping": Decimal("5.00"),
    "sku": "A",
    "qty": 0,
    "empty": "",
    "blank": None,
    "bad": "(",
}


def judge(page, scope=SCOPE, locale="es-ES", **spec):
    expectation = compile_expect(Expect(**spec), locale, lambda *problem: pytest.fail(str(problem)))
    return [each.message for each in expectation.judge(page, scope)]


@pytest.mark.parametrize(
    ("page", "spec"),
    [
        (HTML, {"css": {"h1": "Your cart"}}),
        (HTML, {"css": {".price": 1299}}),
        (HTML, {"css": {".price": FloatText(1299.0, "1299.00")}}),
        (HTML, {"css": {".qty": 2}}),
        (HTML, {"css": {".qty": "2"}}),
        (HTML, {"css": {".price": {"gt": 1298.99, "gte": 1299, "lt": 1299.01, "lte": "1299.00"}}}),
        (HTML, {"css": {"meta[itemprop=price]": {"attr": "content", "gt": 0}}}),
        (HTML, {"css": {"li": {"count": 2}}}),
        (HTML, {"css": {"li": {"count": {"gte": 1, "lt": 3}}}}),
        (HTML, {"css": {"li": {"count": {"one_of": [2, 3]}}}}),
        (HTML, {"css": {".nope": {"exists": False}, "h1": {"exists": True}}}),
        (HTML, {"css": {".nope": {"count": 0}}}),
        (HTML, {"css": {"h1": {"not": "Sorry"}}}),
        (HTML, {"css": {"h1": {"not": {"contains": "Sorry"}}}}),
        (HTML, {"css": {"h1": {"one_of": ["x", "Your cart"]}}}),
        (HTML, {"css": {"h1": {"matches": "^Your (cart|basket)$"}}}),
        (HTML, {"text": {"contains": "You added it."}}),
        (HTML, {"text": {"contains": ["added", "Your  cart"]}}),
        (HTML, {"xpath": {"count(//li)": 2, "//h1": "Your cart", "//h9": {"exists": False}}}),
        (HTML, {"xpath": {"//li": {"count": 2}, "//h1 = 'x'": False, "//h1": {"exists": True}}}),
        (HTML, {"regex": {"id=(\\d)": {"exists": False}, "class=(\\w+)": "price", "<li>": {"count": 2}}}),
        (
            HTML,
            {"header": {"content-type": {"contains": "html"}, "Link": {"count": 2}, "x": {"exists": False}}},
        ),
        (HTML, {"cookie": {"sid": "s", "x": {"exists": False}}}),
        (HTML, {"url": {"matches": "id=(\\d+)$"}}),
        (HTML, {"status": 200}),
        (HTML, {"status": {"one_of": [200, 302]}}),
        (HTML, {"status": {"lt": 400}}),
        (JSON, {"json": {"$.qty": 0}}),
        (JSON, {"json": {"$.qty": "0"}}),
        (JSON, {"json": {"$.qty": "${qty}"}}),
        (JSON, {"json": {"$.price": 89.8}}),
        (JSON, {"json": {"$.price": {"gt": "${shipping}"}}}),
        (JSON, {"json": {"$.zip": IntText(1234, "01234")}}),
        (JSON, {"json": {"$.ok": True, "$.none": None, "$.text": True}}),
        (JSON, {"json": {"$.tags": ["a", 1]}}),
        (JSON, {"json": {"$.tags": {"contains": "a"}}}),
        (JSON, {"json": {"$.tags": {"contains": [1, "a"]}}}),
        (JSON, {"json": {"$.user": {"contains": "name"}}}),
        (JSON, {"json": {"$.float": 0.1}}),
        (JSON, {"json": {"$.none": {"exists": False}, "$.ok": {"exists": True}}}),
        (JSON, {"json": {"$.tags[*]": {"count": 2}, "$..nope": {"count": 0}}}),
        (JSON, {"that": "${total == subtotal + shipping}"}),
        (JSON, {"that": ["${total > 0}", "sku == 'A'"]}),
        (JSON, {"css": {"${sku}": {"exists": False}}}),
    ],
    ids=lambda value: str(value)[:70] if isinstance(value, dict) else "",
)
def test_what_holds_is_found_without_a_word(page, spec):
    assert judge(page, **spec) == []


@pytest.mark.parametrize(
    ("page", "spec", "message"),
    [
        (JSON, {"json": {"$.qty": 1}}, "expected json $.qty to be 1, got 0"),
        (JSON, {"json": {"$.qty": True}}, "expected json $.qty to be true, got 0"),
        (JSON, {"json": {"$.ok": 1}}, "expected json $.ok to be 1, got true"),
        (JSON, {"json": {"$.none": 1}}, "expected json $.none to be 1, got nothing"),
        (JSON, {"json": {"$.none": {"exists": True}}}, "expected json $.none to exist, but it is null"),
        (JSON, {"json": {"$.qty": {"gt": 0}}}, "expected json $.qty to be greater than 0, got 0"),
        (
            JSON,
            {"json": {"$.ok": {"gt": 0}}},
            "expected json $.ok to be greater than 0: true is true or false, not a number",
        ),
        (JSON, {"json": {"$.tags": ["a"]}}, 'expected json $.tags to be ["a"], got ["a",1]'),
        (JSON, {"json": {"$.qty": "${nope}"}}, "json $.qty: ${nope} is unknown"),
        (
            JSON,
            {"json": {"$.nope": {"gte": 1}}},
            "expected json $.nope to be at least 1, but it matched nothing on the page (application/json, 145 bytes)",
        ),
        (HTML, {"css": {"h1": "Sorry"}}, 'expected css "h1" to be "Sorry", got "Your cart"'),
        (
            HTML,
            {"css": {"h1": {"matches": "${bad}"}}},
            'expected css "h1" to match "(": "(" is no regular expression: missing )',
        ),
        (
            HTML,
            {"css": {"h1": {"not": {"contains": "cart"}}}},
            'expected css "h1" not to contain "cart", got "Your cart"',
        ),
        (HTML, {"css": {".free": {"lte": 5}}}, 'expected css ".free" to be at most 5: "Free" is no number'),
        (HTML, {"css": {".price": 1300}}, 'expected css ".price" to be 1300, got "1.299,00 €"'),
        (
            HTML,
            {"css": {"li": {"count": {"gte": 3}}}},
            'expected css "li" to match at least 3 time(s) on the page "Cart" (194 bytes), it matched 2',
        ),
        (HTML, {"css": {"h1": {"exists": False}}}, 'expected css "h1" not to exist, got "Your cart"'),
        (
            HTML,
            {"css": {".nope": {"not": "x"}}},
            'expected css ".nope" not to be "x", but it matched nothing on the page "Cart" (194 bytes)',
        ),
        (HTML, {"cookie": {"x": "1"}}, 'expected cookie x to be "1", but it is not set'),
        (HTML, {"header": {"X": "1"}}, 'expected header X to be "1", but it is not among the headers'),
        (HTML, {"status": {"one_of": [201, 204]}}, "expected status to be one of [201,204], got 200"),
        (
            HTML,
            {"url": {"contains": "thanks"}},
            'expected url to contain "thanks", got "https://shop.test/cart?id=7"',
        ),
        (
            HTML,
            {"json": {"$.a": 1}},
            'json $.a: the page "Cart" (194 bytes) is no JSON (expecting value at line 1, column 1)',
        ),
        (
            HTML,
            {"that": "${total == subtotal}"},
            "expected that ${total == subtotal}, but total is 94.80, subtotal is 89.8",
        ),
        (
            HTML,
            {"that": "${sku > 1}"},
            'expected that ${sku > 1}: "A" is text, not a number; save it with `number: true`',
        ),
        (HTML, {"that": "${nope}"}, "expected that ${nope}: ${nope} is unknown"),
        (
            HTML,
            {"text": {"contains": "${empty}"}},
            'expected text to contain "": that always holds, so it says nothing',
        ),
        (
            HTML,
            {"text": {"contains": "${blank}"}},
            "expected text to contain nothing: that always holds, so it says nothing",
        ),
        (
            HTML,
            {"text": {"matches": "${empty}"}},
            'expected text to match "": that always holds, so it says nothing',
        ),
    ],
    ids=lambda value: str(value)[:70] if isinstance(value, dict) else "",
)
def test_what_does_not_hold_is_told_in_words(page, spec, message):
    assert judge(page, **spec) == [message]


def test_everything_that_does_not_hold_is_told_at_once_and_soft_ones_are_marked():
    spec = Expect(
        css={"h1": "x", ".nope": {"exists": True}},
        that=["${total == 1}", "${qty == 1}"],
        soft={"css": {".gallery": {"exists": True}}, "that": "${qty == 2}"},
    )
    findings = compile_expect(spec, "en-US", pytest.fail).judge(HTML, SCOPE)
    assert [each.soft for each in findings] == [False] * 4 + [True] * 2
    assert {each.reason for each in findings} == {Reason.EXPECTATION}


def test_a_long_value_is_cut():
    (message,) = judge(Page(200, (), b"x" * 100_000), text={"contains": "y"})
    assert len(message) < 200
    assert message.endswith('…"')


@pytest.mark.parametrize(
    ("spec", "positive"),
    [
        ({}, False),
        ({"status": 200}, True),
        ({"status": {"not": 500}}, False),
        ({"css": {"h1": {"exists": True}}}, True),
        ({"css": {"h1": {"exists": False}}}, False),
        ({"css": {"h1": {"count": 0}}}, False),
        ({"css": {"h1": {"count": {"lt": 5}}}}, False),
        ({"css": {"h1": {"count": {"gte": 0}}}}, False),
        ({"css": {"h1": {"count": {"gte": 1}}}}, True),
        ({"css": {"h1": {"count": 2}}}, True),
        ({"text": {"not": {"contains": "error"}}}, False),
        ({"text": {"contains": "ok", "not": {"contains": "error"}}}, True),
        ({"text": "ok"}, True),
        ({"that": "${a == 1}"}, False),
        ({"assets": True}, False),
        ({"soft": {"text": "ok"}}, False),
        ({"json": {"$.a": None}}, True),
    ],
    ids=str,
)
def test_only_what_must_be_there_counts_as_positive(spec, positive):
    assert compile_expect(Expect(**spec), "en-US", pytest.fail).positive is positive


def test_it_tells_the_journey_what_it_needs_to_know():
    spec = Expect(
        status={"one_of": [200, 404]},
        assets=True,
        css={"#${id}": {"contains": "${word}"}},
        that=["${total > a.b}"],
        soft={"text": {"not": {"contains": "${later}"}}},
    )
    expectation = compile_expect(spec, "en-US", pytest.fail)
    assert expectation.expects_status
    assert expectation.wants_assets
    assert [(path, str(each)) for path, each in expectation.references] == [
        (("css", "#${id}"), "id"),
        (("css", "#${id}", "contains"), "word"),
        (("that", 0), "total"),
        (("that", 0), "a.b"),
        (("soft", "text", "not", "contains"), "later"),
    ]
    assert not compile_expect(Expect(text="x"), "en-US", pytest.fail).expects_status


@pytest.mark.parametrize(
    ("spec", "path", "what", "hint"),
    [
        (
            {"css": {"h1": {"contain": "x"}}},
            ("css", "h1", "contain"),
            'no matcher "contain"',
            'did you mean "contains"?',
        ),
        ({"json": {"$.a": {"b": 1}}}, ("json", "$.a", "b"), 'no matcher "b"', "contains"),
        ({"css": {"h1": {}}}, ("css", "h1"), "nothing to compare", "exists"),
        ({"css": {"h1[": "x"}}, ("css", "h1["), "no CSS selector", ""),
        ({"json": {"a.b": 1}}, ("json", "a.b"), "no JSONPath", "starts with $"),
        ({"regex": {"(": "x"}}, ("regex", "("), "no regular expression", ""),
        ({"text": {"matches": "("}}, ("text", "matches"), "no regular expression", ""),
        ({"text": {"matches": ""}}, ("text", "matches"), "always holds", ""),
        ({"text": {"contains": ""}}, ("text", "contains"), "always holds", ""),
        ({"text": {"contains": ["a", ""]}}, ("text", "contains"), "always holds", ""),
        ({"text": {"matches": ".*"}}, ("text", "matches"), "always holds", ""),
        ({"text": {"exists": True}}, ("text", "exists"), "always one text", ""),
        ({"status": "2xx"}, ("status",), '"2xx" is no status', "gte: 200"),
        ({"status": {"one_of": [200, "3xx"]}}, ("status",), '"3xx" is no status', "gte: 200"),
        ({"status": [200, 204]}, ("status",), "never a list", "one_of"),
        ({"status": None}, ("status",), "no value", ""),
        ({"css": {"h1": {"count": True}}}, ("css", "h1", "count"), "needs a number", "exists"),
        ({"css": {"h1": {"count": "many"}}}, ("css", "h1", "count"), "needs a number", ""),
        (
            {"css": {"h1": {"count": {"contains": 1}}}},
            ("css", "h1", "count", "contains"),
            "cannot stand here",
            "",
        ),
        ({"css": {"h1": {"not": {"exists": True}}}}, ("css", "h1", "not", "exists"), "cannot stand here", ""),
        ({"css": {"h1": {"exists": "yes"}}}, ("css", "h1", "exists"), "true or false", ""),
        ({"css": {"h1": {"one_of": "x"}}}, ("css", "h1", "one_of"), "needs a list", "[a, b]"),
        ({"css": {"h1": {"gt": "1,000"}}}, ("css", "h1", "gt"), "needs a number", ""),
        ({"xpath": {"//a": {"attr": "x", "exists": True}}}, ("xpath", "//a", "attr"), "belongs to `css`", ""),
        ({"css": {"h1": {"number": "yes", "gt": 1}}}, ("css", "h1", "number"), "true or false", ""),
        ({"css": {"h1": "${"}}, ("css", "h1"), "never closed", ""),
        ({"css": {"h1": {"one_of": ["a", "${"]}}}, ("css", "h1", "one_of", 1), "never closed", ""),
        ({"that": "${a ==}"}, ("that",), "no expression", ""),
        ({"that": ["a", "${1 == 1}"]}, ("that", 1), "says nothing", ""),
        ({"soft": {"css": {"h1[": 1}}}, ("soft", "css", "h1["), "no CSS selector", ""),
        ({"soft": {"soft": {"text": "x"}}}, ("soft", "soft"), "cannot stand inside", ""),
    ],
    ids=lambda value: str(value)[:50] if isinstance(value, dict) else "",
)
def test_a_mistake_is_told_with_its_path_and_a_hint(spec, path, what, hint):
    found = []
    compile_expect(Expect(**spec), "en-US", lambda *problem: found.append(problem))
    assert [each[0] for each in found] == [path]
    assert what in found[0][1]
    assert hint in found[0][2]


def test_every_mistake_is_told_at_once():
    found = []
    compile_expect(
        Expect(css={"h1[": 1, "h2": {"x": 1, "y": 2}}, that=["${", "a b"]),
        "en-US",
        lambda *one: found.append(one),
    )
    assert len(found) == 5


def test_the_schema_accepts_matchers_and_refuses_unknown_ones():
    schema = Expect.model_json_schema()
    good = {
        "css": {"h1": {"attr": "x", "gt": 1}, "p": "x"},
        "json": {"$.a": [1]},
        "that": "${a}",
        "soft": {"text": "x"},
    }
    jsonschema.validate(good, schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"css": {"h1": {"contain": "x"}}}, schema)


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(["${sku}", "${no}", "("]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
WORDS = st.sampled_from(
    ["contains", "matches", "gt", "gte", "lt", "lte", "one_of", "exists", "count", "not", "attr", "number"]
)
MATCHERS = VALUES | st.recursive(
    st.dictionaries(WORDS, VALUES, min_size=1, max_size=3),
    lambda inner: st.dictionaries(st.sampled_from(["not", "count"]), inner, min_size=1, max_size=2),
    max_leaves=3,
)
SELECTORS = st.sampled_from(
    ["a", "$", "$.a", "$..*", "//a", "(a+)+$", "count(//a)", "${sku}", "h1[", "*", ""]
)


@given(
    st.dictionaries(
        st.sampled_from(["css", "xpath", "json", "regex", "header", "cookie"]),
        st.dictionaries(SELECTORS, MATCHERS, max_size=2),
        max_size=3,
    ),
    st.dictionaries(st.sampled_from(["status", "url", "text"]), MATCHERS, max_size=2),
    st.binary(max_size=60) | VALUES.map(lambda value: json.dumps(value).encode()),
)
def test_any_expectation_judges_any_page_or_is_refused(by_selector, by_kind, body):
    found = []
    expectation = compile_expect(
        Expect(**by_selector, **by_kind), "es-ES", lambda *problem: found.append(problem)
    )
    page = Page(200, (("a", "1"),), body, "https://shop.test/", {"a": "b"})
    assert all(finding.message for finding in expectation.judge(page, {"sku": "a"}))
    assert isinstance(expectation.positive, bool)
    assert all(what for _, what, _ in found)
