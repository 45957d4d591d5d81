"""The verdict on a release, from all that its verification found. Pure: the same record gives the same verdict."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from techrun.config.releases import Releases
from techrun.releases.bake import bake_rulings
from techrun.releases.figures import figure_rulings
from techrun.releases.identity.rulings import identity_rulings
from techrun.releases.judge import degraded, errors, latency
from techrun.releases.judge.evidence import evidence
from techrun.releases.judge.latency import FEWEST, Compared
from techrun.releases.judge.sight import sight
from techrun.releases.judge.summing_up import summary
from techrun.releases.records import Ruling, Value, Verdict, Verification
from techrun.releases.smoke import smoke_rulings
from techrun.releases.weighing import all_hold, broken, decisive_first, evaluated

VALUES: Mapping[bool | None, Value] = {True: "pass", False: "fail", None: "inconclusive"}
"""What it comes to whether all rules hold."""
NOTHING = Ruling("judged.nothing", "the release", None, "there was nothing that could be judged")


def judge(verification: Verification, accepted: Sequence[Verification], releases: Releases) -> Verdict:
    """Judge a release; `accepted`: verifications of earlier releases that passed, the newest first."""
    # From elsewhere every answer takes another time.
    accepted = [each for each in accepted if each.location == verification.location]
    seen = evidence(verification, releases)
    failing = errors.held(seen, verification.before)
    times = latency.compared(verification, seen, accepted, releases.judge)
    found = (
        *_stages(verification, releases),
        *errors.rulings(seen, failing, releases),
        *latency.rulings(times, releases.judge),
        *degraded.rulings(seen, accepted[: releases.judge.releases]),
    )
    rulings = decisive_first(found if evaluated(found) else (*found, NOTHING))
    value = VALUES[all_hold(rulings)]
    could_see = sight(failing, seen, times, releases)
    baseline = _baseline(verification, value, times, len(accepted), releases)
    return Verdict(
        value,
        summary(value, rulings, could_see.headline, baseline),
        rulings,
        could_see.words,
        baseline,
        evaluated=evaluated(rulings),
    )


def _stages(verification: Verification, releases: Releases) -> tuple[Ruling, ...]:
    """What each stage decides without any baseline; what was not begun because of a failure is not asked for."""
    found = (
        *identity_rulings(verification.identity),
        *smoke_rulings(verification.smoke),
        *bake_rulings(verification),
    )
    if broken(found):
        return found
    asked = releases.prometheus.queries if releases.prometheus else ()
    asked_for = figure_rulings(verification.figures, asked)
    unseen = (*_never_seen(verification), *_unanswered(verification, releases))
    return (*found, *asked_for, *unseen, *_ended(verification))


def _never_seen(verification: Verification) -> Iterator[Ruling]:
    """Whole stages without evidence: a release does not pass because nobody looked."""
    identity = verification.identity
    if identity is None or not (identity.findings or identity.not_seen):
        yield Ruling("identity.not_seen", "nodes", None, "nobody looked which version the nodes run")
    if not verification.judged:
        yield Ruling(
            "bake.nothing", "the bake", None, "no check was watched: name some (`bake: {checks: …}`)"
        )


def _unanswered(verification: Verification, releases: Releases) -> Iterator[Ruling]:
    """That the book is silent does not make a release the first one."""
    rule, latency = "judged.no_baseline", releases.judge.latency
    if "counts" in verification.unanswered:
        yield Ruling(rule, "failures", None, "the book did not answer what is usual at these hours")
    if "accepted" in verification.unanswered and latency != "off":
        text = "the book did not answer how it was after earlier releases"
        yield Ruling(rule, "times", None, text, warns=latency != "fail")


def _ended(verification: Verification) -> tuple[Ruling, ...]:
    """That it ended before its time."""
    if verification.superseded:
        text = f"{verification.superseded} began meanwhile: what came after that cannot be told apart"
        whole = not verification.cut
        return (Ruling("release.superseded", verification.version, None, text, warns=whole),)
    if verification.cut:
        return (Ruling("release.cut", "the verification", None, f"it was cut short: {verification.cut}"),)
    return ()


def _baseline(
    verification: Verification, value: Value, times: Compared, accepted: int, releases: Releases
) -> str:
    """What the release was held against, in words."""
    wanted = releases.judge.releases
    if "accepted" in verification.unanswered:
        return "the same hours of earlier days alone"
    if releases.judge.latency != "off" and times.releases < FEWEST:
        if value != "pass":
            return f"too few earlier releases ({accepted} of {wanted})"
        return f"baseline recorded ({min(wanted, accepted + 1)} of {wanted})"
    held = "the same hours of earlier days"
    return held if releases.judge.latency == "off" else f"the last {times.releases} accepted releases, {held}"
