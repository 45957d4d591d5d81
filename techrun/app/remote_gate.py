"""The gate of another machine, over its `/api/v1/gate`."""

from __future__ import annotations

from techrun.app.client import TIMEOUT, Client, given
from techrun.releases.gate import Gate, GateWish
from techrun.releases.records import GateDecision


class RemoteGate(Gate):
    """Asks a daemon elsewhere; to look a token may read, to ask it must be one that may operate."""

    def __init__(self, server: str, token: str, *, timeout: float = TIMEOUT) -> None:
        self._api = Client(server, token, timeout=timeout)

    def look(self, wish: GateWish, by: str) -> GateDecision:
        """Decide, and note nothing."""
        return self._api.get(
            GateDecision,
            "gate",
            given(shop=wish.shop, version=wish.version, override=wish.override, author=by),
        )

    def ask(self, wish: GateWish, by: str) -> GateDecision:
        """Decide, and note in the book what was decided and who goes through all the same."""
        body = {"shop": wish.shop, "version": wish.version, "override": wish.override, "author": by}
        return self._api.post(GateDecision, "gate", body)
