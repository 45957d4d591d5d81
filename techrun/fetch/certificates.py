"""Reads the chain that a TLS server presented."""

from __future__ import annotations

from functools import lru_cache

from cryptography import x509
from cryptography.hazmat.primitives import hashes

from techrun.exchange import Certificate


@lru_cache(512)
def certificate(chain: tuple[str, ...], tls_version: str = "", cipher: str = "") -> Certificate | None:
    """The first certificate of a presented chain of PEM texts; None if it cannot be read.

    Kept by content: shops show the same chain for weeks, and parsing it takes longer than a request.
    """
    try:
        parsed = [x509.load_pem_x509_certificate(pem.encode()) for pem in chain]
    except ValueError:
        return None
    return describe(parsed, tls_version, cipher) if parsed else None


def describe(chain: list[x509.Certificate], tls_version: str = "", cipher: str = "") -> Certificate:
    """What the probes report of a chain, the server's own certificate first."""
    leaf = chain[0]
    return Certificate(
        subject=leaf.subject.rfc4514_string(),
        issuer=leaf.issuer.rfc4514_string(),
        not_before=leaf.not_valid_before_utc.timestamp(),
        not_after=leaf.not_valid_after_utc.timestamp(),
        names=_names(leaf),
        earliest_expiry=min(one.not_valid_after_utc.timestamp() for one in chain),
        fingerprint_sha256=leaf.fingerprint(hashes.SHA256()).hex(),
        serial=format(leaf.serial_number, "x"),
        tls_version=tls_version,
        cipher=cipher,
    )


def _names(leaf: x509.Certificate) -> tuple[str, ...]:
    """The names and addresses it is valid for."""
    try:
        names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (x509.ExtensionNotFound, ValueError):
        return ()
    addresses = names.get_values_for_type(x509.IPAddress)
    return (*names.get_values_for_type(x509.DNSName), *map(str, addresses))
