"""`mailgate comment`, `set` and `escalate`: what an agent does by mail, from the shell.

The rules decide and the store applies, in one short transaction, so that they work beside a running gateway.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from mailgate.cli.context import Session, session
from mailgate.errors import UsageError

if TYPE_CHECKING:
    from mailgate.model import Decision
    from mailgate.rules.desk import Action

LONGEST_COMMENT = 1_000_000  # characters

Number = Annotated[int, typer.Argument(metavar="N", help="The ticket's number.")]
As = Annotated[str, typer.Option("--as", metavar="ADDRESS", help="The agent in whose name; default: shell.")]


def comment(
    ctx: typer.Context,
    number: Number,
    text: Annotated[str | None, typer.Argument(help="The comment; left out: read from stdin.")] = None,
    private: Annotated[bool, typer.Option("--private", help="An internal note, only agents see it.")] = False,
    by: As = "",
) -> None:
    """Answer on a ticket: goes to the customer side, unless it is private."""
    from mailgate.rules.desk import Action

    words = (text if text is not None else _from_stdin()).strip()
    if not words:
        raise UsageError("the comment is empty; give it as a word of the command, or on stdin")
    if len(words) > LONGEST_COMMENT:
        raise UsageError(f"the comment has {len(words)} characters; at most {LONGEST_COMMENT} are allowed")
    run = session(ctx)
    _carry_out(run, number, Action(*_author(by), comment=words, private=private))


def _from_stdin() -> str:
    if sys.stdin.isatty():
        print("Write the comment; Ctrl-D on a line of its own ends it.", file=sys.stderr)
    return sys.stdin.read(LONGEST_COMMENT + 1)


def set_(
    ctx: typer.Context,
    number: Number,
    key: Annotated[
        str,
        typer.Argument(
            help="severity, status, category, assign, device, recipient, notify, eu-support or confirm."
        ),
    ],
    value: Annotated[str, typer.Argument(help="As in a command by mail; -name and -address remove.")],
    by: As = "",
) -> None:
    """Change one thing of a ticket, with the keys that commands by mail have."""
    from mailgate.rules.desk import Action

    _carry_out(session(ctx), number, Action(*_author(by), commands=((key, value),)))


def escalate(
    ctx: typer.Context,
    number: Number,
    reason: Annotated[str, typer.Option("--reason", help="Why; everybody concerned reads it.")] = "",
    by: As = "",
) -> None:
    """Raise a ticket to the next level; a supervisor's goes to management."""
    from mailgate.rules.desk import Action

    _carry_out(session(ctx), number, Action(*_author(by), escalate=reason))


def _author(by: str) -> tuple[str, str]:
    """(name shown, address) of an action. Raises UsageError for what is not an address."""
    if not by:
        return "shell", ""
    from mailgate.mail.address import normalise

    address = normalise(by)
    if not address:
        raise UsageError(f"--as {by}: an address like ana@example.com is needed")
    return address, address


def _carry_out(run: Session, number: int, action: Action) -> None:
    from datetime import UTC, datetime

    from mailgate.app import outbox_id
    from mailgate.errors import NotFound
    from mailgate.mail.token import Minter
    from mailgate.model import Questions
    from mailgate.rules import desk
    from mailgate.store import keys, tickets

    config, now = run.config, datetime.now(UTC)
    asked = Questions(_addresses(action), (), frozenset({number}), frozenset(), "", action.author)
    with run.store(readonly=False) as store, store.writing() as conn:
        facts = tickets.facts(conn, [asked], now, config)[0]
        ticket = facts.tickets.get(number)
        if ticket is None:
            raise NotFound(f"there is no ticket {number}")
        if action.author and not (facts.people.get(action.author) and facts.people[action.author].agent):
            raise UsageError(f"--as {action.author}: no agent has this address; mailgate people lists them")
        decision = desk.act(action, ticket, facts, now, config)
        minter = Minter(keys.minting(conn), config.gateway.address, config.gateway.message_domain)
        tickets.apply(
            conn, decision, message=None, at=now, minter=minter, config=config, parsed=None, new_id=outbox_id
        )
    _report(number, action, decision)


def _addresses(action: Action) -> frozenset[str]:
    """Every address that the action names, for the facts."""
    from mailgate.rules.values import address, items

    named = [address(item) for _, value in action.commands for item in items(value)]
    return frozenset(address for address in (action.author, *named) if address)


def _report(number: int, action: Action, decision: Decision) -> None:
    """What was done, in the words of the history."""
    from mailgate.cli.show import say
    from mailgate.words import in_words

    for event in decision.history:
        by = "" if "who" in event.params else f" ({action.by})"
        say(f"#{number}: {in_words(event)}{by}")
    if "held_comments" in decision.confirms:
        say(f"#{number}: what was held is shown now")
    elif not decision.history:
        say(f"#{number}: nothing to change")
