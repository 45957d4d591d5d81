"""Sends a form of a page as a browser would: every successful control travels along."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit, urlunsplit

from techrun.journey.addresses import BadAddressError, joined
from techrun.journey.controls import Control, FormError, fill, read_controls
from techrun.language.extract import SelectorError, check_css
from techrun.language.page import web_codec
from techrun.language.words import shorten

Pairs = Sequence[tuple[str, str]]
_LISTED = 12
URLENCODED = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True)
class Submission:
    """A form, filled and encoded: the request that it makes."""

    method: str
    url: str
    body: bytes = b""
    content_type: str = ""


@dataclass(frozen=True, slots=True)
class Filling:
    """How a form is filled and sent."""

    values: Mapping[str, Any]
    """Override controls that the form has."""
    added: Pairs = ()
    """Fields that it has not (a script adds them)."""
    press: str = ""
    """The selector of the button; without it the first one counts, as for the Enter key."""


def submit(
    document: Any, page_url: str, selector: str, filling: Filling, boundary: str, *, charset: str = "utf-8"
) -> Submission:
    """The request that sends the form found by this selector; `FormError` says why there is none.

    `charset` is the page's: a form is sent in it, unless it names another.
    """
    form = _find(document, selector)
    charset = _charset_of(form, charset)
    controls = read_controls(document, form, _label(charset))
    button = _pressed(document, controls, filling.press, selector)
    pairs = [*_pairs(controls, filling.values, button, selector), *filling.added]
    method = _setting(form, button, "method").lower()
    if method == "dialog":
        raise FormError(f"the form {selector!r} only closes a dialog; it sends nothing")
    url = _address(document, page_url, _setting(form, button, "action"))
    if method != "post":
        query = urlencoded(pairs, charset)
        return Submission("GET", urlunsplit(urlsplit(url)._replace(query=query, fragment="")))
    encoding = _setting(form, button, "enctype").lower()
    if encoding == "multipart/form-data":
        files = {control.name for control in controls if control.type == "file"}
        body = multipart(pairs, files, boundary, charset)
        return Submission("POST", url, body, f"{encoding}; boundary={boundary}")
    if encoding == "text/plain":
        lines = "".join(f"{name}={value}\r\n" for name, value in pairs)
        return Submission("POST", url, lines.encode(charset, "xmlcharrefreplace"), encoding)
    return Submission("POST", url, urlencoded(pairs, charset).encode(), URLENCODED)


def urlencoded(pairs: Pairs, charset: str = "utf-8") -> str:
    """Fields as browsers write them into a URL or a body; what the charset lacks becomes `&#…;`."""
    return urlencode(pairs, safe="*", encoding=charset, errors="xmlcharrefreplace").replace("~", "%7E")


def _setting(form: Any, button: Control | None, name: str) -> str:
    """An attribute of the form, unless the button has its own."""
    if button is not None and f"form{name}" in button.node.attributes:
        return (button.node.attributes[f"form{name}"] or "").strip()
    return (form.attributes.get(name) or "").strip()


def _charset_of(form: Any, charset: str) -> str:
    """The first charset of `accept-charset` that is known, else the page's; never UTF-16."""
    wanted = (form.attributes.get("accept-charset") or "").split()
    named = [codec for label in wanted if (codec := web_codec(label))]
    found = named[0] if named else charset
    return "utf-8" if found.startswith("utf-16") else found


def _label(charset: str) -> str:
    """The name that browsers give to one of Python's charsets."""
    return charset.upper().replace("CP125", "windows-125").replace("ISO8859", "ISO-8859")


def multipart(pairs: Pairs, files: set[str], boundary: str, charset: str = "utf-8") -> bytes:
    """Fields as `multipart/form-data`; a file field is sent as browsers do when no file was picked."""
    parts = []
    for name, value in pairs:
        quoted = name.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")
        file = '; filename=""\r\nContent-Type: application/octet-stream' if name in files else ""
        parts.append(
            f'--{boundary}\r\nContent-Disposition: form-data; name="{quoted}"{file}\r\n\r\n{value}\r\n'
        )
    return "".join((*parts, f"--{boundary}--\r\n")).encode(charset, "xmlcharrefreplace")


def _find(document: Any, selector: str) -> Any:
    """The first element that the selector finds; it must be a form."""
    node = next(iter(_found(document, selector)), None)
    if node is None:
        raise FormError(f"no form matches {selector!r}; {_forms_of(document)}")
    if node.tag != "form":
        raise FormError(f"{selector!r} finds a <{node.tag}>, not a form; {_forms_of(document)}")
    return node


def _found(document: Any, selector: str) -> list[Any]:
    try:
        check_css(selector)
    except SelectorError as error:
        raise FormError(error.what) from None
    return list(document.css(selector))


def _forms_of(document: Any) -> str:
    """What forms there are, for a message."""
    names = []
    for form in document.css("form")[:_LISTED]:
        attributes = form.attributes
        if attributes.get("id"):
            names.append(f"form#{attributes['id']}")
        else:
            names.append(f'form[action="{attributes.get("action") or ""}"]')
    return f"the page has {', '.join(names)}" if names else "the page has no form"


def _pressed(document: Any, controls: list[Control], press: str, selector: str) -> Control | None:
    """The button that sends the form: the one asked for, else the first, as for the Enter key."""
    buttons = [control for control in controls if control.is_button and not control.disabled]
    if not press:
        return buttons[0] if buttons else None
    wanted = {node.mem_id for node in _found(document, press)}
    if not wanted:
        raise FormError(f"no button matches {press!r}")
    for button in buttons:
        if button.node.mem_id in wanted:
            return button
    if any(control.node.mem_id in wanted for control in controls if control.disabled):
        raise FormError(f"the button {press!r} is disabled")
    raise FormError(f"{press!r} is no submit button of the form {selector!r}")


def _pairs(
    controls: list[Control], values: Mapping[str, Any], button: Control | None, selector: str
) -> list[tuple[str, str]]:
    """The name and value of every successful control in the order of the page."""
    groups: dict[str, list[Control]] = {}
    for control in controls:
        if control.name and not control.disabled and not control.is_button:
            groups.setdefault(control.name, []).append(control)
    for name, value in values.items():
        if name not in groups:
            raise FormError(_no_field(name, controls, list(groups), selector))
        fill(name, groups[name], value)
    sent = (
        control for control in controls if control is button or not (control.disabled or control.is_button)
    )
    return [(name, _newlines(value)) for control in sent for name, value in control.pairs()]


def _no_field(name: str, controls: list[Control], names: list[str], selector: str) -> str:
    """Why a name in `fill` cannot be filled, and what can."""
    if any(control.name == name and control.disabled for control in controls):
        return f"the field {name!r} of the form {selector!r} is disabled"
    more = f" and {len(names) - _LISTED} more" if len(names) > _LISTED else ""
    have = f"it has {', '.join(names[:_LISTED])}{more}" if names else "it has no field"
    return f"the form {selector!r} has no field {name!r}; {have}"


def _address(document: Any, page_url: str, action: str) -> str:
    """Where the form goes: an empty action means the page itself, whatever `<base>` says."""
    if not action:
        return page_url.partition("#")[0]
    base = document.css_first("base[href]")
    try:
        start = joined(page_url, base.attributes.get("href") or "") if base is not None else page_url
        return joined(start, action)
    except BadAddressError:
        what = f"the form's action {shorten(action, 200)!r} is no http address; a script sends it"
        raise FormError(what) from None


def _newlines(text: str) -> str:
    """Browsers send every line end as CRLF."""
    return (
        text.replace("\r\n", "\n").replace("\r", "\n").replace("\n", "\r\n")
        if "\n" in text or "\r" in text
        else text
    )
