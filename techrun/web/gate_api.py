"""`/api/v1/gate`: whether a release may begin; see docs/api.md."""

from __future__ import annotations

from pydantic import Field

from techrun.releases.gate import Gate, GateWish
from techrun.releases.records import GateDecision
from techrun.web.bodies import Body, understand
from techrun.web.call import Call, Table


class GateBody(Body):
    """A release that wants to begin."""

    shop: str = ""
    version: str = Field(max_length=200)
    override: str = Field(default="", max_length=1000)


class GateApi:
    """Requests about the gate, as calls of it. Each runs in a worker thread."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate

    def table(self) -> Table:
        """What answers, by method and path."""
        return {("GET", "gate"): self.look, ("POST", "gate"): self.ask}

    def look(self, call: Call) -> GateDecision:
        """What it would say now; nothing is noted."""
        query = call.query("shop", "version", "override", "author")
        wish = GateWish(query.text("shop"), query.text("version"), query.text("override"))
        return self._gate.look(wish, query.text("author") or "API")

    def ask(self, call: Call) -> GateDecision:
        """What it says now, noted."""
        call.query()
        said = understand(GateBody, call.body)
        return self._gate.ask(GateWish(said.shop, said.version, said.override), said.by)
