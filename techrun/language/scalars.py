"""Single values: the text that a YAML number was written as, and numbers written for people."""

from __future__ import annotations

import json
import re
import unicodedata
from decimal import Decimal
from typing import Any, Self

from price_parser import Price

from techrun.language.errors import ExpressionError, NumberError
from techrun.language.words import shorten

LONGEST_NUMBER = 200
"""Characters of a text in which a number is looked for."""


class IntText(int):
    """A whole number that remembers how it was written (`01234`)."""

    text: str

    def __new__(cls, value: int, text: str) -> Self:
        """The number `value`, written as `text`."""
        number = super().__new__(cls, value)
        number.text = text
        return number

    def __getnewargs__(self) -> tuple[int, str]:  # type: ignore[override]  # int's own takes no text
        return int(self), self.text


class FloatText(float):
    """A number with a fraction that remembers how it was written (`1.10`)."""

    text: str

    def __new__(cls, value: float, text: str) -> Self:
        """The number `value`, written as `text`."""
        number = super().__new__(cls, value)
        number.text = text
        return number

    def __getnewargs__(self) -> tuple[float, str]:  # type: ignore[override]  # float's own takes no text
        return float(self), self.text


def text_of(value: Any) -> str:
    """A value as it goes into a form, query, header or text; lists and maps become JSON."""
    match value:
        case str():
            text = value
        case IntText() | FloatText():
            text = value.text
        case None:
            text = ""
        case Decimal():
            text = plain_decimal(value)
        case _:
            text = json_text(value)
    return text


def json_text(value: Any) -> str:
    """A value as compact JSON; raises `ExpressionError` where it is nested too deeply."""
    try:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=_json_number)
    except RecursionError:
        raise ExpressionError("the value is nested too deeply to be written as JSON") from None


def _json_number(value: Any) -> Any:
    """What the JSON encoder does not know: an exact number; anything else as its text."""
    if not isinstance(value, Decimal):
        return str(value)
    return int(value) if value == value.to_integral_value() else float(value)


def plain_decimal(number: Decimal) -> str:
    """A number without an exponent, unless that would take more than a line."""
    return format(number, "f") if number.is_finite() and -40 < number.adjusted() < 40 else str(number)


def exact(value: float | Decimal) -> int | Decimal:
    """A number without the error of binary fractions: 0.1 is one tenth, as it was written."""
    if isinstance(value, float):
        return Decimal(value.text if isinstance(value, FloatText) else repr(value))
    return value


DECIMAL_COMMA = re.compile(
    "a[fz]|b[egs]|c[as]|d[ae]|e[lstu]|f[ior]|gl|h[ruy]|i[dst]|k[ak]|l[tv]|mk|n[blno]|p[lt]|r[ou]|s[klqrv]|"
    "tr|u[kz]|vi",
    re.IGNORECASE,
)
"""Languages that write one and a half as 1,5."""

DECIMAL_POINT_REGIONS = frozenset({"CH", "LI", "MX", "US", "GT", "HN", "NI", "PA", "PE", "PR", "SV", "DO"})
"""Regions that write 1.5 whatever the language says."""

NUMBER = re.compile(
    r"""
    (?: (?P<grouped>\d{1,3}(?:(?P<group>[.,' ])\d{3})(?:(?P=group)\d{3})*)
      | (?P<lakh>\d{1,2}(?:,\d{2})+,\d{3})
      | (?P<plain>\d+)
    )?
    (?: (?P<decimal>[.,€])(?P<fraction>\d+) )?
    """,
    re.VERBOSE | re.ASCII,
)
SPACES = re.compile(r"\s+")
SIGNS = str.maketrans({"\N{RIGHT SINGLE QUOTATION MARK}": "'", "\N{MINUS SIGN}": "-", "%": " "})
"""What is written in more than one way, or says nothing about the number."""


class _InDoubtError(Exception):
    """Why a text is not read as a number; who raises it no longer has the text as it was found."""


def parse_number(text: str, locale: str) -> Decimal:
    """The number in a text written for people (`1.299,00 €`); raises `NumberError` where in doubt.

    Only a text such as `1.035` needs the locale: es-ES reads 1035, en-US reads 1.035.
    """
    line = SPACES.sub(" ", unicodedata.normalize("NFKC", text[: LONGEST_NUMBER + 1]).translate(SIGNS))
    line = line.strip()
    if len(line) > LONGEST_NUMBER:
        raise NumberError(f'"{shorten(text, 60)}" is too long a text for one number')
    price = Price.fromstring(line)
    found = price.amount_text
    if not found or not _count_digits(line):
        raise NumberError(f'"{shorten(text, 60)}" is no number')
    if _count_digits(found) != _count_digits(line):
        raise NumberError(f'"{shorten(text, 60)}" could be read as more than one number')
    try:
        amount = _amount(found, locale)
        return -amount if _is_negative(line, price.currency or "") else amount
    except _InDoubtError as doubt:
        raise NumberError(f'"{shorten(text, 60)}"{doubt}') from None


def _count_digits(text: str) -> int:
    return sum(map(str.isdecimal, text))


def _amount(found: str, locale: str) -> Decimal:
    """The value of a number text without sign and currency."""
    match = NUMBER.fullmatch(found.replace(" €", "€").replace("€ ", "€"))
    if match is None or (match["group"] and match["group"] == match["decimal"]):
        raise _InDoubtError(" could be read as more than one number")
    whole = match["plain"] or match["grouped"] or match["lakh"] or "0"
    fraction = match["fraction"] or ""
    if _is_fraction(match, locale):
        whole, fraction = whole.split(match["group"])
    digits = "".join(filter(str.isdecimal, whole))
    return Decimal(f"{digits}.{fraction}" if fraction else digits)


def _is_fraction(match: re.Match[str], locale: str) -> bool:
    """Whether what looks like one group of thousands (`1.035`) is a fraction instead."""
    grouped, group = match["grouped"], match["group"]
    if not grouped or group not in ".," or grouped.count(group) > 1 or match["fraction"]:
        return False
    return grouped.startswith("0") or group == decimal_mark(locale)


def decimal_mark(locale: str) -> str:
    """The character before the fraction: `,` in es-ES, `.` in en-US."""
    language, _, region = locale.replace("_", "-").partition("-")
    if region.upper() in DECIMAL_POINT_REGIONS:
        return "."
    return "," if DECIMAL_COMMA.fullmatch(language) else "."


def _is_negative(line: str, currency: str) -> bool:
    """Whether the number has a minus before it, behind it or is in brackets as bookkeepers write it."""
    first = next(index for index, sign in enumerate(line) if sign.isdecimal())
    last = max(index for index, sign in enumerate(line) if sign.isdecimal())
    before = line[:first].rstrip(".,").replace(currency, "", 1)
    behind = line[last + 1 :].replace(currency, "", 1).strip()
    if (before.strip(), behind) == ("(", ")") or behind == "-":
        return True
    words, dash, space = before.rpartition("-")
    if not dash or space.strip():
        return False
    if words.strip() and (space or not words.endswith(" ")):
        raise _InDoubtError(": it is in doubt whether the dash is a minus")
    return True
