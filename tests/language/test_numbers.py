"""Numbers as YAML wrote them, and numbers written for people."""

import contextlib
import copy
import pickle
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from techrun.language.errors import NumberError
from techrun.language.scalars import FloatText, IntText, json_text, parse_number, text_of


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (IntText(668, "01234"), "01234"),
        (FloatText(1.1, "1.10"), "1.10"),
        (True, "true"),
        (False, "false"),
        (None, ""),
        ("as it is", "as it is"),
        (12, "12"),
        (1.5, "1.5"),
        (Decimal("89.80"), "89.80"),
        (Decimal("1E+3"), "1000"),
        (["a", 1, None], '["a",1,null]'),
        ({"ñ": Decimal("1.50")}, '{"ñ":1.5}'),
    ],
    ids=str,
)
def test_text_of_a_value_is_what_the_user_wrote(value, text):
    assert text_of(value) == text


@pytest.mark.parametrize("number", [IntText(1234, "01234"), FloatText(1.1, "1.10")], ids=repr)
def test_a_yaml_number_keeps_its_text_when_it_is_copied_or_pickled(number):
    for twin in (copy.copy(number), copy.deepcopy(number), pickle.loads(pickle.dumps(number))):
        assert (twin, twin.text) == (number, number.text)


def test_a_yaml_number_is_a_number_in_json():
    assert json_text({"zip": IntText(1234, "01234"), "price": FloatText(1.1, "1.10")}) == (
        '{"zip":1234,"price":1.1}'
    )


@pytest.mark.parametrize(
    ("text", "locale", "number"),
    [
        ("1.299,00 €", "es-ES", "1299.00"),
        ("1.299,00 €", "en-US", "1299.00"),
        ("$1,299.00", "en-US", "1299.00"),
        ("$1,299.00", "es-ES", "1299.00"),
        ("1.035", "es-ES", "1035"),
        ("1.035", "en-US", "1.035"),
        ("1,035", "es-ES", "1.035"),
        ("1,035", "en-US", "1035"),
        ("1.035", "de-CH", "1.035"),
        ("1.035", "es-MX", "1.035"),
        ("1.035", "fr_FR", "1035"),
        ("0.125", "es-ES", "0.125"),
        ("129.00", "es-ES", "129.00"),
        ("1.234.567", "en-US", "1234567"),
        ("-5,00", "es-ES", "-5.00"),
        ("\N{MINUS SIGN}5,00 €", "es-ES", "-5.00"),
        ("-$5.00", "en-US", "-5.00"),
        ("$-5.00", "en-US", "-5.00"),
        ("Total: -5", "en-US", "-5"),
        ("(5.00)", "en-US", "-5.00"),
        ("5,00-", "de-DE", "-5.00"),
        ("5,- €", "nl-NL", "5"),
        ("1\N{NO-BREAK SPACE}299,00\N{NO-BREAK SPACE}€", "fr-FR", "1299.00"),
        ("1\N{NARROW NO-BREAK SPACE}299,00 €", "fr-FR", "1299.00"),
        ("CHF 1'299.50", "de-CH", "1299.50"),
        ("CHF 1\N{RIGHT SINGLE QUOTATION MARK}299.50", "de-CH", "1299.50"),
        ("1,23,456.00", "en-IN", "123456.00"),
        ("35€ 99", "fr-FR", "35.99"),
        (".75", "en-US", "0.75"),
        ("21 %", "es-ES", "21"),
        ("R$ 1.299,90", "pt-BR", "1299.90"),
        ("Price: 12.", "en-US", "12"),
    ],
)
def test_a_number_written_for_people_is_read(text, locale, number):
    assert parse_number(text, locale) == Decimal(number)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Free",
        "12 x 3,50 €",
        "5 - 10",
        "1.299.00",
        "1,2,3",
        "12 34",
        "1e5",
        "SKU-5",
        "Discount - 5 €",
        "iPhone 15: 199 €",
        "x" * 300 + "5",
    ],
)
def test_a_text_in_doubt_is_no_number(text):
    with pytest.raises(NumberError):
        parse_number(text, "es-ES")


@given(st.text(), st.sampled_from(["es-ES", "en-US", "de-CH", "", "x"]))
def test_any_text_is_a_number_or_refused(text, locale):
    with contextlib.suppress(NumberError):
        assert parse_number(text, locale).is_finite()


@given(
    st.text(alphabet="0123456789.,' -()€$%+\N{NO-BREAK SPACE}e", max_size=20),
    st.sampled_from(["es-ES", "en-US"]),
)
def test_any_text_of_digits_and_signs_is_a_number_or_refused(text, locale):
    with contextlib.suppress(NumberError):
        assert parse_number(text, locale).is_finite()


@given(st.decimals(min_value=-(10**9), max_value=10**9, places=2))
def test_every_price_is_read_back_in_both_ways_of_writing_it(price):
    english = f"{price:,.2f}"
    spanish = english.translate(str.maketrans(".,", ",."))
    assert parse_number(english, "en-US") == parse_number(f"{spanish} €", "es-ES") == price
