"""A verdict as names and values: the environment of a command, and a dotenv report for GitLab's later jobs. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping

from techrun.releases.records import Verification
from techrun.releases.report.bake import bake_rows
from techrun.releases.weighing import broken

LONGEST = 200
"""Characters of one value in a dotenv report: GitLab takes 5 KB in all."""
_UNSAFE = re.compile(r"[^A-Za-z0-9._+:/@=,-]")
"""GitLab takes values literally, a shell that reads the file would run some: what is left means the same to both."""


def variables(verification: Verification) -> Mapping[str, str]:
    """Name → value; the values are as they are, and may be anybody's."""
    verdict = verification.verdict
    rows = [row for row in bake_rows(verification) if row.judged]
    rulings = verdict.rulings if verdict else ()
    return {
        "TECHRUN_SHOP": verification.shop,
        "TECHRUN_VERSION": verification.version,
        "TECHRUN_COMMIT": verification.commit,
        "TECHRUN_VERIFICATION": verification.id,
        "TECHRUN_VERDICT": verdict.value if verdict else "",
        "TECHRUN_BROKEN": ",".join(sorted({one.rule for one in broken(rulings)})),
        "TECHRUN_RUNS": str(sum(row.runs for row in rows)),
        "TECHRUN_FAILED_RUNS": str(sum(row.failed for row in rows)),
    }


def render(verification: Verification) -> str:
    """The whole dotenv file: no quotes, no spaces, nothing that a shell would run."""
    found = variables(verification).items()
    return "".join(f"{name}={_UNSAFE.sub('_', value)[:LONGEST]}\n" for name, value in found)
