"""What the end of a run adds to its verdict: why it ended early, and what that says of the release. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from techrun.errors import ExitCode
from techrun.load.judge import knee, stairs
from techrun.load.records import Ruling, Run, Value, Verdict

LOG_LINES = 12
"""Of the generating process, that tell why it died."""

CODES: dict[Value, ExitCode] = {
    "pass": ExitCode.OK,
    "fail": ExitCode.FAILED,
    "inconclusive": ExitCode.CANNOT_TELL,
    "invalid": ExitCode.CANNOT_TELL,
}


def broke_the_shop(verdict: Verdict, reason: str, *, same_address: bool) -> Verdict:
    """The verdict of a run that the kill switch stopped; the release failed only if its own address was watched."""
    if not same_address:
        text = f"{reason}; the probes watch another address than the one that was loaded, and may share its machines"
        ruling = Ruling("shop.down", "shop", holds=None, text=text)
        if verdict.value == "fail":
            return replace(verdict, rulings=(*verdict.rulings, ruling))
        return Verdict("inconclusive", f"Stopped: {text}.", (ruling, *verdict.rulings), verdict.comparison)
    ruling = Ruling("shop.down", "shop", holds=False, text=f"{reason}, under this load")
    summary = f"The load broke the shop: {reason}."
    return Verdict("fail", summary, (ruling, *verdict.rulings), verdict.comparison)


def died(verdict: Verdict, why: str, log: str) -> Verdict:
    """The verdict of a run whose generator did: invalid, with the end of what it wrote."""
    tail = "\n".join(log.rstrip().splitlines()[-LOG_LINES:])
    text = f"the generating process ended before the run did: {why}" + (f"\n{tail}" if tail else "")
    ruling = Ruling("invalid.worker", "generator", holds=False, text=text)
    summary = f"This run proves nothing: the generating process ended before the run did ({why})."
    return Verdict("invalid", summary, (ruling, *verdict.rulings), verdict.comparison)


def interrupted(verdict: Verdict) -> Verdict:
    """A run that a person or a pipeline cut off never passes."""
    if verdict.value != "pass":
        return verdict
    ruling = Ruling("invalid.stopped", "run", holds=None, text="it was interrupted before its end")
    summary = f"Interrupted: what was measured until then holds. {verdict.summary}"
    return Verdict("inconclusive", summary, (ruling, *verdict.rulings), verdict.comparison)


def climbed(verdict: Verdict, run: Run, steps: Sequence[stairs.Step]) -> Verdict:
    """The verdict on stairs: how much holds; that some step breaks is what they are climbed for."""
    found = f"{stairs.found(run, steps)}; {knee.told(run)}"
    held = any(step.holds for step in steps)
    ruling = Ruling("capacity.held", "stairs", holds=held if steps else None, text=found)
    if verdict.value == "invalid":
        return replace(verdict, rulings=(*verdict.rulings, ruling))
    value: Value = "pass" if held else "fail" if steps else "inconclusive"
    broke = next((step.broken for step in steps if not step.holds), ())
    told = [replace(one, holds=None, text=f"{one.text} (at the step that broke)") for one in broke[1:]]
    summary = f"The shop {found}."
    return Verdict(value, summary, (ruling, *told), None)


def exit_code(verdict: Verdict, *, on_inconclusive: str | None, report_only: bool, stopped: bool) -> ExitCode:
    """What a pipeline is told; a cancelled run is never green, and one that proves nothing never passes."""
    if stopped:
        return ExitCode.INTERRUPTED
    if report_only:
        return ExitCode.OK
    code = CODES[verdict.value]
    if code == ExitCode.CANNOT_TELL and on_inconclusive == "fail":
        return ExitCode.FAILED
    if verdict.value == "inconclusive" and on_inconclusive == "pass":
        return ExitCode.OK
    return code
