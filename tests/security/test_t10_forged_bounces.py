"""T10 (Discourse CVE-2026-26077): a forged bounce must not switch anybody's mail off."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from security.desk import BOB, EVE, LIST, SAM, SUPPORT, TEAM, Desk, Sent, written

from mailgate.mail.token import Minter
from mailgate.model import Key, Purpose

REPORT = """From: MAILER-DAEMON@{by}
To: {to}
Subject: Undelivered Mail Returned to Sender
Message-ID: <{id}@{by}>
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary=b

--b
Content-Type: text/plain

The address is not known here.

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; {by}

Final-Recipient: rfc822; {address}
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 no such user

--b
Content-Type: text/rfc822-headers

From: support@example.com
To: {address}
Message-ID: {about}

--b--
"""


def report(
    to: str, address: str, about: str = "<x@example.com>", by: str = "mx.acme.example", id: str = "r1"
) -> bytes:
    text = REPORT.format(to=to, address=address, about=about, by=by, id=id)
    return text.replace("\n", "\r\n").encode()


def switched_off(desk: Desk) -> set[str]:
    return {row.address for row in desk.rows("people") if row.dead}


def secret_of(address: str) -> str:
    return address.partition("+")[2].partition("@")[0]


def test_a_true_one_counts(desk: Desk) -> None:
    """So that the tests below do not pass because none does."""
    _, mine = desk.opened(BOB)
    row = desk.land(report(mine.return_path, BOB, mine.header("Message-ID")), "", (mine.return_path,))
    assert row.outcome == "bounce"
    assert switched_off(desk) == {BOB}
    assert [(sent.to, BOB in sent.words) for sent in desk.deliver()] == [(TEAM, True)], "the team is told"


def _other_key(mine: Sent, desk: Desk) -> str:
    forger = Minter(Key(0, b"guess" * 7, desk.now), SUPPORT, "example.com")
    return forger.return_path(1_000_000, desk.now)


FORGED: dict[str, Callable[[Sent, Desk], str]] = {
    "to the desk": lambda mine, desk: SUPPORT,
    "to his reply address": lambda mine, desk: str(mine.message["Reply-To"].addresses[0].addr_spec),
    "to his Message-ID": lambda mine, desk: (
        f"support+{mine.header('Message-ID')[1:].partition('@')[0]}@example.com"
    ),
    "signed with another key": _other_key,
    "one letter is wrong": lambda mine, desk: f"support+{secret_of(mine.return_path)[:-2]}aa@example.com",
    "the number alone": lambda mine, desk: "support+1000000@example.com",
    "of another address": lambda mine, desk: f"other+{secret_of(mine.return_path)}@example.com",
    "on another domain": lambda mine, desk: f"support+{secret_of(mine.return_path)}@evil.example",
}


@pytest.mark.parametrize("to", FORGED.values(), ids=FORGED)
def test_a_forged_one_does_nothing(desk: Desk, to: Callable[[Sent, Desk], str]) -> None:
    """It names the right address, and even the id of a true mail of ours."""
    _, mine = desk.opened(BOB)
    address = to(mine, desk)
    row = desk.land(report(address, BOB, mine.header("Message-ID")), "", (address,))
    assert row.outcome == "quarantined"
    assert switched_off(desk) == set()
    assert desk.deliver() == []


def test_many_guesses_do_nothing(desk: Desk) -> None:
    desk.opened(BOB)
    forger = Minter(Key(1, b"guess" * 7, desk.now), SUPPORT, "example.com")
    for n in range(60):
        address = forger.return_path(1_000_000 + n % 3, desk.now - timedelta(hours=n))
        assert desk.land(report(address, BOB, id=f"g{n}"), "", (address,)).outcome == "quarantined"
    assert switched_off(desk) == set()


@pytest.mark.parametrize("to", [TEAM, SAM, LIST])
def test_staff_and_the_notify_list_are_never_switched_off(desk: Desk, to: str) -> None:
    """Even by a true one."""
    number, _ = desk.opened(BOB)
    desk.write(SAM, f"[#{number}]", "Escalate: 3 now\n\nNow.\n", believed=True)
    desk.deliver()
    path = next(sent.return_path for sent in desk.sent if sent.to == to)
    desk.land(report(path, to), "", (path,))
    assert switched_off(desk) == set()
    desk.write(BOB, f"Re: [#{number}]", "Hello?\n", believed=True)
    assert TEAM in [sent.to for sent in desk.deliver()]


def test_it_speaks_for_the_one_whose_mail_came_back_only(desk: Desk) -> None:
    """EVE has a true return path of her own; her report names BOB."""
    desk.opened(BOB)
    _, hers = desk.opened(EVE)
    desk.land(report(hers.return_path, BOB), "", (hers.return_path,))
    assert BOB not in switched_off(desk)


def test_a_return_path_serves_for_nothing_else(desk: Desk) -> None:
    number, mine = desk.opened(BOB)
    row = desk.land(written(EVE, "Hello", to=(mine.return_path,)), EVE, (mine.return_path,))
    assert row.ticket_id != number
    assert Purpose.BOUNCE not in (Purpose.REPLY, Purpose.MESSAGE)
