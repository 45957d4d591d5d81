"""The daemon: engine and sinks on one loop, the web server beside it, signals, reload."""

from __future__ import annotations

import asyncio
import gc
import logging
import resource
import signal
import time
from collections.abc import Iterable, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from techrun.alerts import links
from techrun.alerts.notify import Channel
from techrun.alerts.policy import Voice
from techrun.app.board import Board
from techrun.app.counting import Counting
from techrun.app.heartbeat import heartbeat_of
from techrun.app.loading import Loaded, load
from techrun.app.operations import LocalOperations
from techrun.app.parts import check_channels, fetch_settings, policy_of
from techrun.app.release_dora import local_dora
from techrun.app.release_gate import LocalGate
from techrun.app.reloading import Reloads, needs_restart
from techrun.config.problems import render
from techrun.engine import PLACES, Engine, EngineSettings
from techrun.errors import ConfigError
from techrun.fetch import Fetcher
from techrun.load.keeping import StoreLoads
from techrun.model import Check, CheckId
from techrun.redact import Redactor
from techrun.releases.keeping.store_book import StoreBook
from techrun.schedule import SystemClock
from techrun.sinks import Sink
from techrun.sinks.history import HistorySink
from techrun.sinks.incidents import IncidentSink
from techrun.sinks.jsonl import JsonlSink
from techrun.sinks.prometheus import PrometheusSink, store_family
from techrun.store.database import Store
from techrun.store.desk import secret
from techrun.store.orders import Orders
from techrun.store.rollups import Retention
from techrun.web.access import Tokens
from techrun.web.routes import Handlers
from techrun.web.server import WebServer
from techrun.witness import Witness

log = logging.getLogger(__name__)

DAY = 86400.0
DESCRIPTORS = (65_536, 10_240)
BEAT = 1.0
STANDSTILL = 30.0
"""Seconds without a beat of the probe loop after which techrun is not healthy."""
TAKE_OVER = 30.0
"""Seconds that the loop gets to take over a configuration: it does not while techrun stops."""


@dataclass(frozen=True, slots=True)
class Watch:
    """How the daemon is to run; what is not said here the configuration says."""

    listen: str | None = None
    store: Path | None = None
    jsonl: str | None = None
    seconds: float | None = None
    """End by itself after this time."""
    shadow: bool = False
    """Record what would be told, and tell nobody."""


def watch(loaded: Loaded, wish: Watch, extra_sinks: Sequence[Sink] = ()) -> None:
    """Run until SIGTERM, SIGINT or the end of the time given."""
    check_channels(loaded.settings)
    _allow_many_connections()
    gc.freeze()  # the configuration lives as long as we do: full collections need not walk it
    with ExitStack() as stack:
        daemon = Daemon(loaded, wish, stack, extra_sinks)
        asyncio.run(_run_until_told(daemon, wish.seconds))


def _allow_many_connections() -> None:
    """Take what the system gives: hundreds of checks at once need more than the usual 1,024 descriptors."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    for most in DESCRIPTORS:
        wanted = most if hard == resource.RLIM_INFINITY else min(most, hard)
        if soft < wanted:
            with suppress(ValueError, OSError):  # macOS has a limit of its own, which it does not tell
                resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
                return


def _places() -> int:
    """How many runs the descriptors are enough for: a run may try two addresses at once."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return PLACES if soft == resource.RLIM_INFINITY else max(50, min(PLACES, soft // 2 - 100))


async def _run_until_told(daemon: Daemon, seconds: float | None) -> None:
    """Run the daemon until a signal or the end of its time; SIGHUP reloads."""
    loop, stopping = asyncio.get_running_loop(), asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    loop.add_signal_handler(signal.SIGHUP, daemon.reload_soon)
    if seconds is not None:
        loop.call_later(seconds, stopping.set)
    await daemon.run(stopping)


class Daemon:
    """All parts of a running techrun."""

    def __init__(
        self, loaded: Loaded, wish: Watch, stack: ExitStack, extra_sinks: Sequence[Sink] = ()
    ) -> None:
        settings = loaded.settings
        self._loaded, self._wish = loaded, wish
        self._redactor = Redactor(parent=settings.redactor)
        self.store = Store(wish.store or settings.store)
        stack.callback(self.store.close)
        self._metrics = PrometheusSink(location=settings.location)
        self._board = Board()
        self.orders = Orders(self.store)
        self._loads = StoreLoads(self.store.path, self.store, shops=self._shop_names)
        self._secret = self.store.write(partial(secret, name=links.SECRET), urgent=True).result()
        self.incidents = IncidentSink(
            self.store,
            _channels(loaded, self._secret),
            policy=policy_of(settings),
            voice=self._voice(loaded),
            ask=self._hurry,
        )
        self._heartbeat = heartbeat_of(settings.heartbeat, self.store, self.incidents)
        retention = Retention(settings.retention.results / DAY, settings.retention.hours / DAY)
        history = HistorySink(self.store, retention)
        jsonl = JsonlSink(wish.jsonl) if wish.jsonl is not None else None
        sinks = (self._metrics, self._board, history, self.incidents, self._heartbeat, jsonl, *extra_sinks)
        self._sinks: list[Sink] = [sink for sink in sinks if sink is not None]
        counting = Counting(self.incidents, self.orders, self._checks, lambda: self._loaded.shops, self.store)
        self._metrics.add_source("incidents", counting.incidents)
        self._metrics.add_source("orders", counting.orders)
        self._metrics.add_source("loads", counting.loads)
        self._metrics.add_source("releases", counting.releases)
        self._metrics.add_source("dora", counting.dora)
        self._metrics.add_source("store", lambda: [store_family(writable=not self.store.problem)])
        self._metrics.set_reload(ok=True)
        self._reloads = Reloads(self._reload)
        self._web = self._web_server()
        stack.callback(self._web.stop)

    def _web_server(self) -> WebServer:
        settings = self._loaded.settings
        book = StoreBook(self.store.path, self.store, shops=self._shop_names, checks=self._checks)
        handlers = Handlers(
            self._metrics.metrics,
            self._board.has_results,
            self._reloads.now,
            self._board.rows,
            self._is_alive,
            LocalOperations(lambda: self._loaded, self.store),
            self._tokens,
            self._secret,
            self._loads,
            LocalGate(lambda: self._loaded, book, self.store),
            book,
            local_dora(lambda: self._loaded, self.store),
        )
        return WebServer(self._wish.listen or f"{settings.host}:{settings.port}", handlers)

    async def run(self, stopping: asyncio.Event) -> None:
        """Watch until `stopping`; everything taken is written before this returns."""
        self._loop = asyncio.get_running_loop()
        settings = self._loaded.settings
        fetcher = Fetcher(fetch_settings(settings))
        witness = Witness(settings.witness, fetcher, SystemClock(), self.incidents.note_network)
        self._engine = Engine(
            self._loaded.checks,
            self._loaded.shops,
            fetcher,
            self.orders,
            sinks=self._sinks,
            redactor=self._redactor,
            settings=EngineSettings(location=settings.location, concurrency=_places()),
            doubt=witness.doubt,
            failed_orders=self.incidents.failed_orders(),
        )
        witness.start()
        self._beat()
        running = asyncio.create_task(self._engine.run_forever())
        beating = asyncio.create_task(self._heartbeat.beat_forever(fetcher)) if self._heartbeat else None
        self._web.start()
        log.info("watching %s; %s", _what_there_is(self._loaded, self.store.path), self._web.url)
        told = asyncio.create_task(stopping.wait())
        await asyncio.wait({running, told}, return_when=asyncio.FIRST_COMPLETED)
        log.info("stopping: nothing new is started, %d runs may end", self._engine.under_way)
        if beating is not None:
            beating.cancel()
        await self._engine.stop()
        told.cancel()
        await running
        await witness.close()
        await fetcher.close()
        log.info("stopped")

    def _beat(self) -> None:
        """Show that the probe loop moves."""
        self._beaten = time.monotonic()
        self._loop.call_later(BEAT, self._beat)

    def _is_alive(self) -> bool:
        return time.monotonic() - self._beaten < STANDSTILL

    def _voice(self, loaded: Loaded) -> Voice:
        """How messages are written."""
        settings = loaded.settings
        return Voice(self._wish.shadow, settings.web.url or "", self._secret, settings.templates)

    def _hurry(self, checks: Iterable[CheckId]) -> None:
        """Run these checks now; called by the thread of the incidents."""
        with suppress(RuntimeError, AttributeError):  # before the start, or after the end, there is no loop
            self._loop.call_soon_threadsafe(self._engine.hurry, tuple(checks))

    def reload_soon(self) -> None:
        """Read the files in a thread, so that no check waits for them."""
        self._reloads.soon()

    def _reload(self) -> str:
        """Read the configuration again; the problems as text, or ``""`` when the new one runs."""
        try:
            loaded = load(self._loaded.path, self._loaded.environ)
            check_channels(loaded.settings)
            self._take_over(loaded)
        except ConfigError as error:
            text = render(error.problems)
            log.error("the new configuration is wrong, the old one goes on:\n%s", text)  # noqa: TRY400  no traceback for a user's mistake
        except Exception as error:
            text = f"techrun failed by itself: {type(error).__name__}: {error}"
            log.exception("the configuration could not be read again, the old one goes on")
        else:
            text = ""
            log.info("the new configuration runs: %s", _what_there_is(loaded, self.store.path))
        self._metrics.set_reload(ok=not text)
        return text

    def _take_over(self, loaded: Loaded) -> None:
        """Let the engine run this configuration; returns when it does."""

        async def replace() -> None:
            self._engine.replace(loaded.checks, loaded.shops)

        for what in needs_restart(self._loaded, loaded):
            log.warning("%s changed: that takes effect at the next start", what)
        self._redactor.add_all(loaded.settings.redactor)
        moved = _channel_urls(loaded) != _channel_urls(self._loaded)
        channels = _channels(loaded, self._secret) if moved else None
        self.incidents.replace_alerting(channels, policy_of(loaded.settings), self._voice(loaded))
        asyncio.run_coroutine_threadsafe(replace(), self._loop).result(TAKE_OVER)
        self._loaded = loaded

    def _shop_names(self) -> list[str]:
        return [shop.name for shop in self._loaded.shops]

    def _checks(self) -> tuple[Check, ...]:
        return self._loaded.checks

    def _tokens(self) -> Tokens:
        written = self._loaded.settings.web.tokens
        return Tokens(written.read, written.operate)


def _what_there_is(loaded: Loaded, store: Path) -> str:
    checks, shops, channels = len(loaded.checks), len(loaded.shops), ", ".join(loaded.settings.channels)
    watched = f"{checks} check{'s' * (checks != 1)} of {shops} shop{'s' * (shops != 1)}"
    return f"{watched}; channels: {channels or 'none'}; store: {store}"


def _channels(loaded: Loaded, installation: str) -> list[Channel]:
    settings = loaded.settings
    return [
        Channel(channel.name, channel.url, settings.redactor, installation=installation)
        for channel in settings.channels.values()
    ]


def _channel_urls(loaded: Loaded) -> dict[str, str]:
    return {name: channel.url for name, channel in loaded.settings.channels.items()}
