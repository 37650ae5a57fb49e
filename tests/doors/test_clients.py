"""The programs that people send with, against our door: in clear, by STARTTLS and with TLS first, with a login, behind a proxy."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from doors.listener import OWN, USERS, Listener

pytestmark = pytest.mark.slow

TO, SENDER, PASSWORD = "support@example.com", "scan@example.com", "password1"
MAIL = f"From: {SENDER}\nTo: {TO}\nSubject: Printer on fire\n\nHelp.\n.dot\n"


class Place:
    """A door with two ports, and what a client must know of it."""

    def __init__(self, listener: Listener, tls_port: int, certificate: str, folder: Path) -> None:
        self.listener, self.port, self.tls_port = listener, listener.port, tls_port
        self.certificate, self.folder = certificate, folder

    def run(self, *command: object, text: str = MAIL) -> str:
        """The client's words; its folder of settings is empty. Fails when it does."""
        environment = {**os.environ, "HOME": str(self.folder), "MAILRC": "/dev/null", "LC_ALL": "C.UTF-8"}
        done = subprocess.run(
            [str(word) for word in command],
            input=text, text=True, capture_output=True, timeout=60, env=environment, cwd=self.folder,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


@pytest.fixture
def place(
    listen: Callable[..., Listener], certificate: dict[str, str], free_port: int, tmp_path: Path
) -> Callable[..., Place]:
    def start(**smtp: Any) -> Place:
        settings = {**certificate, "port": 0, "tls_port": free_port, "users": USERS, **smtp}
        return Place(listen(smtp=settings, trust=OWN), free_port, certificate["tls_cert"], tmp_path)

    return start


def swaks(p: Place, *options: object) -> None:
    p.run(
        "swaks",
        "--server",
        "127.0.0.1",
        "--to",
        TO,
        "--from",
        SENDER,
        "--data",
        "-",
        "--timeout",
        "20",
        *options,
    )


LOGIN = ("--auth-user", "scan", "--auth-password", PASSWORD)
SWAKS: dict[str, tuple[str, tuple[str, ...]]] = {
    "clear": ("", ()),
    "STARTTLS": ("tls", ("--tls",)),
    "STARTTLS and PLAIN": ("tls login", ("--tls", "--auth", "PLAIN", *LOGIN)),
    "STARTTLS and LOGIN": ("tls login", ("--tls", "--auth", "LOGIN", *LOGIN)),
}


def _swaks_plain(options: tuple[str, ...]) -> Callable[[Place], None]:
    return lambda p: swaks(p, "--port", p.port, *options)


def _msmtp(p: Place, *options: object) -> None:
    p.run(
        "msmtp", "--file=/dev/null", "--host=localhost", f"--tls-trust-file={p.certificate}", f"--from={SENDER}",
        "--user=scan", f"--passwordeval=echo {PASSWORD}", "--tls=on", *options, TO,
    )  # fmt: skip


def _curl(p: Place, url: str, *options: object) -> None:
    p.run(
        "curl", "-sS", "--url", url, "--cacert", p.certificate, "--mail-from", SENDER, "--mail-rcpt", TO, "--crlf",
        "-T", "-", "--max-time", "30", *options,
    )  # fmt: skip


def _snail(p: Place, scheme: str, port: int, *options: object) -> None:
    p.run(
        "s-nail", "-:/", "-S", "v15-compat", "-S", f"mta={scheme}://scan:{PASSWORD}@localhost:{port}",
        "-S", f"tls-ca-file={p.certificate}", "-S", "tls-ca-no-defaults", "-S", f"from={SENDER}",
        "-S", "smtp-auth=plain", "-S", "tls-verify=strict", *options, "-s", "Printer on fire", TO, text="Help.\n.dot\n",
    )  # fmt: skip


def _mutt(p: Place, scheme: str, port: int, starttls: str) -> None:
    settings = {
        "smtp_url": f"{scheme}://scan@localhost:{port}/", "smtp_pass": PASSWORD, "from": SENDER, "ssl_starttls": starttls,
        "certificate_file": p.certificate, "copy": "no", "ssl_usesystemcerts": "no", "smtp_authenticators": "plain",
    }  # fmt: skip
    rc = p.folder / "muttrc"
    rc.write_text("".join(f'set {key}="{value}"\n' for key, value in settings.items()))
    p.run("mutt", "-n", "-F", rc, "-s", "Printer on fire", TO, text="Help.\n.dot\n")


CLIENTS: dict[str, tuple[str, Callable[[Place], None]]] = {
    **{f"swaks {name}": (wanted, _swaks_plain(options)) for name, (wanted, options) in SWAKS.items()},
    "swaks TLS first": ("tls login", lambda p: swaks(p, "--port", p.tls_port, "--tlsc", "--auth", "PLAIN", *LOGIN)),
    "swaks pipelining": ("", lambda p: swaks(p, "--port", p.port, "--pipeline")),
    "msmtp STARTTLS": ("tls login", lambda p: _msmtp(p, f"--port={p.port}", "--auth=plain")),
    "msmtp TLS first": ("tls login", lambda p: _msmtp(p, f"--port={p.tls_port}", "--tls-starttls=off", "--auth=login")),
    "curl clear": ("", lambda p: _curl(p, f"smtp://localhost:{p.port}")),
    "curl STARTTLS": ("tls login", lambda p: _curl(p, f"smtp://localhost:{p.port}", "--ssl-reqd", "--user", f"scan:{PASSWORD}")),
    "curl TLS first": ("tls login", lambda p: _curl(p, f"smtps://localhost:{p.tls_port}", "--user", f"scan:{PASSWORD}")),
    "s-nail STARTTLS": ("tls login", lambda p: _snail(p, "smtp", p.port, "-S", "smtp-use-starttls")),
    "s-nail TLS first": ("tls login", lambda p: _snail(p, "smtps", p.tls_port)),
    "mutt STARTTLS": ("tls login", lambda p: _mutt(p, "smtp", p.port, "yes")),
    "mutt TLS first": ("tls login", lambda p: _mutt(p, "smtps", p.tls_port, "no")),
}  # fmt: skip


@pytest.mark.parametrize(("wanted", "send"), CLIENTS.values(), ids=CLIENTS)
def test_a_mail_arrives_as_it_was_sent(
    place: Callable[..., Place], wanted: str, send: Callable[[Place], None]
) -> None:
    p = place()
    send(p)
    ((envelope, raw),) = p.listener.mails
    assert (envelope.mail_from, envelope.rcpt_to) == (SENDER, (TO,))
    assert (envelope.tls, envelope.auth_user) == ("tls" in wanted, "scan" if "login" in wanted else "")
    assert envelope.auth_addresses == ((SENDER,) if "login" in wanted else ())
    assert b"Subject: Printer on fire\r\n" in raw
    assert b"\r\n\r\nHelp.\r\n.dot\r\n" in raw


@pytest.mark.parametrize("version", ["1", "2"])
@pytest.mark.parametrize("tls", ["clear", "STARTTLS", "TLS first"])
def test_swaks_behind_a_proxy(place: Callable[..., Place], version: str, tls: str) -> None:
    p = place(proxies=["127.0.0.1"])
    family = "TCP4" if version == "1" else "AF_INET"
    header = (
        *("--proxy-version", version, "--proxy-family", family),
        *("--proxy-source", "203.0.113.9", "--proxy-source-port", "4000"),
        *("--proxy-dest", "192.0.2.1", "--proxy-dest-port", "25"),
    )
    options = {"clear": (), "STARTTLS": ("--tls",), "TLS first": ("--tlsc",)}[tls]
    swaks(p, "--port", p.tls_port if tls == "TLS first" else p.port, *header, *options)
    ((envelope, _),) = p.listener.mails
    assert (envelope.peer, envelope.tls) == ("203.0.113.9", tls != "clear")


@pytest.mark.parametrize("client", ["msmtp", "curl"])
def test_a_wrong_password_is_refused(place: Callable[..., Place], client: str) -> None:
    p = place()
    with pytest.raises(AssertionError, match=r"535|[Dd]enied|authentication failed"):
        if client == "msmtp":
            _msmtp(p, f"--port={p.port}", "--auth=plain", "--passwordeval=echo wrong-one")
        else:
            _curl(p, f"smtps://localhost:{p.tls_port}", "--user", "scan:wrong-one")
    assert p.listener.mails == []
