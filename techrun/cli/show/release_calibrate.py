"""Earlier releases judged again: the sentence, then each release whose verdict is worth a look."""

from __future__ import annotations

from rich.console import Console
from rich.text import Text

from techrun.cli.show.clock import clock
from techrun.cli.show.console import bare_table
from techrun.cli.show.load_result import STYLES
from techrun.load.report.words import VERDICTS
from techrun.releases.calibrate import Calibration, Replayed


def show_calibration(found: Calibration, console: Console) -> None:
    """What this gate would have said of each release, newest first."""
    console.print(Text(found.summary, "bold"))
    console.print()
    table = bare_table("version", "began", "then", "now", "")
    for one in found.replayed:
        table.add_row(
            Text(one.version), clock(one.begun), _verdict(one.was), _verdict(one.now), Text(_remark(one))
        )
    console.print(table)


def _verdict(value: str | None) -> Text:
    if value is None:
        return Text("not judged", "dim")
    said = VERDICTS[value]
    return Text(f"{said.sign} {said.word}", STYLES[said.tone])


def _remark(one: Replayed) -> str:
    """Why it is not a plain pass, and what is known against it."""
    why = "" if one.now == "pass" else one.summary
    return "; ".join(filter(None, (", ".join(one.harm), why)))
