"""What `techrun load run` was given, as it would be typed again. Pure."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from techrun.app.load_scenarios import OWN, Source
from techrun.config.files import shown
from techrun.language import durations, rates
from techrun.load.report.command import SCENARIO

RATES = ("rate", "max_rate")
DURATIONS = ("ramp", "warm_up", "measure", "drain")


def asked_of(source: Source, options: dict[str, Any]) -> dict[str, str]:
    """What decides about the load, by the options' names; what was left to its default is left out."""
    asked = {} if source.shipped or source.path.parent == OWN else {SCENARIO: shown(source.path)}
    if options["config"] != Path("techrun.yaml"):
        asked["config"] = shown(options["config"])
    asked |= {name: rates.exact(options[name]) for name in RATES if options[name] is not None}
    asked |= {name: durations.exact(options[name]) for name in DURATIONS if options[name] is not None}
    processes = {"workers": 1, "expect_workers": 0, "users": None}
    asked |= {name: str(options[name]) for name, usual in processes.items() if options[name] != usual}
    switches = {"orders": options["allow_orders"], "no_orders": options["allow_orders"] is False}
    asked |= {name: "" for name, on in {**switches, "i_own_this": options["i_own_this"]}.items() if on}
    return {name.replace("_", "-"): text for name, text in asked.items()}
