"""What every ruling on a release is called, and what its name means. The names stay."""

from __future__ import annotations

from collections.abc import Mapping

from techrun.releases.identity.rulings import RULES as OF_IDENTITY

RULES: Mapping[str, str] = {
    **OF_IDENTITY,
    "smoke.failed": "a journey or check that the release must pass, on a node or through the front",
    "smoke.unsteady": "one that failed at first and passed when it was tried again",
    "smoke.degraded": "one that passed, but slower or poorer than promised",
    "smoke.leaked_order": "a test order that was not taken back",
    "bake.down": "a check that failed so often in a row that it is down, and confirmed to be",
    "bake.too_few": "a judged check with fewer runs than are wanted",
    "bake.nothing": "no check was watched",
    "errors.more": "failed runs of a check, or of all together, against the same hours of earlier days",
    "errors.hidden": "runs that do not count, since the control check failed at the same time",
    "latency.slower": "answer times against the same minutes after earlier accepted releases",
    "latency.changed": "a check that is not what it was at earlier releases: its times are not compared",
    "latency.too_few": "a check with too few good answers to compare its times",
    "degraded.more": "runs that worked, but poorer than promised, against earlier releases",
    "figures.max": "a number from Prometheus, against the most that is allowed",
    "figures.min": "a number from Prometheus, against the least that is wanted",
    "figures.worse": "a number from Prometheus, against what it was before",
    "figures.no_data": "a query without an answer",
    "release.cut": "the verification ended before its time",
    "release.superseded": "a newer release began meanwhile",
    "judged.no_baseline": "the book did not answer what the release is held against",
    "judged.nothing": "nothing was there that could be judged",
}
