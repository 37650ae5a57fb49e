"""Paths of MAIL and RCPT (RFC 5321 §4.1.2), and what the policy makes of them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailgate.config import Config, Gateway, Smtp, SmtpUser, TrustSection
from mailgate.errors import ConfigError
from mailgate.intake import replies
from mailgate.intake.grammar import MAX_ADDRESS, mailbox, read_path
from mailgate.intake.policy import Gate, Policy

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
    "loopback": ("127.0.0.1", "127.0.0.1", True, True, ""),
    "mapped": ("::ffff:127.0.0.1", "127.0.0.1", True, True, ""),
    "v6 loopback": ("::1", "::1", True, True, ""),
    "foreign": ("192.0.2.7", "192.0.2.7", False, False, "192.0.2.7"),
    "foreign v6": ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2:3:4:5:6", False, False, "2001:db8:1:2::"),
    "own net": ("10.1.2.3", "10.1.2.3", True, False, ""),
    "zone": ("fe80::1%eth0", "fe80::1", False, False, "fe80::"),
    "unix": ("", "", False, False, ""),
}


@pytest.mark.parametrize(("host", "shown", "trusted", "loopback", "client"), PEERS.values(), ids=PEERS)
def test_peers(host: str, shown: str, trusted: bool, loopback: bool, client: str) -> None:
    policy = Policy(Config(trust=TrustSection(networks=["127.0.0.0/8", "::1/128", "10.0.0.0/8"])))
    peer = policy.peer(host)
    assert (peer.host, peer.trusted, peer.loopback, peer.client) == (shown, trusted, loopback, client)


def test_gate_counts_in_all_and_by_client() -> None:
    gate = Gate(connections=4, per_client=2, bytes_in_flight=10)
    assert gate.enter("a")
    assert gate.enter("a")
    assert not gate.enter("a"), "a third of one client"
    assert gate.enter("")
    assert gate.enter("")
    assert not gate.enter("b"), "a fifth in all"
    gate.leave("a")
    assert gate.enter("b")
    for client in ("a", "b", "", ""):
        gate.leave(client)
    assert gate.inside == 0
    assert [gate.enter("a"), gate.enter("a")] == [True, True], "nothing is left over"


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
