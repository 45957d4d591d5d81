"""`techrun --help` against a bare `import click`: CPU seconds of the whole process, in turn."""

from __future__ import annotations

import resource
import statistics
import subprocess
import sys

ROUNDS = 15


def cpu_of(*command: str) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    help_page, click = [], []
    for _ in range(ROUNDS):
        help_page.append(1000 * cpu_of(sys.executable, "-m", "techrun", "--help"))
        click.append(1000 * cpu_of(sys.executable, "-c", "import click"))
    ratio = statistics.median(a / b for a, b in zip(help_page, click, strict=True))
    print(f"CPU in ms, median of {ROUNDS}: techrun --help {statistics.median(help_page):.0f}, ", end="")
    print(f"import click {statistics.median(click):.0f}, ratio {ratio:.2f}")


if __name__ == "__main__":
    main()
