"""One message to one service. The only importer of Apprise, and a late one: it costs a quarter of a second.

Apprise is held to what can be trusted (measured for 2.2.0): it sends in the calling thread, since its
shared pool starves behind hanging services; it follows no redirect, since a login page that answers
200 is no delivery; a long text is cut, since its parts would be several incidents at a pager. Never
an attachment: one that is missing fails the whole message.
"""

from __future__ import annotations

import hashlib
import logging
import re
import socket
import threading
import time
from concurrent.futures import Future
from concurrent.futures import TimeoutError as StillWaiting
from typing import Any

from techrun.alerts import _apprise_answer as answers
from techrun.alerts._apprise_guard import guard, secrets_of
from techrun.alerts._apprise_pager import RESOLVING, key_problem, opens_incidents, service_of, target_of
from techrun.alerts.message import html_with_attempt, with_attempt
from techrun.redact import Redactor
from techrun.standing import Message, Receipt

DEADLINE = 30.0
"""Seconds for one attempt, whatever the service does."""
ANSWER = 500
"""Characters of an answer that are kept."""
ONE_URL = "this is not one Apprise URL but several; make a channel of each, so that each has its own receipts"
ONE_TARGET = (
    "it sends to several at once; make a channel of each: where one of them fails, "
    "Apprise calls it a failure for all, and the others would hear it again"
)
UNDECLARED_PAUSE = 5.5
"""Seconds that Apprise waits between two messages to any service that does not declare a pause."""

_COPIES = re.compile(r"[?&](b?cc)=")
_FEW_TAGS = frozenset(["tgram"])
"""Services that take HTML, but refuse a message with any but a few of its tags."""


class Channel:
    """Where messages go: one Apprise URL. Used by one thread at a time."""

    def __init__(
        self,
        name: str,
        url: str,
        redactor: Redactor | None = None,
        *,
        deadline: float = DEADLINE,
        installation: str = "",
    ) -> None:
        """Give `installation` what tells this techrun from others that use the same pager, for ever."""
        self.name = name
        self._url = url
        self._redactor = Redactor(secrets_of(url), parent=redactor)
        self._deadline = deadline
        self._installation = _short_hash(installation or socket.gethostname())
        self._under_way: tuple[str, Future[Receipt]] | None = None
        self._apprise: Any = None
        self._problem = ""

    def send(self, message: Message) -> Receipt:
        """Deliver a message, or say within the deadline why not; never raises."""
        started = time.monotonic()
        if self._under_way is None:
            self._under_way = (message.key, self._begin(message))
        key, future = self._under_way
        try:
            receipt = future.result(self._deadline)
        except StillWaiting:
            return Receipt(
                False,  # noqa: FBT003  the field says what it is
                time.monotonic() - started,
                f"no answer within {self._deadline:g} s; it may still arrive"
                if key == message.key
                else f"still busy with an earlier message after {self._deadline:g} s",
            )
        self._under_way = None
        # A thread that was given up on has ended: its receipt is good for its own message only.
        return receipt if key == message.key else self.send(message)

    def opens_incidents(self) -> bool:
        """Whether a message opens an incident at the service, which a later one must resolve."""
        return bool(self._loaded()) and opens_incidents(self._apprise[0])

    def _begin(self, message: Message) -> Future[Receipt]:
        """Send in a thread that the program's end does not wait for; Apprise knows no deadline in it."""
        future: Future[Receipt] = Future()
        threading.Thread(
            target=lambda: future.set_result(self._attempt(message)),
            name=f"techrun-send-{self.name}",
            daemon=True,
        ).start()
        return future

    def _attempt(self, message: Message) -> Receipt:
        started = time.monotonic()
        try:
            answer = self._deliver(message)
        except Exception as error:  # noqa: BLE001  a plugin may raise anything; the worker must live on
            answer = answers.Answer(ok=False, text=f"{type(error).__name__}: {error}")
        return Receipt(
            answer.ok,
            time.monotonic() - started,
            self._redactor(answer.text)[:ANSWER],
            answer.retry_after,
            answer.refused,
        )

    def _deliver(self, message: Message) -> answers.Answer:
        if not self._loaded():
            return answers.Answer(ok=False, text=self._problem)
        to, problem = self._apprise, ""
        if opens_incidents(to[0]):
            to, problem = _load(target_of(to[0], self._url, self._key_of(message), message), self._redactor)
        if problem:
            return answers.Answer(ok=False, text=problem)
        answers.listen()
        return answers.read(to.notify(**_as_arguments(message, to[0]), log_level=logging.DEBUG))

    def _loaded(self) -> Any:
        if self._apprise is None:
            self._apprise, self._problem = _load(self._url, self._redactor)
        return self._apprise

    def _key_of(self, message: Message) -> str:
        """What names an incident at a pager: the same for all messages about it, also after a restart."""
        return f"techrun-{self._installation}-{message.incident}-{self.name}"


def check_url(url: str, redactor: Redactor | None = None) -> str:
    """What is wrong with a channel's URL, without its secrets; ``""`` if Apprise can send to it."""
    loaded, problem = _load(url, Redactor(secrets_of(url), parent=redactor))
    if problem:
        return problem
    copies = _COPIES.search(url)
    if len(loaded[0]) > 1 or (copies and copies[1] in loaded[0].template_args):
        return ONE_TARGET
    return key_problem(loaded[0], url)


def _load(url: str | dict[str, object], redactor: Redactor) -> tuple[Any, str]:
    """An Apprise object with this URL alone, and what is wrong with the URL."""
    import apprise  # noqa: PLC0415  late, see above

    asset = apprise.AppriseAsset(
        async_mode=False,
        service_timeout=0,
        http_redirects=False,
        app_id="techrun",
        app_desc="techrun",
        # A message refers to nothing that lies on other people's servers.
        image_url_mask="",
        image_url_logo="",
    )
    loaded = apprise.Apprise(asset=asset)
    guard.watch(redactor)
    told = guard.listen()
    try:
        loaded.add(url)
    except Exception as error:  # noqa: BLE001  a plugin may raise anything while it reads its URL
        return None, f"{type(error).__name__}: {redactor(str(error))}"
    if len(loaded) > 1:
        return None, ONE_URL
    if not len(loaded):
        reason = redactor("; ".join(told)) or "Apprise cannot read it"
        return None, f"{reason} (the forms of each service: https://appriseit.com/services/)"
    plugin = loaded[0]
    plugin.overflow_mode = apprise.OverflowMode.TRUNCATE
    # A URL may ask for these; whoever sends retries by rules of our own.
    plugin.redirects, plugin.retry = False, 0
    if plugin.request_rate_per_sec == UNDECLARED_PAUSE:
        plugin.request_rate_per_sec = 0
    return loaded, ""


def _as_arguments(message: Message, plugin: Any) -> dict[str, Any]:
    """What Apprise is given of a message, in the form that this service shows best."""
    import apprise  # noqa: PLC0415  late, see above

    takes_html = plugin.resolve_format() == apprise.NotifyFormat.HTML and service_of(plugin) not in _FEW_TAGS
    as_html = bool(message.html) and takes_html
    return {
        "title": message.title,
        "body": html_with_attempt(message) if as_html else with_attempt(message),
        "body_format": apprise.NotifyFormat.HTML if as_html else apprise.NotifyFormat.TEXT,
        "notify_type": _type_of(message, opens=opens_incidents(plugin)),
    }


def _type_of(message: Message, *, opens: bool) -> Any:
    """The kind of a message in Apprise's words; at a pager only success resolves, and information opens nothing."""
    import apprise  # noqa: PLC0415  late, see above

    if message.event == "recovered" or (opens and message.event in RESOLVING):
        return apprise.NotifyType.SUCCESS
    if message.event in ("withdrawn", "trial") and not opens:
        return apprise.NotifyType.INFO
    return apprise.NotifyType.FAILURE if message.severity == "page" else apprise.NotifyType.WARNING


def _short_hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:8]
