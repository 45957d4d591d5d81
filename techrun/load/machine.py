"""What this machine is, for the fingerprint of a load test."""

from __future__ import annotations

import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import techrun

_CGROUP = Path("/sys/fs/cgroup")


def described() -> dict[str, str]:
    """The parts of the fingerprint that belong to the machine and the programs on it."""
    return {
        "cpu": cpu_model(),
        "cores": f"{cores():g}",
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


def cores(quota: Path = _CGROUP / "cpu.max") -> float:
    """Processors that this process may use, by its affinity and its control group's quota."""
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    try:
        most, period = quota.read_text().split()
    except (OSError, ValueError):
        return float(allowed)
    return float(allowed) if most == "max" else min(float(allowed), int(most) / int(period))


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "none"
