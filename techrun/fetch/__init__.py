"""One HTTP exchange; the only importer of the HTTP client.

client      the way of an exchange: begin here
target      where a URL leads; names: how hosts and ports are written
resolver    the addresses of a name; inquiry asks one name server, sysfiles reads hosts and resolv.conf
guard       which addresses may be connected to; proxy: the way through a proxy
handle      one transfer of libcurl; multi: all of them on the asyncio loop
result      a finished transfer → `Response` or `Failure`; errors: libcurl's codes; certificates: the chain
settings    what may be set
transport   the same exchanges below an `httpx.AsyncClient`
"""

from __future__ import annotations

from techrun.fetch.client import Fetcher, Session
from techrun.fetch.guard import Guard
from techrun.fetch.resolver import ResolveError, Resolver
from techrun.fetch.settings import PRIVATE_NETWORKS, FetchSettings

__all__ = ["PRIVATE_NETWORKS", "FetchSettings", "Fetcher", "Guard", "ResolveError", "Resolver", "Session"]
