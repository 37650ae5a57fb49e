"""Who is told what (4.4, 5.3, 6.0, 6.1, 7.1, 8.1, 8.3). Nothing here changes a ticket.

Laws: no update to its own author; nothing to a dead address, to our own addresses, or to staff outside the EU where
the ticket has EU support; nothing automatic to a stranger who could not be verified; what is held or private goes
to staff only.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

from mailgate.config import Config
from mailgate.mail.token import is_own
from mailgate.model import (
    AttachmentState,
    CommentState,
    Facts,
    Kind,
    Notice,
    Person,
    RecipientState,
    Severity,
    Status,
    Trust,
)
from mailgate.rules.commands import PRIVATE
from mailgate.rules.story import (
    INTERNAL,
    NOBODY,
    STAFF,
    Story,
    assignee_language,
    context_of,
    language_of,
    reachable,
    shown_events,
    team_language,
    understood_of,
)

ASK_AGAIN = timedelta(days=1)  # after a question about a third party's comment that was not answered (4.5)


def notices(story: Story, facts: Facts, config: Config) -> tuple[Notice, ...]:
    """Every mail that is owed for one message or action."""
    owed = [
        *_to_sender(story, facts, config),
        *_new_ticket(story, config),
        *_escalation(story, facts, config),
    ]
    owed += _to_assignee(story, facts, config)
    escalated = {n.to for n in owed if n.template == "escalation"}
    owed += [n for n in _updates(story, facts, config) if n.to not in escalated]
    own = config.gateway.own_addresses
    return tuple(n for n in owed if n.to and n.to not in story.barred and not is_own(n.to, own))


def _to_sender(story: Story, facts: Facts, config: Config) -> Iterator[Notice]:
    """Acknowledgement and problems: once a mail, to people only (8.1)."""
    author = story.author
    if story.kind is not Kind.PERSON or not story.answerable or not author.address or author.dead:
        return
    mode = "yes" if story.trust is not Trust.UNVERIFIED else config.trust.acknowledge_unverified
    held = story.comment is not None and story.comment.why_held in ("third_party", "unverified")
    if mode == "no" or held or (mode == "notice" and (story.before is not None or facts.acknowledged_today)):
        return
    language = language_of(author, story.language, facts, "", config)
    audience = "agent" if story.role in STAFF else "sender"

    def notice(template: str, context: Mapping[str, Any]) -> Notice:
        inside = audience == "agent"
        return Notice(
            author.address,
            audience,
            template,
            language,
            context,
            inside,
            urgent=True,
            tells=tells,
            answers=story.message_id,
        )

    tells, told = _with_what_waits(
        story, author.address, context_of(story, author.address, inside=audience == "agent", own=True)
    )
    notice_only = mode == "notice"
    if story.before is None or (not story.problems and _something_to_acknowledge(story)):
        yield notice("acknowledgement", told | understood_of(story, config, notice_only))
        if story.problems and not notice_only:
            yield notice("problem", told | {"problems": list(story.problems)})
    elif story.problems:
        yield notice("problem", told | {"problems": [*story.problems, *_also_left_out(story, config)]})


def _something_to_acknowledge(story: Story) -> bool:
    """A plain comment is not acknowledged; one with commands or with something left out is (3.8, 3.4, 3.5), and one
    that opens an ended ticket again (2.6). Whether a note is private shows by itself."""
    commands = any(r.key != PRIVATE or r.state != "done" for r in story.results)
    left_out = any(f.state is AttachmentState.LEFT_OUT for f in story.files)
    ended = story.before is not None and story.before.status in (Status.RESOLVED, Status.CLOSED)
    reopened = ended and story.ticket.status is Status.OPEN and story.role not in STAFF
    over = any(r.state is RecipientState.LEFT_OUT for r in story.recipients)
    return commands or left_out or reopened or over


def _also_left_out(story: Story, config: Config) -> Iterator[dict[str, Any]]:
    for result in story.results:
        if result.state != "done":
            yield {"code": "command_refused", "params": {"line": result.line, "why": result.why}}
    files = [f.attachment.filename for f in story.files if f.state is AttachmentState.LEFT_OUT]
    if files:
        yield {"code": "files_left_out", "params": {"files": files, "limit": config.attachments.cap}}
    addresses = [r.address for r in story.recipients if r.state is RecipientState.LEFT_OUT]
    if addresses:
        yield {
            "code": "recipients_left_out",
            "params": {"addresses": addresses, "limit": config.limits.recipients},
        }


def _new_ticket(story: Story, config: Config) -> Iterator[Notice]:
    if story.before is not None or story.team is None:
        return
    author = story.author
    sender = {
        "name": story.author_name or ("" if author.address else NOBODY),
        "address": author.address,
        "trust": story.trust.value,
        "how": story.how,
    }
    context = context_of(story, story.team.address, inside=True) | understood_of(story, config, False)
    context |= {"sender": sender, "warnings": list(story.warnings)}
    yield Notice(
        story.team.address, "team", "new_ticket", team_language(story, config), context, True, urgent=True
    )


def _escalation(story: Story, facts: Facts, config: Config) -> Iterator[Notice]:
    """7.1: the assignee and the people of the level."""
    step, ticket = story.escalation, story.ticket
    if step is None:
        return
    created = ticket.created or story.now
    more = {
        "level": step.level,
        "reason": step.reason,
        "asked_by": story.author_name or step.asked_by,
        "age_seconds": max(int((story.now - created).total_seconds()), 0),
    }

    def notice(to: str, audience: str, language: str) -> Notice:
        inside = audience != "assignee"
        tells, told = _with_what_waits(story, to, context_of(story, to, inside))
        hidden = story.secret and not inside and to != story.author.address
        reason = {"reason": INTERNAL} if hidden else {}
        return Notice(
            to,
            audience,
            "escalation",
            language,
            told | more | reason,
            inside,
            urgent=True,
            tells=_of_held(story, inside) or tells,
        )

    assignee = ticket.assignee
    people = [p for p in story.supervisors if step.level > 1 and not p.dead]
    skipped = {p.address for p in people}  # where staff named no customer yet (5.4)
    if story.kind not in (Kind.PERSON, None):
        skipped.add(story.author.address)  # his program asks, and is not answered (8.1)
    if reachable(assignee, story) and assignee.address not in skipped:
        yield notice(assignee.address, "assignee", assignee_language(story, facts, config))
    for person in people:
        yield notice(person.address, "supervisor", language_of(person, "", facts, "", config))
    if not people and story.team is not None and (step.level < 3 or not story.notify_list):
        yield notice(story.team.address, "team", team_language(story, config))
    if step.level >= 3 and story.notify_list:
        yield notice(story.notify_list, "notify_list", config.gateway.language)


def _to_assignee(story: Story, facts: Facts, config: Config) -> Iterator[Notice]:
    """What the assignee is asked to confirm by one reply (4.5): once a day as long as he does not answer, so that
    whoever holds a token of the ticket cannot bomb him."""
    assignee, asked = story.ticket.assignee, story.ticket.asked
    if not story.for_assignee or not reachable(assignee, story):
        return
    if asked is not None and story.now - asked < ASK_AGAIN:
        return
    context = context_of(story, assignee.address, inside=False, empty=True) | {
        "problems": list(story.for_assignee)
    }
    language = assignee_language(story, facts, config)
    yield Notice(assignee.address, "assignee", "problem", language, context, urgent=True, tells="this")


def _with_what_waits(story: Story, to: str, context: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """`Notice.tells` and the context of a mail that somebody gets anyway: the assignee is told in it, without a word of
    it, that a comment waits for his reply (4.3)."""
    before = story.before
    waits = before.waits if before is not None and not story.confirming else ""
    if not waits or to != story.ticket.assignee.address:
        return "", context
    return "all", context | {"waits": waits}


def _of_held(story: Story, inside: bool) -> str:
    held = story.comment is not None and story.comment.state is CommentState.HELD
    return "this" if inside and held else ""


def _updates(story: Story, facts: Facts, config: Config) -> Iterator[Notice]:
    """6.1: assignee, active recipients, the team unless staff wrote, the notify list at level 3."""
    ticket, comment = story.ticket, story.comment
    urgent = ticket.severity is Severity.OUTAGE or story.escalation is not None
    inside_only = comment is not None and comment.state is not CommentState.SHOWN

    def notice(to: str, audience: str, language: str, inside: bool = False) -> Notice:
        tells, context = _with_what_waits(story, to, context_of(story, to, inside))
        return Notice(
            to,
            audience,
            "update",
            language,
            context,
            inside,
            coalesce=True,
            urgent=urgent or to in story.told,
            tells=_of_held(story, inside) or tells,
        )

    if not inside_only and _public(story):
        for person, audience in _outside(story):
            language = assignee_language(story, facts, config)
            if audience == "recipient":
                language = language_of(person, "", facts, ticket.language, config)
            yield notice(person.address, audience, language)
    if story.before is None or not (comment or shown_events(story, inside=True)):
        return
    team = story.team
    customers = story.role not in STAFF or story.trust is not Trust.AUTHENTICATED
    wanted = customers or inside_only or story.new_team
    if team is not None and wanted and team.address != story.author.address:
        yield notice(team.address, "team", team_language(story, config), inside=True)
    listed = story.notify_list
    level = max(ticket.escalation_level, story.before.escalation_level)  # it hears of the end, too
    if level >= 3 and listed and not inside_only and listed != story.author.address:
        yield notice(listed, "notify_list", config.gateway.language, inside=True)


def _outside(story: Story) -> Iterator[tuple[Person, str]]:
    """Assignee and recipients who get this update; at a ticket's opening only those whom a command named."""
    ticket, author = story.ticket, story.author.address
    assignee = ticket.assignee
    opening = story.before is None
    before = story.before.assignee if story.before is not None else assignee
    named = assignee.address in story.told
    wanted = named or (ticket.notify and not opening)
    if wanted and assignee.address != author and reachable(assignee, story):
        yield assignee, "assignee"
    done = {author, assignee.address}
    if before.address not in done and reachable(before, story):
        done.add(before.address)
        yield before, "recipient"  # hears that the ticket went to a colleague
    for recipient in ticket.recipients:
        person = recipient.person
        if recipient.state is not RecipientState.ACTIVE or person.address in done or person.dead:
            continue
        if person.address in story.has_mail or (opening and person.address not in story.told):
            continue
        done.add(person.address)
        yield person, "recipient"


def _public(story: Story) -> bool:
    return story.comment is not None or bool(shown_events(story, inside=False))
