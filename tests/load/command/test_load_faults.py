"""What goes wrong around a load test takes neither its verdict along nor is it laid at the shop's door."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import pytest

from techrun.app import loadtest
from techrun.app.load_target import Aim, target_of, two_releases
from techrun.app.loading import load_for_journeys
from techrun.app.loadtest import Finished
from techrun.cli import load_run
from techrun.errors import ConfigError, ExitCode, StoreError, UsageError
from techrun.load.keeping import StoreLoads
from techrun.load.keeping.folder import FolderLoads
from techrun.load.records import Verdict
from techrun.store import migrations
from techrun.store.database import Store

NOTHING = {"json_": None, "html": None, "junit": None, "markdown": None, "github": False}
PLAIN = {"format_": "text", "color": False, "verbose": 0, "on_inconclusive": None, "report_only": False}


@pytest.fixture
def finished(make_run) -> Finished:
    return Finished(make_run(verdict=Verdict("pass", "All limits hold.")))


@pytest.fixture
def blocked(tmp_path) -> Path:
    """A place below a file, where nothing can be written, whoever asks."""
    (tmp_path / "file").write_text("")
    return tmp_path / "file" / "below"


@pytest.mark.parametrize("report", ["json_", "html", "junit", "markdown", "github"])
def test_a_report_that_cannot_be_written_does_not_take_the_verdict_along(
    finished, blocked, report, capsys, monkeypatch
) -> None:
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(blocked))
    options = {**PLAIN, **NOTHING, report: blocked}
    told = load_run._tell(finished, options)
    out, err = capsys.readouterr()
    assert "All limits hold" in out
    assert "below" in err
    assert not told
    assert load_run._code(finished, options, told=told) is ExitCode.INTERNAL


@pytest.mark.parametrize(
    ("value", "lost", "code"),
    [("pass", "", 0), ("pass", "disk full", 5), ("fail", "disk full", 1), ("invalid", "disk full", 4)],
)
def test_a_run_that_could_not_be_kept_is_only_not_green(make_run, value, lost, code) -> None:
    finished = Finished(make_run(verdict=Verdict(value, "")), lost=lost)
    assert load_run._code(finished, PLAIN, told=True) == code


def test_a_run_that_cannot_be_kept_is_told(make_run, blocked) -> None:
    said: list[str] = []
    around = SimpleNamespace(kept=FolderLoads(blocked), onlooker=SimpleNamespace(says=said.append))
    assert "check --store" in loadtest._kept(around, make_run())
    assert "is not kept" in said[0]


def test_whether_a_run_can_be_kept_is_asked_before_it(tmp_path, blocked) -> None:
    FolderLoads(tmp_path / "new").ready()
    assert list((tmp_path / "new").iterdir()) == []
    with pytest.raises(UsageError, match="check --store"):
        FolderLoads(blocked).ready()
    StoreLoads(tmp_path / "new.db").ready()
    with pytest.raises(StoreError):
        StoreLoads(blocked / "techrun.db").ready()


@pytest.fixture
def older(tmp_path, monkeypatch) -> Path:
    """A store that an older techrun wrote."""
    path = tmp_path / "old.db"
    with monkeypatch.context() as patched:
        patched.setattr(migrations, "MIGRATIONS", migrations.MIGRATIONS[:2])
        Store(path).close()
    return path


def test_a_store_of_an_older_techrun_becomes_one_of_this(older) -> None:
    loads = StoreLoads(older)
    with pytest.raises(StoreError, match="older techrun"):
        loads.runs()
    loads.ready()
    assert loads.runs() == []


def test_a_store_of_an_older_techrun_stays_as_it_is_while_its_daemon_runs(older, monkeypatch) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(migrations, "MIGRATIONS", migrations.MIGRATIONS[:2])
        daemon = Store(older)
    with pytest.raises(StoreError, match="another techrun is using this store"):
        StoreLoads(older).ready()
    daemon.close()
    with pytest.raises(StoreError, match="older techrun"):
        StoreLoads(older).runs()


@pytest.fixture
def settings(tmp_path, monkeypatch):
    """The settings of a shop at this address, with a pager whose address nobody knows here."""
    monkeypatch.delenv("PAGER", raising=False)
    monkeypatch.delenv("STAGING", raising=False)

    def at(url: str):
        channel = '{oncall: {url: "${secret.PAGER}"}}'
        text = f"version: 1\nshop: acme\nenv: staging\nurl: {url}\nchannels: {channel}\n"
        (tmp_path / "techrun.yaml").write_text(text)
        return load_for_journeys(tmp_path / "techrun.yaml").settings

    return at


def test_a_load_test_asks_for_no_secret_that_only_others_need(settings) -> None:
    assert target_of(settings("http://127.0.0.1:1"), Aim()).hosts == {"new": "http://127.0.0.1:1"}


def test_a_shop_whose_address_is_not_known_is_not_loaded(settings) -> None:
    """What stands for a secret leads nowhere: that is no failure of the shop's."""
    with pytest.raises(ConfigError) as refused:
        target_of(settings("${secret.STAGING}"), Aim())
    assert "the secret STAGING, which is not set" in refused.value.problems[0].what
    assert target_of(settings("${secret.STAGING}"), Aim(host="http://127.0.0.1:1")).hosts


@pytest.mark.parametrize("old", ["http://127.0.0.1:1", "http://127.0.0.1:1/", "HTTP://127.0.0.1:01"])
def test_a_release_is_not_held_against_itself(settings, old) -> None:
    found = settings("http://127.0.0.1:1")
    with pytest.raises(UsageError, match="where the new release is"):
        two_releases(target_of(found, Aim(baseline_url=old)))
    assert two_releases(target_of(found, Aim(baseline_url="http://127.0.0.1:2"))).hosts["old"]


def test_the_json_is_whole(finished, tmp_path, capsys) -> None:
    path = tmp_path / "out" / "run.json"
    assert load_run._tell(finished, {**PLAIN, **NOTHING, "json_": path})
    assert json.loads(path.read_text())["id"] == "r1"
    assert "All limits hold" in capsys.readouterr().out
