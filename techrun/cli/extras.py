"""Packages that only some commands need: looked for before such a command does anything."""

from __future__ import annotations

from importlib.util import find_spec

from techrun.errors import UsageError

EXTRAS = {"load": ("locust", "numpy", "scipy"), "release": ("numpy", "scipy")}
"""What `techrun[load]` and `techrun[release]` bring."""


def check_extra(extra: str, who: str) -> None:
    """UsageError where a package of this extra is missing; `who` needs it (`the judge needs`)."""
    missing = [name for name in EXTRAS[extra] if find_spec(name) is None]
    if missing:
        raise UsageError(f"{who} {', '.join(missing)}: pip install 'techrun[{extra}]'")
