"""When a certificate begins, read from certificates that another library has made."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from sakura_fleet.client._x509 import not_before


def certificate(begins: datetime) -> str:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "www.example.com")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(begins + timedelta(days=45))
        .sign(key, hashes.SHA256())
    )
    return made.public_bytes(serialization.Encoding.PEM).decode()


@pytest.mark.parametrize("year", [2026, 2049, 2050, 2100])
def test_a_certificate_says_when_it_begins(year: int) -> None:
    begins = datetime(year, 2, 3, 4, 5, 6, tzinfo=UTC)
    pem = certificate(begins)
    assert not_before(pem) == begins
    assert not_before(f"text before\n{pem}{certificate(begins + timedelta(days=1))}") == begins, "the first one"


def test_what_is_no_certificate_says_nothing() -> None:
    pem = certificate(datetime(2026, 1, 1, tzinfo=UTC))
    first, *lines, last, _ = pem.split("\n")
    for text in ("", "no PEM", "\n".join([first, *lines[:1], last]), "\n".join([first, "!!!!", last])):
        assert not_before(text) is None
