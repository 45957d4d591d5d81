"""The end of a plain `locust -f`: the same verdict, by the absolute criteria alone, as an exit code."""

from __future__ import annotations

import atexit
import sys
import time
from dataclasses import replace
from uuid import uuid4

from techrun.load.bundle import Bundle
from techrun.load.generator.leading import Lead
from techrun.load.generator.reading import Case, scenario_name
from techrun.load.records import Run, Verdict
from techrun.load.tally import Tally

ALONE = (
    "All limits hold; plain Locust compares with no other release and keeps nothing (techrun load run does)."
)


def judged(tally: Tally, case: Case, bundle: Bundle, lead: Lead, *, headless: bool) -> int:
    """Print the verdict, and give the exit code that goes with it.

    Without a web page the process now ends: the verdict comes last of all, below Locust's tables.
    """
    from techrun.load.judge import capacity, criteria, outcome  # noqa: PLC0415  numpy and scipy: only where a run is over
    from techrun.load.judge.verdict import judge  # noqa: PLC0415  see above

    host = case.hosts["new"]
    plans = {journey: bundle.plan_with_budgets(journey, host) for journey in case.ready.journeys}
    wanted = criteria.criteria_for(bundle.settings, scenario_name(), case.ready.personas, plans)
    run = tally.into(_run(case, bundle, lead, tally.at))
    climbs = case.ready.breakpoint and not lead.stopped
    verdict = capacity.judged(run, wanted) if climbs else judge(run, wanted, [])
    if verdict.value == "pass" and not climbs:
        verdict = replace(verdict, summary=ALONE)
    if lead.stopped:
        verdict = outcome.interrupted(verdict)
    if headless:
        atexit.register(_print, verdict)
    else:
        _print(verdict)
    return int(
        outcome.exit_code(verdict, on_inconclusive=None, report_only=False, stopped=bool(lead.stopped))
    )


def _run(case: Case, bundle: Bundle, lead: Lead, lasted: float) -> Run:
    now = time.time()
    return Run(
        id=uuid4().hex,
        shop=bundle.shop,
        scenario=scenario_name(),
        release="",
        host=case.hosts["new"],
        started=now - lasted,
        ended=now,
        schedule=lead.schedule,
        personas=case.ready.personas,
        stopped=lead.stopped,
        notes=case.ready.notes,
    )


def _print(verdict: Verdict) -> None:
    lines = [f"{verdict.value.upper()}: {verdict.summary}"]
    signs = {True: "ok", False: "NOT", None: "?"}
    lines += [f"  {signs[ruling.holds]:3} {ruling.subject}: {ruling.text}" for ruling in verdict.rulings]
    sys.stderr.write("\n" + "\n".join(lines) + "\n")


def nothing_ran() -> None:
    """A process that ends before its run began proves nothing."""
    sys.stderr.write("\nINVALID: the run never began.\n")
