"""What an expression does while it runs: looks things up, calculates exactly, compares."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping
from decimal import ROUND_FLOOR, Decimal, DecimalException
from typing import Any

from techrun.language._filters import LONGEST_TEXT, MONEY, as_number, kind_of, show
from techrun.language.errors import ExpressionError, MissingNameError
from techrun.language.scalars import text_of

Scope = Mapping[str, Any]
Evaluate = Callable[[Scope], Any]


def name_slot(name: str) -> Evaluate:
    """The fast way to `${name}`."""

    def evaluate(scope: Scope) -> Any:
        try:
            return scope[name]
        except KeyError:
            raise MissingNameError(name, scope) from None

    return evaluate


def path_slot(path: tuple[str, ...]) -> Evaluate:
    """The fast way to `${a.b}`."""

    def evaluate(scope: Scope) -> Any:
        value: Any = scope
        for index, name in enumerate(path):
            try:
                value = value[name]
            except (KeyError, TypeError, IndexError):
                return step_into(value, name, ".".join(path[: index + 1]))
        return value

    return evaluate


def step_into(value: Any, key: Any, what: str) -> Any:
    """One item of a map or list; `what` names it in the error."""
    if isinstance(value, Mapping):
        key = text_of(key)
        if key in value:
            return value[key]
        raise MissingNameError(what, map(str, value))
    if isinstance(value, list | tuple | str) and not isinstance(key, str):
        index = as_number(key)
        if isinstance(index, int) and -len(value) <= index < len(value):
            return value[index]
        raise ExpressionError(f"{what}: there is no item {index}, there are {len(value)}")
    raise ExpressionError(f"{what}: {show(value)} is {kind_of(value)}, it has no parts")


def _add(left: Any, right: Any) -> Any:
    if isinstance(left, str) and isinstance(right, str):
        if len(left) + len(right) > LONGEST_TEXT:
            raise ExpressionError("adding two texts would make too long a text")
        return left + right
    return _calculate(operator.add, MONEY.add, left, right)


def _divide(left: Any, right: Any) -> Any:
    return _calculate(None, MONEY.divide, left, right)


def _floor(left: Any, right: Any) -> Any:
    return _calculate(operator.floordiv, _divide_down, left, right)


def _divide_down(left: Any, right: Any) -> Decimal:
    return MONEY.divide(left, right).to_integral_value(ROUND_FLOOR)


def _subtract(left: Any, right: Any) -> Any:
    return _calculate(operator.sub, MONEY.subtract, left, right)


def _multiply(left: Any, right: Any) -> Any:
    return _calculate(operator.mul, MONEY.multiply, left, right)


def _calculate(
    whole: Callable[[int, int], int] | None,
    fraction: Callable[[Any, Any], Decimal],
    left: Any,
    right: Any,
) -> int | Decimal:
    """Whole numbers stay whole, all others are exact decimals; the result is bounded."""
    one, other = as_number(left), as_number(right)
    try:
        if whole is not None and isinstance(one, int) and isinstance(other, int):
            return as_number(whole(int(one), int(other)))
        return as_number(fraction(one, other))
    except ZeroDivisionError:
        raise ExpressionError(f"{show(one)} is divided by zero") from None
    except DecimalException:
        raise ExpressionError(f"{show(one)} and {show(other)} cannot be worked out") from None


def equal(left: Any, right: Any) -> bool:
    """Whether two values are the same; a text and a number cannot be compared."""
    if _is_number(left) and _is_number(right):
        return bool(as_number(left) == as_number(right))
    if (_is_number(left) and isinstance(right, str)) or (isinstance(left, str) and _is_number(right)):
        as_number(left), as_number(right)
    return bool(left == right)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float | Decimal) and not isinstance(value, bool)


def _order(test: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    def compare(left: Any, right: Any) -> bool:
        if isinstance(left, str) and isinstance(right, str):
            return test(left, right)
        return test(as_number(left), as_number(right))

    return compare


def _contains(item: Any, container: Any) -> bool:
    if isinstance(container, str):
        return text_of(item) in container
    if isinstance(container, list | tuple):
        return any((type(item) is type(each) and equal(item, each)) or item == each for each in container)
    if isinstance(container, Mapping):
        return text_of(item) in container
    raise ExpressionError(f"{show(container)} is {kind_of(container)}, nothing can be in it")


OPERATORS: Mapping[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: _add,
    ast.Sub: _subtract,
    ast.Mult: _multiply,
    ast.Div: _divide,
    ast.FloorDiv: _floor,
}
COMPARISONS: Mapping[type[ast.cmpop], Callable[[Any, Any], bool]] = {
    ast.Eq: equal,
    ast.NotEq: lambda left, right: not equal(left, right),
    ast.Lt: _order(operator.lt),
    ast.LtE: _order(operator.le),
    ast.Gt: _order(operator.gt),
    ast.GtE: _order(operator.ge),
    ast.In: _contains,
    ast.NotIn: lambda item, container: not _contains(item, container),
}
