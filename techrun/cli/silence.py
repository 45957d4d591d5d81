"""`techrun silence`: hold alerts for a time."""

from __future__ import annotations

from techrun.cli.windows import windows_command

command = windows_command("silence", "Hold alerts of some checks for a time.")
