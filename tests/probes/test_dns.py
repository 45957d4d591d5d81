"""The kind `dns` against a real name server on loopback."""

from __future__ import annotations

import asyncio
import socket

import dns.flags
import dns.message
import dns.rcode
import dns.rrset
import pytest
from pydantic import ValidationError

from techrun.model import Reason, Status
from techrun.probes import dns as kind

ZONE = {
    ("www.acme.example.", "A"): ["192.0.2.1", "192.0.2.2"],
    ("www.acme.example.", "AAAA"): ["2001:db8::1"],
    ("shop.acme.example.", "CNAME"): ["www.acme.example."],
    ("acme.example.", "MX"): ["10 mail.acme.example.", "20 backup.acme.example."],
    ("acme.example.", "TXT"): ['"v=spf1 include:mail.example" " -all"'],
    ("acme.example.", "NS"): ["ns1.acme.example."],
    ("xn--schn-7qa.example.", "A"): ["192.0.2.9"],
}


def at(port):
    """A check of this port, and the journeys it uses (tests/contracts tries bad servers on it)."""
    return {"dns": "www.acme.example", "resolver": f"127.0.0.1:{port}"}, {}


def answer(wire: bytes) -> bytes | None:
    """What the name server says; None: nothing."""
    query = dns.message.from_wire(wire)
    question = query.question[0]
    name, kind_of_record = str(question.name).lower(), question.rdtype.name
    if name.startswith("silent."):
        return None
    if name.startswith("garbage."):
        return dns.message.make_response(query).to_wire()[:-3]
    response = dns.message.make_response(query)
    response.flags |= dns.flags.RA
    if name.startswith("broken."):
        response.set_rcode(dns.rcode.SERVFAIL)
    elif name.startswith("refused."):
        response.set_rcode(dns.rcode.REFUSED)
    elif (name, kind_of_record) in ZONE:
        response.answer.append(
            dns.rrset.from_text(name, 60, "IN", kind_of_record, *ZONE[name, kind_of_record])
        )
    elif not any(name == known for known, _ in ZONE):
        response.set_rcode(dns.rcode.NXDOMAIN)
    return response.to_wire()


class NameServer(asyncio.DatagramProtocol):
    def connection_made(self, transport):
        self.transport = transport

    def datagram_received(self, data, address):
        wire = answer(data)
        if wire is not None:
            self.transport.sendto(wire, address)


@pytest.fixture
async def resolver():
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(NameServer, local_addr=("127.0.0.1", 0))
    yield f"127.0.0.1:{transport.get_extra_info('sockname')[1]}"
    transport.close()


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        pytest.param("www.acme.example", {}, id="any address"),
        pytest.param("www.acme.example", {"expect": ["192.0.2.2", "192.0.2.1"]}, id="exactly, in any order"),
        pytest.param("www.acme.example", {"expect": {"contains": ["192.0.2.1"]}}, id="at least"),
        pytest.param(
            "www.acme.example", {"type": "AAAA", "expect": ["2001:0DB8::0001"]}, id="AAAA spelled out"
        ),
        pytest.param("shop.acme.example", {"type": "CNAME", "expect": ["WWW.acme.example."]}, id="CNAME"),
        pytest.param(
            "acme.example", {"type": "MX", "expect": {"contains": ["10 mail.acme.example"]}}, id="MX"
        ),
        pytest.param(
            "acme.example", {"type": "TXT", "expect": ["v=spf1 include:mail.example -all"]}, id="TXT in parts"
        ),
        pytest.param("acme.example", {"type": "NS", "expect": ["ns1.acme.example"]}, id="NS"),
        pytest.param("schön.example", {"expect": ["192.0.2.9"]}, id="with an umlaut"),
    ],
)
async def test_the_right_answer_is_up(resolver, make_run, name, settings):
    outcome = await kind.run(kind.Spec(dns=name, resolver=resolver, **settings), make_run())
    assert (outcome.status, outcome.message) == (Status.UP, "")
    assert outcome.measures["dns_query_succeeded"] == 1.0
    assert outcome.measures["dns_answer_rrs"] >= 1.0
    assert outcome.phases.processing > 0


@pytest.mark.parametrize(
    ("name", "settings", "expected"),
    [
        pytest.param("nowhere.example", {}, (Reason.DNS, "NXDOMAIN", 1.0), id="NXDOMAIN"),
        pytest.param("broken.example", {}, (Reason.DNS, "SERVFAIL", 1.0), id="SERVFAIL"),
        pytest.param("refused.example", {}, (Reason.DNS, "REFUSED", 1.0), id="REFUSED"),
        pytest.param("silent.example", {}, (Reason.TIMEOUT, "no DNS server answered", 0.0), id="no answer"),
        pytest.param("garbage.example", {}, (Reason.TIMEOUT, "no DNS server answered", 0.0), id="garbage"),
        pytest.param(
            "acme.example",
            {"type": "AAAA"},
            (Reason.EXPECTATION, "has no AAAA record", 1.0),
            id="no such record",
        ),
        pytest.param(
            "www.acme.example",
            {"expect": ["192.0.2.1"]},
            (Reason.EXPECTATION, "expected exactly 192.0.2.1, found 192.0.2.1, 192.0.2.2", 1.0),
            id="one too many",
        ),
        pytest.param(
            "www.acme.example",
            {"expect": {"contains": ["192.0.2.3"]}},
            (Reason.EXPECTATION, "expected at least 192.0.2.3", 1.0),
            id="one is missing",
        ),
    ],
)
async def test_what_is_wrong_is_told_apart(resolver, make_run, name, settings, expected):
    reason, said, answered = expected
    outcome = await kind.run(kind.Spec(dns=name, resolver=resolver, **settings), make_run(deadline=1.0))
    assert (outcome.status, outcome.reason) == (Status.DOWN, reason)
    assert said in outcome.message
    assert outcome.measures["dns_query_succeeded"] == answered


async def test_a_resolver_that_is_not_there_is_an_outcome(make_run):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    spec = kind.Spec(dns="www.acme.example", resolver=f"127.0.0.1:{port}")
    outcome = await kind.run(spec, make_run(deadline=0.5))
    assert outcome.status is Status.DOWN
    assert outcome.reason in {Reason.DNS, Reason.TIMEOUT}


@pytest.mark.parametrize(
    "settings",
    [
        pytest.param({"dns": "a..b"}, id="empty label"),
        pytest.param({"dns": "x" * 64 + ".example"}, id="label too long"),
        pytest.param({"dns": "a.example", "resolver": "dns.example"}, id="resolver is a name"),
        pytest.param({"dns": "a.example", "resolver": "192.0.2.1:dns"}, id="port is a word"),
        pytest.param({"dns": "a.example", "type": "SRV"}, id="unknown type"),
        pytest.param({"dns": "a.example", "type": "AAAA", "expect": ["192.0.2.1"]}, id="wrong family"),
    ],
)
def test_a_wrong_definition_is_refused(settings):
    with pytest.raises(ValidationError):
        kind.Spec(**settings)


@pytest.mark.parametrize(
    ("text", "server"),
    [
        ("192.0.2.1", ("192.0.2.1", 53)),
        ("192.0.2.1:5353", ("192.0.2.1", 5353)),
        ("::1", ("::1", 53)),
        ("[::1]", ("::1", 53)),
        ("[::1]:5353", ("::1", 5353)),
    ],
)
def test_a_resolver_is_an_address_with_or_without_port(text, server):
    assert kind._server(text) == server
