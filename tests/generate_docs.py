"""Writes the generated parts of README.md: `make docs`. A test fails where they are stale.

A part stands between `<!-- generated: NAME -->` and `<!-- end -->`. What the commands print is taken
from real runs against the demo shop; times, ids and bars differ from run to run and are masked when
the test compares.
"""

from __future__ import annotations

import ast
import inspect
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from techrun import errors, model
from techrun.cli import COMMANDS
from techrun.config.models import CheckKeys, MainFile, ShopFile
from techrun.demo.server import DemoShop
from techrun.probes import kinds

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"
PART = re.compile(r"(<!-- generated: ([a-z-]+) -->\n).*?(<!-- end -->)", re.DOTALL)
VARYING = re.compile(
    r"\d+(\.\d+)? (µs|ms|s)\b|\b[0-9a-f]{16,32}\b|[█▏]+| {2,}|\b\d{1,2}:\d\d:\d\d\b|127\.0\.0\.1:\d+|TR-\d+"
)
EXAMPLES = {
    "http": "{name: home, http: /, every: 30s, expect: {text: {contains: Add to cart}}}",
    "journey": "{name: checkout, journey: guest-checkout, until: payment, every: 1m}",
    "tcp": '{name: port, tcp: "${shop.host}:443"}',
    "tls": '{name: certificate, tls: "${shop.host}:443", every: 1h}',
    "dns": '{name: mail-route, dns: "${shop.host}", type: MX, every: 15m}',
}


def table(header: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A markdown table."""
    header = list(header)
    lines = [header, ["---"] * len(header), *rows]
    return (
        "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)
        + "\n"
    )


def member_texts(owner: type) -> Iterator[tuple[str, str]]:
    """The members of an enum and the sentence below each in the source."""
    (definition,) = ast.parse(inspect.getsource(owner)).body
    assert isinstance(definition, ast.ClassDef)
    texts = dict.fromkeys(member.name for member in owner)  # type: ignore[attr-defined]
    last = ""
    for node in definition.body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            last = node.targets[0].id
        elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and last:
            texts[last] = " ".join(str(node.value.value).split())
    for name, text in texts.items():
        yield name, text or ""


def kinds_table() -> str:
    """Each kind, what it is and a check of it."""
    rows = ([f"`{name}`", kind.summary, f"`- {EXAMPLES[name]}`"] for name, kind in sorted(kinds().items()))
    return table(["kind", "what it is", "example"], rows)


def commands_table() -> str:
    """Each command and its help line."""
    more = {"demo": ["`techrun demo fault [NAME] [on\\|off]`", "Break the running demo shop, or mend it; without NAME the faults are listed."]}  # fmt: skip
    rows = []
    for name, summary in sorted(COMMANDS.items()):
        shown = "notify test [CHANNEL]…" if name == "notify" else name
        rows.append([f"`techrun {shown}`", summary])
        if name in more:
            rows.append([cell.replace("\\|", "|") for cell in more[name]])
    return table(["command", "does"], rows)


def exit_codes_table() -> str:
    """Each exit code and what it means."""
    texts = dict(member_texts(errors.ExitCode))
    return table(["exit code", "meaning"], ([str(int(code)), texts[code.name]] for code in errors.ExitCode))


def reasons_table() -> str:
    """Each status and each reason."""
    own_words = {
        "UP": "It works.",
        "DOWN": "Customers cannot do it.",
        "DNS": "The name cannot be resolved.",
        "CONNECT": "No connection.",
        "TLS": "The certificate is refused or no secure connection comes about.",
        "TIMEOUT": "No answer in time.",
        "STATUS": "Not the expected HTTP status; a plain GET wants 2xx.",
        "GRAPHQL": "The answer carries GraphQL errors.",
        "EXPECTATION": "The answer is not what `expect` asks for.",
        "BLOCKED": "A captcha or firewall stopped the probe.",
    }
    rows = [["status", f"`{status.value}`", text or own_words[status.name]] for status, text in zip(model.Status, (text for _, text in member_texts(model.Status)), strict=True)]  # fmt: skip
    rows += [["reason", f"`{model.Reason[name].value}`", text or own_words[name]] for name, text in member_texts(model.Reason)]  # fmt: skip
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
        r"^\| `(\w+)` \| (\w+) \|.*?\| ([^|]*) \|$", (ROOT / "docs/metrics.md").read_text(), re.MULTILINE
    )
    return table(["metric", "type", "meaning"], ([f"`{name}`", kind, text] for name, kind, text in found))


def file_part(path: str, *, upto: str = "") -> Callable[[], str]:
    """A file of the repository as a block of YAML, up to a line."""

    def part() -> str:
        text = (ROOT / path).read_text()
        shown = text[: text.index(upto)].rstrip() + "\n  # …\n" if upto else text
        return f"```yaml\n# {path}\n{shown}```\n"

    return part


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
    "example": file_part("checks/example.yaml"),
    "journey": file_part("checks/demo/journeys/guest-checkout.yaml"),
    "output": output_part,
    "kinds": kinds_table,
    "commands": commands_table,
    "exit-codes": exit_codes_table,
    "settings": settings_table,
    "reasons": reasons_table,
    "metrics": metrics_table,
}


def generated(text: str) -> str:
    """The text with every generated part written anew."""
    return PART.sub(lambda found: f"{found[1]}{PARTS[found[2]]()}{found[3]}", text)


def comparable(text: str) -> str:
    """The text without what differs from run to run."""
    return VARYING.sub(" ", text)


if __name__ == "__main__":
    README.write_text(generated(README.read_text()))
