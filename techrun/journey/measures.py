"""The measurements of a run's last page, by the names of blackbox_exporter without `probe_`."""

from __future__ import annotations

from email.utils import parsedate_to_datetime
from functools import lru_cache

from techrun.exchange import Certificate
from techrun.journey.session import Arrival


def measures(arrival: Arrival | None, certificate: Certificate | None) -> dict[str, float]:
    """What is known of the last page; of a page that never came only the certificate, if there was one."""
    found: dict[str, float] = {}
    if certificate is not None and certificate.earliest_expiry:
        found["ssl_earliest_cert_expiry"] = certificate.earliest_expiry
    if arrival is None:
        return found
    response = arrival.response
    length = response.header("content-length") or ""
    found["http_status_code"] = float(response.status)
    found["http_version"] = _number(response.http_version)
    found["http_ssl"] = float(arrival.url.startswith("https:"))
    found["http_redirects"] = float(arrival.redirects)
    found["http_content_length"] = float(length) if length.isdecimal() and len(length) < 16 else -1.0
    found["http_uncompressed_body_length"] = float(len(response.body))
    if response.address:
        found["ip_protocol"] = 6.0 if ":" in response.address else 4.0
    modified = _moment(response.header("last-modified"))
    if modified is not None:
        found["http_last_modified_timestamp_seconds"] = modified
    return found


def _number(version: str) -> float:
    try:
        return float(version)
    except ValueError:
        return 0.0


@lru_cache(4096)  # a page says the same for days, and reading it takes 3 % of a probe
def _moment(text: str | None) -> float | None:
    try:
        return parsedate_to_datetime(text).timestamp() if text else None
    except (ValueError, OverflowError, OSError):
        return None
