"""The IMAP door against a real Dovecot: what is taken, when, and where it lies afterwards."""

from __future__ import annotations

import itertools
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from doors.dovecot import PASSWORD, Dovecot
from doors.mailboxes import Doors, account, mail, until

from mailgate.cli import mailboxes
from mailgate.errors import Full, Permanent, Transient

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def dovecot(certificate: dict[str, str]) -> Iterator[Dovecot]:
    with Dovecot(certificate) as server:
        yield server


NUMBERS = itertools.count(1)


@pytest.fixture
def user(dovecot: Dovecot) -> str:
    return dovecot.user(f"user{next(NUMBERS)}")


@pytest.fixture
def doors(tmp_path: Path) -> Iterator[Doors]:
    doors = Doors(tmp_path / "var")
    doors.data_dir.mkdir()
    yield doors
    doors.stop()


def fill(dovecot: Dovecot, user: str, count: int, mailbox: str = "INBOX", start: int = 1) -> list[bytes]:
    raws = [mail(number) for number in range(start, start + count)]
    for number, raw in enumerate(raws):
        dovecot.put(user, raw, mailbox, name=f"{1_700_000_000 + start + number}.M{number:06}P1.test")
    return raws


def names(dovecot: Dovecot, user: str, mailbox: str) -> list[bytes]:
    return sorted(path.read_bytes() for path in dovecot.mails(user, mailbox))


def test_mails_are_taken_and_moved(dovecot: Dovecot, user: str, doors: Doors) -> None:
    raws = fill(dovecot, user, 7)
    with doors.running(account(dovecot.port, user)):
        until(lambda: not dovecot.mails(user))
    assert sorted(doors.accepted.raws) == sorted(raws)
    assert names(dovecot, user, "mailgate-done") == sorted(raws)
    assert all("S" in path.name.partition(":2,")[2] for path in dovecot.mails(user, "mailgate-done"))
    envelope = doors.accepted.mails[0][0]
    assert (envelope.door, envelope.mail_from, envelope.rcpt_to) == ("imap", "", ("support@example.com",))
    assert doors.state().good
    assert not doors.state().bad


def test_new_mail_comes_by_idle(dovecot: Dovecot, user: str, doors: Doors) -> None:
    with doors.running(account(dovecot.port, user, poll_seconds=3600)):
        until(lambda: doors.state() and doors.state().good)
        for number in range(1, 4):
            dovecot.append(user, mail(number))
            until(lambda number=number: len(doors.accepted.mails) == number)
    assert doors.accepted.raws == [mail(1), mail(2), mail(3)]


@pytest.mark.parametrize("idle", [True, False], ids=["server cannot", "switched off"])
def test_without_idle_it_polls(certificate: dict[str, str], doors: Doors, idle: bool) -> None:
    capability = "IMAP4rev1 UIDPLUS MOVE LITERAL+" if idle else ""
    with Dovecot(capability=capability) as server:
        user = server.user("poll")
        with doors.running(account(server.port, user, poll_seconds=1, idle=idle)):
            until(lambda: doors.state() and doors.state().good)
            server.put(user, mail(1))
            until(lambda: doors.accepted.raws == [mail(1)])


@pytest.mark.parametrize(
    ("capability", "after", "left", "done"),
    [
        ("IMAP4rev1 UIDPLUS", "move", 0, 3),
        ("IMAP4rev1", "move", 3, 0),
        ("IMAP4rev1 UIDPLUS MOVE", "seen", 3, 0),
        ("IMAP4rev1 UIDPLUS", "delete", 0, 0),
        ("IMAP4rev1", "delete", 3, 0),
    ],
    ids=["copy and expunge by UID", "nothing to move with", "leave", "delete", "nothing to delete with"],
)
def test_what_a_server_can(doors: Doors, capability: str, after: str, left: int, done: int) -> None:
    with Dovecot(capability=capability) as server:
        user = server.user("few")
        fill(server, user, 3)
        other = (
            server.maildir(user) / "cur" / "1600000000.M1P1.other:2,ST"
        )  # another program marked it \Deleted
        server.put(user, mail(9), name=other.name)
        (server.maildir(user) / "new" / other.name).rename(other)
        with doors.running(account(server.port, user, after=after)):
            until(lambda: doors.state() and doors.state().good)
        mine = [path for path in server.mails(user) if "other" not in path.name]
        assert (len(mine), len(server.mails(user, "mailgate-done"))) in (
            (left, done),
            (left, done + bool(done)),
        )
        assert all("S" in path.name.partition(":2,")[2] for path in mine)
        assert len(doors.accepted.mails) == 4
        with doors.running(account(server.port, user, after=after)):
            until(lambda: doors.state().good)
            time.sleep(0.3)
        assert len(doors.accepted.mails) == 4, "none is taken twice"


def test_the_first_connect_takes_new_mail_only(dovecot: Dovecot, user: str, doors: Doors) -> None:
    fill(dovecot, user, 20)
    with doors.running(account(dovecot.port, user, first="new")):
        until(lambda: doors.state() and doors.state().good)
        dovecot.append(user, mail(99))
        until(lambda: doors.accepted.raws == [mail(99)])
    ledger = doors.ledger()
    assert ledger.cursors()[("main", "INBOX")].old == 20
    ledger.close()
    assert len(dovecot.mails(user)) == 20


def test_the_first_connect_from_a_date_on(dovecot: Dovecot, user: str, doors: Doors) -> None:
    raws = fill(dovecot, user, 4)
    for age, path in zip((40, 30, 2, 0), sorted(dovecot.mails(user)), strict=True):
        then = time.time() - age * 86_400
        os.utime(path, (then, then))
    day = time.strftime("%Y-%m-%d", time.gmtime(time.time() - 10 * 86_400))
    with doors.running(account(dovecot.port, user, first=day)):
        until(lambda: len(doors.accepted.mails) == 2)
    assert doors.accepted.raws == raws[2:]


def test_several_mailboxes_and_accounts(dovecot: Dovecot, user: str, doors: Doors) -> None:
    second = dovecot.user("second")
    a, b = fill(dovecot, user, 2), fill(dovecot, user, 2, "Sales & Co", 10)
    c = fill(dovecot, second, 2, start=20)
    accounts = [
        account(dovecot.port, user, mailbox=["INBOX", "Sales & Co"]),
        account(dovecot.port, second, name="two", address="Sales@Example.com"),
        account(dovecot.port, "nobody", name="three", password="wrong"),
    ]
    own = {"addresses": {"sales@example.com": "general"}}
    # a folder's name is in modified UTF-7 on disk and on the wire (RFC 3501 section 5.1.3)
    (dovecot.folder / "mail" / user / ".Sales & Co").rename(dovecot.folder / "mail" / user / ".Sales &- Co")
    with doors.running(*accounts, gateway=own):
        until(lambda: len(doors.accepted.mails) == 6)
        until(lambda: doors.state("three") is not None)
    assert sorted(doors.accepted.raws) == sorted(a + b + c)
    assert {e.rcpt_to for e, raw in doors.accepted.mails if raw in c} == {("sales@example.com",)}
    assert "refuses the login of nobody" in doors.state("three").why


@pytest.mark.parametrize(
    "error",
    [Transient("nobody listens"), Full("452")],
    ids=["transient", "full"],
)
def test_a_spool_that_takes_nothing(
    dovecot: Dovecot, user: str, doors: Doors, error: Exception, monkeypatch: Any
) -> None:
    """The mails stay in the mailbox, unseen, and come when there is room."""
    from mailgate.intake.imap import account as module

    monkeypatch.setattr(module, "_PAUSES", {True: (0.1, 0.2), False: (0.1, 0.2)})
    raws = fill(dovecot, user, 5)
    doors.accepted.answer = lambda _e, raw: error if raw in raws[1:] else None  # type: ignore[assignment]
    with doors.running(account(dovecot.port, user)):
        until(lambda: doors.state() and doors.state().bad)
        assert doors.accepted.raws == raws[:1]
        assert all(not path.name.partition(":2,")[2] for path in dovecot.mails(user))
        doors.accepted.answer = lambda _e, _raw: None
        until(lambda: len(doors.accepted.mails) == 5)
        until(lambda: not dovecot.mails(user))
    assert sorted(doors.accepted.raws) == sorted(raws)
    assert not doors.set_aside()


def test_a_mail_that_is_refused_for_good_is_set_aside(dovecot: Dovecot, user: str, doors: Doors) -> None:
    raws = fill(dovecot, user, 3)
    doors.accepted.answer = lambda _e, raw: Permanent("550 no such user") if raw == raws[1] else None
    with doors.running(account(dovecot.port, user)):
        until(lambda: not dovecot.mails(user))
        until(lambda: dovecot.mails(user, "mailgate-failed"))
    assert names(dovecot, user, "mailgate-failed") == [raws[1]]
    assert not any(":2,S" in path.name for path in dovecot.mails(user, "mailgate-failed"))
    notes = [raw for raw in doors.accepted.raws if raw not in raws]
    assert len(notes) == 1
    assert notes[0].startswith(b"X-Mailgate-Set-Aside: 550 no such user\r\n")
    assert b"Subject: Mail 2\r\n" in notes[0]
    assert doors.set_aside() == [("main", "INBOX", 1, 0)]


def test_too_large_a_mail_is_set_aside_before_it_is_fetched(
    dovecot: Dovecot, user: str, doors: Doors
) -> None:
    dovecot.put(user, mail(1), name="1700000001.a")
    dovecot.put(user, mail(2, 100_000), name="1700000002.a")
    dovecot.put(user, mail(3), name="1700000003.a")
    with doors.running(account(dovecot.port, user), smtp={"max_size": 65_536}):
        until(lambda: dovecot.mails(user, "mailgate-failed"))
    assert doors.accepted.raws[:2] == [mail(1), mail(3)]
    assert b"more than smtp.max_size (65536)" in doors.accepted.raws[2].partition(b"\r\n")[0]


@pytest.mark.parametrize("change", ["same mails", "with a new one"])
def test_another_uidvalidity(dovecot: Dovecot, user: str, doors: Doors, change: str) -> None:
    """Nothing is taken twice, nothing is lost, and old mails stay old."""
    now = time.time()
    old = fill(dovecot, user, 3)
    for path in dovecot.mails(user):
        os.utime(path, (now - 86_400, now - 86_400))
    settings = account(dovecot.port, user, first="new", after="seen")
    with doors.running(settings):
        until(lambda: doors.state() and doors.state().good)
        new = [mail(number) for number in (10, 11, 12)]
        for raw in new:
            dovecot.append(user, raw)
        until(lambda: len(doors.accepted.mails) == 3)
    dovecot.new_validity(user)
    more = fill(dovecot, user, 1, start=20) if change == "with a new one" else []
    dovecot.new_validity(user)
    before = doors.state().good
    with doors.running(settings):
        until(lambda: doors.state().good > before)
    assert sorted(doors.accepted.raws) == sorted(new + more)
    assert len(dovecot.mails(user)) == len(old + new + more)


def test_headers_of_the_envelope_are_believed_where_the_settings_say_so(
    dovecot: Dovecot, user: str, doors: Doors
) -> None:
    head = b"Return-Path: <ann@client.example>\r\nDelivered-To: support+abc@example.com\r\nDelivered-To: x@other.example\r\n"
    dovecot.put(user, head + mail(1))
    with doors.running(account(dovecot.port, user, envelope_headers=["Delivered-To"])):
        until(lambda: doors.accepted.mails)
    envelope = doors.accepted.mails[0][0]
    assert (envelope.mail_from, envelope.rcpt_to) == ("ann@client.example", ("support+abc@example.com",))


@pytest.mark.parametrize("tls", ["implicit", "starttls"])
def test_tls(dovecot: Dovecot, user: str, doors: Doors, certificate: dict[str, str], tls: str) -> None:
    port = dovecot.tls_port if tls == "implicit" else dovecot.port
    dovecot.put(user, mail(1))
    settings = account(
        port, user, host="localhost", tls=tls, tls_ca=certificate["tls_cert"], poll_seconds=3600
    )
    with doors.running(settings):
        until(lambda: doors.accepted.mails)
        dovecot.append(user, mail(2))  # by IDLE, inside TLS
        until(lambda: len(doors.accepted.mails) == 2)


Change = Callable[[Dovecot, dict[str, str]], dict[str, Any]]
WRONG: dict[str, tuple[Change, str, str]] = {
    "password": (lambda d, c: {"password": "wrong"}, "login", "refuses the login of"),
    "not our CA": (lambda d, c: {"tls": "implicit", "port": d.tls_port, "host": "localhost"}, "certificate", "not valid"),
    "another name": (
        lambda d, c: {"tls": "implicit", "port": d.tls_port, "host": "127.0.0.2", "tls_ca": c["tls_cert"]},
        "certificate", "",
    ),
    "no TLS there": (lambda d, c: {"tls": "implicit", "host": "localhost"}, "certificate", "no TLS with"),
    "nobody there": (lambda d, c: {"port": 1}, "unreachable", "does not answer"),
    "no such host": (lambda d, c: {"host": "imap.invalid", "tls": "implicit"}, "unreachable", "is not in DNS"),
    "no such mailbox": (lambda d, c: {"mailbox": "Nowhere"}, "mailbox", "cannot be opened"),
    "no such password file": (
        lambda d, c: {"password": "", "password_file": "/nonexistent/x"}, "login", "cannot be read from",
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", WRONG)
def test_what_is_wrong_is_said_in_words(
    dovecot: Dovecot, user: str, doors: Doors, certificate: dict[str, str], what: str
) -> None:
    change, _, words = WRONG[what]
    changed = {**account(dovecot.port, user), **change(dovecot, certificate)}
    mailbox = changed.get("mailbox", "INBOX")
    with doors.running(changed):
        until(lambda: doors.state(mailbox=mailbox) and doors.state(mailbox=mailbox).bad)
    state = doors.state(mailbox=mailbox)
    assert words in state.why
    assert state.mend
    assert PASSWORD not in state.why


@pytest.mark.parametrize("what", WRONG)
def test_check_finds_it_too(
    dovecot: Dovecot, user: str, doors: Doors, certificate: dict[str, str], what: str
) -> None:
    change, _, words = WRONG[what]
    changed = {**account(dovecot.port, user), **change(dovecot, certificate)}
    found = [finding for finding in mailboxes.imap(doors.config(changed)) if finding.level != "ok"]
    assert len(found) == 1
    assert (found[0].level, found[0].about) == ("error", "imap main")
    assert (words if what != "no such mailbox" else "has no mailbox Nowhere") in found[0].what
    assert found[0].mend


def test_check_where_all_is_well(dovecot: Dovecot, user: str, doors: Doors) -> None:
    fill(dovecot, user, 3)
    one = account(dovecot.port, user, first="new")
    with doors.running(one):
        until(lambda: doors.state() and doors.state().good)
    found = [*mailboxes.imap(doors.config(one))]
    assert [finding.level for finding in found] == ["ok"] * 3
    said = " ".join(finding.what for finding in found)
    assert "INBOX holds 3 mails" in said
    assert "was last read at" in said
    assert "3 mails lay there at the first connect" in said
    assert len(dovecot.mails(user)) == 3
    assert not [*mailboxes.imap(doors.config())]


def test_check_tells_of_mails_that_were_set_aside(dovecot: Dovecot, user: str, doors: Doors) -> None:
    dovecot.put(user, mail(1, 100_000))
    one = account(dovecot.port, user)
    with doors.running(one, smtp={"max_size": 65_536}):
        until(lambda: doors.set_aside())
    warned = [finding for finding in mailboxes.imap(doors.config(one)) if finding.level == "warning"]
    assert "1 mails were set aside" in warned[0].what


def test_a_secret_that_others_may_read(doors: Doors, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("x")
    (tmp_path / "secret").chmod(0o644)
    one = account(1, "x", password="", password_file=str(tmp_path / "secret"))
    found = [finding.mend for finding in mailboxes.secrets(doors.config(one))]
    assert found == [f"chmod 600 {tmp_path / 'secret'}"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"mailbox": ["a", "a"]}, "each mailbox is named once"),
        ({"mailbox": []}, "at least 1"),
        ({"mailbox": "mailgate-done"}, "must not be among"),
        ({"password": ""}, "one of password"),
        ({"password_file": "x"}, "one of password"),
        ({"auth": "xoauth2"}, "imap.oauth"),
        ({"name": "Main Account"}, "pattern"),
        ({"address": "other@example.net"}, "must be one of ours"),
        ({"first": "yesterday"}, "date"),
        ({"envelope_headers": ["To"]}, "Delivered-To"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_settings_that_cannot_be(doors: Doors, change: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        doors.config(
            account(1, "x", **{key: value for key, value in change.items() if key != "name"}) | change
        )


def test_two_accounts_of_one_name(doors: Doors) -> None:
    with pytest.raises(ValueError, match="two accounts"):
        doors.config(account(1, "a"), account(1, "b"))
