"""Where a setting comes from: the check itself, or the nearest defaults that give it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from techrun.config.models import Defaults
from techrun.config.settings import DEFAULT
from techrun.config.tree import Written
from techrun.errors import Place


@dataclass(frozen=True, slots=True)
class Layer:
    """Settings that were written at one place."""

    values: Defaults
    origin: Written


def lookup(layers: Sequence[Layer], key: str, otherwise: Any) -> tuple[Any, Place]:
    """The value of the nearest layer that gives one, and its place."""
    for layer in layers:
        value = getattr(layer.values, key)
        if value is not None and key in layer.values.model_fields_set:
            return value, layer.origin.place((key,))
    return otherwise, DEFAULT


def labels(layers: Sequence[Layer]) -> Iterator[tuple[str, str, Place]]:
    """Every label with its place; those of nearer layers come later."""
    for layer in reversed(layers):
        for name, value in layer.values.labels.items():
            yield name, value, layer.origin.place(("labels", name))


def tags(layers: Sequence[Layer]) -> tuple[str, ...]:
    """The tags of all layers, each once."""
    return tuple(dict.fromkeys(tag for layer in reversed(layers) for tag in layer.values.tags))
