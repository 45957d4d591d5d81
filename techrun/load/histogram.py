"""Durations in buckets that grow by 2.2 %: any quantile is right within 1.1 %, and histograms add up.

The buckets are those of Prometheus' native histograms in schema 5: bucket `i` holds `(2**((i-1)/32), 2**(i/32)]`
seconds. One minute to one microsecond are 830 buckets, and only those that were hit are kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import ceil, log2

PER_DOUBLING = 32
SHORTEST = 1e-6
"""Seconds; what is shorter counts as this."""

Buckets = Mapping[int, int]
"""How many durations fell into each bucket."""


def bucket_of(seconds: float) -> int:
    """The bucket that holds this duration."""
    return ceil(log2(max(seconds, SHORTEST)) * PER_DOUBLING)


def middle(bucket: int) -> float:
    """The duration that stands for a bucket, in seconds: at most 1.1 % from any that it holds."""
    return float(2.0 ** ((bucket - 0.5) / PER_DOUBLING))


def quantile(buckets: Buckets, share: float) -> float | None:
    """The duration below which this share of all lies (nearest rank), in seconds; None where there are none."""
    total = sum(buckets.values())
    if not total:
        return None
    wanted = max(1, ceil(share * total))
    seen = 0
    for bucket in sorted(buckets):
        seen += buckets[bucket]
        if seen >= wanted:
            return middle(bucket)
    raise AssertionError("the parts of a histogram make up the whole")


def share_within(buckets: Buckets, seconds: float) -> float | None:
    """The share of durations up to this one; None where there are none."""
    total = sum(buckets.values())
    if not total:
        return None
    limit = bucket_of(seconds)
    return sum(count for bucket, count in buckets.items() if bucket <= limit) / total


def merged(parts: Iterable[Buckets]) -> dict[int, int]:
    """All of them as one."""
    whole: dict[int, int] = {}
    for part in parts:
        for bucket, count in part.items():
            whole[bucket] = whole.get(bucket, 0) + count
    return whole
