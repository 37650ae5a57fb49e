"""Whole attacks on the real gateway: processes, SMTP from several machines, DNS from a zone file, mails out.

Each machine is an address of the loopback network: 127.0.0.2 sends for acme.example (SPF, nothing asked by DMARC),
127.0.0.3 for strict.example (SPF, DMARC reject), 127.0.0.66 is the stranger's.
"""

from __future__ import annotations

import email
import email.policy
import itertools
import json
import os
import smtplib
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from crash.sink import Sink
from doors.postfix import Postfix
from pysqlite3 import dbapi2 as sqlite
from work.place import Place

pytestmark = pytest.mark.slow

ACME, STRICT, STRANGER = "127.0.0.2", "127.0.0.3", "127.0.0.66"
SUPPORT, TEAM = "support@example.com", "team@example.com"
BOB, EVE, SUE, ANA = "bob@acme.example", "eve@evil.example", "sue@strict.example", "ana@example.com"
ZONE = f"""
"acme.example" = [{{ TXT = "v=spf1 ip4:{ACME} -all" }}]
"strict.example" = [{{ TXT = "v=spf1 ip4:{STRICT} -all" }}]
"_dmarc.strict.example" = [{{ TXT = "v=DMARC1; p=reject" }}]
"robots.example" = [{{ TXT = "v=spf1 ip4:{ACME} -all" }}]
"evil.example" = [{{ TXT = "v=spf1 ip4:127.0.0.99 -all" }}]
"""
AGENTS = f'[[agents]]\naddress = "{ANA}"\nname = "Ana Silva"\nteams = ["support"]\n'
SETTINGS = """
[trust]
networks = []
upstreams = ["127.0.0.9/32"]
authserv_ids = ["mx.example.com"]
[dns]
zone_file = "zone.toml"
[gateway]
batch_seconds = 0
"""
FREE = {"MAILGATE_SMTP__MAX_MAILS_PER_NETWORK": "0", "MAILGATE_SMTP__MAX_CONNECTIONS_PER_CLIENT": "100"}


class Gateway(Place):
    """A gateway that runs, what was sent to it, and what it wrote."""

    def __init__(self, folder: Path, settings: str = SETTINGS) -> None:
        super().__init__(folder)
        with (folder / "mailgate.toml").open("a") as file:
            file.write(settings)
        self.environment |= FREE
        with (folder / "people.toml").open("a") as file:
            file.write(AGENTS)
        (folder / "zone.toml").write_text(ZONE)
        self.mails = 0

    def begin(self) -> None:
        self.start()
        self.until(self.answers)

    def write(
        self, machine: str, sender: str, subject: str, body: str = "It is broken.\n", *, cc: Sequence[str] = (),
        to: str = SUPPORT, mail_from: str | None = None, port: int = 0, headers: Sequence[str] = (),
    ) -> None:  # fmt: skip
        """One mail from a machine; it has its 250 when this returns."""
        self.mails += 1
        lines = [*headers, f"From: {sender}", f"To: {to}", f"Subject: {subject}"]
        lines += [f"Message-ID: <{self.mails}@{machine}.example>", "Date: Mon, 02 Mar 2026 10:00:00 +0000"]
        lines += [f"Cc: {', '.join(cc)}"] if cc else []
        raw = "\r\n".join([*lines, "", body.replace("\n", "\r\n")])
        envelope = sender if mail_from is None else mail_from
        with smtplib.SMTP("127.0.0.1", port or self.port, timeout=30, source_address=(machine, 0)) as smtp:
            smtp.sendmail(envelope, [to], raw.encode())

    def flood(self, machine: str, mails: Sequence[tuple[str, str]]) -> None:
        """(sender, mail) of many, over one connection."""
        with smtplib.SMTP("127.0.0.1", self.port, timeout=60, source_address=(machine, 0)) as smtp:
            for sender, mail in mails:
                smtp.sendmail(sender, [SUPPORT], crlf(mail))
                self.mails += 1

    def settled(self, seconds: float = 60) -> None:
        """Until each mail has its outcome and nothing waits to be sent."""
        self.until(lambda: self.landed() == self.mails and not self.owed(), seconds)

    def ask(self, question: str, *values: Any) -> list[Any]:
        try:
            db = sqlite.connect(f"file:{self.folder / 'var' / 'mailgate.db'}?mode=ro", uri=True)
            found = db.execute(question, values).fetchall()
            db.close()
        except sqlite.Error:
            return []
        return list(found)

    def landed(self) -> int:
        return sum(row[0] for row in self.ask("SELECT count(*) FROM messages"))

    def owed(self) -> bool:
        rows = self.ask("SELECT count(*) FROM outbox WHERE state IN ('waiting', 'sending')")
        return not rows or rows[0][0] > 0

    def outcome(self) -> tuple[str, str]:
        """Of the mail that came last: the outcome, and how far its sender was believed."""
        outcome, reasons = self.ask("SELECT outcome, reasons FROM messages ORDER BY id DESC LIMIT 1")[0]
        words = " ".join(json.loads(reasons))
        found = [word for word in ("authenticated", "unverified", "proof") if f"sender {SAID[word]}" in words]
        return outcome, found[0] if found else ""

    def sent(self) -> list[EmailMessage]:
        """Every mail that left, in no order; Delivered-To names its reader."""
        folder = self.folder / "var" / "sent" / "new"
        mails = [
            email.message_from_bytes(p.read_bytes(), policy=email.policy.default) for p in folder.iterdir()
        ]
        return [mail for mail in mails if isinstance(mail, EmailMessage)]

    def readers(self) -> list[str]:
        return sorted(str(mail["Delivered-To"]) for mail in self.sent())

    def ticket(self, number: int) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.run("ticket", str(number), "--json").stdout)
        return found


SAID = {"authenticated": "is authenticated", "unverified": "is unverified", "proof": "has a proof"}


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[Gateway]:
    gateway = Gateway(tmp_path)
    yield gateway
    gateway.stop()


def test_a_forged_reply_with_a_cc(gateway: Gateway) -> None:
    """CVE-2024-49193: right number, right subject, the customer's From, and the stranger in Cc."""
    gateway.begin()
    gateway.write(ACME, BOB, "Printer")
    gateway.write(STRICT, SUE, "Scanner")
    gateway.settled()
    assert gateway.readers() == sorted([BOB, SUE, TEAM, TEAM])
    before = {number: gateway.ticket(number) for number in (1, 2)}

    gateway.write(
        STRANGER,
        BOB,
        "Re: [#1] Printer",
        "Recipient: eve@evil.example\nStatus: resolved\n\nSend me all.\n",
        cc=[EVE],
    )
    gateway.settled()
    assert gateway.outcome() == ("comment", "unverified")
    ticket = gateway.ticket(1)
    assert [c["state"] for c in ticket["comments"]] == ["shown", "held"]
    assert [r for r in ticket["recipients"] if r["state"] == "active"] == []
    for key in ("status", "assignee", "severity", "escalation_level", "notify", "team", "devices"):
        assert ticket[key] == before[1][key], key
    assert gateway.readers() == sorted([BOB, SUE, TEAM, TEAM, TEAM])  # to the team, once, and to nobody else

    gateway.write(STRANGER, SUE, "Re: [#2] Scanner", cc=[EVE])  # her domain asks to reject what is not hers
    gateway.settled()
    assert gateway.outcome()[0] == "quarantined"
    assert gateway.ticket(2) == before[2]
    assert gateway.readers() == sorted([BOB, SUE, TEAM, TEAM, TEAM])

    gateway.write(ACME, BOB, "Re: [#1] Printer", "It is the fuser.\n", cc=[EVE])
    gateway.settled()
    assert gateway.outcome() == ("comment", "authenticated")
    ticket = gateway.ticket(1)
    assert [c["state"] for c in ticket["comments"]] == ["shown", "held", "shown"]
    assert [r for r in ticket["recipients"] if r["state"] == "active"] == [
        {"address": EVE, "state": "active"}
    ]
    told = [str(mail.get_body(("plain",))) for mail in gateway.sent() if mail["Delivered-To"] == EVE]
    assert all("Send me all" not in words and "It is broken" not in words for words in told)


def test_ten_thousand_guesses(gateway: Gateway) -> None:
    """Half of them numbers of a customer's tickets, half of no ticket: no comment, and one answer for all."""
    with (gateway.folder / "mailgate.toml").open("a") as file:
        file.write('[relay]\nurl = "smtp://127.0.0.1:9"\n')
    gateway.begin()
    for _ in range(20):
        gateway.write(ACME, BOB, "Printer")
    gateway.until(lambda: gateway.landed() == 20)
    known = [row[0] for row in gateway.ask("SELECT ticket_id FROM messages")]

    def guess(numbers: Sequence[int]) -> set[str]:
        replies = set()
        with smtplib.SMTP("127.0.0.1", gateway.port, timeout=60, source_address=(STRANGER, 0)) as smtp:
            smtp.ehlo()
            for number in numbers:
                head = f"From: {EVE}\r\nTo: {SUPPORT}\r\nSubject: Re: [#{number}] Printer\r\nMessage-ID: <{next(ids)}@evil.example>\r\n"
                smtp.mail(EVE)
                smtp.rcpt(SUPPORT)
                code, text = smtp.data((head + "\r\nShow me.\r\n").encode())
                replies.add(f"{code} {text.decode().partition(' ')[0]}")
        return replies

    ids = itertools.count(1)
    lots = [[*range(1, 21)] * 25 + [*range(500_001 + n, 505_001, 10)] for n in range(10)]
    with ThreadPoolExecutor(10) as pool:
        replies = set().union(*pool.map(guess, lots))
    assert len(replies) == 1
    gateway.until(lambda: gateway.landed() == 10_020, 300)
    assert {
        n for (n,) in gateway.ask("SELECT ticket_id FROM comments GROUP BY ticket_id HAVING count(*) > 1")
    } == set()
    assert len(known) == len(set(known)) == 20
    rows = gateway.ask("SELECT outcome, ticket_id, subject, reasons FROM messages WHERE sender = ?", EVE)
    assert len(rows) == len({ticket for _, ticket, _, _ in rows}) == 10_000
    alike = {
        (outcome, reasons.replace(subject[subject.index("#") : subject.index("]")], "#N"))
        for outcome, _, subject, reasons in rows
    }
    assert len(alike) == 1
    # nobody was told but the team, once for each
    told = gateway.ask("SELECT address, count(*) FROM outbox WHERE ticket_id > 20 GROUP BY address")
    assert told == [(TEAM, 10_000)]


REPORT = """\
From: MAILER-DAEMON@evil.example
To: {to}
Subject: Undelivered Mail Returned to Sender
Message-ID: <dsn{n}@evil.example>
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary=b

--b
Content-Type: text/plain

The mail could not be delivered.
--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.evil.example

Final-Recipient: rfc822; {recipient}
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 no such user

--b
Content-Type: message/rfc822

From: Support <{support}>
To: {recipient}
Subject: [#1] Printer
Message-ID: {message_id}

--b--
"""


def crlf(text: str) -> bytes:
    return text.replace("\n", "\r\n").encode()


def test_forged_bounces(gateway: Gateway) -> None:
    """By the plain address, by the reply address, by a Message-ID that is known, by a return path that is nearly right:
    nobody is switched off. By the return path of the delivery itself, somebody is."""
    gateway.begin()
    gateway.write(ACME, BOB, "Printer", cc=[SUE])
    gateway.settled()
    gateway.write(ACME, BOB, "Re: [#1] Printer", "Again.\n")
    gateway.settled()
    mails = {str(mail["Delivered-To"]): mail for mail in gateway.sent()}
    own = mails[SUE]
    path = str(own["Return-Path"]).strip("<>")
    reply_to = str(own["Reply-To"].addresses[0].addr_spec)
    message_id = str(own["Message-ID"])
    bent = path.replace(path.partition("+")[2][5], "z" if path.partition("+")[2][5] != "z" else "y", 1)
    for n, to in enumerate(
        (SUPPORT, reply_to, bent, f"support+{message_id.strip('<>').partition('@')[0]}@example.com")
    ):
        raw = REPORT.format(to=to, n=n, recipient=SUE, support=SUPPORT, message_id=message_id)
        with smtplib.SMTP("127.0.0.1", gateway.port, source_address=(STRANGER, 0)) as smtp:
            smtp.sendmail("", [to], crlf(raw))
        gateway.mails += 1
        gateway.settled()
        assert gateway.outcome()[0] == "quarantined", to
    states = {r["address"]: r["state"] for r in gateway.ticket(1)["recipients"]}
    assert states == {SUE: "active"}

    raw = REPORT.format(to=path, n=9, recipient=SUE, support=SUPPORT, message_id=message_id)
    with smtplib.SMTP("127.0.0.1", gateway.port, source_address=(STRANGER, 0)) as smtp:
        smtp.sendmail("", [path], crlf(raw))
    gateway.mails += 1
    gateway.settled()
    assert gateway.outcome()[0] == "bounce"
    assert {r["address"]: r["state"] for r in gateway.ticket(1)["recipients"]} == {SUE: "dead"}


class Robots(Sink):
    """A relay that delivers to two programs, each of which answers every mail that it gets, and says nothing of being one."""

    def __init__(self, gateway: Gateway, rounds: int) -> None:
        super().__init__(refuse=0)
        self.gateway, self.left = gateway, rounds
        self.to_robots: list[str] = []
        self.answers: list[threading.Thread] = []

    def take(self, to: str, data: bytes) -> None:
        super().take(to, data)
        if not to.endswith("@robots.example"):
            return
        self.to_robots.append(to)
        mail = email.message_from_bytes(data, policy=email.policy.default)
        if self.left:
            self.left -= 1
            answer = threading.Thread(target=self._answer, args=(to, mail))
            self.answers.append(answer)
            answer.start()

    def _answer(self, robot: str, mail: Any) -> None:
        back = str(mail["Reply-To"].addresses[0].addr_spec) if mail["Reply-To"] else SUPPORT
        self.gateway.write(
            ACME, robot, f"Re: {mail['Subject']}", "I have got your mail and will read it soon.\n", to=back,
            headers=[f"In-Reply-To: {mail['Message-ID']}"],
        )  # fmt: skip


def test_two_answering_programs(gateway: Gateway) -> None:
    """One is the assignee, one a recipient, both believed, for a thousand rounds: at most five mails reach them."""
    robots = Robots(gateway, 1000)
    try:
        with (gateway.folder / "mailgate.toml").open("a") as file:
            file.write(f'[relay]\nurl = "smtp://127.0.0.1:{robots.port}"\n')
        gateway.begin()
        one, other = "one@robots.example", "other@robots.example"
        gateway.write(ACME, one, "Hello", cc=[other])
        quiet = 0
        while quiet < 3:  # whole rounds in which nothing moves any more
            known = gateway.mails
            gateway.settled(120)
            for answer in list(robots.answers):
                answer.join(60)
            gateway.settled(120)
            quiet = quiet + 1 if gateway.mails == known else 0
        assert 1 <= len(robots.to_robots) <= 5
        # Programs that say what they are write on whether or not anybody answers.
        head = "From: {0}\nTo: {1}\nSubject: Re: [#1] Hello\nMessage-ID: <{2}.{0}>\nAuto-Submitted: auto-replied\n\n"
        mails = [
            (who, (head + "Away, {2}.\n").format(who, SUPPORT, n)) for n in range(500) for who in (one, other)
        ]
        gateway.flood(ACME, mails)
        gateway.settled(300)
        assert len(robots.to_robots) <= 5
        assert len(gateway.ticket(1)["comments"]) < 10
    finally:
        robots.close()


@pytest.mark.parametrize("sender", [EVE, BOB, ANA, "nobody@unknown.example"])
def test_amplification(gateway: Gateway, sender: str) -> None:
    """What nobody vouches for costs one mail at most, to the team, whatever it asks for."""
    gateway.begin()
    gateway.write(ACME, BOB, "Printer", cc=[SUE])
    gateway.settled()
    for subject, body in (
        ("Help", "Hello.\n"),
        (
            "[outage] [escalate] Help",
            "Escalate: now\nSeverity: outage\nAssign: v@bystander.example\n\nNow!\n",
        ),
        ("[#1 status]", "?\n"),
        ("Re: [#1] Printer", "Please escalate this ticket because of customer impact.\n"),
        ("Re: [#1] Printer", "Recipient: v@bystander.example\n\nHello\n"),
    ):
        before = gateway.readers()
        gateway.write(STRANGER, sender, subject, body, cc=[f"v{n}@bystander.example" for n in range(9)])
        gateway.settled()
        after = gateway.readers()
        for reader in before:
            after.remove(reader)
        assert after in ([], [TEAM]), (subject, after)


FORGED = [
    (BOB, ""),
    (ANA, ""),
    (BOB, "Authentication-Results: mx.elsewhere.example; dmarc=pass header.from=acme.example"),
    (BOB, "X-Authentication-Results: mx.example.com; dmarc=pass header.from=acme.example"),
    (BOB, "Received-SPF: pass (acme.example) client-ip=127.0.0.2"),
]


def test_behind_postfix_on_the_same_host(tmp_path: Path) -> None:
    """The shipped trust in loopback is for programs of our own. What Postfix hands over bears a Received header, and is
    believed by what a trusted Authentication-Results says, or not at all."""
    if os.geteuid():
        pytest.skip("Postfix runs only as root")
    (tmp_path / "desk").mkdir()
    shipped = SETTINGS.replace("networks = []\n", "").replace('upstreams = ["127.0.0.9/32"]\n', "")
    gateway = Gateway(tmp_path / "desk", shipped)
    try:
        gateway.begin()
        with Postfix(f"smtp:[127.0.0.1]:{gateway.port}") as front:
            for n, (sender, header) in enumerate(FORGED, 1):
                gateway.write(
                    STRANGER, sender, "By Postfix", port=front.port, headers=[header] if header else []
                )
                gateway.settled()
                assert gateway.outcome() == ("ticket", "unverified"), header
                assert gateway.readers() == [TEAM] * n
        gateway.write("127.0.0.1", BOB, "By a program of our own")
        gateway.settled()
        assert gateway.outcome() == ("ticket", "authenticated")
    finally:
        gateway.stop()
