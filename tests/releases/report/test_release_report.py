"""The reports of a verification: what stands in each, and that no foreign text breaks out of one."""

from __future__ import annotations

import json
import re
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from lxml import etree

from techrun.releases.records import Ruling
from techrun.releases.report import FILES, RENDERERS
from techrun.releases.report.bake import bake_rows
from techrun.releases.report.document import document

GOLDEN = Path(__file__).parents[2] / "golden" / "release-report" / "summary.md"


def cases(verification):
    root = etree.fromstring(RENDERERS["junit"](verification).encode())
    return root, {case.get("name"): [child.tag for child in case] for case in root.iter("testcase")}


def test_every_format_has_a_file():
    assert RENDERERS.keys() == FILES.keys() == {"junit", "markdown", "json", "dotenv", "metrics"}


def test_the_markdown_is_as_the_golden_file_has_it(verification):
    assert RENDERERS["markdown"](verification) == GOLDEN.read_text()


def test_of_the_bake_only_runs_count_that_are_not_settling_and_say_something(verification):
    home, buy = bake_rows(verification)
    assert (home.check, home.judged, home.runs, home.failed, home.untold) == ("demo/home", True, 30, 0, 0)
    assert (buy.check, buy.judged, buy.runs, buy.failed, buy.untold) == ("demo/buy", False, 10, 4, 1)
    assert home.median == pytest.approx(0.116)  # of runs 3 to 29: the first three only warm up
    assert buy.failure == "home: 500 in place of 200"


def test_a_judged_check_that_never_ran_is_a_row_of_noughts(verification):
    (row,) = bake_rows(replace(verification, samples=()))
    assert (row.check, row.runs, row.median) == ("demo/home", 0, None)


def test_junit_has_a_case_for_the_verdict_and_one_for_each_ruling(verification):
    root, found = cases(verification)
    assert found == {
        "verdict": ["failure"],
        "smoke.failed buy on 127.0.0.3": ["failure"],
        "identity.unreachable 127.0.0.4": ["skipped"],
        "latency.slower home": ["skipped"],
        "errors.more home": [],
    }
    suite = root.find("testsuite")
    counts = {name: suite.get(name) for name in ("tests", "failures", "errors", "skipped")}
    assert counts == {"tests": "5", "failures": "2", "errors": "0", "skipped": "2"}


def test_in_junit_what_leaves_the_verdict_open_is_an_error(judged):
    _, found = cases(judged("inconclusive", Ruling("bake.samples", "home", None, "12 of 30 runs")))
    assert found == {"verdict": ["error"], "bake.samples home": ["error"]}


def test_junit_of_a_pass_is_green_and_of_nothing_judged_is_not(judged, verification):
    _, found = cases(judged("pass", Ruling("errors.more", "home", holds=True, text="0 of 30")))
    assert found == {"verdict": [], "errors.more home": []}
    _, found = cases(replace(verification, verdict=None))
    assert found == {"verdict": ["error"]}


def test_cases_of_the_same_name_are_told_apart(judged):
    twice = [Ruling("figures.max", "errors", holds=True, text="")] * 2
    _, found = cases(judged("pass", *twice))
    assert found.keys() == {"verdict", "figures.max errors (1)", "figures.max errors (2)"}


def test_the_document_is_json_without_the_single_runs(verification):
    said = json.loads(RENDERERS["json"](verification))
    assert said == document(verification)
    assert (said["verdict"], said["live"], said["bake"][0]["runs"]) == ("fail", None, 30)
    assert "samples" not in said


def test_the_document_of_what_was_never_judged_says_so(verification):
    said = document(replace(verification, verdict=None, identity=None))
    assert (said["verdict"], said["summary"], said["rulings"]) == ("", "not judged", [])


def test_the_dotenv_report_is_what_gitlab_takes(verification):
    text = RENDERERS["dotenv"](verification)
    lines = text.splitlines()
    assert all(re.fullmatch(r"[A-Z_]+=[^\s'\"]*", line) for line in lines)
    assert {"TECHRUN_VERDICT=fail", "TECHRUN_VERSION=v812", "TECHRUN_BROKEN=smoke.failed"} <= set(lines)
    assert {"TECHRUN_RUNS=30", "TECHRUN_FAILED_RUNS=0"} <= set(lines)
    assert len(lines) < 20
    assert len(text) < 5000


def test_a_shell_that_reads_a_hostile_dotenv_report_runs_nothing(hostile, tmp_path):
    text = RENDERERS["dotenv"](replace(hostile, version=f"$(touch {tmp_path}/done);`touch {tmp_path}/done`&"))
    (tmp_path / "env").write_text(text)
    done = subprocess.run(["bash", "-euc", f". {tmp_path}/env"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")
    assert not (tmp_path / "done").exists()


@pytest.mark.system("prometheus")
@pytest.mark.parametrize("which", ["verification", "hostile"])
def test_promtool_finds_nothing_to_say_about_the_metrics(which, request):
    text = RENDERERS["metrics"](request.getfixturevalue(which)).encode("utf-8", "replace")
    done = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, check=False)
    assert (done.returncode, done.stdout + done.stderr) == (0, b"")


def test_the_metrics_say_verdict_runs_and_times(verification):
    live = replace(verification, identity=replace(verification.identity, live=verification.begun + 34))
    lines = RENDERERS["metrics"](live).splitlines()
    assert {
        'techrun_release_info{shop="demo",version="v812",commit="0812bbb"} 1',
        'techrun_release_verdict{shop="demo",verdict="fail"} 1',
        'techrun_release_verdict{shop="demo",verdict="pass"} 0',
        'techrun_release_live_after_seconds{shop="demo"} 34',
        'techrun_release_verification_duration_seconds{shop="demo"} 310',
        'techrun_release_rulings{shop="demo",holds="no"} 1',
        'techrun_release_bake_failed_runs{shop="demo",check="demo/buy"} 4',
        'techrun_release_bake_median_seconds{shop="demo",check="demo/home"} 0.116',
    } <= set(lines)


def test_nothing_judged_is_no_verdict_in_the_metrics(verification):
    text = RENDERERS["metrics"](replace(verification, verdict=None))
    assert re.findall(r"techrun_release_verdict\{.*\} (.*)", text) == ["0", "0", "0"]


def test_hostile_text_stays_text_in_every_format(hostile):
    for name, render in RENDERERS.items():
        text = render(hostile)
        text.encode()
        assert "\x1b" not in text or name == "json", name
    assert "\x1b" not in RENDERERS["json"](hostile)  # JSON writes it as \u001b


def test_hostile_text_is_no_markup_in_the_markdown(hostile):
    text = RENDERERS["markdown"](hostile)
    told, _, shown = text.partition("<details>")
    told = re.sub("`[^`\n]*`", "", told.replace("\\`", ""))
    assert "<script" not in told
    assert not re.search(r"(?<!\\)\*\*_x_|(?<!\\)\[a\]|(?<!\\)@all|(?<!\\):bug:", told)
    assert "\n# h" not in told
    assert "\u202e" not in text
    assert shown.count("\n```\n") == 1  # the block of code ends where we end it


def test_a_table_of_very_many_rows_is_cut_and_says_so(verification):
    smoke = tuple(replace(verification.smoke[1], via=f"10.0.0.{number}") for number in range(100))
    text = RENDERERS["markdown"](replace(verification, smoke=smoke))
    assert "70 more are not shown." in text
