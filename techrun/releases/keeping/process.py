"""Which process this is, in a line, and whether the process of such a line is gone."""

from __future__ import annotations

import os
import platform
import uuid
from pathlib import Path

_UNKNOWN = "?"


def this_process() -> str:
    """What tells this process from any other: its machine, its number there and when it began."""
    number = os.getpid()
    return f"{_machine()} {number} {_beginning(number)}"


def is_gone(process: str) -> bool:
    """Whether this process has surely ended; one of another machine never has, as far as anybody here knows."""
    machine, _, rest = process.partition(" ")
    number, _, began = rest.partition(" ")
    if machine != _machine() or not number.isdecimal():
        return False
    try:
        os.kill(int(number), 0)
    except ProcessLookupError:
        return True
    except (OSError, OverflowError):
        return False
    # A number is given anew after a while: then the one who has it began later.
    now = _beginning(int(number))
    return _UNKNOWN not in {began, now} and began != now


def _machine() -> str:
    """The machine since it was started, and in it this container."""
    known = [platform.node()]
    try:
        known.append(Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip())
        known.append(os.readlink("/proc/self/ns/pid"))  # noqa: PTH115  it is no path
    except OSError:  # no Linux: then the address of its network card must do
        known.append(f"{uuid.getnode():x}")
    return "/".join("".join(part.split()) for part in known)


def _beginning(number: int) -> str:
    """When a process began, in ticks since the machine did; `?` where the system does not say."""
    try:
        text = Path(f"/proc/{number}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return _UNKNOWN
    # The name in parentheses may hold anything; the 20th field behind it is the time, the first one the state.
    fields = text.rpartition(")")[2].split()
    if not fields or fields[0] in {"Z", "X"}:
        return "ended"
    return fields[19] if len(fields) > 19 else _UNKNOWN  # as proc(5) counts
