"""The fleet that release tests use does what they take it to do."""

from __future__ import annotations

import ssl

import httpx
import pytest

pytestmark = pytest.mark.system("nginx-light")


def versions(url, times=8, **options):
    """What new customers see, one after the other."""
    return [httpx.get(f"{url}/release.json", **options).json()["version"] for _ in range(times)]


def test_every_node_says_at_its_own_address_what_it_runs(fleet):
    fleet["127.0.0.3"].deploy("v812", "0812bbb")
    said = {node.address: httpx.get(f"{node.url}/release.json").json() for node in fleet.nodes}
    old = {"version": "v811", "commit": "0811aaa"}
    new = {"version": "v812", "commit": "0812bbb"}
    assert said == {"127.0.0.2": old, "127.0.0.3": new, "127.0.0.4": old, "::1": old}


def test_new_customers_come_to_all_nodes_in_turn_and_stay_where_they_were(fleet):
    fleet["127.0.0.3"].deploy("v812")
    assert sorted(versions(fleet.url)) == ["v811"] * 6 + ["v812"] * 2
    with httpx.Client(base_url=fleet.url) as customer:
        assert len({customer.get("/version").text for _ in range(8)}) == 1


def test_a_node_that_drains_is_in_no_balancer_and_still_answers(fleet):
    fleet.deploy("v812", but=("127.0.0.4",))
    fleet.balance("127.0.0.2", "127.0.0.3", "::1")
    assert set(versions(fleet.url)) == {"v812"}
    assert set(versions(fleet["127.0.0.4"].url)) == {"v811"}


def test_a_node_that_is_stopped_takes_no_connection_until_it_is_started(fleet):
    node = fleet["127.0.0.2"]
    node.stop()
    with pytest.raises(httpx.ConnectError):
        httpx.get(node.url)
    assert set(versions(fleet.url)) == {"v811"}
    node.start()
    assert versions(node.url, 1) == ["v811"]


@pytest.mark.parametrize(("cache", "past"), [("url", "v812"), ("path", "v811")])
def test_the_cache_serves_the_old_page_and_a_query_passes_it_or_not(fleet, cache, past):
    fleet.balance(cache=cache)
    versions(fleet.url, 1)
    fleet.deploy("v812")
    assert set(versions(fleet.url)) == {"v811"}
    assert httpx.get(f"{fleet.url}/release.json").headers["x-cache"] == "HIT"
    assert httpx.get(f"{fleet.url}/release.json?1").json()["version"] == past


def test_by_tls_a_node_answers_to_the_name_of_the_shop_alone_and_one_may_have_a_wrong_certificate(fleet):
    fleet.balance(untrusted=("127.0.0.3",))
    port = httpx.URL(fleet.secure_url).port
    trust = ssl.create_default_context(cafile=fleet.ca_file)
    assert versions(fleet.secure_url, 1, verify=trust) == ["v811"]
    by_name = {"extensions": {"sni_hostname": "localhost"}}

    def ask(address, **options):
        with httpx.Client(verify=trust, headers={"host": f"localhost:{port}"}) as client:
            return client.get(f"https://{address}:{port}/release.json", **options)

    assert ask("127.0.0.2", **by_name).json()["version"] == "v811"
    for address, options in (("127.0.0.3", by_name), ("127.0.0.2", {})):
        with pytest.raises(httpx.ConnectError, match="SSL"):
            ask(address, **options)
