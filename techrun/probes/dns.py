"""A name resolves, and to what it should: A, AAAA, CNAME, MX, TXT or NS.

`NXDOMAIN`, `SERVFAIL`, no such record and no answer in time are told apart in the message.
"""

from __future__ import annotations

import ipaddress
import time
from collections.abc import Iterable
from typing import Any, Literal

from dns import asyncresolver, exception, message, name, rcode, rdata, resolver
from pydantic import field_validator, model_validator

from techrun.language.definition import Definition
from techrun.model import Outcome, Phases, Reason, Status
from techrun.probes import Run

RecordType = Literal["A", "AAAA", "CNAME", "MX", "TXT", "NS"]


class Contains(Definition):
    """Answers that must be among those given."""

    contains: list[str]


class Spec(Definition):
    """`dns: www.shop.example` looks the name up."""

    dns: str
    """The name to look up."""
    type: RecordType = "A"
    expect: list[str] | Contains | None = None
    """A list: exactly these answers, in any order; `contains: […]`: at least these."""
    resolver: str | None = None
    """The DNS server to ask, `address` or `address:port`; else those of this machine."""

    @field_validator("dns")
    @classmethod
    def _is_a_name(cls, text: str) -> str:
        try:
            _name(text)
        except (exception.DNSException, UnicodeError) as error:
            raise ValueError(f"{text!r} is no DNS name: {error}") from error
        return text

    @field_validator("resolver")
    @classmethod
    def _is_an_address(cls, text: str | None) -> str | None:
        if text is not None:
            _server(text)
        return text

    @model_validator(mode="after")
    def _expects_what_there_can_be(self) -> Spec:
        for text in _expected(self):
            _normal(text, self.type)
        return self


async def run(spec: Spec, run: Run) -> Outcome:
    """Look the name up once; the server is asked again over TCP where an answer is cut short."""
    asked = _resolver(spec, run.deadline)
    began = time.perf_counter()
    try:
        answer = await asked.resolve(_name(spec.dns), spec.type, raise_on_no_answer=False, search=False)
    except exception.DNSException as error:
        return _failed(spec, error, Phases(processing=time.perf_counter() - began))
    except OSError as error:
        problem = f"{_servers(asked)} cannot be asked: {error}"
        return Outcome(Status.DOWN, Reason.DNS, problem, measures=_measures(None))
    phases = Phases(processing=time.perf_counter() - began)
    found = {_text(item) for item in answer.rrset or ()}
    wrong = _verdict(spec, found)
    return Outcome(
        status=Status.DOWN if wrong else Status.UP,
        reason=Reason.EXPECTATION if wrong else None,
        message=wrong,
        phases=phases,
        measures=_measures(answer.response),
    )


def _resolver(spec: Spec, deadline: float) -> asyncresolver.Resolver:
    """A fresh one for each run, so that a changed resolv.conf is seen."""
    asked = asyncresolver.Resolver(configure=spec.resolver is None)
    if spec.resolver is not None:
        address, asked.port = _server(spec.resolver)
        asked.nameservers = [address]
    asked.lifetime = deadline
    asked.timeout = min(asked.timeout, deadline)
    return asked


def _failed(spec: Spec, error: exception.DNSException, phases: Phases) -> Outcome:
    """What a lookup without an answer says about the name."""
    reason, response = Reason.DNS, _response(error)
    if isinstance(error, resolver.NXDOMAIN):
        text = f"NXDOMAIN: {spec.dns} does not exist"
    elif isinstance(error, exception.Timeout):
        reason, text = Reason.TIMEOUT, f"no DNS server answered for {spec.dns} in time: {error}"
    elif isinstance(error, resolver.NoNameservers):
        code = rcode.to_text(response.rcode()) if response else "no valid answer"
        text = f"{code}: no DNS server answered for {spec.dns}: {error}"
    elif isinstance(error, resolver.NoResolverConfiguration):
        return Outcome(Status.UNKNOWN, Reason.INTERNAL, f"this machine names no DNS server: {error}")
    else:
        text = f"the answer for {spec.dns} is no valid DNS: {type(error).__name__}: {error}"
    return Outcome(Status.DOWN, reason, text, phases=phases, measures=_measures(response))


def _response(error: exception.DNSException) -> message.Message | None:
    """The last response that was no answer, if there was one."""
    told: Iterable[Any] = ()
    if isinstance(error, resolver.NXDOMAIN):
        told = error.kwargs["responses"].values()
    elif isinstance(error, resolver.NoNameservers):
        told = [last for *_, last in error.kwargs.get("errors", ())]
    responses = [each for each in told if isinstance(each, message.Message)]
    return responses[-1] if responses else None


def _verdict(spec: Spec, found: set[str]) -> str:
    """What is wrong with the answers, or nothing."""
    if not found:
        return f"{spec.dns} exists but has no {spec.type} record"
    if spec.expect is None:
        return ""
    exact = isinstance(spec.expect, list)
    wanted = {_normal(text, spec.type) for text in _expected(spec)}
    if wanted == found or (not exact and wanted <= found):
        return ""
    rule = "exactly" if exact else "at least"
    return f"expected {rule} {_listed(wanted)}, found {_listed(found)}"


def _expected(spec: Spec) -> list[str]:
    return spec.expect.contains if isinstance(spec.expect, Contains) else spec.expect or []


def _measures(response: message.Message | None) -> dict[str, float]:
    if response is None:
        return {"dns_query_succeeded": 0.0}
    return {
        "dns_answer_rrs": float(sum(map(len, response.answer))),
        "dns_authority_rrs": float(sum(map(len, response.authority))),
        "dns_additional_rrs": float(sum(map(len, response.additional))),
        "dns_query_succeeded": 1.0,
    }


def _text(record: rdata.Rdata) -> str:
    """A record as people write it: no trailing dots, the strings of a TXT joined."""
    strings = getattr(record, "strings", None)
    if strings is not None:
        return b"".join(strings).decode(errors="replace")
    return _normal(record.to_text(), record.rdtype.name)


def _normal(text: str, record_type: str) -> str:
    """Names and addresses in one spelling; text as it is."""
    if record_type == "TXT":
        return text
    if record_type == "AAAA":
        return str(ipaddress.IPv6Address(text))
    return text.lower().rstrip(".")


def _listed(texts: Iterable[str]) -> str:
    return ", ".join(sorted(texts))


def _name(text: str) -> name.Name:
    return name.from_text(text, idna_codec=name.IDNA_2008_Practical)


def _server(text: str) -> tuple[str, int]:
    """Address and port of a DNS server; ValueError if it is neither `address` nor `address:port`."""
    host, colon, port = text.rpartition(":")
    try:
        if not colon or text.endswith("]") or (":" in host and not host.startswith("[")):
            return str(ipaddress.ip_address(text.strip("[]"))), 53
        return str(ipaddress.ip_address(host.strip("[]"))), int(port)
    except ValueError:
        raise ValueError(
            f"{text!r} is no DNS server: write `192.0.2.1`, `192.0.2.1:53` or `[::1]:53`"
        ) from None


def _servers(asked: asyncresolver.Resolver) -> str:
    return _listed(f"{address} port {asked.port}" for address in asked.nameservers)
