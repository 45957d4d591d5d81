"""The store's file, its one writing thread, and what happens when the disk says no."""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
import subprocess
import sys
import threading
from concurrent.futures import wait

import pytest

from techrun.errors import StoreError
from techrun.store import migrations, writer
from techrun.store.database import Store, read_store
from techrun.store.writer import BATCH


def make_notes(connection):
    connection.execute("CREATE TABLE notes (text TEXT NOT NULL)")


def insert(*texts):
    return lambda connection: connection.executemany(
        "INSERT INTO notes VALUES (?)", [(text,) for text in texts]
    )


def texts(path):
    with read_store(path) as connection:
        return [text for (text,) in connection.execute("SELECT text FROM notes ORDER BY rowid")]


@pytest.fixture
def notes(store):
    store.write(make_notes).result()
    return store


def test_work_is_on_the_disk_when_its_future_is_done(notes, path):
    notes.write(insert("a")).result()
    assert texts(path) == ["a"]


def test_the_answer_of_work_is_handed_back(store):
    assert store.write(lambda connection: connection.execute("SELECT 42").fetchone()[0]).result() == 42


def test_what_came_in_together_is_one_transaction(notes, path):
    before = commits(path)
    wait([notes.write(insert(str(number))) for number in range(50)])
    assert len(texts(path)) == 50
    assert commits(path) - before <= 2


def commits(path):
    """How many commits the write-ahead log saw: SQLite counts its last frame of each."""
    log = path.with_name(path.name + "-wal").read_bytes()
    page = int.from_bytes(log[8:12], "big")
    frames = range(32, len(log) - 23, page + 24)
    return sum(int.from_bytes(log[at + 4 : at + 8], "big") > 0 for at in frames)


def test_an_urgent_write_does_not_wait_for_the_interval(notes, monkeypatch):
    monkeypatch.setattr("techrun.store.writer.COMMIT_EVERY", 3600)
    notes.write(insert("wakes it up"), urgent=True).result()
    notes.write(insert("urgent"), urgent=True).result(timeout=10)


def test_work_that_fails_spoils_no_other_of_its_transaction(notes, path):
    wrong = notes.write(lambda connection: connection.execute("INSERT INTO notes VALUES (NULL)"))
    right = notes.write(insert("right"))
    right.result()
    with pytest.raises(StoreError, match="NOT NULL"):
        wrong.result()
    assert texts(path) == ["right"]


def test_an_error_of_our_own_in_the_work_is_handed_back_as_it_is(store):
    with pytest.raises(ZeroDivisionError):
        store.write(lambda _: 1 / 0).result()


def test_work_that_was_cancelled_in_time_is_not_done(notes, path, monkeypatch):
    hold = threading.Event()
    notes.write(lambda _: hold.wait(10), urgent=True)
    cancelled = notes.write(insert("cancelled"))
    assert cancelled.cancel()
    hold.set()
    notes.flush()
    assert texts(path) == []


def test_a_lane_writes_all_its_rows_in_order(notes, path):
    lane = notes.lane(lambda connection, rows: insert(*rows)(connection), capacity=3 * BATCH)
    for number in range(BATCH + 10):
        lane.put(str(number))
    notes.flush()
    assert texts(path) == [str(number) for number in range(BATCH + 10)]
    assert (lane.waiting, lane.dropped) == (0, 0)


def test_a_full_lane_forgets_its_oldest_rows_and_counts_them_while_the_disk_is_busy(notes, path):
    hold, held = threading.Event(), threading.Event()
    notes.write(lambda _: held.set() or hold.wait(10), urgent=True)
    held.wait(10)
    lane = notes.lane(lambda connection, rows: insert(*rows)(connection), capacity=10)
    for number in range(25):
        lane.put(str(number))
    hold.set()
    notes.flush()
    assert texts(path) == [str(number) for number in range(15, 25)]
    assert lane.dropped == 15


def test_rows_that_the_schema_refuses_are_counted_and_hold_up_nothing(notes, path):
    lane = notes.lane(lambda connection, rows: insert(*rows)(connection), capacity=10)
    lane.put(None)
    work = notes.write(insert("work"))
    notes.flush()
    work.result()
    assert texts(path) == ["work"]
    assert lane.dropped == 1


def test_rows_wait_while_another_program_holds_the_disk(notes, path, monkeypatch):
    """A lane keeps what the disk refuses for a while, and says so."""
    monkeypatch.setattr("techrun.store.writer.REST", 0.01)
    lane = notes.lane(flaky := Flaky(insert), capacity=10)
    lane.put("patient")
    notes.flush()
    assert lane.waiting == 1
    assert "disk I/O error" in notes.problem
    flaky.well = True
    while lane.waiting:
        notes.flush()
    assert texts(path) == ["patient"]
    assert (notes.problem, lane.dropped) == ("", 0)


class Flaky:
    """Writes rows, or fails as a bad disk does."""

    def __init__(self, insert_rows):
        self.well = False
        self.insert = insert_rows

    def __call__(self, connection, rows):
        if not self.well:
            raise sqlite3.OperationalError("disk I/O error")
        self.insert(*rows)(connection)


def test_closing_writes_what_is_left(path):
    store = Store(path)
    store.write(make_notes).result()
    lane = store.lane(lambda connection, rows: insert(*rows)(connection), capacity=10)
    lane.put("row")
    store.write(insert("work"))
    store.close()
    store.close()
    assert sorted(texts(path)) == ["row", "work"]
    with pytest.raises(StoreError, match="closed"):
        store.write(insert("late"))


def test_a_file_that_another_program_holds_is_waited_for_once_not_by_each_work(path, monkeypatch):
    attempts = []
    attempt = writer._attempt
    monkeypatch.setattr(writer, "_attempt", lambda *given: attempts.append(given) or attempt(*given))
    monkeypatch.setattr("techrun.store.database.BUSY", 0.2)
    store = Store(path)
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as holder:
        holder.execute("BEGIN EXCLUSIVE")
        refused = [store.write(lambda _: None) for _ in range(100)]
        for future in refused:
            with pytest.raises(StoreError, match="locked"):
                future.result()
        assert len(attempts) < 10
        lane = store.lane(lambda connection, rows: insert(*rows)(connection), capacity=10)
        lane.put("lost")
        store.close()
        assert (lane.waiting, lane.dropped) == (0, 1)


@pytest.mark.parametrize("what", ["the file", "the folder"])
def test_a_store_that_is_deleted_under_us_is_begun_anew_and_told_once(tmp_path, what, caplog):
    folder = tmp_path / "data"
    store = Store(folder / "store.db")
    if what == "the folder":
        shutil.rmtree(folder)
    else:
        store.path.unlink()
    store.write(make_notes, urgent=True).result()
    store.write(insert("found"), urgent=True).result()
    assert texts(store.path) == ["found"]
    assert [line.message.partition("was ")[2] for line in caplog.records] == [
        "deleted or replaced while techrun uses it; a new one is begun"
    ]
    store.close()


def test_a_store_that_cannot_be_begun_anew_yet_is_tried_again(tmp_path):
    folder = tmp_path / "data"
    store = Store(folder / "store.db")
    shutil.rmtree(folder)
    folder.write_text("in the way")
    for _ in range(2):
        with pytest.raises(StoreError, match="could not be written"):
            store.write(make_notes, urgent=True).result()
    folder.unlink()
    store.write(make_notes, urgent=True).result()
    assert texts(store.path) == []
    store.close()


def test_closing_ends_although_the_disk_refuses_everything(path):
    store = Store(path)
    lane = store.lane(Flaky(insert), capacity=10)
    lane.put("row")
    store.close()
    assert lane.dropped == 1


def test_a_reader_cannot_write(store):
    with pytest.raises(StoreError, match="readonly"), store.read() as connection:
        connection.execute("DELETE FROM results")


# --- files that cannot serve ------------------------------------------------------------------------


def test_two_daemons_cannot_use_one_store(store, path):
    with pytest.raises(StoreError, match=rf"another techrun is using this store \(process {os.getpid()}\)"):
        Store(path)


def test_a_command_may_write_beside_the_daemon(notes, path):
    beside = Store(path, exclusive=False)
    beside.write(insert("from the command")).result()
    beside.close()
    assert texts(path) == ["from the command"]


def test_a_killed_daemon_leaves_no_lock_behind(path):
    script = f"""
import os, signal
from techrun.store.database import Store
store = Store({str(path)!r})
store.write(lambda connection: connection.execute("INSERT INTO watched VALUES (1, 's', 'c')")).result()
os.kill(os.getpid(), signal.SIGKILL)
"""
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == -9
    store = Store(path)
    with store.read() as connection:
        assert connection.execute("SELECT count(*) FROM watched").fetchone() == (1,)
    store.close()


def not_a_database(path):
    path.write_text("shops: []\n" * 500)


def damaged(path):
    Store(path).close()
    path.write_bytes(path.read_bytes()[:8000] + b"\0" * 4000)
    content = bytearray(path.read_bytes())
    content[100:200] = b"\xff" * 100
    path.write_bytes(content)


def of_another_program(path):
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE theirs (id)")
    connection.close()


def newer(path):
    Store(path).close()
    with sqlite3.connect(path) as connection:
        connection.execute("INSERT INTO migrations VALUES (999, 'from_the_future', 0)")
    connection.close()


def a_folder(path):
    path.mkdir()


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (not_a_database, "damaged or no database"),
        (damaged, "damaged or no database"),
        (of_another_program, "not techrun's"),
        (newer, r"newer techrun \(schema 999, this one knows \d+\)"),
        (a_folder, "cannot be used|cannot be opened"),
    ],
)
def test_a_file_that_cannot_serve_is_refused_with_what_to_do_and_left_unlocked(path, spoil, words):
    spoil(path)
    for _ in range(2):
        with pytest.raises(StoreError, match=words) as refused:
            Store(path)
        assert str(path) in str(refused.value)


def test_a_read_only_folder_is_refused(tmp_path):
    """Run as nobody where the tests run as root, whom no rights bind."""
    folder = tmp_path / "sealed"
    folder.mkdir(mode=0o555)
    for each in (tmp_path, *tmp_path.parents):
        if each.owner() == "root" and os.geteuid() == 0 and each != tmp_path.anchor:
            each.chmod(each.stat().st_mode | 0o055)
    script = f"""
import os
from techrun.errors import StoreError
from techrun.store.database import Store
if os.geteuid() == 0:
    os.seteuid(65534)
try:
    Store({str(folder / "t.db")!r})
except StoreError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert "check the folder, its rights and the room on its disk" in done.stdout


def test_reading_before_there_is_a_store_says_what_makes_one(path):
    with pytest.raises(StoreError, match="techrun run"), read_store(path):
        pass
    assert not path.exists()


# --- migrations -------------------------------------------------------------------------------------


def version(path):
    with read_store(path) as connection:
        return [number for (number,) in connection.execute("SELECT number FROM migrations ORDER BY number")]


KNOWN = [*range(1, len(migrations.MIGRATIONS) + 1)]
NEXT = [*KNOWN, len(KNOWN) + 1]


def add_colour(connection):
    connection.execute("ALTER TABLE watched ADD COLUMN colour TEXT NOT NULL DEFAULT 'blue'")


def test_an_older_store_is_brought_up_to_date_and_keeps_its_rows(path, monkeypatch):
    store = Store(path)
    store.write(lambda connection: connection.execute("INSERT INTO watched VALUES (1, 's', 'c')")).result()
    store.close()
    monkeypatch.setattr(migrations, "MIGRATIONS", (*migrations.MIGRATIONS, add_colour))
    Store(path).close()
    assert version(path) == NEXT
    with read_store(path) as connection:
        assert connection.execute("SELECT colour FROM watched").fetchall() == [("blue",)]


def test_a_store_that_a_newer_techrun_has_not_seen_yet_is_not_read_and_the_reader_told_what_to_do(
    path, monkeypatch
):
    Store(path).close()
    monkeypatch.setattr(migrations, "MIGRATIONS", (*migrations.MIGRATIONS, add_colour))
    with pytest.raises(StoreError, match="written by an older techrun; start the daemon"), read_store(path):
        pass


def test_a_migration_that_fails_leaves_the_store_as_it_was(path, monkeypatch):
    Store(path).close()

    def half(connection):
        add_colour(connection)
        raise sqlite3.OperationalError("the power went")

    with monkeypatch.context() as patched:
        patched.setattr(migrations, "MIGRATIONS", (*migrations.MIGRATIONS, half))
        with pytest.raises(StoreError, match="the power went"):
            Store(path)
    assert version(path) == KNOWN
    monkeypatch.setattr(migrations, "MIGRATIONS", (*migrations.MIGRATIONS, add_colour))
    Store(path).close()
    assert version(path) == NEXT


def test_a_migration_is_applied_once(path):
    Store(path).close()
    Store(path).close()
    assert version(path) == KNOWN
