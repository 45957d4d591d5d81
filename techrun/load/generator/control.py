"""The control: one small request twice a second beside the visits, which measures the runner, not the release.

What slows it is the machine, the network or the event loop; a comparison with stored runs divides by it.
"""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from urllib.parse import urljoin, urlsplit

import certifi
import gevent
from gevent.server import StreamServer
from gevent.socket import socket

from techrun import __version__
from techrun.load.generator.recorder import Recorder
from techrun.load.records import CONTROL

EVERY = 0.5
"""Seconds."""
PATIENCE = 5.0
"""Seconds after which one has failed."""
_ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"


class Control:
    """Asks until it is stopped; the first planned moment is the run's beginning."""

    def __init__(
        self, page: str, host: str, recorder: Recorder, now: Callable[[], float], *, share: int = 1
    ) -> None:
        self._recorder = recorder
        self._now = now
        self._every = EVERY * share
        self._own = StreamServer(("127.0.0.1", 0), _answer) if not page else None
        self._url = urljoin(f"{host.rstrip('/')}/", page.lstrip("/") if "://" not in page else page)

    def run(self) -> None:
        """Ask at each planned moment; those that one slow answer covered are left out."""
        if self._own is not None:
            self._own.start()
            self._url = f"http://127.0.0.1:{self._own.server_port}/"
        number = 0
        while True:
            at = number * self._every
            gevent.sleep(max(0.0, at - self._now()))
            reason = ask(self._url)
            self._recorder.step("new", CONTROL, CONTROL, at, self._now() - at, reason)
            number = max(number + 1, int(self._now() / self._every))

    def close(self) -> None:
        """End the own server, if there is one."""
        if self._own is not None:
            self._own.stop(timeout=0)


def ask(url: str) -> str:
    """One request on a connection of its own: nothing, or the reason why it failed."""
    parts = urlsplit(url)
    path = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
    connection = _connection(parts.scheme, parts.hostname or "", parts.port)
    begun = time.monotonic()
    try:
        connection.request(
            "GET", path, headers={"User-Agent": f"techrun/{__version__}", "X-Synthetic": CONTROL}
        )
        answer = connection.getresponse()
        answer.read()
    except ssl.SSLError:
        return "tls"
    except (OSError, HTTPException):
        return "timeout" if time.monotonic() - begun >= PATIENCE else "connect"
    finally:
        connection.close()
    return "" if answer.status < 400 else "status"


def _connection(scheme: str, host: str, port: int | None) -> HTTPConnection:
    if scheme == "https":
        context = ssl.create_default_context(cafile=certifi.where())
        return HTTPSConnection(host, port, timeout=PATIENCE, context=context)
    return HTTPConnection(host, port, timeout=PATIENCE)


def _answer(client: socket, _: tuple[str, int]) -> None:
    """The loopback server: whatever it is asked, it says ok."""
    client.recv(4096)
    client.sendall(_ANSWER)
