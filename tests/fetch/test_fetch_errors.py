"""Every error of libcurl has a reason and words for a person."""

import errno
import re

import pycurl
import pytest

from techrun.fetch.errors import HIGHEST_CODE, MEANINGS, Trouble, reason_and_words
from techrun.model import Reason

CODES = {
    name: value
    for name, value in vars(pycurl).items()
    if name.startswith("E_") and not name.startswith(("E_MULTI_", "E_CALL_MULTI", "E_OK"))
}
"""All codes that a transfer can end with; those of the multi interface are raised as exceptions."""


@pytest.mark.parametrize("name", CODES)
def test_every_code_that_pycurl_knows_has_a_reason(name):
    assert CODES[name] in MEANINGS


def test_codes_without_a_name_in_pycurl_have_a_reason_too():
    assert set(range(1, HIGHEST_CODE + 1)) <= set(MEANINGS)


def test_a_code_of_a_later_libcurl_is_our_own_error_until_it_is_understood():
    reason, message = reason_and_words(Trouble("shop.example:443", 12345, "something new"))
    assert reason is Reason.INTERNAL
    assert "12345" in message


@pytest.mark.parametrize("code", sorted(MEANINGS))
def test_a_message_is_words_for_a_person_and_names_the_peer_or_our_part(code):
    for phase in ("connect", "tls", "processing", "transfer"):
        _, message = reason_and_words(Trouble("shop.example:443", code, phase=phase, seconds=1.5))
        assert not re.search(r"curl|CURLE|E_[A-Z]|\{|\}", message)
        assert "shop.example:443" in message or "proxy" in message or "authorities" in message


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        (pycurl.E_COULDNT_RESOLVE_HOST, Reason.DNS),
        (pycurl.E_COULDNT_CONNECT, Reason.CONNECT),
        (pycurl.E_SSL_CONNECT_ERROR, Reason.TLS),
        (pycurl.E_PEER_FAILED_VERIFICATION, Reason.TLS),
        (pycurl.E_OPERATION_TIMEDOUT, Reason.TIMEOUT),
        (pycurl.E_GOT_NOTHING, Reason.PROTOCOL),
        (pycurl.E_PARTIAL_FILE, Reason.PROTOCOL),
        (pycurl.E_HTTP2, Reason.PROTOCOL),
        (pycurl.E_BAD_CONTENT_ENCODING, Reason.DECODE),
        (pycurl.E_FILESIZE_EXCEEDED, Reason.SIZE),
        (pycurl.E_ABORTED_BY_CALLBACK, Reason.INTERRUPTED),
        (pycurl.E_OUT_OF_MEMORY, Reason.INTERNAL),
        (pycurl.E_FTP_WEIRD_PASV_REPLY, Reason.INTERNAL),
    ],
    ids=str,
)
def test_the_reason_fits_what_happened(code, reason):
    assert reason_and_words(Trouble("shop.example:443", code))[0] is reason


def test_a_refused_connection_reads_like_this():
    trouble = Trouble(
        "shop.example:443",
        pycurl.E_COULDNT_CONNECT,
        errno=errno.ECONNREFUSED,
        seconds=0.0123,
        addresses=("10.0.0.1",),
    )
    assert reason_and_words(trouble)[1] == (
        "no connection to shop.example:443 after 12 ms: "
        "it refuses connections (nothing listens there) (tried 10.0.0.1)"
    )
