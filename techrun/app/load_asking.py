"""How the kill switch hears of the shop: from the daemon's store on this machine, or over its API."""

from __future__ import annotations

from techrun.app.loading import Loaded
from techrun.app.operations import LocalOperations
from techrun.app.remote import RemoteOperations
from techrun.load.guards.killswitch import Ask, Standing
from techrun.oncall import Chosen, Operations


def asking(loaded: Loaded, shop: str, server: str, token: str) -> Ask:
    """A function that tells how this shop stands now."""
    operations: Operations = RemoteOperations(server, token) if server else LocalOperations(lambda: loaded)

    def ask() -> Standing:
        found = operations.status(Chosen((shop,)))
        return Standing(
            found.checks, tuple(one for one in found.incidents if one.shop == shop), found.load_tests
        )

    return ask
