"""Turns one written step into a planned one, and notes the names that it needs and gives."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from techrun.errors import Problem
from techrun.journey import rules
from techrun.journey.addresses import BadAddressError, resolve
from techrun.journey.expand import Use, Written, read_condition
from techrun.journey.model import METHODS, Auth, Budget, Verb
from techrun.journey.names import Names
from techrun.journey.plan import (
    Carrying,
    Credentials,
    Limits,
    Payload,
    PlannedStep,
    Retrying,
    Saving,
)
from techrun.language.definition import Path
from techrun.language.errors import SelectorError, TemplateError
from techrun.language.expect import Expect, Expectation, compile_expect
from techrun.language.expressions import Reference, Template, Tree, compile_template, compile_tree
from techrun.language.extract import Extractor, Problems, Save, check_css, compile_save, field_of
from techrun.language.scalars import text_of

JSON = "application/json, */*;q=0.5"
PAGES = "text/html,application/xhtml+xml,application/json;q=0.9,*/*;q=0.8"


@dataclass(frozen=True, slots=True)
class Translated:
    """A planned step and its names."""

    planned: PlannedStep
    names: Names


def limits(budget: Budget | None) -> Limits | None:
    """A budget as plain seconds."""
    return Limits(budget.warn, budget.fail) if budget is not None else None


@dataclass(slots=True)
class Translator:
    """Translates one step; what is wrong goes to `problems`."""

    step: Written
    locale: str
    base_url: str
    problems: list[Problem]
    before: list[Use] = field(default_factory=list)
    after: list[Use] = field(default_factory=list)

    def translate(self, *, in_cleanup: bool) -> Translated:
        """The planned step; with a problem found, one that is never run."""
        step, spec = self.step, self.step.spec
        for rule in rules.RULES:
            self.problems.extend(rule(step))
        self.problems.extend(rules.check_budget(step, spec.budget))
        self.problems.extend(rules.check_order(step, in_cleanup=in_cleanup))
        self.problems.extend(rules.check_retry(step, in_cleanup=in_cleanup))
        before = len(self.problems)
        expect = self._expect(spec.expect)
        is_broken = len(self.problems) > before  # what a broken `expect` would assert is not known
        positive = is_broken or (expect is not None and expect.positive)
        self.problems.extend(rules.check_assertion(step, positive=positive))
        planned = self._planned(expect)
        uses = (*step.around.uses, *self.before)
        needs = frozenset(use.reference.path[0] for use in (*uses, *self.after))
        names = Names(step.name, uses, tuple(self.after), tuple(spec.save or ()))
        return Translated(replace(planned, needs=needs), names)

    def _planned(self, expect: Expectation | None) -> PlannedStep:
        step, spec = self.step, self.step.spec
        verb = spec.verbs[0] if spec.verbs else "get"
        conditions = step.around.conditions
        condition = read_condition(step, self.problems, self.before)
        if condition is not None:
            conditions = (*conditions, (len(step.around.frames), condition))
        retry = spec.retry
        return PlannedStep(
            name=step.name,
            title=spec.title,
            verb=verb,
            method=verb.upper() if verb in METHODS else "POST",
            target=self._target(verb),
            wait=spec.wait or 0.0,
            payload=self._payload(),
            saves=self._saves(),
            carries=self._carries(),
            expect=expect,
            accept=self._accept(expect),
            reads_body=reads_body(spec.save, expect),
            follows=not expects_redirect(spec.expect),
            budget=limits(spec.budget),
            timeout=spec.timeout,
            retry=Retrying(retry.times, retry.wait, frozenset(retry.on)) if retry else None,
            places_order=spec.effect == "order",
            fixture=spec.fixture,
            conditions=conditions,
            session=step.session,
            credentials=self._credentials(spec.auth),
            frames=step.around.frames,
            http=spec.http_version,
        )

    def _payload(self) -> Payload:
        spec = self.step.spec
        graphql = spec.graphql is not None
        return Payload(
            query=None if graphql else self._tree(("query",), spec.query),
            headers=self._tree(("headers",), spec.headers),
            body=self._template(("body",), spec.body),
            json=self._tree(("json",), spec.json_) if "json_" in spec.model_fields_set else None,
            form=self._tree(("form",), spec.form),
            document=spec.query if graphql and isinstance(spec.query, str) else "",
            variables=self._tree(("variables",), spec.variables),
            fill=self._tree(("fill",), spec.fill),
            press=self._selector(("press",), spec.press),
        )

    def _accept(self, expect: Expectation | None) -> str:
        """What the step can read: JSON where it looks for JSON, as frameworks answer by this header."""
        spec = self.step.spec
        kinds = {save.kind for save in (spec.save or {}).values()}
        kinds.update(assertion.extractor.kind for assertion in (expect.assertions if expect else ()))
        if spec.graphql is not None or "json_" in spec.model_fields_set:
            return JSON
        return JSON if "json" in kinds and not kinds & {"css", "xpath"} else PAGES

    def _credentials(self, auth: Auth | None) -> Credentials | None:
        if auth is None:
            return None
        return Credentials(
            self._template(("auth", "bearer"), auth.bearer),
            self._template(("auth", "user"), auth.user),
            self._template(("auth", "password"), auth.password),
        )

    def _template(self, path: Path, source: str | None, *, after: bool = False) -> Template | None:
        if source is None:
            return None
        try:
            template = compile_template(source)
        except TemplateError as error:
            self.problems.append(self.step.problem(path, error.what, error.hint))
            return None
        self._note(self.after if after else self.before, path, template.references)
        return template

    def _target(self, verb: Verb) -> Template | None:
        """The address; of a form its selector. What can be wrong with one is known before it is called."""
        if verb in ("wait", "use"):
            return None
        if verb == "submit":
            return self._selector(("submit",), self.step.spec.submit)
        template = self._template((verb,), getattr(self.step.spec, verb))
        if template is not None and template.constant and self.base_url:
            try:
                resolve(self.base_url, template.text({}))
            except BadAddressError as error:
                hint = "write a path such as /cart, or a whole address"
                self.problems.append(self.step.problem((verb,), str(error), hint))
        return template

    def _selector(self, path: Path, source: str | None) -> Template | None:
        template = self._template(path, source)
        if template is not None and template.constant:
            try:
                check_css(template.text({}))
            except SelectorError as error:
                self.problems.append(self.step.problem(path, error.what, error.hint))
        return template

    def _tree(self, path: Path, value: Any) -> Tree | None:
        if value is None and path != ("json",):
            return None
        try:
            tree = compile_tree(value)
        except TemplateError as error:
            self.problems.append(self.step.problem((*path, *error.path), error.what, error.hint))
            return None
        for at in tree.references:
            self._note(self.before, (*path, *at.path), (at.reference,))
        return tree

    def _note(self, uses: list[Use], path: Path, references: Iterable[Reference]) -> None:
        """Remember what is named at this place."""
        spots = (self.step.spots[0].at(path), *self.step.spots[1:])
        uses.extend(Use(spots, reference, self.step.around.parameters) for reference in references)

    def _report(self, *path: str | int) -> Problems:
        """Takes a mistake somewhere below this path."""

        def report(inner: Path, what: str, hint: str) -> None:
            self.problems.append(self.step.problem((*path, *inner), what, hint))

        return report

    def _extractor(self, path: Path, save: Save) -> Extractor | None:
        extractor = compile_save(save, self.locale, self._report(*path))
        if extractor is not None:
            self._note(self.after, (*path, save.kind), extractor.references)
        return extractor

    def _saves(self) -> tuple[Saving, ...]:
        found = []
        for name, save in (self.step.spec.save or {}).items():
            extractor = self._extractor(("save", name), save)
            if extractor is not None:
                found.append(Saving(name, extractor, save.secret))
        return tuple(found)

    def _carries(self) -> tuple[Carrying, ...]:
        found = []
        for header, written in (self.step.spec.carry or {}).items():
            path = ("carry", header)
            if isinstance(written, str):
                template = self._template(path, written, after=True)
                found.append(Carrying(header, template=template))
                continue
            extractor = self._extractor(path, written)
            source = (written.header or "").lower() if extractor and extractor.argument.constant else ""
            found.append(Carrying(header, extractor, renewed_by="" if written.number else source))
        return tuple(found)

    def _expect(self, spec: Expect | None) -> Expectation | None:
        if spec is None:
            return None
        expect = compile_expect(spec, self.locale, self._report("expect"))
        for path, reference in expect.references:
            self._note(self.after, ("expect", *path), (reference,))
        return expect


_OF_BODY = frozenset({"css", "xpath", "json", "text"})


def reads_body(saves: Mapping[str, Save] | None, expect: Expectation | None) -> bool:
    """Whether the step wants something to be in the body that no challenge would have there."""
    found = [(save.kind, getattr(save, field_of(save.kind))) for save in (saves or {}).values()]
    found.extend(
        (assertion.extractor.kind, assertion.extractor.argument.source)
        for assertion in (expect.assertions if expect is not None else ())
        if any(matcher.is_positive for matcher in assertion.matchers)
    )
    return any(kind in _OF_BODY or (kind == "regex" and _says_much(written)) for kind, written in found)


def _says_much(pattern: str) -> bool:
    """Whether a pattern asks for more than any page has."""
    return sum(map(str.isalnum, pattern)) >= 4


def expects_redirect(spec: Expect | None) -> bool:
    """Whether the step wants to see a redirect itself: then none is followed."""
    if spec is None:
        return False
    status = spec.status
    wanted = status.get("one_of") if isinstance(status, Mapping) else [status]
    texts = [text_of(each) for each in wanted] if isinstance(wanted, list | tuple) else []
    return bool(texts) and all(len(text) == 3 and text.startswith("3") for text in texts)
