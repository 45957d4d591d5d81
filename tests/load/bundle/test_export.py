"""A scenario and its journeys in one file: what is in it, and that plain Locust runs it anywhere."""

from __future__ import annotations

import ast
import os
import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from techrun.demo.server import DemoShop
from techrun.errors import UsageError
from techrun.load.bundle import bundle_of, embed, read
from techrun.load.bundle.carried import Bundle
from techrun.load.bundle.exporting import export

ROOT = Path(__file__).parents[3]
SCENARIO = '''\
"""A few visitors."""

from __future__ import annotations

from techrun.load import JourneyUser, Scenario

scenario = Scenario(rate="5/s", ramp="0s", warm_up="1s", measure="3s", drain="5s")


class Visitor(JourneyUser):
    """Looks around."""

    journey = "browse"
    weight = 3


class Customer(JourneyUser):
    """Logs in; that needs a secret."""

    journey = "business-customer"
    until = "login"
'''


@pytest.fixture(scope="module")
def bundle() -> Bundle:
    settings = read(ROOT / "checks" / "demo")
    return bundle_of(settings, "demo")


@pytest.fixture(scope="module")
def demo_shop():
    with DemoShop(port=0) as shop:
        yield shop


def values(bundle: Bundle) -> list[str]:
    """The values of the secrets that this process knows."""
    return [value for value in bundle.given.values() if len(value) > 4]


def locust(folder: Path, *options: str, given: str | None = None, **environment: str):
    kept = {key: os.environ[key] for key in ("PATH", "LANG") if key in os.environ}
    return subprocess.Popen(
        [sys.executable, "-m", "locust", "--only-summary", *options],
        cwd=folder,
        env={**kept, "HOME": str(folder), "PYTHONPATH": str(ROOT), **environment},
        stdin=subprocess.PIPE if given is not None else subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def all_steps_were_made_and_none_failed(run: subprocess.Popen[str], output: str) -> None:
    """A machine that does much else may call a good run invalid (4)."""
    assert run.returncode in {0, 4}, output
    for step in ("home", "sold-out", "login"):
        assert re.search(rf"^\S+ +{step} +[0-9]+ +0\(0\.00%\)", output, re.MULTILINE), output


def test_the_file_holds_what_its_journeys_need_and_no_value_of_a_secret(bundle) -> None:
    text = export(SCENARIO, bundle)
    assert '"journey": "browse"' in text
    assert '"journey": "business-customer"' in text
    assert '"journey": "guest-checkout"' not in text
    assert "DEMO_BUYER_PASSWORD" in text
    assert values(bundle)
    assert [value for value in values(bundle) if value in text] == []


def test_the_file_stays_valid_python_with_its_docstring_first(bundle) -> None:
    module = ast.parse(export(SCENARIO, bundle))
    assert ast.get_docstring(module) == "A few visitors."
    assert isinstance(module.body[1], ast.ImportFrom)
    assert module.body[1].module == "__future__"
    assert isinstance(module.body[2], ast.ImportFrom)
    assert module.body[2].module == "techrun.load.bundle"
    assert ast.unparse(module.body[4:]) == ast.unparse(ast.parse(SCENARIO).body[2:])


@pytest.mark.parametrize(
    "source",
    ["x = 1\n", '"""Doc."""\n', "from __future__ import annotations\nx = 1", "\n\n# a comment\nx = 1\n", ""],
    ids=["bare", "docstring-only", "future-only", "comment", "empty"],
)
def test_any_module_can_carry_journeys(source, bundle) -> None:
    made = embed(source, bundle)
    called: list[str] = []
    module = ast.parse(made.replace("from techrun.load.bundle import embedded as _embedded", ""))
    exec(compile(module, "scenario.py", "exec"), {"_embedded": called.append})
    assert [Bundle.from_json(text) == bundle for text in called] == [True]


def test_texts_with_quotes_and_backslashes_survive(bundle) -> None:
    odd = {"browse": {"journey": "browse", "title": "''' \\n \\' \"\"\" \\u0041 {text} é"}}
    changed = Bundle(
        **{**{name: getattr(bundle, name) for name in bundle.__dataclass_fields__}, "documents": odd}
    )
    called: list[str] = []
    made = embed("", changed).replace("from techrun.load.bundle import embedded as _embedded", "")
    exec(made, {"_embedded": called.append})
    assert Bundle.from_json(called[0]).documents == odd


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("def (:\n", "the scenario is no valid Python: line 1"),
        ("journey = 'brwse'\n", "the scenario names no journey of the shop demo; there is browse"),
    ],
)
def test_what_cannot_be_exported_is_told(source, told, bundle) -> None:
    with pytest.raises(UsageError, match=told):
        export(source, bundle)


def test_the_file_runs_with_plain_locust_in_an_empty_folder(tmp_path, bundle, demo_shop) -> None:
    (tmp_path / "exported.py").write_text(export(SCENARIO, bundle))
    secrets = {name: bundle.given[name] for name in bundle.secret_names if name in bundle.given}
    run = locust(tmp_path, "-f", "exported.py", "--headless", "--host", demo_shop.url, **secrets)
    output, _ = run.communicate(timeout=40)
    all_steps_were_made_and_none_failed(run, output)
    assert sorted(path.name for path in tmp_path.iterdir() if path.suffix) == ["exported.py"]


def test_a_secret_that_is_missing_is_named_before_anything_is_sent(tmp_path, bundle, demo_shop) -> None:
    (tmp_path / "exported.py").write_text(export(SCENARIO, bundle))
    run = locust(tmp_path, "-f", "exported.py", "--headless", "--host", demo_shop.url)
    output, _ = run.communicate(timeout=40)
    assert run.returncode == 3, output
    assert "the secret DEMO_BUYER_PASSWORD is not set" in output


def test_a_worker_that_gets_only_the_file_runs_it(tmp_path, bundle, demo_shop) -> None:
    """`-f -`: the master hands its scenario over."""
    (tmp_path / "exported.py").write_text(export(SCENARIO, bundle))
    (tmp_path / "elsewhere").mkdir()
    secrets = {name: bundle.given[name] for name in bundle.secret_names if name in bundle.given}
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    leader = locust(
        tmp_path, "-f", "exported.py", "--headless", "--master", "--master-bind-host", "127.0.0.1",
        "--master-bind-port", port, "--expect-workers", "1", "--expect-workers-max-wait", "20",
        "--host", demo_shop.url, **secrets,
    )  # fmt: skip
    worker = locust(
        tmp_path / "elsewhere",
        "-f",
        "-",
        "--worker",
        "--master-host",
        "127.0.0.1",
        "--master-port",
        port,
        **secrets,
    )
    output, _ = leader.communicate(timeout=50)
    told, _ = worker.communicate(timeout=20)
    all_steps_were_made_and_none_failed(leader, f"{output}\n--- the worker\n{told}")
