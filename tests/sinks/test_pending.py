"""What is to be written together: a row that breaks a rule is left out, a disk at fault keeps it all."""

from __future__ import annotations

import sqlite3

import pytest

from techrun.sinks._pending import Pending
from techrun.store.migrations import migrate


def refused(error: Exception) -> Pending:
    """Two notes, of which the first fails so."""

    def fail(_: sqlite3.Connection) -> None:
        raise error

    return Pending(notes=[fail, lambda connection: connection.execute("CREATE TABLE written (one)")])


@pytest.mark.parametrize(
    "error",
    [sqlite3.OperationalError("disk is full"), sqlite3.DatabaseError("database disk image is malformed")],
    ids=["full", "damaged"],
)
def test_a_disk_at_fault_is_told_so_that_all_of_it_is_kept(error):
    with pytest.raises(sqlite3.DatabaseError), sqlite3.connect(":memory:") as connection:
        refused(error).write(connection)


@pytest.mark.parametrize(
    "error", [sqlite3.IntegrityError("NOT NULL"), ValueError("no number")], ids=["of the schema", "of ours"]
)
def test_a_row_that_breaks_a_rule_holds_back_no_other(error, caplog):
    with sqlite3.connect(":memory:", isolation_level=None) as connection:
        migrate(connection, ":memory:")
        refused(error).write(connection)
        assert connection.execute("SELECT count(*) FROM written").fetchone() == (0,)
    assert "could not be noted" in caplog.text
