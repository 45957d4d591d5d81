"""`techrun release dora` on the store of this machine and over the API."""

from __future__ import annotations

import json
import time

from techrun.handling import Annotation, Release
from techrun.store.desk import annotate
from techrun.store.releases import add_release, end_release


def test_the_four_keys_come_from_releases_and_incidents(techrun, world) -> None:
    begun = world.began - 300
    world.write(add_release, Release(0, "acme-es", "v812", begun, committed=begun - 7200))
    answer = techrun("release", "dora", "--format", "json")
    assert answer.code == 0, answer
    (keys,) = json.loads(answer.out)["together"]
    assert (keys["shop"], keys["releases"], keys["lead_median"]) == ("acme-es", 1, 7200)
    assert [(one["version"], one["why"]) for one in keys["failures"]] == [("v812", ["incident #1"])]
    assert (keys["failure_share"], keys["still_open"]) == (1.0, 1)


def test_a_person_who_knows_better_changes_them(techrun, world) -> None:
    world.write(add_release, Release(0, "acme-es", "v812", world.began - 300))
    world.write(annotate, Annotation(1, time.time(), "dee", "", "release"))
    world.write(annotate, Annotation(1, time.time(), "dee", "it was the host", "hosting"))
    (keys,) = json.loads(techrun("release", "dora", "--format", "json").out)["together"]
    assert (keys["failed"], keys["still_open"]) == (0, 0)


def test_a_table_tells_each_month_what_failed_and_how_it_is_counted(techrun, world) -> None:
    world.write(add_release, Release(0, "acme-es", "v812", time.time() - 60))
    world.write(end_release, "acme-es", "v812", time.time(), rolled_back=True)
    out = techrun("release", "dora", "--months", "2").out
    assert out.count("acme-es") == 4
    assert "together" in out
    assert "failed: acme-es v812 (rolled back)" in out
    assert "100%" in out
    assert "lead time: from the newest commit" in out


def test_what_is_asked_wrongly_is_told(techrun, world) -> None:
    assert techrun("release", "dora", "--shop", "acme-se").code == 2
    assert techrun("release", "dora", "--months", "0").code == 2
    assert world.api("GET", "dora?months=many").status_code == 400
    assert world.api("GET", "dora?months=61").status_code == 400
    assert world.api("GET", "dora", token=world.tokens.read[0]).status_code == 200
