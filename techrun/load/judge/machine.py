"""What this machine is, for the fingerprint of a load test."""

from __future__ import annotations

import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import techrun
from techrun.load.generator.health import quota


def described() -> dict[str, str]:
    """The parts of the fingerprint that belong to the machine and the programs on it."""
    return {
        "cpu": cpu_model(),
        "cores": f"{quota() or os.cpu_count() or 1:g}",
        "system": f"{platform.system()} {platform.machine()}",
        "python": ".".join(platform.python_version_tuple()[:2]),
        "techrun": techrun.__version__,
        "locust": _version("locust"),
    }


def cpu_model(path: Path = Path("/proc/cpuinfo")) -> str:
    """As the processor calls itself; `unknown` where nobody says."""
    try:
        lines = path.read_text().splitlines()
    except OSError:
        return platform.processor() or "unknown"
    named = {key.strip(): value.strip() for key, _, value in (line.partition(":") for line in lines)}
    return named.get("model name") or named.get("Hardware") or platform.processor() or "unknown"


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "none"
