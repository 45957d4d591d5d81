"""Runs the demo shop in a process of its own, and works its switchboard."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

from techrun.errors import TechrunError, UsageError

DEFAULT_PORT = 9780


@dataclass(frozen=True, slots=True)
class FaultState:
    """One fault of the switchboard, as it stands."""

    name: str
    sees: str
    """What a customer sees, in one line."""
    where: str
    on: bool


def list_faults(url: str) -> list[FaultState]:
    """Every fault of the demo shop at `url`; TechrunError where no demo shop answers."""
    return _states(_exchange(url, "GET"))


def set_fault(url: str, name: str, *, on: bool) -> list[FaultState]:
    """Switch a fault of the demo shop at `url`; UsageError for a fault that does not exist."""
    return _states(_exchange(url, "POST", {"name": name, "on": on}))


def mend(url: str) -> list[FaultState]:
    """Switch every fault of the demo shop at `url` off."""
    return _states(_exchange(url, "POST", {"all": False}))


def deploy(url: str, version: str, commit: str = "") -> None:
    """Let the demo shop at `url` run this release."""
    _exchange(url, "POST", {"version": version, "commit": commit}, "/_release")


def _states(answer: dict[str, Any]) -> list[FaultState]:
    return [FaultState(**entry) for entry in answer["faults"]]


def _exchange(
    url: str, method: str, body: dict[str, Any] | None = None, path: str = "/_faults"
) -> dict[str, Any]:
    parts = urlsplit(url)
    connection = HTTPConnection(parts.hostname or "127.0.0.1", parts.port or 80, timeout=5)
    try:
        headers = {"content-type": "application/json"}
        connection.request(method, path, json.dumps(body) if body else None, headers)
        response = connection.getresponse()
        answer: dict[str, Any] = json.loads(response.read())
    except (OSError, ValueError) as error:
        raise TechrunError(
            f"No demo shop answers at {url} ({error}): start one with `techrun demo`."
        ) from error
    finally:
        connection.close()
    if response.status != 200:
        raise UsageError(f"The demo shop at {url} says: {answer.get('error', response.status)}")
    return answer


class DemoShop:
    """A demo shop in a child process: `with DemoShop() as shop: shop.url`. It ends with its parent.

    `port` 0 takes a free one; at another `address` than 127.0.0.1 it is one node of a fleet.
    TechrunError where it cannot start.
    """

    def __init__(self, port: int = 0, address: str = "127.0.0.1", node: int = 1) -> None:
        self._port = port
        self._address = address
        self._node = node
        self._process: subprocess.Popen[str] | None = None
        self.url = ""

    def start(self) -> Self:
        """Start it and wait until it serves."""
        command = [sys.executable, "-m", "techrun.demo", "--with-parent", "--port", str(self._port)]
        command += ["--address", self._address, "--node", str(self._node)]
        self._process = subprocess.Popen(  # noqa: S603  our own module, with an address
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        line = self._process.stdout.readline() if self._process.stdout else ""
        if not line.startswith("http"):
            self.stop()
            raise TechrunError(f"The demo shop could not start: is port {self._port} taken?")
        self.url = line.strip()
        return self

    def stop(self) -> None:
        """End it; it may be called twice."""
        process, self._process = self._process, None
        if process is None:
            return
        if process.stdin:
            process.stdin.close()
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stdout:
            process.stdout.close()

    def fault(self, name: str, *, on: bool = True) -> None:
        """Switch a fault on or off."""
        set_fault(self.url, name, on=on)

    def deploy(self, version: str, commit: str = "") -> None:
        """Run another release."""
        deploy(self.url, version, commit)

    @contextmanager
    def broken(self, *names: str) -> Iterator[Self]:
        """These faults are on inside the block."""
        try:
            for name in names:
                self.fault(name)
            yield self
        finally:
            for name in names:
                self.fault(name, on=False)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
