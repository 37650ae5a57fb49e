"""A decision in the making: what was believed, found and changed so far, and the frozen Decision at its end.

The one mutable value of the rules; it lives for one mail or one action.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from mailgate.config import Config
from mailgate.model import (
    Address,
    Alarm,
    AttachmentChoice,
    Change,
    CommandResult,
    Decision,
    Escalation,
    Event,
    Facts,
    Kind,
    NewComment,
    NewTicket,
    Notice,
    Outcome,
    Person,
    PersonUpdate,
    Recipient,
    RecipientChoice,
    RecipientState,
    Role,
    Team,
    Ticket,
    Trust,
)
from mailgate.rules import routing
from mailgate.rules.loops import within_limits
from mailgate.rules.story import NOBODY, Story
from mailgate.rules.trust import STAFF, Power, allowed
from mailgate.rules.updates import notices


@dataclass(slots=True)
class Draft:
    """`ticket` is the ticket as it stands after what was done so far; `before` is None for a new one."""

    config: Config
    facts: Facts
    now: datetime
    author: Person
    author_name: str
    role: Role
    trust: Trust
    ticket: Ticket
    before: Ticket | None
    kind: Kind | None = None
    how: str = ""
    sender: Address | None = None
    message_id: str = ""
    language: str = ""
    answerable: bool = True
    threaded_by: str = "none"
    refers_to: int | None = None
    follows: int | None = None
    reasons: list[str] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    results: list[CommandResult] = field(default_factory=list)
    recipients: list[RecipientChoice] = field(default_factory=list)
    files: tuple[AttachmentChoice, ...] = ()
    comment: NewComment | None = None
    escalation: Escalation | None = None
    secret: bool = False  # the mail's words are held or private: none of them goes outside
    asked: bool = False  # an escalation was asked for, whatever came of it: once a mail
    problems: list[Mapping[str, Any]] = field(default_factory=list)
    for_assignee: list[Mapping[str, Any]] = field(default_factory=list)
    told: set[str] = field(default_factory=set)
    named: frozenset[str] = frozenset()  # everybody in To and Cc of the mail
    has_mail: frozenset[str] = frozenset()  # those of them who became recipients by it
    people: tuple[PersonUpdate, ...] = ()
    confirms: tuple[str, ...] = ()
    confirms_only: tuple[int, ...] | None = None
    remembered: list[Change] = field(default_factory=list)
    warnings: tuple[str, ...] = ()
    alarms: list[Alarm] = field(default_factory=list)
    quiet: bool = False  # old mail, of which nobody is told

    @property
    def who(self) -> str:
        """The author in a sentence of the history."""
        return self.author_name or self.author.name or self.author.address or NOBODY

    @property
    def staff(self) -> bool:
        """Whether staff wrote, and proved it."""
        return self.role in STAFF and self.trust is Trust.AUTHENTICATED

    def may(self, power: Power) -> bool:
        return allowed(power, self.trust, self.role)

    def tell(self, code: str, *, private: bool = False, **params: str | int) -> None:
        """Writes one sentence of the history."""
        self.events.append(Event(code, params, private))

    def put(self, name: str, value: Any) -> None:
        """Gives a field of the ticket its new value. The history is the caller's to write.

        `NewTicket` holds part of a new ticket's fields; the others are changes there too.
        """
        if name == "assignee":
            self.ticket = replace(self.ticket, assignee=self.person(value))
        else:
            self.ticket = replace(self.ticket, **{name: value})
        if self.before is not None or name not in _FIELDS_OF_A_NEW_TICKET:
            self.changes = [c for c in self.changes if c.field != name]
            self.changes.append(Change(name, value))

    def name_recipient(self, address: str, name: str, state: RecipientState, why: str = "") -> None:
        """Gives an address its row among the recipients, or says that it is left out."""
        self.name_recipients([RecipientChoice(address, name, state, why)])

    def name_recipients(self, chosen: Sequence[RecipientChoice]) -> None:
        """The same for several addresses, each of them once."""
        addresses = {choice.address for choice in chosen}
        self.recipients = [*(r for r in self.recipients if r.address not in addresses), *chosen]
        rows = {c.address: c for c in chosen if c.state is not RecipientState.LEFT_OUT}
        if rows:
            others = (r for r in self.ticket.recipients if r.person.address not in rows)
            new = (Recipient(self.person(c.address, c.name), c.state) for c in rows.values())
            self.ticket = replace(self.ticket, recipients=(*others, *new))

    def person(self, address: str, name: str = "") -> Person:
        """Who is on record under an address, else a new person."""
        known = self.facts.people.get(address)
        return known if known is not None else Person(address, name=name)

    @property
    def team(self) -> Team | None:
        """The ticket's team; None where it may not be told (5.2)."""
        found = next((t for t in self.facts.teams if t.name == self.ticket.team), None)
        if found is not None and self.ticket.eu_support and found.region != routing.EU:
            return None
        return found

    def route(self) -> None:
        """Gives the ticket the team of its category and region (5.2), and tells when that changes."""
        eu = bool(self.ticket.eu_support)
        team = routing.team(self.ticket.category, eu, self.facts.teams)
        name = team.name if team is not None else ""
        if self.before is not None and name == self.ticket.team:
            return
        if name != self.ticket.team:
            self.put("team", name)
        self.alarms = [a for a in self.alarms if a.code != "no_team"]
        if self.before is None:  # a line further up may have found none
            self.events = [e for e in self.events if e.code != "no_team"]
        if not name and eu:
            self.tell("no_team", category=self.ticket.category)
            self.reasons.append("no team in the EU may be told of this ticket (5.2)")
            self.alarms.append(Alarm("no_team"))
        elif self.before is not None and name:
            self.tell("team", new=name)

    def finish(self, outcome: Outcome | None) -> Decision:
        """The decision, with the mails that follow from it."""
        owed = () if self.quiet else notices(self.story(), self.facts, self.config)
        owed, why, alarms = within_limits(owed, self.author.address, self.facts, self.config)
        if why:
            self.reasons.append(why)
            self.alarms += alarms
        if self.before is not None:
            self._keep_what_waits(owed)
        return Decision(
            outcome=outcome,
            kind=self.kind,
            reasons=tuple(self.reasons),
            sender=self.sender,
            trust=self.trust,
            auth=self.how,
            threaded_by=self.threaded_by,
            ticket=self.before.number if self.before is not None else None,
            after=self.ticket if self.before is not None else None,
            new_ticket=self._new_ticket() if self.before is None else None,
            refers_to=self.refers_to,
            follows=self.follows,
            title=self.ticket.title,
            severity=self.ticket.severity,
            category=self.ticket.category,
            comment=self.comment,
            attachments=self.files,
            recipients=tuple(self.recipients),
            devices=self._devices(),
            commands=tuple(self.results),
            changes=tuple(self.changes),
            remembered=tuple(self.remembered),
            history=tuple(self.events),
            notices=owed,
            escalation=self.escalation,
            people=self.people,
            confirms=self.confirms,
            confirms_only=self.confirms_only,
            alarms=tuple(self.alarms),
        )

    def _keep_what_waits(self, owed: Sequence[Notice]) -> None:
        """What the assignee has been told of held comments, and asked about them (4.3, 4.5)."""
        assignee, held = self.ticket.assignee.address, self.comment is not None and self.comment.why_held
        told = {notice.tells for notice in owed if notice.to == assignee and not notice.inside} - {""}
        waits, asked = self.ticket.waits, self.ticket.asked
        if self.confirms:
            waits, asked = ("" if self.confirms_only is None else waits), None
        elif "this" in told:
            asked = self.now
        elif "all" in told:
            waits = ""
        elif held in ("unverified", "third_party"):
            waits = self.author.address or self.who
        new = {"waits": waits, "asked": asked}
        self.remembered = [Change(name, v) for name, v in new.items() if v != getattr(self.ticket, name)]
        if self.remembered:
            self.ticket = replace(self.ticket, waits=waits, asked=asked)

    def _devices(self) -> tuple[str, ...] | None:
        present = self.before.devices if self.before is not None else ()
        return self.ticket.devices if self.ticket.devices != present else None

    def _new_ticket(self) -> NewTicket:
        ticket = self.ticket
        return NewTicket(
            title=ticket.title,
            category=ticket.category,
            severity=ticket.severity,
            assignee=ticket.assignee.address,
            team=ticket.team,
            account=ticket.account,
            eu_support=ticket.eu_support,
            language=ticket.language,
        )

    def story(self) -> Story:
        """What happened so far, as far as mails tell of it."""
        ticket, facts = self.ticket, self.facts
        eu, team = bool(ticket.eu_support), self.team
        before = (self.before.assignee,) if self.before is not None else ()
        people = (self.author, ticket.assignee, *before, *facts.supervisors) if eu else ()
        barred = (
            p.address for p in people if (p.agent or p.supervisor) and not routing.in_eu(p, facts.teams)
        )
        return Story(
            ticket=ticket,
            before=self.before,
            author=self.author,
            author_name=self.author_name or self.author.name,
            role=self.role,
            trust=self.trust,
            how=self.how,
            now=self.now,
            kind=self.kind,
            message_id=self.message_id,
            language=self.language,
            answerable=self.answerable,
            comment=self.comment,
            files=self.files,
            recipients=tuple(self.recipients),
            results=tuple(self.results),
            events=tuple(self.events),
            escalation=self.escalation,
            secret=self.secret,
            problems=tuple(self.problems),
            for_assignee=tuple(self.for_assignee),
            confirming=bool(self.confirms),
            told=frozenset(self.told),
            has_mail=self.has_mail,
            warnings=self.warnings,
            team=team,
            supervisors=routing.supervisors(team, eu, facts.supervisors, facts.teams),
            notify_list=routing.notify_list(eu, self.config),
            barred=frozenset(barred),
            new_team=self.before is not None and self.before.team != ticket.team,
        )


_FIELDS_OF_A_NEW_TICKET = frozenset(
    {"title", "category", "severity", "assignee", "team", "account", "eu_support", "language", "devices"}
)
