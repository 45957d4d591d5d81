"""What `techrun load aa` does: runs of a release against itself, counted."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from rich.text import Text

from techrun.app.interrupts import handled
from techrun.app.load_drive import MOST_LOOKS
from techrun.app.load_scenarios import find
from techrun.app.load_target import Aim, Target, target_of
from techrun.app.loading import load_for_journeys
from techrun.app.loads import loads_at
from techrun.app.loadtest import Around, LoadWish, load_test
from techrun.cli.show.console import bare_table, make_console
from techrun.cli.show.load_live import Quiet
from techrun.config.settings import Settings
from techrun.errors import ExitCode, UsageError
from techrun.language.durations import show
from techrun.load.figures import STATISTICS
from techrun.load.job import Wishes
from techrun.load.judge.alarms import Alarms, is_alarm, reckoned
from techrun.load.keeping.folder import FolderLoads
from techrun.load.records import Run
from techrun.load.report import words

AROUND = 12.0
"""Seconds that a run takes besides its schedule: Locust starts, the last visitors leave."""


def run_and_tell(scenario: str, options: dict[str, Any]) -> int:
    """Run as often as was asked, and tell the share of false alarms; 130 where it was cut off."""
    console = make_console(color=options["color"], stderr=True)
    loaded = load_for_journeys(options["config"])
    target = _against_itself(loaded.settings, options)
    wishes = Wishes(
        rate=options["rate"], ramp=0.0, warm_up=options["warm_up"], measure=options["measure"], drain=10.0
    )
    wish = LoadWish(find(scenario), "new", "old", wishes, workers=options["workers"])
    each = options["warm_up"] + options["measure"] + AROUND
    most = each + (MOST_LOOKS - 1) * options["measure"]
    runs = options["runs"]
    console.print(
        f"{runs} runs of {target.hosts['new']} against itself: {_about(runs * each)} if each can tell at once, "
        f"{_about(runs * most)} if none can; Ctrl-C tells what was found until then",
        soft_wrap=True,
    )
    done: list[Run] = []
    with handled() as interrupts, tempfile.TemporaryDirectory(prefix="techrun-aa-") as folder:
        told = loads_at(loaded.settings.store)
        around = Around(Quiet(console), interrupts, FolderLoads(Path(folder)), told)
        while len(done) < runs and not interrupts.count:
            finished = load_test(loaded, target, wish, around)
            if not finished.interrupted:
                done.append(finished.run)
                console.print(Text(_line(len(done), runs, finished.run)), soft_wrap=True)
        _show(reckoned(done), options["color"])
        return int(
            ExitCode.INTERRUPTED if interrupts.count else ExitCode.OK if done else ExitCode.CANNOT_TELL
        )


def _against_itself(settings: Settings, options: dict[str, Any]) -> Target:
    """The shop, loaded twice at one address."""
    aim = Aim(options["shop"], options["host"])
    target = target_of(settings, aim)
    if target.limits.env == "production" and not target.addresses["new"].loopback and target.watched:
        raise UsageError("aa loads a shop again and again: not a production shop; use --host")
    return target_of(settings, Aim(options["shop"], options["host"], target.hosts["new"]))


def _about(seconds: float) -> str:
    return show(max(60.0, round(seconds / 60) * 60.0)) if seconds >= 90 else show(float(round(seconds)))


def _line(number: int, of: int, run: Run) -> str:
    verdict = run.verdict
    what = "false alarm" if verdict and is_alarm(verdict) else verdict.value if verdict else ""
    return f"{number}/{of}: {what}: {verdict.summary if verdict else ''}"


def _show(found: Alarms, color: bool) -> None:  # noqa: FBT001  as the option is called
    console = make_console(color=color)
    if not found.runs:
        console.print(
            "No run could be believed: this machine is too busy to measure on, or the shop does not answer."
        )
        return
    share = f"{found.false_alarms} of {found.runs} ({words.share(found.false_alarms / found.runs)})"
    interval = f"{words.share(found.low)} to {words.share(found.high)}"
    console.print(Text(f"False alarms: {share}; the true share lies within {interval} (95 %)", "bold"))
    told = [f"{found.unclear} could not tell"] if found.unclear else []
    told += [f"{found.invalid} could not be believed"] if found.invalid else []
    if told:
        console.print(", ".join(told))
    table = bare_table()
    table.add_column("step")
    table.add_column("statistic")
    table.add_column("found in 4 of 5 runs from", justify="right")
    for step, statistic, ratio in found.detectable:
        table.add_row(Text(step), STATISTICS[statistic], words.change(ratio))
    console.print(table)
    console.print(Text("Longer runs see smaller changes: four times the time, half the size.", "dim"))
