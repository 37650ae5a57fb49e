"""What is on record about the questions of a batch, and what the batch's own effects have made of it since.

Laws: a decision sees the effects of the mails before it. What an effect leaves behind is followed in memory where that
is simple (a new ticket, a plain comment, a person, a thread, a count); what is not, is read again when it is asked for.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime

from sqlalchemy import Connection

from mailgate.model import (
    CommentState,
    Decision,
    Delivery,
    Facts,
    KnownMessage,
    Outcome,
    ParsedMessage,
    Person,
    Questions,
    Returned,
    Ticket,
    Turn,
)
from mailgate.rules.bounces import FAILED
from mailgate.rules.loops import ANSWERS
from mailgate.store import later
from mailgate.store.directory import directory
from mailgate.store.loading import load_tickets
from mailgate.store.task import Applied
from mailgate.store.types import clean

ID_LIMIT = 900  # bytes of an indexed id; PostgreSQL refuses index entries over 2,704
APART = (Outcome.QUARANTINED, Outcome.QUERY)  # whose messages become part of no ticket (2.4)
THREAD_LIMIT = 1000  # known messages a batch: a hostile sender may reuse one Message-ID for ever


def short(id: str) -> str:
    """An id from a mail as it is indexed: itself, or its hash where it is too long for an index."""
    id = clean(id)
    if len(id) * 4 <= ID_LIMIT or len(id.encode()) <= ID_LIMIT:
        return id
    return "sha256:" + hashlib.sha256(id.encode()).hexdigest()


def participants(parsed: ParsedMessage) -> list[str]:
    """Who a message was written to, as its row keeps it for 2.4."""
    return sorted({a.address for a in (*parsed.to, *parsed.cc) if a.address})


def is_vouched(decision: Decision) -> bool:
    """Whether those whom a message names in To and Cc may answer it on its ticket (2.4): not where it is held, or a
    program's, or nobody vouches for its sender, since a forger names whom he likes (T2)."""
    comment = decision.comment
    return comment is not None and comment.state is CommentState.SHOWN and not comment.unverified


def is_private(decision: Decision) -> bool:
    """Whether a message is an internal note."""
    return decision.comment is not None and decision.comment.state is CommentState.PRIVATE


@dataclass(slots=True)
class Known:
    """The answers of one batch. `persons` has everybody who was asked for."""

    persons: dict[str, Person]
    tickets: dict[int, Ticket]
    threads: defaultdict[str, list[KnownMessage]]
    deliveries: dict[int, Delivery]
    duplicates: dict[str, str]  # id of the first message with a content key
    acknowledged: dict[str, tuple[int, int]]  # within the last hour, and day, by address (8.3)
    images: set[tuple[str, str]]  # sender and hash (3.4)
    turns: dict[int, list[Turn]] = field(default_factory=dict)  # the mail of the last hour, by ticket (8.3)
    mailed: dict[tuple[str, int], datetime] = field(default_factory=dict)  # by sender and ticket
    alike: dict[tuple[str, str], int] = field(default_factory=dict)  # acknowledged, by sender and skeleton
    answered: int = 0  # acknowledgements and problem mails to anybody within the last hour
    returned: dict[int, Returned] = field(default_factory=dict)  # by delivery (8.2)
    stale: set[int] = field(default_factory=set)  # tickets that must be read again
    updated: dict[int, datetime] = field(
        default_factory=dict
    )  # tickets that got no more than a comment, and when

    def facts(self, conn: Connection, q: Questions) -> Facts:
        """What the rules may know for one message, as it is true now."""
        book = directory(conn)
        mine = tuple(found for id in q.message_ids for found in self.threads.get(short(id), ()))
        sent = {serial: self.deliveries[serial] for serial in q.serials if serial in self.deliveries}
        numbers = {*q.tickets, *(found.ticket for found in mine), *(d.ticket for d in sent.values())}
        if self.stale and not self.stale.isdisjoint(numbers):
            self._read_again(conn, numbers & self.stale)
        for number in numbers & self.updated.keys():
            self.tickets[number] = replace(self.tickets[number], updated=self.updated.pop(number))
        lately, today = self.acknowledged.get(q.sender, (0, 0))
        return Facts(
            people={a: self.persons[a] for a in (*q.addresses, *((q.sender,) if q.sender else ()))},
            tickets={number: self.tickets[number] for number in numbers if number in self.tickets},
            threads=mine,
            deliveries=sent,
            duplicate_of=self.duplicates.get(short(q.content_key), "") if q.content_key else "",
            acknowledged=lately,
            acknowledged_today=today,
            answered_in_all=self.answered,
            alike=self.alike.get((q.sender, q.skeleton), 0),
            turns={number: tuple(self.turns[number]) for number in numbers if number in self.turns},
            mailed={
                number: self.mailed[q.sender, number]
                for number in numbers
                if (q.sender, number) in self.mailed
            },
            accounts=book.accounts,
            teams=book.teams,
            supervisors=book.supervisors,
            repeated_images=frozenset(h for h in q.image_hashes if (q.sender, h) in self.images),
            returned={serial: self.returned[serial] for serial in q.returned if serial in self.returned},
        )

    def _read_again(self, conn: Connection, numbers: set[int]) -> None:
        later.flush(conn)
        self.tickets |= load_tickets(conn, numbers, lock=True)
        self.stale -= numbers
        for number in numbers:
            self.updated.pop(number, None)

    def follow(self, message: str, parsed: ParsedMessage, decision: Decision, applied: Applied) -> None:
        """What one message has changed. Its ticket, where it has one, was among the answers or is new."""
        self.persons.update(applied.people)
        if applied.learnt:
            self.stale |= {
                ticket.number for ticket in self.tickets.values() if applied.learnt & _named(ticket)
            }
        self._follow_ticket(decision, applied)
        if self.returned:
            self._follow_returned(decision, applied)
        if applied.ticket and parsed.message_id and decision.outcome not in APART:
            found = self.threads[short(parsed.message_id)]
            if len(found) < THREAD_LIMIT:
                named = frozenset(participants(parsed))
                found.append(
                    KnownMessage(
                        short(parsed.message_id),
                        applied.ticket,
                        named,
                        is_private(decision),
                        is_vouched(decision),
                    )
                )
        if parsed.content_key and decision.outcome not in (Outcome.QUARANTINED, Outcome.DUPLICATE):
            key = short(parsed.content_key)
            self.duplicates[key] = min(self.duplicates.get(key, message), message)
        self._follow_answers(parsed, decision, applied)
        self.images |= pictures(decision, parsed)

    def _follow_returned(self, decision: Decision, applied: Applied) -> None:
        """What has come back, and who was switched off or on."""
        mine = self.returned.get(decision.bounce_serial)
        for serial, known in self.returned.items():
            person = applied.people.get(known.person.address, known.person)
            if known.person.dead and not person.dead:
                known = replace(known, revived=applied.at, reports={})
            if decision.reports and mine is not None and known.person.id == mine.person.id:
                failed = any(report.action in FAILED for report in decision.reports)
                failed = failed or known.reports.get(decision.bounce_serial, False)
                known = replace(known, reports={**known.reports, decision.bounce_serial: failed})
            self.returned[serial] = replace(known, person=person)

    def _follow_answers(self, parsed: ParsedMessage, decision: Decision, applied: Applied) -> None:
        """What counts against the limits on answers, and as a turn of a loop (8.3)."""
        sender = decision.sender.address if decision.sender else ""
        for notice in decision.notices:
            if notice.template in ANSWERS:
                lately, today = self.acknowledged.get(notice.to, (0, 0))
                self.acknowledged[notice.to] = (lately + 1, today + 1)
                self.answered += 1
        if any(n.template in ANSWERS and n.to == sender for n in decision.notices):
            key = sender, parsed.skeleton
            self.alike[key] = self.alike.get(key, 0) + 1
        if applied.ticket and decision.outcome is not None:
            turn = Turn(applied.at, sender, parsed.skeleton, decision.turn)
            self.turns.setdefault(applied.ticket, []).append(turn)

    def _follow_ticket(self, decision: Decision, applied: Applied) -> None:
        number = applied.ticket
        if not number:
            return
        if applied.made is not None:
            self.tickets[number] = applied.made
        elif applied.altered or number not in self.tickets:
            self.stale.add(number)
        elif decision.comment is not None:
            self.updated[number] = applied.at


def pictures(decision: Decision, parsed: ParsedMessage) -> set[tuple[str, str]]:
    """Sender and hash of each picture that is remembered: one that comes again is his logo (3.4)."""
    if not decision.sender or decision.outcome not in (Outcome.TICKET, Outcome.COMMENT):
        return set()
    sender = decision.sender.address
    return {(sender, a.sha256) for a in parsed.attachments if a.content_type.startswith("image/")}


def _named(ticket: Ticket) -> set[str]:
    return {ticket.assignee.address, *(r.person.address for r in ticket.recipients)}


def groups(messages: Iterable[KnownMessage]) -> defaultdict[str, list[KnownMessage]]:
    """Known messages by their ids."""
    found: defaultdict[str, list[KnownMessage]] = defaultdict(list)
    for message in messages:
        found[message.message_id].append(message)
    return found
