"""Where this command line keeps load runs."""

from __future__ import annotations

from pathlib import Path

from techrun.errors import UsageError
from techrun.load.keeping import Loads, StoreLoads
from techrun.load.keeping.folder import FolderLoads


def loads_at(store: Path, *, folder: Path | None = None, server: str = "", token: str = "") -> Loads:
    """In the folder that was named, on the server that was, else in the store of this machine."""
    if folder is not None and server:
        raise UsageError("load runs are kept in one place: name --store or --server, not both")
    if folder is not None:
        return FolderLoads(folder)
    if server:
        from techrun.app.remote_loads import RemoteLoads  # noqa: PLC0415  nobody else needs it

        return RemoteLoads(server, token)
    return StoreLoads(store)
