"""Which runs may be compared, and why not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from techrun.load.judge import fingerprint, machine
from techrun.load.records import Persona, Schedule, Stage

SCHEDULE = Schedule((Stage("measure", 60.0, 5.0, 5.0),))
PERSONAS = (
    Persona("Guest", "guest-checkout", 3.0),
    Persona("Business", "business", 1.0, left_out="none here"),
)
MACHINE = {"cpu": "EPYC 7763", "cores": "2"}


def printed(schedule=SCHEDULE, personas=PERSONAS, **changes):
    how = {"journeys": "abc", "workers": 1, "control": "loopback", **changes}
    return fingerprint.of_run(how.pop("machine", MACHINE), schedule, personas, **how)


def test_the_same_plan_on_the_same_machine_is_the_same():
    assert fingerprint.differing(printed(), printed(schedule=replace(SCHEDULE, seed=7))) == ()


def test_who_does_not_take_part_is_no_difference():
    assert fingerprint.differing(printed(), printed(personas=PERSONAS[:1])) == ()


@pytest.mark.parametrize(
    ("changes", "part"),
    [
        ({"machine": {**MACHINE, "cpu": "EPYC 9V74"}}, "cpu"),
        ({"schedule": Schedule((Stage("measure", 60.0, 9.0, 9.0),))}, "schedule"),
        ({"schedule": replace(SCHEDULE, arms=("new", "old"))}, "schedule"),
        ({"personas": (replace(PERSONAS[0], until="cart"),)}, "personas"),
        ({"journeys": "abd"}, "journeys"),
        ({"workers": 2}, "workers"),
        ({"control": "/logo.svg"}, "control"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_differs_is_named(changes, part):
    assert fingerprint.differing(printed(), printed(**changes)) == (part,)


def test_the_difference_is_told_in_words():
    other = printed(machine={**MACHINE, "cpu": "EPYC 9V74"}, schedule=replace(SCHEDULE, width=0.5))
    assert fingerprint.in_words(printed(), other) == (
        "the processor's model (EPYC 9V74, now EPYC 7763), the schedule"
    )


def test_this_machine_is_described_in_known_parts():
    described = machine.described()
    assert described.keys() <= fingerprint.WORDS.keys()
    assert all(described.values())
    assert described == machine.described()


def test_a_processor_is_called_what_it_calls_itself(tmp_path):
    told = tmp_path / "cpuinfo"
    told.write_text("processor\t: 0\nmodel name\t: AMD EPYC 7763\n")
    assert machine.cpu_model(told) == "AMD EPYC 7763"
    assert machine.cpu_model(tmp_path / "none")
