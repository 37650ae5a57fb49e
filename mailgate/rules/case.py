"""One mail on its way through the rules: what it says, who says it, and the steps that opening and replying share.

Laws: the tags and commands of an unverified sender change nothing (4.3); an action tag counts once (3.6).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from mailgate.config import Config
from mailgate.mail.subject import brackets, is_reply, title
from mailgate.model import (
    Address,
    AttachmentState,
    AuthResult,
    CommandResult,
    CommentState,
    Delivery,
    Envelope,
    Facts,
    Kind,
    NewComment,
    ParsedMessage,
    Person,
    PersonUpdate,
    RecipientState,
    Role,
    Ticket,
    Trust,
)
from mailgate.rules import commands, limits, orders, routing, thread, values
from mailgate.rules.commands import Block
from mailgate.rules.draft import Draft
from mailgate.rules.tags import NO_TAGS, Tags, read_tags
from mailgate.rules.thread import Claimed
from mailgate.rules.trust import STAFF, Power

MAX_TITLE = 200
NO_SUBJECT = "(no subject)"  # of a mail with neither subject nor text
ACTIONS = ("severity", "category", "escalate", "query")
CANNOT_OBEY = "the comment is held: it asks to be private in a way that cannot be obeyed"


@dataclass(frozen=True)
class Case:
    """A mail with all that is known of it; `person` is the sender on record, of a form the customer (4.7)."""

    envelope: Envelope
    parsed: ParsedMessage
    claims: Sequence[Claimed]
    auth: AuthResult
    facts: Facts
    now: datetime
    config: Config
    kind: Kind
    sender: Address | None
    person: Person
    form: bool
    reasons: list[str]
    looks_like: str = ""  # the address, domain or name of ours that the sender could be taken for
    back: bool = False  # he was switched off after bounces, and this mail shows that he reads mail (8.2)

    @cached_property
    def block(self) -> Block:
        return commands.read(self.parsed.text, self.config.commands.vocabulary)

    @cached_property
    def tags(self) -> Tags:
        subject = self.parsed.subject
        if "[" not in subject:
            return NO_TAGS
        numbered = {b.start for b in brackets(subject) if thread.number_of(b, self.config)}
        return read_tags(subject, numbered, self.config)

    @cached_property
    def own(self) -> tuple[str, ...]:
        """Our addresses that it was written to, the first one decides (2.7)."""
        return routing.own_addresses(self.envelope, self.parsed, self.config)

    @cached_property
    def answers(self) -> tuple[Delivery, ...]:
        """Our own mails that In-Reply-To names."""
        serials = (c.claim.serial for c in self.claims if c.where == "in-reply-to")
        return tuple(d for s in serials if (d := self.facts.deliveries.get(s)) is not None)

    @property
    def answerable(self) -> bool:
        """Whether somebody reads what goes to the sender: no null sender, no no-reply address."""
        null = not self.envelope.mail_from.strip("<> ")
        return not null and not limits.is_no_reply(self.person.address)

    def subject_title(self) -> str:
        """The subject without prefixes and recognised tags (3.1)."""
        subject = self.parsed.subject
        for start, end in reversed(self.tags.spans):
            subject = subject[:start] + " " + subject[end:]
        return title(subject)[:MAX_TITLE]

    def title(self) -> str:
        """3.1: what the subject says; else the first line of the details."""
        if subject := self.subject_title():
            return subject
        lines = (" ".join(line.split()) for line in self.block.rest[:5000].splitlines())
        return next((line for line in lines if line), NO_SUBJECT)[:MAX_TITLE]

    def counts(self, tag: str) -> bool:
        """Whether a tag of the subject counts: not in a reply to a mail that bore it already (3.6)."""
        if tag in self.tags.before_reply:
            return True
        words = {
            "severity": self.tags.severity.word if self.tags.severity else "",
            "category": self.tags.category,
            "escalate": "escalate",
            "query": "status",
        }
        serials = {c.claim.serial for c in self.claims if c.where in ("in-reply-to", "references")}
        mails = [d for s in serials if (d := self.facts.deliveries.get(s)) is not None]
        if any(words[tag] in (*d.tags, d.severity_tag) for d in mails):
            return False
        return not (self.facts.threads and not mails and is_reply(self.parsed.subject))

    def draft(self, ticket: Ticket, before: Ticket | None, role: Role, trust: Trust) -> Draft:
        """The decision's beginning."""
        parsed, person = self.parsed, self.person
        name = self.sender.name if self.sender else ""
        if role in STAFF and person.name:
            name = person.name
        like = f"the sender looks like {self.looks_like}: check the address" if self.looks_like else ""
        warnings = tuple(filter(None, (parsed.sender_defect, like, *parsed.defects[:5])))
        return Draft(
            config=self.config,
            facts=self.facts,
            now=self.now,
            author=person,
            author_name=name or person.name,
            role=role,
            trust=trust,
            ticket=ticket,
            before=before,
            kind=self.kind,
            how=self.auth.how,
            sender=self.sender,
            message_id=parsed.message_id,
            language=parsed.language,
            answerable=self.answerable,
            reasons=self.reasons,
            people=learnt(self, trust),
            named=frozenset(a.address for a in (*parsed.to, *parsed.cc)[: limits.MAX_NAMED]),
            warnings=warnings,
            quiet=self.envelope.quiet,
        )


def learnt(case: Case, trust: Trust) -> tuple[PersonUpdate, ...]:
    """What the mail taught us of its sender, where he is believed."""
    person, name = case.person, case.sender.name if case.sender else ""
    if not person.address or trust is Trust.UNVERIFIED:
        return ()
    if person.name and (person.agent or person.supervisor):
        name = person.name
    known = trust is Trust.AUTHENTICATED
    return (PersonUpdate(person.address, name=name, authenticated=known, dead=False if case.back else None),)


def warn(case: Case, draft: Draft) -> None:
    """The desk is told of a sender who could be taken for one of ours; nobody else is."""
    if case.looks_like and case.sender is not None:
        draft.tell("lookalike", private=True, who=case.sender.address, known=case.looks_like)


def carry_out(case: Case, draft: Draft) -> str:
    """Commands, then tags (5.1, 3.6, 3.7); gives back the text that stays visible."""
    refused = orders.carry_out(draft, case.block.lines)
    if draft.before is not None:
        _tags_of_a_reply(case, draft)
    return commands.visible(case.block, refused) if case.block.lines else case.parsed.text


def _tags_of_a_reply(case: Case, draft: Draft) -> None:
    tags = case.tags
    given = {r.key for r in draft.results if r.state == "done"}
    wanted = []
    if tags.severity and commands.SEVERITY not in given and case.counts("severity"):
        wanted.append(commands.Line(commands.SEVERITY, tags.severity.word, f"[{tags.severity.word}]"))
    if tags.category and commands.CATEGORY not in given and case.counts("category"):
        wanted.append(commands.Line(commands.CATEGORY, tags.category, f"[{tags.category}]"))
    if wanted and draft.may(Power.CHANGE):
        orders.carry_out(draft, wanted)
    elif wanted:
        draft.reasons.append("the tags of the subject change nothing: the sender may not (4.3)")


def privacy(case: Case, draft: Draft) -> tuple[CommentState, str]:
    """3.8: what the lines that mean `Private` come to; what cannot be obeyed holds the comment.

    A reply of staff to an escalation mail or to a private note is private unless it says no.
    """
    words = case.config.commands.vocabulary
    wanted = [values.yes(line.value, words) for line in case.block.lines if line.key == commands.PRIVATE]
    inside = any(d.escalation or d.private for d in case.answers)
    inside = inside or any(known.private for known in thread.answered(case.parsed, case.facts))
    if draft.may(Power.PRIVATE):
        if None in wanted:
            return CommentState.HELD, "private_refused"
        if True in wanted:
            return CommentState.PRIVATE, ""
        if not wanted and inside:
            draft.reasons.append("it answers an escalation mail or an internal note: private (3.8)")
            return CommentState.PRIVATE, ""
    elif any(value is not False for value in wanted) or (inside and draft.role in STAFF):
        return CommentState.HELD, "private_refused"
    if draft.role in STAFF and commands.means_private(case.parsed.text, case.block.lines, words):
        draft.results.append(CommandResult(commands.PRIVATE, "", "refused", CANNOT_OBEY, commands.PRIVATE))
        draft.tell("command_refused", private=True, line=commands.PRIVATE, why=CANNOT_OBEY)
        return CommentState.HELD, "private_refused"
    return CommentState.SHOWN, ""


def take_files(case: Case, draft: Draft) -> None:
    """3.4, with what is left out in the history."""
    already = draft.before.files_kept if draft.before is not None else 0
    attachments = case.parsed.attachments
    if not attachments:
        return
    draft.files = limits.choose_attachments(attachments, case.facts.repeated_images, already, case.config)
    for choice in draft.files:
        if choice.state is AttachmentState.LEFT_OUT:
            name, limit = choice.attachment.filename, case.config.attachments.cap
            draft.tell("file_left_out", private=draft.secret, filename=name, limit=limit)
    count = [
        sum(1 for f in draft.files if f.state is s) for s in (AttachmentState.KEPT, AttachmentState.LEFT_OUT)
    ]
    draft.reasons.append(
        f"files: {count[0]} kept, {count[1]} left out, {len(draft.files) - sum(count)} not counted (3.4)"
    )


def take_recipients(case: Case, draft: Draft) -> None:
    """3.5, with what became of each address in the history."""
    named = (*case.parsed.to, *case.parsed.cc)
    if not named:
        return
    if draft.may(Power.ADD_RECIPIENT):
        state = RecipientState.ACTIVE
    elif draft.may(Power.PROPOSE_RECIPIENT):
        state = RecipientState.HELD
    else:
        draft.reasons.append("this sender names no recipients (section 0)")
        return
    facts, ticket = case.facts, draft.ticket
    chosen = limits.choose_recipients(
        [a for a in named if a.address != case.person.address],
        ticket.recipients,
        ticket.assignee.address,
        state,
        facts.people,
        facts.teams,
        case.config,
        confirms=state is RecipientState.ACTIVE and draft.may(Power.CONFIRM_RECIPIENT),
    )
    limit = case.config.limits.recipients
    held_so_far = {r.person.address for r in ticket.recipients if r.state is RecipientState.HELD}
    draft.name_recipients(chosen)
    for choice in chosen:
        if choice.state is RecipientState.LEFT_OUT:
            draft.tell("recipient_left_out", private=draft.secret, address=choice.address, limit=limit)
        elif choice.state is RecipientState.HELD:
            draft.tell("recipient_held", private=draft.secret, address=choice.address)
        else:
            code = "recipient_confirmed" if choice.address in held_so_far else "recipient_added"
            draft.tell(code, address=choice.address, who=draft.who)
    new = frozenset(c.address for c in chosen if c.state is RecipientState.ACTIVE)
    draft.has_mail = new
    if chosen:
        held = sum(1 for c in chosen if c.state is RecipientState.HELD)
        left = len(chosen) - len(new) - held
        draft.reasons.append(f"recipients: {len(new)} new, {held} held, {left} left out (3.5)")


def comment_of(case: Case, draft: Draft, text: str, state: CommentState, why_held: str) -> NewComment:
    """The comment as it is kept: the new text, with what was cut beside it (3.2)."""
    parsed = case.parsed
    return NewComment(
        author=draft.author.address,
        author_name=draft.author_name,
        text=text,
        quoted=parsed.quoted,
        signature=parsed.signature,
        state=state,
        unverified=draft.trust is Trust.UNVERIFIED,
        why_held=why_held,
    )
