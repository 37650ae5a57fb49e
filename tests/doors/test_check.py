"""`mailgate check`, the program, against Dovecot, Postfix and a provider of tokens: it names each thing that keeps mail from
coming or going, where it is set, and how to mend it."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from doors.dovecot import PASSWORD, Dovecot
from doors.ground import entered_by_all, why_not
from doors.postfix import Postfix
from doors.token_server import TokenServer
from ports import free_port

from mailgate import checks
from mailgate.cli import outside
from mailgate.config import Config

pytestmark = [pytest.mark.slow, pytest.mark.skipif(bool(why_not()), reason=why_not())]

NAMES = {
    "good": ("localhost", "127.0.0.1"),
    "expired": ("localhost", "127.0.0.1"),
    "other": ("mail.example",),
}


def certify(folder: Path, kind: str) -> dict[str, str]:
    """A certificate that signs itself, as settings of [smtp]: good, expired, or for another name."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, kind)])
    others = [x509.IPAddress(ip_address(n)) if n[0].isdigit() else x509.DNSName(n) for n in NAMES[kind]]
    ends = datetime.now(UTC) + timedelta(days=-1 if kind == "expired" else 30)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), 7, ends - timedelta(days=60), ends)
        .add_extension(x509.SubjectAlternativeName(others), critical=False)
        .sign(key, hashes.SHA256())
    )
    encoding, plain = serialization.Encoding.PEM, serialization.NoEncryption()
    files = {"tls_cert": folder / f"{kind}.pem", "tls_key": folder / f"{kind}.key"}
    files["tls_cert"].write_bytes(made.public_bytes(encoding))
    files["tls_key"].write_bytes(key.private_bytes(encoding, serialization.PrivateFormat.PKCS8, plain))
    return {name: str(path) for name, path in files.items()}


@dataclass
class World:
    """What mailgate is set up with, and the servers behind it."""

    folder: Path
    certificates: dict[str, dict[str, str]]
    imap: dict[str, Dovecot]
    smtp: dict[str, Postfix]
    tokens: TokenServer
    busy: int  # a port that another program has

    def account(self, name: str, server: str = "good", **changed: Any) -> dict[str, Any]:
        """A table [[imap]]."""
        values = {
            "host": "localhost",
            "port": self.imap[server].tls_port,
            "user": "ana",
            "password": PASSWORD,
        }
        return {"name": name, **values, "tls_ca": self.certificates[server]["tls_cert"], **changed}

    def with_token(self, name: str, **oauth: Any) -> dict[str, Any]:
        known = {"token_url": f"{self.tokens.base}/token", "client_id": "c", "client_secret": "s3cret"}
        return self.account(name, password="", auth="xoauth2", oauth={**known, **oauth})

    def relay(self, server: str = "good", login: str = "", **changed: Any) -> dict[str, Any]:
        """The section [relay]."""
        url = f"smtp://{login}localhost:{self.smtp[server].port}"
        return {"url": url, "starttls": "must", "ca_file": self.certificates[server]["tls_cert"], **changed}

    def check(self, *words: str, **sections: Any) -> tuple[int, str]:
        """Run the program; its exit code and what it says."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("MAILGATE_")}
        ours = {f"MAILGATE_{name.upper()}": json.dumps(value) for name, value in sections.items()}
        ours |= {"MAILGATE_DATA_DIR": str(self.folder / "data"), "MAILGATE_TRUST": '{"own_checks": false}'}
        program = Path(sys.executable).with_name("mailgate")
        done = subprocess.run(
            [program, "check", *words], env={**kept, **ours}, capture_output=True, text=True, timeout=120
        )
        assert "Traceback" not in done.stderr
        return done.returncode, done.stdout


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with ExitStack() as stack:
        folder = stack.enter_context(entered_by_all())
        certificates = {kind: certify(folder, kind) for kind in NAMES}
        tokens = TokenServer("ana")
        stack.callback(tokens.close)
        sasl = free_port()
        logins = f"service auth {{\n inet_listener {{\n address = 127.0.0.1\n port = {sasl}\n }}\n}}\n"
        imap, smtp = {}, {}
        for kind, certificate in certificates.items():
            extra = logins if kind == "good" else ""
            server = Dovecot(certificate, tokeninfo=f"{tokens.base}/info", extra=extra)
            imap[kind] = stack.enter_context(server)
            imap[kind].user("ana")
            lines = [f"smtpd_tls_{name[4:]}_file = {path}" for name, path in certificate.items()]
            lines += [
                "smtpd_tls_security_level = may",
                "smtpd_sasl_auth_enable = yes",
                "smtpd_tls_auth_only = yes",
            ]
            lines += ["smtpd_sasl_type = dovecot", f"smtpd_sasl_path = inet:127.0.0.1:{sasl}", ""]
            smtp[kind] = stack.enter_context(Postfix("discard:", main="\n".join(lines)))
        busy = stack.enter_context(socket.create_server(("127.0.0.1", 0))).getsockname()[1]
        yield World(folder, certificates, imap, smtp, tokens, busy)


# ---------------------------------------------------------------- one look at a house where everything is wrong

# about: (words of what is wrong, words of how to mend it)
FOUND = {
    "imap wrong-password": ("localhost refuses the login of ana: [AUTHENTICATIONFAILED]", "correct user and password"),
    "imap no-authority": ("is not valid: self-signed certificate", "name that in tls_ca"),
    "imap expired": ("is not valid: certificate has expired", "let the server have a new certificate"),
    "imap other-name": ("is not valid: Hostname mismatch", "correct host"),
    "imap no-tls": ("no TLS with localhost", 'tls = "implicit" belongs to port 993'),
    "imap no-mailbox": ("ana on localhost has no mailbox Tickets", "correct mailbox; there are: INBOX"),
    "imap unreachable": ("does not answer: Connection refused", "correct host, port and tls"),
    "imap expired-token": ("AADSTS70008: The token has expired", "sign in again and set refresh_token anew"),
    "imap revoked-token": ("refuses the access token of ana", "see scope and the rights of the application"),
    "relay": ("login refused (PLAIN): 535 5.7.8", "correct the name and password in relay.url"),
    "smtp": ("is in use by another program", "set smtp.port"),
    "lmtp": ("is in use by another program", "set lmtp.port"),
    "web": ("is in use by another program", "set web.port"),
}  # fmt: skip


@pytest.fixture(scope="module")
def found(world: World) -> tuple[int, str, list[dict[str, str]]]:
    """Exit code, text and JSON of a house with all these faults."""
    world.tokens.revoked = {f"access-{n}" for n in range(1, 9)}
    accounts = [
        world.account("wrong-password", password="nope"),
        world.account("no-authority", tls_ca=""),
        world.account("expired", "expired"),
        world.account("other-name", "other"),
        world.account("no-tls", port=world.imap["good"].port),
        world.account("no-mailbox", mailbox="Tickets"),
        world.account("unreachable", port=free_port()),
        world.with_token("expired-token", refresh_token="refresh-0"),
        world.with_token("revoked-token", refresh_token="refresh-1"),
        world.account("well"),
    ]
    door = {"port": world.busy}
    sections = {
        "imap": accounts, "relay": world.relay(login="ana:nope@"), "smtp": door, "lmtp": {"enabled": True, **door},
        "web": door,
    }  # fmt: skip
    code, text = world.check(**sections)
    again, answer = world.check("--json", **sections)
    world.tokens.revoked = set()
    assert code == again
    return code, text, json.loads(answer)


@pytest.mark.parametrize("about", FOUND)
def test_each_fault_is_said_with_its_place_and_its_remedy(
    found: tuple[int, str, list[dict[str, str]]], about: str
) -> None:
    code, text, findings = found
    what, mend = FOUND[about]
    assert code == 78
    named = [each for each in findings if each["about"] == about and what in each["what"]]
    assert [each["level"] for each in named] == ["error"], findings
    assert mend in named[0]["mend"]
    assert f"error    {about}: " in text
    assert mend in text


def test_what_is_well_is_said_too_and_no_secret_ever(found: tuple[int, str, list[dict[str, str]]]) -> None:
    _, text, findings = found
    assert "ok       imap well: ana on localhost: INBOX holds 0 mails" in text
    assert not any(
        secret in text + json.dumps(findings) for secret in (PASSWORD, "nope", "s3cret", "access-")
    )


def test_a_house_that_is_well(world: World) -> None:
    login = f"ana:{PASSWORD}@"
    sections = {
        "imap": [world.account("well")],
        "relay": world.relay(login=login),
        "web": {"port": free_port()},
    }
    code, text = world.check(smtp={"port": free_port()}, **sections)
    assert (code, "\nerror" in text) == (0, False), text
    assert "takes mail: mx.example.com, TLSv1.3, logged in" in text


# ---------------------------------------------------------------- the relay, and the other ports


@pytest.mark.parametrize(
    ("server", "changed", "what", "mend"),
    [
        ("good", {"ca_file": ""}, "is not good: self-signed certificate", "name it in relay.ca_file"),
        ("expired", {}, "is not good: certificate has expired", "let the relay have a new certificate"),
        ("other", {}, "is not good: Hostname mismatch", "name the relay in relay.url as its certificate does"),
        ("good", {"ca_file": "/none.pem"}, "/none.pem cannot be used: No such file", "PEM file that mailgate may read"),
        ("good", {"url": "smtp://localhost:{dead}"}, "does not answer: Connection refused", "correct relay.url"),
        ("good", {"url": "smtp://nowhere.invalid"}, "there is no host nowhere.invalid", "correct the host in relay.url"),
        ("good", {"url": "smtps://localhost:{port}"}, "TLS with localhost", "smtp:// for those with STARTTLS"),
        ("good", {"url": "smtp://localhost:{imap}"}, "does not speak SMTP", "correct the host and port in relay.url"),
    ],
    ids=["no authority", "expired", "other name", "no CA file", "unreachable", "no such host", "smtps", "no SMTP"],
)  # fmt: skip
def test_a_relay(world: World, server: str, changed: dict[str, Any], what: str, mend: str) -> None:
    places = {"dead": free_port(), "port": world.smtp["good"].port, "imap": world.imap["good"].port}
    changed = {key: value.format(**places) for key, value in changed.items()}
    [finding] = outside.relay(Config(relay=world.relay(server, **changed)))
    assert finding.level == checks.ERROR
    assert what in finding.what
    assert mend in finding.mend


def test_the_port_with_tls_from_the_first_byte_on(world: World, tmp_path: Path) -> None:
    smtp = {"port": free_port(), "tls_port": world.busy, **world.certificates["good"]}
    found = [each for each in outside.ports(Config(data_dir=tmp_path, smtp=smtp)) if each.level != checks.OK]
    assert [each.mend for each in found] == ["stop that program, or set smtp.tls_port"]


@pytest.mark.parametrize(
    ("cert", "key", "level", "what"),
    [
        ("good", "good", checks.OK, "which ends in 29 days"),
        ("expired", "expired", checks.ERROR, "is not valid: certificate has expired"),
        ("good", "other", checks.ERROR, "cannot be used"),
    ],
)
def test_our_own_certificate(world: World, cert: str, key: str, level: str, what: str) -> None:
    pair = {"tls_cert": world.certificates[cert]["tls_cert"], "tls_key": world.certificates[key]["tls_key"]}
    [finding] = checks.certificate(Config(smtp=pair))
    assert (finding.level, what in finding.what) == (level, True), finding
    assert bool(finding.mend) == (level != checks.OK)
