"""The workers of all channels."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from typing import get_args

from techrun.alerts.delivery import Backoff, ChannelWorker, Delivered, Sender
from techrun.store.outbox import Outbox

log = logging.getLogger(__name__)

JOIN = 5.0
"""Seconds that all channels together get to end what they are sending when techrun stops."""


class Couriers:
    """One worker a channel, over one outbox."""

    def __init__(self, outbox: Outbox, clock: Callable[[], float], backoff: Backoff | None) -> None:
        self._outbox, self._clock, self._backoff = outbox, clock, backoff
        self._workers: dict[str, ChannelWorker] = {}

    @property
    def names(self) -> frozenset[str]:
        """The channels that there are."""
        return frozenset(self._workers)

    def replace(self, channels: Sequence[Sender]) -> None:
        """Deliver through these from now on; what is being sent by the former ones ends undisturbed."""
        former, self._workers = self._workers, {channel.name: self._start(channel) for channel in channels}
        for name, worker in former.items():
            worker.stop()
            if name in self._workers:
                self._workers[name].counts = worker.counts
        self._outbox.serve(self._workers)

    def wake(self) -> None:
        """Something was put into the outbox."""
        for worker in self._workers.values():
            worker.wake()

    def counts(self) -> dict[tuple[str, Delivered], int]:
        """Attempts since the start by channel and what became of them."""
        return {
            (name, became): worker.counts[became]
            for name, worker in self._workers.items()
            for became in get_args(Delivered)
        }

    def stop(self) -> None:
        """Begin nothing new, and wait a little for what is being sent."""
        for worker in self._workers.values():
            worker.stop()
        end = time.monotonic() + JOIN
        for worker in self._workers.values():
            worker.join(max(0.0, end - time.monotonic()))
        if left := self._outbox.write_back():
            log.error("%d messages could not be written: they are lost, or sent again after the start", left)

    def _start(self, channel: Sender) -> ChannelWorker:
        return ChannelWorker(self._outbox, channel, self._clock, self._backoff)
