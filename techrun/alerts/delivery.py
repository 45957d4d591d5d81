"""One worker for each channel: what waits in the outbox is sent, again and again until it is taken.

A channel that hangs or fails holds up no other, and none of them holds up a probe.
"""

from __future__ import annotations

import logging
import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Protocol

from techrun.errors import StoreError
from techrun.standing import Message, Receipt

log = logging.getLogger(__name__)

LOOK_AGAIN = 30.0
"""Seconds between two looks into the outbox when nobody says that something is there."""
STORE_REST = 2.0
"""Seconds to wait where the store could not be used."""
LONGEST_PAUSE = 900.0
"""A service may ask us to wait for so many seconds; longer, and whoever is on call hears too late."""
CHANNEL_PAUSE = 60.0
"""For so many of them the other messages of its channel wait too: they would be turned away alike."""

Delivered = Literal["sent", "failed", "given_up"]


class Outbox(Protocol):
    """Where the messages of a channel wait; see `store.outbox`."""

    def claim(self, channel: str) -> Message | None:
        """The next message that is due, now this worker's."""

    def settle(self, message: Message, receipt: Receipt, retry_at: float | None) -> None:
        """Note what became of an attempt, on the disk or not; without `retry_at` a failed message is given up."""

    def next_due(self, channel: str) -> float | None:
        """When the next message may be tried."""


class Sender(Protocol):
    """Delivers a message; see `alerts.notify.Channel`."""

    name: str

    def send(self, message: Message) -> Receipt:
        """Deliver a message, or say why not; never raises."""


@dataclass(frozen=True, slots=True)
class Backoff:
    """How long a message that was not taken waits: longer each time, never for ever."""

    first: float = 2.0
    longest: float = 300.0
    refused_first: float = 60.0
    """After a refusal (a wrong key, a channel that was deleted) only a person can mend it, and may."""
    refused_longest: float = 900.0
    give_up_after: float = 24 * 3600.0
    """Seconds after which a message is old news."""

    def retry_at(self, message: Message, receipt: Receipt, now: float, share: float) -> float | None:
        """When to try again after this attempt, or None; `share` (0 to 1) spreads the attempts."""
        first = self.refused_first if receipt.refused else self.first
        longest = self.refused_longest if receipt.refused else self.longest
        wait = min(longest, first * 2.0 ** min(message.attempt - 1, 30)) * (0.75 + share / 2)
        if receipt.retry_after is not None:
            wait = max(wait, min(receipt.retry_after, LONGEST_PAUSE) * (1 + share / 10))
        due = now + wait
        return None if due - message.created > self.give_up_after else due


class ChannelWorker:
    """The thread of one channel."""

    def __init__(
        self, outbox: Outbox, sender: Sender, clock: Callable[[], float], backoff: Backoff | None = None
    ) -> None:
        self.counts: Counter[Delivered] = Counter()
        """Attempts by what became of them; set by whoever goes on counting from an earlier worker's."""
        self._outbox = outbox
        self._sender = sender
        self._clock = clock
        self._backoff = backoff or Backoff()
        self._said = ""
        self._paused_until = 0.0
        self._wake = threading.Event()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"techrun-channel-{sender.name}", daemon=True)
        self._thread.start()

    def wake(self) -> None:
        """Something was put into the outbox."""
        self._wake.set()

    def stop(self) -> None:
        """Begin nothing new; what is being sent goes on."""
        self._stop.set()
        self._wake.set()

    def join(self, timeout: float) -> bool:
        """Wait for the thread's end; whether it came. A message on its way is sent again after a restart."""
        self._thread.join(timeout)
        return not self._thread.is_alive()

    def _run(self) -> None:
        while not self._stop.is_set():
            if self._stop.wait(max(0.0, self._paused_until - time.monotonic())):
                return
            self._wake.clear()
            if wait := self._work():
                self._wake.wait(wait)

    def _work(self) -> float:
        """Deliver one message; how long to wait for the next."""
        try:
            return 0.0 if self._deliver_one() else self._until_due()
        except StoreError as error:
            self._say_once(str(error))
        except Exception:
            # A fault of ours must not end the channel.
            log.exception("the messages for %s could not be handled", self._sender.name)
        return STORE_REST

    def _say_once(self, problem: str) -> None:
        if problem != self._said and not self._stop.is_set():
            log.error("messages for %s cannot be looked up: %s", self._sender.name, problem)
        self._said = problem

    def _deliver_one(self) -> bool:
        message = self._outbox.claim(self._sender.name)
        if message is None:
            return False
        receipt = self._send(message)
        retry_at = None if receipt.ok else self._retry_at(message, receipt)
        self.counts["sent" if receipt.ok else "given_up" if retry_at is None else "failed"] += 1
        if not receipt.ok:
            log.warning(
                "message %s was not taken (attempt %d, %s): %s",
                message.key,
                message.attempt,
                "given up" if retry_at is None else "tried again",
                receipt.answer,
            )
        self._outbox.settle(message, receipt, retry_at)
        return True

    def _send(self, message: Message) -> Receipt:
        try:
            return self._sender.send(message)
        except Exception as error:
            # A fault of ours must not leave the message claimed: those behind it would wait for ever.
            log.exception("message %s could not be sent", message.key)
            return Receipt(False, 0.0, f"a fault of techrun: {type(error).__name__}, see its log")  # noqa: FBT003  the field says what it is

    def _retry_at(self, message: Message, receipt: Receipt) -> float | None:
        if receipt.retry_after is not None:
            self._paused_until = time.monotonic() + min(receipt.retry_after, CHANNEL_PAUSE)
        return self._backoff.retry_at(message, receipt, self._clock(), random.random())  # noqa: S311  spreads attempts, guards nothing

    def _until_due(self) -> float:
        due = self._outbox.next_due(self._sender.name)
        return LOOK_AGAIN if due is None else min(LOOK_AGAIN, max(0.01, due - self._clock()))
