"""Paths of MAIL and RCPT (RFC 5321 §4.1.2), and what the policy makes of them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailgate.config import Config, Gateway, Smtp, SmtpUser, TrustSection
from mailgate.errors import ConfigError
from mailgate.intake import replies
from mailgate.intake.gate import Gate
from mailgate.intake.grammar import MAX_ADDRESS, mailbox, read_path
from mailgate.intake.policy import Peer, Policy

PATHS = {
    "plain": ("<a@b.example>", "a@b.example", {}),
    "null": ("<>", "", {}),
    "space": (" <a@b>", "a@b", {}),
    "parameters": (
        "<a@b> SIZE=12 body=8BITMIME SMTPUTF8",
        "a@b",
        {"SIZE": "12", "BODY": "8BITMIME", "SMTPUTF8": ""},
    ),
    "null with parameters": ("<> SIZE=1", "", {"SIZE": "1"}),
    "bare": ("a@b SIZE=1", "a@b", {"SIZE": "1"}),
    "quoted": (r'<"a b\"@c"@d>', r'"a b\"@c"@d', {}),
    "route": ("<@x,@y:a@b>", "a@b", {}),
    "literal": ("<a@[IPv6:2001:db8::1]>", "a@[IPv6:2001:db8::1]", {}),
    "utf-8": ("<é@ü.example>", "é@ü.example", {}),
    "odd dots": ("<.a..b.@c>", ".a..b.@c", {}),
}


@pytest.mark.parametrize(("text", "address", "parameters"), PATHS.values(), ids=PATHS)
def test_read(text: str, address: str, parameters: dict[str, str]) -> None:
    path = read_path(text)
    assert path is not None
    assert (path.address, path.parameters) == (address, parameters)


BAD = [
    "",
    "<",
    ">",
    "<a@b",
    "a@b>",
    "<a@b>>",
    "<a@b>SIZE=1",
    "<a b@c>",
    "<a@b@c>",
    "<a@>",
    "<@b>",
    '<"a@b>',
    "<a@b c>",
    "<a\0@b>",
    "<a@b\r\nRCPT>",
]


@pytest.mark.parametrize("text", [*BAD, f"<{'a' * MAX_ADDRESS}@b>"], ids=range(len(BAD) + 1))
def test_malformed(text: str) -> None:
    assert read_path(text) is None


@given(st.text(st.sampled_from('<>@",:;\\[]ab .=é\0\r\n'), max_size=60))
def test_never_raises_and_keeps_control_out(text: str) -> None:
    path = read_path(text)
    if path is not None:
        assert not any(
            c < " " or c in "<>\x7f"
            for c in path.address.replace('"', "").replace("<", "")
            if '"' not in path.address
        )
        mailbox(path.address)


@pytest.mark.parametrize(
    "text",
    ["<" * 2000, '<"' + "\\a" * 1000, "<@a," * 500, "<" + "@a," * 600 + ":", "a " * 1000],
    ids=range(5),
)
def test_linear(text: str, linear: Any) -> None:
    linear(lambda n: read_path(text[:n]), len(text))


BOXES = {
    "case": ("Sup@Example.COM", ("sup", "example.com")),
    "quoted": (r'"a\b c"@x', ("ab c", "x")),
    "A-labels": ("a@bücher.example", ("a", "xn--bcher-kva.example")),
    "root dot": ("a@example.com.", ("a", "example.com")),
    "two root dots": ("a@example.com..", ("a", "example.com.")),
    "no domain": ("postmaster", ("postmaster", "")),
    "hopeless domain": ("a@" + "ü" * 300, ("", "")),
}


@pytest.mark.parametrize(("address", "want"), BOXES.values(), ids=BOXES)
def test_mailbox(address: str, want: tuple[str, str]) -> None:
    assert mailbox(address) == want


def test_an_own_address_with_a_plus_is_one_of_its_own() -> None:
    policy = Policy(Config(gateway=Gateway(addresses={"help+sales@example.com": "general"})))
    assert policy.recipient("help+sales@example.com") == b""
    assert policy.recipient("help@example.com") == replies.NO_SUCH_USER


PEERS = {
    "loopback": ("127.0.0.1", "127.0.0.1", "trusted loopback", "", ""),
    "mapped": ("::ffff:127.0.0.1", "127.0.0.1", "trusted loopback", "", ""),
    "v6 loopback": ("::1", "::1", "trusted loopback", "", ""),
    "foreign": ("192.0.2.7", "192.0.2.7", "", "192.0.2.7", "192.0.2.0"),
    "foreign v6": ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2:3:4:5:6", "", "2001:db8:1:2::", "2001:db8:1::"),
    "own net": ("10.1.2.3", "10.1.2.3", "trusted", "", ""),
    "relay": ("198.51.100.9", "198.51.100.9", "upstream", "", ""),
    "zone": ("fe80::1%eth0", "fe80::1", "", "fe80::", "fe80::"),
    "unix": ("", "", "", "", ""),
}


@pytest.mark.parametrize(("host", "shown", "what", "client", "network"), PEERS.values(), ids=PEERS)
def test_peers(host: str, shown: str, what: str, client: str, network: str) -> None:
    own = ["127.0.0.0/8", "::1/128", "10.0.0.0/8"]
    policy = Policy(Config(trust=TrustSection(networks=own, upstreams=["198.51.100.0/28"])))
    words = what.split()
    assert policy.peer(host) == Peer(
        shown,
        trusted="trusted" in words,
        upstream="upstream" in words,
        loopback="loopback" in words,
        client=client,
        network=network,
    )


def peer(client: str, network: str = "n") -> Peer:
    return Peer(client, False, False, False, client, network if client else "")


def test_gate_counts_in_all_and_by_client_and_by_network() -> None:
    gate = Gate(Smtp(max_connections=5, max_connections_per_client=2, max_connections_per_network=3))
    a, b, c, known = peer("a"), peer("b"), peer("c", "m"), peer("")
    assert gate.enter(a)
    assert gate.enter(a)
    assert not gate.enter(a), "a third of one client"
    assert gate.enter(b)
    assert not gate.enter(b), "a fourth of one network"
    assert gate.enter(known)
    assert gate.enter(known)
    assert not gate.enter(c), "a sixth in all"
    gate.leave(a)
    assert gate.enter(c)
    for one in (a, b, c, known, known):
        gate.leave(one)
    assert gate.inside == 0
    assert [gate.enter(a), gate.enter(a)] == [True, True], "nothing is left over"


def test_a_part_of_the_room_is_kept_for_known_peers() -> None:
    gate = Gate(Smtp(max_connections=20, max_bytes_in_flight=40_000_000, max_size=10_000_000))
    assert [gate.enter(peer(str(n), str(n))) for n in range(19)] == [True] * 18 + [False]
    assert [gate.enter(peer("")) for _ in range(3)] == [True, True, False]
    for number in range(3):
        assert not gate.full(peer("x", str(number)), 10_000_000)
        gate.hold(peer("x", str(number)), 10_000_000)
    assert gate.full(peer("x", "0"), 100_000), "one network has a quarter, or room for one mail"
    assert gate.full(peer("x", "4"), 1), "a quarter is not for strangers"
    assert not gate.full(peer(""), 10_000_000)
    for number in range(3):
        gate.hold(peer("x", str(number)), -10_000_000)
    assert gate.in_flight == 0
    assert not gate._held, "a network that holds nothing leaves nothing behind"


def test_one_mail_of_full_size_always_finds_room() -> None:
    gate = Gate(Smtp(max_bytes_in_flight=26_500_000))
    assert not gate.full(peer("x"), 26_214_400)


def test_login() -> None:
    user = SmtpUser(password="pässword", addresses=["a@example.com"])
    policy = Policy(Config(smtp=Smtp(users={"scan": user})))
    assert policy.login(b"scan", "pässword".encode()) == ("scan", ("a@example.com",))
    assert policy.login(b"scan", b"password") is None
    assert policy.login(b"other", "pässword".encode()) is None
    assert policy.login(b"\xff", b"") is None


def test_a_missing_certificate_is_a_config_error() -> None:
    with pytest.raises(ConfigError, match=r"smtp\.tls_cert.*nowhere\.pem"):
        Policy(Config(smtp=Smtp(tls_cert="nowhere.pem")))
