"""What a load test leaves in files."""

from __future__ import annotations

import os
from pathlib import Path

from techrun.app.load_scenarios import find
from techrun.app.loading import load_without_secrets
from techrun.errors import UsageError
from techrun.load.bundle import bundle_of
from techrun.load.bundle.exporting import export
from techrun.load.keeping import encoded
from techrun.load.records import Run
from techrun.load.report import html, junit, markdown


def write(path: Path, text: str) -> None:
    """Write a file whole, folders included; UsageError where that cannot be."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}") from error


def check_writable(path: Path) -> None:
    """UsageError where a file cannot be written: asked before a run of half an hour, not after it."""
    there = path.exists()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.open("a").close()
        if not there:
            path.unlink()
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}") from error


def write_html(path: Path, run: Run, baseline: Run | None) -> None:
    """The report."""
    write(path, html.render(run, baseline))


def write_json(path: Path, run: Run) -> None:
    """Everything that was measured."""
    write(path, encoded(run).decode())


def write_junit(path: Path, run: Run) -> None:
    """The rulings as test cases."""
    write(path, junit.render(run))


def write_markdown(path: Path, run: Run, baseline: Run | None) -> None:
    """The result in short."""
    write(path, markdown.render(run, baseline))


def add_to_job_summary(run: Run, baseline: Run | None) -> bool:
    """Add the result in short to the summary of the GitHub job; False where there is none."""
    path = os.environ.get("GITHUB_STEP_SUMMARY")
    if not path:
        return False
    with Path(path).open("a", encoding="utf-8") as summary:
        summary.write(markdown.render(run, baseline))
    return True


def exported(config: Path, scenario: str, shop: str) -> str:
    """A scenario with the journeys of a shop in one file."""
    settings = load_without_secrets(config).settings
    return export(find(scenario).text, bundle_of(settings, shop))
