"""Every place of a real fleet is asked by its address, and the answers end the look in time."""

from __future__ import annotations

import asyncio
import threading

import httpx
import pytest

from techrun.config.releases import Releases
from techrun.fetch import Fetcher, FetchSettings
from techrun.releases.identity.looking import identify
from techrun.releases.records import FRONT, Expectation

pytestmark = pytest.mark.system("nginx-light")

NODES = ("127.0.0.2", "127.0.0.3", "127.0.0.4", "::1")
NEW = Expectation("v812", "0812bbb")


def releases(within="2s", **source):
    settings = {"within": within, "drain": "400ms", "every": "50ms", "front": 6}
    return Releases.model_validate(
        {"version": source or {}, "commit": {"json": "$.commit"}, "identity": settings}
        if not source
        else {"version": source, "identity": settings}
    )


@pytest.fixture
def look(fleet):
    """What is found of the fleet, by place; and all that was told until then."""

    async def looked(*, url="", nodes=NODES, expected=NEW, wanted=None):
        fetcher = Fetcher(FetchSettings(ca_file=fleet.ca_file))
        heard = []
        try:
            found = await identify(
                fetcher, url or fleet.url, nodes, expected, wanted or releases(), heard.append
            )
        finally:
            await fetcher.close()
        return found, heard

    return lambda **options: asyncio.run(looked(**options))


def states(identity):
    return {one.via: one.state for one in identity.findings}


def of(identity, via):
    return next(one for one in identity.findings if one.via == via)


def test_a_fleet_that_has_turned_is_found_new_at_once_and_told_on_the_way(fleet, look):
    fleet.deploy("v812", "0812bbb")
    found, heard = look(wanted=releases(within="1m"))
    assert states(found) == dict.fromkeys((*NODES, FRONT), "new")
    assert found.live is not None
    assert states(heard[0]) != states(heard[-1]) == states(found)


def test_it_waits_for_nodes_that_turn_one_after_the_other(fleet, look):
    nodes = iter(fleet.nodes)

    def roll():
        node = next(nodes, None)
        if node:
            node.deploy("v812", "0812bbb")
            threading.Timer(0.2, roll).start()

    roll()
    found, heard = look(wanted=releases(within="30s"))
    assert states(found) == dict.fromkeys((*NODES, FRONT), "new")
    seen_on_the_way = {state for identity in heard for state in states(identity).values()}
    assert "old" in seen_on_the_way


def test_each_node_is_known_by_its_own_address_and_what_it_says(fleet, look):
    fleet.deploy("v812", "0812bbb", but=("127.0.0.3", "::1"))
    fleet["::1"].deploy("v812", "0666fff")
    fleet["127.0.0.4"].stop()
    found, _ = look()
    assert states(found) == {
        "127.0.0.2": "new",
        "127.0.0.3": "old",
        "127.0.0.4": "unreachable",
        "::1": "wrong-commit",
        FRONT: "mixed",
    }
    assert "127.0.0.3 still runs v811" in of(found, "127.0.0.3").text
    assert "0666fff, not 0812bbb" in of(found, "::1").text
    assert found.live is None


def test_a_node_that_drains_and_leaves_in_time_is_no_fault(fleet, look):
    fleet.balance(*NODES[:3])
    fleet.deploy("v812", "0812bbb", but=("::1",))
    leaves = threading.Timer(0.5, fleet["::1"].stop)
    leaves.start()
    found, _ = look(wanted=releases(within="20s"))
    leaves.join()
    assert states(found) == {**dict.fromkeys((*NODES[:3], FRONT), "new"), "::1": "drained"}
    assert found.live is not None


def test_a_node_that_drains_and_stays_is_told_with_what_to_do(fleet, look):
    fleet.balance(*NODES[:3])
    fleet.deploy("v812", "0812bbb", but=("::1",))
    found, _ = look()
    assert "deploy it; if it serves nobody (the front is new), stop it" in of(found, "::1").text


@pytest.mark.parametrize("cache", ["url", "path"])
def test_a_cache_that_keeps_the_old_answer_is_told_from_a_node(fleet, look, cache):
    fleet.balance(cache=cache)
    httpx.get(f"{fleet.url}/release.json")
    fleet.deploy("v812", "0812bbb")
    found, _ = look()
    assert states(found) == {**dict.fromkeys(NODES, "new"), FRONT: "old"}
    assert of(found, FRONT).cached
    assert "out of a cache" in of(found, FRONT).text


def test_a_node_that_nobody_named_is_found_through_the_balancer(fleet, look):
    fleet.deploy("v812", "0812bbb", but=("127.0.0.4",))
    found, _ = look(nodes=("127.0.0.2", "127.0.0.3", "::1"))
    front = of(found, FRONT)
    assert (front.state, front.cached) == ("mixed", False)
    assert "another one answers, add it to `nodes:`" in front.text


def test_by_tls_each_node_is_asked_by_the_shops_name_and_a_wrong_certificate_is_told(fleet, look):
    fleet.balance(untrusted=("127.0.0.3",))
    fleet.deploy("v812", "0812bbb")
    found, _ = look(url=fleet.secure_url, nodes=NODES[:3])
    assert states(found) == {
        "127.0.0.2": "new",
        "127.0.0.3": "unreachable",
        "127.0.0.4": "new",
        FRONT: "new",
    }
    assert "refuses a secure connection" in of(found, "127.0.0.3").text


def test_without_nodes_they_are_the_addresses_of_the_shops_name(fleet, look):
    fleet.deploy("v812", "0812bbb")
    found, _ = look(url=f"http://shop.localhost:{httpx.URL(fleet.url).port}", nodes=())
    assert states(found) == dict.fromkeys(("127.0.0.1", "::1", FRONT), "new")


def test_a_name_that_leads_nowhere_is_no_pass(fleet, look):
    found, _ = look(url="http://no-such-shop.invalid", nodes=(), wanted=releases(within="300ms"))
    assert states(found) == {FRONT: "unreachable"}
    assert found.not_seen == ("no node is known: the shop's name leads to no address",)


def test_a_reader_that_fits_nothing_is_told_as_such(fleet, look):
    found, _ = look(wanted=releases(json="$.build.id"))
    assert states(found) == dict.fromkeys((*NODES, FRONT), "unreadable")
    assert "is `version:` of this shop right?" in of(found, FRONT).text


def test_where_nothing_says_the_version_nobody_is_asked(look):
    found, heard = look(wanted=Releases())
    assert (found.findings, heard) == ((), [])
    assert "version: {url: /release.json}" in found.not_seen[0]
