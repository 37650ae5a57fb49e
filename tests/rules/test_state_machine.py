"""Any order of mails, actions and time, over a whole desk in memory: the laws of section 0 to 8 hold after each step.

Seconds in the whole suite; `MAILGATE_STORIES=5000 pytest tests/rules/test_state_machine.py` tells more stories.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)
from rules import laws
from rules.bearings import Book
from rules.cast import (
    AGENTS,
    ANA,
    BOB,
    CAROL,
    DAN,
    DEAD,
    ELSA,
    ERIK,
    ESCALATE,
    EU_LIST,
    EU_TEAM,
    EVE,
    FAY,
    LIST,
    MONEY,
    PAT,
    SAM,
    SUPPORT,
    TEAM,
    UMA,
    Mail,
    Sent,
    configured,
)  # fmt: skip
from rules.small_desk import Desk

from mailgate.model import BounceReport, Status, Ticket

pytestmark = pytest.mark.slow

STORIES = int(os.environ.get("MAILGATE_STORIES", "100"))
CUSTOMERS = (BOB, CAROL, DAN, PAT, UMA, FAY, DEAD, EVE, "new@acme.example", "ana@examp1e.com")
PEOPLE = (*CUSTOMERS, *sorted(AGENTS))
OTHERS = (*(f"p{n}@o.example" for n in range(7)), "no-reply@o.example", TEAM, LIST, ANA, *CUSTOMERS)
# "%" is a word of the mail's own
LINES = (
    "Severity: outage", "Gravité : dégradation", "Severity: bad %", "Priority: 3", "Status: resolved", "Statut : ouvert",
    "Status: closed", "Status: pending", "Statut : en attente", "Status: new", "Category: billing", "Catégorie : general",
    "Objet : nope", "Notify: off", "Notifier : oui", "Notify: perhaps", "Escalate: %", "Escalader : 2 %", "Escalate: no",
    "EU-Support: AMS01", "Support-UE : aucun", "EU-Support:", "Device: a, b, c", "Unité : d, e, F", "Device: -a, f",
    "Device: A, b, c, d, e, f", "Device:", f"Assign: {CAROL}", f"Affecter : {DAN}", f"Assign: {PAT}", f"Assign: {ANA}",
    f"Assign: {DEAD}", f"Assign: {UMA}", "Assign: nobody", "Recipient: p1@o.example, p2@o.example", f"Destinataire : -{PAT}",
    f"Recipient: {PAT}", f"Recipient: {DEAD}", f"Recipient: -{CAROL}, {UMA}", "Recipient: -p1@o.example, -p2@o.example",
    "Recipient: p0@o.example, p3@o.example, p4@o.example, p5@o.example, p6@o.example", f"Recipient: {SAM}",
    f"Recipient: {BOB}", "Private: yes", "Privé : oui", "Private: perhaps %", "Private: no", "Foo: bar %",
)  # fmt: skip
MOVES = ("Status: pending", "Status: resolved", "Status: closed", "Statut : ouvert")
TAGS = {
    "": (), "[outage]": ("outage",), "[dégradation]": ("degraded",), "[billing]": ("billing",), "[escalate]": ("escalate",),
    "[escalade]": ("escalate",), "[status]": ("status",), "[statut ouvert]": ("status",), "[help]": (), "[URGENT]": (),
}  # fmt: skip
ASKING = (
    "please escalate this ticket because of customer impact",
    "merci de faire remonter ce ticket en raison de l'impact client",
)
TEXTS = ("", "% Please help.", "% Please do not escalate this ticket.", "> please escalate this\n\n% no, thanks", "thank you",
         *(f"% {words}." for words in ASKING))  # fmt: skip
SHELL = (
    ("Status", "resolved"), ("Status", "pending"), ("Status", "closed"), ("Status", "open"), ("Severity", "outage"),
    ("Category", "billing"), ("EU-Support", "AMS01"), ("EU-Support", "none"), ("Assign", CAROL), ("Assign", PAT),
    ("Recipient", f"-{PAT}"), ("Recipient", "p1@o.example"), ("Device", "x"), ("Notify", "off"), ("Confirm", "yes"),
    ("Escalate", "it burns"),
)  # fmt: skip
WAITS = tuple(timedelta(minutes=m) for m in (0, 1, 16, 40, 61, 190, 500, 1500, 5000, 11000, 23000))

some = st.integers(0, 10**6)  # which of what there is
mostly = st.sampled_from([True, True, True, False])
anybody = st.sampled_from(PEOPLE)
the_reader_or = st.sampled_from([""] * 20 + list(PEOPLE))


@dataclass(frozen=True)
class Words:
    """What a mail says, whoever writes it; `known`: he is authenticated."""

    lines: tuple[str, ...] = ()
    text: str = ""
    tag: str = ""
    cc: tuple[str, ...] = ()
    files: int = 0
    to: str = SUPPORT
    known: bool = True


words = st.builds(
    Words,
    lines=st.lists(st.sampled_from(LINES), max_size=4, unique=True).map(tuple),
    text=st.sampled_from(TEXTS),
    tag=st.sampled_from(sorted(TAGS)),
    cc=st.lists(st.sampled_from(OTHERS), max_size=7).map(tuple),
    files=st.integers(0, 4),
    to=st.sampled_from([SUPPORT, SUPPORT, SUPPORT, ESCALATE]),
    known=mostly,
)


class Stories(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.desk = Desk(configured())
        self.book = Book()
        self.number = 0

    @initialize(
        eu_list=st.booleans(),
        eu_team=mostly,
        first=st.booleans(),
        acknowledge=st.sampled_from(["no", "no", "notice", "yes"]),
        days=st.sampled_from([(0, 0), (3, 0), (3, 7), (0, 7)]),
        hours=st.sampled_from(["", "Mon-Fri 09:00-17:00"]),
    )
    def begin(
        self, eu_list: bool, eu_team: bool, first: bool, acknowledge: str, days: tuple[int, int], hours: str
    ) -> None:
        self.desk.eu_team = eu_team
        self.desk.config = configured(
            escalation={
                "notify_list_eu": EU_LIST if eu_list else "",
                "first_response": {"outage": 900, "question": 7200} if first else {},
                "hours": hours,
            },
            gateway={"remind_days": days[0], "resolve_pending_days": days[1]},
            trust={"acknowledge_unverified": acknowledge},
        )

    # -- mails

    @precondition(lambda self: len(self.desk.tickets) < 3)
    @rule(sender=anybody, said=words)
    def opens(self, sender: str, said: Words) -> None:
        self.write(sender, said)

    @precondition(lambda self: self.desk.sent)
    @rule(
        which=some,
        sender=the_reader_or,
        said=words,
        how=st.sampled_from(["both", "address", "id"]),
        times=st.sampled_from([1] * 9 + [5]),
    )
    def answers(self, which: int, sender: str, said: Words, how: str, times: int) -> None:
        """To one of our mails, by its reader ("") or by somebody who has it. Several times: a program."""
        sent = self.pick(self.desk.sent, which)
        sender = sender or self.reader(sent)
        for _ in range(times):
            self.write(
                sender,
                said,
                re="Re: ",
                rcpt=(sent.reply_to,) if how != "id" else (),
                in_reply_to=(sent.message_id,) if how != "address" else (),
                issued=self.holder(sent),
                skeleton="same" if times > 1 else "",
            )

    @precondition(lambda self: self.desk.tickets)
    @rule(which=some, sender=anybody, said=words)
    def names_a_ticket(self, which: int, sender: str, said: Words) -> None:
        self.write(sender, said, number=self.pick(sorted(self.desk.tickets), which))

    @precondition(lambda self: self.closed())
    @rule(which=some, sender=the_reader_or, said=words)
    def comes_too_late(self, which: int, sender: str, said: Words) -> None:
        ticket = self.pick(self.closed(), which)
        self.time_passes(WAITS[-1])
        self.write(sender or ticket.assignee.address, said, number=ticket.number)

    @precondition(lambda self: self.desk.threads)
    @rule(which=some, sender=anybody, said=words)
    def answers_to_all(self, which: int, sender: str, said: Words) -> None:
        message = self.pick(self.desk.threads, which)
        self.write(sender, said, re="Re: ", in_reply_to=(message.message_id,))

    @precondition(lambda self: self.desk.tickets)
    @rule(which=some, sender=st.sampled_from(sorted(AGENTS)), said=words)
    def staff_writes(self, which: int, sender: str, said: Words) -> None:
        number = self.pick(sorted(self.desk.tickets), which)
        self.write(sender, replace(said, known=True, tag=""), number=number)

    @precondition(lambda self: self.desk.tickets)
    @rule(
        which=some,
        sender=st.sampled_from([ANA, ERIK]),
        line=st.sampled_from(MOVES),
        text=st.sampled_from(TEXTS[:2]),
    )
    def staff_moves(self, which: int, sender: str, line: str, text: str) -> None:
        self.write(sender, Words((line,), text), number=self.pick(sorted(self.desk.tickets), which))

    @precondition(lambda self: self.desk.sent)
    @rule(
        which=some,
        sender=the_reader_or,
        said=words,
        what=st.sampled_from(["auto-replied", "auto-generated", "list", "null", "receipt"]),
    )
    def a_program_answers(self, which: int, sender: str, said: Words, what: str) -> None:
        sent = self.pick(self.desk.sent, which)
        marks = {
            "list": ("list-id", "<x.example>"),
            "null": ("x-y", "z"),
            "receipt": ("disposition-notification", "x"),
        }
        self.write(
            sender or self.reader(sent),
            said,
            re="Re: ",
            rcpt=(sent.reply_to,),
            in_reply_to=(sent.message_id,),
            headers=(marks.get(what, ("auto-submitted", what)),),
            null=what == "null",
            issued=self.holder(sent),
        )

    @precondition(lambda self: self.desk.sent)
    @rule(
        which=some,
        status=st.sampled_from(["5.1.1", "5.2.2", "4.4.7"]),
        action=st.sampled_from(["failed", "failed", "expired", "delayed"]),
        about=mostly,
        times=st.integers(1, 4),
    )
    def comes_back(self, which: int, status: str, action: str, about: bool, times: int) -> None:
        """The last mails to somebody."""
        reader = self.pick(self.desk.sent, which).delivery.address
        dead = status == "5.1.1" and action == "failed"
        to = reader if about else "other@o.example"
        report = BounceReport(to, action, status, "550 no", permanent=status[0] == "5", dead=dead)
        for sent in [s for s in self.desk.sent if s.delivery.address == reader][-times:]:
            failed = Words(text="% failed", known=False)
            self.write(
                "mailer-daemon@o.example", failed, rcpt=(sent.return_path,), null=True, bounces=(report,)
            )

    @precondition(lambda self: self.desk.tickets)
    @rule(
        which=some,
        who=some,
        sender=the_reader_or,
        text=st.sampled_from(["", "unsubscribe", "% Please help."]),
        known=mostly,
    )
    def leaves(self, which: int, who: int, sender: str, text: str, known: bool) -> None:
        ticket = self.desk.tickets[self.pick(sorted(self.desk.tickets), which)]
        person = self.pick([r.person for r in ticket.recipients] or [ticket.assignee], who)
        id = person.id or 0
        address = self.desk.minter.leave_address(ticket.number, id, self.desk.now)
        self.write(sender or person.address, Words(text=text, known=known), rcpt=(address,), issued=(id,))

    @precondition(lambda self: self.desk.threads)
    @rule(which=some, sender=anybody, twice=st.booleans())
    def ends_without_effect(self, which: int, sender: str, twice: bool) -> None:
        """The same mail once more, or one that fails DMARC."""
        message = self.pick(self.desk.threads, which)
        if twice:
            self.tell(Mail(sender, word=message.message_id.strip("<>").partition("@")[0], text="again"))
        else:
            said = Words(("Severity: outage",), "%", known=False)
            self.write(sender, said, number=message.ticket, fails_dmarc=True)

    # -- the shell, and time

    @precondition(lambda self: self.desk.tickets)
    @rule(
        which=some,
        author=st.sampled_from(["", ANA, SAM, ERIK, ELSA]),
        pairs=st.lists(st.sampled_from(SHELL), max_size=2, unique=True).map(tuple),
        comment=st.sampled_from(["", "% We see."]),
        private=st.booleans(),
        escalate=st.sampled_from([None, None, "%", "2 %"]),
    )
    def shell(
        self,
        which: int,
        author: str,
        pairs: tuple[tuple[str, str], ...],
        comment: str,
        private: bool,
        escalate: str | None,
    ) -> None:
        number, word = self.pick(sorted(self.desk.tickets), which), self.word()
        action = {"commands": pairs, "comment": comment.replace("%", word), "private": private}
        step = self.desk.act(
            number, author, word, escalate=escalate and escalate.replace("%", word), **action
        )
        if step is not None:
            laws.check(step, self.desk, self.book)

    @rule(time=st.sampled_from(WAITS))
    def time_passes(self, time: timedelta) -> None:
        for step in self.desk.wait(time):
            laws.check(step, self.desk, self.book)

    # -- in common

    def pick(self, among: Any, which: int) -> Any:
        return among[-1 - which % len(among)]

    def closed(self) -> list[Ticket]:
        return [t for t in self.desk.tickets.values() if t.status is Status.CLOSED]

    def word(self) -> str:
        self.number += 1
        return f"w{self.number}x"

    def reader(self, sent: Sent) -> str:
        """Somebody who reads what goes to an address."""
        behind = {TEAM: ANA, MONEY: SAM, LIST: SAM, EU_TEAM: ERIK, EU_LIST: ERIK}
        return behind.get(sent.delivery.address, sent.delivery.address)

    def holder(self, sent: Sent) -> tuple[int, ...]:
        return (self.desk.people[sent.delivery.address].id or 0,)

    def write(self, sender: str, said: Words, *, number: int = 0, re: str = "", **more: Any) -> None:
        word = self.word()
        lines, text = tuple(line.replace("%", word) for line in said.lines), said.text.replace("%", word)
        subject = f"{re}{f'[#{number}] ' if number else ''}{said.tag} {word if text else ''}".strip()
        asks = (
            "escalate" in TAGS[said.tag]
            or said.to == ESCALATE
            or any(line.startswith("Escala") for line in lines)
        )
        mail = Mail(
            sender,
            word=word,
            subject=subject,
            commands=lines,
            text=text,
            authenticated=said.known,
            to=(said.to,),
            cc=said.cc,
            files=said.files,
            asks=asks or any(phrase in text for phrase in ASKING),
            tags=TAGS[said.tag],
            **more,
        )
        self.tell(mail)

    def tell(self, mail: Mail) -> None:
        laws.check(self.desk.receive(mail), self.desk, self.book)


def test_any_order_of_mails_actions_and_time() -> None:
    run_state_machine_as_test(
        Stories,
        settings=settings(
            max_examples=STORIES,
            stateful_step_count=40,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            phases=[Phase.explicit, Phase.generate, Phase.shrink],
            database=None,
        ),
    )
