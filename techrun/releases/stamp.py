"""What a release is called and made of, for the file that a shop serves: from arguments, the pipeline, or git."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from techrun.errors import UsageError

SHORT = 12
"""Digits of a commit that stands for a version."""
PATIENCE = 10.0
"""Seconds for git."""


@dataclass(frozen=True, slots=True)
class Pipeline:
    """Where a platform says what it builds."""

    commit: str
    tag: str = ""
    tag_if: tuple[str, str] | None = None
    """The variable names a tag only where another one begins so."""


PIPELINES = (
    Pipeline("GITHUB_SHA", "GITHUB_REF_NAME", ("GITHUB_REF_TYPE", "tag")),
    Pipeline("CI_COMMIT_SHA", "CI_COMMIT_TAG"),  # GitLab, Woodpecker
    Pipeline("BITBUCKET_COMMIT", "BITBUCKET_TAG"),
    Pipeline("CIRCLE_SHA1", "CIRCLE_TAG"),
    Pipeline("BUILD_SOURCEVERSION", "BUILD_SOURCEBRANCHNAME", ("BUILD_SOURCEBRANCH", "refs/tags/")),  # Azure
    Pipeline("BUILDKITE_COMMIT", "BUILDKITE_TAG"),
    Pipeline("DRONE_COMMIT_SHA", "DRONE_TAG"),
    Pipeline("TRAVIS_COMMIT", "TRAVIS_TAG"),
    Pipeline("CODEBUILD_RESOLVED_SOURCE_VERSION"),
    Pipeline("VERCEL_GIT_COMMIT_SHA"),
    Pipeline("CF_PAGES_COMMIT_SHA"),
    Pipeline("RENDER_GIT_COMMIT"),
    Pipeline("COMMIT_REF"),  # Netlify
    Pipeline("SOURCE_VERSION"),  # Heroku
    Pipeline("GIT_COMMIT", "TAG_NAME"),  # Jenkins
)
"""The first whose commit is set is the one that builds."""


def stamp(version: str, commit: str, environ: Mapping[str, str], folder: Path, now: float) -> dict[str, str]:
    """`version`, `commit` and `built` of what is being released.

    What is given wins, then what the pipeline says, then the tag and commit of the git work tree in `folder`;
    a release without a tag is called by its commit. `built` is now, or `SOURCE_DATE_EPOCH`. Raises `UsageError`
    where nothing tells the version.
    """
    found_tag, found_commit = _of_pipeline(environ)
    if not found_commit and not commit:
        found_commit = _git(folder, "rev-parse", "HEAD")
        found_tag = _git(folder, "describe", "--tags", "--exact-match") if found_commit else ""
    commit = commit or found_commit
    version = version or found_tag or commit[:SHORT]
    if not version:
        what = "nothing says which version this is: no pipeline's variables are set, and this is no git work tree"
        raise UsageError(f"{what}. Say it: techrun release stamp v812 --commit a1b9f3e")
    return {"version": version, "commit": commit, "built": _built(environ, now)}


def _of_pipeline(environ: Mapping[str, str]) -> tuple[str, str]:
    """Tag and commit as the platform says them."""
    for each in PIPELINES:
        commit = environ.get(each.commit, "").strip()
        if commit:
            name, start = each.tag_if or ("", "")
            tagged = each.tag_if is None or environ.get(name, "").startswith(start)
            return (environ.get(each.tag, "").strip() if tagged else ""), commit
    return "", ""


def _git(folder: Path, *words: str) -> str:
    """What git answers; empty where there is none, or it knows nothing."""
    try:
        done = subprocess.run(  # noqa: S603  our own words
            ["git", *words],  # noqa: S607  the one that the user has
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def _built(environ: Mapping[str, str], now: float) -> str:
    fixed = environ.get("SOURCE_DATE_EPOCH", "")
    moment = float(fixed) if fixed.isascii() and fixed.isdigit() and len(fixed) <= 11 else now
    return datetime.fromtimestamp(moment, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
