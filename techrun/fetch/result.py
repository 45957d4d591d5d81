"""Turns a finished transfer into a response or a failure."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

import pycurl

from techrun.exchange import Certificate, Failure, Response
from techrun.fetch import errors
from techrun.fetch.certificates import certificate
from techrun.fetch.handle import Incoming, Plan, http_version, phases
from techrun.fetch.settings import FetchSettings
from techrun.model import Phases, Reason


class Finished:
    """A transfer that has ended, and everything libcurl knows about it."""

    def __init__(
        self, handle: Any, plan: Plan, incoming: Incoming, resolve: float | None, elapsed: float
    ) -> None:
        self._elapsed = elapsed
        self._handle = handle
        self._plan = plan
        self._incoming = incoming
        self.phases, self._last = phases(
            handle, resolve, tls=plan.target.scheme == "https", answered=bool(incoming.lines)
        )
        self.address: str = handle.getinfo(pycurl.PRIMARY_IP) or ""
        self.certificate = self._certificate()

    def judge(self, code: int, detail: str, settings: FetchSettings) -> Response | Failure:
        """What to hand back."""
        if code == errors.E_TOO_LARGE and not self._incoming.lines:
            peer = self._plan.target.peer
            return self._failure(Reason.PROTOCOL, f"the request to {peer} is too large to be sent")
        refusal = self._over_limit(code, settings)
        if refusal:
            return self._failure(Reason.SIZE, refusal)
        if code:
            return self._explain(code, detail)
        version, headers = http_version(self._handle), self._incoming.headers()
        peer = self._plan.target.peer
        if headers is None:
            return self._failure(Reason.PROTOCOL, f"{peer} broke off within the headers of its answer")
        if self._plan.request.http == "2" and version != "2":
            return self._failure(Reason.PROTOCOL, f"{peer} does not speak HTTP/2 but HTTP/{version}")
        return Response(
            status=self._handle.getinfo(pycurl.RESPONSE_CODE),
            headers=headers,
            body=b"".join(self._incoming.body),
            phases=self.phases,
            elapsed=self._elapsed,
            http_version=version,
            address=self.address,
            certificate=self.certificate,
        )

    def _over_limit(self, code: int, settings: FetchSettings) -> str:
        """Which limit the answer broke, in words; libcurl stops at limits of its own beyond ours."""
        peer, incoming = self._plan.target.peer, self._incoming
        if incoming.overflow:
            return f"the body that {peer} sends is larger than the limit of {settings.max_body} bytes"
        size = sum(map(len, incoming.lines))
        if size > settings.max_headers or code == errors.E_TOO_LARGE:
            return f"the headers that {peer} sends are larger than the limit of {settings.max_headers} bytes"
        if len(incoming.lines) > settings.max_header_count:
            return f"{peer} sends more than {settings.max_header_count} headers"
        return ""

    def _explain(self, code: int, detail: str) -> Failure:
        target = self._plan.target
        if code == pycurl.E_PEER_FAILED_VERIFICATION and self.certificate is not None:
            return self._failure(Reason.TLS, self._refused(self.certificate))
        timed_out = code == pycurl.E_OPERATION_TIMEDOUT
        trouble = errors.Trouble(
            peer=target.peer,
            code=code,
            detail=detail,
            errno=self._handle.getinfo(pycurl.OS_ERRNO),
            phase=self._last,
            seconds=self._plan.timeout if timed_out else self._handle.getinfo(pycurl.TOTAL_TIME),
            addresses=self._plan.route.addresses,
            received=self._incoming.size,
        )
        return self._failure(*errors.reason_and_words(trouble))

    def _failure(self, reason: Reason, message: str) -> Failure:
        return Failure(reason, message, self.phases, self._elapsed, self.address, self.certificate)

    def _refused(self, shown: Certificate) -> str:
        """Why a certificate is refused: everything that is wrong with it, as one fault masks another."""
        verdict = self._handle.getinfo(pycurl.SSL_VERIFYRESULT)
        host = self._plan.target.host
        faults = [errors.certificate_words(verdict, "its chain cannot be verified")] if verdict else []
        now = time.time()
        if now > shown.not_after:
            day = time.strftime("%Y-%m-%d", time.gmtime(shown.not_after))
            faults = [fault for fault in faults if fault != errors.certificate_words(10, "")]
            faults.append(f"it expired on {day}, {max(1, round((now - shown.not_after) / 86400))} day(s) ago")
        if not verdict or not matches(host, shown.names):
            names = ", ".join(shown.names[:5]) or shown.subject
            faults.append(f"it is for {names}, not for {host}")
        return f"the certificate of {self._plan.target.peer} is refused: {'; '.join(dict.fromkeys(faults))}"

    def _certificate(self) -> Certificate | None:
        if self._plan.target.scheme != "https":
            return None
        chain = self._handle.getinfo(pycurl.INFO_CERTINFO) or ()
        return certificate(
            tuple(dict(entries).get("Cert", "") for entries in chain), *self._incoming.handshake
        )


def matches(host: str, names: tuple[str, ...]) -> bool:
    """Whether a certificate's names cover a host (one label for one star)."""
    parent = host.partition(".")[2]
    return any(name.lower() in (host, f"*.{parent}") for name in names)


def timed(result: Response | Failure, elapsed: float) -> Response | Failure:
    """The result with the seconds since the driver took the request."""
    return replace(result, elapsed=elapsed)


def early(reason: Reason, message: str, resolve: float | None = None) -> Failure:
    """A failure before anything was sent."""
    return Failure(reason, message, Phases(resolve=resolve))
