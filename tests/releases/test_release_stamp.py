"""What `techrun release stamp` prints, and where it takes it from."""

from __future__ import annotations

import json
import re
import subprocess
import sys

import pytest

from techrun.errors import UsageError
from techrun.releases.stamp import stamp

SHA = "a1b9f3e0c4d2aa5b66c7d8e9f00112233445566f"
NOW = 1_790_000_000.0


def told(environ, folder, version="", commit=""):
    made = stamp(version, commit, environ, folder, NOW)
    return made["version"], made["commit"]


@pytest.mark.parametrize(
    ("environ", "version"),
    [
        ({"GITHUB_SHA": SHA, "GITHUB_REF_NAME": "v812", "GITHUB_REF_TYPE": "tag"}, "v812"),
        ({"GITHUB_SHA": SHA, "GITHUB_REF_NAME": "main", "GITHUB_REF_TYPE": "branch"}, SHA[:12]),
        ({"CI_COMMIT_SHA": SHA, "CI_COMMIT_TAG": "v812"}, "v812"),
        ({"CI_COMMIT_SHA": SHA, "CI_COMMIT_BRANCH": "main"}, SHA[:12]),
        ({"BITBUCKET_COMMIT": SHA, "BITBUCKET_TAG": "v812"}, "v812"),
        (
            {
                "BUILD_SOURCEVERSION": SHA,
                "BUILD_SOURCEBRANCH": "refs/tags/v812",
                "BUILD_SOURCEBRANCHNAME": "v812",
            },
            "v812",
        ),
        (
            {
                "BUILD_SOURCEVERSION": SHA,
                "BUILD_SOURCEBRANCH": "refs/heads/main",
                "BUILD_SOURCEBRANCHNAME": "main",
            },
            SHA[:12],
        ),
        ({"GIT_COMMIT": SHA}, SHA[:12]),
    ],
    ids=[
        "GitHub, a tag",
        "GitHub, a branch",
        "GitLab, a tag",
        "GitLab, a branch",
        "Bitbucket",
        "Azure, a tag",
        "Azure, a branch",
        "Jenkins",
    ],
)
def test_a_pipeline_says_tag_and_commit_and_a_branch_is_no_version(environ, version, tmp_path):
    assert told(environ, tmp_path) == (version, SHA)


def test_what_is_said_wins_over_what_the_pipeline_says(tmp_path):
    assert told({"CI_COMMIT_SHA": SHA, "CI_COMMIT_TAG": "v1"}, tmp_path, "v812", "beef123") == (
        "v812",
        "beef123",
    )


def git(folder, *words):
    identity = ["-c", "user.name=Pia", "-c", "user.email=pia@acme.example"]
    done = subprocess.run(["git", *identity, *words], cwd=folder, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def test_a_git_work_tree_says_its_tag_and_commit_where_no_pipeline_does(tmp_path):
    git(tmp_path, "init", "-q")
    git(tmp_path, "commit", "-q", "--allow-empty", "-m", "all of it")
    head = git(tmp_path, "rev-parse", "HEAD")
    assert told({}, tmp_path) == (head[:12], head)
    git(tmp_path, "tag", "v812")
    assert told({}, tmp_path) == ("v812", head)


def test_without_anything_that_tells_it_is_asked_for(tmp_path):
    with pytest.raises(UsageError, match="release stamp v812"):
        stamp("", "", {"GIT_CEILING_DIRECTORIES": str(tmp_path.parent)}, tmp_path, NOW)


@pytest.mark.parametrize(
    ("fixed", "built"),
    [("1700000000", "2023-11-14T22:13:20Z"), ("", "2026-09-21T14:13:20Z"), ("soon", "2026-09-21T14:13:20Z")],
    ids=["a reproducible build", "now", "nonsense is passed over"],
)
def test_built_is_now_or_what_a_reproducible_build_says(fixed, built, tmp_path):
    assert stamp("v812", "", {"SOURCE_DATE_EPOCH": fixed, "GIT_COMMIT": SHA}, tmp_path, NOW)["built"] == built


def test_the_command_prints_json_that_a_shop_can_serve_without_any_configuration(tmp_path):
    command = [sys.executable, "-m", "techrun", "release", "stamp", "v812", "--commit", SHA]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    said = json.loads(done.stdout)
    assert (said["version"], said["commit"]) == ("v812", SHA)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", said["built"])
