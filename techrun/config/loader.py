"""Reads a whole configuration: every file, every mistake, then the settings."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from techrun.config.calendar import Calendar
from techrun.config.calendar_file import read_calendar
from techrun.config.checks import References
from techrun.config.documents import read_documents, read_packs, read_shipped_packs, shipped_packs
from techrun.config.files import MAIN_FILE, Files
from techrun.config.main_file import (
    Main,
    channel_names,
    channels,
    fetch_settings,
    read_files,
    read_main,
    templates,
)
from techrun.config.named import check_channels, check_selectors
from techrun.config.settings import Settings, ShopSettings
from techrun.config.shop_checks import read_shop, same_shop_twice
from techrun.config.shops import Packs, give_packs, read_header
from techrun.config.templates import outside
from techrun.errors import ConfigError, Place, Problem
from techrun.language.definition import Definition
from techrun.redact import Redactor

MOST_PROBLEMS = 500
Models = Mapping[str, type[Definition]]


def load(path: Path, kinds: Models, documents: Models, *, environ: Mapping[str, str]) -> Settings:
    """The settings in a file or in the `techrun.yaml` of a folder; raises one `ConfigError` with all problems.

    `kinds` are the specs of checks by kind, `documents` the models of `journey:`, `fragment:`, ….
    """
    settings, problems = load_all(path, kinds, documents, environ=environ)
    if problems or settings is None:
        raise ConfigError(problems)
    return settings


def load_all(
    path: Path, kinds: Models, documents: Models, *, environ: Mapping[str, str]
) -> tuple[Settings | None, list[Problem]]:
    """The settings as far as they can be read, and everything that is wrong."""
    loading = _Loading(kinds, documents)
    settings = loading.load(path / MAIN_FILE if path.is_dir() else path, environ)
    return settings, [redacted(problem, loading.redactor) for problem in ordered(loading.problems)]


def ordered(problems: Iterable[Problem]) -> list[Problem]:
    """Problems by place, each once; of very many only the first."""

    def by_place(problem: Problem) -> tuple[str, int, int, str]:
        place = problem.places[0] if problem.places else Place("", 0, 0)
        return place.file, place.line, place.column, problem.what

    unique = {(problem.what, problem.places): problem for problem in problems}
    found = sorted(unique.values(), key=by_place)
    more = len(found) - MOST_PROBLEMS
    if more <= 0:
        return found
    last = found[MOST_PROBLEMS]
    return [
        *found[:MOST_PROBLEMS],
        Problem(f"{more} more problems from here on", "correct these first", (), last.places),
    ]


def redacted(problem: Problem, redactor: Redactor) -> Problem:
    """The problem without secrets in its words."""
    places = tuple(Place(at.file, at.line, at.column, redactor(at.text)) for at in problem.places)
    what, hint = redactor(problem.what), redactor(problem.hint)
    if what != problem.what:
        hint = hint.partition("; did you mean")[0]  # it may be made of the secret
    return Problem(what, hint, problem.path, places, problem.on_key)


@dataclass(slots=True)
class _Loading:
    """One reading of a configuration; what is wrong gathers in `problems`."""

    kinds: Models
    models: Models
    problems: list[Problem] = field(default_factory=list)
    redactor: Redactor = field(default_factory=Redactor)
    extra_files: set[Path] = field(default_factory=set)

    def load(self, path: Path, environ: Mapping[str, str]) -> Settings | None:
        """The settings as far as they can be read: files first, then shops, packs, journeys, checks."""
        files = Files((*self.models,), self.problems)
        origin = files.read_main(path)
        main = read_main(origin, environ, self.redactor, self.problems) if origin else None
        if main is None:
            return None
        read_files(main, files)
        check_channels(main)
        planned = read_calendar(main, self.extra_files)
        before = len(self.problems)
        shops, references = self._shops(main, files)
        if files.complete and len(self.problems) == before:
            check_selectors(main, planned, shops)
        self._know_tokens(main)
        return self._settings(main, files, shops, references, planned[0])

    def _know_tokens(self, main: Main) -> None:
        """A token is a secret, wherever it was written."""
        for token in (*main.file.web.tokens.read, *main.file.web.tokens.operate):
            self.redactor.add(token)

    def _shops(self, main: Main, files: Files) -> tuple[list[ShopSettings], References]:
        headers = []
        for origin in files.shops:
            single = main.single and origin is main.origin
            header = read_header(origin, main.names, self.problems, single=single)
            if header is not None:
                headers.append(header)
        read_shipped_packs(files, headers)
        packs = Packs(read_packs(files, self.problems), shipped_packs(), files.complete)
        for header in headers:
            give_packs(header, packs, self.problems)
        same_shop_twice(headers, self.problems)
        references = self._references(main, files)
        shops = [read_shop(header, main, references, self.problems) for header in headers]
        return [shop for shop in shops if shop is not None], references

    def _references(self, main: Main, files: Files) -> References:
        """What the checks may refer to."""
        documents = read_documents(files, self.models, self.extra_files, self.problems)
        by_marker = {
            marker: frozenset(name for name, (each, _) in files.documents.items() if each == marker)
            for marker in self.models
        }
        written = [
            main.origin,
            *files.shops,
            *(origin for _, origin in (*files.packs.values(), *files.documents.values())),
        ]
        named = outside(written, main.names, self.problems)
        return References(self.kinds, channel_names(main), by_marker, documents, named, files.complete)

    def _settings(
        self,
        main: Main,
        files: Files,
        shops: list[ShopSettings],
        references: References,
        calendar: Calendar,
    ) -> Settings:
        host, _, port = main.file.listen.rpartition(":")
        return Settings(
            shops=tuple(shops),
            documents=references.documents,
            channels=channels(main),
            store=main.folder / main.file.store,
            host=host.strip("[]"),
            port=int(port),
            location=main.file.location,
            fetch=fetch_settings(main),
            retention=main.file.retention,
            witness=main.file.witness,
            calendar=calendar,
            redactor=self.redactor,
            owner=main.file.owner,
            alerting=main.file.alerting,
            routes=main.file.routes,
            heartbeat=main.file.heartbeat,
            web=main.file.web,
            grafana=main.file.grafana,
            templates=templates(main),
            origin=main.origin,
            files=tuple(sorted({*files.seen.values(), *self.extra_files})),
        )
