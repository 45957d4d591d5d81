"""What takes time is done before a run begins: nobody's visit waits for a journey to be compiled."""

import pytest

COMPILING = """
import os
from pathlib import Path
from techrun.load.bundle import carried

def note(what):
    with Path({log!r}).open("a") as log:
        log.write(f"{{os.getpid()}} {{what}}\\n")

compile_journey = carried.compile_journey

def noted(*given, **more):
    note("compiles")
    return compile_journey(*given, **more)

carried.compile_journey = noted
"""
COMING = """
    def on_start(self):
        note("comes")
"""


@pytest.mark.parametrize("workers", [0, 2])
def test_every_journey_is_compiled_for_both_releases_before_the_first_visitor_comes(
    shop, place, carried_out, tmp_path, workers
):
    log = tmp_path / "log"
    text = place.scenario.read_text() + COMING
    place.scenario.write_text(COMPILING.format(log=str(log)) + text)
    carried_out(place.job(workers=workers, hosts={"new": shop.url, "old": shop.url}))
    by_process = {}
    for line in log.read_text().splitlines():
        number, what = line.split()
        by_process.setdefault(number, []).append(what)
    with_visitors = [told for told in by_process.values() if "comes" in told]
    assert len(with_visitors) == max(workers, 1)
    for told in with_visitors:
        assert told.index("comes") >= 2
        assert "compiles" not in told[told.index("comes") :]
