"""Our own checks of senders, from the spool to the ticket (4.1, 4.6): who is asked about, who waits, who never does."""

from __future__ import annotations

import base64
import itertools
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from nacl.signing import SigningKey

from mailgate import own_checks, people_file
from mailgate.authenticate import Answer, Authenticator, ZoneResolver, sign
from mailgate.authenticate.resolver import Kind
from mailgate.authenticate.sign import make_signer
from mailgate.config import Config
from mailgate.errors import ConfigError
from mailgate.landing import Landing
from mailgate.mail.parse import parse
from mailgate.model import AuthResult, Envelope, ParsedMessage
from mailgate.own_checks import CROWDED_SECONDS, OwnCheck, OwnChecks, Wait
from mailgate.spool import Spool, SpoolReader
from mailgate.store import keys, messages, people
from mailgate.store.engine import Store
from mailgate.worker import Worker

NOW = datetime.now(UTC)  # a signature tells when it was made
PEOPLE = {"teams": [{"name": "support", "address": "team@example.com", "categories": ["general"]}]}
OUTSIDE, INSIDE = "192.0.2.1", "127.0.0.1"
SEED = bytes(range(32))
SIGNER = make_signer("acme.example", "s1", base64.b64encode(SEED))
ZONE: dict[str, Any] = {
    "s1._domainkey.acme.example": [
        {"TXT": "v=DKIM1; k=ed25519; p=" + base64.b64encode(bytes(SigningKey(SEED).verify_key)).decode()}
    ],
    "bank.example": [{"TXT": "v=spf1 -all"}],
    "_dmarc.bank.example": [{"TXT": "v=DMARC1; p=reject"}],
    "_dmarc.slow.example": ["TIMEOUT"],
    "slow.example": ["TIMEOUT"],
}
_serial = itertools.count(1)


class Dns:
    """A zone that notes what it is asked; with `gate` closed it answers nobody who asks for a name of `stuck`."""

    def __init__(self) -> None:
        self.zone = ZoneResolver(ZONE)
        self.asked: list[str] = []
        self.stuck = ""
        self.gate = threading.Event()

    def lookup(self, name: str, kind: Kind, seconds: float) -> Answer:
        self.asked.append(name)
        if self.stuck and name.endswith(self.stuck):
            self.gate.wait(30)
        return self.zone.lookup(name, kind, seconds)


class Parser:
    def parse(self, raws: Any) -> list[ParsedMessage]:
        return [parse(raw) for raw in raws]


class World:
    """A spool, a worker and a store, with a DNS in the hand."""

    def __init__(self, folder: Path, store: Store) -> None:
        self.config = Config.model_validate(
            {"data_dir": folder, "spool": {"min_free": 0}, "trust": {"authserv_ids": ["mx.example.com"]}}
        )
        self.store, self.now, self.dns = store, NOW, Dns()
        with store.writing() as conn:
            keys.ensure(conn, NOW)
            people.sync(conn, people_file.check(PEOPLE, "people.toml"))
        self.spool = Spool(folder / "spool.db", self.config.spool)
        self.reader = SpoolReader(folder / "spool.db")
        serial = itertools.count(1_000_000)
        landing = Landing(self.config, store, self.reader.id, lambda: next(serial), lambda: self.now)
        own = OwnCheck(self.config, Authenticator(self.dns, self.config.trust.upstreams))
        self.checks = OwnChecks(own, patience=30)
        self.worker = Worker(
            self.config, store, self.reader, Parser(), landing, checks=self.checks, now=lambda: self.now
        )

    def accept(self, sender: str, peer: str = OUTSIDE, more: str = "", signed: bool = False) -> str:
        """The Message-ID of a mail that came in now."""
        number = next(_serial)
        raw = (
            f"{more}From: {sender}\r\nTo: support@example.com\r\nSubject: Trouble {number}\r\n"
            f"Message-ID: <{number}@mail.example>\r\nDate: Mon, 02 Nov 2026 10:00:00 +0000\r\n\r\nHelp {number}\r\n"
        ).encode()
        done = threading.Event()
        envelope = Envelope("", self.now, "smtp", sender, ("support@example.com",), peer, "mx.mail.example")
        self.spool.submit(envelope, sign(raw, SIGNER) if signed else raw, lambda _: done.set())
        assert done.wait(30)
        return self.waiting()[-1]

    def hang(self, domain: str) -> None:
        """The name servers of this domain answer nobody until the gate is open."""
        self.dns.stuck, self.checks._patience = domain, 0.2

    def work(self) -> None:
        """Until nothing more is due."""
        self.worker._from_top = 0.0
        while self.worker.step():
            pass

    def waiting(self) -> list[str]:
        return list(self.reader.counts().waiting_ids)

    def row(self, id: str) -> Any:
        with self.store.reading() as conn:
            return messages.get(conn, id)

    def trust(self, id: str) -> str:
        return str(self.row(id).decision["sender"]["trust"])

    def until(self, true: Callable[[], object]) -> None:
        deadline = time.monotonic() + 30
        while not true():
            assert time.monotonic() < deadline
            self.work()
            time.sleep(0.01)

    def close(self) -> None:
        self.dns.gate.set()
        self.worker.close()
        self.reader.close()
        self.spool.close()


@pytest.fixture
def world(tmp_path: Path, store: Store) -> Iterator[World]:
    world = World(tmp_path, store)
    yield world
    world.close()


# ---------------------------------------------------------------- verdicts


def test_the_customers_own_signature_authenticates_him(world: World) -> None:
    id = world.accept("bob@acme.example", signed=True)
    world.work()
    assert (world.row(id).outcome, world.trust(id)) == ("ticket", "authenticated")
    assert any("dkim=pass acme.example" in reason for reason in world.row(id).reasons)


def test_a_forged_mail_of_a_strict_domain_is_quarantined(world: World) -> None:  # 4.6
    id = world.accept("ceo@bank.example")
    world.work()
    row = world.row(id)
    assert row.outcome == "quarantined"
    assert any("DMARC fails for bank.example, where the domain asks to reject" in r for r in row.reasons)
    assert any("spf=fail bank.example, dmarc=fail bank.example" in r for r in row.reasons)


@pytest.mark.parametrize("signed", [False, True])
def test_a_domain_without_records_is_unverified(world: World, signed: bool) -> None:
    """Signed by another's domain: that is no word for this one."""
    id = world.accept("joe@nobody.example", signed=signed)
    world.work()
    assert (world.row(id).outcome, world.trust(id)) == ("ticket", "unverified")


# ---------------------------------------------------------------- who is never asked about

AR = "Authentication-Results: mx.example.com; {}\r\nReceived: from x by mx.example.com; Mon, 02 Nov 2026 10:00:00 +0000\r\n"
KNOWN = [
    ("DMARC passed there", "bob@acme.example", INSIDE, AR.format("dmarc=pass header.from=acme.example"), "authenticated"),
    ("DMARC failed there", "bob@acme.example", INSIDE, AR.format("dmarc=fail header.from=acme.example"), "unverified"),
    ("SPF is enough there", "bob@acme.example", INSIDE, AR.format("spf=pass smtp.mailfrom=acme.example"), "authenticated"),
    ("a trusted network", "bob@bank.example", INSIDE, "", "authenticated"),
    ("no single From", "bob@bank.example, eve@evil.example", OUTSIDE, "", "unverified"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("sender", "peer", "more", "expected"), [case[1:] for case in KNOWN], ids=[case[0] for case in KNOWN]
)
def test_what_is_known_without_dns_asks_nothing(
    world: World, sender: str, peer: str, more: str, expected: str
) -> None:
    signed = bool(more)  # a signature is a trace of a relay: a device of our own makes none
    id = world.accept(sender, peer, more, signed=signed)
    world.work()
    assert world.trust(id) == expected
    assert world.dns.asked == []


@pytest.mark.parametrize("signed", [True, False])
def test_a_header_that_tells_of_spf_alone_leaves_the_signature_to_us(world: World, signed: bool) -> None:
    header = AR.format("spf=fail smtp.mailfrom=acme.example")
    id = world.accept("bob@acme.example", INSIDE, header, signed=signed)
    forged = world.accept(
        "ceo@bank.example", INSIDE, AR.format("spf=pass smtp.mailfrom=evil.example"), signed=signed
    )
    world.work()
    assert world.trust(id) == ("authenticated" if signed else "unverified")
    assert world.row(forged).outcome == "quarantined", "SPF was asked, so that DMARC can fail (4.6)"
    (reason,) = [r for r in world.row(id).reasons if "[a trusted host: spf=fail acme.example]" in r]
    assert f"[own check: {'dkim=pass acme.example, ' if signed else ''}dmarc=" in reason


def test_without_a_header_of_the_upstream_the_signature_counts(world: World) -> None:
    """By our own mail server, whose address says nothing about the sender: DKIM is asked, SPF is not."""
    relayed = "Received: from x by mx.example.com; Mon, 02 Nov 2026 10:00:00 +0000\r\n"
    id = world.accept("bob@acme.example", INSIDE, relayed, signed=True)
    forged = world.accept("ceo@bank.example", INSIDE, relayed)
    world.work()
    assert (world.trust(id), world.trust(forged)) == ("authenticated", "unverified")
    assert "bank.example" not in world.dns.asked


# ---------------------------------------------------------------- trouble of DNS


def test_trouble_of_dns_keeps_the_mail_and_no_other(world: World) -> None:
    slow = world.accept("joe@slow.example")
    other = world.accept("bob@acme.example", signed=True)
    world.work()
    assert world.waiting() == [slow]
    assert world.trust(other) == "authenticated"
    (left,) = world.reader.take(0, 10, 1 << 20)
    assert (left.attempts, left.error) == (0, "")
    assert left.next_try == NOW + timedelta(seconds=own_checks.RETRY_SECONDS)
    asked = len(world.dns.asked)
    world.now += timedelta(seconds=own_checks.RETRY_SECONDS - 1)
    world.work()
    assert len(world.dns.asked) == asked


def test_dns_that_comes_back_tells(world: World) -> None:
    id = world.accept("joe@slow.example")
    world.work()
    world.dns.zone = ZoneResolver({"slow.example": [{"TXT": "v=spf1 ip4:192.0.2.1 -all"}]})
    world.now += timedelta(seconds=own_checks.RETRY_SECONDS)
    world.work()
    assert world.trust(id) == "authenticated"


def test_after_the_time_for_retries_it_lands_unverified(world: World) -> None:
    id = world.accept("joe@slow.example")
    for _ in range(9):
        world.work()
        world.now += timedelta(seconds=own_checks.RETRY_SECONDS)
    world.work()
    assert world.waiting() == [id]
    world.now = NOW + timedelta(seconds=world.config.dns.retry_for)
    world.work()
    assert (world.row(id).outcome, world.trust(id)) == ("ticket", "unverified")
    assert any("DNS did not answer" in reason for reason in world.row(id).reasons)


def test_a_slow_check_holds_up_no_other_mail(world: World) -> None:
    """More slow ones than threads, in front: the others land while those checks go on, which are not begun twice."""
    world.hang("acme.example")
    stuck = [world.accept("bob@acme.example", signed=True) for _ in range(60)]
    other = world.accept("joe@nobody.example", INSIDE)
    world.work()
    assert world.row(other).outcome == "ticket"
    assert world.waiting() == stuck
    world.work()
    assert len(world.dns.asked) <= own_checks.THREADS
    world.dns.gate.set()
    world.until(lambda: not world.waiting())
    assert {world.trust(id) for id in stuck} == {"authenticated"}


def test_a_stop_does_not_wait_for_dns(world: World) -> None:
    world.hang("acme.example")
    id = world.accept("bob@acme.example", signed=True)
    world.work()
    world.worker.close()  # with the gate still closed: it would wait for half a minute
    assert not world.dns.gate.is_set()
    assert world.waiting() == [id]
    with pytest.raises(RuntimeError):
        world.work()


# ---------------------------------------------------------------- bounds and settings


def mail(id: str, sender: str = "bob@acme.example", peer: str = OUTSIDE) -> own_checks.Mail:
    raw = f"From: {sender}\r\nSubject: x\r\n\r\nx\r\n".encode()
    return Envelope(id, NOW, "smtp", sender, ("support@example.com",), peer), raw, parse(raw)


def test_what_is_remembered_is_bounded() -> None:
    dns = Dns()
    dns.stuck = "acme.example"
    checks = OwnChecks(OwnCheck(Config(), Authenticator(dns)), patience=0, most=2)
    mails = [mail(str(n)) for n in range(4)]
    young, old = timedelta(0), timedelta(days=1)
    assert checks.results(mails, lambda _: young) == [
        Wait(0),
        Wait(0),
        Wait(CROWDED_SECONDS),
        Wait(CROWDED_SECONDS),
    ]
    assert [checks.waits(str(n)) for n in range(4)] == [True, True, False, False]
    late = checks.results(mails[2:], lambda _: old)
    assert [each.authenticated for each in late if isinstance(each, AuthResult)] == [False, False]
    dns.gate.set()
    checks.close()
    assert checks.results(mails[3:], lambda _: young) == [Wait(CROWDED_SECONDS)]


def test_after_closing_nothing_is_begun() -> None:
    dns = Dns()
    checks = OwnChecks(OwnCheck(Config(), Authenticator(dns)))
    checks.close()
    assert checks.results([mail("1")], lambda _: timedelta(0)) == [Wait(0)]
    assert dns.asked == []


def test_a_broken_check_costs_the_mail_its_check_alone() -> None:
    class Broken:
        def check(self, *_: object) -> None:
            raise ZeroDivisionError("oh")

    own = OwnCheck(Config(), Broken())  # type: ignore[arg-type]
    found = own.auth(mail("1"))
    assert not found.authenticated
    assert "mailgate did not check it (ZeroDivisionError: oh)" in found.how


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        ({"trust": {"own_checks": False}}, "trust.own_checks is off"),
        ({}, "dns.nameservers: the host names no server"),
    ],
)
def test_where_nobody_can_be_asked_the_reason_says_so(
    settings: dict[str, Any], why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def none(_: Config) -> None:
        raise ConfigError(["dns.nameservers: the host names no server in /etc/resolv.conf; name one here"])

    monkeypatch.setattr("mailgate.authenticate.make", none)
    own = own_checks.make(Config.model_validate(settings))
    assert not own.asks
    (found,) = OwnChecks(own).results([mail("1")], lambda _: timedelta(0))
    assert isinstance(found, AuthResult)
    assert why in found.how
    assert "mailgate did not check it" in own.auth(mail("1")).how
    assert own.auth(mail("1", peer=INSIDE)).authenticated


@pytest.mark.parametrize("text", [None, "not toml"])
def test_a_broken_zone_file_is_no_start(tmp_path: Path, text: str | None) -> None:
    if text:
        (tmp_path / "zone.toml").write_text(text)
    with pytest.raises(ConfigError):
        own_checks.make(Config.model_validate({"dns": {"zone_file": str(tmp_path / "zone.toml")}}))
