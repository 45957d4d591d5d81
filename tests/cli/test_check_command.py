"""`techrun check` as people and pipelines use it, on the demo shop."""

from __future__ import annotations

import json
import os
import shlex
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from techrun.demo.server import DemoShop

DEMO = str(Path(__file__).parents[2] / "checks" / "demo")


@pytest.fixture(scope="module")
def shop() -> Iterator[DemoShop]:
    with DemoShop() as running:
        yield running


def command(*words: str) -> list[str]:
    return [sys.executable, "-m", "techrun", "check", "-c", DEMO, *words]


def check(shop: DemoShop, *words: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "TECHRUN_DEMO_URL": shop.url, "COLUMNS": "140"}
    return subprocess.run(
        command(*words), env=environment, capture_output=True, text=True, timeout=60, check=False
    )


def test_a_shop_that_is_well_is_told_so_with_exit_code_0(shop) -> None:
    done = check(shop, "demo/home", "demo/checkout")
    assert (done.returncode, done.stderr) == (0, "")
    assert "2 checks: 2 up" in done.stdout


def test_a_shop_that_cannot_sell_is_told_with_step_and_reason_and_exit_code_1(shop) -> None:
    with shop.broken("payment-declined"):
        done = check(shop, "demo/checkout", "demo/home")
    assert done.returncode == 1
    assert 'at "payment"' in done.stdout
    assert "Your card was declined" in done.stdout


def test_a_captcha_cannot_be_told_with_exit_code_4(shop) -> None:
    with shop.broken("captcha"):
        assert check(shop, "demo/checkout").returncode == 4
        assert check(shop, "demo/checkout", "--on-inconclusive", "pass").returncode == 0
        assert check(shop, "demo/checkout", "--on-inconclusive", "fail").returncode == 1


def test_machine_formats_are_alone_on_stdout_and_can_be_read(shop) -> None:
    (record,) = json.loads(check(shop, "demo/home", "--format", "json").stdout)
    assert (record["shop"], record["check"], record["status"]) == ("demo", "home", "up")
    lines = check(shop, "demo/home", "demo/port", "--format", "jsonl").stdout.splitlines()
    assert [json.loads(line)["check"] for line in lines] == ["home", "port"]
    assert ET.fromstring(check(shop, "demo/home", "--format", "junit").stdout).tag == "testsuites"
    assert "| demo/home | ✓ up |" in check(shop, "demo/home", "--format", "markdown").stdout


def test_orders_are_placed_only_where_a_person_asks_for_them(shop, tmp_path) -> None:
    assert "this run places no orders" in check(shop, "demo/order").stdout
    config = (
        (Path(DEMO) / "techrun.yaml")
        .read_text()
        .replace("include: [", f"store: {tmp_path}/orders.db\ninclude: [{DEMO}/")
    )
    (tmp_path / "techrun.yaml").write_text(
        config.replace("secrets: secrets.yaml", f"secrets: {DEMO}/secrets.yaml")
    )
    done = check(shop, "-c", str(tmp_path), "--orders", "demo/order")
    assert done.returncode == 0
    assert ": cancelled" in done.stdout


def test_until_ends_a_journey_and_an_unknown_step_is_wrong_use(shop) -> None:
    done = check(shop, "demo/checkout", "--until", "product", "--explain")
    assert "add-to-cart" not in done.stdout
    done = check(shop, "demo/checkout", "--until", "paymnt")
    assert done.returncode == 2
    assert "payment" in done.stderr


def test_a_node_is_connected_to_in_place_of_the_name(shop) -> None:
    done = check(shop, "demo/home", "--node", "127.0.0.99", "--explain")
    assert done.returncode == 1
    assert "127.0.0.99" in done.stdout


def test_the_curl_line_is_one_shell_command_for_the_failing_exchange(shop) -> None:
    with shop.broken("payment-declined"):
        done = check(shop, "demo/checkout", "--curl")
    remark, line = done.stdout.strip().split("\n", 1)
    assert remark == "# demo/checkout payment"
    assert shlex.split(line)[0] == "curl"
    assert shlex.split(line)[-1].startswith(shop.url)


def test_a_check_without_an_exchange_says_what_it_found_in_place_of_a_curl_line(shop) -> None:
    done = check(shop, "demo/port", "--curl")
    assert done.stdout == "# demo/port: no HTTP exchange to repeat; up\n"


def test_interrupted_it_ends_soon_with_exit_code_130(tmp_path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        silent.settimeout(30)
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        (tmp_path / "techrun.yaml").write_text(
            f"shop: silent\nurl: {url}\nchecks: [{{name: home, http: /}}]\n"
        )
        words = [sys.executable, "-m", "techrun", "check", "-c", str(tmp_path)]
        running = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        connection, _ = silent.accept()
        running.send_signal(signal.SIGINT)
        _, told = running.communicate(timeout=30)
        connection.close()
    assert running.returncode == 130
    assert b"interrupted" in told
