"""Services that open an incident of their own: each of ours becomes one of theirs, and is resolved with it.

They tell incidents apart by a key, which Apprise takes in the URL: so each incident has a URL of its own.
Apprise's own way to close an alert at Opsgenie and Jira does not hold (2.2.0): it names the alert by the
identifier of a request, remembers that in memory alone, and when it has forgotten it sends nothing and
calls that a success. Their interface closes by the key, and so does this module.
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote, urlencode

from techrun.alerts.message import with_attempt
from techrun.standing import Event, Message

RESOLVING: tuple[Event, ...] = ("recovered", "withdrawn")
"""Events after which nothing is wrong any more."""

_KEY_NAMES = {
    "firehydrant": "dedup",
    "goalerts": "dedup",
    "ilert": "dedup",
    "incidentio": "dedup",
    "jira": "alias",
    "opsgenie": "alias",
    "pagerduty": "dedup",
    "pagertree": "dedup",
    "signl4": "dedup",
    "splunk": "entity_id",
    "squadcast": "dedup",
}
"""What the key is called in the URLs of each service."""
_OWN_KEY = re.compile(r"[?&](dedup|external_id|thirdparty|tid|alias|entity_id)=")
_OWN_ACTION = re.compile(r"[?&](action)=(?!map(?:&|$))")
_ALERTS = {
    ("opsgenie", "us"): ("api.opsgenie.com", "/v2/alerts"),
    ("opsgenie", "eu"): ("api.eu.opsgenie.com", "/v2/alerts"),
    ("jira", "us"): ("api.atlassian.com", "/jsm/ops/integration/v2/alerts"),
    ("jira", "eu"): ("api.atlassian.com", "/jsm/ops/integration/v2/alerts"),
}
"""Host and path of the alerts of services whose alerts are closed here, by name and region."""


def service_of(plugin: Any) -> str:
    """The name that a service has in URLs."""
    names = plugin.secure_protocol or plugin.protocol
    return str(names if isinstance(names, str) else names[0])


def opens_incidents(plugin: Any) -> bool:
    """Whether a message to this service opens an incident that must be resolved."""
    return service_of(plugin) in _KEY_NAMES


def key_problem(plugin: Any, url: str) -> str:
    """What is wrong with a URL that says itself how incidents are named or what happens to them."""
    found = (_OWN_KEY.search(url) or _OWN_ACTION.search(url)) if opens_incidents(plugin) else None
    if found is None:
        return ""
    return f"leave out `{found[1]}`: techrun opens and resolves each incident there under a key of its own"


def target_of(plugin: Any, url: str, key: str, message: Message) -> str | dict[str, object]:
    """What Apprise is to send this message to, so that it reaches the incident with this key."""
    service = service_of(plugin)
    if message.event in RESOLVING and (service, getattr(plugin, "region_name", "")) in _ALERTS:
        return _closing(plugin, key, f"{message.title}\n{with_attempt(message)}")
    return f"{url}{'&' if '?' in url else '?'}{urlencode({_KEY_NAMES[service]: key, 'action': 'map'})}"


def _closing(plugin: Any, key: str, note: str) -> dict[str, object]:
    """The request that closes an alert by its alias, as a plain JSON message."""
    host, path = _ALERTS[service_of(plugin), plugin.region_name]
    return {
        "schema": "jsons",
        "host": host,
        "fullpath": f"{path}/{quote(key, safe='')}/close",
        "params": {"identifierType": "alias"},
        "headers": {"Authorization": f"GenieKey {plugin.apikey}"},
        # An empty word leaves a field of Apprise's own out.
        "payload": dict.fromkeys(("version", "title", "message", "attachments", "type"), "")
        | {"note": note, "source": "techrun"},
        "verify": plugin.verify_certificate,
    }
