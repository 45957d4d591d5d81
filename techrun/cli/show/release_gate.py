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
    head = Text(f"{word}  ", style).append(decision.summary, style="default")
    console.print(head)
    for ruling in decision.rulings:
        console.print(_line(ruling))
    for what in decision.not_asked:
        console.print(Text(f"  · {what}", "dim"))
    if decision.overridden:
        console.print(Text(f"Overridden by {decision.by}: {decision.override}", "bold yellow"))


def _line(ruling: Ruling) -> Text:
    if ruling.warns:
        return Text(f"  ! {ruling.text}", "yellow")
    sign, style = {True: ("✓", "green"), False: ("✗", "bold red"), None: ("?", "bold magenta")}[ruling.holds]
    return Text(f"  {sign} ", style).append(ruling.text, style="default")
