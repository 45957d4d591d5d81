"""Operations on another machine, over its `/api/v1`."""

from __future__ import annotations

from techrun.app.client import TIMEOUT, Client, Parameters, ServerError, given
from techrun.handling import Annotation, Fault, Release, Window
from techrun.model import Severity
from techrun.oncall import Asked, Chosen, ReleaseWish, WindowWish
from techrun.views import IncidentStanding, ShadowMessage, Standing, Story

__all__ = ["RemoteOperations", "ServerError"]


class RemoteOperations:
    """Operations over HTTP; `server` is the address of its web server, `https://techrun.example`."""

    def __init__(self, server: str, token: str, *, timeout: float = TIMEOUT) -> None:
        self._api = Client(server, token, timeout=timeout)

    def status(self, chosen: Chosen) -> Standing:
        """How these checks stand, and what is wrong."""
        return self._api.get(Standing, "status", _choice(chosen))

    def incidents(self, *, since: float | None = None, shop: str = "") -> tuple[IncidentStanding, ...]:
        """What was opened since then, oldest first; without a moment what is open."""
        return self._api.get(tuple[IncidentStanding, ...], "incidents", given(since=since, shop=shop))

    def story(self, incident: int) -> Story:
        """Everything about one incident."""
        return self._api.get(Story, f"incidents/{incident}")

    def open_incident(self, shop: str, text: str, severity: Severity, by: str) -> Asked:
        """A person reports what techrun has missed."""
        body = {"shop": shop, "text": text, "severity": severity, "author": by}
        return self._api.post(Asked, "incidents", body)

    def close_incident(self, incident: int, by: str) -> Asked:
        """A person ends an incident that a person reported."""
        return self._api.post(Asked, f"incidents/{incident}/close", {"author": by})

    def acknowledge(self, incident: int, note: str, by: str) -> IncidentStanding:
        """A person takes an incident on."""
        return self._api.post(IncidentStanding, f"incidents/{incident}/ack", {"note": note, "author": by})

    def annotate(self, incident: int, text: str, fault: Fault | None, by: str) -> Annotation:
        """A person adds something to an incident."""
        body = {"text": text, "cause": fault, "author": by}
        return self._api.post(Annotation, f"incidents/{incident}/annotate", body)

    def windows(self, since: float | None = None) -> tuple[Window, ...]:
        """What was in force since then or is to come; without a moment what is not over."""
        return self._api.get(tuple[Window, ...], "windows", given(since=since))

    def add_window(self, wish: WindowWish, by: str) -> Window:
        """Hold alerts of some checks for a time."""
        body = {
            "selectors": wish.chosen.selectors,
            "client": wish.chosen.client,
            "tags": wish.chosen.tags,
            "for": f"{wish.seconds:.3f}s",
            "from": None if wish.starts is None else str(wish.starts),
            "reason": wish.reason,
            "author": by,
        }
        return self._api.post(Window, "silences" if wish.kind == "silence" else "maintenance", body)

    def end_window(self, window: int, by: str) -> Window:
        """End such a time early."""
        return self._api.delete(Window, f"windows/{window}", given(author=by))

    def releases(self, *, since: float, shop: str = "") -> tuple[Release, ...]:
        """What began since then, newest first."""
        return self._api.get(tuple[Release, ...], "releases", given(since=since, shop=shop))

    def begin_release(self, wish: ReleaseWish, by: str) -> Release:
        """A release of a shop begins."""
        body = {
            "shop": wish.shop,
            "version": wish.version,
            "commit": wish.commit,
            "link": wish.link,
            "committed": "" if wish.committed is None else str(wish.committed),
            "told": wish.told,
            "author": by,
        }
        return self._api.post(Release, "releases", body)

    def end_release(self, shop: str, version: str, by: str, *, rolled_back: bool = False) -> Release:
        """A release of a shop has ended."""
        body = {"shop": shop, "version": version, "rolled_back": rolled_back, "author": by}
        return self._api.post(Release, "releases/end", body)

    def shadow(self, since: float) -> tuple[ShadowMessage, ...]:
        """What would have been sent since then, oldest first."""
        return self._api.get(tuple[ShadowMessage, ...], "shadow", given(since=since))

    def orders_cancelled(self, shop: str, by: str) -> int:
        """A person has cancelled the shop's leaked test orders; how many they were."""
        return self._api.post(int, "orders-cancelled", {"shop": shop, "author": by})


def _choice(chosen: Chosen) -> Parameters:
    selectors = [("selector", selector) for selector in chosen.selectors]
    return [*selectors, *given(client=chosen.client), *(("tag", tag) for tag in chosen.tags)]
