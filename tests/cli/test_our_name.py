"""Our own certificate: whether it is for the name under which we greet, and when it ends, for whoever watches the metrics."""

from __future__ import annotations

import subprocess
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from work.peer import certify

from mailgate import counters
from mailgate.checks import WARNING
from mailgate.cli.our_name import certificate_name
from mailgate.config import Config
from mailgate.intake.certificate import Certificate

pytestmark = pytest.mark.slow
_DAY = 86_400
PEM = serialization.Encoding.PEM


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Certificates for a host, for all of a domain, and for no host at all."""
    folder = tmp_path_factory.mktemp("names")
    for name in ("mx.example.com", "*.example.com", "*.example.org", "MX.Example.NET"):
        certify(folder, name)
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=mx.example.com",
         "-addext", "subjectAltName=email:a@mx.example.com", "-keyout", folder / "none.key", "-out", folder / "none.pem"],
        check=True, capture_output=True,
    )  # fmt: skip
    return folder


@pytest.mark.parametrize(
    ("certificate", "hostname", "words"),
    [
        ("mx.example.com", "mx.example.com", ""),
        ("mx.example.com", "MX.example.com.", ""),
        ("MX.Example.NET", "mx.example.net", ""),
        ("*.example.com", "mx.example.com", ""),
        ("*.example.com", "a.mx.example.com", "is for *.example.com"),
        ("*.example.com", "example.com", "is for *.example.com"),
        ("*.example.org", "mx.example.com", "is for *.example.org"),
        ("mx.example.com", "mail.example.com", "smtp.hostname is mail.example.com"),
        ("mx.example.com", "", "is not set, so we greet as example.com"),
        ("none", "mx.example.com", "is for no name of a host"),
        ("gone", "mx.example.com", ""),  # which another check tells
    ],
)
def test_a_certificate_for_another_name(folder: Path, certificate: str, hostname: str, words: str) -> None:
    files = {"tls_cert": str(folder / f"{certificate}.pem"), "tls_key": str(folder / f"{certificate}.key")}
    found = list(certificate_name(Config.model_validate({"smtp": {**files, "hostname": hostname}})))
    assert [finding.level for finding in found] == [WARNING] * bool(words)
    assert all(words in finding.what and "smtp.hostname" in finding.mend for finding in found)


def test_without_a_certificate_nothing_is_said() -> None:
    assert list(certificate_name(Config())) == []


def ends() -> float:
    return counters.numbers().gauges["tls_cert_expires", ()]


def test_the_end_of_the_certificate_in_use_is_a_metric(tmp_path: Path) -> None:
    chain, secret = tmp_path / "chain.pem", tmp_path / "chain.key"
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mx.example.com")])
    form = serialization.PrivateFormat.PKCS8
    secret.write_bytes(key.private_bytes(PEM, form, serialization.NoEncryption()))

    def renew(days: int) -> None:
        last = datetime.now(UTC) + timedelta(days=days)
        made = x509.CertificateBuilder(name, name, key.public_key(), 7, last - timedelta(days=60), last)
        chain.write_bytes(made.sign(key, hashes.SHA256()).public_bytes(PEM))

    counters.clear()
    renew(2)
    held = Certificate(str(chain), str(secret))
    assert ends() == pytest.approx(time.time() + 2 * _DAY, abs=600)
    renew(30)
    assert held.look()
    assert ends() == pytest.approx(time.time() + 30 * _DAY, abs=600)
    renew(-2)
    assert held.look()
    assert ends() == 0, "it has ended"
