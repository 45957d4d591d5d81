"""The snippets of docs/pipelines.md, run as their platforms run them: a good release stands, a broken one goes back."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import click
import pytest
import yaml
from lxml import etree

from techrun.app.loading import load_without_secrets
from techrun.cli import cli

pytestmark = pytest.mark.timeout(180)  # each snippet starts techrun a good many times
PAGE = (Path(__file__).parents[3] / "docs" / "pipelines.md").read_text()


def blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


def block(language, first_line):
    (found,) = [text for text in blocks(language) if first_line in text]
    return found


ROLL_BACK = block("sh", "# roll-back.sh")
GITHUB = block("yaml", "# .github/workflows/release.yml")
GITLAB = block("yaml", "# .gitlab-ci.yml")
SCRIPT = block("sh", "# release.sh")


def story(job, version):
    done = job.run(f"techrun release show {version} --shop acme-es --format json")
    assert done.returncode == 0, done.stderr
    assert "nobody-else-may-see" not in done.stdout
    return json.loads(done.stdout)


def environment(written, context):
    """`env:` of a workflow with its expressions filled in."""
    return {
        name: re.sub(r"\$\{\{ (\S+) \}\}", lambda found: context[found[1]], str(value))
        for name, value in written.items()
    }


def run_github(job, tag):
    """Each step in its turn: the exit code of the last one that ran, the outputs of `verify`, the summary."""
    workflow = yaml.safe_load(GITHUB)["jobs"]["release"]
    context = {
        "vars.TECHRUN_SERVER": job.environment["TECHRUN_SERVER"],
        "secrets.TECHRUN_TOKEN": job.environment["TECHRUN_TOKEN"],
    }
    summary, outputs = job.write("../summary.md", "# before\n"), job.write("../outputs", "")
    sha = job.run("git rev-parse HEAD").stdout.strip()
    known = environment(workflow["env"], context) | {
        "CI": "true",
        "GITHUB_ACTIONS": "true",
        "GITHUB_REF_NAME": tag,
        "GITHUB_SHA": sha,
        "GITHUB_ACTOR": "octocat",
        "GITHUB_SERVER_URL": "https://github.example",
        "GITHUB_REPOSITORY": "acme/shop",
        "GITHUB_RUN_ID": "4711",
        "GITHUB_STEP_SUMMARY": str(summary),
        "GITHUB_OUTPUT": str(outputs),
    }
    assert not any("${{" in step.get("run", "") for step in workflow["steps"])
    code, told = 0, []
    for step in workflow["steps"]:
        if "run" in step and code == 0:
            done = job.run(step["run"], **known)
            code = done.returncode
            told.append(f"{step.get('name', step['run'])}: {code}\n{done.stdout}{done.stderr}")
    return code, "\n".join(told), outputs.read_text(), summary.read_text()


def test_github_a_good_release_stands(job):
    job.write("roll-back.sh", ROLL_BACK)
    code, told, outputs, summary = run_github(job, "v812")
    assert code == 0, told
    assert "TECHRUN_VERDICT=pass\n" in outputs
    assert summary.startswith("# before\n## :white_check_mark: Passed: release v812")
    assert "v812" in job.live()
    assert "techrun[release]" in Path(job.environment["PIP_LOG"]).read_text()
    assert etree.parse(str(job.folder / "release.xml")).getroot().get("failures") == "0"
    said = json.dumps(story(job, "v812"))
    assert "https://github.example/acme/shop/actions/runs/4711" in said
    assert "octocat" in said


def test_github_a_broken_release_goes_back(job):
    job.write("roll-back.sh", ROLL_BACK)
    code, told, outputs, summary = run_github(job, "v813-broken")
    assert code == 1, told
    assert "TECHRUN_VERDICT=fail\n" in outputs
    assert ":x: Failed: release v813-broken" in summary
    assert "v811" in job.live()
    assert json.loads((job.folder / "verdict.json").read_text())["verdict"] == "fail"
    told = json.dumps(story(job, "v813-broken"))
    assert '"rolled_back": true' in told
    assert re.search(r'"kind": "command", "what": "./roll-back.sh"[^}]*"ok": true', told)


def run_gitlab(job, tag):
    """Each job in the order of its stage: exit codes by job, and what they told."""
    pipeline = yaml.safe_load(GITLAB)
    sha = job.run("git rev-parse HEAD").stdout.strip()
    known = {name: str(value) for name, value in pipeline["variables"].items()} | {
        "CI": "true",
        "GITLAB_CI": "true",
        "CI_COMMIT_TAG": tag,
        "CI_COMMIT_SHA": sha,
        "CI_COMMIT_TIMESTAMP": "2026-11-20T10:00:00+01:00",
        "CI_PIPELINE_URL": "https://gitlab.example/acme/shop/-/pipelines/4711",
        "GITLAB_USER_LOGIN": "alex",
    }
    codes, told = {}, []
    for stage in pipeline["stages"]:
        for name, found in pipeline.items():
            if isinstance(found, dict) and found.get("stage") == stage and not any(codes.values()):
                script = "\n".join([*pipeline["default"]["before_script"], *found["script"]])
                done = job.run(script, **known)
                codes[name] = done.returncode
                told.append(f"{name}: {done.returncode}\n{done.stdout}{done.stderr}")
    return codes, "\n".join(told), pipeline


def test_gitlab_a_good_release_stands(job):
    job.write("roll-back.sh", ROLL_BACK)
    codes, told, pipeline = run_gitlab(job, "v814")
    assert codes == {"build": 0, "deploy": 0, "verify": 0}, told
    reports = pipeline["verify"]["artifacts"]["reports"]
    assert all((job.folder / path).read_text() for path in reports.values())
    assert "TECHRUN_VERDICT=pass\n" in (job.folder / reports["dotenv"]).read_text()
    assert 'verdict="pass"} 1' in (job.folder / reports["metrics"]).read_text()


def test_gitlab_a_broken_release_goes_back(job):
    job.write("roll-back.sh", ROLL_BACK)
    codes, told, pipeline = run_gitlab(job, "v815-broken")
    assert codes == {"build": 0, "deploy": 0, "verify": 1}, told
    assert codes["verify"] not in pipeline["verify"]["allow_failure"]["exit_codes"]
    assert 'verdict="fail"} 1' in (job.folder / "metrics.txt").read_text()
    assert "v811" in job.live()


def run_script(job, version):
    job.write("release.sh", SCRIPT)
    job.write("roll-back.sh", "#!/bin/sh\nexec ./deploy.sh --previous\n")
    known = {"SHOP": "acme-es", "TECHRUN_CONFIG": "ops/techrun"}
    return job.run(f"./release.sh {version}", **known)


def test_script_a_good_release_stands(job):
    done = run_script(job, "v816")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "v816" in job.live()


def test_script_a_broken_release_goes_back(job):
    done = run_script(job, "v817-broken")
    assert done.returncode == 1, done.stdout + done.stderr
    assert "v811" in job.live()
    assert '"rolled_back": true' in json.dumps(story(job, "v817-broken"))


SETTINGS = [text for text in blocks("yaml") if "# in the shop's file" in text or "# in techrun.yaml" in text]


@pytest.mark.parametrize("text", SETTINGS, ids=lambda text: text.split("\n")[2].strip(" :"))
def test_settings_in_the_page_are_taken(text, tmp_path):
    head = "shop: acme-es\nurl: https://www.acme.es\nchecks: [{name: home, http: /}]\n"
    (tmp_path / "techrun.yaml").write_text(head + text)
    settings = load_without_secrets(tmp_path).settings
    (shop,) = settings.shops
    assert shop.releases.webhooks or settings.grafana


def test_all_settings_of_the_page_are_tried():
    assert len(SETTINGS) == 2


def typed():
    """Every command of techrun in the page's scripts, with its continued lines, and in its tables."""
    text = "\n".join([*blocks("sh"), *blocks("yaml"), *re.findall(r"`(techrun release [^`]*)`", PAGE)])
    joined = re.sub(r"\\\n|\n +(?=--)", " ", text)
    found = re.findall(r"techrun release [^|>;)\n]*(?=[^\n]*)", re.sub(r"\$\([^)]*\)", "x", joined))
    return sorted({re.split(r" (?:\|\||&&) |`", line)[0].strip() for line in found})


@pytest.mark.parametrize("line", typed())
def test_a_command_in_the_page_is_taken_by_the_command_line(line):
    """Options and names; nothing is run."""
    words = shlex.split(line, comments=True)[1:]
    command, context = cli, click.Context(cli)
    while isinstance(command, click.Group):
        _, command, words = command.resolve_command(context, words)
        assert command is not None
    known = {
        option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)
    }
    assert {word.partition("=")[0] for word in words if word.startswith("--")} <= known
