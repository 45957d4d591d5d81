"""What is done because of a verdict: a command, webhooks, an annotation in Grafana. Never a rollback by itself.

command   one command of the shell, with the verdict on its standard input
posting   webhooks and Grafana
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from techrun.config.releases import Grafana, Webhook
from techrun.fetch import Fetcher
from techrun.releases.acting import command, posting
from techrun.releases.records import Action, Verification

__all__ = ["Reactions", "act"]


@dataclass(frozen=True, slots=True)
class Reactions:
    """What is to be done once there is a verdict."""

    on_fail: str = ""
    """A command for the shell, run where the verdict is `fail`; empty: none."""
    on_fail_timeout: float = 300.0
    """Seconds that it may take."""
    webhooks: tuple[Webhook, ...] = ()
    grafana: Grafana | None = None


async def act(
    verification: Verification,
    reactions: Reactions,
    fetcher: Fetcher,
    redact: Callable[[str], str],
    told: Callable[[Action], None] = lambda _: None,
) -> tuple[Action, ...]:
    """Do all of it at once; what went wrong stands in the actions and changes no verdict. Never raises.

    `told` hears of each as soon as it is over. A verification without a verdict moves nothing.
    """
    verdict = verification.verdict
    if verdict is None:
        return ()
    doing = []
    if reactions.on_fail and verdict.value == "fail":
        limit = reactions.on_fail_timeout
        doing.append(command.run(verification, reactions.on_fail, limit, redact))
    doing += [
        posting.tell(verification, webhook, fetcher, redact)
        for webhook in reactions.webhooks
        if verdict.value in webhook.on
    ]
    if reactions.grafana is not None:
        doing.append(posting.annotate(verification, reactions.grafana, fetcher, redact))

    async def heard(one: asyncio.Future[Action]) -> Action:
        action = await one
        told(action)
        return action

    return tuple(await asyncio.gather(*(heard(asyncio.ensure_future(one)) for one in doing)))
