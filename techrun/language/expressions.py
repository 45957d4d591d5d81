"""Templates: texts with `${…}` in them, trees of such texts, and conditions. Compiled once, bounded."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from techrun.language._evaluator import Expression, Reference, compile_expression
from techrun.language._filters import FILTERS, Filter
from techrun.language._operations import Evaluate, Scope, path_slot
from techrun.language._scanner import Piece, scan
from techrun.language.definition import Path
from techrun.language.errors import ExpressionError, MissingNameError, TemplateError
from techrun.language.scalars import text_of

__all__ = [
    "FILTERS",
    "Condition",
    "ExpressionError",
    "Filter",
    "MissingNameError",
    "Reference",
    "Scope",
    "Template",
    "TemplateError",
    "Tree",
    "TreeReference",
    "compile_condition",
    "compile_template",
    "compile_tree",
]

LONGEST_RESULT = 4_000_000
"""Characters that a template may grow to."""
MOST_EXPRESSIONS = 1_000
"""`${…}` in one text."""


@dataclass(frozen=True, slots=True)
class Template:
    """A compiled text; one that is a single `${…}` keeps the type of its value."""

    source: str
    references: tuple[Reference, ...] = ()
    constant: bool = True
    """It holds no `${…}`: it renders to the same text always."""
    render: Callable[[Scope], Any] = field(default=str, compare=False, repr=False)
    """The value for a scope; raises `MissingNameError` or `ExpressionError`."""

    def text(self, scope: Scope) -> str:
        """The value as text; raises as `render` does."""
        return text_of(self.render(scope))


def compile_template(source: str) -> Template:
    """Compile a text; raises `TemplateError`."""
    if "${" not in source:
        return Template(source, render=lambda _scope: source)
    pieces = list(scan(source))
    if sum(piece.is_expression for piece in pieces) > MOST_EXPRESSIONS:
        raise TemplateError(f"a text has more than {MOST_EXPRESSIONS} expressions")
    compiled = [_expression(piece) if piece.is_expression else None for piece in pieces]
    expressions = [expression for expression in compiled if expression is not None]
    references = tuple(reference for expression in expressions for reference in expression.references)
    if not expressions:
        literal = "".join(piece.text for piece in pieces)
        return Template(source, render=lambda _scope: literal)
    if len(pieces) == 1:
        return Template(source, references, constant=False, render=expressions[0].evaluate)
    parts = tuple(
        piece.text if expression is None else expression.evaluate
        for piece, expression in zip(pieces, compiled, strict=True)
    )
    return Template(source, references, constant=False, render=_joined(parts))


def _expression(piece: Piece) -> Expression:
    if piece.default is None:
        return compile_expression(piece.text, piece.offset)
    path = tuple(piece.text.split("."))
    reference = Reference(path, has_default=True, offset=piece.offset)
    return Expression(piece.text, _with_default(path_slot(path), piece.default), (reference,))


def _with_default(evaluate: Evaluate, default: str) -> Evaluate:
    """As in a shell: the default stands in for a variable that is not set or empty."""

    def value_or_default(scope: Scope) -> Any:
        try:
            return evaluate(scope) or default
        except MissingNameError:
            return default

    return value_or_default


def _joined(parts: tuple[str | Evaluate, ...]) -> Evaluate:
    """Texts and expressions, joined as text; bounded."""

    def render(scope: Scope) -> str:
        texts = []
        total = 0
        for part in parts:
            text = part if isinstance(part, str) else text_of(part(scope))
            total += len(text)
            if total > LONGEST_RESULT:
                raise ExpressionError(f"a text grows to more than {LONGEST_RESULT} characters")
            texts.append(text)
        return "".join(texts)

    return render


@dataclass(frozen=True, slots=True)
class TreeReference:
    """A name that a tree needs, and the `path` in the tree to the text that names it."""

    path: Path
    reference: Reference


@dataclass(frozen=True, slots=True)
class Tree:
    """A compiled value of YAML; its keys are literal, every text in it is a template."""

    source: Any
    references: tuple[TreeReference, ...] = ()
    constant: bool = True
    render: Callable[[Scope], Any] = field(default=str, compare=False, repr=False)
    """The value for a scope; a part without `${…}` is shared, so nobody may change it."""


def compile_tree(value: Any) -> Tree:
    """Compile maps and lists of texts and numbers; raises `TemplateError` with `path` set to the text."""
    references: list[TreeReference] = []
    render = _compile_node(value, (), references)
    return Tree(value, tuple(references), render is None, render or (lambda _scope: value))


def _compile_node(value: Any, path: Path, references: list[TreeReference]) -> Evaluate | None:
    """How to render a value; None where there is nothing to render."""
    if isinstance(value, str):
        return _compile_text(value, path, references)
    if isinstance(value, Mapping):
        branches = {key: _compile_node(item, (*path, key), references) for key, item in value.items()}
        if not any(branches.values()):
            return None
        return lambda scope: {
            key: branch(scope) if branch else value[key] for key, branch in branches.items()
        }
    if isinstance(value, list | tuple):
        items = [_compile_node(item, (*path, index), references) for index, item in enumerate(value)]
        if not any(items):
            return None
        return lambda scope: [item(scope) if item else value[index] for index, item in enumerate(items)]
    return None


def _compile_text(value: str, path: Path, references: list[TreeReference]) -> Evaluate | None:
    if "${" not in value:
        return None
    try:
        template = compile_template(value)
    except TemplateError as error:
        error.path = path
        raise
    references.extend(TreeReference(path, reference) for reference in template.references)
    return template.render


@dataclass(frozen=True, slots=True)
class Condition:
    """A compiled `when:` or `that:`."""

    source: str
    references: tuple[Reference, ...]
    value: Callable[[Scope], Any] = field(compare=False, repr=False)
    """What it comes to; raises `MissingNameError` or `ExpressionError`."""
    holds: Callable[[Scope], bool] = field(compare=False, repr=False)
    """Whether it is true; what names something unknown is false. Raises `ExpressionError`."""


def compile_condition(source: str | bool) -> Condition:  # noqa: FBT001  `when: true` is a value of YAML
    """Compile `${a == b}` or a bare `a == b`; raises `TemplateError`."""
    text, offset = text_of(source), 0
    pieces = _pieces_of_condition(text)
    if pieces is not None:
        text, offset = pieces.text, pieces.offset
    strict = compile_expression(text, offset)
    lenient = compile_expression(text, offset, lenient=True)
    return Condition(
        text_of(source), strict.references, strict.evaluate, lambda scope: bool(lenient.evaluate(scope))
    )


def _pieces_of_condition(text: str) -> Piece | None:
    """The one expression between braces; None for a bare expression."""
    if "${" not in text:
        return None
    pieces: Iterator[Piece] = (piece for piece in scan(text) if piece.text.strip())
    first, *others = pieces
    if others or not first.is_expression or first.default is not None:
        raise TemplateError("a condition is one expression", "write it as ${a == b}")
    return first
