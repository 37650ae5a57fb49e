"""What happened to a ticket, as far as mails tell of it, and the words that a mail gets of it: languages (6.2), who may
be written to (4.4), and the context of a template.

Laws: a context holds JSON values only; somebody's address is shown to those only who share the ticket with him.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from mailgate.config import Config
from mailgate.model import (
    LANGUAGES,
    AttachmentChoice,
    AttachmentState,
    CommandResult,
    Escalation,
    Event,
    Facts,
    Kind,
    NewComment,
    Person,
    RecipientChoice,
    RecipientState,
    Role,
    Status,
    Team,
    Ticket,
    Trust,
)

APART = "apart"  # key of a context: the mail is not about the ticket of its decision, and the store reads what it shows
INTERNAL = "internal"  # stands for a reason that staff gave in an internal note
TOLD_BY_THE_COMMENT = frozenset({"opened", "commented", "commented_unverified", "commented_private"})
SENDER_ONLY = frozenset({"command_refused", "file_left_out", "recipient_left_out", "escalation_too_early"})
NAMES_OTHERS = frozenset(
    {"recipient_held", "recipient_removed", "recipient_left", "recipient_dead", "delivery_failed"}
    | {"bounced", "bounced_elsewhere", "address_dead", "address_failing", "address_alive", "address_revived"}
)
STAFF = frozenset({Role.AGENT, Role.SUPERVISOR})

NOBODY = "unknown sender"  # where the From header names no one person


@dataclass(slots=True)  # not frozen: made for every mail, and 29 frozen fields take 7 µs to set
class Story:
    """What happened, as far as mails tell of it. `ticket` as it stands afterwards, `before` None for a new one.

    Nobody changes it.
    """

    ticket: Ticket
    before: Ticket | None
    author: Person
    author_name: str
    role: Role
    trust: Trust
    how: str
    now: datetime
    kind: Kind | None  # None: an action from the shell
    message_id: str = ""
    language: str = ""  # of the mail, "" when unsure
    answerable: bool = True  # somebody reads what goes to the sender (no null sender, no no-reply address)
    comment: NewComment | None = None
    files: tuple[AttachmentChoice, ...] = ()
    recipients: tuple[RecipientChoice, ...] = ()
    results: tuple[CommandResult, ...] = ()
    events: tuple[Event, ...] = ()
    escalation: Escalation | None = None
    secret: bool = False  # the mail's words are held or private: staff only
    problems: tuple[Mapping[str, Any], ...] = ()  # for the sender
    for_assignee: tuple[Mapping[str, Any], ...] = ()  # problems that the assignee is asked about (4.5)
    confirming: bool = False  # the mail confirms what was held
    told: frozenset[str] = frozenset()  # named by a verified person in this very mail: told at once
    has_mail: frozenset[str] = frozenset()  # became recipients because they hold this very mail (CC)
    warnings: tuple[str, ...] = ()
    team: Team | None = None
    supervisors: tuple[Person, ...] = ()
    notify_list: str = ""
    barred: frozenset[str] = frozenset()  # staff outside the EU
    new_team: bool = False  # it was routed to another team


def language_of(person: Person, mail: str, facts: Facts, fallback: str, config: Config) -> str:
    """6.2: own setting, else the language of his mail when sure, else the account's, else `fallback`, else default."""
    account = facts.accounts.get(person.account)
    for language in (person.language, mail, account.language if account else "", fallback):
        if language in LANGUAGES:
            return language
    return config.gateway.language


def reachable(person: Person, story: Story) -> bool:
    """Whether automatic mail may go to the assignee (4.4): an agent wrote or has answered, or he was verified, or
    a verified person names him here."""
    if person.dead or not person.address:
        return False
    if story.role in STAFF and story.trust is Trust.AUTHENTICATED:
        return True
    if story.ticket.agent_answered or (story.before is not None and story.before.status is not Status.NEW):
        return True
    if person.address == story.author.address:
        return story.trust is not Trust.UNVERIFIED
    return person.authenticated_before or person.address in story.told


def shown_events(story: Story, inside: bool) -> Sequence[Event]:
    hidden = TOLD_BY_THE_COMMENT if inside else TOLD_BY_THE_COMMENT | SENDER_ONLY | NAMES_OTHERS
    return [e for e in story.events if e.code not in hidden and (inside or not e.private)]


def assignee_language(story: Story, facts: Facts, config: Config) -> str:
    assignee = story.ticket.assignee
    mail = story.language if assignee.address == story.author.address else ""
    return language_of(assignee, mail, facts, story.ticket.language, config)


def team_language(story: Story, config: Config) -> str:
    wanted = (story.team.language if story.team else "", story.ticket.language)
    return next((w for w in wanted if w in LANGUAGES), config.gateway.language)


def context_of(
    story: Story, to: str, inside: bool, *, own: bool = False, empty: bool = False
) -> dict[str, Any]:
    """The part of the context that every template reads. `own`: to the author; `empty`: without his words."""
    shown = inside or own or _on_ticket(story.author.address, story) or _colleagues(to, story)
    address = story.author.address if shown or to == story.author.address else ""
    at = story.now.isoformat()
    hidden = empty or (story.secret and not inside and to != story.author.address)
    comments = [] if hidden or story.comment is None else [_comment(story, story.comment, address, at)]
    masked = "" if address else story.author.address
    events = [] if empty else [_event(e, at, story, masked) for e in shown_events(story, inside)]
    known = bool(story.author_name or address)
    author = {"name": story.author_name or address, "address": address} if known else None
    return {"author": author, "comments": comments, "events": events}


def _on_ticket(address: str, story: Story) -> bool:
    active = (r.person.address for r in story.ticket.recipients if r.state is RecipientState.ACTIVE)
    return address == story.ticket.assignee.address or address in active


def _colleagues(to: str, story: Story) -> bool:
    """Whether the reader is the assignee and the author writes from the same account: they know each other."""
    account = story.ticket.account
    return bool(account) and to == story.ticket.assignee.address and story.author.account == account


def _comment(story: Story, comment: NewComment, address: str, at: str) -> dict[str, Any]:
    return {
        "author_name": comment.author_name or address,
        "author_address": address,
        "at": at,
        "text": comment.text,
        "files": [
            {"filename": f.attachment.filename, "size": f.attachment.size}
            for f in story.files
            if f.state is AttachmentState.KEPT
        ],
        "left_out": [f.attachment.filename for f in story.files if f.state is AttachmentState.LEFT_OUT],
        "unverified": comment.unverified,
        "state": comment.state.value,
    }


def _event(event: Event, at: str, story: Story, masked: str) -> dict[str, Any]:
    """`masked`: the author's address, where the reader may not see it (6.1): his account stands for him."""
    params = dict(event.params)
    if masked:
        params = {key: (story.author.account or "…") if v == masked else v for key, v in params.items()}
    return {"code": event.code, "params": params, "at": at, "by": story.author_name}


def understood_of(story: Story, config: Config, notice_only: bool) -> dict[str, Any]:
    """What the acknowledgement and the team's mail say of how the mail was read (5.3)."""
    ticket = story.ticket

    def files(state: AttachmentState) -> list[str]:
        return [f.attachment.filename for f in story.files if f.state is state and not notice_only]

    def named(state: RecipientState) -> list[str]:
        return [r.address for r in story.recipients if r.state is state and not notice_only]

    results = () if notice_only else story.results
    understood = {
        "assignee": {"name": "" if notice_only else ticket.assignee.name, "address": ticket.assignee.address},
        "recipients": named(RecipientState.ACTIVE),
        "held_recipients": named(RecipientState.HELD),
        "left_out_recipients": named(RecipientState.LEFT_OUT),
        "devices": [] if notice_only else list(ticket.devices),
        "files_kept": files(AttachmentState.KEPT),
        "files_left_out": files(AttachmentState.LEFT_OUT),
        "done": [{"key": r.key, "value": r.value} for r in results if r.state == "done"],
        "refused": [{"line": r.line, "why": r.why} for r in results if r.state != "done"],
    }
    limits = {"recipients": config.limits.recipients, "files": config.attachments.cap}
    bare: dict[str, Any] = {"author": None, "comments": [], "events": []} if notice_only else {}
    return bare | {
        "understood": understood,
        "limits": limits,
        "is_new": story.before is None,
        "notice_only": notice_only,
    }
