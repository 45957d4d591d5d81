"""Facts to text and HTML: by our templates, or by those of the user, which may be broken and lose nothing."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Mapping
from functools import cache
from html import escape
from pathlib import Path
from typing import Any, Literal

import jinja2
from jinja2.sandbox import SandboxedEnvironment

from techrun.alerts.wording import cut, one_line
from techrun.standing import Event

log = logging.getLogger(__name__)

BODY = 2000
"""Characters of a text: less than the smallest limit of the common services but one (a pager's 1024
is cut by Apprise, the essential stands first)."""
HTML = 20_000
"""Characters of the HTML."""

Form = Literal["txt", "html"]
Values = Mapping[str, Any]

_SPARED: tuple[Values, ...] = (
    {},
    {"excerpt": ""},
    {"excerpt": "", "parts": (), "also_failing": "", "up": "", "notes": "", "held": ""},
)
"""What a message that is too long does without: the acknowledge link stays."""


class BrokenTemplate(Exception):  # noqa: N818  it never leaves this package
    """A template of the user's cannot be used; the text says which, where and why."""


def render(event: Event, values: Values, folder: Path | None) -> tuple[str, str]:
    """The text and the HTML of a message. A template that is broken is told in the place of a footer."""
    return _text(event, values, folder), _html(event, values, folder)


def _text(event: Event, values: Values, folder: Path | None) -> str:
    try:
        return rendered("txt", event, values, folder)
    except BrokenTemplate as problem:
        footer = _told(problem)
        return f"{cut(rendered('txt', event, values, None), BODY - len(footer) - 1)}\n{footer}"


def _html(event: Event, values: Values, folder: Path | None) -> str:
    try:
        return rendered("html", event, values, folder)
    except BrokenTemplate as problem:
        return add_line(rendered("html", event, values, None), _told(problem))


def _told(problem: BrokenTemplate) -> str:
    log.error("%s", problem)
    return cut(f"techrun's own template was used: {problem}", 300)


def add_line(html: str, line: str) -> str:
    """The HTML with a small line of text at its end."""
    paragraph = f'<p style="font:12px sans-serif;color:#808080;text-align:center">{escape(line)}</p>'
    before, end, after = html.rpartition("</body>")
    return f"{before}{paragraph}{end}{after}" if end else f"{html}{paragraph}"


def rendered(form: Form, event: Event, values: Values, folder: Path | None) -> str:
    """A message by the templates of the folder, or ours; with less in it where it is too long.

    HTML cannot be cut: what of ours is still too long is left to the text, a user's is broken.
    """
    limit = BODY if form == "txt" else HTML
    for spared in _SPARED:
        written = _written(form, event, {**values, **spared}, folder)
        if len(written) <= limit:
            return written
    if form == "txt":
        return cut(written, limit)
    if folder is None:
        return ""
    raise BrokenTemplate(
        f"{folder}: {event} makes {len(written):,} characters of HTML, at most {limit:,} go out"
    )


def _written(form: Form, event: Event, values: Values, folder: Path | None) -> str:
    names = [f"{event}.{form}", f"message.{form}"]
    try:
        template = environment_of(folder).select_template(names)
        written = template.render(values).strip()
    except Exception as error:
        if folder is None:
            raise
        # Whatever is wrong with a file of the user's, and with what it calls: the alert goes out.
        raise BrokenTemplate(_problem(error, names, folder)) from error
    if not written and folder is not None:
        raise BrokenTemplate(f"{folder / str(template.name)} says nothing of {event}")
    return written


def _problem(error: Exception, names: list[str], folder: Path) -> str:
    """File and line where a template failed, and why."""
    if isinstance(error, jinja2.TemplateSyntaxError):
        return f"{folder / (error.name or names[0])}, line {error.lineno}: {one_line(error.message or '')}"
    what = one_line(str(error)) or type(error).__name__
    if isinstance(error, jinja2.TemplateNotFound):
        what = f"there is no template {what}"
    lines = [
        f"{frame.filename}, line {frame.lineno}"
        for frame in traceback.extract_tb(error.__traceback__)
        if Path(frame.filename).parent == folder
    ]
    there = next((folder / name for name in names if (folder / name).exists()), folder)
    return f"{lines[-1] if lines else there}: {what}"


@cache
def environment_of(folder: Path | None) -> jinja2.Environment:
    """Our templates; those of the folder go before them."""
    ours = jinja2.PackageLoader("techrun.alerts")
    loader = ours if folder is None else jinja2.ChoiceLoader([jinja2.FileSystemLoader(folder), ours])
    environment = SandboxedEnvironment(
        loader=loader,
        autoescape=jinja2.select_autoescape(["html"]),
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.globals["line"] = _line
    return environment


def _line(*sentences: str) -> str:
    """The sentences that have something to say, as one line; nothing where none has."""
    said = " ".join(filter(None, sentences))
    return f"{said}\n" if said else ""
