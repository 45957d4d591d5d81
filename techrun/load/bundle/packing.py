"""Values as JSON and back, nothing lost: numbers keep how they were written, secrets become references. Pure.

`{"$number": "01234"}` is a number that JSON would write otherwise, `{"$text": ["Bearer ", "TOKEN", ""]}` is a text
with secrets in it (every second part is the name of one), `{"$map": [[key, value], …]}` is a map whose keys are
not plain.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from techrun.errors import ConfigError, Problem
from techrun.language.scalars import FloatText, IntText
from techrun.redact import Redactor

_NUMBER, _TEXT, _MAP = "$number", "$text", "$map"
_MARKS = frozenset({_NUMBER, _TEXT, _MAP})
_WIDTH = 110
"""Characters of a line."""
_SHORT = 8
"""Characters of a secret that is too likely an ordinary word to be looked for in other spellings."""


@dataclass(frozen=True, slots=True)
class Packer:
    """Makes values into JSON without the values of these secrets."""

    secrets: Mapping[str, str]
    """Name → value."""
    _names: Mapping[str, str] = field(init=False)
    _values: re.Pattern[str] | None = field(init=False)
    _other_spellings: Redactor = field(init=False)

    def __post_init__(self) -> None:
        names = {value: name for name, value in reversed(list(self.secrets.items()))}
        longest_first = sorted(names, key=len, reverse=True)
        pattern = re.compile(f"({'|'.join(map(re.escape, longest_first))})") if names else None
        object.__setattr__(self, "_names", names)
        object.__setattr__(self, "_values", pattern)
        object.__setattr__(
            self, "_other_spellings", Redactor(value for value in names if len(value) >= _SHORT)
        )

    def pack(self, value: Any, where: str) -> Any:
        """The value as JSON; ConfigError where it holds a secret in a form that no reference can stand for."""
        if isinstance(value, str):
            return self._text(value, where)
        if isinstance(value, bool) or value is None:
            return value
        if isinstance(value, int | float):
            return self._number(value, where)
        if isinstance(value, Mapping):
            return self._map(value, where)
        return [self.pack(item, f"{where}.{index}") for index, item in enumerate(value)]

    def _text(self, text: str, where: str) -> Any:
        parts = self._values.split(text) if self._values else [text]
        for literal in parts[::2]:
            self._refuse_other_spellings(literal, where)
        if len(parts) == 1:
            return text
        return {_TEXT: [self._names[part] if index % 2 else part for index, part in enumerate(parts)]}

    def _refuse_other_spellings(self, text: str, where: str) -> None:
        """A secret in other letters is an ordinary word; one in base64 or hexadecimal is a secret."""
        if self._other_spellings(text) == text or any(value.lower() in text.lower() for value in self._names):
            return
        hint = "name the secret where it is used, in the journey: there it is filled in when it runs"
        raise ConfigError([Problem(f"{where} holds a secret in another spelling", hint)])

    def _number(self, number: float, where: str) -> Any:
        written = number.text if isinstance(number, IntText | FloatText) else json.dumps(number)
        plain = int(number) if isinstance(number, int) else float(number)
        packed = self._text(written, where)
        return plain if json.dumps(plain) == written == packed else {_NUMBER: packed}

    def _map(self, value: Mapping[str, Any], where: str) -> Any:
        pairs = [(self._text(key, where), self.pack(item, f"{where}.{key}")) for key, item in value.items()]
        if all(isinstance(key, str) for key, _ in pairs) and not (len(pairs) == 1 and pairs[0][0] in _MARKS):
            return dict(pairs)
        return {_MAP: [list(pair) for pair in pairs]}


def unpack(value: Any, secret: Callable[[str], str]) -> Any:
    """What was packed; `secret` gives the value of a secret by its name."""
    if isinstance(value, list):
        return [unpack(item, secret) for item in value]
    if not isinstance(value, dict):
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        return _number_of(json.dumps(value)) if is_number else value
    if len(value) == 1:
        match value:
            case {"$number": written}:
                return _number_of(unpack(written, secret))
            case {"$text": parts}:
                return "".join(secret(part) if index % 2 else part for index, part in enumerate(parts))
            case {"$map": pairs}:
                return {unpack(key, secret): unpack(item, secret) for key, item in pairs}
    return {key: unpack(item, secret) for key, item in value.items()}


def _number_of(written: str) -> int | float:
    """The number that YAML reads in this text, remembering it."""
    try:
        return IntText(_whole(written), written)
    except ValueError:
        return FloatText(float(written), written)


def _whole(written: str) -> int:
    """A whole number in YAML 1.2: decimal, `0x…` or `0o…`."""
    prefixed = written.lstrip("+-")[:2].lower() in {"0x", "0o"}
    return int(written, 0) if prefixed else int(written)


def secrets_in(packed: Any) -> Iterator[str]:
    """The names of the secrets that a packed value refers to."""
    if isinstance(packed, dict):
        if packed.keys() == {_TEXT}:
            yield from packed[_TEXT][1::2]
            return
        for item in packed.values():
            yield from secrets_in(item)
    elif isinstance(packed, list):
        for item in packed:
            yield from secrets_in(item)


def pretty(value: Any, indent: str = "") -> str:
    """JSON for people: what fits into a line stands on one."""
    line = json.dumps(value)
    if not value or not isinstance(value, dict | list) or len(indent) + len(line) <= _WIDTH:
        return line
    deeper = indent + " "
    if isinstance(value, dict):
        parts = [f"{json.dumps(key)}: {pretty(item, deeper)}" for key, item in value.items()]
        return f"{{\n{deeper}{f',{chr(10)}{deeper}'.join(parts)}\n{indent}}}"
    parts = [pretty(item, deeper) for item in value]
    return f"[\n{deeper}{f',{chr(10)}{deeper}'.join(parts)}\n{indent}]"
