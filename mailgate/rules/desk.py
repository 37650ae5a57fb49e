"""What an agent does from the shell: comment, commands, escalation. The same rules as by mail, decided at once.

Laws: pure; what is not allowed raises UsageError with what is, and nothing of the action takes effect.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from mailgate.config import Config
from mailgate.errors import UsageError
from mailgate.mail.address import normalise
from mailgate.model import CommentState, Decision, Facts, NewComment, Person, Role, Ticket, Trust
from mailgate.rules import commands, ladder, orders, replying
from mailgate.rules.commands import Line
from mailgate.rules.draft import Draft
from mailgate.rules.values import yes
from mailgate.vocabulary import fold

CONFIRM = "Confirm"  # of the shell only: what is held on the ticket becomes shown (4.3)


@dataclass(frozen=True, slots=True)
class Action:
    """One action. `by` is the name that the history shows; `author` the agent's address, "" for nobody's."""

    by: str
    author: str = ""
    comment: str = ""
    private: bool = False
    commands: tuple[tuple[str, str], ...] = ()
    escalate: str | None = None  # the reason; a supervisor may begin it with a level


def act(action: Action, ticket: Ticket, facts: Facts, now: datetime, config: Config) -> Decision:
    """What the action changes and who is told. Raises UsageError where a key or value is off."""
    if not action.comment.strip() and not action.commands and action.escalate is None:
        raise UsageError("nothing to do: give a comment, a key and its value, or a reason to escalate")
    draft = _begin(action, ticket, facts, now, config)
    said = False
    for key, value in action.commands:
        said = _command(draft, key, value) or said
    if action.escalate is not None:
        named, reason = (None, ladder.reason(action.escalate))
        if draft.role is Role.SUPERVISOR:
            named, reason = ladder.named_level(action.escalate)
        if why := orders.escalate(draft, reason, named):
            raise UsageError(f"#{ticket.number} was not escalated: {why}")
    if action.comment.strip():
        _comment(draft, action, said)
    return draft.finish(None)


def _begin(action: Action, ticket: Ticket, facts: Facts, now: datetime, config: Config) -> Draft:
    address = normalise(action.author) if action.author else ""
    if action.author and not address:
        raise UsageError(f"{action.author!r} is no e-mail address")
    person = facts.people.get(address) or Person(address, name=action.by)
    return Draft(
        config=config,
        facts=facts,
        now=now,
        author=person,
        author_name=person.name or action.by,
        role=Role.SUPERVISOR if person.supervisor else Role.AGENT,
        trust=Trust.AUTHENTICATED,
        ticket=ticket,
        before=ticket,
        how="the shell",
        answerable=False,
        secret=action.private,
        reasons=[f"{action.by} acts from the shell"],
    )


def _command(draft: Draft, key: str, value: str) -> bool:
    """Carries one command out; True when it set the status."""
    if fold(key) == fold(CONFIRM):
        if not yes(value, draft.config.commands.vocabulary):
            raise UsageError(f"{CONFIRM}: yes is needed")
        draft.confirms = ("held_comments",)
        draft.reasons.append("what is held on this ticket is confirmed (4.3)")
        return False
    known = draft.config.commands.vocabulary.key(key)
    if not known or known == commands.PRIVATE:
        allowed = ", ".join(k for k in (*commands.KEYS, CONFIRM) if k != commands.PRIVATE)
        raise UsageError(f"{key!r} is no key; one of these is needed: {allowed}")
    line = " ".join(value.split()) if "\n" in value or "\r" in value else value.strip()
    orders.carry_out(draft, [Line(known, line, f"{known}: {line}")])
    result = draft.results[-1]
    if result.state != "done":
        raise UsageError(f"{known}: {result.why}")
    return known == commands.STATUS


def _comment(draft: Draft, action: Action, said: bool) -> None:
    state = CommentState.PRIVATE if action.private else CommentState.SHOWN
    draft.comment = NewComment(draft.author.address, draft.author_name, action.comment.strip(), state=state)
    if action.private:
        draft.tell("commented_private", who=draft.who, private=True)
        return
    draft.tell("commented", who=draft.who)
    replying.answer(draft, said=said)


def keys() -> Mapping[str, str]:
    """Every key that the shell takes, with what its value may be: for help texts."""
    return {
        commands.ASSIGN: "an address of the same account",
        commands.SEVERITY: "outage, degraded or question",
        commands.CATEGORY: "a configured category",
        commands.DEVICE: "names, separated by commas; -name removes",
        commands.RECIPIENT: "addresses, separated by commas; -address removes",
        commands.NOTIFY: "on or off",
        commands.EU_SUPPORT: "a data centre, or none",
        commands.STATUS: "open, pending, resolved or closed",
        commands.ESCALATE: "the reason",
        CONFIRM: "yes",
    }
