"""How the command line starts: fast, with suggestions, with the exit codes of the contract."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = ("httpx", "pycurl", "pydantic", "rich", "apprise", "asyncio", "yaml", "lxml", "selectolax", "jinja2")


def techrun(*words: str, **options: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "techrun", *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=30, check=False, **options)  # type: ignore[call-overload]


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys, techrun.cli\n"
        "try: techrun.cli.main(['--help'])\n"
        "except SystemExit: pass\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=30
    )
    assert done.stderr.strip() == "[]"
    assert "Run checks once" in done.stdout


def test_every_command_of_the_list_exists_and_tells_the_same(tmp_path) -> None:
    from techrun.cli import COMMANDS

    for name, summary in COMMANDS.items():
        done = techrun(name, "--help")
        assert done.returncode == 0, done.stderr
        assert summary.split(":")[0].rstrip(".") in " ".join(done.stdout.split())


@pytest.mark.parametrize(
    ("words", "code", "text"),
    [
        pytest.param(["chekc"], 2, 'did you mean "check"?', id="a mistyped command"),
        pytest.param(["check", "--format", "xml"], 2, "xml", id="a wrong choice"),
        pytest.param(["check", "-c", "nowhere.yaml"], 3, "nowhere.yaml", id="no configuration"),
        pytest.param(["demo", "--for", "soon"], 2, "30s", id="a wrong duration"),
    ],
)
def test_wrong_use_says_what_to_do(tmp_path, words, code, text) -> None:
    done = techrun(*words, cwd=tmp_path)
    assert done.returncode == code, done.stderr
    assert text in done.stderr
