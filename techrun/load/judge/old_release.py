"""Whether the old release was there to be compared with: one that is down makes every new one look good."""

from __future__ import annotations

from dataclasses import replace

from techrun.load.judge import criteria
from techrun.load.records import Ruling, Run

BROKEN = criteria.BROKEN.model_copy(update={"from_": "measure"})


def broken(run: Run) -> Ruling | None:
    """That most of the old release's steps failed in some stretch of the measured time; None: it answered."""
    if "old" not in run.schedule.arms:
        return None
    alone = replace(run, cells=tuple(replace(cell, arm="new") for cell in run.cells if cell.arm == "old"))
    found = next((one for one in criteria.rulings(alone, (BROKEN,)) if one.holds is False), None)
    if found is None:
        return None
    name = run.old_release or "the old release"
    text = (
        f"{name} at {run.old_host or 'its address'} did not answer, so nothing can be compared: {found.text}"
    )
    return Ruling("compared.broken", "old release", None, text)
