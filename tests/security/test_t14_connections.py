"""T14, connections held open: no client, no network and no crowd keeps the others out."""

from __future__ import annotations

import contextlib
import resource
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from doors.listener import (
    HELLO,
    MAIL,
    OWN,
    RELAY,
    STRANGERS,
    USERS,
    Listener,
    apart,
    codes,
    eventually,
    everything,
    listeners,
)

Listen = Callable[..., Listener]


@pytest.fixture
def listen() -> Iterator[Listen]:
    yield from listeners()


def greetings(door: Listener, stack: contextlib.ExitStack, *sources: str) -> list[bytes]:
    """The codes that so many connections, held open, are greeted with."""
    return [stack.enter_context(door.connect(source=source)).recv(99)[:3] for source in sources]


# ---------------------------------------------------------------- who is counted how


def test_one_client_has_so_many(listen: Listen) -> None:
    door = listen(trust=STRANGERS, smtp={"max_connections_per_client": 2})
    with contextlib.ExitStack() as stack:
        sources = ["127.0.0.2"] * 3 + ["127.0.0.3"]
        assert greetings(door, stack, *sources) == [b"220", b"220", b"421", b"220"]


def test_one_network_has_so_many(listen: Listen) -> None:
    """A /24 is one owner: its many addresses buy nothing; the next /24 is another one."""
    door = listen(trust=STRANGERS, smtp={"max_connections_per_network": 3})
    with contextlib.ExitStack() as stack:
        sources = [f"127.0.7.{n}" for n in range(1, 5)] + ["127.0.8.1"]
        assert greetings(door, stack, *sources) == [b"220", b"220", b"220", b"421", b"220"]
    assert eventually(lambda: door.server.door.gate.inside == 0)
    with contextlib.ExitStack() as stack:
        assert greetings(door, stack, "127.0.7.9") == [b"220"], "whoever leaves makes room"


@pytest.mark.parametrize("trust", [OWN, RELAY], ids=["own network", "relay in front"])
def test_known_peers_are_not_counted_one_by_one(listen: Listen, trust: dict[str, Any]) -> None:
    """All mail of the world may come through one relay."""
    few = {"max_connections_per_client": 1, "max_connections_per_network": 1, "max_connections": 9}
    door = listen(trust=trust, smtp=few)
    with contextlib.ExitStack() as stack:
        assert greetings(door, stack, *["127.0.0.1"] * 9) == [b"220"] * 9


def test_strangers_leave_a_tenth_to_known_peers(listen: Listen) -> None:
    trust = {"networks": ["127.0.1.1/32"], "upstreams": ["127.0.1.2/32"]}
    door = listen(trust=trust, smtp={"max_connections": 20})
    with contextlib.ExitStack() as stack:
        crowd = [f"127.0.{n}.1" for n in range(10, 29)]
        assert greetings(door, stack, *crowd) == [b"220"] * 18 + [b"421"]
        assert greetings(door, stack, "127.0.1.1", "127.0.1.2", "127.0.1.2") == [b"220", b"220", b"421"]


def test_who_is_refused_hears_to_come_again_and_costs_nothing(listen: Listen) -> None:
    door = listen(trust=STRANGERS, smtp={"max_connections_per_client": 1})
    with door.connect() as inside:
        assert inside.recv(99).startswith(b"220")
        for _ in range(50):
            with door.connect() as sock:
                assert everything(sock) == b"421 4.7.0 Too many connections, try again later\r\n"
        assert eventually(lambda: len(door.server.door.sessions) == 1)
        inside.sendall(HELLO + MAIL + b"DATA\r\nx\r\n.\r\nQUIT\r\n")
        assert codes(everything(inside))[-2:] == ["250", "221"], "who is inside goes on"


def test_nothing_is_left_over_of_those_who_came(listen: Listen) -> None:
    """Whatever way they leave; the tables are as empty as before."""
    door = listen(trust=STRANGERS, smtp={"max_connections": 3, "max_connections_per_client": 2})
    gate = door.server.door.gate
    endings = (
        b"",
        b"QUIT\r\n",
        HELLO + MAIL + b"DATA\r\nhalf",
        b"GET / HTTP/1.1\r\n",
        HELLO + b"AUTH LOGIN\r\n",
    )
    for turn in range(40):
        with door.connect(source=f"127.0.{turn}.1") as sock:
            sock.sendall(endings[turn % len(endings)])
            if turn % 2:
                sock.recv(99)
        assert eventually(lambda: not door.server.door.sessions)
    assert (gate.inside, gate.in_flight) == (0, 0)
    assert not gate._clients
    assert not gate._networks
    assert not gate._held


# ---------------------------------------------------------------- memory that strangers may hold


def test_one_network_cannot_fill_the_memory_for_mail(listen: Listen) -> None:
    """Large mails that stop before their end: their network hears 452, others go on."""
    sizes = {"max_size": 100_000, "max_bytes_in_flight": 1_000_000}
    door = listen(trust=STRANGERS, smtp=sizes)
    gate = door.server.door.gate
    with contextlib.ExitStack() as stack:
        for number in range(1, 11):
            sock = stack.enter_context(door.connect(source=f"127.0.9.{number}"))
            sock.sendall(HELLO + MAIL + b"DATA\r\n" + b"x" * 90_000)
        assert eventually(lambda: 150_000 < gate.in_flight < 300_000)
        announced = MAIL.replace(b"\r\n", b" SIZE=90000\r\n", 1)
        assert b"452 4.3.1" in door.talk(HELLO, announced, b"QUIT\r\n", source="127.0.9.99")
        mail = announced + b"DATA\r\n" + b"y" * 89_998 + b"\r\n.\r\nQUIT\r\n"
        assert codes(door.talk(HELLO, mail, source="127.0.10.1"))[-2:] == ["250", "221"]
    assert eventually(lambda: gate.in_flight == 0)


def test_many_networks_leave_room_for_known_peers(listen: Listen) -> None:
    sizes = {"max_size": 100_000, "max_bytes_in_flight": 1_000_000}
    door = listen(trust={"networks": [], "upstreams": ["127.0.1.1/32"]}, smtp=sizes)
    gate = door.server.door.gate
    with contextlib.ExitStack() as stack:
        for number in range(20, 40):
            sock = stack.enter_context(door.connect(source=f"127.0.{number}.1"))
            sock.sendall(HELLO + MAIL + b"DATA\r\n" + b"x" * 90_000)
        assert eventually(lambda: gate.in_flight > 700_000)
        mail = MAIL + b"DATA\r\n" + b"y" * 90_000 + b"\r\n.\r\nQUIT\r\n"
        assert codes(door.talk(HELLO, mail, source="127.0.1.1"))[-2:] == ["250", "221"]
        assert gate.in_flight <= 850_000


# ---------------------------------------------------------------- file descriptors


def test_the_limit_of_open_files_is_raised_to_what_is_needed(tmp_path: Path) -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with apart(tmp_path, files=(256, hard)) as door:
        assert door.files >= min(600 + 64, hard)


def test_where_it_cannot_be_raised_fewer_are_let_in_and_nobody_is_left_hanging(tmp_path: Path) -> None:
    with apart(tmp_path, files=(128, 128)) as door, contextlib.ExitStack() as stack:
        greeted = []
        for _ in range(200):
            sock = stack.enter_context(socket.create_connection(("127.0.0.1", door.port), timeout=10))
            greeted.append(sock.recv(99)[:3])
        assert greeted == [b"220"] * 64 + [b"421"] * 136
        assert "raise the limit of open files" in door.lines()[0]["event"]


def test_users_are_no_way_around(listen: Listen) -> None:
    """The caps are at the door, before anybody logs in."""
    door = listen(trust=STRANGERS, smtp={"max_connections_per_client": 1, "users": USERS})
    with contextlib.ExitStack() as stack:
        assert greetings(door, stack, "127.0.0.1", "127.0.0.1") == [b"220", b"421"]
