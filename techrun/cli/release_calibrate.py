"""`techrun release calibrate`."""

from __future__ import annotations

import os
from typing import Literal

import click

from techrun.cli.session import Session, operating


@click.command(name="calibrate")
@click.option("--shop", default="", help="Which shop; needed only if there are several.")
@click.option(
    "--releases",
    type=click.IntRange(1, 200),
    default=40,
    show_default=True,
    help="So many of the last ones.",
)
@click.option(
    "--latency",
    type=click.Choice(["off", "warn", "fail"]),
    help="As if `judge: {latency: …}` were written.",
)
@operating
def command(
    session: Session, shop: str, releases: int, latency: Literal["off", "warn", "fail"] | None
) -> None:
    """Judge earlier releases again, by the settings of now.

    So one sees what they would have stopped, before they stop anything. Nothing is sent to the shop: what was seen of each release is kept, and judged as if it were today. What
    the checks measured then stays as it was; only limits and rules are tried.

    Example: techrun release calibrate --shop acme-es --latency fail
    """
    from importlib.util import find_spec

    from techrun.errors import UsageError

    missing = [name for name in ("numpy", "scipy") if find_spec(name) is None]
    if missing:
        raise UsageError(f"the judge needs {', '.join(missing)}: pip install 'techrun[release]'")
    from techrun.app.release_calibrate import CalibrateWish, calibrated
    from techrun.cli.show.release_calibrate import show_calibration

    wish = CalibrateWish(shop, releases, latency)
    token = os.environ.get("TECHRUN_TOKEN", "")
    session.tell(calibrated(session.config, wish, session.server, token), show_calibration)
