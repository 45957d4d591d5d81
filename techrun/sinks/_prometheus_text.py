"""The classic text format of Prometheus: families, labels, buckets. No state of checks in here."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Literal

from prometheus_client.core import Metric
from prometheus_client.exposition import generate_latest
from prometheus_client.registry import Collector

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Family:
    """One metric: its name, type and help, as they stand once above all its series."""

    name: str
    type: Literal["gauge", "counter", "histogram"]
    help: str

    @property
    def header(self) -> str:
        """The HELP and TYPE lines."""
        return f"# HELP {self.name} {self.help}\n# TYPE {self.name} {self.type}\n"


def labels(**values: str) -> str:
    """Labels as text, without the braces."""
    return ",".join(f'{name}="{_escaped(value)}"' for name, value in values.items())


def _escaped(value: str) -> str:
    return value.replace("\\", r"\\").replace("\n", r"\n").replace('"', r"\"")


class _Collected(Collector):
    """Families that are there already, in the shape that prometheus_client wants."""

    def __init__(self, families: Iterable[Metric]) -> None:
        self._families = families

    def collect(self) -> Iterable[Metric]:
        return self._families


def as_text(families: Iterable[Metric]) -> bytes:
    """prometheus_client's families in the classic text format."""
    return generate_latest(_Collected(families))


@dataclass(frozen=True, slots=True)
class Bounds:
    """Upper bounds of a histogram's buckets in seconds, `+Inf` left out, with their text."""

    values: tuple[float, ...]
    texts: tuple[str, ...] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "texts", (*map(repr, self.values), "+Inf"))


class Buckets:
    """What a histogram has counted: one count a bucket, not cumulative, so that they always add up."""

    __slots__ = ("bounds", "counts", "sum")

    def __init__(self, bounds: Bounds) -> None:
        self.bounds = bounds
        self.counts = [0] * len(bounds.texts)
        self.sum = 0.0

    def observe(self, seconds: float) -> None:
        """Count one duration."""
        self.counts[bisect_left(self.bounds.values, seconds)] += 1
        self.sum += seconds

    def cumulative(self) -> Iterator[tuple[str, int]]:
        """Each bound's text with the number of durations up to it."""
        total = 0
        for text, count in zip(self.bounds.texts, self.counts, strict=True):
            total += count
            yield text, total

    def lines(self, name: str, own_labels: str) -> str:
        """The series of this histogram as text."""
        head = f"{name}_bucket{{{own_labels},le="
        total = 0
        lines = []
        for bound, count in zip(self.bounds.texts, self.counts, strict=True):
            total += count
            lines.append(f'{head}"{bound}"}} {total}\n')
        lines.append(f"{name}_sum{{{own_labels}}} {self.sum:.6f}\n{name}_count{{{own_labels}}} {total}\n")
        return "".join(lines)
