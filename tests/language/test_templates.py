"""Templates, trees and conditions."""

import contextlib
import time
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from techrun.language.errors import ExpressionError, MissingNameError, TemplateError
from techrun.language.expressions import FILTERS, compile_condition, compile_template, compile_tree
from techrun.language.scalars import FloatText, IntText

SCOPE = {
    "sku": "PROBE-1",
    "qty": IntText(2, "02"),
    "price": Decimal("89.80"),
    "shipping": 5.0,
    "cost": 89.8,
    "rate": FloatText(0.1, "0.10"),
    "none": None,
    "words": " Taladro & Co ",
    "items": [3, 1, 2],
    "article": {"sku": "A-1", "tags": ["x", "y"], "dotted.key": "d"},
    "env": {"HOST": "shop.test", "EMPTY": ""},
    "secret": {"TOKEN": "tr-0123"},
}


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ("plain", "plain"),
        ("", ""),
        ("$5 {x} $.a[0]", "$5 {x} $.a[0]"),
        ("${sku}", "PROBE-1"),
        ("${ sku }", "PROBE-1"),
        ("${price}", Decimal("89.80")),
        ("${article}", SCOPE["article"]),
        ("/p/${sku}?n=${qty}", "/p/PROBE-1?n=02"),
        ("${article.tags[1]}", "y"),
        ('${article["dotted.key"]}', "d"),
        ("${items[-1]}", 2),
        ("$${sku} ${sku}", "${sku} PROBE-1"),
        ("$${", "${"),
        ("$$${sku}", "$${sku}"),
        ("${env.HOST}", "shop.test"),
        ("${env.NOPE:-it's {a default}", "it's {a default"),
        ("${env.EMPTY:-x}", "x"),
        ("${env.NOPE:-}", ""),
        ("Bearer ${secret.TOKEN}", "Bearer tr-0123"),
        ('${"}" + sku}', "}PROBE-1"),
        ("${'it\\'s}'}", "it's}"),
        ("${price + shipping}", Decimal("94.80")),
        ("${rate + 0.2 == 0.3}", True),
        ("${0.1 + 0.2 == 0.3}", True),
        ("${cost == 89.80}", True),
        ("${cost == price}", True),
        ("${qty * 3}", 6),
        ("${7 / 2}", Decimal("3.5")),
        ("${7 // 2}", 3),
        ("${-7 // 2}", -4),
        ("${-7.0 // 2}", -4),
        ("${1 < qty <= 2}", True),
        ("${1 < qty < 2}", False),
        ("${not sku}", False),
        ("${none or sku}", "PROBE-1"),
        ("${sku and qty}", 2),
        ("${'x' in article.tags}", True),
        ("${2 in items}", True),
        ("${'PROBE' in sku}", True),
        ("${'sku' not in article}", False),
        ("${none == null}", True),
        ("${true}", True),
        ("${[1, sku]}", [1, "PROBE-1"]),
        ("${upper(trim(words))}", "TALADRO & CO"),
        ("${lower(sku)}", "probe-1"),
        ("${length(items) + length(sku)}", 10),
        ("${number('12.50')}", Decimal("12.50")),
        ("${round(10 / 3, 2)}", Decimal("3.33")),
        ("${round(2.5)}", 3),
        ("${min(items)}", 1),
        ("${max(price, shipping)}", Decimal("89.80")),
        ("${abs(shipping - price)}", Decimal("84.80")),
        ("${first(items)}${last(items)}", "32"),
        ("${last(split('a/b/c', '/'))}", "c"),
        ("${join(items, '-')}", "3-1-2"),
        ("${replace(sku, 'PROBE', 'X')}", "X-1"),
        ("${urlencode(trim(words))}", "Taladro%20%26%20Co"),
        ("${text(qty)}", "02"),
    ],
)
def test_a_template_renders(source, value):
    assert compile_template(source).render(SCOPE) == value


def test_every_filter_is_described_in_a_line():
    assert all(each.summary and "\n" not in each.summary for each in FILTERS.values())


@pytest.mark.parametrize(
    ("source", "what", "offset"),
    [
        ("a ${sku", "never closed", 2),
        ("a ${'}", "never closed", 2),
        ("${}", "empty", 2),
        ("${ }", "empty", 2),
        ("${sku sku}", "is no expression", 6),
        ("${sku ** 2}", "operator", 2),
        ("${'a' % 1}", "operator", 2),
        ("${sku if qty else 1}", "if … else", 2),
        ("${lambda: 1}", "a function", 2),
        ("x ${open('f')}", "there is no filter open()", 4),
        ("${sku.upper()}", "there is no filter sku.upper()", 2),
        ("${[x for x in items]}", "cannot be used", 2),
        ("${f'{sku}'}", "f-string", 2),
        ("${items[0:1]}", "slices", 2),
        ("${upper()}", "takes 1 value", 2),
        ("${upper(sku, x=1)}", "takes 1 value", 2),
        ("${sku is none}", "`is`", 2),
        ("${secret.X:-y}", "a secret has no default", 2),
        ("${9" + "9" * 70 + "}", "digits", 2),
        ("${" + "(" * 300 + "1" + ")" * 300 + "}", "is no expression", None),
        ("${" + "-" * 900 + "1}", "too large", None),
        ("${" + "not " * 200 + "1}", "too large", None),
        ("${" + "1+" * 300 + "1}", "too large", None),
        ("${" + "1+" * 3000 + "1}", "more than 1000 characters", None),
        ("${sku}" * 1001, "more than 1000 expressions", None),
        ("${\0}", "", None),
    ],
    ids=lambda value: str(value)[:30],
)
def test_a_template_that_is_written_wrongly_is_refused_with_its_place(source, what, offset):
    with pytest.raises(TemplateError) as caught:
        compile_template(source)
    assert what in caught.value.what
    assert offset is None or caught.value.offset == offset


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("${'a' * 3}", '"a" is text, not a number'),
        ("${sku * 99999}", "not a number"),
        ("${items * 3}", "is a list, not a number"),
        ("${sku + 1}", "not a number"),
        ("${sku == 1}", "number: true"),
        ("${sku > 1}", "number: true"),
        ("${none > 1}", "is nothing, not a number"),
        ("${1 / 0}", "divided by zero"),
        ("${1.5 // 0}", "divided by zero"),
        ("${0.0 / 0}", "cannot be worked out"),
        ("${items[9]}", "no item 9, there are 3"),
        ("${sku.x}", "it has no parts"),
        ("${price.x}", "it has no parts"),
        ("${first([])}", "empty list"),
        ("${split(sku, '')}", "separator"),
        ("${replace(sku, '', 'x')}", "text to replace"),
        ("${number(words)}", "no plain number"),
        ("${round(1, 99)}", "0 to 20 places"),
        (
            "${10000000000000000000000000000000000000000 * 10000000000000000000000000000000000000000}",
            "digits",
        ),
    ],
)
def test_an_expression_that_cannot_be_worked_out_says_why(source, says):
    with pytest.raises(ExpressionError, match=says.replace("(", "\\(")):
        compile_template(source).render(SCOPE)


@pytest.mark.parametrize(
    ("source", "name", "says"),
    [
        ("${pric}", "pric", 'did you mean "price"?'),
        ("${article.sk}", "article.sk", 'did you mean "sku"?'),
        ("${secret.TOKE}", "secret.TOKE", 'did you mean "TOKEN"?'),
        ("${nothing.at.all}", "nothing", "is unknown"),
        ("${article['zzz']}", "article['zzz']", "is unknown"),
        ("a${env.NOPE}", "env.NOPE", "is unknown"),
    ],
)
def test_an_unknown_name_is_named_with_the_closest_known_one(source, name, says):
    with pytest.raises(MissingNameError) as caught:
        compile_template(source).render(SCOPE)
    assert caught.value.name == name
    assert says in str(caught.value)


def test_references_tell_names_places_and_defaults():
    template = compile_template("${env.A:-x} ${secret.B} ${price + article.tags[0]} ${round(qty)}")
    found = [(str(each), each.has_default, each.offset) for each in template.references]
    assert found == [
        ("env.A", True, 2),
        ("secret.B", False, 14),
        ("price", False, 26),
        ("article.tags", False, 34),
        ("qty", False, 59),
    ]
    assert not template.constant
    assert compile_template("$${x}").constant


def test_a_value_grown_too_large_is_refused_before_it_takes_memory():
    big = {"x": "a" * 60_000, "text": "b" * 3_000_000}
    for source in (
        "${x + x}",
        "${replace(x, 'a', x)}",
        "${join(split(x, 'a'), x)}",
        "${text}${text}",
        "${upper(text)}",
    ):
        with pytest.raises(ExpressionError):
            compile_template(source).render(big)


def test_a_tree_renders_every_text_and_keeps_keys_and_numbers():
    written = {"address": "${article}", "list": [1, {"k": "n ${qty}"}], "${sku}": "x", "zip": SCOPE["qty"]}
    tree = compile_tree(written)
    assert tree.render(SCOPE) == {
        "address": SCOPE["article"],
        "list": [1, {"k": "n 02"}],
        "${sku}": "x",
        "zip": 2,
    }
    assert tree.render(SCOPE)["zip"].text == "02"
    assert [(each.path, str(each.reference)) for each in tree.references] == [
        (("address",), "article"),
        (("list", 1, "k"), "qty"),
    ]
    assert compile_tree({"a": [1, "b"]}).constant


def test_a_mistake_in_a_tree_knows_its_path():
    with pytest.raises(TemplateError) as caught:
        compile_tree({"a": ["ok", "${"]})
    assert caught.value.path == ("a", 1)


@pytest.mark.parametrize(
    ("source", "holds"),
    [
        ("${sku}", True),
        ("sku", True),
        ("${order_id}", False),
        ("order_id", False),
        ("not order_id", True),
        ("${order_id > 5}", False),
        ("order_id or sku", True),
        ("order_id and sku", False),
        ("${article.nope == 1}", False),
        ("price > 10 and qty == 2", True),
        (True, True),
        (False, False),
    ],
)
def test_a_condition_takes_what_is_unknown_as_false(source, holds):
    assert compile_condition(source).holds(SCOPE) is holds


def test_a_condition_can_also_insist_on_its_names():
    with pytest.raises(MissingNameError):
        compile_condition("${order_id > 5}").value(SCOPE)


@pytest.mark.parametrize("source", ["${a} ${b}", "a ${b}", "${", "", "${env.X:-y}", "a b"])
def test_a_condition_is_one_expression(source):
    with pytest.raises(TemplateError):
        compile_condition(source)


@given(st.text(alphabet="${}'\"\\ab.:-[]()+*/<=>!, \n\t19", max_size=60))
def test_any_template_compiles_and_renders_or_is_refused(source):
    with contextlib.suppress(TemplateError, ExpressionError):
        compile_template(source).render({"a": "x", "b": {"a": [1, "y"]}})


ATOMS = st.sampled_from(["a", "b", "1", "2.5", "'t'", "null", "true", "c.d", "[1,2]", "nope", "99999999999"])
EXPRESSIONS = st.recursive(
    ATOMS,
    lambda inner: st.one_of(
        st.tuples(
            inner, st.sampled_from(["+", "-", "*", "/", "//", "<", "==", "and", "or", "in"]), inner
        ).map(lambda parts: f"({' '.join(parts)})"),
        st.tuples(st.sampled_from([*FILTERS]), st.lists(inner, max_size=3)).map(
            lambda parts: f"{parts[0]}({', '.join(parts[1])})"
        ),
        inner.map(lambda part: f"not {part}"),
        st.tuples(inner, inner).map(lambda parts: f"{parts[0]}[{parts[1]}]"),
    ),
    max_leaves=12,
)


@given(EXPRESSIONS)
def test_any_expression_is_worked_out_or_refused_quickly(source):
    started = time.process_time()
    try:
        compile_template("${" + source + "}").render({"a": 7, "b": "x" * 1000, "c": {"d": Decimal("1e50")}})
        compile_condition(source).holds({})
    except (TemplateError, ExpressionError):
        pass
    assert time.process_time() - started < 1
