"""Where this command line keeps load runs, and earlier ones as a person names them."""

from __future__ import annotations

from pathlib import Path

from techrun.app.loading import load_without_secrets
from techrun.errors import UsageError
from techrun.load.keeping import Loads, StoreLoads
from techrun.load.keeping.folder import FolderLoads
from techrun.load.records import Run
from techrun.oncall import UnknownError

SEARCHED = 200
"""The newest runs among which the beginning of an id is looked for."""


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


def loads_of(config: Path, *, folder: Path | None = None, server: str = "", token: str = "") -> Loads:
    """Where runs are kept; the configuration is read only where the store of this machine is meant."""
    if folder is None and not server:
        return loads_at(load_without_secrets(config).settings.store)
    return loads_at(Path(), folder=folder, server=server, token=token)


def find_run(loads: Loads, name: str) -> Run:
    """The run of this id or beginning of one; `last` is the newest. UnknownError where there is none, or several."""
    found = [one.id for one in loads.runs(limit=SEARCHED)]
    if name == "last" and found:
        return loads.get(found[0])
    same = [number for number in found if number.startswith(name)]
    if name in same or len(same) != 1:
        if len(same) > 1 and name not in same:
            raise UnknownError(f"{name} may be {', '.join(same[:5])}; write more of it")
        return loads.get(name)
    return loads.get(same[0])
