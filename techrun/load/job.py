"""What the process that commands a load test and the one that makes the load tell each other: JSON lines.

The commanding process, free of Locust, starts `python -m techrun.load.generator.child JOB.json` and talks over two
pipes; the child is Locust, in a clean folder and environment. `generator.parent` and `generator.errand` are the ends.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from techrun.load.records import Arm, Persona, Report, Schedule


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the command line or the YAML says in place of the scenario's own words; None: as it says."""

    rate: float | None = None
    """Visits per second in the measured phase (the peak of a shape: all rates are scaled by it)."""
    ramp: float | None = None
    warm_up: float | None = None
    measure: float | None = None
    drain: float | None = None
    users: int | None = None
    """Locust's closed model with so many visitors at a time."""
    allow_orders: bool | None = None


@dataclass(frozen=True, slots=True)
class Job:
    """Everything that the generating process needs to know; no secret is in it."""

    scenario: str
    """Text of the scenario's file, the journeys embedded in front of it."""
    name: str
    """The scenario's name, which is its file's without `.py`."""
    hosts: Mapping[Arm, str]
    """Base URL by arm."""
    wishes: Wishes = field(default_factory=Wishes)
    workers: int = 1
    """Generating processes on this machine (`--processes`)."""
    expect_workers: int = 0
    """Generating processes on other machines; the run begins when they are there."""
    wait_for_workers: float = 60.0
    """Seconds."""
    bind: str = "127.0.0.1"
    """Where the master listens for workers."""
    port: int = 0
    """Of the master; 0: any free one."""
    web: str = ""
    """`host:port` of Locust's web page; empty: none."""
    most_visitors: int = 5000
    """Visitors in the shop at a time, over all workers."""
    control: str = ""
    """Path or URL of the control request; empty: a loopback server of the generator's own."""
    seed: int = 1


@dataclass(frozen=True, slots=True)
class Ready:
    """What the child found in the scenario, before it sends anything anywhere."""

    schedule: Schedule
    personas: tuple[Persona, ...]
    allow_orders: bool
    breakpoint: bool = False
    """Its stages are steps up; it ends at the first that does not hold."""
    notes: tuple[str, ...] = ()

    @property
    def journeys(self) -> tuple[str, ...]:
        """Those that somebody takes, by the scenario's names."""
        return tuple(dict.fromkeys(one.journey for one in self.personas if not one.left_out))


class Generator(Protocol):
    """What makes load. Locust is behind this, and nothing else of it is seen."""

    def prepare(self) -> Ready:
        """Start the process and read the scenario; LoadError says why it cannot."""

    def begin(self) -> None:
        """Let the visitors come."""

    def reports(self) -> Iterator[Report]:
        """What is measured, about once a second; ends with the run, drain included."""

    def extend(self, seconds: float) -> None:
        """Measure for longer; TechrunError where the last measured arrival was due already."""

    def stop(self, reason: str, drain: float | None = None) -> None:
        """No more arrivals; visits under way have so many seconds, or what the schedule gives them."""

    def close(self) -> None:
        """End the process whatever it does; twice does nothing."""

    @property
    def log(self) -> str:
        """The end of what the process wrote, for people."""
