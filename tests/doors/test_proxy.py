"""Clients behind a proxy: the PROXY header is read exactly, believed from `smtp.proxies` only, and what it names is the peer."""

from __future__ import annotations

import contextlib
import socket
import ssl
import struct
import time
from collections.abc import Callable
from ipaddress import IPv4Address, IPv6Address
from typing import Any

import pytest
from doors.listener import HELLO, MAIL, OWN, Listener, client_tls, codes, eventually, everything, until
from hypothesis import given
from hypothesis import strategies as st

from mailgate.config import Config
from mailgate.intake import proxy
from mailgate.intake.policy import Policy

SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"
V1 = b"PROXY TCP4 203.0.113.9 192.0.2.1 40000 25\r\n"
BEHIND = {"proxies": ["127.0.0.1"]}  # the tests' own address is that of a proxy


def v2(command: int = 0x21, family: int = 0x11, addresses: bytes | None = None, tlvs: bytes = b"") -> bytes:
    if addresses is None:
        addresses = IPv4Address("203.0.113.9").packed + IPv4Address("192.0.2.1").packed + b"\x9c\x40\x00\x19"
    return SIGNATURE + bytes([command, family]) + struct.pack("!H", len(addresses + tlvs)) + addresses + tlvs


V2_IPV6 = IPv6Address("2001:db8::9").packed + IPv6Address("2001:db8::1").packed + b"\x9c\x40\x00\x19"
TLV = b"\x04\x00\x03abc"
GOOD = {
    "v1 IPv4": (V1, "203.0.113.9"),
    "v1 IPv6": (b"PROXY TCP6 2001:DB8::9 ::1 65535 0\r\n", "2001:db8::9"),
    "v1 unknown": (b"PROXY UNKNOWN\r\n", ""),
    "v1 unknown with words": (b"PROXY UNKNOWN ffff::1 ffff::2 65535 65535\r\n", ""),
    "v2 IPv4": (v2(), "203.0.113.9"),
    "v2 IPv6": (v2(family=0x21, addresses=V2_IPV6), "2001:db8::9"),
    "v2 with TLVs": (v2(tlvs=TLV * 100), "203.0.113.9"),
    "v2 LOCAL": (v2(0x20, 0, b""), ""),
    "v2 LOCAL with addresses": (v2(0x20), ""),
    "v2 unspecified": (v2(family=0, addresses=b"xyz"), ""),
    "v2 unix": (v2(family=0x31, addresses=b"/" * 216), ""),
}
BAD = {
    "no header": b"EHLO client.example\r\n",
    "v1 in lower case": V1.lower(),
    "v1 longer than 107": b"PROXY UNKNOWN " + b"x" * 120 + b"\r\n",
    "v1 with LF alone": V1.replace(b"\r", b""),
    "v1 of another family": V1.replace(b"TCP4", b"TCP6"),
    "v1 UDP": V1.replace(b"TCP4", b"UDP4"),
    "v1 no address": V1.replace(b"203.0.113.9", b"203.0.113.999"),
    "v1 port": V1.replace(b"40000", b"70000"),
    "v1 two spaces": V1.replace(b" 25", b"  25"),
    "v1 NUL": V1.replace(b"203", b"2\x003"),
    "v2 version 3": v2(0x31),
    "v2 command 2": v2(0x22),
    "v2 UDP": v2(family=0x12),
    "v2 unknown family": v2(family=0x41),
    "v2 too short for its family": v2(addresses=b"\xcb\x00\x71"),
    "v2 unix too short": v2(family=0x31, addresses=b"/tmp"),
    "v2 16 kB": v2(tlvs=b"\0" * 16_384),
    "v2 broken signature": b"\r\n\r\n\0\r\nQUIT\r" + b"\0" * 16,
}


def read(data: bytes) -> tuple[str, int]:
    """The client, and how many bytes its header took; as the door asks for them."""
    taken = 0
    while missing := proxy.missing(data[:taken]):
        assert len(data) >= taken + missing, "asks for more than there is"
        taken += missing
    return proxy.client(data[:taken]), taken


@pytest.mark.parametrize(("header", "client"), GOOD.values(), ids=GOOD)
def test_a_header_names_the_client_and_ends_where_it_ends(header: bytes, client: str) -> None:
    assert read(header + b"EHLO x\r\n\r\n") == (client, len(header))


@pytest.mark.parametrize("header", BAD.values(), ids=BAD)
def test_what_is_no_header_is_an_error(header: bytes) -> None:
    with pytest.raises(ValueError, match=r"PROXY|address"):
        read(header + b" " * 200)


@given(st.one_of(st.binary(max_size=400), st.binary(max_size=300).map(lambda b: SIGNATURE + b),
                 st.binary(max_size=120).map(lambda b: b"PROXY " + b)))  # fmt: skip
def test_any_bytes_give_an_address_or_an_error_and_an_end(data: bytes) -> None:
    try:
        client, taken = read(data + b"\0" * 70_000)
    except ValueError:
        return
    assert taken <= 16_400
    assert client == "" or ":" in client or client.count(".") == 3


# ---------------------------------------------------------------- at the door


@pytest.mark.parametrize("pieces", [1, 7, 1000], ids=["in one packet", "in seven", "byte by byte"])
@pytest.mark.parametrize(("header", "client"), GOOD.values(), ids=GOOD)
def test_the_client_is_the_peer(
    listen: Callable[..., Listener], header: bytes, client: str, pieces: int
) -> None:
    listener = listen(smtp=BEHIND, trust=OWN)
    with listener.connect() as sock:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        step = max(1, len(header) // pieces)
        for start in range(0, len(header), step):
            sock.sendall(header[start : start + step])
        until(sock, b"220 ")
        sock.sendall(HELLO + MAIL + b"DATA\r\n")
        until(sock, b"354")
        sock.sendall(b"Subject: x\r\n\r\nx\r\n.\r\nQUIT\r\n")
        assert codes(everything(sock)) == ["250", "221"]
    assert [envelope.peer for envelope, _ in listener.mails] == [client]


def test_what_follows_the_header_in_its_packet_is_not_lost(listen: Callable[..., Listener]) -> None:
    listener = listen(smtp=BEHIND)
    with listener.connect() as sock:
        sock.sendall(V1 + HELLO + b"QUIT\r\n")
        assert codes(everything(sock)) == ["220", "250", "221"]


@pytest.mark.parametrize("header", BAD.values(), ids=BAD)
def test_a_proxy_without_a_right_header_is_cut_off_without_a_word(
    listen: Callable[..., Listener], header: bytes
) -> None:
    listener = listen(smtp=BEHIND)
    with listener.connect() as sock:
        with contextlib.suppress(ConnectionError):  # it may be cut off before all of it is sent
            sock.sendall(header)
            sock.sendall(b" " * 200)
        assert everything(sock) == b""
    assert listener.server.door.gate.inside == 0


@pytest.mark.parametrize("header", [V1, v2()], ids=["v1", "v2"])
def test_a_header_from_anybody_else_is_junk(listen: Callable[..., Listener], header: bytes) -> None:
    listener = listen(smtp={"proxies": ["192.0.2.0/24"]}, trust={"networks": [], "upstreams": []})
    with listener.connect() as sock:
        until(sock, b"220 ")
        sock.sendall(header)
        assert until(sock, b"\r\n").startswith(b"500")
        (session,) = listener.server.door.sessions
        assert session.peer.host == "127.0.0.1"  # type: ignore[attr-defined]
        assert session.errors > 0  # type: ignore[attr-defined]


@pytest.mark.parametrize("sent", [b"", V1[:-1], v2()[:20]], ids=["nothing", "half of v1", "half of v2"])
def test_a_header_that_does_not_come_ends_by_the_clock(listen: Callable[..., Listener], sent: bytes) -> None:
    listener = listen(smtp=BEHIND)
    with listener.connect() as sock:
        sock.sendall(sent)
        assert eventually(lambda: len(listener.server.door.sessions) == 1)
        listener.sweep(5)
        listener.sweep(11)
        assert everything(sock) == b""
    assert not listener.server.door.sessions


def test_a_drip_gains_no_time(listen: Callable[..., Listener]) -> None:
    listener = listen(smtp=BEHIND)
    with listener.connect() as sock:
        for byte in V1[:5]:
            sock.sendall(bytes([byte]))
            time.sleep(0.01)
        listener.sweep(10.1)
        assert everything(sock) == b""


def test_clients_behind_one_proxy_are_counted_one_by_one(listen: Callable[..., Listener]) -> None:
    listener = listen(smtp={**BEHIND, "max_connections_per_client": 1})

    def greeting(client: str) -> tuple[socket.socket, bytes]:
        sock = listener.connect()
        sock.sendall(V1.replace(b"203.0.113.9", client.encode()))
        return sock, until(sock, b"\r\n")[:3]

    opened = [greeting(client) for client in ("203.0.113.9", "203.0.113.9", "203.0.113.10")]
    assert [code for _, code in opened] == [b"220", b"421", b"220"]
    for sock, _ in opened:
        sock.close()
    assert eventually(lambda: listener.server.door.gate.inside == 0)


@pytest.mark.parametrize(
    ("header", "host", "known", "loopback"),
    [
        (V1, "203.0.113.9", False, False),
        (V1.replace(b"203.0.113.9", b"127.0.0.1"), "127.0.0.1", True, True),
        (b"PROXY UNKNOWN\r\n", "", False, False),
        (v2(0x20, 0, b""), "", False, False),
    ],
    ids=["a stranger", "one of our own", "unknown", "LOCAL"],
)
def test_the_proxy_lends_its_trust_to_nobody(
    listen: Callable[..., Listener], header: bytes, host: str, known: bool, loopback: bool
) -> None:
    """Its own address is on loopback and in trust.networks here; LOCAL and UNKNOWN give none of that away."""
    listener = listen(smtp=BEHIND, trust=OWN)
    with listener.connect() as sock:
        sock.sendall(header)
        until(sock, b"220 ")
        (session,) = listener.server.door.sessions
        peer: Any = session.peer  # type: ignore[attr-defined]
        assert (peer.host, peer.known, peer.loopback) == (host, known, loopback)
        assert bool(peer.network) is not known, "a stranger is counted"


@pytest.mark.parametrize("client", ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"])
def test_loopback_of_another_machine_is_none_of_ours(client: str) -> None:
    """A program on the balancer that connects to the balancer: neither trusted nor let in with a password in clear."""
    policy = Policy(Config(trust={"networks": ["127.0.0.0/8", "::1"]}))  # type: ignore[arg-type]
    peer = policy.behind("192.0.2.25", client)
    assert (peer.host, peer.known, peer.loopback, peer.network) == ("", False, False, "192.0.2.25")
    assert policy.behind("127.0.0.1", client).known


def test_drain_ends_who_has_not_sent_a_header(listen: Callable[..., Listener]) -> None:
    listener = listen(smtp=BEHIND)
    with listener.connect() as sock:
        assert eventually(lambda: len(listener.server.door.sessions) == 1)
        listener.close()
        assert everything(sock) == b""


@pytest.mark.parametrize("header", [V1, v2(tlvs=TLV)], ids=["v1", "v2"])
def test_the_header_stands_before_tls(
    listen: Callable[..., Listener], certificate: dict[str, str], free_port: int, header: bytes
) -> None:
    """Also when the handshake comes in the packet of the header."""
    listener = listen(smtp={**BEHIND, **certificate, "port": 0, "tls_port": free_port})
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    wire = client_tls().wrap_bio(incoming, outgoing, server_hostname="localhost")
    with pytest.raises(ssl.SSLWantReadError):
        wire.do_handshake()
    with socket.create_connection(("127.0.0.1", free_port), 10) as sock:
        sock.sendall(header + outgoing.read())
        greeting = b""
        while b"\r\n" not in greeting:
            incoming.write(sock.recv(65_536))
            try:
                if wire.version() is None or not greeting:
                    wire.do_handshake()
                    sock.sendall(outgoing.read())
                greeting += wire.read(1000)
            except ssl.SSLWantReadError:
                sock.sendall(outgoing.read())
        assert greeting.startswith(b"220 ")
    assert listener.server.door.policy.tls is not None
