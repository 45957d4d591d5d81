"""Puts the steps of fragments in the place of `use`, and remembers where each step is written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from techrun.errors import Problem
from techrun.journey.model import Fragment, StepSpec
from techrun.language.definition import Definition, Path
from techrun.language.errors import TemplateError
from techrun.language.expressions import Condition, Reference, Tree, compile_condition, compile_tree
from techrun.language.words import did_you_mean

DEEPEST = 8
MOST_STEPS = 500
_ALLOWED_BESIDE_USE = frozenset({"step", "title", "use", "with", "when", "as"})


@dataclass(frozen=True, slots=True)
class Spot:
    """A place in a definition."""

    definition: Definition
    path: Path

    def at(self, path: Path) -> Spot:
        """A place further in."""
        return Spot(self.definition, (*self.path, *path))


@dataclass(frozen=True, slots=True)
class Use:
    """A name that a text needs, where it is written, and the parameters that may be named there."""

    spots: tuple[Spot, ...]
    reference: Reference
    parameters: frozenset[str] = frozenset()
    condition: bool = False
    """In a `when`: what is not known yet is false there."""


@dataclass(frozen=True, slots=True)
class Around:
    """What surrounds a step: the fragments it stands in, outermost first."""

    prefix: str = ""
    spots: tuple[Spot, ...] = ()
    frames: tuple[Tree, ...] = ()
    conditions: tuple[tuple[int, Condition], ...] = ()
    parameters: frozenset[str] = frozenset()
    session: str = ""
    fragments: tuple[str, ...] = ()
    uses: tuple[Use, ...] = ()


@dataclass(frozen=True, slots=True)
class Written:
    """One step after expansion; `spots` begins with its own place, then come those of the fragments' uses."""

    spec: StepSpec
    name: str
    spots: tuple[Spot, ...]
    around: Around

    @property
    def session(self) -> str:
        """The session that it runs in; empty for the customer's own."""
        return self.spec.as_ or self.around.session

    def problem(self, path: Path, what: str, hint: str = "", *, on_key: bool = False) -> Problem:
        """A mistake in this step: where it is written, and where the fragments around it are used."""
        return problem_at((self.spots[0].at(path), *self.spots[1:]), what, hint, on_key=on_key)


def problem_at(spots: tuple[Spot, ...], what: str, hint: str = "", *, on_key: bool = False) -> Problem:
    """A mistake at the first place; the others say how one gets there."""
    first = spots[0].definition.problem(spots[0].path, what, hint, on_key=on_key)
    others = tuple(spot.definition.origin.place(spot.path) for spot in spots[1:])
    return Problem(first.what, first.hint, first.path, (*first.places, *others), on_key)


@dataclass(slots=True)
class Expander:
    """Expands the steps of one journey; what is wrong with fragments goes to `problems`."""

    journeys: Mapping[str, Definition]
    problems: list[Problem]
    _count: int = 0

    def expand(
        self, steps: Sequence[StepSpec], definition: Definition, key: str, around: Around | None = None
    ) -> list[Written]:
        """The steps written at `key` of the definition, fragments expanded."""
        around = around or Around()
        found: list[Written] = []
        for index, spec in enumerate(steps):
            spots = (Spot(definition, (key, index)), *around.spots)
            step = Written(spec, around.prefix + spec.step, spots, around)
            self._count += 1
            if self._count > MOST_STEPS:
                self.problems.append(step.problem((), f"the journey has more than {MOST_STEPS} steps"))
                return found
            if spec.use is None:
                found.append(step)
            else:
                found.extend(self._expand_use(step))
        return found

    def _expand_use(self, step: Written) -> list[Written]:
        """The steps of the fragment that a step uses."""
        name = step.spec.use or ""
        for key in keys_of(step.spec) - _ALLOWED_BESIDE_USE:
            hint = "write it at a step of the fragment"
            self.problems.append(step.problem((key,), f"use: takes no {key}:", hint, on_key=True))
        fragment = self.journeys.get(name)
        if not isinstance(fragment, Fragment):
            names = [each for each, what in self.journeys.items() if isinstance(what, Fragment)]
            what = "is a journey, not a fragment" if fragment else "is no fragment"
            hint = did_you_mean(name, names) or (
                f"there is {', '.join(sorted(names)[:8])}" if names else "there is no fragment"
            )
            self.problems.append(step.problem(("use",), f'"{name}" {what}', hint))
            return []
        chain = (*step.around.fragments, name)
        if name in step.around.fragments or len(chain) > DEEPEST:
            self.problems.append(step.problem(("use",), f"fragments use each other: {' → '.join(chain)}"))
            return []
        around = self._around(step, fragment, chain)
        return self.expand(fragment.steps, fragment, "steps", around)

    def _around(self, step: Written, fragment: Fragment, chain: tuple[str, ...]) -> Around:
        """What surrounds the steps of a fragment that is used here."""
        outer, spec = step.around, step.spec
        uses = list(outer.uses)
        conditions = outer.conditions
        condition = read_condition(step, self.problems, uses)
        if condition is not None:
            conditions = (*conditions, (len(outer.frames), condition))
        return Around(
            prefix=f"{step.name}/",
            spots=(step.spots[0].at(("use",)), *step.spots[1:]),
            frames=(*outer.frames, self._frame(step, fragment, uses)),
            conditions=conditions,
            parameters=outer.parameters | frozenset(fragment.parameters),
            session=spec.as_ or outer.session,
            fragments=chain,
            uses=tuple(uses),
        )

    def _frame(self, step: Written, fragment: Fragment, uses: list[Use]) -> Tree:
        """The values of the fragment's parameters: those given, else their defaults."""
        given: Mapping[str, Any] = step.spec.with_ or {}
        for name in given:
            if name not in fragment.parameters:
                names = list(fragment.parameters)
                hint = did_you_mean(name, names) or f"it takes {', '.join(names) or 'none'}"
                what = f"the fragment {fragment.fragment} has no parameter {name}"
                self.problems.append(step.problem(("with", name), what, hint, on_key=True))
        values = {**fragment.parameters, **given}
        for name, value in values.items():
            if value is None:
                what = f"the fragment {fragment.fragment} needs the parameter {name}"
                self.problems.append(step.problem(("use",), what, f"give it under with: {name}: …"))
        try:
            tree = compile_tree(values)
        except TemplateError as error:
            self.problems.append(step.problem(("with", *error.path), error.what, error.hint))
            return compile_tree({})
        for at in tree.references:
            spots = (step.spots[0].at(("with", *at.path)), *step.spots[1:])
            uses.append(Use(spots, at.reference, step.around.parameters))
        return tree


def read_condition(step: Written, problems: list[Problem], uses: list[Use]) -> Condition | None:
    """The compiled `when` of a step; the names that it needs go to `uses`."""
    if step.spec.when is None:
        return None
    try:
        condition = compile_condition(step.spec.when)
    except TemplateError as error:
        problems.append(step.problem(("when",), error.what, error.hint))
        return None
    spots = (step.spots[0].at(("when",)), *step.spots[1:])
    uses.extend(
        Use(spots, reference, step.around.parameters, condition=True) for reference in condition.references
    )
    return condition


def keys_of(spec: StepSpec) -> set[str]:
    """The keys that are written in a step, as they are spelled in YAML."""
    fields = type(spec).model_fields
    return {fields[name].alias or name for name in spec.model_fields_set if getattr(spec, name) is not None}
