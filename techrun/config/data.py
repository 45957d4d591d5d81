"""Data files of journeys: CSV, YAML or JSON beside the journey that names them."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from techrun.config.files import shown
from techrun.config.reading import LARGEST_FILE, read
from techrun.config.tree import Source, Written, plain
from techrun.errors import Problem
from techrun.language.definition import Definition


def load_data(document: Definition, origin: Written, files: set[Path], problems: list[Problem]) -> None:
    """Give each of the document's `data` sources the content of its file."""
    sources: Mapping[str, Any] = getattr(document, "data", None) or {}
    for name, source in sources.items():
        path = origin.source.path.parent / source.file
        files.add(path)
        try:
            source.load(_content(path, problems))
        except _BrokenElsewhereError:
            continue
        except (OSError, ValueError, RecursionError, csv.Error) as error:
            why = getattr(error, "strerror", None) or str(error)
            hint = "CSV with a line of names, YAML or JSON, beside the file that names it"
            problems.append(origin.problem(("data", name, "file"), f"the data cannot be read: {why}", hint))


class _BrokenElsewhereError(Exception):
    """The file's own problems are told already."""


def _content(path: Path, problems: list[Problem]) -> Any:
    if not path.is_file():
        raise ValueError(f"there is no file {shown(path)}")
    if path.suffix in {".yaml", ".yml"}:
        return _yaml(path, problems)
    with path.open("rb") as file:
        raw = file.read(LARGEST_FILE + 1)
    if len(raw) > LARGEST_FILE:
        raise ValueError(f"{shown(path)} is larger than {LARGEST_FILE // 1_000_000} MB")
    text = raw.decode("utf-8-sig")
    if path.suffix == ".json":
        return _json(text, path, problems)
    if path.suffix == ".csv":
        return _rows(text)
    raise ValueError(f"{shown(path)} is neither .csv, .yaml nor .json")


def _yaml(path: Path, problems: list[Problem]) -> Any:
    before = len(problems)
    documents = read(path, shown(path), problems)
    if len(problems) > before:
        raise _BrokenElsewhereError
    if len(documents) != 1:
        raise ValueError(f"{shown(path)} holds {len(documents)} documents, expected one")
    return plain(documents[0][1])


def _json(text: str, path: Path, problems: list[Problem]) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        source = Source(shown(path), path, tuple(text.splitlines()))
        what = f"this is not valid JSON: {error.msg[:1].lower()}{error.msg[1:]}"
        problems.append(
            source.problem((error.lineno, error.colno), what, "check this line and the one above")
        )
        raise _BrokenElsewhereError from None


def _rows(text: str) -> list[dict[str, str]]:
    reader = csv.DictReader(io.StringIO(text), strict=True)
    rows = []
    for row in reader:
        if None in row or None in row.values():
            raise ValueError(f"line {reader.line_num} has not as many values as the first line has names")
        rows.append(dict(row))
    if not rows:
        raise ValueError("it has no rows")
    return rows
