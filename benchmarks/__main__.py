"""Run every measurement that takes less than a quarter of an hour, one after the other."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

SKIPPED = {"pageserver", "months", "verdicts"}  # months take half an hour, verdicts 17 minutes


def main() -> None:
    for path in sorted(Path(__file__).parent.glob("*.py")):
        if not path.stem.startswith("_") and path.stem not in SKIPPED:
            print(f"\n== python -m benchmarks.{path.stem}", flush=True)
            subprocess.run([sys.executable, "-m", f"benchmarks.{path.stem}"], check=False)


if __name__ == "__main__":
    main()
