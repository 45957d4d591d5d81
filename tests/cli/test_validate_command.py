"""`techrun validate`: what is wrong is refused, what is unwise is told, what is right is summed up."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

SHOP = "shop: acme\nurl: https://www.acme.example\nchecks: [{name: home, http: /}]\n"


def validate(folder: Path, text: str) -> subprocess.CompletedProcess[str]:
    (folder / "techrun.yaml").write_text(text)
    command = [sys.executable, "-m", "techrun", "validate"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def test_warnings_go_to_stderr_and_leave_the_exit_code_alone(tmp_path: Path) -> None:
    told = validate(tmp_path, SHOP)
    assert told.returncode == 0
    assert "acme pages for home, and no runbook says what to do" in told.stderr
    assert "3 warnings" in told.stderr
    assert told.stdout.startswith("The configuration is right: 1 shop, 1 check.")


def test_what_is_wrong_is_told_without_advice(tmp_path: Path) -> None:
    told = validate(tmp_path, f"{SHOP}alerting: {{escalate: [boss]}}\n")
    assert told.returncode == 3
    assert 'there is no channel "boss"' in told.stderr
    assert "runbook" not in told.stderr


def test_a_channel_that_does_not_load_is_refused(tmp_path: Path) -> None:
    told = validate(tmp_path, f'{SHOP}channels: {{ops: {{url: "jsom://ops.example"}}}}\n')
    assert told.returncode == 3
    assert "the channel ops cannot be used" in told.stderr
