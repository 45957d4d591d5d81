"""A TLS server presents a valid certificate that does not expire soon.

The expiry is measured also where the certificate is refused.
"""

from __future__ import annotations

import ssl
import time
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from cryptography import x509

from techrun.exchange import Certificate
from techrun.fetch.certificates import describe
from techrun.fetch.names import ascii_host
from techrun.language.definition import Definition
from techrun.language.durations import Seconds, show
from techrun.model import Outcome, Phases, Reason, Status
from techrun.probes import Run
from techrun.probes._sockets import ProbeError, Target, Trace, bounded, connect, split_target

SHARE_LEFT = 0.25
"""Of the certificate's lifetime: less is too little, where `warn` says nothing else. Lifetimes
shrink, so days that are right today are wrong tomorrow."""


class Spec(Definition):
    """`tls: www.shop.example:443` makes a handshake."""

    tls: Target
    """`host:port`, an IPv6 address in brackets."""
    server_name: str | None = None
    """The name to ask for (SNI) and to find in the certificate, where it is not the host."""
    warn: Seconds | None = None
    """Degraded with less than this left; a quarter of the certificate's lifetime unless given."""
    fail: Seconds | None = None
    """Down with less than this left; an expired certificate is always down."""


async def run(spec: Spec, run: Run) -> Outcome:
    """Make a handshake as a browser would, and look at the chain."""
    return await bounded(
        lambda trace: _look(spec, run, trace), run.deadline, f"the handshake with {spec.tls}"
    )


async def _look(spec: Spec, run: Run, trace: Trace) -> Outcome:
    try:
        seen = await _handshake(spec, run, trace, _trusting(run.fetcher.ca_file))
    except ssl.SSLCertVerificationError as error:
        return await _refused(spec, run, error)
    return _verdict(spec, seen, time.time())


@dataclass(frozen=True, slots=True)
class _Seen:
    """What a handshake showed."""

    presented: Certificate
    trusted_until: float
    """When the first certificate of the verified chain expires; means nothing if none was verified."""


async def _handshake(spec: Spec, run: Run, trace: Trace, context: ssl.SSLContext) -> _Seen:
    """Connect and shake hands; SSLCertVerificationError where the certificate is refused."""
    _, writer = await connect(run, spec.tls, trace)
    try:
        await writer.start_tls(context, server_hostname=_server_name(spec))
        trace.reached("tls")
        return _seen(writer.get_extra_info("ssl_object"))
    except ssl.SSLCertVerificationError:
        raise
    except ssl.SSLError as error:
        raise ProbeError(Reason.TLS, f"{spec.tls}: no TLS handshake: {error.reason or error}") from None
    except OSError as error:
        raise ProbeError(Reason.TLS, f"{spec.tls} broke off the handshake: {error}") from None
    finally:
        writer.transport.abort()


async def _refused(spec: Spec, run: Run, error: ssl.SSLCertVerificationError) -> Outcome:
    """The certificate is refused; a second handshake that trusts anything tells when it expires."""
    message = f"{spec.tls}: the certificate is refused: {(error.verify_message or str(error)).rstrip('.')}"
    try:
        seen = await _handshake(spec, run, Trace(Phases()), _trusting_anything())
    except ProbeError:
        return Outcome(Status.DOWN, Reason.TLS, message)
    until = time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(seen.presented.not_after))
    word = "expired since" if seen.presented.not_after < time.time() else "valid until"
    told = f"{message} (subject {seen.presented.subject}, {word} {until})"
    return Outcome(
        Status.DOWN, Reason.TLS, told, measures={"ssl_earliest_cert_expiry": seen.presented.earliest_expiry}
    )


def _verdict(spec: Spec, seen: _Seen, now: float) -> Outcome:
    measures = {
        "ssl_earliest_cert_expiry": seen.presented.earliest_expiry,
        "ssl_last_chain_expiry_timestamp_seconds": seen.trusted_until,
    }
    left = seen.trusted_until - now
    lifetime = seen.presented.not_after - seen.presented.not_before
    warn = lifetime * SHARE_LEFT if spec.warn is None else spec.warn
    message = f"{spec.tls}: the certificate expires in {show(max(0.0, left))}"
    if spec.fail is not None and left < spec.fail:
        text = f"{message}, less than {show(spec.fail)}"
        return Outcome(Status.DOWN, Reason.CERTIFICATE, text, measures=measures)
    if left < warn:
        text = f"{message}, less than {show(warn)}"
        return Outcome(Status.DEGRADED, Reason.CERTIFICATE, text, measures=measures)
    return Outcome(Status.UP, measures=measures)


def _seen(tls: ssl.SSLObject) -> _Seen:
    version, cipher = tls.version() or "", (tls.cipher() or ("",))[0]
    presented = _chain(tls, "get_unverified_chain") or [_leaf(tls)]
    verified = _chain(tls, "get_verified_chain")
    trusted_until = min((one.not_valid_after_utc.timestamp() for one in verified), default=0.0)
    return _Seen(describe(presented, version, cipher), trusted_until)


def _leaf(tls: ssl.SSLObject) -> x509.Certificate:
    return x509.load_der_x509_certificate(tls.getpeercert(binary_form=True) or b"")


def _chain(tls: ssl.SSLObject, method: str) -> list[x509.Certificate]:
    """A chain of the handshake. Public since Python 3.13; before, one layer down in the same module."""
    public = getattr(tls, method, None)
    if public is not None:
        return [x509.load_der_x509_certificate(der) for der in public()]
    below: Any = tls._sslobj  # type: ignore[attr-defined]  # noqa: SLF001  the only way before 3.13
    return [
        x509.load_pem_x509_certificate(one.public_bytes().encode()) for one in getattr(below, method)() or ()
    ]


def _server_name(spec: Spec) -> str:
    return ascii_host(spec.server_name or split_target(spec.tls)[0])


@lru_cache(16)
def _trusting(ca_file: str) -> ssl.SSLContext:
    """Kept, since reading the authorities takes milliseconds."""
    context = ssl.create_default_context(cafile=ca_file)
    # Python 3.13 asks for more than browsers and libcurl do: one verdict on every Python, and by every kind.
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    return context


@lru_cache(1)
def _trusting_anything() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
