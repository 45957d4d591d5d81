"""Writes the generated parts of the documentation: `make docs`. A test fails where they are stale.

A part stands between `<!-- generated: NAME -->` and `<!-- end -->`. What the commands print is taken
from real runs against the demo shop; times, ids and bars differ from run to run and are masked when
the test compares.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from enum import Enum
from itertools import pairwise
from pathlib import Path

import click
import yaml

from techrun import errors, model
from techrun.alerts.rules import RULES
from techrun.cli import COMMANDS
from techrun.config.models import CheckKeys, MainFile, ShopFile
from techrun.demo.server import DemoShop
from techrun.language._filters import FILTERS
from techrun.probes import kinds

ROOT = Path(__file__).parent.parent
PAGES = (ROOT / "README.md", ROOT / "docs/journeys.md", ROOT / "docs/alerts.md", ROOT / "docs/load.md")
PART = re.compile(r"(<!-- generated: ([a-z-]+) -->\n).*?(<!-- end -->)", re.DOTALL)
VARYING = re.compile(
    r"\b\w{3}, \d\d \w{3} \d{4}\b|\d+(\.\d+)? (µs|ms|s)\b|\b[0-9a-f]{16,32}\b|[█▏]+| {2,}|\b\d{1,2}:\d\d:\d\d\b|127\.0\.0\.1:\d+|TR-\d+"
)


def table(header: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A markdown table."""
    header = list(header)
    lines = [header, ["---"] * len(header), *rows]
    return (
        "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)
        + "\n"
    )


def member_texts(owner: type[Enum]) -> Iterator[tuple[str, str]]:
    """The values of an enum and the sentence below each in the source."""
    (definition,) = ast.parse(inspect.getsource(owner)).body
    assert isinstance(definition, ast.ClassDef)
    body = [node for node in definition.body if isinstance(node, ast.Assign | ast.Expr)]
    for assigned, text in pairwise(body):
        if isinstance(assigned, ast.Assign) and isinstance(assigned.targets[0], ast.Name):
            assert isinstance(text, ast.Expr), f"{owner.__name__}: {ast.unparse(assigned)} has no sentence"
            sentence = " ".join(str(ast.literal_eval(text.value)).split())
            yield str(owner[assigned.targets[0].id].value), sentence


def kinds_table() -> str:
    """Each kind, what it is and a check of it."""
    rows = ([f"`{name}`", kind.summary, f"`- {example(name)}`"] for name, kind in sorted(kinds().items()))
    return table(["kind", "what it is", "example"], rows)


def example(kind: str) -> str:
    """The shortest check of this kind in `checks/`, on one line."""
    files = (ROOT / "checks").rglob("*.yaml")
    documents = (document for path in files for document in yaml.safe_load_all(path.read_text()))
    checks = (check for document in documents for check in document.get("checks", ()) if kind in check)
    lines = (yaml.safe_dump(check, default_flow_style=True, sort_keys=False, width=1000) for check in checks)
    return min(lines, key=lambda line: (len(line), line)).strip()


def packs_table() -> str:
    """Each pack that ships, and what a shop must give it."""
    rows = []
    for path in sorted((ROOT / "checks").rglob("*.yaml")):
        text = path.read_text()
        for pack in (document for document in yaml.safe_load_all(text) if "pack" in document):
            needs = [f"`{name}`" for name, about in pack["parameters"].items() if about.get("required")]
            named = set(re.findall(r"\$\{((?:secret|synthetic)\.\w+)\}", text))
            needs += [f"`{name.replace('.article', '.articles')}`" for name in sorted(named, reverse=True)]
            rows.append([f"`{pack['pack']}`", pack["title"], ", ".join(needs)])
    return table(["pack", "what it watches", "needs"], rows)


def commands_table() -> str:
    """Each command with its arguments, and its help line."""
    rows = [[f"`techrun {words}`", summary] for words, summary in commands()]
    return table(["command", "does"], rows)


def commands() -> Iterator[tuple[str, str]]:
    """The command lines and what they do; a group that does nothing by itself is left out."""
    for name, summary in sorted(COMMANDS.items()):
        command = importlib.import_module(f"techrun.cli.{name}").command
        below = command.commands.values() if isinstance(command, click.Group) else ()
        if not below or command.invoke_without_command:
            yield name, summary
        for each in below:
            context = click.Context(each)
            words = [piece for part in each.params for piece in part.get_usage_pieces(context)]
            yield " ".join([name, str(each.name), *words]), each.get_short_help_str(limit=200)


def exit_codes_table() -> str:
    """Each exit code and what it means."""
    return table(["exit code", "meaning"], member_texts(errors.ExitCode))


def reasons_table() -> str:
    """Each status and each reason."""
    rows = [
        [word, f"`{value}`", text]
        for word, owner in (("status", model.Status), ("reason", model.Reason))
        for value, text in member_texts(owner)
    ]
    return table(["", "value", "meaning"], rows)


def settings_table() -> str:
    """The keys of the three places where settings are written."""
    places = (("techrun.yaml", MainFile), ("a shop", ShopFile), ("a check", CheckKeys))
    rows = [
        [place, f"`{field.alias or name}`", str(field.description)]
        for place, owner in places
        for name, field in owner.model_fields.items()
    ]
    return table(["where", "key", "meaning"], rows)


def metrics_table() -> str:
    """The metrics of docs/metrics.md, without their labels."""
    found = re.findall(
        r"^\| `(\w+)` \| (gauge|counter|histogram) \|.*?\| ([^|]*) \|$",
        (ROOT / "docs/metrics.md").read_text(),
        re.MULTILINE,
    )
    return table(["metric", "type", "meaning"], ([f"`{name}`", kind, text] for name, kind, text in found))


def filters_table() -> str:
    """Each filter of expressions."""
    rows = ([f"`{name}`", each.summary] for name, each in sorted(FILTERS.items()))
    return table(["filter", "gives"], rows)


def rules_table() -> str:
    """Every decision of alerting by its name."""
    return table(["rule", "meaning"], [(f"`{name}`", text) for name, text in RULES.items()])


def scenarios_table() -> str:
    """Each scenario that ships: what it is for, how visitors arrive and who they are."""
    rows = []
    for path in sorted((ROOT / "loadtests").glob("*.py")):
        text = path.read_text()
        tree = ast.parse(text)
        title = (ast.get_docstring(tree) or "").partition("\n")[0]
        made = [
            ast.get_source_segment(text, node.value) or ""
            for node in tree.body
            if isinstance(node, ast.Assign)
        ]
        visitors = [node.name for node in tree.body if isinstance(node, ast.ClassDef)]
        rows.append([f"`{path.stem}`", title, f"`{' '.join(made)}`", ", ".join(visitors)])
    return table(["scenario", "what it is", "arrivals", "visitors"], rows)


def file_part(path: str) -> Callable[[], str]:
    """A file of the repository as a block of YAML."""
    return lambda: f"```yaml\n# {path}\n{(ROOT / path).read_text()}```\n"


def scenario_part() -> str:
    """The scenario of the README: a mix of visitors."""
    return f"```python\n# loadtests/checkout.py\n{(ROOT / 'loadtests/checkout.py').read_text()}```\n"


def message_part() -> str:
    """A page, as its golden file has it."""
    title, _, body = (ROOT / "tests/golden/alerts/outage-opened.txt").read_text().partition("\n\n")
    return f"```text\n{title}\n{body.strip()}\n```\n"


def output_part() -> str:
    """What the commands print, from real runs against the demo shop."""
    with DemoShop() as shop:
        shown = [
            run_shown(shop.url, "check", "-c", "checks/demo", "demo/home", "demo/checkout", "demo/business")
        ]
        shop.fault("payment-declined")
        command = ("check", "-c", "checks/demo", "--until", "payment", "--explain", "demo/checkout")
        shown.append(only_the_step(run_shown(shop.url, *command), "payment"))
    shown.append(run_shown("", "validate", "-c", "tests/golden/readme/shop.yaml"))
    return "\n".join(f"```console\n{text}```\n" for text in shown)


def run_shown(url: str, *words: str) -> str:
    """A command line and what it prints, as a terminal of 100 columns would show it."""
    environment = {**os.environ, "TECHRUN_DEMO_URL": url, "COLUMNS": "100", "NO_COLOR": "1"}
    command = [sys.executable, "-m", "techrun", *words]
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, cwd=ROOT, env=environment, timeout=60
    )
    text = "\n".join(line.rstrip() for line in (done.stdout + done.stderr).splitlines())
    text = re.sub(r"http://127\.0\.0\.1:\d+", "http://127.0.0.1:9780", text)
    return f"$ {' '.join(['techrun', *command[3:]])}\n{text.strip()}\n"


def only_the_step(text: str, step: str, lines: int = 22) -> str:
    """A story without its other steps, and of this one the beginning."""
    head, *sections = re.split(r"\n\n(?=[\w-]+  [✓✗~])", text)
    (told,) = (section for section in sections if section.startswith(f"{step}  "))
    shown = told.splitlines()
    return f"{head}\n…\n\n" + "\n".join(shown[:lines]) + ("\n…\n" if len(shown) > lines else "\n")


PARTS: dict[str, Callable[[], str]] = {
    "first": file_part("checks/first.yaml"),
    "example": file_part("checks/example.yaml"),
    "journey": file_part("checks/demo/journeys/guest-checkout.yaml"),
    "output": output_part,
    "message": message_part,
    "kinds": kinds_table,
    "packs": packs_table,
    "commands": commands_table,
    "exit-codes": exit_codes_table,
    "settings": settings_table,
    "reasons": reasons_table,
    "metrics": metrics_table,
    "filters": filters_table,
    "rules": rules_table,
    "scenarios": scenarios_table,
    "scenario": scenario_part,
}


def generated(text: str) -> str:
    """The text with every generated part written anew."""
    return PART.sub(lambda found: f"{found[1]}{PARTS[found[2]]()}{found[3]}", text)


def comparable(text: str) -> str:
    """The text without what differs from run to run."""
    return VARYING.sub(" ", text)


if __name__ == "__main__":
    for page in PAGES:
        page.write_text(generated(page.read_text()))
