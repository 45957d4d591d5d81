"""Releases on a whole fleet, from the command line: each way to be wrong has a message of its own."""

from __future__ import annotations

import contextlib
import io
import json
import re
import subprocess
import sys
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from techrun.cli import main
from techrun.releases.smoke import run_smoke
from techrun.store.database import Store

pytestmark = [pytest.mark.system("nginx-light"), pytest.mark.timeout(120)]
NODES = ("127.0.0.2", "127.0.0.3", "127.0.0.4", "::1")
CONFIGURATION = """
version: 1
shop: acme
url: {url}
nodes: {nodes}
fetch: {{ca_file: {ca_file}}}
store: store.db
synthetic: {{email: probe@acme.example, articles: [FT-1001]}}
defaults: {{confirmation: {{delays: [100ms, 100ms, 100ms]}}}}
checks:
  - {{name: home, http: /, every: 1m, severity: page}}
  - {{name: shipping, journey: shipping, every: 5m, severity: page}}
releases:
  version: {{}}
  commit: {{json: $.commit}}
  identity: {{within: 3s, drain: 1s, every: 100ms}}
  smoke: [shipping]
  bake: {{settle: 0s, warm_up: 1, for: 2s, every: 300ms, samples: 4}}
journeys: []
"""
JOURNEY = """
journey: shipping
deadline: 5s
steps:
  - {step: product, get: "/product/${synthetic.article}", expect: {css: {"form#add-to-cart": {exists: true}}}}
  - {step: add-to-cart, submit: form#add-to-cart, expect: {url: {matches: /cart$}}}
  - {step: checkout, get: /checkout/address, expect: {css: {"form#address": {exists: true}}}}
  - step: address
    submit: form#address
    fill: {email: "${synthetic.email}", name: Pia Probe, street: 1 Quay, postcode: D02, city: Dublin}
    expect: {css: {"input[name=shipping]": {exists: true}}}
"""


@dataclass
class Told:
    """What one verification said."""

    code: int
    verification: dict[str, Any]
    printed: str

    @property
    def value(self) -> str:
        return self.verification["verdict"]["value"]

    def texts(self, prefix: str = "", *, holds: bool | None = False) -> list[str]:
        """The rulings of such rules that came out so, in words."""
        rulings = self.verification["verdict"]["rulings"]
        return [
            f"{one['subject']} {one['text']}"
            for one in rulings
            if one["rule"].startswith(prefix) and one["holds"] is holds and not one["warns"]
        ]


class Pipeline:
    """A folder with a configuration, and the two commands that a pipeline runs in it."""

    def __init__(self, folder, url, nodes, ca_file):
        self._folder = folder
        text = CONFIGURATION.replace("journeys: []", "include: [journeys.yaml]")
        text = text.format(url=url, nodes=json.dumps(list(nodes)), ca_file=ca_file)
        (folder / "techrun.yaml").write_text(text)
        (folder / "journeys.yaml").write_text(JOURNEY)
        Store(folder / "store.db").close()

    def here(self, *words):
        """A command in this process, which is faster than to start one: exit code, output, and what else it prints."""
        out, err = io.StringIO(), io.StringIO()
        with (
            contextlib.chdir(self._folder),
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
            pytest.raises(SystemExit) as ended,
        ):
            main(["release", *words])
        return ended.value.code, out.getvalue(), err.getvalue()

    def begin(self, version="v812", commit="0812bbb"):
        code, _, err = self.here("begin", version, "--shop", "acme", "--commit", commit)
        assert code == 0, err

    def verify(self, version="v812"):
        code, out, err = self.here("verify", version, "--format", "json")
        assert out, err
        return Told(code, json.loads(out), out + err)

    def verify_and(self, line, act):
        """Verify in a process of its own, and act as soon as it has printed such a line."""
        command = [sys.executable, "-m", "techrun", "release", "verify", "v812", "--format", "json"]
        with subprocess.Popen(
            command, cwd=self._folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as process:
            printed = []
            for each in process.stderr:
                printed.append(each)
                if re.search(line, each):
                    act()
                    break
            out, err = process.communicate()
        return Told(process.returncode, json.loads(out), "".join(printed) + err)


@pytest.fixture
def make_pipeline(fleet, tmp_path, monkeypatch):
    for name in ("TECHRUN_SERVER", "TECHRUN_TOKEN", "TECHRUN_CONFIG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(run_smoke, "__defaults__", ((0.1, 0.1),))  # what failed is asked again at once

    def make(url="", nodes=NODES):
        return Pipeline(tmp_path, url or fleet.url, nodes, fleet.ca_file)

    return make


@pytest.fixture
def release(fleet, make_pipeline):
    """Deploy v812 to all nodes but some, and verify it."""

    def verified(*, but=(), **where):
        pipeline = make_pipeline(**where)
        pipeline.begin()
        fleet.deploy("v812", "0812bbb", but=but)
        return pipeline.verify()

    return verified


def test_a_fleet_that_runs_the_release_everywhere_passes(release):
    told = release()
    assert (told.value, told.code) == ("pass", 0), told.printed
    findings = told.verification["identity"]["findings"]
    assert [(one["via"], one["state"]) for one in findings] == [(via, "new") for via in (*NODES, "front")]
    assert {one["via"] for one in told.verification["smoke"]} == {*NODES, "front"}


@pytest.mark.parametrize("address", ["127.0.0.3", "::1"], ids=["IPv4", "IPv6"])
def test_a_node_that_was_left_out_fails_by_its_address_and_its_version(release, address):
    told = release(but=(address,))
    assert (told.value, told.code) == ("fail", 1)
    texts = told.texts("identity")
    assert any(address in text and "v811" in text for text in texts), texts
    assert not told.verification["samples"], "nothing is baked that is known to be wrong"


def test_a_node_that_takes_no_connection_is_no_pass_and_is_named(release, fleet):
    fleet["127.0.0.4"].stop()
    told = release()
    assert told.code != 0
    texts = told.texts("identity") + told.texts("identity", holds=None)
    assert any("127.0.0.4" in text and "v811" not in text for text in texts), texts


def test_a_node_whose_certificate_is_wrong_is_told_apart_from_one_that_is_old(fleet, release):
    fleet.balance(untrusted=("127.0.0.3",))
    told = release(url=fleet.secure_url, nodes=NODES[:3])
    assert told.code != 0
    texts = told.texts("identity") + told.texts("identity", holds=None)
    assert any("127.0.0.3" in text and "certificate" in text.lower() for text in texts), texts


def test_the_right_version_from_another_commit_fails_with_both_commits(release, fleet):
    fleet["127.0.0.2"].deploy("v812", "0666fff")
    told = release(but=("127.0.0.2",))
    assert (told.value, told.code) == ("fail", 1)
    texts = told.texts("identity")
    assert any("127.0.0.2" in text and "0666fff" in text and "0812bbb" in text for text in texts), texts


@pytest.mark.parametrize(
    "cache", ["url", "path"], ids=["past which a query leads", "past which nothing leads"]
)
def test_a_cache_that_keeps_the_old_page_fails_as_a_cache_and_no_node_is_blamed(release, fleet, cache):
    fleet.balance(cache=cache)
    httpx.get(f"{fleet.url}/release.json")
    told = release()
    assert (told.value, told.code) == ("fail", 1)
    texts = told.texts("identity")
    assert any("cache" in text and "v811" in text for text in texts), texts
    assert not any(address in text for text in texts for address in NODES), texts


def test_a_node_that_is_new_but_broken_fails_in_the_smoke_test_at_its_step(release, fleet):
    fleet["127.0.0.3"].fault("shipping-empty")
    told = release()
    assert (told.value, told.code) == ("fail", 1)
    assert not told.texts("identity")
    texts = told.texts("smoke")
    assert any("127.0.0.3" in text and "address" in text for text in texts), texts
    assert not any(address in text for text in texts for address in NODES if address != "127.0.0.3"), texts


def test_a_node_that_drains_old_and_is_gone_in_time_is_as_a_release_should_go(fleet, make_pipeline):
    pipeline = make_pipeline()
    pipeline.begin()
    fleet.balance("127.0.0.2", "127.0.0.3", "::1")
    fleet.deploy("v812", "0812bbb", but=("127.0.0.4",))
    told = pipeline.verify_and(r"127\.0\.0\.4 still runs v811", fleet["127.0.0.4"].stop)
    states = {one["via"]: one["state"] for one in told.verification["identity"]["findings"]}
    assert states["127.0.0.4"] == "drained", told.printed
    assert (told.value, told.code) == ("pass", 0), told.printed


def test_a_cdn_before_unknown_nodes_is_no_pass(release, fleet):
    """Without `nodes:` only the front is known; one machine answers for all of them."""
    told = release(nodes=(), but=("127.0.0.3",))
    assert (told.value, told.code) == ("fail", 1), told.printed
    assert any("v811" in text for text in told.texts("identity")), told.printed
