"""Load before each release: who arrives, what was measured, and a verdict one can believe.

A scenario imports from here. Locust is imported with the first name that needs it, since that patches the
whole process: no other command pays for it or is changed by it.

records     the words of a load test: schedule, cell, report, run, ruling, verdict; histogram: its durations
scenario    what a file in loadtests/ says; shapes and schedule: who arrives when
figures     how figures are written
bundle/     a shop's journeys, carried with the scenario
job         what the one who commands asks of a generator; generator/: Locust behind it, in a process of its own
visitor/    one visitor: the journey engine under gevent
guards/     what may be loaded, and what stops the load
tally       reports added up; live: what a person sees of them; metrics, publishing: what Prometheus sees
judge/      the verdict
keeping/    where runs are kept
report/     HTML, markdown, JUnit
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from locust import between, constant

    from techrun.load.scenario import Scenario
    from techrun.load.visitor.user import JourneyUser

__all__ = ["JourneyUser", "Scenario", "between", "constant"]

_HOMES = {
    "JourneyUser": "techrun.load.visitor.user",
    "Scenario": "techrun.load.scenario",
    "between": "locust",
    "constant": "locust",
}


def __getattr__(name: str) -> Any:
    """What a scenario imports, from where it lives."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)
