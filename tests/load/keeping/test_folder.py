"""A folder of load runs, as a CI cache carries it from one machine to the next."""

from __future__ import annotations

import json
import logging
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from techrun.errors import StoreError
from techrun.load.keeping import encoded
from techrun.load.keeping import folder as folders
from techrun.load.keeping.folder import FolderLoads


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "cache"


@pytest.fixture
def loads(folder):
    return FolderLoads(folder)


def test_a_file_is_the_run_as_json_and_its_name_says_of_what(loads, folder, make_run):
    loads.save(make_run())
    (path,) = folder.iterdir()
    assert path.name == "20260921T141420Z-acme-es-checkout-r1.json"
    assert path.read_bytes() == encoded(make_run())
    assert path.stat().st_mode & 0o777 == 0o644


def test_a_shop_and_scenario_with_any_name_make_a_file_name(loads, folder, make_run):
    loads.save(make_run(shop="Café / Żółw", scenario="../x y"))
    (path,) = folder.iterdir()
    assert path.parent == folder
    assert [one.shop for one in loads.runs("Café / Żółw", "../x y")] == ["Café / Żółw"]


def test_a_file_that_was_renamed_is_found_all_the_same(loads, folder, make_run):
    loads.save(make_run())
    (path,) = folder.iterdir()
    path.rename(folder / "last-r1.json")
    assert [one.id for one in loads.runs("acme-es", "checkout")] == ["r1"]
    assert loads.get("r1") == make_run()


BROKEN = {
    "half a file": lambda text: text[: len(text) // 2],
    "no JSON": lambda _: b"not json",
    "not even text": lambda _: b"\xff\xfe\x00",
    "empty": lambda _: b"",
    "another program's": lambda _: b'{"metrics": []}',
    "a list": lambda _: b"[1, 2]",
    "too deep": lambda _: b"[" * 100_000,
    "of a newer version": lambda text: text.replace(b'"version":1', b'"version":2'),
    "with an id that leads elsewhere": lambda text: text.replace(b'"id":"r1"', b'"id":"../../x"'),
}


@pytest.mark.parametrize("spoil", BROKEN.values(), ids=BROKEN)
def test_what_is_broken_or_of_another_program_is_told_and_passed_over(loads, folder, make_run, caplog, spoil):
    loads.save(make_run(2))
    text = encoded(make_run())
    path = folder / "20260921T141420Z-acme-es-checkout-r1.json"
    path.write_bytes(spoil(text))
    with caplog.at_level(logging.WARNING):
        assert [one.id for one in loads.runs("acme-es", "checkout")] == ["r2"]
        assert loads.accepted("acme-es", "checkout", make_run().fingerprint) == [make_run(2)]
        loads.save(make_run(3))
    assert f"{path} is passed over" in caplog.text
    assert path.exists()


def test_a_file_that_is_too_large_is_not_read(loads, folder, make_run, caplog, monkeypatch):
    loads.save(make_run())
    monkeypatch.setattr(folders, "LARGEST", 10)
    assert loads.runs() == []
    assert "too large" in caplog.text


def test_what_is_no_json_file_is_nobodys_business(loads, folder, make_run, caplog):
    loads.save(make_run())
    (folder / ".gitkeep").write_text("")
    (folder / "README.md").write_text("a cache")
    (folder / "more").mkdir()
    assert [one.id for one in loads.runs()] == ["r1"]
    assert caplog.text == ""


def test_the_oldest_of_a_scenario_make_room_but_for_accepted_ones(loads, folder, make_run, monkeypatch):
    monkeypatch.setattr(folders, "WHOLE", 3)
    monkeypatch.setattr(folders, "WHOLE_ACCEPTED", 2)
    loads.save(make_run(1, shop="acme-fr"))
    for number in range(1, 4):
        loads.save(make_run(number, id=f"es{number}"))
    for number in range(4, 8):
        loads.save(make_run(number, "fail"))
    assert [one.id for one in loads.runs()] == ["r7", "r6", "r5", "es3", "es2", "r1"]


def test_a_folder_that_cannot_be_written_is_told(tmp_path, make_run):
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="the load run cannot be written"):
        FolderLoads(tmp_path / "file").save(make_run())


WRITER = """
import sys
from dataclasses import replace
from pathlib import Path
from techrun.load.keeping.folder import FolderLoads
from techrun.load.keeping import decoded

folder, own, count, template = sys.argv[1:]
run = decoded(Path(template).read_bytes())
loads = FolderLoads(Path(folder))
print("ready", flush=True)
for number in range(int(count)):
    loads.save(replace(run, id=f"{own}-{number}", started=run.started + number, ended=run.ended + number))
"""


def writer(folder, own, count, template):
    command = [sys.executable, "-c", WRITER, str(folder), own, str(count), str(template)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[3])


def test_several_processes_write_at_once_and_nobody_sees_half_a_run(folder, make_run, tmp_path, caplog):
    template = tmp_path / "template.json"
    template.write_bytes(encoded(make_run()))
    writers = [writer(folder, own, 8, template) for own in ("a", "b", "c")]
    loads, seen = FolderLoads(folder), 0
    while any(one.poll() is None for one in writers):
        seen = max(seen, len(loads.runs(limit=100)))
    for one in writers:
        one.communicate()
        assert one.returncode == 0
    assert len(loads.runs(limit=100)) == 24
    assert caplog.text == ""
    assert not list(folder.glob(".*.part"))


DIES = """
import os, signal
os.fsync = lambda handle: os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_writer_that_is_killed_before_all_is_on_the_disk_leaves_no_run(folder, make_run, tmp_path, caplog):
    template = tmp_path / "template.json"
    template.write_bytes(encoded(make_run()))
    command = [sys.executable, "-c", DIES + WRITER, str(folder), "a", "1", str(template)]
    done = subprocess.run(command, capture_output=True, check=False, cwd=Path(__file__).parents[3])
    assert done.returncode == -signal.SIGKILL
    assert len(list(folder.iterdir())) == 1
    loads = FolderLoads(folder)
    assert loads.runs() == []
    loads.save(make_run())
    assert [one.id for one in loads.runs()] == ["r1"]
    assert caplog.text == ""


def test_a_list_reads_no_cell_of_the_runs(loads, folder, make_run, monkeypatch):
    """What makes a run large is what a list does not need."""
    loads.save(make_run())
    read = []
    real = folders.run_of
    monkeypatch.setattr(folders, "run_of", lambda value: read.append(value) or real(value))
    loads.runs()
    assert read[0]["cells"] == []
    assert json.loads(next(folder.glob("*.json")).read_bytes())["cells"] != []
