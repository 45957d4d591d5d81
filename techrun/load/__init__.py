"""Load before each release: who arrives, what was measured, and a verdict one can believe.

A scenario imports from here. Locust is imported with the first name that needs it, since that patches the
whole process: no other command pays for it or is changed by it.
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
