"""Whatever is written, loading ends in settings or in problems: no crash, no hang, bounded memory."""

from __future__ import annotations

import copy
import resource
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from techrun.app.loading import load
from techrun.app.parts import policy_of
from techrun.config.advice import advice
from techrun.config.problems import render
from techrun.errors import ConfigError

BASE: list[dict[str, Any]] = [
    {
        "version": 1,
        "shop": "acme",
        "client": "acme",
        "env": "production",
        "url": "https://www.acme.example",
        "locale": "es-ES",
        "timezone": "Europe/Madrid",
        "use": ["more"],
        "with": {"words": "drill", "langs": ["es", "ca"]},
        "labels": {"team": "blue"},
        "tags": ["b2c"],
        "nodes": ["203.0.113.11"],
        "synthetic": {"email": "probe@acme.example", "articles": ["A", "B"], "signing_key": "${secret.KEY}"},
        "orders": {"max_per_day": 24},
        "impact": {"orders_per_hour": {"mon-fri": [3] * 24, "sat,sun": [1] * 24}, "average_order": "85 EUR"},
        "notify": {"page": ["oncall"], "escalate": ["boss"]},
        "channels": {
            "oncall": {"url": "json://pager.example/${env.HOME:-x}", "fallback": "boss"},
            "boss": {"url": "json://boss.example"},
        },
        "owner": {"name": "ops-team", "notify": ["boss"]},
        "alerting": {
            "remind": {"page": "30m", "info": "never"},
            "escalate": ["boss"],
            "storm": {"shops": 5, "within": "3m"},
        },
        "routes": [
            {"match": {"select": "acme", "days": "mon-fri", "hours": "08:00-18:00"}, "notify": "boss"},
            {"match": {"tag": ["b2c"], "severity": "page"}, "notify": ["boss"], "escalate": []},
        ],
        "heartbeat": {"url": "https://hc.example/${secret.KEY}", "every": "1m"},
        "web": {"url": "https://techrun.example", "tokens": {"read": ["${secret.TOKEN}"]}},
        "defaults": {"every": "1m", "confirmation": {"fail_after": 4, "delays": ["5s"]}},
        "fetch": {"deny": ["10.0.0.0/8"], "ip": 4, "max_body": "2MB"},
        "checks": [
            {"name": "home", "http": "/", "every": "30s", "slo": "99.9%", "expect": {"css": {"h1": "Acme"}}},
            {"name": "port", "tcp": "${shop.host}:443", "depends_on": ["home"]},
            {"name": "lang", "http": "/${lang}", "for_each": {"lang": "${langs}"}, "expect": {"text": "x"}},
            {"name": "buy", "journey": "guest", "until": "home"},
        ],
        "releases": {"smoke": ["guest"], "version": {"url": "/v", "json": "$.v"}},
    },
    {"pack": "more", "parameters": {"words": {"required": True}, "langs": {"default": []}}, "checks": []},
    {"journey": "guest", "steps": [{"step": "home", "get": "/${words}", "save": {"title": {"css": "h1"}}}]},
    {
        "fragment": "login",
        "parameters": ["user"],
        "steps": [{"step": "form", "get": "/", "save": {"a": {"css": "a"}}}],
    },
]

CALENDAR: list[dict[str, Any]] = [
    {
        "maintenance": [
            {
                "name": "import",
                "select": "acme",
                "every": "day",
                "at": "02:30",
                "lasts": "30m",
                "reason": "ERP",
            },
            {"name": "patch", "rule": "FREQ=MONTHLY;BYDAY=1TU", "at": "22:00", "lasts": "1h", "tag": ["b2c"]},
        ],
        "silences": [{"name": "move", "client": "acme", "from": "2026-12-01T22:00", "to": "2026-12-02"}],
        "campaigns": [{"name": "Black Friday", "from": "2026-11-27", "to": "2026-11-30T12:00+01:00"}],
        "holidays": [{"date": "2026-12-25", "name": "Christmas Day"}],
    }
]

leaves = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(max_size=12)
    | st.sampled_from(
        [
            "mon-",
            "FREQ=DAILY;",
            "9999-12-31",
            "24:00",
            "never",
            "BYDAY=",
            "-",
            ",",
            "${",
            "${}",
            "${shop.url}",
        ]
    )
    | st.sampled_from(["${secret.X}", "${1/0}", "1m", "*", "/", "http", "tcp", "a" * 300, "٣"])
)
values = st.recursive(
    leaves,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
)


def spots(node: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The path of every value in a tree."""
    inner = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    return [path, *(spot for key, value in inner for spot in spots(value, (*path, key)))]


@st.composite
def broken(draw: st.DrawFn, base: list[dict[str, Any]]) -> str:
    """A good file in which a few values are replaced, removed or renamed."""
    tree: Any = copy.deepcopy(base)
    for _ in range(draw(st.integers(1, 4))):
        left = [spot for spot in spots(tree) if spot]
        if not left:
            break
        path = draw(st.sampled_from(left))
        holder = tree
        for key in path[:-1]:
            holder = holder[key]
        what = draw(st.sampled_from(["replace", "remove", "rename"]))
        if what == "replace":
            holder[path[-1]] = draw(values)
        elif what == "rename" and isinstance(holder, dict):
            holder[draw(st.text(max_size=8))] = holder.pop(path[-1])
        else:
            del holder[path[-1]]
    return "---\n".join(yaml.safe_dump(document, allow_unicode=draw(st.booleans())) for document in tree)


def outcome(content: bytes, calendar: bytes = b"") -> str:
    """What loading this as `techrun.yaml` ends in."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "techrun.yaml").write_bytes(content)
        Path(folder, "calendar.yaml").write_bytes(calendar)
        try:
            loaded = load(Path(folder), {"KEY": "s3cret-key", "TOKEN": "a-token-of-the-reader"})
        except ConfigError as error:
            told = render(error.problems)
            return told if "s3cret-key" not in told else "the secret leaked"
        policy_of(loaded.settings)
        advice(loaded.settings)
    return ""


def test_the_configuration_that_is_broken_below_is_right_to_begin_with() -> None:
    assert outcome("---\n".join(yaml.safe_dump(document) for document in BASE).encode()) == ""


PLAIN = yaml.safe_dump(
    {
        key: value[:2] if key == "checks" else value
        for key, value in BASE[0].items()
        if key not in {"use", "with", "releases"}
    }
)


def test_the_calendar_that_is_broken_below_is_right_to_begin_with() -> None:
    main = f"{PLAIN}calendar: calendar.yaml\n".encode()
    assert outcome(main, yaml.safe_dump(CALENDAR[0]).encode()) == ""


@given(broken(CALENDAR))
@settings(max_examples=300, deadline=None)
def test_a_calendar_broken_anywhere_ends_in_problems(text: str) -> None:
    main = f"{PLAIN}calendar: calendar.yaml\n".encode()
    assert outcome(main, text.encode("utf-8", "surrogatepass")) != "the secret leaked"


@given(broken(BASE))
@settings(max_examples=300, deadline=None)
def test_a_configuration_broken_anywhere_ends_in_problems(text: str) -> None:
    assert outcome(text.encode("utf-8", "surrogatepass")) != "the secret leaked"


@given(
    st.binary(max_size=300) | st.text(max_size=300).map(lambda text: text.encode("utf-8", "surrogatepass"))
)
@settings(max_examples=300, deadline=None)
def test_any_bytes_end_in_problems(content: bytes) -> None:
    assert outcome(content)


HEAD = b"shop: acme\nurl: https://www.acme.example\n"


@pytest.mark.parametrize(
    "content",
    [
        b"[" * 1_000_000,
        b"{a: " * 400_000,
        b"- " * 900_000,
        HEAD + b"with: {" + b", ".join(b"k%d: 1" % number for number in range(60_000)) + b"}\n",
        HEAD + b"owner: " + b"${" * 500_000,
        HEAD + b"synthetic: {email: '" + b"${shop.url}" * 30_000 + b"'}\n",
        HEAD
        + b"checks:\n"
        + b"".join(b"  - {name: a, for_each: {lang: [1]}, http: /, x%d: 1}\n" % n for n in range(3_000)),
        HEAD
        + b"checks: [{name: a, http: /, for_each: {"
        + b", ".join(b"v%d: [1, 2]" % n for n in range(2_000))
        + b"}}]\n",
        HEAD
        + b"checks:\n"
        + b"".join(b"  - {name: c%d, http: /, depends_on: [c%d]}\n" % (n, n + 1) for n in range(2_000)),
        b"a: &a ["
        + b"x, " * 300
        + b"]\n"
        + b"".join(b"b%d: [" % n + b"*a, " * 600 + b"]\n" for n in range(300)),
    ],
    ids=[
        "lists",
        "maps",
        "dashes",
        "keys",
        "braces",
        "templates",
        "checks",
        "combinations",
        "chain",
        "aliases",
    ],
)
def test_hostile_input_is_refused_within_bounded_memory(content: bytes) -> None:
    before = most_memory()
    assert outcome(content)
    assert most_memory() - before < 500_000_000


def most_memory() -> int:
    """The most bytes of memory that this process has ever held (tracemalloc would take ten times as long)."""
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
