"""What the failing answer of an outcome was, as much as a message shows of it."""

from __future__ import annotations

from techrun.language.page import Page, PageError
from techrun.language.words import shorten
from techrun.model import ExchangeRecord, Outcome, Reason, Step

LONGEST = 300
"""Characters of its text."""


def failed_answer(outcome: Outcome) -> tuple[int | None, str]:
    """Its HTTP status, and the beginning of its text on one line; nothing where none came.

    The text is redacted as the exchange is. A file that the page needs and that failed is named by the
    message: the page itself was no failure.
    """
    step = _failed_step(outcome)
    if step is None or step.reason is Reason.ASSET:
        return None, ""
    pages = [record for record in step.exchanges if record.kind != "asset"]
    if not pages:
        return step.http_status, ""
    return pages[-1].status, shorten(_text(pages[-1]), LONGEST)


def _failed_step(outcome: Outcome) -> Step | None:
    """The step that decided; the only one of a kind that names none."""
    if outcome.step:
        return next((step for step in outcome.steps if step.name == outcome.step), None)
    return outcome.steps[-1] if outcome.steps else None


def _text(record: ExchangeRecord) -> str:
    """What a person would read of the answer: the title and the text of a web page, else the body."""
    sent = next((value for name, value in record.response_headers if name == "content-type"), "")
    looks = "text/html" if record.response_body.lstrip().startswith("<") else "text/plain"
    kind = f"{sent.partition(';')[0] or looks}; charset=utf-8"  # the excerpt is decoded already
    body = record.response_body.encode("utf-8", "replace")
    page = Page(record.status or 0, (("content-type", kind),), body)
    try:
        read = page.visible
    except PageError:
        return record.response_body
    read = read.removesuffix("<…")  # cut right there, before the name of a tag
    text = read.removeprefix(page.title).strip()
    return text if page.title in text else f"{page.title} | {text}".removesuffix(" | ")
