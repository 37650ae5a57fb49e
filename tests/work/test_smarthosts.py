"""The way out through real mail servers: Postfix and Exim, as they defer, reject, close, ask for TLS and for a login; and
both as clients of our door."""

from __future__ import annotations

import os
import re
import smtplib
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from doors.exim import RELAY_FOR_LOGINS, exim
from doors.ground import entered_by_all
from doors.listener import Listener, eventually, listeners
from doors.postfix import Postfix
from work.peer import CUT, STORE_AND_CUT, Peer, certify
from work.test_courier import World

from mailgate import config
from mailgate.relay.smtp import SmtpRelay
from mailgate.store.engine import Store

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(os.geteuid() != 0, reason="Postfix and Exim want to be started by root"),
]

ACCESS = """
mynetworks = 192.0.2.1/32
smtpd_recipient_restrictions = check_recipient_access inline:{
 {gone@example.com = 550 5.1.1 no such user}, {grey@example.com = 450 4.7.1 greylisted, come again},
 {close@example.com = 421 4.3.2 closing}, {full@example.com = 552 5.2.2 mailbox full} }
smtpd_sender_restrictions = check_sender_access inline:{ {bad@example.com = 550 5.7.1 sender refused} }
smtpd_relay_restrictions = reject_unauth_destination
message_size_limit = 20000
smtputf8_enable = no
"""


@pytest.fixture(scope="module")
def sink() -> Iterator[Peer]:
    peer = Peer(EHLO="250-peer\r\n250 8BITMIME")
    yield peer
    peer.close()


@pytest.fixture(scope="module")
def smarthost(sink: Peer) -> Iterator[int]:
    with Postfix(f"smtp:[127.0.0.1]:{sink.port}", main=ACCESS) as postfix:
        yield postfix.port


def relay_to(port: int, **settings: Any) -> SmtpRelay:
    values = {"url": f"smtp://127.0.0.1:{port}", "timeout": 20, "timeout_after_data": 20, **settings}
    return SmtpRelay(config.Relay.model_validate(values), "gate.example")


def mail(name: str, size: int = 0) -> bytes:
    return f"Message-ID: <{name}@example.com>\r\nSubject: x\r\n\r\n{'x' * 70}\r\n".encode() + (
        b"y" * 70 + b"\r\n"
    ) * (size // 72)


@pytest.mark.parametrize(
    ("sender", "to", "size", "kind", "code"),
    [
        ("a@example.com", "ok@example.com", 0, "sent", 250),
        ("", "ok@example.com", 0, "sent", 250),
        ("a+token=1@example.com", "ok+x@example.com", 0, "sent", 250),
        ("a@example.com", "gone@example.com", 0, "failed", 550),
        ("a@example.com", "full@example.com", 0, "failed", 552),
        ("a@example.com", "grey@example.com", 0, "retry", 450),
        ("a@example.com", "close@example.com", 0, "down", 421),
        ("a@example.com", "bob@elsewhere.example", 0, "denied", 554),
        ("bad@example.com", "ok@example.com", 0, "denied", 550),
        ("a@example.com", "ok@example.com", 30_000, "failed", 0),
        ("a@example.com", "björn@example.com", 0, "failed", 0),
    ],
)
def test_what_postfix_says_has_its_type(
    smarthost: int, sender: str, to: str, size: int, kind: str, code: int
) -> None:
    relay = relay_to(smarthost)
    try:
        reply = relay.send(mail("type", size), sender, to)
        assert (reply.kind, reply.code) == (kind, code), reply
        after = relay.send(mail("after"), "a@example.com", "ok@example.com")
        assert after.kind == "sent", "what was refused leaves a connection that works"
    finally:
        relay.close()


def test_two_hundred_mails_over_two_connections_arrive_once_each(smarthost: int, sink: Peer) -> None:
    relay = relay_to(smarthost, max_per_connection=100)
    begin = len(sink.mails)
    kinds = [
        relay.send(mail(f"many-{n}"), "a@example.com", "gone@example.com" if n % 10 == 9 else f"p{n}@example.com").kind
        for n in range(200)
    ]  # fmt: skip
    relay.close()
    assert (kinds.count("sent"), kinds.count("failed")) == (180, 20)

    def arrived() -> list[bytes]:  # and not what an earlier test left in the queue
        return [found.group() for each in sink.mails[begin:] if (found := re.search(rb"<many-\d+@", each))]

    assert eventually(lambda: len(arrived()) == 180, 120)
    assert len(set(arrived())) == 180


def test_postfix_with_tls_and_our_own_authority(sink: Peer, tmp_path: Path) -> None:
    cert, key = certify(tmp_path)
    more = f"smtpd_tls_security_level = encrypt\nsmtpd_tls_cert_file = {cert}\nsmtpd_tls_key_file = {key}\nsmtpd_tls_loglevel = 1\n"
    with Postfix(f"smtp:[127.0.0.1]:{sink.port}", main=more) as postfix:
        for settings, kind in (
            ({"starttls": "must", "ca_file": str(cert)}, "sent"),
            ({"starttls": "must"}, "down"),
            ({"starttls": "may"}, "sent"),
            ({"starttls": "no"}, "denied"),  # 530 5.7.0 Must issue a STARTTLS command first
        ):
            relay = relay_to(postfix.port, **settings)
            reply = relay.send(mail("tls"), "a@example.com", "ok@example.com")
            relay.close()
            assert reply.kind == kind, (settings, reply)
        assert "TLS connection established from" in postfix.log()


# ---------------------------------------------------------------- Exim


def test_exim_takes_each_login_and_no_wrong_one() -> None:
    with exim(acl=RELAY_FOR_LOGINS) as mta:
        for auth in ("auto", "plain", "login", "cram-md5"):
            relay = relay_to(mta.port, url=f"smtp://bob:secret@127.0.0.1:{mta.port}", auth=auth)
            assert relay.send(mail(auth), "a@example.com", f"{auth}@b.example").kind == "sent", mta.log()
            relay.close()
        for auth in ("plain", "login", "cram-md5"):
            relay = relay_to(mta.port, url=f"smtp://bob:wrong@127.0.0.1:{mta.port}", auth=auth)
            reply = relay.send(mail("wrong"), "a@example.com", "x@b.example")
            assert (reply.kind, reply.code) == ("down", 535)
            assert "wrong" not in reply.text
        nobody = relay_to(mta.port)
        assert nobody.send(mail("nobody"), "a@example.com", "x@b.example").kind == "denied"
        nobody.close()
        wanted = [f"<{auth}@example.com>" for auth in ("auto", "plain", "login", "cram-md5")]
        assert eventually(lambda: all(each in mta.mailbox() for each in wanted), 20), mta.log()
        assert "<wrong@" not in mta.mailbox() + mta.log()


def test_exim_offers_a_login_inside_tls_only(tmp_path: Path) -> None:
    cert, key = certify(tmp_path)
    with entered_by_all("mailgate-exim-tls-") as folder:
        pair = folder / "pair.pem"
        pair.write_bytes(cert.read_bytes() + key.read_bytes())
        pair.chmod(0o644)
        main = f"tls_certificate = {pair}\nauth_advertise_hosts = ${{if def:tls_in_cipher {{*}}}}"
        with exim(main=main, acl=RELAY_FOR_LOGINS) as mta:
            url = f"smtp://bob:secret@127.0.0.1:{mta.port}"
            good = relay_to(mta.port, url=url, starttls="must", ca_file=str(cert))
            assert good.probe().endswith("logged in")
            assert good.send(mail("tls"), "a@example.com", "joe@b.example").kind == "sent"
            good.close()
            bad = relay_to(mta.port, url=url, starttls="must")
            assert "certificate" in bad.send(mail("tls"), "a@example.com", "joe@b.example").text


# ---------------------------------------------------------------- as clients of our door


@pytest.fixture
def listen() -> Iterator[Callable[..., Listener]]:
    yield from listeners()


def hand_over(port: int, count: int) -> None:
    with smtplib.SMTP("127.0.0.1", port, timeout=20) as smtp:
        for n in range(count):
            smtp.sendmail(
                "alice@customer.example",
                "support@example.com",
                f"Subject: {n}\r\nMessage-ID: <{n}@c>\r\n\r\n.x\r\n",
            )


def test_exim_hands_mail_to_our_door(listen: Callable[..., Listener], tmp_path: Path) -> None:
    from doors.listener import certify as door_certificate

    listener = listen(smtp=door_certificate(tmp_path))
    with exim(to=listener.port, smtp="hosts_require_tls = *\n  tls_verify_certificates =") as mta:
        hand_over(mta.port, 10)
        assert eventually(lambda: len(listener.mails) == 10, 30), mta.log()
        assert "rejected" not in mta.log()
    assert {envelope.tls for envelope, _ in listener.mails} == {True}
    assert {envelope.helo for envelope, _ in listener.mails} == {"exim.example.com"}
    assert all(b"\r\n\r\n.x\r\n" in raw for _, raw in listener.mails)


def test_exim_keeps_what_we_cannot_take_now_and_comes_again(listen: Callable[..., Listener]) -> None:
    from mailgate.errors import Transient

    listener = listen()
    listener.failure = Transient("the disk is full")
    with exim(to=listener.port) as mta:
        hand_over(mta.port, 1)
        assert eventually(lambda: "451 4.3.0" in mta.log(), 20), mta.log()
        listener.failure = None
        assert eventually(lambda: len(listener.mails) == 1, 30), mta.log()
        assert eventually(lambda: "Completed" in mta.log()), mta.log()


# ---------------------------------------------------------------- the courier on top


@pytest.fixture
def world(store: Store, tmp_path: Path) -> Callable[..., World]:
    return lambda **relay: World(store, tmp_path, **relay)


def test_the_courier_through_postfix(world: Callable[..., World], smarthost: int, sink: Peer) -> None:
    """Rejected, greylisted and delivered by recipient; the same bytes at the second attempt."""
    w = world(url=f"smtp://127.0.0.1:{smarthost}")
    relay = relay_to(smarthost)
    w.courier._relay = relay
    begin = len(sink.mails)
    w.owe("gone@example.com", "grey@example.com", "fine@example.com")
    w.until_quiet()
    rows = w.rows()
    states = {
        address: rows[address].state
        for address in ("gone@example.com", "grey@example.com", "fine@example.com")
    }
    assert states == {"gone@example.com": "failed", "grey@example.com": "waiting", "fine@example.com": "sent"}
    assert "5.1.1" in rows["gone@example.com"].last_error
    assert rows["grey@example.com"].due <= w.now + timedelta(seconds=75), "greylisting is over soon"
    relay.close()
    assert eventually(
        lambda: any(rows["fine@example.com"].message_id.encode() in each for each in sink.mails[begin:]), 20
    )


@pytest.mark.parametrize("lost", [STORE_AND_CUT, CUT], ids=["it had arrived", "it had not"])
def test_lost_after_the_dot_the_same_message_id_again(world: Callable[..., World], lost: str) -> None:
    peer = Peer(END=[lost, "250 ok"])
    w = world(threads=1)
    relay = relay_to(peer.port)
    w.courier._relay = relay
    w.owe("bob@b.example")
    for _ in range(3):
        w.until_quiet()
        w.now += timedelta(minutes=2)
    relay.close()
    peer.close()
    rows = list(w.rows().values())
    assert {row.state for row in rows} == {"sent"}
    assert sum(row.doubtful for row in rows) == 1
    (again,) = [row for row in rows if row.doubtful]
    copies = [each for each in peer.mails if again.message_id.encode() in each]
    assert len(copies) == (2 if lost == STORE_AND_CUT else 1)
    assert len(set(copies)) == 1


def test_a_relay_that_is_away_gets_everything_once_it_is_back(world: Callable[..., World]) -> None:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    w = world(threads=4)
    relay = relay_to(port)
    w.courier._relay = relay
    w.owe(*(f"p{n}@b.example" for n in range(12)))
    w.until_quiet()
    assert {row.state for row in w.rows().values()} == {"waiting"}
    assert all("refused" in row.last_error for row in w.rows().values() if row.attempts)
    with exim() as mta:
        relay = w.courier._relay = relay_to(mta.port)
        deadline = time.monotonic() + 120
        while {row.state for row in w.rows().values()} != {"sent"} and time.monotonic() < deadline:
            w.now += timedelta(minutes=2)
            w.until_quiet()  # mails in hand must not grow old by our clock
        assert {row.state for row in w.rows().values()} == {"sent"}, mta.log()
        relay.close()
        assert {row.doubtful for row in w.rows().values()} == {0}
