"""Expressions: Python's own parser behind a whitelist, turned once into closures that are cheap to run.

What may be written: names, `.` and `[…]` into maps and lists, text, numbers, `true false null`,
lists, `+ - * / //`, comparisons (also chained, `in` and `not in`), `and or not`, and the named
filters. No other calls, no `**`, no `%`, no repeated text: no expression can take more than
milliseconds or megabytes.
"""

from __future__ import annotations

import ast
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from techrun.language._filters import FILTERS, as_number
from techrun.language._operations import (
    COMPARISONS,
    OPERATORS,
    Evaluate,
    Scope,
    name_slot,
    path_slot,
    step_into,
)
from techrun.language.errors import ExpressionError, MissingNameError, TemplateError
from techrun.language.words import did_you_mean

LONGEST_EXPRESSION = 1_000
"""Characters."""
MOST_NODES = 200
DEEPEST = 30
WORDS: Mapping[str, Any] = {"true": True, "false": False, "null": None, "none": None}


@dataclass(frozen=True, slots=True)
class Reference:
    """A name that a template needs: `("secret", "X")`, `("price",)`; `offset` is its place in the source."""

    path: tuple[str, ...]
    has_default: bool = False
    offset: int = 0

    def __str__(self) -> str:
        return ".".join(self.path)


@dataclass(frozen=True, slots=True)
class Expression:
    """One compiled expression: call it with a scope."""

    source: str
    evaluate: Evaluate
    references: tuple[Reference, ...] = ()


def compile_expression(source: str, offset: int = 0, *, lenient: bool = False) -> Expression:
    """Compile one expression; raises `TemplateError`.

    `lenient`: an operand of `and`, `or`, `not`, or the whole, that names something unknown is false.
    """
    stripped = source.strip()
    start = offset + source.find(stripped)
    tree = _parse(stripped, start)
    compiler = _Compiler(start, lenient=lenient)
    evaluate = compiler.condition(tree) if lenient else compiler.compile(tree)
    return Expression(stripped, evaluate, tuple(compiler.references))


def _parse(source: str, offset: int) -> ast.expr:
    if not source:
        raise TemplateError("an expression is empty", "write a name between the braces: ${name}", offset)
    if len(source) > LONGEST_EXPRESSION:
        raise TemplateError(f"an expression has more than {LONGEST_EXPRESSION} characters", "", offset)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the parser warns of `"\d"`, which is fine here
            tree = ast.parse(source.replace("\n", " ").replace("\r", " "), mode="eval").body
    except SyntaxError as error:
        at = offset + max((error.offset or 1) - 1, 0)
        raise TemplateError(f"${{{source}}} is no expression: {error.msg}", _HINT, at) from None
    except (ValueError, RecursionError, MemoryError):
        raise TemplateError("an expression cannot be read", _HINT, offset) from None
    _check_size(tree, offset)
    return tree


_HINT = "write names, numbers, text in quotes, + - * / //, comparisons, and or not, or a filter"


def _check_size(tree: ast.expr, offset: int) -> None:
    """Refuse an expression of too many nodes or too deep a nesting."""
    level: list[ast.AST] = [tree]
    nodes = depth = 0
    while level:
        nodes, depth = nodes + len(level), depth + 1
        if nodes > MOST_NODES or depth > DEEPEST:
            raise TemplateError("an expression is too large", "save parts of it under names", offset)
        level = [child for node in level for child in _expressions(node)]


def _expressions(node: ast.AST) -> Iterator[ast.AST]:
    return (child for child in ast.iter_child_nodes(node) if isinstance(child, ast.expr))


@dataclass(slots=True)
class _Compiler:
    """Turns nodes into closures and notes the names that they need."""

    offset: int
    lenient: bool = False
    references: list[Reference] = field(default_factory=list)

    def compile(self, node: ast.expr) -> Evaluate:
        make = _NODES.get(type(node))
        if make is None:
            raise self.error(f"{_NAMES.get(type(node), 'this')} cannot be used in an expression", _HINT, node)
        return make(self, node)

    def error(self, what: str, hint: str, node: ast.expr) -> TemplateError:
        return TemplateError(what, hint, self.offset + node.col_offset)

    def condition(self, node: ast.expr) -> Evaluate:
        """An operand of which only the truth counts."""
        evaluate = self.compile(node)
        return _false_where_unknown(evaluate) if self.lenient else evaluate

    def constant(self, node: ast.Constant) -> Evaluate:
        value = node.value
        if isinstance(value, bool | str | None):
            return lambda _scope: value
        if isinstance(value, int | float):
            try:
                number = as_number(value)
            except ExpressionError as error:
                raise self.error(str(error), "", node) from None
            return lambda _scope: number
        raise self.error("this kind of value cannot be used in an expression", _HINT, node)

    def name(self, node: ast.Name) -> Evaluate:
        if node.id in WORDS:
            word = WORDS[node.id]
            return lambda _scope: word
        self.references.append(Reference((node.id,), offset=self.offset + node.col_offset))
        return name_slot(node.id)

    def attribute(self, node: ast.Attribute) -> Evaluate:
        path = _dotted(node)
        if path:
            self.references.append(Reference(path, offset=self.offset + node.col_offset))
            return path_slot(path)
        inner, key = self.compile(node.value), node.attr
        return lambda scope: step_into(inner(scope), key, key)

    def subscript(self, node: ast.Subscript) -> Evaluate:
        if isinstance(node.slice, ast.Slice):
            raise self.error("slices cannot be used in an expression", "use one index: items[0]", node)
        inner, key, what = self.compile(node.value), self.compile(node.slice), ast.unparse(node)
        return lambda scope: step_into(inner(scope), key(scope), what)

    def items(self, node: ast.List) -> Evaluate:
        items = [self.compile(item) for item in node.elts]
        return lambda scope: [item(scope) for item in items]

    def binary(self, node: ast.BinOp) -> Evaluate:
        combine = OPERATORS.get(type(node.op))
        if combine is None:
            raise self.error("this operator cannot be used in an expression", "there are + - * / //", node)
        left, right = self.compile(node.left), self.compile(node.right)
        return lambda scope: combine(left(scope), right(scope))

    def unary(self, node: ast.UnaryOp) -> Evaluate:
        if isinstance(node.op, ast.Not):
            operand = self.condition(node.operand)
            return lambda scope: not operand(scope)
        operand = self.compile(node.operand)
        if isinstance(node.op, ast.USub):
            return lambda scope: -as_number(operand(scope))
        if isinstance(node.op, ast.UAdd):
            return lambda scope: as_number(operand(scope))
        raise self.error("~ cannot be used in an expression", _HINT, node)

    def boolean(self, node: ast.BoolOp) -> Evaluate:
        operands = [self.condition(value) for value in node.values]
        stop = isinstance(node.op, ast.Or)

        def evaluate(scope: Scope) -> Any:
            value = None
            for operand in operands:
                value = operand(scope)
                if bool(value) is stop:
                    break
            return value

        return evaluate

    def comparison(self, node: ast.Compare) -> Evaluate:
        tests = [COMPARISONS.get(type(op)) for op in node.ops]
        if None in tests:
            raise self.error("`is` cannot be used in an expression", "write ==", node)
        first, rest = self.compile(node.left), [self.compile(value) for value in node.comparators]
        pairs = [(test, value) for test, value in zip(tests, rest, strict=True) if test is not None]

        def evaluate(scope: Scope) -> bool:
            left = first(scope)
            for test, value in pairs:
                right = value(scope)
                if not test(left, right):
                    return False
                left = right
            return True

        return evaluate

    def call(self, node: ast.Call) -> Evaluate:
        name = node.func.id if isinstance(node.func, ast.Name) else ast.unparse(node.func)
        known = FILTERS.get(name)
        if known is None:
            hint = did_you_mean(name, FILTERS) or f"there are {', '.join(FILTERS)}"
            raise self.error(f"there is no filter {name}()", hint, node)
        if node.keywords or not known.least <= len(node.args) <= known.most:
            wanted = known.least if known.least == known.most else f"{known.least} to {known.most}"
            raise self.error(f"{name}() takes {wanted} value(s)", known.summary, node)
        apply, arguments = known.apply, [self.compile(argument) for argument in node.args]
        return lambda scope: apply(*(argument(scope) for argument in arguments))


def _false_where_unknown(evaluate: Evaluate) -> Evaluate:
    def known(scope: Scope) -> Any:
        try:
            return evaluate(scope)
        except MissingNameError:
            return False

    return known


def _dotted(node: ast.Attribute) -> tuple[str, ...]:
    """`a.b.c` as a path; nothing where it starts with anything but a name."""
    names = [node.attr]
    inner = node.value
    while isinstance(inner, ast.Attribute):
        names.append(inner.attr)
        inner = inner.value
    if not isinstance(inner, ast.Name) or inner.id in WORDS:
        return ()
    return (inner.id, *reversed(names))


_NODES: Mapping[type[ast.expr], Callable[[_Compiler, Any], Evaluate]] = {
    ast.Constant: _Compiler.constant,
    ast.Name: _Compiler.name,
    ast.Attribute: _Compiler.attribute,
    ast.Subscript: _Compiler.subscript,
    ast.List: _Compiler.items,
    ast.BinOp: _Compiler.binary,
    ast.UnaryOp: _Compiler.unary,
    ast.BoolOp: _Compiler.boolean,
    ast.Compare: _Compiler.comparison,
    ast.Call: _Compiler.call,
}
_NAMES: Mapping[type[ast.expr], str] = {
    ast.Lambda: "a function",
    ast.IfExp: "if … else",
    ast.Dict: "a map",
    ast.Set: "a set",
    ast.Tuple: "a tuple",
    ast.JoinedStr: "an f-string",
    ast.NamedExpr: ":=",
    ast.Starred: "*",
}
