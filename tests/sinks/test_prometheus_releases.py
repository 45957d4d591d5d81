"""Which release each shop runs, in /metrics."""

from __future__ import annotations

import time

import pytest

from techrun.app.counting import Counting
from techrun.handling import Release
from techrun.model import Shop
from techrun.sinks.prometheus import Shipping, dora_families, release_families
from techrun.store.database import Store
from techrun.store.releases import add_release, end_release


def values(families):
    return {
        (family.name, *(sample.labels[name] for name in sorted(sample.labels))): sample.value
        for family in families
        for sample in family.samples
    }


@pytest.mark.parametrize("verdict", ["pass", "fail", "inconclusive", ""])
def test_a_verdict_is_one_of_three_or_none(verdict):
    found = values(release_families([Release(1, "acme-es", "v812", 5.0, "a1b9f3e", verdict=verdict)]))
    assert found["techrun_release_info", "a1b9f3e", "acme-es", "v812"] == 1
    assert found["techrun_release_timestamp_seconds", "acme-es"] == 5.0
    told = {key[2]: value for key, value in found.items() if key[0] == "techrun_release_verdict"}
    assert told == {word: float(word == verdict) for word in ("pass", "fail", "inconclusive")}


@pytest.fixture
def counting(tmp_path, monkeypatch):
    """The source of the daemon, and how it is written to."""
    monkeypatch.setattr("techrun.store.writer.COMMIT_EVERY", 0.01)
    store = Store(tmp_path / "techrun.db")

    def write(work, *args, **more):
        return store.write(lambda connection: work(connection, *args, **more), urgent=True).result()

    shops = [Shop("acme-es", "https://www.acme.es"), Shop("acme-fr", "https://www.acme.fr")]
    yield Counting(None, None, tuple, lambda: shops, store), write
    store.close()


def test_the_release_that_a_shop_runs_is_the_last_one_that_stayed(counting):
    source, write = counting
    for version, begun in (("v1", 1), ("v2", 2), ("v3", 3)):
        write(add_release, Release(0, "acme-es", version, begun, "c"))
    write(add_release, Release(0, "acme-old", "v9", 4, "c"))
    info = ("techrun_release_info", "c", "acme-es", "v3")
    assert [key for key in values(source.releases()) if key[0] == info[0]] == [info]
    write(end_release, "acme-es", "v3", 5, rolled_back=True)
    found = values(source.releases())
    assert [key for key in found if key[0] == info[0]] == [(*info[:3], "v2")]
    assert found["techrun_release_timestamp_seconds", "acme-es"] == 2


def test_where_nothing_else_is_known_a_release_that_was_rolled_back_is_told(counting):
    source, write = counting
    write(add_release, Release(0, "acme-es", "v1", 1, "c"))
    write(end_release, "acme-es", "v1", 5, rolled_back=True)
    assert ("techrun_release_info", "c", "acme-es", "v1") in values(source.releases())


def test_of_the_four_keys_what_is_not_known_is_left_out():
    found = values(dora_families([Shipping("acme-es", 0, None, None, None)]))
    assert found == {("techrun_dora_releases", "acme-es"): 0}


def test_the_four_keys_are_those_of_the_last_thirty_days(counting):
    source, write = counting
    now = time.time()
    for version, days in (("v1", 31), ("v2", 2), ("v3", 1)):
        begun = now - days * 86400
        write(add_release, Release(0, "acme-es", version, begun, committed=begun - 600 * days))
    write(end_release, "acme-es", "v3", now, rolled_back=True)
    found = values(source.dora())
    assert found["techrun_dora_releases", "acme-es"] == 2
    assert found["techrun_dora_change_failure_ratio", "acme-es"] == 0.5
    assert found["techrun_dora_lead_time_seconds", "acme-es"] == pytest.approx((1200 + 600) / 2)
    assert found["techrun_dora_releases", "acme-fr"] == 0


def test_the_four_keys_are_counted_once_a_minute(counting):
    source, write = counting
    assert values(source.dora())["techrun_dora_releases", "acme-es"] == 0
    write(add_release, Release(0, "acme-es", "v1", time.time()))
    assert values(source.dora())["techrun_dora_releases", "acme-es"] == 0
    source._counted -= 61
    assert values(source.dora())["techrun_dora_releases", "acme-es"] == 1
