"""Facts to text and HTML: by our templates, or by those of the user, which may be broken and lose nothing."""

from __future__ import annotations

import logging
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


class _BrokenTemplate(Exception):  # noqa: N818  it never leaves this module
    """A template of the user's cannot be used; the text says why."""


def render(event: Event, values: Values, folder: Path | None) -> tuple[str, str]:
    """The text and the HTML of a message. A template that is broken is told in the place of a footer."""
    return _text(event, values, folder), _html(event, values, folder)


def _text(event: Event, values: Values, folder: Path | None) -> str:
    try:
        return cut(_fitting("txt", event, values, folder), BODY)
    except _BrokenTemplate as problem:
        footer = _told(problem)
        return f"{cut(_fitting('txt', event, values, None), BODY - len(footer) - 1)}\n{footer}"


def _html(event: Event, values: Values, folder: Path | None) -> str:
    try:
        return _fitting("html", event, values, folder)
    except _BrokenTemplate as problem:
        return add_line(_fitting("html", event, values, None), _told(problem))


def _told(problem: _BrokenTemplate) -> str:
    log.error("%s", problem)
    return cut(f"techrun's own template was used: {problem}", 300)


def add_line(html: str, line: str) -> str:
    """The HTML with a small line of text at its end."""
    paragraph = f'<p style="font:12px sans-serif;color:#808080;text-align:center">{escape(line)}</p>'
    before, end, after = html.rpartition("</body>")
    return f"{before}{paragraph}{end}{after}" if end else f"{html}{paragraph}"


def _fitting(form: Form, event: Event, values: Values, folder: Path | None) -> str:
    """Rendered, with less where it is too long; ours always fit, a user's HTML that does not is broken."""
    limit = BODY if form == "txt" else HTML
    rendered = ""
    for spared in _SPARED:
        rendered = _rendered(form, event, {**values, **spared}, folder)
        if len(rendered) <= limit:
            return rendered
    if form == "html" and folder is not None:
        raise _BrokenTemplate(
            f"the HTML of {event} has {len(rendered):,} characters, at most {limit:,} are sent"
        )
    return rendered


def _rendered(form: Form, event: Event, values: Values, folder: Path | None) -> str:
    names = [f"{event}.{form}", f"message.{form}"]
    try:
        template = _environment(folder).select_template(names)
        rendered = template.render(values).strip()
    except Exception as error:
        if folder is None:
            raise
        # Whatever is wrong with a file of the user's, and with what it calls: the alert goes out.
        raise _BrokenTemplate(_problem(error, names, folder)) from error
    if not rendered and folder is not None:
        raise _BrokenTemplate(f"{folder / str(template.name)} says nothing of {event}")
    return rendered


def _problem(error: Exception, names: list[str], folder: Path) -> str:
    """Where, what."""
    if isinstance(error, jinja2.TemplateSyntaxError):
        return f"{folder / (error.name or names[0])}, line {error.lineno}: {one_line(error.message or '')}"
    line, name, trace = 0, "", error.__traceback__
    while trace is not None:
        file = Path(trace.tb_frame.f_code.co_filename)
        if file.parent == folder:
            line, name = trace.tb_lineno, file.name
        trace = trace.tb_next
    there = name or next((each for each in names if (folder / each).exists()), names[0])
    return (
        f"{folder / there}{f', line {line}' if line else ''}: {one_line(str(error)) or type(error).__name__}"
    )


@cache
def _environment(folder: Path | None) -> jinja2.Environment:
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


def check_templates(folder: Path) -> list[str]:
    """What is wrong with the templates of a folder, one sentence a problem."""
    return [] if folder.is_dir() else [f"{folder}: there is no such folder"]
