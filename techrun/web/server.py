"""The web server, in a thread and on a loop of its own: a scrape never waits for a probe, nor a probe for it."""

from __future__ import annotations

import asyncio
import errno
import socket
import threading
from dataclasses import dataclass

import uvicorn
from starlette.applications import Starlette

from techrun.errors import TechrunError
from techrun.web.routes import Handlers, application

DEFAULT_LISTEN = "127.0.0.1:9789"
_GRACE = 3
"""Seconds that answers under way get when the server stops."""


class ListenError(TechrunError):
    """The address to listen on is no address, or cannot be had."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where to listen."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def parse_listen(text: str) -> Address:
    """The address in `host:port`, `[ipv6]:port` or `:port`; without a host it is this machine only."""
    host, _, port = text.rpartition(":")
    host = host.removeprefix("[").removesuffix("]") or "127.0.0.1"
    if not port.isascii() or not port.isdecimal() or int(port) > 65535:
        raise ListenError(f"cannot listen on {text!r}: write host:port, such as {DEFAULT_LISTEN}")
    return Address(host, int(port))


class WebServer:
    """Serves the pages between `start` and `stop`; port 0 takes a free port, see `address`."""

    def __init__(self, listen: str, handlers: Handlers, *, token: str = "") -> None:
        self.address = parse_listen(listen)
        self._app = application(handlers, token)
        self._server: _Server | None = None
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        """Where people find it."""
        return f"http://{self.address}/"

    def start(self) -> None:
        """Listen and serve; returns when connections are accepted. ListenError where it cannot."""
        listener = _bind(self.address)
        self.address = Address(self.address.host, listener.getsockname()[1])
        server = self._server = _Server(self._app)
        self._thread = threading.Thread(target=server.serve_on, args=(listener,), name="web", daemon=True)
        self._thread.start()
        server.accepting.wait()

    def stop(self) -> None:
        """Answer what is under way, at most for three seconds, then close. May be called twice."""
        if self._server is not None and self._thread is not None:
            self._server.finish()
            self._thread.join()
            self._server = self._thread = None


class _Server(uvicorn.Server):
    """uvicorn outside the main thread, with an event for the moment from which it accepts.

    It sleeps between two requests. uvicorn's own loop looks ten times a second whether it is to end or to
    write another date, which is 3 % of the CPU of a daemon that makes 60 probes a second.
    """

    def __init__(self, app: Starlette) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                loop="asyncio",
                http="h11",
                ws="none",
                lifespan="off",
                log_config=None,
                log_level="warning",
                access_log=False,
                server_header=False,
                date_header=False,
                proxy_headers=False,
                timeout_graceful_shutdown=_GRACE,
            )
        )
        self.accepting = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._ended = asyncio.Event()

    def serve_on(self, listener: socket.socket) -> None:
        """Run until `finish`."""
        try:
            asyncio.run(self.serve(sockets=[listener]))
        finally:
            listener.close()
            self.accepting.set()

    def finish(self) -> None:
        """End soon; called from another thread, once it accepts."""
        self.should_exit = True
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._ended.set)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._loop = asyncio.get_running_loop()
        self.accepting.set()

    async def main_loop(self) -> None:
        await self.on_tick(0)
        await self._ended.wait()


def _bind(address: Address) -> socket.socket:
    """A listening socket; binding before the thread starts lets `start` raise what goes wrong."""
    try:
        found = socket.getaddrinfo(
            address.host, address.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
        return socket.create_server(found[0][4][:2], family=found[0][0], backlog=128)
    except (OSError, UnicodeError) as error:  # a host name may be none at all
        raise ListenError(f"cannot listen on {address}: {_why(error)}") from error


def _why(error: OSError | UnicodeError) -> str:
    if not isinstance(error, OSError):
        return "this is no host name; set another address (`listen`)"
    if error.errno == errno.EADDRINUSE:
        return "another program has this port; stop it, or set another one (`listen`)"
    if error.errno == errno.EACCES:
        return "this user may not take this port; use one above 1023 (`listen`)"
    return f"{error.strerror or error}; set another address (`listen`)"
