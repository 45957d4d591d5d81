"""A verification as one JSON object: for `--report json`, for the command that acts on it, and for webhooks. Pure.

The single runs of the bake are counted; `techrun release show --format json` has them all.
"""

from __future__ import annotations

import json
from typing import Any

from techrun.releases.records import Verification
from techrun.releases.report.bake import bake_rows
from techrun.wire import to_json

WHOLE = ("shop", "version", "commit", "release", "location", "by", "cut", "superseded", "wanted")
"""What stands in it as it is kept."""
LISTS = ("smoke", "figures", "actions")


def render(verification: Verification) -> str:
    """The whole file; it can be written as UTF-8, whatever bytes a name was made of."""
    text = json.dumps(document(verification), ensure_ascii=False, indent=2) + "\n"
    return text.encode("utf-8", "replace").decode()


def document(verification: Verification) -> dict[str, Any]:
    """The object; moments are Unix time, times are seconds. Without a verdict `verdict` is an empty text."""
    verdict = verification.verdict
    return {
        "format": verification.format,
        "verification": verification.id,
        "verdict": verdict.value if verdict else "",
        "summary": verdict.summary if verdict else "not judged",
        **{name: getattr(verification, name) for name in WHOLE},
        "begun": verification.begun,
        "started": verification.started,
        "live": verification.live,
        "ended": verification.ended,
        "rulings": [to_json(one) for one in verdict.rulings] if verdict else [],
        "could_see": list(verdict.could_see) if verdict else [],
        "baseline": verdict.baseline if verdict else "",
        "evaluated": verdict.evaluated if verdict else 0,
        "identity": to_json(verification.identity) if verification.identity else None,
        "bake": [to_json(row) for row in bake_rows(verification)],
        **{name: [to_json(one) for one in getattr(verification, name)] for name in LISTS},
    }
