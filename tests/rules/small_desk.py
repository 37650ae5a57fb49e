"""A desk in memory: people, tickets, mails that we sent, and a clock. What the rules decide is carried out here by other
means than the store's, so that what they say of a ticket can be compared with what comes of it.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from rules.cast import (
    ACCOUNTS,
    AGENTS,
    ANSWERS,
    DAY,
    DOMAINS,
    ESCALATE,
    EU_TEAM,
    HOUR,
    MONEY,
    NOW,
    PEOPLE,
    STAFF,
    SUPPORT,
    TEAM,
    Mail,
    Said,
    Sent,
    Step,
)

from mailgate.config import Config
from mailgate.errors import UsageError
from mailgate.mail.token import Minter
from mailgate.model import (
    Address,
    Attachment,
    AttachmentState,
    AuthResult,
    CommentState,
    Decision,
    Delivery,
    Envelope,
    Facts,
    Key,
    KnownMessage,
    Outcome,
    ParsedMessage,
    Person,
    Purpose,
    Questions,
    Recipient,
    RecipientState,
    Returned,
    Status,
    Team,
    Ticket,
    Trust,
    Turn,
)
from mailgate.rules import decide as deciding
from mailgate.rules import desk, thread, timing, values


@dataclass(slots=True)
class Desk:
    """Everything on record."""

    config: Config
    now: datetime = NOW
    people: dict[str, Person] = field(default_factory=lambda: {p.address: p for p in PEOPLE})
    tickets: dict[int, Ticket] = field(default_factory=dict)
    said: dict[int, list[Said]] = field(default_factory=dict)
    sent: list[Sent] = field(default_factory=list)
    threads: list[KnownMessage] = field(default_factory=list)
    turns: dict[int, list[Turn]] = field(default_factory=dict)
    answered: list[tuple[datetime, str, str]] = field(default_factory=list)  # when, whom, in which words
    seen: dict[str, str] = field(default_factory=dict)  # content keys
    reports: dict[str, dict[int, tuple[datetime, bool]]] = field(default_factory=dict)
    revived: dict[str, datetime] = field(default_factory=dict)
    key: Key = field(default_factory=lambda: Key(7, b"s" * 32, NOW - 400 * DAY))
    count: int = 0
    eu_team: bool = True

    # -- what is on record, as the rules ask for it

    @property
    def minter(self) -> Minter:
        return Minter(self.key, SUPPORT, "example.com")

    @property
    def teams(self) -> tuple[Team, ...]:
        def team(name: str, address: str, category: str, id: int, region: str = "") -> Team:
            agents = tuple(p for p in self.people.values() if name in p.teams)
            return Team(name, address, (category,), region, agents, id)

        eu = (team("eu", EU_TEAM, "general", 21, "eu"),) if self.eu_team else ()
        return (team("support", TEAM, "general", 20), *eu, team("money", MONEY, "billing", 22))

    def person(self, address: str) -> Person:
        return self.people.get(address) or Person(
            address, account=DOMAINS.get(address.rpartition("@")[2], "")
        )

    def facts(self, q: Questions) -> Facts:
        sent = {s.delivery.serial: s for s in self.sent}
        mine = tuple(t for t in self.threads if t.message_id in q.message_ids)
        numbers = {*q.tickets, *(t.ticket for t in mine)}
        numbers |= {sent[s].delivery.ticket for s in q.serials if s in sent}
        lately = [(at, to, words) for at, to, words in self.answered if self.now - at < HOUR]
        mailed = {
            s.delivery.ticket: s.at
            for s in self.sent
            if s.delivery.address == q.sender and self.now - s.at < HOUR
        }
        return Facts(
            people={a: self.person(a) for a in q.addresses | {q.sender}},
            tickets={n: self.tickets[n] for n in numbers if n in self.tickets},
            threads=mine,
            deliveries={s: sent[s].delivery for s in q.serials if s in sent},
            duplicate_of=self.seen.get(q.content_key, ""),
            acknowledged=sum(1 for _, to, _ in lately if to == q.sender),
            acknowledged_today=sum(1 for at, to, _ in self.answered if to == q.sender and self.now - at < DAY),
            answered_in_all=len(lately),
            alike=sum(1 for _, to, words in lately if (to, words) == (q.sender, q.skeleton)),
            turns={n: tuple(t for t in self.turns.get(n, ()) if self.now - t.at < HOUR) for n in numbers},
            mailed=mailed,
            accounts=ACCOUNTS,
            teams=self.teams,
            supervisors=tuple(p for p in self.people.values() if p.supervisor),
            returned={s: self._returned(sent[s]) for s in q.returned if s in sent},
        )  # fmt: skip

    def _returned(self, sent: Sent) -> Returned:
        address, days = sent.delivery.address, timedelta(days=self.config.bounces.days)
        known, back = self.reports.get(address, {}), self.revived.get(address)
        lately = {
            s: f for s, (at, f) in known.items() if self.now - at < days and (back is None or at > back)
        }
        return Returned(self.person(address), sent.at, back, lately)

    # -- what happens

    def receive(self, mail: Mail) -> Step:
        self.count += 1
        parsed, envelope = self._parsed(mail), self._envelope(mail)
        claims = thread.claims(envelope, parsed, (self.key,), self.config)
        facts = self.facts(thread.questions(envelope, parsed, claims, self.config))
        auth = AuthResult(mail.authenticated, "it is a test", dmarc_fail=mail.fails_dmarc)
        decision = deciding.decide(envelope, parsed, claims, auth, facts, self.now, self.config)
        private = any(
            line.partition(":")[0].strip().casefold() in ("private", "privé") for line in mail.commands
        )
        step = self._carry_out(mail.sender, decision, mail, private)
        self._remember(mail, parsed, step)
        return step

    def act(self, number: int, author: str, word: str, **action: Any) -> Step | None:
        """An agent at the shell; None where he is refused."""
        self.count += 1
        given = [i for _, v in action.get("commands", ()) for i in values.items(v)]
        named = frozenset(map(values.address, given)) - {""} | ({author} if author else set())
        facts = self.facts(Questions(named, (), frozenset({number}), frozenset(), "", ""))
        act = desk.Action("shell", author, **action)
        try:
            decision = desk.act(act, self.tickets[number], facts, self.now, self.config)
        except UsageError:
            return None
        asked = act.escalate is not None or any(k == "Escalate" for k, _ in act.commands)
        mail = Mail(author, word=word, commands=tuple(f"{k}: {v}" for k, v in act.commands), asks=asked)
        return self._carry_out(author or "shell", decision, mail, act.private)

    def wait(self, time: timedelta) -> Iterator[Step]:
        """Time passes, and the clock does what is due, each ticket one step."""
        self.now += time
        for number in sorted(self.tickets):
            facts = self.facts(Questions(frozenset(), (), frozenset({number}), frozenset(), "", ""))
            decision = timing.decide(self.tickets[number], facts, self.now, self.config)
            if decision is not None:
                yield self._carry_out("clock", decision, None, False)
            ticket = self.tickets[number]
            if (
                ticket.status is Status.RESOLVED
                and ticket.resolved_at
                and self.now - ticket.resolved_at > 7 * DAY
            ):
                closed = replace(ticket, status=Status.CLOSED, status_since=self.now, closed_at=self.now)
                self.tickets[number] = replace(closed, resolved_at=None)

    def _envelope(self, mail: Mail) -> Envelope:
        return Envelope(str(uuid.UUID(int=self.count)), self.now, "smtp", "" if mail.null else mail.sender,
                        mail.rcpt or tuple(a for a in (*mail.to, *mail.cc) if a in (SUPPORT, ESCALATE)))  # fmt: skip

    def _parsed(self, mail: Mail) -> ParsedMessage:
        text = "\n".join(
            (*mail.commands, *(["", mail.text] if mail.commands and mail.text else [mail.text]))
        ).strip()
        files = tuple(_file(f"{mail.word}-{n}.pdf") for n in range(mail.files))
        own = (Address(mail.sender),) if mail.sender else ()
        return ParsedMessage(
            size=1, sha256="0", content_key=mail.word, message_id=f"<{mail.word}@client.example>",
            in_reply_to=mail.in_reply_to, subject=mail.subject, from_=own, sender=own[0] if own else None,
            to=tuple(map(Address, mail.to)), cc=tuple(map(Address, mail.cc)), headers=mail.headers, full_text=text,
            text=text, quoted="> please escalate this ticket because of customer impact", attachments=files,
            bounces=mail.bounces, skeleton=mail.skeleton or mail.word,
        )  # fmt: skip

    # -- and what becomes of it

    def _carry_out(self, by: str, decision: Decision, mail: Mail | None, secret: bool) -> Step:
        before, people = dict(self.tickets), dict(self.people)
        for update in decision.people:
            self._learn(update)
        number = decision.ticket or 0
        if decision.new_ticket is not None:
            number = len(self.tickets) + 1
            new = decision.new_ticket
            self.tickets[number] = Ticket(
                number, new.title, new.category, new.severity, Status.NEW, self._known(new.assignee), new.team,
                new.account, new.language, eu_support=new.eu_support, created=self.now, status_since=self.now,
            )  # fmt: skip
        if number and decision.outcome is not Outcome.QUERY:
            self.tickets[number] = self._changed(self.tickets[number], decision)
            self._comment(number, decision, mail)
        for report in decision.reports:
            address = next(
                s.delivery.address for s in self.sent if s.delivery.serial == decision.bounce_serial
            )
            known = self.reports.setdefault(address, {})
            known[decision.bounce_serial] = (self.now, report.action in ("failed", "expired"))
        self._owe(number, decision, mail)
        asks = mail is not None and mail.asks
        return Step(
            by,
            decision,
            before,
            dict(self.tickets),
            people,
            self.now,
            number,
            mail,
            secret,
            asks,
            self.config,
        )

    def _known(self, address: str) -> Person:
        if address not in self.people:
            self.people[address] = replace(self.person(address), id=500 + len(self.people))
        return self.people[address]

    def _learn(self, update: Any) -> None:
        old = self._known(update.address)
        known = update.authenticated or old.authenticated_before
        new = replace(old, authenticated_before=known, dead=old.dead if update.dead is None else update.dead)
        if not old.agent and update.name:
            new = replace(new, name=update.name)
        self.people[new.address] = new
        if old.dead and not new.dead:
            self.revived[new.address] = self.now
        for number, ticket in self.tickets.items():
            rows = tuple(self._row(r, ticket, old, new) for r in ticket.recipients)
            assignee = new if ticket.assignee.address == new.address else ticket.assignee
            self.tickets[number] = replace(ticket, recipients=rows, assignee=assignee)

    @staticmethod
    def _row(row: Recipient, ticket: Ticket, old: Person, new: Person) -> Recipient:
        if row.person.address != new.address:
            return row
        back = old.dead and not new.dead and row.state is RecipientState.DEAD
        room = sum(1 for r in ticket.recipients if r.state is RecipientState.ACTIVE) < 5
        return Recipient(new, RecipientState.ACTIVE if back and room else row.state)

    def _changed(self, ticket: Ticket, decision: Decision) -> Ticket:
        fields: dict[str, Any] = {"updated": self.now}
        for change in (*decision.changes, *decision.remembered):
            fields[change.field] = self._known(change.value) if change.field == "assignee" else change.value
        if "status" in fields:
            fields |= {"status_since": self.now, "reminded": None, "resolved_at": None, "closed_at": None}
            ends = {Status.RESOLVED: "resolved_at", Status.CLOSED: "closed_at"}
            fields |= {ends[s]: self.now for s in [Status(fields["status"])] if s in ends}
        if decision.devices is not None:
            fields["devices"] = decision.devices
        rows = {r.person.address: r for r in ticket.recipients}
        for choice in decision.recipients:
            if choice.state is not RecipientState.LEFT_OUT:
                rows[choice.address] = Recipient(self._known(choice.address), choice.state)
        kept = sum(1 for a in decision.attachments if a.state is AttachmentState.KEPT)
        return replace(ticket, recipients=tuple(rows.values()), files_kept=ticket.files_kept + kept, **fields)

    def _comment(self, number: int, decision: Decision, mail: Mail | None) -> None:
        said = self.said.setdefault(number, [])
        if "held_comments" in decision.confirms:
            only = decision.confirms_only
            if only == () and mail is not None:
                mine = [s.delivery for s in self.sent if s.delivery.address == mail.sender]
                only = tuple(id for d in mine if d.ticket == number for id in d.held)
            for comment in said:
                by_mail = decision.outcome is not None
                open_ = comment.state is CommentState.HELD and not (
                    by_mail and comment.why == "private_refused"
                )
                if open_ and (only is None or comment.id in only):
                    comment.state = CommentState.SHOWN
        if decision.comment is not None:
            new = decision.comment
            said.append(Said(self.count, new.author, new.state, new.why_held))

    def _owe(self, number: int, decision: Decision, mail: Mail | None) -> None:
        private = decision.comment is not None and decision.comment.state is CommentState.PRIVATE
        held = [c for c in self.said.get(number, ()) if c.state is CommentState.HELD]
        for notice in decision.notices:
            person, serial = self._known(notice.to), 1000 + len(self.sent)
            about = notice.context["apart"].get("number", 0) if "apart" in notice.context else number
            told: Sequence[int] = [self.count] if notice.tells == "this" and decision.comment else []
            if notice.tells == "all":
                told = [c.id for c in held if c.why in ("unverified", "third_party")]
            delivery = Delivery(serial, about, notice.to, notice.template, notice.template == "escalation",
                                private and notice.inside, tuple(told), tags=mail.tags if mail else ())  # fmt: skip
            team = next((t.person for t in self.teams if t.address == notice.to), 0)
            purpose = Purpose.TEAM if notice.to in STAFF - AGENTS else Purpose.REPLY
            reply_to = (
                self.minter.reply_address(about, team or person.id or 0, purpose, self.now)
                if about
                else SUPPORT
            )
            id = self.minter.message_id(about, team or person.id or 0, serial, self.now)
            path = self.minter.return_path(serial, self.now)
            self.sent.append(Sent(delivery, self.now, id, reply_to, path, notice.inside))
            if notice.template in ANSWERS:
                self.answered.append((self.now, notice.to, mail.skeleton or mail.word if mail else ""))

    def _remember(self, mail: Mail, parsed: ParsedMessage, step: Step) -> None:
        decision = step.decision
        if decision.outcome not in (Outcome.QUARANTINED, Outcome.DUPLICATE):
            self.seen.setdefault(parsed.content_key, str(self.count))
        if not step.number:
            return
        turn = Turn(self.now, mail.sender, parsed.skeleton, decision.turn)
        self.turns.setdefault(step.number, []).append(turn)
        if decision.outcome not in (Outcome.QUARANTINED, Outcome.QUERY):
            private = decision.comment is not None and decision.comment.state is CommentState.PRIVATE
            named = frozenset((*mail.to, *mail.cc))
            shown = decision.comment is not None and decision.comment.state is CommentState.SHOWN
            vouched = decision.trust is not Trust.UNVERIFIED and shown
            self.threads.append(KnownMessage(parsed.message_id, step.number, named, private, vouched))


def _file(name: str) -> Attachment:
    return Attachment(name, name, "application/pdf", "application/pdf", 10, name, "md5")
