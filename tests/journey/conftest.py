"""Plays journeys: against a script of answers, or against a real server with nothing but http.client."""

from __future__ import annotations

import http.client
import json
import re
import textwrap
import time
from dataclasses import dataclass, field
from random import Random
from types import SimpleNamespace
from urllib.parse import urlsplit

import pytest
import yaml

from techrun.exchange import Failure, Interrupted, Request, Response, Wait
from techrun.journey.compile import compile_journey
from techrun.journey.engine import Context, Options, run
from techrun.journey.model import Fragment, Journey
from techrun.model import Outcome, Phases, Reason
from techrun.redact import Redactor

SHOP = "https://shop.example"


class Core(yaml.SafeLoader):
    """YAML 1.2's idea of true and false: `on` is a word."""


Core.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:bool"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
Core.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile("true|false"), list("tf"))


def load(text):
    return yaml.load(textwrap.dedent(text), Core)


def page(body="<html><title>Shop</title><h1>ok</h1></html>", status=200, kind="text/html", **headers):
    """An HTML answer; keywords become headers."""
    pairs = [("content-type", kind)] if kind else []
    for name, value in headers.items():
        values = value if isinstance(value, list) else [value]
        pairs.extend((name.replace("_", "-"), each) for each in values)
    raw = body if isinstance(body, bytes) else body.encode()
    return Response(
        status, tuple(pairs), raw, phases=Phases(processing=0.1), elapsed=0.1, address="127.0.0.1"
    )


def data(value, status=200, **headers):
    """A JSON answer."""
    return page(json.dumps(value), status, "application/json", **headers)


def redirect(to, status=302, **headers):
    return page("", status, location=to, **headers)


@dataclass
class Played:
    """What a journey asked for, and its outcome."""

    outcome: Outcome
    asked: list[Request | Wait] = field(default_factory=list)

    @property
    def requests(self):
        return [each for each in self.asked if isinstance(each, Request)]

    @property
    def urls(self):
        return [request.url for request in self.requests]

    def header(self, index, name):
        return {key.lower(): value for key, value in self.requests[index].headers}.get(name.lower())

    def step(self, name):
        return next(step for step in (*self.outcome.steps, *self.outcome.cleanup) if step.name == name)


def play(plan, answers, *, now=1_800_000_000.0, redactor=None, trace_id="", **options):
    """Drive a plan with scripted answers: a function of the request, or a list in order.

    An `Interrupted` among the answers is thrown in; after that the journey is answered as before.
    """
    if callable(answers):
        answer = answers
    else:
        queue = list(answers)

        def answer(_asked):
            return queue.pop(0)

    clock = iter(range(10**6))
    context = Context("run-1", lambda: now + next(clock) * 0.0, Random(7), redactor or Redactor(), trace_id)
    journey = run(plan, Options(**options), context)
    asked = []
    try:
        wanted = next(journey)
        while True:
            asked.append(wanted)
            given = None if isinstance(wanted, Wait) and not callable(answers) else answer(wanted)
            wanted = journey.throw(given) if isinstance(given, Interrupted) else journey.send(given)
    except StopIteration as end:
        return Played(end.value, asked)


def compiled(text, fragments=(), *, constants=None, locale="en-US", data=None, **options):
    """The plan of a journey in YAML."""
    written = load(text)
    if "journey" not in written:
        written = {"journey": "test", **written}
    journey = Journey.model_validate(written)
    for name, content in (data or {}).items():
        journey.data[name].load(content)
    named = {
        fragment.fragment: fragment
        for fragment in (Fragment.model_validate(load(each)) for each in fragments)
    }
    known = {"shop": {"url": SHOP}, "env": {}, "secret": {}, "synthetic": {}, **(constants or {})}
    options.setdefault("base_url", SHOP)
    return compile_journey(journey, known, named, locale, **options)


def drive_over_http(plan, **options):
    """Drive a plan against real servers with http.client: what the engine needs is one exchange at a time."""
    context = Context("run-1", time.time, Random(7), Redactor())
    journey = run(plan, Options(**options), context)
    asked = []
    try:
        wanted = next(journey)
        while True:
            asked.append(wanted)
            wanted = journey.send(None if isinstance(wanted, Wait) else _exchange(wanted))
    except StopIteration as end:
        return Played(end.value, asked)


def _exchange(request):
    parts = urlsplit(request.url)
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=5)
    try:
        path = parts.path + ("?" + parts.query if parts.query else "")
        connection.request(request.method, path or "/", request.body or None, dict(request.headers))
        answer = connection.getresponse()
        headers = tuple((name.lower(), value) for name, value in answer.getheaders())
        return Response(answer.status, headers, answer.read(), address=parts.hostname)
    except OSError as error:
        return Failure(Reason.CONNECT, str(error))
    finally:
        connection.close()


@pytest.fixture
def shop():
    """The words that tests of journeys are written in."""
    return SimpleNamespace(
        compiled=compiled,
        play=play,
        page=page,
        data=data,
        redirect=redirect,
        over_http=drive_over_http,
        url=SHOP,
    )
