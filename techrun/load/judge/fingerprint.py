"""What must be equal for two runs to be compared: who measured, with what, and what was asked of the shop."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace

from techrun.load.records import Persona, Schedule

WORDS: Mapping[str, str] = {
    "cpu": "the processor's model",
    "cores": "how many cores the generator may use",
    "system": "the operating system",
    "python": "Python's version",
    "techrun": "techrun's version",
    "locust": "Locust's version",
    "workers": "the number of generating processes",
    "control": "what the control request asks",
    "journeys": "the journeys",
    "personas": "who arrives",
    "schedule": "the schedule",
}
"""The parts, as a person calls them."""


def of_run(
    machine: Mapping[str, str],
    schedule: Schedule,
    personas: Sequence[Persona],
    *,
    journeys: str,
    workers: int,
    control: str,
) -> dict[str, str]:
    """The fingerprint of a run as it is planned, before any extension; `journeys` is their hash.

    The shop's address is left out: each release may have its own.
    """
    planned = asdict(replace(schedule, seed=0))
    taking_part = [asdict(persona) for persona in personas if not persona.left_out]
    return {
        **machine,
        "workers": str(workers),
        "control": control,
        "journeys": journeys,
        "personas": _hash(taking_part),
        "schedule": _hash(planned),
    }


def _hash(what: object) -> str:
    return hashlib.sha256(repr(what).encode()).hexdigest()[:12]


def differing(one: Mapping[str, str], other: Mapping[str, str]) -> tuple[str, ...]:
    """The names of the parts that differ, in the order of `WORDS`."""
    names = [*WORDS, *sorted((one.keys() | other.keys()) - WORDS.keys())]
    return tuple(name for name in names if one.get(name) != other.get(name))


def in_words(one: Mapping[str, str], other: Mapping[str, str]) -> str:
    """How two fingerprints differ: "the processor's model (EPYC 7763, then EPYC 9V74), the schedule"."""
    return ", ".join(
        f"{WORDS.get(name, name)} ({other.get(name) or 'unknown'}, now {one.get(name) or 'unknown'})"
        if name not in {"journeys", "personas", "schedule"}
        else WORDS[name]
        for name in differing(one, other)
    )
