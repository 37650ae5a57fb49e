"""T12, SMTP smuggling: only CRLF.CRLF ends a mail, and only CRLF ends a command, whoever sends and however it is cut.

CVE-2023-51764 (Postfix), -51765 (Sendmail), -51766 (Exim), CVE-2024-27305 (aiosmtpd): two servers that disagree on where a
mail ends, so that the second one takes the rest of the first mail for commands.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from doors.listener import (
    GOOD_LOGIN,
    HELLO,
    MAIL,
    OWN,
    RELAY,
    STRANGERS,
    USERS,
    Listener,
    codes,
    eventually,
    everything,
    listeners,
)

from mailgate import config
from mailgate.intake.body import has_bare_newline
from mailgate.mail.compose import compose
from mailgate.model import Address, Mail
from mailgate.relay.smtp import SmtpRelay

Listen = Callable[..., Listener]

# What some server or other has taken for the end of a mail, or might.
ENDS = {
    "LF . LF": b"\n.\n",
    "LF . CRLF": b"\n.\r\n",
    "LF . CR": b"\n.\r",
    "CRLF . LF": b"\r\n.\n",
    "CRLF . CR": b"\r\n.\r",
    "CRLF . CR CRLF": b"\r\n.\r\r\n",
    "CR . CR": b"\r.\r",
    "CR . LF": b"\r.\n",
    "CR . CRLF": b"\r.\r\n",
    "CR CRLF . CR CRLF": b"\r\r\n.\r\r\n",
    "LF CR . LF CR": b"\n\r.\n\r",
    "LF LF . LF": b"\n\n.\n",
    "CRLF . LF CRLF": b"\r\n.\n\r\n",
    "CRLF NUL . CRLF": b"\r\n\0.\r\n",
    "CRLF . NUL CRLF": b"\r\n.\0\r\n",
    "CRLF . CR NUL LF": b"\r\n.\r\0\n",
    "CR NUL LF . CR NUL LF": b"\r\0\n.\r\0\n",
    "LF NUL . LF": b"\n\0.\n",
    "CRLF . space CRLF": b"\r\n. \r\n",
    "CRLF . tab CRLF": b"\r\n.\t\r\n",
    "CRLF space . CRLF": b"\r\n .\r\n",
    "CRLF .. CRLF": b"\r\n..\r\n",
    "NEL . NEL": b"\xc2\x85.\xc2\x85",
    "LS . LS": b"\xe2\x80\xa8.\xe2\x80\xa8",
    "VT . VT": b"\x0b.\x0b",
    "FF . FF": b"\x0c.\x0c",
}
# The same right behind DATA, whose own CRLF could stand for the one before the dot.
STARTS = {
    ". LF": b".\n",
    ". CR": b".\r",
    ". CR CRLF": b".\r\r\n",
    ". NUL CRLF": b".\0\r\n",
    ". space CRLF": b". \r\n",
    "NUL . CRLF": b"\0.\r\n",
    "LF . LF": b"\n.\n",
    "LF . CRLF": b"\n.\r\n",
    "CR . CRLF": b"\r.\r\n",
}
CONTENTS = {f"one {name}": b"one" + end for name, end in ENDS.items()} | {
    f"at once {n}": e for n, e in STARTS.items()
}
INSIDE = MAIL.replace(b"a@", b"evil@") + b"DATA\r\nSubject: smuggled\r\n\r\nx"

WHO: dict[str, tuple[dict[str, Any], bytes]] = {
    "stranger": (STRANGERS, b""),
    "relay in front": (RELAY, b""),
    "own device": (OWN, b""),
    "logged in": (STRANGERS, GOOD_LOGIN),
}


@pytest.fixture(scope="module")
def doors() -> Iterator[dict[str, Listener]]:
    """A door for each sort of client; they forgive every fault, so that one test does not cut off the next."""
    for listen in listeners():
        many = {"users": USERS, "max_faults_per_network": 0, "max_mails_per_network": 0}
        yield {who: listen(trust=trust, smtp=many) for who, (trust, _) in WHO.items()}


@pytest.fixture
def listen() -> Iterator[Listen]:
    yield from listeners()


def stored(door: Listener, before: int) -> list[bytes]:
    return [raw for _, raw in door.mails[before:]]


def plain(content: bytes) -> bytes:
    """What the mail is, once the dots of transparency are off (RFC 5321 §4.5.2)."""
    return (b"\r\n" + content + INSIDE + b"\r\n").replace(b"\r\n.", b"\r\n")[2:]


@pytest.mark.parametrize("content", CONTENTS.values(), ids=CONTENTS)
@pytest.mark.parametrize("who", WHO)
def test_nothing_else_ends_a_mail(doors: dict[str, Listener], who: str, content: bytes) -> None:
    """One mail with everything in it, or one refusal; the command behind the true end is the next one read."""
    door, login, before = doors[who], WHO[who][1], len(doors[who].mails)
    talk = door.talk(HELLO, login, MAIL, b"DATA\r\n", content + INSIDE, b"\r\n.\r\n", b"NOOP\r\nQUIT\r\n")
    refused = who == "stranger" and has_bare_newline(plain(content))
    opening = ["250", "235", "250", "250", "354"] if login else ["250", "250", "250", "354"]
    assert codes(talk) == [*opening, "550" if refused else "250", "250", "221"]
    assert stored(door, before) == ([] if refused else [plain(content)])
    assert all(envelope.mail_from == "a@example.org" for envelope, _ in door.mails[before:])


@pytest.mark.parametrize("content", CONTENTS.values(), ids=CONTENTS)
@pytest.mark.parametrize("size", [1, 2, 3])
def test_nor_when_it_comes_in_pieces(doors: dict[str, Listener], content: bytes, size: int) -> None:
    """Each piece is handed to the connection on its own, as if it were a packet."""
    door, before = doors["stranger"], len(doors["stranger"].mails)
    wire = HELLO + MAIL + b"DATA\r\n" + content + INSIDE + b"\r\n.\r\nNOOP\r\nQUIT\r\n"
    with door.connect() as sock:
        sock.recv(99)

        async def feed() -> None:
            (session,) = door.server.door.sessions
            for at in range(0, len(wire), size):
                session.data_received(wire[at : at + size])
                while session.committing:
                    await asyncio.sleep(0)

        door.call(feed())
        received = everything(sock)
    refused = has_bare_newline(plain(content))
    assert codes(received)[4:] == ["550" if refused else "250", "250", "221"]
    assert stored(door, before) == ([] if refused else [plain(content)])
    assert eventually(lambda: not door.server.door.sessions)


def test_the_refusal_says_what_to_mend(doors: dict[str, Listener]) -> None:
    talk = doors["stranger"].talk(HELLO, MAIL, b"DATA\r\none\ntwo\r\n.\r\nQUIT\r\n")
    refusal = next(line for line in talk.splitlines() if line.startswith(b"550"))
    assert refusal.startswith(b"550 5.6.11 ")  # the code that senders' help pages explain
    for words in (b"CR or LF", b"CRLF at the end of each line", b"RFC 5321"):
        assert words in refusal


def test_the_true_end_is_followed_by_true_commands(doors: dict[str, Listener]) -> None:
    """RFC 2920: a second mail sent ahead is a second mail, after a refused one too."""
    door, before = doors["stranger"], len(doors["stranger"].mails)
    second = MAIL + b"DATA\r\ntwo\r\n.\r\n"
    door.talk(
        HELLO, MAIL, b"DATA\r\none\r\n.\r\n", second, MAIL, b"DATA\r\na\nb\r\n.\r\n", second, b"QUIT\r\n"
    )
    assert stored(door, before) == [b"one\r\n", b"two\r\n", b"two\r\n"]


# ---------------------------------------------------------------- commands

HIDDEN = {
    "LF": b"NOOP\nRSET\r\n",
    "CR": b"NOOP x\rRSET\r\n",
    "LF CR": b"NOOP x\n\rRSET\r\n",
    "CR at the end": b"NOOP x\r\r\n",
    "NUL": b"NOOP x\0RSET\r\n",
    "NUL CRLF": b"NOOP x\0\r\n",
    "in HELO": b"EHLO c\rMAIL FROM:<evil@example.org>\r\n",
    "in MAIL": b"MAIL FROM:<a@example.org>\rRCPT TO:<support@example.com>\r\n",
    "in a parameter": b"MAIL FROM:<a@example.org> SIZE=1\rX\r\n",
    "in RCPT": b"RCPT TO:<support@example.com\n>\r\n",
    "in AUTH": b"AUTH PLAIN AHNjYW4A\rcGFzc3dvcmQx\r\n",
}


@pytest.mark.parametrize("line", HIDDEN.values(), ids=HIDDEN)
@pytest.mark.parametrize("who", ["stranger", "relay in front"])
def test_no_command_hides_behind_another(doors: dict[str, Listener], who: str, line: bytes) -> None:
    talk = doors[who].talk(HELLO, line, b"QUIT\r\n")
    replies = codes(talk)
    assert replies[:2] == ["250", "500"]
    assert b"500 5.5.2" in talk
    assert len(replies) <= 4, "at most the part behind an LF is a line of its own"


@pytest.mark.parametrize("line", [HIDDEN["CR"], HIDDEN["NUL"], HIDDEN["in MAIL"]], ids=["CR", "NUL", "MAIL"])
def test_our_own_may_end_a_command_with_lf_and_nothing_else(doors: dict[str, Listener], line: bytes) -> None:
    assert codes(doors["own device"].talk(HELLO, b"NOOP\n", line, b"QUIT\n")) == ["250", "250", "500", "221"]


def test_a_mail_that_comes_without_data_is_no_mail(listen: Listen) -> None:
    """A client that sends on although DATA was refused: its mail's lines are faults, and soon the end."""
    door = listen(trust=STRANGERS)
    lines = b"".join(b"line %d\r\n" % n for n in range(30))
    talk = door.talk(
        HELLO, b"MAIL FROM:<a@example.org>\r\nDATA\r\n", lines, b".\r\n", MAIL, b"DATA\r\nx\r\n.\r\n"
    )
    assert codes(talk)[:3] == ["250", "250", "503"]
    assert codes(talk)[-1] == "421"
    assert door.mails == []


# ---------------------------------------------------------------- what we send ourselves


@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS)
def test_what_we_send_smuggles_nothing(doors: dict[str, Listener], end: bytes) -> None:
    """A customer's words with such an end in them, composed and sent by our relay to the strictest door we have."""
    door, before = doors["stranger"], len(doors["stranger"].mails)
    words = (b"one" + end + INSIDE).decode("latin-1")
    mail = Mail(
        sender=Address("support@example.com", ""),
        to=Address("a@example.org", words),
        subject=words,
        message_id="<id@example.com>",
        date=datetime(2026, 1, 1, tzinfo=UTC),
        text=words,
        html=f"<pre>{words}</pre>",
    )
    relay = SmtpRelay(config.Relay(url=f"smtp://127.0.0.1:{door.port}", starttls="no"))
    raw = compose(mail)
    assert relay.send(raw, "a@example.org", "support@example.com").kind == "sent"
    relay.close()
    assert not has_bare_newline(raw)
    assert stored(door, before) == [raw]
