"""The controls of an HTML form: which there are, what each sends, and how one is filled."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from techrun.language.scalars import text_of

ControlType = Literal["text", "choice", "select", "file", "submit", "image"]

_SELECTOR = "input,select,textarea,button"
_TYPES: dict[str, ControlType] = {
    "checkbox": "choice",
    "radio": "choice",
    "file": "file",
    "submit": "submit",
    "image": "image",
}
_SENDS_NOTHING = frozenset({"button", "reset"})
_TABLE_PARTS = frozenset({"table", "tbody", "thead", "tfoot", "tr"})
_LISTED = 12


class FormError(Exception):
    """A form cannot be found, filled or sent; the message says why, in words for a person on call."""


@dataclass(slots=True, eq=False)
class Control:
    """One control of a form; `values` is what it sends."""

    node: Any
    name: str
    type: ControlType
    disabled: bool
    values: tuple[str, ...] = ()
    value: str = ""
    """What a checkbox, radio button or button sends when it is chosen."""
    options: tuple[str, ...] = ()

    @property
    def is_button(self) -> bool:
        """Whether it sends the form; a button is sent itself only where it is pressed."""
        return self.type in ("submit", "image")

    def pairs(self) -> Iterator[tuple[str, str]]:
        """Its part of what is sent, as name and value; a pressed image button sends where."""
        if self.type == "image":
            prefix = f"{self.name}." if self.name else ""
            yield from ((f"{prefix}x", "1"), (f"{prefix}y", "1"))
        elif self.name:
            yield from ((self.name, value) for value in ((self.value,) if self.is_button else self.values))


def read_controls(document: Any, form: Any) -> list[Control]:
    """Every control that belongs to the form, in the order of the page."""
    return [control for node in _nodes_of(document, form) if (control := _read(node)) is not None]


def fill(name: str, group: Sequence[Control], value: Any) -> None:
    """Put a value into the controls of one name, as a person could; `FormError` where one could not.

    A list fills several. On a checkbox `true` and `false` tick and untick.
    """
    choices = [control for control in group if control.type == "choice"]
    if choices:
        _choose(name, choices, value)
    elif group[0].type == "select":
        _select(name, group[0], _texts(value))
    elif group[0].type == "file":
        raise FormError(f"the field {name!r} takes a file; files cannot be sent")
    else:
        _type(name, group, _texts(value))


def _nodes_of(document: Any, form: Any) -> list[Any]:
    """What stands inside the form or names it with `form=`.

    HTML parsers cannot nest a form between a table and its rows: they leave it empty and its
    controls in the table.
    """
    holder = form
    if form.child is None and form.parent is not None and form.parent.tag in _TABLE_PARTS:
        holder = form.parent
    form_id = form.attributes.get("id") or ""
    inside = [node for node in holder.css(_SELECTOR) if (node.attributes.get("form") or form_id) == form_id]
    outside = [node for node in document.css("[form]") if form_id and node.attributes.get("form") == form_id]
    known = {node.mem_id for node in inside}
    if all(node.mem_id in known for node in outside):
        return inside
    known.update(node.mem_id for node in outside)
    return [node for node in document.css(_SELECTOR) if node.mem_id in known]


def _read(node: Any) -> Control | None:
    """One control as a browser sees it before anybody has touched it; None for what never sends."""
    attributes = node.attributes
    name = attributes.get("name") or ""
    disabled = "disabled" in attributes or _in_disabled_fieldset(node)
    if node.tag == "select":
        return _read_select(node, name, disabled=disabled)
    if node.tag == "textarea":
        return Control(node, name, "text", disabled, (node.text() or "",))
    kind = (attributes.get("type") or ("submit" if node.tag == "button" else "text")).lower()
    if kind in _SENDS_NOTHING:
        return None
    type_: ControlType = _TYPES.get(kind, "text" if node.tag == "input" else "submit")
    value = attributes.get("value")
    if type_ == "choice":
        sent = "on" if value is None else value
        return Control(node, name, type_, disabled, (sent,) if "checked" in attributes else (), sent)
    if type_ in ("submit", "image"):
        return Control(node, name, type_, disabled, (), value or "")
    if name == "_charset_" and kind == "hidden":
        value = "UTF-8"
    return Control(node, name, type_, disabled, ("" if type_ == "file" else value or "",))


def _read_select(node: Any, name: str, *, disabled: bool) -> Control:
    """A list: what is selected, or the first option where one must be."""
    options: list[str] = []
    selected: list[str] = []
    for option in node.css("option"):
        attributes = option.attributes
        parent = option.parent
        if "disabled" in attributes or (parent.tag == "optgroup" and "disabled" in parent.attributes):
            continue
        given = attributes.get("value")
        options.append(" ".join((option.text() or "").split()) if given is None else given)
        if "selected" in attributes:
            selected.append(options[-1])
    attributes = node.attributes
    if "multiple" not in attributes:
        drop_down = (attributes.get("size") or "1") in ("0", "1")
        selected = selected[-1:] or (options[:1] if drop_down else [])
    return Control(node, name, "select", disabled, tuple(selected), options=tuple(options))


def _in_disabled_fieldset(node: Any) -> bool:
    """Whether a disabled fieldset is around it, other than by the fieldset's own legend."""
    child, parent = node, node.parent
    while parent is not None and parent.tag != "body":
        if parent.tag == "fieldset" and "disabled" in parent.attributes and child.tag != "legend":
            return True
        child, parent = parent, parent.parent
    return False


def _choose(name: str, choices: list[Control], value: Any) -> None:
    """Tick checkboxes, or the one radio button."""
    if value is True:
        if not any(control.values for control in choices):
            choices[0].values = (choices[0].value,)
        return
    wanted = () if value is False else _texts(value)
    _must_offer(name, wanted, tuple(control.value for control in choices))
    for control in choices:
        control.values = (control.value,) if control.value in wanted else ()


def _select(name: str, control: Control, wanted: tuple[str, ...]) -> None:
    """Select options. A list that only scripts fill (a region after its country) takes anything."""
    if any(control.options):
        _must_offer(name, wanted, control.options)
    if len(wanted) > 1 and "multiple" not in control.node.attributes:
        raise FormError(f"the field {name!r} takes one value, not {len(wanted)}")
    control.values = wanted


def _type(name: str, group: Sequence[Control], texts: tuple[str, ...]) -> None:
    """Type into fields; a single value goes into the first of several with this name."""
    if len(texts) > len(group):
        raise FormError(f"there are {len(group)} fields {name!r} for {len(texts)} values")
    for control, text in zip(group, texts, strict=False):
        control.values = (text,)


def _must_offer(name: str, wanted: Sequence[str], offered: Sequence[str]) -> None:
    for text in wanted:
        if text not in offered:
            shown = ", ".join(repr(each) for each in offered[:_LISTED])
            raise FormError(f"the field {name!r} does not offer {text!r}, only {shown}")


def _texts(value: Any) -> tuple[str, ...]:
    if value is None:
        return ()
    return tuple(map(text_of, value)) if isinstance(value, list | tuple) else (text_of(value),)
