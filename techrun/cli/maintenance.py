"""`techrun maintenance`: announce work on a shop, so that its alerts are held."""

from __future__ import annotations

from techrun.cli.windows import windows_command

command = windows_command("maintenance", "Announce work on shops: their alerts are held meanwhile.")
