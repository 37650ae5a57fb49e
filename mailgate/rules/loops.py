"""Programs that answer each other through the desk although nothing marks them as machines (8.3, T26), and how many
answers we give at all (T3).

A loop needs both directions. A mail is a *turn* of one only where we have mailed its sender on that ticket since he
wrote the same words last (or where he answers within seconds, again and again), and no person of the staff has written
in between. What nobody of ours answered is never a turn: an alert that comes fifty times an hour is fifty comments.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from mailgate.config import Config
from mailgate.model import Alarm, Facts, Notice, ParsedMessage, Person, Purpose, Ticket, TokenClaim, Turn

WINDOW = timedelta(hours=1)  # what the store looks up
TURNS = 2  # in the same words, of all who write to a ticket: the next one is stopped
TO_THE_HOUR = timedelta(hours=1)  # how exactly a token says when it was issued
QUICK = timedelta(seconds=10)  # after our mail: nobody has read and answered it
QUICK_TURNS = 3  # the next one is stopped
SEEN = 2  # mails of a sender on a ticket before it is asked how quickly he answers
ALIKE = 3  # mails in the same words that are acknowledged
# What a sender gets for his mail: counted against the limits.
ANSWERS = ("acknowledgement", "problem", "ticket_view", "ticket_list", "help")
APART = "apart"  # the sign of a mail that is in no loop: held, or of somebody who has no part in the ticket
SET_ASIDE = frozenset({"stopped", "still"})
_TURNS = frozenset({"alike", "quick"}) | SET_ASIDE


def turn(
    parsed: ParsedMessage,
    sender: Person,
    ticket: Ticket,
    received: datetime,
    facts: Facts,
    claims: Iterable[TokenClaim] = (),
) -> tuple[str, str]:
    """What a mail to a ticket is in a loop, and why: alike | quick | stopped | still (the words of a loop that was
    stopped within the hour, until staff write), "" for none. `claims`: the valid ones of the ticket that it bears."""
    turns = facts.turns.get(ticket.number, ())
    mine = [each for each in turns if each.sign != APART and _same(each.sender, sender.address)]
    person = _person_wrote(ticket, turns)
    ended = max((t.at for t in mine if t.sign == "stopped" and t.skeleton == parsed.skeleton), default=None)
    if ended is not None and (person is None or person <= ended):
        return "still", f"{sender.address} writes on in the words of a loop that was stopped (8.3)"
    mailed, at_latest = _mailed(sender, ticket, turns, facts, claims)
    if not mine or not sender.address:
        return "", ""
    alike = max((each.at for each in mine if each.skeleton == parsed.skeleton), default=None)
    if (
        at_latest is not None
        and alike is not None
        and alike < at_latest
        and (person is None or person <= alike)
    ):
        so_far = sum(1 for each in turns if each.sign in ("alike", *SET_ASIDE))
        why = f"{sender.address} answers our mail in the words of his last one"
        return _judged("alike", why, so_far, TURNS)
    last = max(each.at for each in mine)
    if (
        mailed is not None
        and len(mine) >= SEEN
        and last < mailed <= received <= mailed + QUICK
        and (person is None or person <= last)
    ):
        so_far = sum(1 for each in mine if each.sign in ("quick", *SET_ASIDE))
        seconds = (received - mailed).total_seconds()
        return _judged(
            "quick", f"{sender.address} answers our mail after {seconds:.0f} s", so_far, QUICK_TURNS
        )
    return "", ""


def _judged(sign: str, why: str, so_far: int, limit: int) -> tuple[str, str]:
    if so_far < limit:
        return sign, f"{why}: a turn of a loop, if it is one (8.3)"
    return "stopped", f"{why}, after {so_far} such answers on this ticket within the hour: a loop (8.3)"


def _mailed(
    sender: Person, ticket: Ticket, turns: Iterable[Turn], facts: Facts, claims: Iterable[TokenClaim]
) -> tuple[datetime | None, datetime | None]:
    """When the sender last had a mail of ours on this ticket, and at the latest. Staff have theirs at the team's address:
    whenever another one wrote.

    A program may get its mail at one address and write from another: the ids and reply addresses that it answers with
    say which mail of ours it had, the latter to the hour only.
    """
    if sender.agent or sender.supervisor:
        found = max((each.at for each in turns if each.sender != sender.address), default=None)
        return found, found
    claims = tuple(claims)
    named = [
        d.sent for c in claims if (d := facts.deliveries.get(c.serial)) is not None and d.sent is not None
    ]
    mailed = max((at for at in (facts.mailed.get(ticket.number), *named) if at is not None), default=None)
    if named:
        return mailed, mailed
    signed = (c.issued + TO_THE_HOUR for c in claims if c.purpose is Purpose.REPLY and c.person != sender.id)
    return mailed, max((at for at in (mailed, *signed) if at is not None), default=None)


def _same(one: str, other: str) -> bool:
    """Whether two addresses are one mailbox, whatever stands behind a "+"."""
    return one == other or _mailbox(one) == _mailbox(other)


def _mailbox(address: str) -> str:
    """An address without what stands behind a "+" in it (RFC 5233)."""
    local, at, domain = address.rpartition("@")
    return f"{local.partition('+')[0]}{at}{domain}"


def _person_wrote(ticket: Ticket, turns: Iterable[Turn]) -> datetime | None:
    """When staff last wrote or changed the status, unless that was a turn of a loop itself."""
    progress = ticket.last_progress
    return None if any(each.at == progress and each.sign in _TURNS for each in turns) else progress


def stopped_before(sender: str, ticket: int, facts: Facts) -> bool:
    """Whether the ticket's history tells of this loop already."""
    return any(_same(each.sender, sender) and each.sign == "stopped" for each in facts.turns.get(ticket, ()))


def unanswered(sender: str, facts: Facts) -> str:
    """Why a mail that opens a ticket gets no acknowledgement: it says what the last ones said, and each of those was
    acknowledged. "" where it may have one. The ticket is made all the same: it may be an alert."""
    if not sender or facts.alike < ALIKE:
        return ""
    return (
        f"no acknowledgement: {facts.alike} within the hour answered the same words of {sender} already (8.3)"
    )


def within_limits(
    owed: tuple[Notice, ...], author: str, facts: Facts, config: Config
) -> tuple[tuple[Notice, ...], str, tuple[Alarm, ...]]:
    """The mails that may go by the limits on automatic answers, of an address and of all; why some may not, "" where all
    may; and what the operator is told of it."""
    gateway = config.gateway
    if facts.answered_in_all >= gateway.ack_limit_total:
        kept = tuple(notice for notice in owed if notice.template not in ANSWERS)
        limit, name = gateway.ack_limit_total, "ack_limit_total"
        alarms = (Alarm("answers_used_up", {"limit": limit}, "answers_used_up"),) if limit else ()
    elif facts.acknowledged >= gateway.ack_limit:
        kept = tuple(notice for notice in owed if notice.template not in ANSWERS or notice.to != author)
        limit, name, alarms = gateway.ack_limit, "ack_limit", ()
    else:
        return owed, "", ()
    if len(kept) == len(owed):
        return owed, "", ()
    return kept, f"no automatic answer: gateway.{name} is used up ({limit} an hour) (8.3)", alarms
