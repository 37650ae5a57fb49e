"""TLS from the first byte on, and certificates that change while the door is open."""

from __future__ import annotations

import shutil
import socket
import ssl
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from doors.listener import (
    GOOD_LOGIN,
    HELLO,
    MAIL,
    STRANGERS,
    USERS,
    Listener,
    certify,
    client_tls,
    codes,
    eventually,
    everything,
    until,
)  # fmt: skip
from structlog.testing import capture_logs

from mailgate.config import Config
from mailgate.errors import ConfigError
from mailgate.intake.certificate import Certificate


@pytest.fixture
def tls_door(
    listen: Callable[..., Listener], certificate: dict[str, str], free_port: int
) -> Callable[..., Any]:
    """Start a door with a port of TLS: (listener, how to connect there)."""

    def start(**settings: Any) -> tuple[Listener, Callable[[], ssl.SSLSocket]]:
        smtp = {**certificate, "port": 0, "tls_port": free_port, **settings.pop("smtp", {})}
        listener = listen(smtp=smtp, **settings)

        def connect() -> ssl.SSLSocket:
            return client_tls().wrap_socket(socket.create_connection(("127.0.0.1", free_port), 10))

        return listener, connect

    return start


def test_a_mail_over_tls_from_the_first_byte_on(tls_door: Callable[..., Any]) -> None:
    listener, connect = tls_door()
    with connect() as sock:
        assert until(sock, b"\r\n").startswith(b"220 ")
        sock.sendall(HELLO)
        offered = until(sock, b"RCPTMAX=100\r\n")
        assert b"STARTTLS" not in offered
        sock.sendall(MAIL + b"DATA\r\n")
        until(sock, b"354")
        sock.sendall(b"Subject: x\r\n\r\nx\r\n.\r\nSTARTTLS\r\nQUIT\r\n")
        assert codes(everything(sock)) == ["250", "503", "221"]
    assert [envelope.tls for envelope, _ in listener.mails] == [True]


def test_a_login_needs_no_starttls_there(tls_door: Callable[..., Any]) -> None:
    _, connect = tls_door(smtp={"users": USERS}, trust=STRANGERS)
    with connect() as sock:
        sock.sendall(HELLO + GOOD_LOGIN + b"QUIT\r\n")
        replies = everything(sock)
        assert b"AUTH PLAIN LOGIN" in replies
        assert codes(replies) == ["220", "250", "235", "221"]


def test_words_in_clear_get_no_answer_in_clear(tls_door: Callable[..., Any], free_port: int) -> None:
    listener, _ = tls_door()
    with socket.create_connection(("127.0.0.1", free_port), 10) as sock:
        sock.sendall(HELLO * 20)
        assert b"220" not in everything(sock)  # a TLS alert at most
    assert eventually(lambda: listener.server.door.gate.inside == 0)


def test_a_handshake_that_stands_still_ends(tls_door: Callable[..., Any], free_port: int) -> None:
    listener, _ = tls_door()
    with socket.create_connection(("127.0.0.1", free_port), 10) as sock:
        assert eventually(lambda: listener.server.door.gate.inside == 1)
        listener.sweep(301)
        assert everything(sock) == b""
    assert eventually(lambda: listener.server.door.gate.inside == 0)


def test_one_too_many_is_closed_without_a_word(tls_door: Callable[..., Any], free_port: int) -> None:
    listener, connect = tls_door(smtp={"max_connections_per_client": 1}, trust=STRANGERS)
    with connect() as first:
        until(first, b"220 ")
        with socket.create_connection(("127.0.0.1", free_port), 10) as second:
            assert everything(second) == b""
    assert eventually(lambda: listener.server.door.gate.inside == 0)


def test_openssl_finds_a_modern_tls(
    tls_door: Callable[..., Any], certificate: dict[str, str], free_port: int
) -> None:
    tls_door()
    command = ["openssl", "s_client", "-quiet", "-verify_return_error", "-CAfile", certificate["tls_cert"]]
    command += ["-verify_hostname", "localhost", "-connect", f"127.0.0.1:{free_port}"]
    done = subprocess.run([*command, "-ign_eof"], input=b"QUIT\r\n", capture_output=True, timeout=30)
    assert done.stdout.startswith(b"220 "), done.stderr
    old = subprocess.run([*command, "-tls1_1"], input=b"", capture_output=True, timeout=30)
    assert b"220 " not in old.stdout


# ---------------------------------------------------------------- certificates that change


def serial(listener: Listener, port: int) -> bytes:
    """The certificate that a new connection meets, by STARTTLS where `port` is the plain one."""
    with socket.create_connection(("127.0.0.1", port), 10) as sock:
        if port == listener.port:
            until(sock, b"220 ")
            sock.sendall(HELLO + b"STARTTLS\r\n")
            until(sock, b"220 2.0.0")
        with client_tls().wrap_socket(sock) as wire:
            found = wire.getpeercert(binary_form=True)
            assert found is not None
            return found


def test_a_renewed_certificate_is_in_use_at_once_on_both_ports(
    listen: Callable[..., Listener], tmp_path: Path, free_port: int
) -> None:
    paths = certify(tmp_path)
    listener = listen(smtp={**paths, "port": 0, "tls_port": free_port, "timeout": 4})  # a sweep each second
    before = serial(listener, listener.port)
    assert serial(listener, free_port) == before
    (tmp_path / "new").mkdir()
    certify(tmp_path / "new")
    for name in (
        "cert.pem",
        "key.pem",
    ):  # one after the other, as programs do; between the two they do not match
        shutil.copyfile(tmp_path / "new" / name, tmp_path / name)
    assert eventually(lambda: serial(listener, listener.port) != before)
    assert serial(listener, free_port) == serial(listener, listener.port)


@pytest.mark.parametrize("broken", ["cert.pem", "key.pem"])
def test_a_broken_one_keeps_the_old_and_says_so_once(tmp_path: Path, broken: str) -> None:
    paths = certify(tmp_path)
    certificate = Certificate(paths["tls_cert"], paths["tls_key"])
    context, whole = certificate.context, (tmp_path / broken).read_bytes()
    (tmp_path / broken).write_bytes(b"half a file")
    with capture_logs() as logs:
        assert [certificate.look() for _ in range(3)] == [False] * 3
    assert [line["log_level"] for line in logs] == ["error"]
    assert certificate.context is context
    (tmp_path / broken).unlink()
    assert not certificate.look()
    (tmp_path / broken).write_bytes(whole)
    assert certificate.look()
    assert certificate.context is not context


def test_nothing_is_read_while_nothing_changes(tmp_path: Path) -> None:
    paths = certify(tmp_path)
    certificate = Certificate(paths["tls_cert"], paths["tls_key"])
    assert not certificate.look()
    link = tmp_path / "link.pem"
    link.symlink_to("cert.pem")
    linked = Certificate(str(link), paths["tls_key"])
    (tmp_path / "new").mkdir()
    shutil.copy(tmp_path / "cert.pem", tmp_path / "new" / "cert.pem")
    link.unlink()
    link.symlink_to("new/cert.pem")  # as certbot does
    assert linked.look()


def test_a_key_with_a_passphrase_asks_nobody(tmp_path: Path) -> None:
    paths = certify(tmp_path)
    locked = tmp_path / "locked.pem"
    subprocess.run(
        ["openssl", "ec", "-aes256", "-passout", "pass:secret", "-in", paths["tls_key"], "-out", locked],
        check=True, capture_output=True,
    )  # fmt: skip
    with pytest.raises(ConfigError, match="tls_key"):
        Certificate(paths["tls_cert"], str(locked))


@pytest.mark.parametrize(
    "smtp", [{"tls_port": 465}, {"tls_port": 2525, "tls_cert": "a", "tls_key": "b"}], ids=["bare", "twice"]
)
def test_settings_that_cannot_be(smtp: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="tls_port"):
        Config(smtp=smtp)  # type: ignore[arg-type]
