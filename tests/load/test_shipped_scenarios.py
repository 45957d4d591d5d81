"""Every scenario that ships reads well, is read by Locust itself, and is known to the README."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
FILES = sorted((ROOT / "loadtests").glob("*.py"))
JOURNEYS = {"browse", "search", "guest-checkout", "business-customer"}
"""The names that a shop has journeys for, or maps by `load: journeys:`."""
READ = """
import json, sys
from locust.main import load_locustfile
from techrun.load import scenario as scenarios, schedule
found = {}
for path in sys.argv[1:]:
    scenarios._MADE.clear()
    users = load_locustfile(path)[0]
    made = scenarios.current()
    plan = made.schedule()
    found[path] = {
        "breakpoint": made.breakpoint,
        "orders": made.allow_orders,
        "model": plan.model,
        "lasts": schedule.arrivals_end(plan),
        "visits": schedule.total(plan),
        "personas": {
            name: [user.journey, user.until, user.weight, user.optional] for name, user in users.items()
        },
    }
print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def read() -> dict[str, dict]:
    """What Locust finds in each file, by the scenario's name; in a process of its own, since Locust patches it."""
    command = [sys.executable, "-c", READ, *map(str, FILES)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    return {Path(path).stem: found for path, found in json.loads(done.stdout.splitlines()[-1]).items()}


def test_the_scenarios_that_a_shop_needs_are_there() -> None:
    names = ["breakpoint", "browse", "checkout", "flash_sale", "peak_day", "smoke", "soak"]
    assert [path.stem for path in FILES] == names


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_scenario_reads_like_prose(path: Path) -> None:
    """It says what it is and when to use it; each visitor has a sentence; nothing but visitors is defined."""
    tree = ast.parse(path.read_text())
    docstring = ast.get_docstring(tree) or ""
    assert re.search(r"^Use it ", docstring, re.MULTILINE)
    for node in tree.body:
        assert isinstance(node, ast.Expr | ast.ImportFrom | ast.Assign | ast.ClassDef)
        if isinstance(node, ast.ClassDef):
            assert ast.get_docstring(node)


@pytest.mark.parametrize("name", [path.stem for path in FILES])
def test_locust_finds_the_visitors_and_the_schedule(read, name) -> None:
    found = read[name]
    assert found["personas"]
    assert {journey for journey, *_ in found["personas"].values()} <= JOURNEYS
    assert found["model"] == "open"
    assert found["lasts"] >= 30
    assert found["visits"] > 30
    assert found["orders"] is False
    assert found["breakpoint"] is (name == "breakpoint")


def test_a_normal_day_has_all_five_kinds_of_visitors(read) -> None:
    personas = read["checkout"]["personas"]
    assert sum(weight for *_, weight, _ in personas.values()) == 100
    assert {name: (journey, until) for name, (journey, until, *_) in personas.items()} == {
        "WindowShopper": ("browse", None),
        "Searcher": ("search", None),
        "Abandoner": ("guest-checkout", "add-to-cart"),
        "Buyer": ("guest-checkout", None),
        "BusinessCustomer": ("business-customer", None),
    }


@pytest.mark.parametrize("page", ["README.md", "docs/load.md"])
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_scenario_has_a_row(path: Path, page: str) -> None:
    assert f"\n| `{path.stem}` | " in (ROOT / page).read_text(), f"run make docs: {page} lacks {path.stem}"
