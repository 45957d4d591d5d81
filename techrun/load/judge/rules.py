"""What every ruling of a load test is called, and what its name means.

The part before the dot says whose fault it is: `invalid` the run's own, all others the release's.
"""

from __future__ import annotations

from collections.abc import Mapping

from techrun.load.records import Ruling

RULES: Mapping[str, str] = {
    "invalid.no_requests": "not one request was sent in the measured time",
    "invalid.rate": "the generator sent over 5 % fewer visits than were asked for",
    "invalid.late": "over 1 % of the visits began more than 50 ms late, through no fault of the shop's",
    "invalid.cpu": "a generating process had little processor time left",
    "invalid.waited": "a generating process had to wait for a processor",
    "invalid.steal": "other machines on the same host took processor time",
    "invalid.lag": "a generating process stood still",
    "invalid.clock": "the clock jumped",
    "invalid.worker": "a generating process died",
    "invalid.internal": "techrun itself failed in the middle of a visit",
    "invalid.stopped": "the run ended before enough was measured",
    "invalid.missing": "measured seconds are missing from the result",
    "errors.drowned": "visitors found no room: the shop kept the earlier ones too long",
    "errors.besides": "share of failed requests in a run that proves nothing: look at the shop, too",
    "errors.criterion": "share of failed requests, as a criterion limits it",
    "errors.regressed": "share of failed requests, new release against old",
    "latency.criterion": "answer times, as a criterion limits them",
    "latency.budget": "answer times, against the warning budget of a step",
    "apdex.criterion": "share of contented visitors, as a criterion demands it",
    "throughput.criterion": "finished visits or requests per second, as a criterion demands it",
    "latency.regressed": "answer times, new release against old",
    "latency.too_few": "a step with too few requests to compare its answer times",
    "shop.down": "the probes found the shop down while it was loaded",
    "capacity.held": "how much the shop takes, by stairs of load",
    "compared.broken": "the old release did not answer: nothing to compare with",
    "compared.nothing": "no step had enough requests to compare the releases",
    "judged.nothing": "there was neither a criterion nor a comparison",
}

TOLD_ONLY = frozenset({"errors.besides", "latency.too_few", "latency.budget"})
"""What a reader must know, and what decides nothing."""
COMPARED = frozenset({"errors.regressed", "latency.regressed", "compared.nothing"})
"""What a longer run tells better; a criterion about a stretch that is not over yet is told by its end."""


def decides(ruling: Ruling) -> bool:
    """Whether the verdict depends on it."""
    return ruling.rule not in TOLD_ONLY
