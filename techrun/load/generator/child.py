"""The generating process: `python -m techrun.load.generator.child JOB.json`.

It runs Locust's own main, with every option explicit. Locust patches the whole process when it is imported, so it
comes first; the folder and the environment are clean ones that the parent made.
"""

from __future__ import annotations

import os
import socket
import sys
from pathlib import Path
from types import ModuleType

import locust  # noqa: F401  first: it patches what the others import

from techrun.errors import TechrunError
from techrun.load.generator import errand
from techrun.load.job import Job

STOP_TIMEOUT = 5
"""Seconds that Locust waits for its users at the end: ours have left by then."""


def main(path: Path) -> None:
    """Run the job in this file."""
    os.environ[errand.VARIABLE] = str(path)
    given = errand.read(path)
    scenario = path.parent / f"{path.parent.name}_{_word(given.job.name)}.py"
    scenario.write_text(given.job.scenario, encoding="utf-8")
    sys.argv = ["locust", *options(given.job, scenario)]
    sys.modules["locust_plugins"] = ModuleType(
        "locust_plugins"
    )  # installed, it would hook itself into the run
    from locust.main import main as locust_main  # noqa: PLC0415  it looks for plug-ins when it is imported

    try:
        locust_main()  # type: ignore[no-untyped-call]  # Locust's is not typed
    except TechrunError as error:
        given.tell("failed", text=str(error), code=int(error.exit_code))
        sys.exit(error.exit_code)
    except (SyntaxError, ImportError, AttributeError, NameError, TypeError, ValueError) as error:
        given.tell("failed", text=f"the scenario cannot be read: {type(error).__name__}: {error}", code=3)
        raise


def options(job: Job, scenario: Path) -> list[str]:
    """Locust's options for a job."""
    found = ["-f", str(scenario), "--host", job.hosts["new"], "--stop-timeout", str(STOP_TIMEOUT)]
    found += ["--exit-code-on-error", "0", "--loglevel", "INFO", "--only-summary"]
    found += _web(job.web) if job.web else ["--headless"]
    workers = max(job.workers, 1)
    if workers > 1 or job.expect_workers:
        port = str(job.port or _free_port())
        found += [
            "--processes",
            str(workers),
            "--expect-workers-max-wait",
            str(int(job.wait_for_workers) + 1),
        ]
        found += ["--master-bind-host", job.bind, "--master-bind-port", port]
        here = "127.0.0.1" if job.bind in {"0.0.0.0", "*", "::"} else job.bind  # noqa: S104  compared, not bound
        found += ["--master-host", here, "--master-port", port]
    return found


def _web(address: str) -> list[str]:
    host, _, port = address.rpartition(":")
    return ["--web-host", host, "--web-port", port, "--autostart", "--autoquit", "0"]


def _free_port() -> int:
    """One that nobody listens on now; the workers must know it before the master has bound it."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _word(name: str) -> str:
    """The name as a Python module may be called."""
    return "".join(letter if letter.isalnum() else "_" for letter in name) or "scenario"


if __name__ == "__main__":
    main(Path(sys.argv[1]))
