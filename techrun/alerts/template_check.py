"""Whether a user's templates can be relied on: each is tried with every sample before it is needed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import get_args

from jinja2 import TemplateSyntaxError, meta

from techrun.alerts.facts import Facts, facts_of
from techrun.alerts.rendering import BrokenTemplate, Form, environment_of, rendered
from techrun.alerts.samples import SAMPLES
from techrun.language.words import did_you_mean
from techrun.standing import Event

FORMS: tuple[Form, ...] = get_args(Form)
NAMES = ("message", *(event for event in get_args(Event) if event != "trial"))
VARIABLES = frozenset(field.name for field in fields(Facts))


def check_templates(folder: Path) -> list[str]:
    """What is wrong with the templates of a folder: a sentence a problem, with file and line."""
    if not folder.is_dir():
        return [f"{folder}: there is no such folder"]
    return list(dict.fromkeys((*_misnamed(folder), *_unknown_variables(folder), *_broken(folder))))


def _misnamed(folder: Path) -> Iterator[str]:
    """Files that no message uses. What templates share begins with `_`."""
    for path in _templates(folder):
        if path.stem not in NAMES and not path.stem.startswith("_"):
            hint = did_you_mean(path.stem, NAMES) or f"a template is called {', '.join(NAMES)}"
            yield f"{path}: no message uses it; {hint}, what they include begins with _"


def _unknown_variables(folder: Path) -> Iterator[str]:
    """Misspelt variables, also those in a branch that no sample takes."""
    environment = environment_of(folder)
    known = VARIABLES | environment.globals.keys()
    for path in _templates(folder):
        try:
            names = meta.find_undeclared_variables(environment.parse(path.read_text("utf-8")))
        except (TemplateSyntaxError, OSError, UnicodeDecodeError):
            continue  # trying it says so too, and better
        for name in sorted(names - known):
            yield f"{path}: there is no variable {name}; {did_you_mean(name, VARIABLES) or 'see docs/alerts.md'}"


def _broken(folder: Path) -> Iterator[str]:
    for sample in SAMPLES.values():
        facts = facts_of(
            sample.event,
            sample.incident,
            sample.context,
            sample.now,
            nth=sample.nth,
            in_place=sample.stands_for,
        )
        for form in FORMS:
            try:
                rendered(form, sample.event, facts.variables(), folder)
            except BrokenTemplate as problem:
                yield str(problem)


def _templates(folder: Path) -> list[Path]:
    return sorted(path for form in FORMS for path in folder.glob(f"*.{form}"))
