"""The resolver of production against a real name server on the loopback."""

from __future__ import annotations

import threading
from typing import Any

import dns.message
import dns.rcode
import dns.resolver
import dns.rrset
import pytest
from authenticate.nameserver import Answering, failed, found, nameserver, none, truncated
from authenticate.world import FakeClock

from mailgate.authenticate import network
from mailgate.authenticate.network import NetworkResolver
from mailgate.authenticate.resolver import Kind, Outcome
from mailgate.errors import ConfigError

SERVER = ["127.0.0.1"]
Message = dns.message.Message


def chain(question: Message, transport: str) -> Message:
    reply = dns.message.make_response(question)
    reply.answer += [
        dns.rrset.from_text(question.question[0].name, 300, "IN", "CNAME", "b.example."),
        dns.rrset.from_text("b.example.", 20, "IN", "CNAME", "c.example."),
        dns.rrset.from_text("c.example.", 300, "IN", "A", "192.0.2.7"),
    ]
    return reply


def loop(question: Message, transport: str) -> Message:
    reply = dns.message.make_response(question)
    reply.answer += [
        dns.rrset.from_text(question.question[0].name, 300, "IN", "CNAME", "b.example."),
        dns.rrset.from_text("b.example.", 300, "IN", "CNAME", question.question[0].name.to_text()),
    ]
    return reply


def another_question(question: Message, transport: str) -> Message:
    return found(dns.message.make_query("victim.example.", "A", id=question.id), "A", "192.0.2.66")


LONG = '"' + "x" * 250 + '" "' + "y" * 250 + '"'
MANY = [f"{n} mx{n}.example." for n in range(2000)]


@pytest.mark.parametrize(
    ("answer", "kind", "expected", "ttl"),
    [
        (lambda q, t: found(q, "TXT", '"v=spf1 " "-all"'), "TXT", ("v=spf1 -all",), 300),
        (lambda q, t: found(q, "TXT", r'"a\255;b"'), "TXT", ("a\xff;b",), 300),
        (lambda q, t: found(q, "A", "192.0.2.1", "192.0.2.2", ttl=7), "A", ("192.0.2.1", "192.0.2.2"), 7),
        (lambda q, t: found(q, "AAAA", "2001:db8::1"), "AAAA", ("2001:db8::1",), 300),
        (
            lambda q, t: found(q, "MX", "20 B.example.", "10 a.example."),
            "MX",
            ("a.example", "b.example"),
            300,
        ),
        (lambda q, t: found(q, "MX", "0 ."), "MX", ("",), 300),
        (lambda q, t: found(q, "PTR", "Host.example."), "PTR", ("host.example",), 300),
        (chain, "A", ("192.0.2.7",), 20),
        (lambda q, t: truncated(q) if t == "udp" else found(q, "TXT", LONG), "TXT", ("x" * 250 + "y" * 250,), 300),
    ],
    ids=["strings", "octets", "a", "aaaa", "mx by preference", "null mx", "ptr", "cname chain", "tcp"],
)  # fmt: skip
def test_records(answer: Answering, kind: Kind, expected: tuple[str, ...], ttl: float) -> None:
    with nameserver(answer) as server:
        got = NetworkResolver(SERVER, timeout=30, port=server.port).lookup("a.example", kind, 60)
    assert (got.outcome, got.records, got.ttl) == (Outcome.FOUND, expected, ttl)


def test_an_answer_of_thousands_is_cut() -> None:
    with nameserver(lambda q, t: truncated(q) if t == "udp" else found(q, "MX", *MANY)) as server:
        got = NetworkResolver(SERVER, timeout=30, port=server.port).lookup("a.example", "MX", 60)
    assert len(got.records) == network.MAX_RECORDS
    assert [transport for _, _, transport in server.asked] == ["udp", "tcp"]


@pytest.mark.parametrize(
    ("answer", "outcome", "ttl"),
    [
        (lambda q, t: none(q, dns.rcode.NXDOMAIN, minimum=60), Outcome.NXDOMAIN, 60),
        (lambda q, t: failed(q, dns.rcode.NXDOMAIN), Outcome.NXDOMAIN, 0),
        (lambda q, t: none(q, minimum=30), Outcome.NODATA, 30),
        (lambda q, t: failed(q, dns.rcode.YXDOMAIN), Outcome.NXDOMAIN, 0),
        (lambda q, t: failed(q, dns.rcode.SERVFAIL), Outcome.TEMPORARY, 0),
        (lambda q, t: failed(q, dns.rcode.REFUSED), Outcome.TEMPORARY, 0),
        (loop, Outcome.TEMPORARY, 0),
        (lambda q, t: None, Outcome.TEMPORARY, 0),
        (lambda q, t: b"\0\1 garbage", Outcome.TEMPORARY, 0),
        (another_question, Outcome.TEMPORARY, 0),
    ],
    ids=[
        "nxdomain",
        "nxdomain without soa",
        "nodata",
        "yxdomain",
        "servfail",
        "refused",
        "cname loop",
        "silence",
        "garbage",
        "an answer to another question",
    ],
)
def test_no_records(answer: Answering, outcome: Outcome, ttl: float) -> None:
    with nameserver(answer) as server:
        got = NetworkResolver(SERVER, timeout=0.3, port=server.port).lookup("a.example", "A", 5)
    assert (got.outcome, got.records, got.ttl) == (outcome, (), ttl)
    assert server.asked


def test_a_lost_packet_is_asked_for_again() -> None:
    lost = iter([True])

    def answer(question: Message, transport: str) -> Message | None:
        return None if next(lost, False) else found(question, "A", "192.0.2.1")

    with nameserver(answer) as server:
        got = NetworkResolver(SERVER, timeout=1.0, port=server.port).lookup("a.example", "A", 5)
    assert got.records == ("192.0.2.1",)
    assert len(server.asked) == 2


@pytest.mark.parametrize(
    "name", [r"a\.b.example", r"a\046b.example", "a b.example", "%41.example", "*.example"]
)
def test_a_name_is_taken_by_its_octets(name: str) -> None:
    """dnspython reads a backslash as an escape; a sender's name must not become another one by that."""
    seen: list[tuple[bytes, ...]] = []

    def answer(question: Message, transport: str) -> Message:
        seen.append(question.question[0].name.labels)
        return none(question)

    with nameserver(answer) as server:
        NetworkResolver(SERVER, timeout=30, port=server.port).lookup(name, "A", 60)
    assert seen == [(*(label.encode() for label in name.split(".")), b"")]


def test_the_search_list_of_the_host_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    with nameserver(lambda q, t: none(q, dns.rcode.NXDOMAIN)) as server:
        resolver = NetworkResolver(SERVER, port=server.port)
        resolver._resolver.search = [dns.name.from_text("corp.example.")]
        resolver.lookup("single", "A", 5)
    assert [name for name, _, _ in server.asked] == ["single"]


def silent_but_for(*known: str) -> Answering:
    def answer(question: Message, transport: str) -> Message | None:
        name = question.question[0].name.to_text()
        return none(question) if name in known else None

    return answer


def test_silent_name_servers_are_left_alone_for_a_while(
    clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(network, "PROBE", 0.1)
    with nameserver(silent_but_for()) as server:
        resolver = NetworkResolver(SERVER, timeout=0.1, port=server.port, clock=clock)
        for n in range(3):
            resolver.lookup(f"n{n}.example", "A", 5)
        asked = len(server.asked)
        assert server.asked[-1][:2] == (".", "NS")
        for n in range(50):
            assert resolver.lookup(f"m{n}.example", "A", 5).outcome is Outcome.TEMPORARY
        assert len(server.asked) == asked
        server.answer = lambda q, t: found(q, "A", "192.0.2.1")
        clock.now += network.SILENCE
        assert resolver.lookup("x.example", "A", 5).outcome is Outcome.FOUND


def test_silent_zones_silence_nobody_else(clock: FakeClock, monkeypatch: pytest.MonkeyPatch) -> None:
    """A sender whose own name servers hang must not switch off DNS for all mail: the root still answers."""
    monkeypatch.setattr(network, "PROBE", 1.0)
    with nameserver(silent_but_for(".", "good.example.")) as server:
        resolver = NetworkResolver(SERVER, timeout=0.1, port=server.port, clock=clock)
        for n in range(7):
            assert resolver.lookup(f"hang{n}.example", "A", 5).outcome is Outcome.TEMPORARY
        assert resolver.lookup("good.example", "A", 5).outcome is Outcome.NODATA
        assert [name for name, _, _ in server.asked].count(".") == 2


def test_the_end_of_a_deadline_is_nobodys_silence(clock: FakeClock) -> None:
    with nameserver(silent_but_for()) as server:
        resolver = NetworkResolver(SERVER, timeout=0.2, port=server.port, clock=clock)
        for n in range(6):
            assert resolver.lookup(f"n{n}.example", "A", 0.1).outcome is Outcome.TEMPORARY
        assert "." not in [name for name, _, _ in server.asked]
        for n in range(6):  # time for the question, none for asking who is silent
            assert resolver.lookup(f"m{n}.example", "A", 0.3).outcome is Outcome.TEMPORARY
        assert "." not in [name for name, _, _ in server.asked]


def test_many_threads_share_the_resolver() -> None:
    def answer(question: Message, transport: str) -> Message:
        name = question.question[0].name
        return found(question, "TXT", f'"{name.labels[0].decode()}"')

    got: list[tuple[int, Any]] = []
    with nameserver(answer) as server:
        resolver = NetworkResolver(SERVER, timeout=30, port=server.port)

        def ask(n: int) -> None:
            got.extend((n, resolver.lookup(f"n{n}.example", "TXT", 60).records) for _ in range(5))

        threads = [threading.Thread(target=ask, args=(n,)) for n in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sorted(got) == sorted((n, (f"n{n}",)) for n in range(8) for _ in range(5))


def test_a_host_without_name_servers_is_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    def nothing(self: object, filename: str = "") -> None:
        raise dns.resolver.NoResolverConfiguration

    monkeypatch.setattr(dns.resolver.Resolver, "read_resolv_conf", nothing)
    with pytest.raises(ConfigError, match=r"dns\.nameservers"):
        NetworkResolver()
    NetworkResolver(["192.0.2.53"])
