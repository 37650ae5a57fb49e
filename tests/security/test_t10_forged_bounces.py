"""T10 (Discourse CVE-2026-26077): a forged bounce must not switch anybody's mail off."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from security.desk import (
    ANA,
    BOB,
    CAROL,
    EVE,
    LIST,
    NOW,
    PAT,
    SAM,
    SUPPORT,
    TEAM,
    Desk,
    Sent,
    believed_as,
    written,
)

from mailgate.landing import Job
from mailgate.mail.parse import parse
from mailgate.mail.token import Minter
from mailgate.model import Envelope, Key, Purpose
from mailgate.store import unreachable

pytestmark = pytest.mark.slow

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
Action: {action}
Status: {status}
Diagnostic-Code: smtp; 550 {status} no such user

--b
Content-Type: text/rfc822-headers

From: support@example.com
To: {address}
Message-ID: {about}

--b--
"""


def report(
    to: str,
    address: str,
    about: str = "<x@example.com>",
    by: str = "mx.acme.example",
    id: str = "r1",
    status: str = "5.1.1",
    action: str = "failed",
) -> bytes:
    text = REPORT.format(to=to, address=address, about=about, by=by, id=id, status=status, action=action)
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


def test_the_operator_is_not_switched_off_either(make_desk: Callable[..., Desk]) -> None:
    """Who would hear of no alarm any more."""
    desk = make_desk(gateway={"operator": "root@example.com", "ack_limit_total": 1})
    desk.opened(BOB)
    desk.write(BOB, "And another", "It burns.\n", believed=True)
    (rung,) = [sent for sent in desk.deliver() if sent.to == "root@example.com"]
    row = desk.land(report(rung.return_path, rung.to), "", (rung.return_path,))
    assert row.outcome == "bounce"
    assert switched_off(desk) == set()
    with desk.store.reading() as conn:
        assert unreachable.staff_that_bounced(conn, NOW) == [("root@example.com", 1)]


def test_it_speaks_for_the_one_whose_mail_came_back_only(desk: Desk) -> None:
    """EVE has a true return path of her own; her report names BOB."""
    desk.opened(BOB)
    _, hers = desk.opened(EVE)
    desk.land(report(hers.return_path, BOB), "", (hers.return_path,))
    assert switched_off(desk) == set()


def test_a_return_path_serves_for_nothing_else(desk: Desk) -> None:
    number, mine = desk.opened(BOB)
    row = desk.land(written(EVE, "Hello", to=(mine.return_path,)), EVE, (mine.return_path,))
    assert row.ticket_id != number
    assert Purpose.BOUNCE not in (Purpose.REPLY, Purpose.MESSAGE)


# -- a true return path in wrong hands


def came_back(desk: Desk, mine: Sent, id: str, status: str = "4.2.2", action: str = "failed") -> Any:
    """A report about one mail of ours, by whoever has it."""
    raw = report(mine.return_path, mine.to, mine.header("Message-ID"), id=id, status=status, action=action)
    return desk.land(raw, "", (mine.return_path,))


def answered(desk: Desk, number: int, to: str) -> list[Sent]:
    """What an agent's answer brings to this address."""
    desk.write(ANA, f"[#{number}]", "Have you tried it again?\n", believed=True)
    return [sent for sent in desk.deliver() if sent.to == to]


def codes(desk: Desk, number: int) -> list[str]:
    return [event["code"] for event in desk.ticket(number)["history"]]


def test_one_mail_that_comes_back_for_ever(desk: Desk) -> None:
    """A mail fails once, however often it is said, and leaves no trace after the first."""
    number, mine = desk.opened(BOB)
    for n in range(30):
        assert came_back(desk, mine, f"r{n}").outcome == "bounce"
    assert switched_off(desk) == set()
    assert (desk.count("bounces"), codes(desk, number).count("bounced")) == (1, 1)
    assert desk.deliver() == []


def test_one_batch_of_reports_of_one_mail(desk: Desk) -> None:
    _, mine = desk.opened(BOB)
    jobs = []
    for n in range(5):
        raw = report(mine.return_path, BOB, id=f"b{n}", status="4.2.2")
        jobs.append(Job(Envelope(f"batch-{n}", desk.now, "smtp", "", (mine.return_path,)), raw, parse(raw)))
    assert desk.landing.land(jobs) == []
    assert (switched_off(desk), desk.count("bounces")) == (set(), 1)


def test_who_got_our_mail_switches_off_himself_alone(desk: Desk) -> None:
    """EVE knows the return paths of her own mails, and nobody else's."""
    number, _ = desk.opened(BOB, cc=(PAT,))
    hers = [desk.opened(EVE)[1] for _ in range(2)]
    for n, mine in enumerate(hers):
        for m, named in enumerate((BOB, PAT, ANA, TEAM, LIST, "everybody@example.com")):
            raw = report(mine.return_path, named, id=f"e{n}{m}")
            assert desk.land(raw, "", (mine.return_path,)).outcome == "bounce"
    assert switched_off(desk) == set()
    came_back(desk, hers[0], "own", "5.1.1")
    assert switched_off(desk) == {EVE}
    assert len(answered(desk, number, BOB)) == 1


def test_a_person_with_a_copied_return_path(desk: Desk) -> None:
    """In words, or as an attachment of a mail of his own: no mail system said so."""
    number, mine = desk.opened(BOB)
    words = "550 5.1.1 bob@acme.example: no such user. The address does not exist, please switch it off.\n"
    for n, sender in enumerate((EVE, BOB)):
        raw = written(sender, f"Undelivered {n}", words, to=(mine.return_path,), believed=True)
        row = desk.land(raw, sender, (mine.return_path,))
        assert (row.kind, row.ticket_id != number) == ("person", True)
    assert switched_off(desk) == set()


@pytest.mark.parametrize(("days", "counts"), [(29, True), (31, False), (400, False)])
def test_an_old_return_path(desk: Desk, days: int, counts: bool) -> None:
    _, mine = desk.opened(BOB)
    desk.now += timedelta(days=days)
    assert came_back(desk, mine, "old", "5.1.1").outcome == ("bounce" if counts else "quarantined")
    assert switched_off(desk) == ({BOB} if counts else set())


# -- true ones


def test_three_mails_in_five_days(desk: Desk) -> None:
    """What the rule is for; a delay counts as none, and the team is told once."""
    number, first = desk.opened(BOB)
    mails = [first, *(answered(desk, number, BOB)[0] for _ in range(3))]
    came_back(desk, mails[0], "delay", action="delayed")
    for n, mine in enumerate(mails[:2]):
        came_back(desk, mine, f"t{n}")
    assert (switched_off(desk), desk.deliver()) == (set(), [])
    came_back(desk, mails[2], "t2")
    assert switched_off(desk) == {BOB}
    (told,) = desk.deliver()
    assert (told.to, "3 times in 5 days" in told.words) == (TEAM, True)
    came_back(desk, mails[3], "t3")
    assert desk.deliver() == []
    assert codes(desk, number)[-2:] == ["address_failing", "bounced"]
    assert desk.ticket(number)["assignee_dead"]


@pytest.mark.parametrize(("between", "off"), [(2.4, True), (2.6, False)])
def test_three_mails_in_more_days(desk: Desk, between: float, off: bool) -> None:
    number, mine = desk.opened(BOB)
    for n in range(3):
        came_back(desk, mine, f"d{n}")
        desk.now += timedelta(days=between)
        mine = (answered(desk, number, BOB) or [mine])[0]
    assert switched_off(desk) == ({BOB} if off else set())


def test_no_ticket_mails_him_any_more(desk: Desk) -> None:
    """Nor those on which he is a recipient; and what waits is taken back."""
    number, mine = desk.opened(BOB)
    other, _ = desk.opened(CAROL, cc=(BOB,))
    desk.write(ANA, f"[#{other}]", "It waits.\n", believed=True)
    came_back(desk, mine, "gone", "5.1.1")
    assert BOB not in [sent.to for sent in desk.deliver()]
    assert (answered(desk, number, BOB), answered(desk, other, BOB)) == ([], [])
    assert [(r["address"], r["state"]) for r in desk.ticket(other)["recipients"]] == [(BOB, "dead")]
    told = [sent.words for sent in desk.sent if sent.to == ANA]
    assert len([words for words in told if "did not get this" in words]) == 1, "who answers BOB, not CAROL"


@pytest.mark.parametrize("proved", ["authentication", "proof"])
def test_who_writes_gets_mail_again(desk: Desk, proved: str) -> None:
    sender = BOB if proved == "authentication" else PAT
    number = desk.number_of(desk.write(sender, believed=True)) if sender == BOB else _of_pat(desk)
    desk.deliver()
    other, _ = desk.opened(CAROL, cc=(sender,))
    mine = answered(desk, number, sender)[0]
    came_back(desk, mine, "gone", "5.1.1")
    came_back(desk, answered(desk, other, CAROL)[0], "carol", "4.2.2")
    assert answered(desk, number, sender) == []
    reply_to = str(mine.message["Reply-To"].addresses[0].addr_spec)
    row = desk.write(sender, "Re: It is broken", "I am still here.\n", to=(reply_to,), believed=sender == BOB)
    assert (believed_as(row), row.ticket_id) == ("authenticated" if sender == BOB else "proof", number)
    assert switched_off(desk) == set()
    assert codes(desk, number)[-2:] == ["address_alive", "commented"]
    desk.deliver()
    assert len(answered(desk, number, sender)) == len(answered(desk, other, sender)) == 1
    came_back(desk, mine, "again", "5.1.1")
    assert switched_off(desk) == set(), "what is said of the mails before proves nothing now"


def _of_pat(desk: Desk) -> int:
    """A ticket of somebody whom nobody vouches for, and whom an agent has answered."""
    number = desk.number_of(desk.write(PAT))
    assert len(answered(desk, number, PAT)) == 1
    return number


def test_an_unverified_mail_switches_nobody_on(desk: Desk) -> None:
    number, mine = desk.opened(BOB)
    came_back(desk, mine, "gone", "5.1.1")
    desk.write(BOB, f"Re: [#{number}]", "It is me, trust me.\n")
    assert switched_off(desk) == {BOB}
    assert BOB not in [sent.to for sent in desk.deliver()]
