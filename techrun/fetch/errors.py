"""What libcurl's error codes mean for a check, in one table and in words.

The engineer who reads such a message was asleep a minute ago: it names the peer, what happened and
after how long, and nothing of libcurl.
"""

from __future__ import annotations

import errno
from dataclasses import dataclass

import pycurl

from techrun.model import Reason

E_HTTP2_STREAM = 92
E_HTTP3 = 95
E_QUIC_CONNECT_ERROR = 96
E_PROXY = 97
E_SSL_CLIENTCERT = 98
E_TOO_LARGE = 100
E_ECH_REQUIRED = 101
"""Codes of libcurl that pycurl has no names for."""

_MEANINGS: tuple[tuple[Reason, str, tuple[int, ...]], ...] = (
    (Reason.DNS, "{peer} could not be resolved", (pycurl.E_COULDNT_RESOLVE_HOST,)),
    (Reason.DNS, "the proxy's name could not be resolved", (pycurl.E_COULDNT_RESOLVE_PROXY,)),
    (Reason.CONNECT, "no connection to {peer}", (pycurl.E_COULDNT_CONNECT, pycurl.E_INTERFACE_FAILED)),
    (Reason.CONNECT, "no HTTP/3 connection to {peer}", (E_QUIC_CONNECT_ERROR,)),
    (Reason.CONNECT, "the proxy made no connection to {peer}", (E_PROXY,)),
    (
        Reason.TLS,
        "the TLS handshake with {peer} failed",
        (
            pycurl.E_SSL_CONNECT_ERROR,
            pycurl.E_SSL_CIPHER,
            pycurl.E_USE_SSL_FAILED,
            pycurl.E_SSL_CERTPROBLEM,
            pycurl.E_SSL_SHUTDOWN_FAILED,
            E_SSL_CLIENTCERT,
            E_ECH_REQUIRED,
        ),
    ),
    (
        Reason.TLS,
        "the certificate of {peer} is refused",
        (
            pycurl.E_PEER_FAILED_VERIFICATION,
            pycurl.E_SSL_ISSUER_ERROR,
            pycurl.E_SSL_PINNEDPUBKEYNOTMATCH,
            pycurl.E_SSL_INVALIDCERTSTATUS,
        ),
    ),
    (Reason.TIMEOUT, "{peer} did not answer in time", (pycurl.E_OPERATION_TIMEDOUT,)),
    (Reason.PROTOCOL, "{peer} closed the connection without answering", (pycurl.E_GOT_NOTHING,)),
    (Reason.PROTOCOL, "{peer} broke off its answer", (pycurl.E_PARTIAL_FILE,)),
    (Reason.PROTOCOL, "the connection to {peer} broke while its answer was awaited", (pycurl.E_RECV_ERROR,)),
    (
        Reason.PROTOCOL,
        "the connection to {peer} broke while the request was sent",
        (pycurl.E_SEND_ERROR, pycurl.E_SEND_FAIL_REWIND),
    ),
    (
        Reason.PROTOCOL,
        "{peer} answered with something that is not HTTP",
        (pycurl.E_UNSUPPORTED_PROTOCOL, pycurl.E_FTP_WEIRD_SERVER_REPLY, pycurl.E_CHUNK_FAILED),
    ),
    (Reason.PROTOCOL, "{peer} broke the rules of HTTP/2", (pycurl.E_HTTP2, E_HTTP2_STREAM)),
    (Reason.PROTOCOL, "{peer} broke the rules of HTTP/3", (E_HTTP3,)),
    (
        Reason.PROTOCOL,
        "the request to {peer} cannot be sent as it is written",
        (pycurl.E_URL_MALFORMAT, pycurl.E_URL_MALFORMAT_USER, pycurl.E_HTTP_POST_ERROR, pycurl.E_RANGE_ERROR),
    ),
    (
        Reason.PROTOCOL,
        "{peer} or a proxy before it turned the request down",
        (pycurl.E_HTTP_RETURNED_ERROR, pycurl.E_LOGIN_DENIED, pycurl.E_REMOTE_ACCESS_DENIED),
    ),
    (Reason.SIZE, "the answer of {peer} is too large", (pycurl.E_FILESIZE_EXCEEDED, E_TOO_LARGE)),
    (Reason.DECODE, "the answer of {peer} cannot be decompressed", (pycurl.E_BAD_CONTENT_ENCODING,)),
    (Reason.REDIRECT, "{peer} redirects too often", (pycurl.E_TOO_MANY_REDIRECTS,)),
    (Reason.INTERRUPTED, "techrun was stopped", (pycurl.E_ABORTED_BY_CALLBACK,)),
    (
        Reason.INTERNAL,
        "the file of trusted certificate authorities cannot be read",
        (pycurl.E_SSL_CACERT_BADFILE, pycurl.E_SSL_CRL_BADFILE),
    ),
)

_NOT_OURS = "{peer} could not be asked, by an error of techrun"
"""For codes that only other protocols or our own mistakes can bring about."""

HIGHEST_CODE = 101

_CODES = (*range(1, HIGHEST_CODE + 1), pycurl.E_ALREADY_COMPLETE)

MEANINGS: dict[int, tuple[Reason, str]] = {
    **dict.fromkeys(_CODES, (Reason.INTERNAL, _NOT_OURS)),
    **{code: (reason, words) for reason, words, codes in _MEANINGS for code in codes},
}
"""Reason and words of every code; codes for what other protocols do are our own error."""

_BROKEN = {pycurl.E_SEND_ERROR, pycurl.E_RECV_ERROR, pycurl.E_GOT_NOTHING}
_BROKEN_EARLY = {"connect": pycurl.E_COULDNT_CONNECT, "tls": pycurl.E_SSL_CONNECT_ERROR}
"""What a broken connection means before there was one to send over (QUIC, proxies)."""

_ERRNO_WORDS = {
    errno.ECONNREFUSED: "it refuses connections (nothing listens there)",
    errno.ENETUNREACH: "there is no route to it from here",
    errno.EHOSTUNREACH: "there is no route to it from here",
    errno.ETIMEDOUT: "it does not react",
    errno.ECONNRESET: "it reset the connection",
    errno.EACCES: "this machine's firewall forbids it",
    errno.EPERM: "this machine's firewall forbids it",
    errno.EMFILE: "this process has too many open files",
    errno.EADDRNOTAVAIL: "this machine has no free port or address for it",
}

_PLAIN_HTTP = ("wrong version number", "packet length too long", "record layer failure", "http request")

_VERIFY_WORDS = {
    9: "it is not valid yet",
    10: "it has expired",
    18: "it is self-signed",
    19: "its chain ends in an authority that signed itself and is not trusted",
    20: "its issuer is not trusted (or the server leaves out an intermediate certificate)",
    21: "its issuer is not trusted (or the server leaves out an intermediate certificate)",
    23: "it has been revoked",
    62: "it is for another name",
    64: "it is for another address",
}
"""OpenSSL's verdicts."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """What is known of a transfer that failed."""

    peer: str
    code: int
    detail: str = ""
    """libcurl's own text."""
    errno: int = 0
    verify_result: int = 0
    phase: str = ""
    """The phase that it failed in."""
    seconds: float = 0.0
    """How long it took to fail; for a time-out, what it was given."""
    addresses: tuple[str, ...] = ()
    received: int = 0

    @property
    def tried(self) -> str:
        """The addresses, as a remark; nothing where the peer is called by its address."""
        host = self.peer.rpartition(":")[0].strip("[]")
        return f" (tried {', '.join(self.addresses)})" if {host, *self.addresses} != {host} else ""


def reason_and_words(trouble: Trouble) -> tuple[Reason, str]:
    """Why it failed, for the metric and for a person."""
    code = _BROKEN_EARLY.get(trouble.phase, trouble.code) if trouble.code in _BROKEN else trouble.code
    reason, words = MEANINGS.get(code, (Reason.INTERNAL, _NOT_OURS))
    text = words.format(peer=trouble.peer)
    if reason is Reason.TIMEOUT:
        return reason, _timeout(trouble)
    if reason is Reason.INTERRUPTED:
        return reason, f"{text} while {trouble.peer} was asked"
    extra = _extra(reason, trouble)
    return reason, f"{text} after {_time(trouble.seconds)}" + (f": {extra}" if extra else "")


def _time(seconds: float) -> str:
    return f"{seconds * 1000:.2g} ms" if seconds < 0.1 else f"{seconds:.2g} s"


def certificate_words(verify_result: int, default: str) -> str:
    """A verdict on a certificate in words."""
    return _VERIFY_WORDS.get(verify_result, default)


def _extra(reason: Reason, trouble: Trouble) -> str:
    if reason is Reason.CONNECT:
        return _ERRNO_WORDS.get(trouble.errno, "it cannot be reached") + trouble.tried
    if reason is Reason.TLS:
        detail = trouble.detail.rpartition("::")[2].strip()
        speaks_plain = any(sign in detail for sign in _PLAIN_HTTP)
        return "it does not speak TLS on this port" if speaks_plain else detail
    if trouble.code == pycurl.E_PARTIAL_FILE:
        return f"only {trouble.received} bytes of the body arrived"
    if reason is Reason.INTERNAL:
        return f"{trouble.detail} (code {trouble.code})"
    return ""


def _timeout(trouble: Trouble) -> str:
    within = f"within {trouble.seconds:.3g} s"
    if trouble.phase == "connect":
        return f"{trouble.peer} accepted no connection {within}{trouble.tried}"
    if trouble.phase == "tls":
        return f"{trouble.peer} did not finish the TLS handshake {within}"
    if trouble.phase == "transfer":
        return (
            f"{trouble.peer} did not finish its answer {within}: {trouble.received} bytes of the body arrived"
        )
    return f"{trouble.peer} took the request but did not answer {within}"
