"""One HTTP exchange; the only importer of the HTTP client."""

from __future__ import annotations

from techrun.fetch.client import Fetcher, Session
from techrun.fetch.guard import Guard
from techrun.fetch.resolver import ResolveError, Resolver
from techrun.fetch.settings import PRIVATE_NETWORKS, FetchSettings

__all__ = ["PRIVATE_NETWORKS", "FetchSettings", "Fetcher", "Guard", "ResolveError", "Resolver", "Session"]
