"""Shared by all tests: programs of the system that some tests need."""

from __future__ import annotations

import contextlib
import os
import resource
import shutil
import signal
import subprocess

import pytest

PROGRAMS = {
    "prometheus": ("prometheus", "promtool"),
    "nginx-light": ("nginx",),
    "chromium": ("chromium",),
    "prometheus-blackbox-exporter": ("prometheus-blackbox-exporter",),
}
SEARCH = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/sbin"])

# Workers of pytest-xdist inherit the width of a terminal: no test's lines may break elsewhere because of that.
os.environ.pop("COLUMNS", None)


if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # A shell's background job ignores Ctrl-C, and what it starts inherits that: tests send Ctrl-C to programs.
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Three for two processors: the tests wait for their servers and daemons more than they compute."""
    return (3 * (os.cpu_count() or 1) + 1) // 2


def missing_package(item: pytest.Item) -> str:
    """The Debian package that this test needs and that is not installed, or ``""``."""
    for mark in item.iter_markers("system"):
        for package in mark.args:
            if not all(shutil.which(program, path=SEARCH) for program in PROGRAMS[package]):
                return package
    return ""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave out what the system cannot run, and say what to install; in CI nothing is left out."""
    if os.environ.get("CI") == "true":
        return
    for item in items:
        if package := missing_package(item):
            item.add_marker(pytest.mark.skip(reason=f"needs {package}: apt-get install {package}"))


class Disk:
    """Takes not one byte more while it is full: the system refuses every write to a file."""

    def __init__(self):
        self._limits = resource.getrlimit(resource.RLIMIT_FSIZE)

    def fill(self):
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, self._limits[1]))

    def empty(self):
        resource.setrlimit(resource.RLIMIT_FSIZE, self._limits)


class SmallDisk:
    """A disk of two megabytes, all of them in use while it is full."""

    def __init__(self, folder):
        self._ballast = folder / "ballast"

    def fill(self):
        with self._ballast.open("wb", buffering=0) as ballast, contextlib.suppress(OSError):
            while ballast.write(bytes(4096)):
                pass

    def empty(self):
        self._ballast.unlink(missing_ok=True)


@pytest.fixture
def disk():
    """The disk of this process; it has room again at the test's end."""
    made = Disk()
    yield made
    made.empty()


@pytest.fixture
def small_disk(tmp_path, disk):
    """A folder on a disk of its own, and that disk; where none can be mounted (not root), all of this process'."""
    folder = tmp_path / "small"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=2m", "techrun-test", str(folder)]
    if not shutil.which("mount") or subprocess.run(mount, capture_output=True, check=False).returncode:
        yield folder, disk
        return
    try:
        yield folder, SmallDisk(folder)
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the figures that tests found (`record_property("figures", …)`), also of those that passed."""
    reports = [*terminalreporter.getreports("passed"), *terminalreporter.getreports("failed")]
    for report in reports:
        for name, text in report.user_properties:
            if name == "figures":
                terminalreporter.write_sep("-", report.nodeid)
                terminalreporter.write_line(text.rstrip())
