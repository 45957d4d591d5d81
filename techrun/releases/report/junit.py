"""A verification as JUnit: one test case for the verdict and one for each ruling, so that CI lists what broke. Pure."""

from __future__ import annotations

from techrun.junit import Kind, add_case, distinct, suite_of, tell, tell_verdict, written
from techrun.load.report.words import iso
from techrun.releases.records import Ruling, Verification


def render(verification: Verification) -> str:
    """The whole file. A broken rule is a failure; what leaves the verdict open is an error; warnings are skipped.

    The first case is the verdict itself: the file is never green where the verdict is not.
    """
    verdict = verification.verdict
    value, summary = (verdict.value, verdict.summary) if verdict else ("", "the release was not judged")
    said = {
        "verification": verification.id,
        "version": verification.version,
        "commit": verification.commit,
        "verdict": value,
        "baseline": verdict.baseline if verdict else "",
    }
    took = verification.ended - verification.started
    name = f"release {verification.version} of {verification.shop}"
    suite, classname = suite_of(name, iso(verification.started), took, said), f"release.{verification.shop}"
    tell_verdict(add_case(suite, classname, "verdict"), value, summary)
    rulings = verdict.rulings if verdict else ()
    names = distinct([f"{one.rule} {one.subject}".strip() for one in rulings])
    for ruling, each in zip(rulings, names, strict=True):
        case, kind = add_case(suite, classname, each), _kind(ruling, undecided=value == "inconclusive")
        if kind is not None:
            tell(case, kind, ruling.rule, f"warning: {ruling.text}" if ruling.warns else ruling.text)
    return written(suite)


def _kind(ruling: Ruling, *, undecided: bool) -> Kind | None:
    """What cannot be told is an error only where the verdict hangs on it; None: it holds."""
    if ruling.holds:
        return None
    if ruling.warns:
        return "skipped"
    if ruling.holds is False:
        return "failure"
    return "error" if undecided else "skipped"
