"""What a verification found, told to people and machines. Everything here is pure.

markdown   for the summary page of a CI job
junit      the rulings as test cases, for CI
document   the whole as one JSON object: also what commands and webhooks hear
variables  the verdict as names and values: dotenv for GitLab, the environment of a command
metrics    for GitLab's metrics report and the textfile of the node exporter
bake       how the runs of each check went, counted
words      how verdicts, stages and nodes are called; shared with the result on a terminal
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from techrun.releases.records import Verification
from techrun.releases.report import document, junit, markdown, metrics, variables

Renderer = Callable[[Verification], str]

RENDERERS: Mapping[str, Renderer] = {
    "junit": junit.render,
    "markdown": markdown.render,
    "json": document.render,
    "dotenv": variables.render,
    "metrics": metrics.render,
}
"""The text of a report, by the name of its format."""

FILES: Mapping[str, str] = {
    "junit": "techrun-release.xml",
    "markdown": "techrun-release.md",
    "json": "techrun-release.json",
    "dotenv": "techrun-release.env",
    "metrics": "techrun-release.prom",
}
"""Where a report goes whose path is not said."""

__all__ = ["FILES", "RENDERERS", "Renderer"]
