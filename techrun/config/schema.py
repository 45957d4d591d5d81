"""The JSON Schema of everything that is written in YAML, so that editors complete and check it."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from techrun.config.calendar import Calendar
from techrun.config.explain import fields_of, models_in
from techrun.config.models import CheckKeys, MainFile, PackFile, ShopFile
from techrun.language.definition import Definition

Schema = dict[str, Any]
DIALECT = "https://json-schema.org/draft/2020-12/schema"
TEMPLATE: Schema = {"type": "string", "pattern": r"\$\{"}
"""What may stand in place of a number, a choice or a duration."""
_FORMS = ("pattern", "enum", "const", "minLength")


def schema(kinds: Mapping[str, type[Definition]], documents: Mapping[str, type[Definition]]) -> Schema:
    """The schema of any file of a configuration: what a file is, its keys tell."""
    files: list[type[Definition]] = [MainFile, ShopFile, PackFile, CheckKeys, Calendar]
    definitions, named = _definitions([*files, *kinds.values(), *documents.values()])
    bare = [spec for spec in kinds.values() if not getattr(spec, "templated", False)]
    for model in (*bare, *files):
        _allow_templates(definitions, named[model], set())
    main, shop, pack, keys, _ = (definitions[named[model]] for model in files)
    checks = [_check(keys, definitions[named[spec]], kind) for kind, spec in kinds.items()]
    definitions["check"] = {"description": "One check: its kind is told by its keys.", "anyOf": checks}
    single = _merged(shop, main)
    single["properties"].pop("shops")
    single["properties"]["owner"] = {"anyOf": [part["properties"]["owner"] for part in (shop, main)]}
    single["properties"]["owner"]["description"] = shop["properties"]["owner"]["description"]
    definitions |= {"main": main, "shop": single, "pack": pack}
    for holder in (single, pack):
        holder["properties"]["checks"]["items"] = {"$ref": "#/$defs/check"}
    choices = {
        **{marker: named[model] for marker, model in documents.items()},
        "pack": "pack",
        "shop": "shop",
        **dict.fromkeys(fields_of(Calendar), named[Calendar]),
    }
    return {
        "$schema": DIALECT,
        "title": "techrun",
        "description": "The configuration of techrun: techrun.yaml, shops, packs, journeys and fragments.",
        "type": "object",
        **_chosen(choices, "main"),
        "$defs": definitions,
    }


def _definitions(models: Sequence[type[Definition]]) -> tuple[dict[str, Schema], dict[type[Definition], str]]:
    """All definitions by name, and the name of each model's."""
    wanted = list(dict.fromkeys(models))
    named, whole = models_json_schema(
        [(model, "validation") for model in wanted], ref_template="#/$defs/{model}"
    )
    definitions: dict[str, Schema] = whole["$defs"]
    names = {model: reference["$ref"].rpartition("/")[2] for (model, _), reference in named.items()}
    for below in _models_below(models):
        _describe(definitions.get(below.__name__, {}), below)
    for model in models:
        _describe(definitions[names[model]], model)
    for each in definitions.values():
        _strip_titles(each)
    return definitions, {model: names[model] for model in wanted}


def _models_below(models: Iterable[type[BaseModel]]) -> set[type[BaseModel]]:
    """Every model that is part of these."""
    found: set[type[BaseModel]] = set()
    waiting = list(models)
    while waiting:
        model = waiting.pop()
        parts = {part for annotation in fields_of(model).values() for part in models_in(annotation)}
        waiting += parts - found
        found |= parts
    return found


def _describe(definition: Schema, model: type[BaseModel]) -> None:
    """Descriptions from the texts below the fields of a class."""
    texts = _field_texts(model)
    for name, info in model.model_fields.items():
        part = definition.get("properties", {}).get(info.alias or name)
        if part is not None and name in texts:
            part.setdefault("description", texts[name])


def _field_texts(model: type[BaseModel]) -> dict[str, str]:
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(model)))
    except (OSError, TypeError, SyntaxError):
        return {}
    body = tree.body[0].body if isinstance(tree.body[0], ast.ClassDef) else []
    texts = {}
    for field, text in pairwise(body):
        is_text = isinstance(text, ast.Expr) and isinstance(text.value, ast.Constant)
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name) and is_text:
            texts[field.target.id] = " ".join(str(text.value.value).split())  # type: ignore[attr-defined]  # is_text says so
    return texts


def _strip_titles(definition: Schema) -> None:
    """Pydantic's titles only repeat the keys."""
    definition.pop("title", None)
    for part in definition.get("properties", {}).values():
        part.pop("title", None)


def _allow_templates(definitions: dict[str, Schema], name: str, seen: set[str]) -> None:
    """Let a template stand where a value of a certain form is wanted, here and below."""
    if name in seen:
        return
    seen.add(name)
    properties = definitions[name].get("properties", {})
    for key, part in properties.items():
        if key not in {"version", "name", "shop", "pack"}:
            properties[key] = _or_template(part, definitions, seen)


def _or_template(part: Schema, definitions: dict[str, Schema], seen: set[str]) -> Schema:
    if "$ref" in part:
        _allow_templates(definitions, part["$ref"].rpartition("/")[2], seen)
        return part
    about: Schema = {key: part[key] for key in ("description", "default") if key in part}
    if "anyOf" in part:
        choices = [_or_template(choice, definitions, seen) for choice in part["anyOf"]]
        return {**part, "anyOf": choices}
    if part.get("type") in ("integer", "number", "boolean") or any(form in part for form in _FORMS):
        bare = {key: value for key, value in part.items() if key not in about}
        return {"anyOf": [bare, TEMPLATE], **about}
    for below in ("items", "additionalProperties"):
        if isinstance(part.get(below), dict):
            part = {**part, below: _or_template(part[below], definitions, seen)}
    return part


def _check(keys: Schema, spec: Schema, kind: str) -> Schema:
    """A check of one kind: what every check may say, and what this kind may."""
    merged = _merged(keys, spec)
    merged["required"] = list(dict.fromkeys(["name", kind, *spec.get("required", [])]))
    return merged


def _merged(one: Schema, other: Schema) -> Schema:
    return {
        "type": "object",
        "description": other.get("description", "")
        if "name" in one["properties"]
        else one.get("description", ""),
        "properties": {**other["properties"], **one["properties"]},
        "required": one.get("required", []),
        "additionalProperties": False,
    }


def _chosen(choices: Mapping[str, str], otherwise: str) -> Schema:
    """A chain of if and else: the first marker that is there tells what the document is."""
    chain: Schema = {"$ref": f"#/$defs/{otherwise}"}
    for marker, name in reversed(list(choices.items())):
        chain = {"if": {"required": [marker]}, "then": {"$ref": f"#/$defs/{name}"}, "else": chain}
    return chain
