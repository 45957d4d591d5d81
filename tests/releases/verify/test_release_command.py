"""`techrun release verify` as a pipeline uses it: a real (demo) shop, the exit codes of the contract."""

from __future__ import annotations

import json
import time
from functools import partial

import pytest
from lxml import etree

from techrun.releases.smoke import run_smoke

pytestmark = pytest.mark.timeout(120)


def test_a_release_that_is_live_and_well_passes_and_is_the_first_of_the_baseline(passed) -> None:
    assert (passed.done.code, passed.seen["verdict"]["value"]) == (0, "pass"), passed.done.err
    assert "baseline recorded (1 of 5)" in passed.seen["verdict"]["baseline"]
    assert {one["state"] for one in passed.seen["identity"]["findings"]} == {"new"}
    assert {one["status"] for one in passed.seen["smoke"]} == {"up"}
    counted = [one for one in passed.seen["samples"] if one["check"] == "acme/home" and not one["settling"]]
    assert len(counted) >= 5
    assert passed.place.listed()[0]["verdict"] == "pass"


def test_a_release_that_passes_runs_no_command(passed) -> None:
    assert passed.seen["actions"] == []
    assert not (passed.place.folder / "acted").exists()


def test_every_report_that_was_asked_for_is_written(passed) -> None:
    out = passed.out
    assert etree.parse(str(out / "v.xml")).getroot().tag in {"testsuite", "testsuites"}
    assert "v812" in (out / "v.md").read_text()
    assert json.loads((out / "v.json").read_text())["verdict"] == "pass"
    assert "TECHRUN_VERDICT=pass" in (out / "v.env").read_text()
    assert 'techrun_release_verdict{shop="acme",verdict="pass"} 1' in (out / "v.prom").read_text()


def test_a_report_is_written_again_from_what_was_kept(passed) -> None:
    assert passed.place.here("show", "v812", "--report", "junit=again.xml").code == 0
    assert (passed.place.folder / "again.xml").read_text() == (passed.out / "v.xml").read_text()


def test_what_happens_goes_to_stderr_and_the_result_to_stdout(passed) -> None:
    assert passed.done.out.startswith("✓ Passed  v812 of acme")
    assert all(stage in passed.done.err for stage in ("identity:", "smoke:", "bake:", "judgement:"))


def test_a_job_of_github_finds_the_result_in_its_summary(passed) -> None:
    summary = (passed.place.folder / "summary.md").read_text()
    assert summary.startswith("# Built\n")
    assert "v812" in summary


def test_a_secret_of_the_settings_is_in_nothing_that_is_kept_or_told(passed) -> None:
    written = passed.told + passed.done.out + (passed.out / "v.json").read_text()
    assert not [part for part in ("hook-4711", "token-4711", "4711-of") if part in written]


def test_quiet_says_nothing_but_the_result(place) -> None:
    place.write(bake="600ms", samples=2)
    place.begin()
    done = place.here("verify", "v812", "-q")
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith("✓ Passed")


def rules(done) -> set[str]:
    """The rules that were broken."""
    return {one["rule"] for one in done.verdict["rulings"] if one["holds"] is False and not one["warns"]}


def test_an_old_version_fails_before_anything_else_is_tried(place, shop) -> None:
    shop.deploy("v811", "0811aaa")
    place.write(within="1500ms")
    place.begin()
    done = place.verify()
    assert (done.code, done.verdict["value"]) == (1, "fail"), done.err
    assert "identity.old_version" in rules(done)
    assert done.seen["smoke"] == done.seen["samples"] == []


def test_a_journey_that_breaks_fails_before_the_bake(place, shop, monkeypatch) -> None:
    monkeypatch.setattr("techrun.app.release_stages.run_smoke", partial(run_smoke, again=(0.1,)))
    shop.fault("product-error-200")
    place.begin()
    done = place.verify()
    assert (done.code, done.verdict["value"]) == (1, "fail"), done.err
    assert done.seen["samples"] == []


def test_a_check_that_goes_down_in_the_bake_ends_it_early(place, shop) -> None:
    place.write(bake="60s", samples=160)
    place.begin()
    began = time.monotonic()
    done = place.verify(at="bake:", act=lambda: shop.fault("unavailable"))
    assert (done.code, done.verdict["value"]) == (1, "fail"), done.err
    assert time.monotonic() - began < 50


def test_a_version_that_never_began_is_told_how_to_begin(place) -> None:
    done = place.verify()
    assert done.code == 2
    assert "techrun release begin v812 --shop acme" in done.err


def test_a_failed_release_runs_the_command_with_the_verdict_and_keeps_what_it_said(place, shop) -> None:
    shop.deploy("v811", "0811aaa")
    place.write(within="1500ms")
    place.begin()
    done = place.verify("--on-fail", "cat > verdict.json; echo $TECHRUN_VERSION is taken back; exit 3")
    assert done.code == 1, done.err
    (action,) = done.seen["actions"]
    assert (action["kind"], action["ok"]) == ("command", False)
    assert "v812 is taken back" in action["answer"]
    assert json.loads((place.folder / "verdict.json").read_text())["verdict"] == "fail"
    kept = json.loads(place.here("show", "v812", "--format", "json").out)["last"]
    assert kept["actions"] == done.seen["actions"]


def test_a_report_alone_is_never_red_and_takes_nothing_back(place, shop) -> None:
    shop.deploy("v811", "0811aaa")
    place.write(within="1500ms")
    place.begin()
    done = place.verify("--report-only", "--on-fail", "touch acted")
    assert (done.code, done.verdict["value"]) == (0, "fail")
    assert not (place.folder / "acted").exists()


@pytest.mark.parametrize(("words", "code"), [((), 4), (("pass",), 0), (("fail",), 1)])
def test_what_cannot_be_told_comes_to_what_was_asked_for(place, words, code) -> None:
    """Without a way to read the version nothing says that the release is live."""
    place.write(bake="600ms", samples=2)
    text = (place.folder / "techrun.yaml").read_text()
    lines = [line for line in text.splitlines() if "release.json" not in line and "$.commit" not in line]
    (place.folder / "techrun.yaml").write_text("\n".join(lines))
    place.begin()
    done = place.verify(*(("--on-inconclusive", *words) if words else ()))
    assert (done.code, done.verdict["value"]) == (code, "inconclusive"), done.err


def test_the_command_line_has_its_own_words_for_nodes_and_times(place) -> None:
    place.write(bake="1h", samples=3000)
    place.begin()
    words = ["--node", "127.0.0.1", "--settle", "0", "--bake", "1s", "--every", "200ms", "--samples", "3"]
    done = place.verify(*words)
    assert done.code == 0, done.err
    assert [one["via"] for one in done.seen["identity"]["findings"]] == ["127.0.0.1", "front"]
    assert done.seen["wanted"] == 3
    assert done.seen["settings"]["bake"]["for"] == 1.0


def test_the_story_tells_verifications_commands_and_the_times(place, shop) -> None:
    shop.deploy("v811", "0811aaa")
    place.write(within="1500ms")
    place.begin()
    place.verify("--on-fail", "echo taken back")
    shop.deploy("v812", "0812bbb")
    place.verify()
    told = place.here("show", "v812").out
    assert told.startswith("✓ Passed  v812 of acme")
    for text in ("release begins", "live on every node", "✗ Failed", "under way"):
        assert text in told
    first = json.loads(place.here("show", "v812", "--format", "json").out)["verifications"][0]["id"]
    assert "taken back" in place.here("show", "v812", "--verification", first).out
    assert "Passed" in place.here("list").out


@pytest.mark.parametrize(
    ("words", "code", "text"),
    [
        pytest.param(["verify", "v812", "--shop", "acmee"], 2, 'did you mean "acme"', id="a mistyped shop"),
        pytest.param(["verify", "v812", "-c", "nowhere.yaml"], 3, "nowhere.yaml", id="no configuration"),
        pytest.param(["verify", "v812", "--report", "html"], 2, "junit=verify.xml", id="an unknown report"),
        pytest.param(["verify", "v812", "--report", "json=/proc/nowhere/x"], 2, "cannot be written", id="a report in nowhere"),
        pytest.param(["verify", "v812", "--bake", "long"], 2, "30s", id="a wrong duration"),
        pytest.param(["verify", "v812", "--node", "web-1"], 2, "203.0.113.11", id="a node that is no address"),
        pytest.param(["verify", "v812", "--server", "http://127.0.0.1:1"], 2, "TECHRUN_TOKEN", id="a server without a token"),
        pytest.param(["show", "v999"], 2, "techrun release list", id="a version that is not there"),
        pytest.param(["verfy", "v812"], 2, "verfy", id="a mistyped command"),
    ],
)  # fmt: skip
def test_wrong_use_is_told_before_anything_is_sent(place, words, code, text) -> None:
    done = place.here(*words)
    assert done.code == code, done.err
    assert text in done.err


def test_a_runner_needs_the_secrets_of_its_shop_and_no_others(place, monkeypatch) -> None:
    """The daemon's pager is no business of a pipeline."""
    place.begin()
    path = place.folder / "techrun.yaml"
    path.write_text(path.read_text() + 'channels: {oncall: {url: "${secret.PAGER_URL}"}}\n')
    assert place.verify().code == 0
    journey = place.folder / "journeys" / "look.yaml"
    journey.write_text(
        journey.read_text().replace("get: /\n", "get: /\n    headers: {X-Probe: '${secret.PROBE_KEY}'}\n")
    )
    done = place.verify()
    assert done.code == 3
    assert "the secret PROBE_KEY is not set" in done.err
    assert "PAGER_URL" not in done.err
    monkeypatch.setenv("PROBE_KEY", "a-key-of-the-probe")
    assert place.verify().code == 0
