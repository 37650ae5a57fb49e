"""T16: real mailers send lines of any length (a limit of 1,000 octets loses their mail); the bytes are kept as they came."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from doors.listener import HELLO, MAIL, OWN, RELAY, STRANGERS, Listener, codes, listeners

Listen = Callable[..., Listener]

MAILS = {
    "one octet over RFC 5321 §4.5.3.1.6": b"Subject: x\r\n\r\n" + b"y" * 999 + b"\r\n",
    "1,100 octets": b"Subject: x\r\n\r\n" + b"y" * 1100 + b"\r\n",
    "a header of 3,000 octets": b"References: " + b"<a@example.org> " * 190 + b"\r\n\r\nx\r\n",
    "HTML in one line": b"Content-Type: text/html\r\n\r\n<p>" + b"word " * 20_000 + b"</p>\r\n",
    "base64 without line ends": b"Content-Transfer-Encoding: base64\r\n\r\n" + b"QUJD" * 300_000 + b"\r\n",
    "3 MB": b"z" * 3_000_000 + b"\r\n",
    "UTF-8": b"Subject: x\r\n\r\n" + "ü漢".encode() * 50_000 + b"\r\n",
    "a dot at its start": b".." + b"y" * 5000 + b"\r\n",
    "many of them": (b"y" * 2000 + b"\r\n") * 200,
}


@pytest.fixture
def listen() -> Iterator[Listen]:
    yield from listeners()


@pytest.mark.parametrize("trust", [STRANGERS, RELAY, OWN], ids=["stranger", "relay", "own"])
@pytest.mark.parametrize("mail", MAILS.values(), ids=MAILS)
def test_none_is_refused_and_none_is_cut(listen: Listen, mail: bytes, trust: dict[str, Any]) -> None:
    door = listen(trust=trust)
    talk = door.talk(HELLO, MAIL, b"DATA\r\n", mail, b".\r\nQUIT\r\n")
    assert codes(talk)[-2:] == ["250", "221"]
    assert [raw for _, raw in door.mails] == [mail.removeprefix(b".")]


@pytest.mark.parametrize("trust", [RELAY, OWN], ids=["relay", "own"])
def test_nor_where_lines_end_with_lf(listen: Listen, trust: dict[str, Any]) -> None:
    """To a server that counts from CRLF to CRLF such a mail is one line: every scanner's mail over 1 kB was lost."""
    mail = b"Subject: scan\n\n" + b"a line\n" * 2000
    door = listen(trust=trust)
    assert codes(door.talk(HELLO, MAIL, b"DATA\r\n", mail, b"\r\n.\r\nQUIT\r\n"))[-2:] == ["250", "221"]
    assert [raw for _, raw in door.mails] == [mail + b"\r\n"]
