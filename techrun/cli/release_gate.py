"""`techrun release gate`."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import click

from techrun.cli.options import color_option, config_option, format_option, server_option, shop_option
from techrun.cli.release_options import on_inconclusive_option
from techrun.cli.session import Session, token


@click.command(name="gate")
@click.argument("version")
@shop_option
@click.option(
    "--override", metavar="REASON", help="Go through a gate that is not open; the reason is kept, and told."
)
@click.option("--report-only", is_flag=True, help="Tell what it says, keep nothing, exit 0.")
@on_inconclusive_option
@server_option
@config_option
@format_option
@color_option
def command(
    *,
    config: Path,
    server: str,
    format_: str,
    color: bool,
    report_only: bool,
    on_inconclusive: Literal["pass", "fail"] | None,
    **asked: Any,
) -> int:
    """Say whether a release may begin now.

    Asked before it is deployed. Looked at are freezes and campaigns of the calendar, the error budgets of checks
    with an `slo`, open incidents that page, and the load tests that `releases.gate.load` names.

    Example: techrun release gate v812 --shop acme-es && dep deploy production

    Exit codes: 0 open, 1 closed, 4 cannot be told.
    """
    from techrun.app.release_gate import gate_of
    from techrun.cli.show.release_gate import show_decision
    from techrun.errors import UsageError
    from techrun.releases.gate import GateWish, exit_code

    override = asked["override"]
    if override is not None and not override.strip():
        raise UsageError("say why you go through: --override 'fixes incident 12'")
    session = Session(config, server, format_, color)
    gate = gate_of(config, server, token())
    wish = GateWish(asked["shop"], asked["version"], override or "")
    decision = (gate.look if report_only else gate.ask)(wish, session.by)
    session.tell(decision, show_decision)
    return int(exit_code(decision, report_only=report_only, on_inconclusive=on_inconclusive))
