"""What a journey may not do, found before it runs: one function is one rule."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from techrun.errors import Problem
from techrun.journey.expand import Written, keys_of
from techrun.journey.model import VERBS, Budget, Journey, Verb
from techrun.language.words import did_you_mean

_COMMON = frozenset({"step", "title", "when"})
_REQUEST = _COMMON | {
    "headers", "save", "expect", "carry", "budget", "timeout", "retry", "idempotent", "effect", "fixture", "as",
    "auth", "http_version",
}  # fmt: skip
_WITH_BODY = _REQUEST | {"query", "body", "json", "form"}
_KEYS: Mapping[Verb, frozenset[str]] = {
    "get": _REQUEST | {"query"},
    "post": _WITH_BODY,
    "put": _WITH_BODY,
    "patch": _WITH_BODY,
    "delete": _WITH_BODY,
    "submit": _REQUEST | {"fill", "form", "press"},
    "graphql": _REQUEST | {"query", "variables"},
    "wait": _COMMON,
}
"""The keys that make sense beside each verb; `use` is judged where it is expanded."""
RESERVED = frozenset({"env", "run", "secret", "shop", "synthetic"})
"""Names that every template may use."""
_SHOW_PAGES = frozenset({"get", "post", "put", "patch", "delete", "submit"})
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")


def check_verb(step: Written) -> Iterator[Problem]:
    """A step has exactly one verb, and only keys that go with it."""
    verbs = step.spec.verbs
    if len(verbs) != 1:
        found = f"it has {' and '.join(verbs)}" if verbs else "it has none"
        yield step.problem(
            (), f"step {step.spec.step} needs exactly one verb; {found}", f"one of {', '.join(VERBS)}"
        )
        return
    for key in sorted(keys_of(step.spec) - _KEYS[verbs[0]] - {verbs[0]}):
        allowed = ", ".join(sorted(_KEYS[verbs[0]] - _COMMON))
        hint = f"{verbs[0]}: takes {allowed}" if verbs[0] != "wait" else "wait: stands alone"
        yield step.problem((key,), f"{verbs[0]}: takes no {key}:", hint, on_key=True)


def check_body(step: Written) -> Iterator[Problem]:
    """At most one body; GraphQL needs its document, other verbs a map of query parameters."""
    spec = step.spec
    bodies = sorted({"body", "json", "form"} & keys_of(spec))
    if len(bodies) > 1:
        yield step.problem(
            (bodies[1],), f"{bodies[0]}: and {bodies[1]}: are two bodies", "keep one", on_key=True
        )
    if spec.graphql is not None and (not isinstance(spec.query, str) or not spec.query.strip()):
        yield step.problem(("graphql",), "graphql: needs its document under query:", "query: { … } as text")
    if spec.graphql is None and spec.query is not None and not isinstance(spec.query, Mapping):
        yield step.problem(("query",), "query: is a map of the URL's parameters", "query: {page: 2}")
    if spec.press is not None and not spec.press.strip():
        yield step.problem(("press",), "press: is the CSS selector of a button; it is empty")


def check_headers(step: Written) -> Iterator[Problem]:
    """Header names have a grammar; a name with a blank or a colon would break the request."""
    for key, names in (("headers", step.spec.headers or {}), ("carry", step.spec.carry or {})):
        for name in names:
            if not _TOKEN.fullmatch(name):
                yield step.problem((key, name), f"{name!r} is no header name", on_key=True)


def check_assertion(step: Written, *, positive: bool) -> Iterator[Problem]:
    """Each step says what must be there: nothing is green by default."""
    spec = step.spec
    carries = any(not isinstance(each, str) for each in (spec.carry or {}).values())
    if spec.wait is not None or spec.save or carries or positive:
        return
    if spec.expect is None:
        what = f"step {spec.step} asserts nothing: an empty page would pass"
        yield step.problem((), what, "add expect: with what must be there, or a save:")
    elif spec.expect.that:
        what = f"step {spec.step} only compares what was saved: an empty page would pass"
        yield step.problem(("expect",), what, "add something that must be there, or a save:", on_key=True)
    else:
        what = f"step {spec.step} only says what must not be there: an empty page would pass"
        yield step.problem(("expect",), what, "add something that must be there", on_key=True)


def check_order(step: Written, *, in_cleanup: bool) -> Iterator[Problem]:
    """An order is placed once, in the steps: never again, never in cleanup."""
    if step.spec.effect is None:
        return
    if step.spec.retry is not None:
        yield step.problem(
            ("retry",), "a step that places an order is never tried again", "drop retry:", on_key=True
        )
    if in_cleanup:
        yield step.problem(("effect",), "cleanup places no orders: it takes them back", on_key=True)


def check_retry(step: Written, *, in_cleanup: bool) -> Iterator[Problem]:
    """What is not a GET may act twice, unless its author says that it does not (cleanup takes back: it may)."""
    spec = step.spec
    if spec.retry is None or spec.get is not None or spec.idempotent or spec.effect or in_cleanup:
        return
    verb = spec.verbs[0] if spec.verbs else "it"
    what = f"retry: on {verb}: may do twice what should be done once (add-to-cart adds twice)"
    yield step.problem(
        ("retry",), what, "write idempotent: true if a second time changes nothing", on_key=True
    )


def check_auth(step: Written) -> Iterator[Problem]:
    """A session is known by a token, or by user and password."""
    auth = step.spec.auth
    if auth is not None and (auth.bearer is None) == (auth.user is None or auth.password is None):
        yield step.problem(("auth",), "auth: is either bearer:, or user: and password:", on_key=True)


def check_budget(step: Written | Journey, budget: Budget | None) -> Iterator[Problem]:
    """A budget that fails before it warns never warns."""
    if budget is None or budget.warn is None or budget.fail is None or budget.warn < budget.fail:
        return
    yield step.problem(("budget", "warn"), "warn: is not below fail:, so it would never be seen")


def check_carry(step: Written) -> Iterator[Problem]:
    """What is carried is taken from the answer, or is a text."""
    for name, what in (step.spec.carry or {}).items():
        if isinstance(what, str) and not what.strip():
            yield step.problem(("carry", name), f"carry: has nothing to send as {name}")


def check_submits(steps: Sequence[Written]) -> Iterator[Problem]:
    """A form is found in a page: the session of a `submit` must have come to one before."""
    on_a_page: set[str] = set()
    for step in steps:
        verb = step.spec.verbs[0] if len(step.spec.verbs) == 1 else None
        session = step.session
        if verb == "submit" and session not in on_a_page:
            where = f"in the session {session} " if session else ""
            what = f"step {step.spec.step} sends a form, but no step {where}before it opens a page"
            yield step.problem(("submit",), what, "get: the page that has the form first")
        if verb in _SHOW_PAGES:
            on_a_page.add(session)


def check_unique(steps: Sequence[Written]) -> Iterator[Problem]:
    """Names are labels of metrics and targets of `until`: each stands once."""
    seen: set[str] = set()
    for step in steps:
        if step.name in seen:
            hint = "give one of them another name"
            yield step.problem(("step",), f"two steps are named {step.name}", hint)
        seen.add(step.name)


def unknown_step(names: Sequence[str], until: str) -> tuple[str, str]:
    """What is wrong with an `until` that names no step, and what to do."""
    return f'no step is named "{until}"', did_you_mean(until, names) or f"the steps are {', '.join(names)}"


def check_saved_names(step: Written) -> Iterator[Problem]:
    """What is always there is not overwritten: `${shop.url}` means the same in every step."""
    for name in step.spec.save or {}:
        if name in RESERVED:
            what = f"the name {name} is taken: ${{{name}.…}} is always there"
            yield step.problem(("save", name), what, "save it under another name", on_key=True)


RULES = (check_verb, check_body, check_headers, check_carry, check_auth, check_saved_names)
"""The rules that look at one step alone."""
