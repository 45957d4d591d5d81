"""Which checks a bake can judge. To name one that it cannot is a mistake, told when the configuration is read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from techrun.config.release_checks import meant
from techrun.config.releases import Releases
from techrun.errors import Problem
from techrun.model import Check
from techrun.probes.journey import Prepared


def only_orders(check: Check) -> bool:
    """Whether its very first step places an order: a run without orders would look at nothing, and pass."""
    found = check.prepared
    return isinstance(found, Prepared) and found.plan.steps[0].places_order


def unjudgeable(releases: Releases, checks: Sequence[Check]) -> Iterator[Problem]:
    """A problem for each of `bake.checks` that means none of a shop's checks that can be judged."""
    control = releases.judge.control
    steady = {check.id for check in (meant(control, checks) if control else ())}
    for index, selector in enumerate(releases.bake.checks):
        found = meant(selector, checks)
        if not found or any(check.id not in steady and not only_orders(check) for check in found):
            continue
        why = "is the control" if found[0].id in steady else "begins with an order, and a bake places none"
        path = ("bake", "checks", index)
        yield releases.problem(path, f"{found[0].id.name} cannot be judged: it {why}", "name another check")
