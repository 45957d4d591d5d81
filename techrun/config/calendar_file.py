"""Reads `calendar.yaml`."""

from __future__ import annotations

from pathlib import Path

from techrun.config.calendar import Calendar, faults
from techrun.config.files import shown
from techrun.config.main_file import Main
from techrun.config.reading import read
from techrun.config.tree import Map, Written, plain
from techrun.config.understand import understand
from techrun.config.words import quoted


def read_calendar(main: Main, extra_files: set[Path]) -> tuple[Calendar, Written | None]:
    """The calendar and where it is written; an empty one where there is none, or none that can be read."""
    if main.file.calendar is None:
        return Calendar(), None
    path = main.folder / main.file.calendar
    extra_files.add(path)
    if not path.is_file():
        what = f"there is no file {quoted(shown(path))}"
        main.problems.append(main.origin.problem(("calendar",), what, "create it, or leave `calendar:` out"))
        return Calendar(), None
    before = len(main.problems)
    documents = read(path, shown(path), main.problems)
    if len(documents) != 1 or not isinstance(documents[0][1], Map):
        if len(main.problems) == before:
            what = f"{shown(path)} does not hold keys and values"
            hint = "a calendar is written as keys and values"
            main.problems.append(main.origin.problem(("calendar",), what, hint))
        return Calendar(), None
    origin = Written(*documents[0])
    return _understood(main, origin), origin


def _understood(main: Main, origin: Written) -> Calendar:
    found = understand(Calendar, plain(origin.node), origin, main.problems, names=main.names)
    if found is None:
        return Calendar()
    wrong = [
        origin.problem((*path, *below), what, hint, on_key=bool(below))
        for path, entry in found.covered()
        for below, what, hint in faults(entry)
    ]
    for path, name in found.twice():
        wrong.append(origin.problem(path, f"the name {quoted(name)} is there twice", "rename one of them"))
    main.problems.extend(wrong)
    return Calendar() if wrong else found
