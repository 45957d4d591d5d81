"""The controls of an HTML form: which there are, what each sends, and how one is filled."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from techrun.journey.typed import as_typed
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
_BLANKS = re.compile("[ \t\n\f\r]+")
"""White space of HTML; a no-break space is none."""
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
    direction: tuple[str, str] | None = None
    """Name and value of the text's direction, which `dirname` sends along."""

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
            if self.direction is not None:
                yield self.direction


def read_controls(document: Any, form: Any, charset: str) -> list[Control]:
    """Every control that belongs to the form, in the order of the page.

    `charset` is what a hidden field `_charset_` tells the server.
    """
    read = (_read(node, charset) for node in _nodes_of(document, form))
    controls = [control for control in read if control is not None]
    chosen: dict[str, Control] = {}
    for control in controls:
        if control.values and _is_radio(control):
            if control.name in chosen:  # the one that comes later wins
                chosen[control.name].values = ()
            chosen[control.name] = control
    return controls


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
    form_id = form.attributes.get("id") or ""
    in_table = form.child is None and form.parent is not None and form.parent.tag in _TABLE_PARTS
    held = _behind(form) if in_table else form.css(_SELECTOR)
    inside = [
        node
        for node in held
        if "form" not in node.attributes or (form_id and node.attributes["form"] == form_id)
    ]
    outside = [node for node in document.css("[form]") if form_id and node.attributes.get("form") == form_id]
    known = {node.mem_id for node in inside}
    if all(node.mem_id in known for node in outside):
        return inside
    known.update(node.mem_id for node in outside)
    return [node for node in document.css(_SELECTOR) if node.mem_id in known]


def _behind(form: Any) -> list[Any]:
    """What stands behind a form in its part of a table, up to the next form."""
    found: list[Any] = []
    begun = False
    for node in form.parent.css(f"form,{_SELECTOR}"):
        if node.tag == "form":
            if begun:
                break
            begun = node.mem_id == form.mem_id
        elif begun:
            found.append(node)
    return found


def _read(node: Any, charset: str) -> Control | None:
    """One control as a browser sees it before anybody has touched it; None for what never sends."""
    attributes = node.attributes
    kind = (attributes.get("type") or "").lower()
    if node.tag in ("input", "button") and kind in _SENDS_NOTHING:
        return None
    disabled = "disabled" in attributes or _in_disabled_fieldset(node)
    control = Control(node, attributes.get("name") or "", "text", disabled)
    if node.tag == "select":
        _read_select(control)
    elif node.tag == "textarea":
        control.values = (node.text() or "",)
        control.direction = _direction(node)
    elif node.tag == "button":
        control.type, control.value = "submit", attributes.get("value") or ""
    else:
        control.type = _TYPES.get(kind, "text")
        _read_input(control, kind, charset)
    return control


def _read_input(control: Control, kind: str, charset: str) -> None:
    """The value of an `<input>`, by its type."""
    attributes = control.node.attributes
    value = attributes.get("value") or ""
    if control.type == "choice":
        control.value = value if "value" in attributes else "on"
        control.values = (control.value,) if "checked" in attributes else ()
    elif control.is_button:
        control.value = value if "value" in attributes else "Submit"
    elif control.type == "file":
        control.values = ("",)
    else:
        hidden_charset = kind == "hidden" and control.name == "_charset_"
        control.values = (charset if hidden_charset else as_typed(kind, value, attributes),)
        control.direction = _direction(control.node)


def _direction(node: Any) -> tuple[str, str] | None:
    """What `dirname` sends: its name, and whether the text runs from right to left."""
    name = node.attributes.get("dirname")
    if not name:
        return None
    while node is not None and "dir" not in node.attributes:
        node = node.parent
    is_rtl = node is not None and (node.attributes["dir"] or "").lower() == "rtl"
    return name, "rtl" if is_rtl else "ltr"


def _read_select(control: Control) -> None:
    """A list: what is selected, or the first option where one must be.

    A disabled option can be selected ("Please choose"); then the list sends nothing.
    """
    options: list[str] = []
    selected: list[str | None] = []
    for option in control.node.css("option"):
        attributes, group = option.attributes, option.parent
        text: str | None = None
        if "disabled" not in attributes and not (group.tag == "optgroup" and "disabled" in group.attributes):
            text = attributes.get("value") or ""
            if "value" not in attributes:
                text = _BLANKS.sub(" ", option.text() or "").strip(" ")
            options.append(text)
        if "selected" in attributes:
            selected.append(text)
    attributes = control.node.attributes
    if "multiple" not in attributes:
        drop_down = (attributes.get("size") or "1") in ("0", "1")
        selected = selected[-1:] or ([*options[:1]] if drop_down else [])
    control.type, control.options = "select", tuple(options)
    control.values = tuple(text for text in selected if text is not None)


def _in_disabled_fieldset(node: Any) -> bool:
    """Whether a disabled fieldset is around it, other than by the fieldset's own (first) legend."""
    child, parent = node, node.parent
    while parent is not None and parent.tag != "body":
        if parent.tag == "fieldset" and "disabled" in parent.attributes and not _is_first_legend(child):
            return True
        child, parent = parent, parent.parent
    return False


def _is_first_legend(node: Any) -> bool:
    if node.tag != "legend":
        return False
    before = node.prev
    while before is not None and before.tag != "legend":
        before = before.prev
    return before is None


def _is_radio(control: Control) -> bool:
    return (control.node.attributes.get("type") or "").lower() == "radio"


def _choose(name: str, choices: list[Control], value: Any) -> None:
    """Tick checkboxes, or the one radio button."""
    if value is True:
        if not any(control.values for control in choices):
            choices[0].values = (choices[0].value,)
        return
    wanted = () if value is False else _texts(value)
    _must_offer(name, wanted, tuple(control.value for control in choices))
    if len(wanted) > 1 and _is_radio(choices[0]):
        raise FormError(f"the field {name!r} takes one value, not {len(wanted)}")
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
