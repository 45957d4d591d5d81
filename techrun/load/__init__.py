"""Load before each release: who arrives, what was measured, and a verdict one can believe.

A scenario imports from here. Locust is imported with the first name that needs it, since that patches the
whole process: no other command pays for it or is changed by it.

records     the words of a load test: schedule, cell, report, run, ruling, verdict; histogram: its durations
scenario    what a file in loadtests/ says; shapes and schedule: who arrives when; reading: what was found in it
bundle      a shop's journeys for it: carried with the file, packing and needs; exporting: in one file for all

job         what the commanding process asks of a generator; generator: Locust behind it, in a process of its own
child       that process: errand, locust_hooks, leader, leading, crew; follower and worker: one share of the load
pacing      lets visitors in when they are due; control: measures the runner beside them; health: and its process
user        one visitor: _equipment, _visit, _exchange, _connect, _decoding, _telling
recorder    what happened in one process; merging: in all of them; ending: the verdict of a plain `locust -f`

guards      what may be loaded; platforms: which may never be; killswitch: stops what hurts customers
tally       reports added up; live: what a person sees of them; metrics, publishing: and Prometheus

verdict     the judge: validity, then criteria and failures, then compare (in one run) or stored (with earlier ones)
criteria    what must hold: counting, prospects, steps, wording
windows     what the statistics work on: resampling, figures
fingerprint what must be equal to compare; machine: this one
rules       what each ruling is called; summing_up: all of them in a sentence
outcome     what the end of a run adds: capacity (stairs and knee) of a breakpoint; alarms: of a release against itself

keeping     where runs are kept; folder: in a CI cache
report/     HTML, markdown, JUnit
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from locust import between, constant

    from techrun.load.scenario import Scenario
    from techrun.load.user import JourneyUser

__all__ = ["JourneyUser", "Scenario", "between", "constant"]

_HOMES = {
    "JourneyUser": "techrun.load.user",
    "Scenario": "techrun.load.scenario",
    "between": "locust",
    "constant": "locust",
}


def __getattr__(name: str) -> Any:
    """What a scenario imports, from where it lives."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)
