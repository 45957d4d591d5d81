"""`techrun release calibrate`."""

from __future__ import annotations

from typing import Literal

import click

from techrun.cli.options import shop_option
from techrun.cli.session import Session, operating, token


@click.command(name="calibrate")
@shop_option
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

    So one sees what they would have stopped, before they stop anything. Nothing is sent to the shop: what was
    seen of each release is kept, and judged as if it were today. What the checks measured then stays as it was;
    only limits and rules are tried.

    Example: techrun release calibrate --shop acme-es --latency fail
    """
    from techrun.cli.extras import check_extra

    check_extra("release", "the judge needs")
    from techrun.app.release_calibrate import CalibrateWish, calibrated
    from techrun.cli.show.release_calibrate import show_calibration

    wish = CalibrateWish(shop, releases, latency)
    session.tell(calibrated(session.config, wish, session.server, token()), show_calibration)
