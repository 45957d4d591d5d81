"""For how long alerts of an incident were held, as its messages tell."""

from __future__ import annotations

import pytest

from techrun.store.state import held_seconds

NOW = 1_000.0


@pytest.mark.parametrize(
    ("holds", "seconds"),
    [
        pytest.param([("held.silence", 100, 160)], 60, id="one"),
        pytest.param([("held.silence", 100, 160), ("held.silence", 500, 530)], 90, id="two, and a gap"),
        pytest.param([("held.deploy_grace", 100, 200), ("held.parent", 100, 110)], 100, id="at once"),
        pytest.param([("held.parent", 100, 150), ("held.silence", 120, 200)], 100, id="one into the other"),
        pytest.param([("held.silence", 940, None)], 60, id="one that still holds"),
        pytest.param([("held.group_wait", 100, 102)], None, id="the wait for a group"),
    ],
)
def test_time_in_which_something_held_counts_once(store, holds, seconds):
    def write(connection):
        connection.executemany(
            "INSERT INTO holds (incident, rule, detail, since, until) VALUES (1, ?, '', ?, ?)", holds
        )

    store.write(write, urgent=True).result()
    with store.read() as connection:
        assert held_seconds(connection, [1], NOW).get(1) == seconds
