"""Verifications made by hand: a bake of one check or several, as `v812` of `acme`."""

from __future__ import annotations

import pytest

from techrun.model import Reason, Status
from techrun.releases.records import Counts, Expectation, Identity, NodeFinding, Sample, Verification

SETTLE, EVERY = 60.0, 8.0
SEEN = Identity(Expectation("v812"), (NodeFinding("front", "new", "serves v812", samples=10),), live=0.0)


@pytest.fixture
def runs_of():
    """The runs of one check: which of them failed, how long each takes, by step."""

    def made(
        check="checkout", *, failed=(), count=30, seconds=0.4, steps=("cart", "payment"), first=SETTLE, **more
    ):
        times = seconds if callable(seconds) else lambda _run: seconds
        return tuple(
            Sample(
                check,
                first + EVERY * run,
                first + EVERY * run,
                Status.DOWN if run in failed else Status.UP,
                times(run),
                {} if run in failed else {step: times(run) / len(steps) for step in steps},
                **(
                    {"reason": Reason.STATUS, "step": "payment", "message": "HTTP 500"}
                    if run in failed
                    else {}
                ),
                **more,
            )
            for run in range(count)
        )

    return made


@pytest.fixture
def hours():
    """Seven earlier days on which a check failed so often in 60 runs each."""

    def made(check="checkout", failed=(0, 0, 0, 0, 0, 0, 0)):
        return tuple(Counts(check, day * 86400.0, 60, each) for day, each in enumerate(failed))

    return made


@pytest.fixture
def verified(hours):
    """A verification whose every node runs the release; by default with seven good days before."""

    def made(*samples, before=None, **more):
        checks = tuple(dict.fromkeys(sample.check for sample in samples))
        usual = tuple(each for check in checks for each in hours(check)) if before is None else before
        given = {
            "identity": SEEN,
            "judged": checks,
            "wanted": 2,
            "digests": dict.fromkeys(checks, "same"),
            **more,
        }
        return Verification(
            "1", "acme", 1, "v812", "", 0.0, 0.0, 300.0, samples=samples, before=usual, **given
        )

    return made
