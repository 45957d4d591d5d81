"""What a verification leaves in files."""

from __future__ import annotations

import os
from pathlib import Path

from techrun.app.load_files import check_writable, write
from techrun.releases.records import Verification
from techrun.releases.report import FILES, RENDERERS

SUMMARY = "GITHUB_STEP_SUMMARY"
"""Where a job of GitHub's finds the file that its summary page is made from."""


def place_of(form: str, path: Path | None) -> Path:
    """Where a report goes: as it was said, else where the platform looks for it."""
    if path is not None:
        return path
    summary = os.environ.get(SUMMARY, "")
    return Path(summary) if form == "markdown" and summary else Path(FILES[form])


def check_report(form: str, path: Path | None) -> None:
    """UsageError where it cannot be written: asked before the bake, not after it."""
    check_writable(place_of(form, path))


def write_report(verification: Verification, form: str, path: Path | None) -> None:
    """Write it; to the summary of a job it is added, since other steps write there too."""
    text, place = RENDERERS[form](verification), place_of(form, path)
    if path is None and str(place) == os.environ.get(SUMMARY):
        with place.open("a", encoding="utf-8") as summary:
            summary.write(text)
    else:
        write(place, text)
