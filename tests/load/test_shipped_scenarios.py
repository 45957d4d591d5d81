"""Every scenario that ships reads well, is read by Locust itself, and is known to the README."""

from __future__ import annotations

import ast
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
FILES = sorted((ROOT / "loadtests").glob("*.py"))
JOURNEYS = {"browse", "search", "guest-checkout", "business-customer"}
"""The names that a shop has journeys for, or maps by `load: journeys:`."""
SHOPS = {"demo": ROOT / "checks/demo", "oscar": ROOT / "tests/shops/oscar"}
READ = """
import json, sys
from pathlib import Path
from locust.main import load_locustfile
from techrun.load import scenario as scenarios, schedule
from techrun.load.bundle import bundle_of, read
from techrun.load.job import Job
from techrun.load.generator.reading import of_job
from techrun.wire import to_json

paths, shops = sys.argv[1].split(","), sys.argv[2].split(",")
settings = [read(Path(shop)) for shop in shops]
bundles = [bundle_of(each, each.shops[0].name) for each in settings]
found = {}
for path in paths:
    scenarios._MADE.clear()
    users = load_locustfile(path)[0]
    made = scenarios.current()
    plan = made.schedule()
    job = Job("", path, {"new": "http://127.0.0.1:1"})
    found[path] = {
        "breakpoint": made.breakpoint,
        "orders": made.allow_orders,
        "model": plan.model,
        "lasts": schedule.arrivals_end(plan),
        "visits": schedule.total(plan),
        "personas": {
            name: [user.journey, user.until, user.weight, user.optional] for name, user in users.items()
        },
        "ready": [to_json(of_job(tuple(users.values()), bundle, job).ready) for bundle in bundles],
    }
print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def read() -> dict[str, dict]:
    """What Locust finds in each file, by the scenario's name; in a process of its own, since Locust patches it."""
    paths, shops = ",".join(map(str, FILES)), ",".join(map(str, SHOPS.values()))
    command = [sys.executable, "-c", READ, paths, shops]
    environ = {**os.environ, "OSCAR_URL": "http://127.0.0.1:1"}
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60, env=environ)
    assert done.returncode == 0, done.stderr
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


@pytest.mark.parametrize("name", [path.stem for path in FILES])
def test_every_visitor_is_at_home_in_the_demo_shop(read, name) -> None:
    """And takes a journey of it, up to the order itself."""
    for persona in read[name]["ready"][0]["personas"]:
        assert persona["left_out"] == ""
        assert persona["steps"]
        assert "place-order" not in persona["steps"]
        assert not persona["until"] or persona["steps"][-1] == persona["until"]


@pytest.mark.parametrize("name", [path.stem for path in FILES])
def test_by_other_names_they_visit_a_real_shop(read, name) -> None:
    """tests/shops/oscar maps the journeys; who leaves after a step that it has not is left out, and that is told."""
    personas = {each["name"]: each for each in read[name]["ready"][1]["personas"]}
    left_out = {each["name"]: each["left_out"] for each in personas.values() if each["left_out"]}
    has_abandoner = name in {"checkout", "flash_sale"}
    why = "the journey oscar-guest-checkout has no step add-to-cart"
    assert left_out == ({"Abandoner": why} if has_abandoner else {})
    if name == "flash_sale":
        assert personas["Curious"]["steps"][-1] == "shop/product"


@pytest.mark.parametrize("page", ["README.md", "docs/load.md"])
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_scenario_has_a_row(path: Path, page: str) -> None:
    assert f"\n| `{path.stem}` | " in (ROOT / page).read_text(), f"run make docs: {page} lacks {path.stem}"
