"""Incidents that are about no single shop, or that a person asks for: own network, storms, reports."""

from __future__ import annotations

import logging
from dataclasses import replace
from functools import partial
from itertools import groupby

from techrun.alerts.incidents import close, storm_incident, uplink_incident
from techrun.alerts.routing import recipients
from techrun.sinks._around import Around
from techrun.sinks._keeper import Keeper
from techrun.sinks._pending import Pending
from techrun.standing import Incident
from techrun.store.desk import Request, answer

log = logging.getLogger(__name__)

UPLINK_LOST = 20.0
"""Seconds for which techrun's own network is gone before its owner is told."""


class Fleet:
    """Looks at all incidents together."""

    def __init__(self, keeper: Keeper) -> None:
        self._keeper = keeper
        self._served: set[int] = set()
        """Requests whose answer may not be on the disk yet: each is served once."""

    def look(self, around: Around, pending: Pending) -> None:
        """Open and close what is about many shops, and do what persons ask for."""
        self._watch_uplink(around, pending)
        self._gather_storms(around.now, pending)
        waiting = {request.id: request for request in around.desk.requests}
        fresh = [request for number, request in waiting.items() if number not in self._served]
        self._served = set(waiting)
        for request in fresh:
            said = self._served_safely(request, around.now, pending)
            pending.notes.append(partial(answer, number=request.id, text=said, at=around.now))

    def _watch_uplink(self, around: Around, pending: Pending) -> None:
        known = next((one for one in self._keeper.open.values() if one.kind == "uplink"), None)
        lost = around.own_network == "lost"
        if known is not None and around.own_network == "ok":
            self._keeper.put(
                close(known, around.network_since or around.now, "uplink.back"), pending, "uplink.back"
            )
        elif known is None and lost and around.now - around.network_since >= UPLINK_LOST:
            fresh = uplink_incident(self._keeper.number(), around.network_since, around.now)
            self._keeper.put(fresh, pending, "uplink.lost")

    def _gather_storms(self, now: float, pending: Pending) -> None:
        """Many shops that break at once, and page the same people, are told as one."""
        policy = self._keeper.policy
        fresh = [
            one
            for one in self._keeper.open.values()
            if (one.kind, one.severity, one.storm) == ("outage", "page", None)
            and one.id in self._keeper.free
            and now - one.opened <= policy.storm_within
        ]
        if not fresh:
            return
        by_channels = sorted(fresh, key=self._channels)
        for channels, incidents in groupby(by_channels, key=self._channels):
            self._gather_storm(channels, list(incidents), now, pending)

    def _channels(self, incident: Incident) -> tuple[str, ...]:
        keeper = self._keeper
        found = recipients(
            incident, keeper.checks, keeper.shop(incident.shop), keeper.policy, incident.opened
        )
        return found.first

    def _gather_storm(
        self, channels: tuple[str, ...], incidents: list[Incident], now: float, pending: Pending
    ) -> None:
        cause = f"storm: {', '.join(channels)}"
        storm = next((one for one in self._keeper.open.values() if self._gathers(one, cause, now)), None)
        shops = {one.shop for one in incidents}
        if storm is None and len(shops) < self._keeper.policy.storm_shops:
            return
        if storm is None:
            storm = storm_incident(self._keeper.number(), cause, incidents, now)
        for incident in incidents:
            for member in incident.failing[:1]:
                storm = storm.with_member(replace(member, joined=now, joined_by="joined.storm"))
            self._keeper.put(replace(incident, storm=storm.id), pending, "joined.storm")
        self._keeper.put(storm, pending, "storm.gathers")

    def _gathers(self, storm: Incident, cause: str, now: float) -> bool:
        """Whether this storm still gathers: what breaks much later is not of it, and is told by itself."""
        last = max((member.joined for member in storm.members), default=storm.opened)
        return storm.cause == cause and now - last <= self._keeper.policy.storm_within

    def _served_safely(self, request: Request, now: float, pending: Pending) -> str:
        """A request that makes no sense must hold up neither alerts nor other requests."""
        try:
            return self._serve(request, now, pending)
        except Exception:
            log.exception("request %d to %s could not be served", request.id, request.verb)
            return "error: the request cannot be read"

    def _serve(self, request: Request, now: float, pending: Pending) -> str:
        """Do what a person asks for; the answer begins with `error: ` where it cannot be done."""
        if request.verb == "open":
            return self._report(request, pending)
        if request.verb == "close":
            return self._close(request, now, pending)
        return f"error: this daemon does not know how to {request.verb}"

    def _report(self, request: Request, pending: Pending) -> str:
        shop, text = str(request.payload.get("shop", "")), str(request.payload.get("text", ""))
        if shop not in self._keeper.shops:
            return f'error: no shop is called "{shop}"'
        severity = request.payload.get("severity", "ticket")
        incident = Incident(
            id=self._keeper.number(),
            kind="reported",
            shop=shop,
            severity=severity if severity in {"page", "ticket", "info"} else "ticket",
            title=f"{shop}: {text}"[:120],
            since=request.at,
            opened=request.at,
            cause="reported",
            text=f"{text} (reported by {request.author})",
        )
        self._keeper.put(incident, pending, "opened.by_person")
        return str(incident.id)

    def _close(self, request: Request, now: float, pending: Pending) -> str:
        incident = self._keeper.open.get(int(request.payload.get("incident", 0)))
        if incident is None:
            return "error: this incident is not open"
        if incident.kind not in {"reported", "uplink"}:
            return "error: it is about checks and ends when they recover; `techrun silence` keeps it quiet"
        self._keeper.put(close(incident, now, "closed.by_person"), pending, "closed.by_person")
        return "closed"
