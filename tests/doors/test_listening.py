"""Where the door listens: IPv4 and IPv6, several hosts, ports that are taken, and the sockets of systemd."""

from __future__ import annotations

import fcntl
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from doors.listener import Listener, codes, everything, until

from mailgate.config import Smtp
from mailgate.errors import Unavailable
from mailgate.intake import listening

IPV6 = socket.has_dualstack_ipv6()


def greets(host: str, port: int) -> bool:
    try:
        with socket.create_connection((host, port), 10) as sock:
            return until(sock, b"\r\n").startswith(b"220 ")
    except OSError:
        return False


@pytest.mark.parametrize(
    ("host", "answering"),
    [
        ("127.0.0.1", {"127.0.0.1"}),
        ("::1", {"::1"}),
        ("", {"127.0.0.1", "::1", "127.9.9.9"}),
        ("::", {"127.0.0.1", "::1", "127.9.9.9"}),
        ("*", {"127.0.0.1", "::1", "127.9.9.9"}),
        ("0.0.0.0", {"127.0.0.1", "127.9.9.9"}),
        (["127.0.0.1", "::1"], {"127.0.0.1", "::1"}),
        (["127.0.0.1", "127.0.0.2"], {"127.0.0.1"}),
        ("localhost", {"127.0.0.1"}),
    ],
    ids=lambda value: (
        ",".join(value) if isinstance(value, list) else str(value) if isinstance(value, str) else ""
    ),
)
@pytest.mark.skipif(not IPV6, reason="this machine has no IPv6")
def test_hosts(listen: Callable[..., Listener], host: Any, answering: set[str]) -> None:
    listener = listen(smtp={"host": host, "port": 0})
    found = {each for each in ("127.0.0.1", "::1", "127.9.9.9") if greets(each, listener.port)}
    assert found - ({"::1"} if host == "localhost" else set()) == answering


@pytest.mark.skipif(not IPV6, reason="this machine has no IPv6")
@pytest.mark.parametrize("source", ["127.0.0.1", "::1"])
def test_a_peer_of_either_kind_has_its_own_address(listen: Callable[..., Listener], source: str) -> None:
    listener = listen(smtp={"host": "", "port": 0})
    with socket.create_connection((source, listener.port), 10) as sock:
        until(sock, b"220 ")
        (session,) = listener.server.door.sessions
        assert session.peer.host == source  # type: ignore[attr-defined]
        assert session.peer.loopback  # type: ignore[attr-defined]


@pytest.mark.parametrize("host", ["", "127.0.0.1", ["127.0.0.2", "127.0.0.1"]], ids=str)
def test_a_port_in_use_is_said_and_nothing_stays_bound(host: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(Unavailable, match=rf"smtp\.port: cannot listen on .*:{port}: .*in use"):
            listening.places(Smtp(host=host, port=port))
    with socket.create_server(("127.0.0.2", port)):
        pass


@pytest.mark.parametrize("host", ["no-such-host.invalid", "192.0.2.77"])
def test_a_host_that_is_not_ours(host: str) -> None:
    with pytest.raises(Unavailable, match=r"smtp\.host"):
        listening.places(Smtp(host=host, port=0))


# ---------------------------------------------------------------- systemd

_ACTIVATE = """
import os, sys
for place, number in enumerate(map(int, sys.argv[1].split(",")), 3):
    os.dup2(number, place)
os.environ["LISTEN_PID"] = str(os.getpid())
os.execv(sys.executable, [sys.executable, *sys.argv[2:]])
"""


def activate(names: str, numbers: list[int], command: list[str], **environment: str) -> subprocess.Popen[str]:
    """Start Python as systemd would: the sockets from 3 on, LISTEN_PID its own."""
    high = [fcntl.fcntl(number, fcntl.F_DUPFD, 100) for number in numbers]
    try:
        return subprocess.Popen(
            [sys.executable, "-c", _ACTIVATE, ",".join(map(str, high)), *command],
            env={**os.environ, "LISTEN_FDS": str(len(high)), "LISTEN_FDNAMES": names, **environment},
            pass_fds=high, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2],
        )  # fmt: skip
    finally:
        for number in high:
            os.close(number)


_SHOW = """
import sys
from mailgate.intake import listening
print([(each.sock.getsockname()[1], each.door) for each in listening.activated(*sys.argv[1:])])
"""


_COMPLAIN = """
from mailgate.intake import listening
try:
    listening.activated("smtp")
except listening.Unavailable as e:
    print(e)
"""


@pytest.mark.parametrize(
    ("names", "wanted", "doors"),
    [
        ("smtp:smtps", ("smtp", "smtps"), ["smtp", "smtps"]),
        ("smtps:lmtp", ("smtp", "smtps"), ["smtps", None]),
        ("smtps:lmtp", ("lmtp",), [None, "lmtp"]),
        ("mailgate.socket:mailgate.socket", ("smtp",), ["smtp", "smtp"]),
        ("", ("smtp",), ["smtp", "smtp"]),
        ("smtp", ("smtp",), ["smtp", "smtp"]),
    ],
)
def test_sockets_of_systemd_by_name(names: str, wanted: tuple[str, ...], doors: list[str | None]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as one, socket.create_server(("127.0.0.1", 0)) as two:
        ports = [sock.getsockname()[1] for sock in (one, two)]
        process = activate(names, [one.fileno(), two.fileno()], ["-c", _SHOW, *wanted])
        said = process.communicate(timeout=60)[0]
    assert said.strip() == str([(port, door) for port, door in zip(ports, doors, strict=True) if door])


@pytest.mark.parametrize(
    "environment",
    [{}, {"LISTEN_PID": "4194305", "LISTEN_FDS": "1"}, {"LISTEN_PID": str(os.getpid())}, {"LISTEN_PID": "x", "LISTEN_FDS": "1"},
     {"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": "-1"}],
)  # fmt: skip
def test_what_is_not_for_us_is_left_alone(environment: dict[str, str]) -> None:
    assert listening.passed_on(environment) == ()


def test_what_is_no_listening_socket_is_said(tmp_path: Path) -> None:
    for thing in (socket.socket(), (tmp_path / "file").open("w")):
        with thing:
            process = activate("smtp", [thing.fileno()], ["-W", "ignore", "-c", _COMPLAIN])
            assert "descriptor 3 of systemd" in process.communicate(timeout=60)[0]


@pytest.mark.slow
def test_serve_takes_mail_on_the_sockets_of_systemd(tmp_path: Path) -> None:
    """The whole gateway: the supervisor hands the socket on, the listener takes it; smtp.port is not even tried."""
    with socket.create_server(("127.0.0.1", 0)) as sock, socket.create_server(("127.0.0.1", 0)) as taken:
        port = sock.getsockname()[1]
        settings = {
            "MAILGATE_DATA_DIR": str(tmp_path / "var"), "MAILGATE_SMTP__PORT": str(taken.getsockname()[1]),
            "MAILGATE_LMTP__PORT": "0", "MAILGATE_WEB__PORT": "0",
        }  # fmt: skip
        process = activate("smtp", [sock.fileno()], ["-m", "mailgate", "serve"], **settings)
        try:
            with socket.create_connection(("127.0.0.1", port), 60) as client:
                client.sendall(b"QUIT\r\n")  # waits in the socket until somebody accepts
                assert codes(everything(client)) == ["220", "221"]
        finally:
            process.terminate()
            assert process.wait(60) == 0
    deadline = time.monotonic() + 30
    while greets("127.0.0.1", port) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not greets("127.0.0.1", port)
