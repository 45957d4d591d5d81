"""Runs made up cell by cell, for what judges them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from techrun.load.histogram import bucket_of
from techrun.load.records import CONTROL, Cell, Health, Run, Schedule, Stage, Traffic


class Maker:
    """Makes runs of one step at 10 visits a second and release, that went as planned unless told otherwise."""

    rate = 10

    def cell(self, window, seconds=0.1, *, arm="new", step="product", failed=0, count=None, journey="guest"):
        """One step in one window: each answer took about so long, give or take a tenth."""
        good = self.rate - failed if count is None else count
        buckets: dict[int, int] = {}
        for place in range(good):
            bucket = bucket_of(seconds * (0.9 + 0.2 * (place + 0.5) / good))
            buckets[bucket] = buckets.get(bucket, 0) + 1
        return Cell(arm, journey, step, window, buckets, {"status": failed} if failed else {})

    def control(self, window, seconds=0.002):
        return self.cell(window, seconds, step=CONTROL, journey=CONTROL, count=2)

    def traffic(self, window, **changes):
        due = self.rate * changes.pop("arms", 1)
        return Traffic(
            window,
            **{"due": due, "started": due, "late": 0, "dropped": 0, "active": 3, "closed": True, **changes},
        )

    def health(self, window, **changes):
        return Health(
            **{
                "process": "local",
                "window": window,
                "cpu": 0.2,
                "quota": 2.0,
                "waited": 0.05,
                "steal": 0.0,
                "lag": 0.002,
                **changes,
            }
        )

    def run(self, windows=60, *, cells=None, traffic=None, health=None, two=False, **changes: Any) -> Run:
        arms = ("new", "old") if two else ("new",)
        rate = float(self.rate * len(arms))
        run = Run(
            "1", "shop", "checkout", "v2", "http://127.0.0.1", 0.0, float(windows),
            Schedule((Stage("measure", float(windows), rate, rate),), arms=arms),
            cells=tuple(cells if cells is not None else (self.cell(at, arm=arm) for at in range(windows) for arm in arms)),
            traffic=tuple(traffic if traffic is not None else (self.traffic(at, arms=len(arms)) for at in range(windows))),
            health=tuple(health if health is not None else (self.health(at) for at in range(windows))),
            fingerprint={"cpu": "EPYC"}, old_release="v1" if two else "",
        )  # fmt: skip
        return replace(run, **changes)


@pytest.fixture(scope="session")
def make() -> Maker:
    return Maker()
