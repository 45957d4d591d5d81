"""A real shop: django-oscar under gunicorn, made once and kept for later test runs."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import pytest

HERE = Path(__file__).parent / "oscar"


class OscarShop:
    """A running shop and the switches for its faults."""

    def __init__(self, url: str, server: subprocess.Popen[bytes]) -> None:
        self.url = url
        self._server = server

    def switch(self, name: str, *, on: bool) -> None:
        """Break the shop, or mend it."""
        with urllib.request.urlopen(f"{self.url}/_faults/{name}/{'on' if on else 'off'}/", timeout=20):
            pass

    def deploy(self, version: str, commit: str) -> None:
        """Run another release."""
        with urllib.request.urlopen(f"{self.url}/_release/{version}/{commit}/", timeout=20):
            pass

    @contextlib.contextmanager
    def broken(self, name: str) -> Iterator[None]:
        """The shop with one fault."""
        self.switch(name, on=True)
        try:
            yield
        finally:
            self.switch(name, on=False)
            self.switch("stock-zero", on=False)

    @contextlib.contextmanager
    def frozen(self) -> Iterator[None]:
        """The shop takes connections and answers nothing."""
        os.killpg(self._server.pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.killpg(self._server.pid, signal.SIGCONT)


def environment(data: Path) -> dict[str, str]:
    return {
        **os.environ,
        "OSCAR_DATA": str(data),
        "PYTHONPATH": str(HERE),
        "DJANGO_SETTINGS_MODULE": "oscarshop.settings",
        "PYTHONWARNINGS": "ignore",
    }


def digest() -> str:
    """Changes when the shop must be made anew."""
    source = b"".join(path.read_bytes() for path in sorted((HERE / "oscarshop").rglob("*.py")))
    versions = f"{version('django-oscar')} {version('django')}"
    return hashlib.sha256(source + versions.encode()).hexdigest()[:12]


@pytest.fixture(scope="session")
def oscar_data(pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fresh copy of the shop's data; making it takes some 15 s, so one original is kept."""
    original = pytestconfig.cache.mkdir("oscar") / digest()
    with original.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # other workers of this test run wait for the first one
        if not original.exists():
            being_made = original.with_suffix(f".{os.getpid()}")
            being_made.mkdir()
            command = [sys.executable, "-m", "oscarshop.seed"]
            subprocess.run(command, check=True, env=environment(being_made), timeout=300)
            being_made.rename(original)
    copy = tmp_path_factory.mktemp("oscar") / "data"
    shutil.copytree(original, copy)
    return copy


@pytest.fixture(scope="session")
def oscar(oscar_data: Path) -> Iterator[OscarShop]:
    """The shop, served by gunicorn on a free port of loopback."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "gunicorn", "oscarshop.wsgi", "--bind", f"127.0.0.1:{port}"]
    command += ["--workers", "2", "--threads", "2", "--no-control-socket", "--log-level", "warning"]
    log = (oscar_data / "gunicorn.log").open("wb")
    server = subprocess.Popen(
        command, env=environment(oscar_data), start_new_session=True, stdout=log, stderr=log
    )
    shop = OscarShop(f"http://127.0.0.1:{port}", server)
    try:
        wait_until_it_answers(shop.url, oscar_data)
        yield shop
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        server.wait(timeout=30)
        log.close()


def wait_until_it_answers(url: str, data: Path) -> None:
    deadline = time.monotonic() + 60
    while True:
        try:
            with urllib.request.urlopen(f"{url}/health/", timeout=5):
                return
        except OSError:
            if time.monotonic() > deadline:
                raise RuntimeError((data / "gunicorn.log").read_text()) from None
            time.sleep(0.2)
