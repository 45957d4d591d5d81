"""Where the definitions are that ship with techrun."""

from __future__ import annotations

from pathlib import Path

import techrun


def shipped_checks() -> Path:
    """The folder `checks` of a checkout, or the copy inside an installed package."""
    package = Path(techrun.__file__).parent
    installed = package / "_checks"
    return installed if installed.is_dir() else package.parent / "checks"
