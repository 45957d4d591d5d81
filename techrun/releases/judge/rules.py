"""What every ruling on a release is called, and what its name means. The names stay."""

from __future__ import annotations

from collections.abc import Mapping

RULES: Mapping[str, str] = {
    "errors.more": "failed runs of a check, or of all together, against the same hours of earlier days",
    "errors.hidden": "runs that the control check's own failures hide",
    "degraded.more": "runs that worked, but poorer than promised",
    "latency.slower": "answer times against the same minutes after earlier accepted releases",
    "latency.changed": "a check that is not what it was at earlier releases: its times are not compared",
    "latency.too_few": "a check or step with too few good answers to compare its times",
    "release.cut": "the verification ended before its time",
    "release.superseded": "a newer release began meanwhile",
    "judged.nothing": "nothing was there that could be judged",
}
