"""What a gate said of a release."""

from __future__ import annotations

from collections.abc import Mapping

from rich.console import Console
from rich.text import Text

from techrun.releases.records import GateDecision, GateValue, Ruling

SAID: Mapping[GateValue, tuple[str, str]] = {
    "open": ("✓ open", "green"),
    "closed": ("✗ closed", "bold red"),
    "cannot-tell": ("? cannot be told", "bold magenta"),
}
"""Word and style of each value."""


def show_decision(decision: GateDecision, console: Console) -> None:
    """What it decided, each rule with what it found, and what there was nothing to look at for."""
    word, style = SAID[decision.value]
    console.print(Text(f"{word}  ", style).append(_head(decision), style="default"))
    for ruling in decision.rulings:
        console.print(_line(ruling))
    for what in decision.not_asked:
        console.print(Text(f"  · {what}", "dim"))
    if decision.overridden:
        console.print(Text(f"Overridden by {decision.by}: {decision.override}", "bold yellow"))


def _head(decision: GateDecision) -> str:
    """What it comes to; the rules below say why, unless there is none to say it."""
    what = f"{decision.version} of {decision.shop}"
    if decision.value == "open" or all(one.warns or one.holds for one in decision.rulings):
        return decision.summary
    return f"{what} may not begin:" if decision.value == "closed" else f"whether {what} may begin:"


def _line(ruling: Ruling) -> Text:
    if ruling.warns:
        return Text(f"  ! {ruling.text}", "yellow")
    sign, style = {True: ("✓", "green"), False: ("✗", "bold red"), None: ("?", "bold magenta")}[ruling.holds]
    return Text(f"  {sign} ", style).append(ruling.text, style="default")
