"""What pydantic found wrong, said in our words and at its place in the file."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from techrun.config.tree import Node, NodePath, Written, child
from techrun.config.words import described, expected, listed, quoted
from techrun.errors import Problem
from techrun.language.definition import Definition
from techrun.language.scalars import text_of
from techrun.language.words import shorten

D = TypeVar("D", bound=Definition)

_WANTED = {
    "string_type": "a text",
    "string_sub_type": "a text",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "decimal_type": "a number",
    "decimal_parsing": "a number",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "list_type": "a list",
    "tuple_type": "a list",
    "set_type": "a list",
    "frozen_set_type": "a list",
    "dict_type": "keys and values",
    "mapping_type": "keys and values",
    "model_type": "keys and values",
    "model_attributes_type": "keys and values",
    "none_required": "nothing",
}
"""The errors that say: the value is of another type than wanted."""
_ECHOES = frozenset({*_WANTED, "too_short"})
"""What pydantic also says of a value when a part of it is wrong."""
_ALLOWED = re.compile(r"'((?:[^'\\]|\\.)*)'")


@dataclass(frozen=True, slots=True)
class _Error:
    """An error of pydantic at its path in the file; `name` is a key that is not there."""

    path: NodePath
    details: ErrorDetails
    name: str = ""
    on_key: bool = False

    @property
    def kind(self) -> str:
        return self.details["type"]


def validate(
    model: type[D], value: Any, origin: Written, problems: list[Problem], also: Iterable[str] = ()
) -> D | None:
    """The definition that `value` holds, or None and its problems; `also` are further keys it may have."""
    try:
        made = model.model_validate(value)
    except ValidationError as error:
        problems.extend(explain(error, model, origin, also))
        return None
    made.written_at(origin)
    return made


def explain(
    error: ValidationError, model: type[BaseModel], origin: Written, also: Iterable[str] = ()
) -> list[Problem]:
    """One problem for each mistake, however many ways of reading the value have failed at it."""
    found = [_located(details, origin.node) for details in error.errors(include_url=False)]
    told = list(_without_echoes(found))
    return [_problem(same, model, origin, also) for same in told]


def fields_of(model: type[BaseModel]) -> dict[str, Any]:
    """The keys that a model takes in YAML, each with its annotation."""
    return {info.alias or name: info.annotation for name, info in model.model_fields.items()}


def keys_at(model: type[BaseModel], path: Iterable[str | int]) -> list[str]:
    """The keys that are known at a path below a model; of every model that may stand there."""
    annotations: list[Any] = [model]
    for key in path:
        annotations = [below for annotation in annotations for below in _below(annotation, key)]
    found = {
        name: None for annotation in annotations for each in _models(annotation) for name in fields_of(each)
    }
    return list(found)


def _below(annotation: Any, key: str | int) -> Iterator[Any]:
    """The annotations of what may stand below `key`."""
    for model in _models(annotation):
        if isinstance(key, str) and key in fields_of(model):
            yield fields_of(model)[key]
    for container in _containers(annotation):
        yield from (argument for argument in get_args(container) if argument not in (str, int, Ellipsis))


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
        return
    if not _is_container(annotation):
        for argument in get_args(annotation):
            yield from _models(argument)


def models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    """Every model that an annotation names, also inside of lists and maps."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in get_args(annotation):
        yield from models_in(argument)


def _containers(annotation: Any) -> Iterator[Any]:
    if _is_container(annotation):
        yield annotation
        return
    for argument in get_args(annotation):
        yield from _containers(argument)


def _is_container(annotation: Any) -> bool:
    origin = getattr(annotation, "__origin__", None)
    return isinstance(origin, type) and issubclass(origin, list | tuple | Mapping)


def _located(details: ErrorDetails, node: Node) -> _Error:
    """Pydantic's location without the names of unions' members, which are not in the file."""
    loc = details["loc"]
    on_key = bool(loc) and loc[-1] == "[key]"
    if details["type"] == "missing":
        return _Error(_path(loc[:-1], node), details, str(loc[-1]))
    return _Error(_path(loc[:-1] if on_key else loc, node), details, on_key=on_key)


def _path(loc: tuple[str | int, ...], node: Node | None) -> NodePath:
    """The longest path into the node that is made of parts of `loc`."""
    if not loc or node is None:
        return ()
    skipped = _path(loc[1:], node)
    below = child(node, loc[0])
    if below is None:
        return skipped
    taken = (loc[0], *_path(loc[1:], below))
    return taken if len(taken) >= len(skipped) else skipped


def _without_echoes(errors: list[_Error]) -> Iterator[list[_Error]]:
    """Errors by place; "wrong type" and "too few" are dropped where an error lies deeper."""
    paths = [error.path for error in errors]
    grouped: dict[tuple[NodePath, str], list[_Error]] = {}
    for error in errors:
        length = len(error.path)
        is_echo = error.kind in _ECHOES and any(
            path[:length] == error.path and len(path) > length for path in paths
        )
        if not is_echo:
            grouped.setdefault((error.path, error.name), []).append(error)
    for same in grouped.values():
        telling = [error for error in same if error.kind not in _WANTED]
        yield telling[:1] or same


def _problem(same: list[_Error], model: type[BaseModel], origin: Written, also: Iterable[str]) -> Problem:
    error = same[0]
    if error.kind in _WANTED:
        wanted = listed(dict.fromkeys(_WANTED[each.kind] for each in same))
        what = f"expected {wanted}, found {described(error.details['input'])}"
        hint = _how_to_write(error.details["input"], wanted)
        return origin.problem(error.path, what, hint)
    if error.kind == "extra_forbidden":
        key = str(error.path[-1]) if error.path else ""
        known = [*keys_at(model, error.path[:-1]), *(also if len(error.path) == 1 else ())]
        return origin.problem(error.path, f"unknown key {quoted(key)}", expected(key, known), on_key=True)
    if error.kind == "missing":
        return origin.problem(error.path, f'"{error.name}" is missing', _about(model, error), on_key=True)
    what, hint = _SAID.get(error.kind, _as_said)(error.details)
    return origin.problem(error.path, what, hint, on_key=error.on_key)


def _how_to_write(value: Any, wanted: str) -> str:
    """How the value is made what was wanted, where that is easy to say."""
    if "a text" in wanted and isinstance(value, bool | int | float):
        return "put it in quotes to make it a text"
    if "a list" in wanted and isinstance(value, str | int | float):
        return f"write it as [{shorten(text_of(value), 40)}]"
    return ""


def _about(model: type[BaseModel], error: _Error) -> str:
    """What the missing key is for, from its description."""
    annotations: list[Any] = [model]
    for key in error.path:
        annotations = [below for annotation in annotations for below in _below(annotation, key)]
    for annotation in annotations:
        for each in _models(annotation):
            for name, info in each.model_fields.items():
                if (info.alias or name) == error.name and info.description:
                    return f"`{error.name}`: {info.description}"
    return f"write `{error.name}: …`"


def _raised(details: ErrorDetails) -> tuple[str, str]:
    """A ValueError of ours: its first argument says what, its second what to do."""
    what, *more = map(str, getattr(details.get("ctx", {}).get("error"), "args", ()) or [details["msg"]])
    return what, more[0] if more else ""


def _choice(details: ErrorDetails) -> tuple[str, str]:
    allowed = _ALLOWED.findall(str(details.get("ctx", {}).get("expected", "")))
    value = details["input"]
    word = value if isinstance(value, str) else ""
    return f"{described(value)} is not one of the choices", expected(word, allowed)


def _tag(details: ErrorDetails) -> tuple[str, str]:
    allowed = _ALLOWED.findall(str(details.get("ctx", {}).get("expected_tags", "")))
    return "it cannot be told what this is", expected("", allowed) if allowed else ""


def _bound(word: str) -> Callable[[ErrorDetails], tuple[str, str]]:
    def said(details: ErrorDetails) -> tuple[str, str]:
        context = details.get("ctx", {})
        limit = next((context[key] for key in ("gt", "ge", "lt", "le") if key in context), "")
        return f"expected {word} {limit}, found {described(details['input'])}", ""

    return said


def _as_said(details: ErrorDetails) -> tuple[str, str]:
    message = details["msg"]
    return message[:1].lower() + message[1:], ""


_SAID: Mapping[str, Callable[[ErrorDetails], tuple[str, str]]] = {
    "value_error": _raised,
    "assertion_error": _raised,
    "literal_error": _choice,
    "enum": _choice,
    "union_tag_invalid": _tag,
    "union_tag_not_found": _tag,
    "greater_than": _bound("more than"),
    "greater_than_equal": _bound("at least"),
    "less_than": _bound("less than"),
    "less_than_equal": _bound("at most"),
    "too_long": lambda details: (f"expected at most {details.get('ctx', {}).get('max_length')} values", ""),
    "too_short": lambda _: ("expected at least one", "write one, or leave the key out"),
    "string_too_long": lambda details: (
        f"expected at most {details.get('ctx', {}).get('max_length')} characters",
        "say it in fewer words",
    ),
    "string_too_short": lambda _: ("expected a text, found an empty one", "write one, or leave the key out"),
}
