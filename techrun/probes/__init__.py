"""One module is one kind of check; they are found by folder and listed nowhere.

A kind `tcp` is the module `techrun/probes/tcp.py` with

    class Spec(Definition): ...           # its keys in YAML; the field `tcp` is the kind's own key
    async def run(spec: Spec, run: Run) -> Outcome: ...

`run` returns an `Outcome` for everything that a shop can do to it. Optional: `prepare(spec, scope)`
turns the spec once into something cheaper to run, which `run` is then given in its place; it raises
`ConfigError` with every problem it found. What a kind with steps returns there is `Stepped`.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Protocol, runtime_checkable

from techrun.fetch import Fetcher
from techrun.language.definition import Definition
from techrun.model import Check, Order, Outcome, Shop, Trigger
from techrun.redact import Redactor


class OrderLedger(Protocol):
    """Counts test orders against the shop's cap and remembers them over a crash."""

    async def begin(self, shop: Shop, check: Check, run_id: str, step: str) -> str:
        """Record durably that an order is about to be sent; why it must not be sent, or ``""``."""

    async def settle(self, shop: Shop, run_id: str, orders: Sequence[Order]) -> None:
        """Record what became of this run's orders."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What is known before a run: what templates may name, and the journeys there are."""

    shop: Shop
    constants: Mapping[str, Any] = field(default_factory=dict)
    """`shop`, `env`, `secret`, `synthetic`, the variables of `for_each`, the parameters of packs."""
    journeys: Mapping[str, Definition] = field(default_factory=dict)
    """Journeys and fragments by name."""
    locale: str = "en-US"
    redactor: Redactor = field(default_factory=Redactor)
    user_agent: str = ""


@dataclass(slots=True)
class Run:
    """One run of one check: its identity, its means, and what it may do."""

    check: Check
    shop: Shop
    run_id: str
    fetcher: Fetcher
    ledger: OrderLedger
    redactor: Redactor
    trigger: Trigger = "schedule"
    deadline: float = 30.0
    """Seconds; the engine enforces it, a probe with `cleanup` interrupts itself in time."""
    explain: bool = False
    until: str | None = None
    node: str | None = None
    """An address to connect to in place of what the name resolves to; SNI and Host stay."""
    allow_orders: bool = False


@runtime_checkable
class Stepped(Protocol):
    """What a kind prepared, where its checks have steps: what the rest of techrun must know of them."""

    @property
    def step_names(self) -> tuple[str, ...]:
        """The steps that the check runs, in order."""

    @property
    def places_orders(self) -> bool:
        """Whether the check comes as far as an order."""

    @property
    def cleanup_deadline(self) -> float:
        """Seconds for the cleanup; 0 where there is none."""


Runner = Callable[[Any, Run], Awaitable[Outcome]]


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of check, as its module defines it."""

    name: str
    spec: type[Definition]
    run: Runner
    prepare: Callable[[Any, Scope], Any] | None
    summary: str


@cache
def kinds() -> Mapping[str, Kind]:
    """Every kind of check by name: all public modules of this folder that define a `Spec`."""
    found = {}
    for module_info in pkgutil.iter_modules(__path__):
        if module_info.name.startswith("_"):
            continue
        module = importlib.import_module(f"{__name__}.{module_info.name}")
        if hasattr(module, "Spec"):
            found[module_info.name] = Kind(
                name=module_info.name,
                spec=module.Spec,
                run=module.run,
                prepare=getattr(module, "prepare", None),
                summary=(module.__doc__ or "").strip().partition("\n")[0],
            )
    return found
