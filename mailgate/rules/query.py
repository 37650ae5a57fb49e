"""View by mail (3.9) and help: what a mail asks for, whether its sender may know it, and the answer that is owed.

Laws: whoever may not see a ticket learns nothing, not even whether it exists (2.5); nothing is shown to a sender who
could not be verified; a mail that says more than its question is a comment or a ticket like any other, and is
answered too. What the answer shows is read by the store when it is written.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from mailgate.mail.token import is_own
from mailgate.model import AttachmentState, Decision, Kind, Notice, Outcome, Role, Ticket, Trust
from mailgate.rules import case as steps
from mailgate.rules import guide, limits, loops, routing, thread
from mailgate.rules.case import Case
from mailgate.rules.story import APART, language_of
from mailgate.rules.thread import Thread
from mailgate.rules.trust import Power, allowed, is_staff
from mailgate.vocabulary import fold
from mailgate.vocabulary import language_of as tongue_of

MAX_COURTESY = 12  # words
MAX_TEXT = 400  # characters of what may be a courtesy
VIEW, LIST, HELP = "ticket_view", "ticket_list", "help"  # templates
_COURTESIES = (
    "a about afficher all an and any avance avancement best bonjour bonsoir ca cheers cher ci connaitre "
    "cordialement could current d'avance de dear demande desk details du equipe est et etat for give "
    "hello hey hi historique history i in info information is j'aimerais kind know l l'etat latest le "
    "like ma many me merci mes mon my news notre nouvelles of on our plait please pls progress quel "
    "quelle quelles regards request s s'il salutations savoir send show sil state status statut support "
    "svp team thank thanks the ticket tickets tks to update voudrais vous want what whats would you"
)
_COURTESY = frozenset(_COURTESIES.split())


@dataclass(frozen=True, slots=True)
class Wish:
    """What a mail asks for. `number`: of one ticket, 0 for the sender's own; `alone`: it says nothing besides."""

    template: str
    alone: bool
    number: int = 0
    status: str = ""  # of the list: a status, "all", or "" for all that are not closed


@dataclass(frozen=True, slots=True)
class Seen:
    """Who asks, as far as answers depend on it."""

    case: Case
    found: Thread
    roles: Mapping[int, Role]
    believed: Trust

    def role(self, number: int) -> Role:
        return self.roles.get(number, Role.STRANGER)


def wish(seen: Seen) -> Wish | None:
    """What the mail asks for, None where it only tells. A [status] that answers a mail which bore it asks nothing
    (3.6)."""
    case, tags = seen.case, seen.case.tags
    if tags.query and case.counts("query"):
        numbers = thread.numbers(case.parsed.subject, case.config)
        open_ones = (n for n in numbers if _shows(seen, n) is not None)
        number = next(open_ones, numbers[0] if numbers else 0)
        template = VIEW if number else LIST
        return Wish(template, _says_nothing_else(case), number, tags.status)
    if tags.help and _says_nothing_else(case):
        return Wish(HELP, True)
    if case.kind is Kind.PERSON and _known(seen) and _is_help(seen):
        return Wish(HELP, True)
    return None


def _is_help(seen: Seen) -> bool:
    """Whether the text is the word for help, as a command: behind a subject of its own, "Help" is a cry."""
    case, text = seen.case, seen.case.parsed.text.strip()
    words = case.config.commands.vocabulary
    if (text and not words.is_help(text)) or _files(case):
        return False
    title = case.subject_title()
    if not text:
        return words.is_help(title)
    subject = not title or words.is_help(title) or seen.found.ticket is not None
    return subject or text.endswith((":", "\uff1a"))


def _says_nothing_else(case: Case) -> bool:
    """Whether a mail is its question alone: no text but a greeting or a thank-you, no command, no other tag, no file,
    and not written to the address that asks to escalate."""
    tags, urgent = case.tags, case.config.gateway.escalate_address
    if tags.escalate or tags.severity or tags.category or (urgent and urgent in case.own):
        return False
    if case.block.lines or _files(case):
        return False
    text, person = case.parsed.text, case.person
    if len(text) > MAX_TEXT:
        return False
    words = fold(text).replace("’", "'").split()
    names = (case.sender.name if case.sender else "", person.name, person.address.partition("@")[0])
    name = fold(" ".join((*names, case.config.gateway.name)))
    known = _COURTESY | set(name.replace(",", " ").replace(".", " ").split())
    said = [bare for word in words if (bare := word.strip(".,;:!?-–—'\"()"))]
    return len(said) <= MAX_COURTESY and all(word in known or word.replace("'", "") in known for word in said)


def _files(case: Case) -> bool:
    chosen = limits.choose_attachments(case.parsed.attachments, case.facts.repeated_images, 0, case.config)
    return any(c.state in (AttachmentState.KEPT, AttachmentState.LEFT_OUT) for c in chosen)


def only(seen: Seen, asked: Wish) -> Decision:
    """The Decision of a mail that says nothing but its question: a query, which changes nothing (3.9)."""
    case = seen.case
    ticket = _shows(seen, asked.number)
    case.reasons.append(_in_words(asked))
    decision = Decision(
        outcome=Outcome.QUERY,
        kind=case.kind,
        reasons=(),
        sender=case.sender,
        trust=seen.believed,
        auth=case.auth.how,
        threaded_by=("tag" if seen.found.ticket is None else seen.found.by) if ticket else "none",
        ticket=ticket.number if ticket else None,
        after=ticket,
        title=ticket.title if ticket else case.subject_title(),
        severity=ticket.severity if ticket else None,
        category=ticket.category if ticket else "",
        people=steps.learnt(case, seen.believed),
    )
    return answered(seen, asked, replace(decision, reasons=tuple(case.reasons)))


def answered(seen: Seen, asked: Wish, decision: Decision) -> Decision:
    """The decision with the answer that is owed for the question, or the reason why there is none."""
    case = seen.case
    why, after = _silent(seen), decision.after
    if (
        after is not None
        and _shows(seen, asked.number)
        and after.number == asked.number
        and _barred(seen, after)
    ):
        why = why or "from now on the ticket asks for EU support (5.2)"
    if why:
        return replace(decision, reasons=(*decision.reasons, f"not answered: {why}"))
    owed: tuple[Notice, ...] = (_answer(seen, asked),)
    owed, limited, alarms = loops.within_limits(owed, case.person.address, case.facts, case.config)
    said = () if asked.alone else (f"{_in_words(asked)}, and is answered besides",)
    return replace(
        decision,
        reasons=(*decision.reasons, *said, *([limited] if limited else [])),
        notices=(*decision.notices, *owed),
        alarms=(*decision.alarms, *alarms),
    )


def _in_words(asked: Wish) -> str:
    if asked.template == HELP:
        return "the mail asks for help (3.9)"
    if asked.number:
        return f"the mail asks for the state of #{asked.number} (3.9)"
    return f"the mail asks for the sender's {asked.status or 'own'} tickets (3.9)"


def _silent(seen: Seen) -> str:
    """Why nothing is answered, "" where an answer is owed."""
    case = seen.case
    if case.envelope.quiet:
        return "nobody is told of old mail"
    if case.kind is not Kind.PERSON:
        return "a machine gets no answer (8.1)"
    if not _known(seen):
        return "the sender could not be verified (3.9)"
    address = case.person.address
    if case.person.dead or not case.answerable or is_own(address, case.config.gateway.own_addresses):
        return "nobody reads what goes to the sender (8.3)"
    return ""


def _known(seen: Seen) -> bool:
    """Whether the sender has a proof, or is authenticated; staff need authentication (4.3)."""
    if not seen.case.person.address:
        return False
    if is_staff(seen.case.person):
        return seen.believed is Trust.AUTHENTICATED
    return seen.believed is not Trust.UNVERIFIED


def _shows(seen: Seen, number: int) -> Ticket | None:
    """The ticket, where this sender may see it."""
    ticket = seen.case.facts.tickets.get(number)
    if ticket is None or not allowed(Power.QUERY, seen.believed, seen.role(number)):
        return None
    return None if _barred(seen, ticket) else ticket


def _barred(seen: Seen, ticket: Ticket) -> bool:
    """Whether a ticket with EU support is kept from staff outside the EU (5.2)."""
    person, teams = seen.case.person, seen.case.facts.teams
    return bool(ticket.eu_support) and is_staff(person) and not routing.in_eu(person, teams)


def _answer(seen: Seen, asked: Wish) -> Notice:
    case, staff = seen.case, is_staff(seen.case.person)
    audience, template, fallback = "agent" if staff else "sender", asked.template, ""
    context: dict[str, Any] = {"author": None, "comments": [], "events": []}
    apart: dict[str, Any] = {}  # what the store must read for it
    if asked.template == VIEW and (ticket := _shows(seen, asked.number)) is not None:
        role = seen.role(ticket.number)
        audience = role.value if role in (Role.ASSIGNEE, Role.RECIPIENT) else audience
        apart, fallback = {"number": ticket.number, "role": role.value}, ticket.language
    elif asked.template == VIEW:
        template = "problem"
        context["problems"] = [{"code": "no_such_ticket", "params": {"number": asked.number}}]
    elif asked.template == LIST:
        teams = list(case.person.teams) if staff else []
        in_eu = staff and routing.in_eu(case.person, case.facts.teams)
        apart = {"status": asked.status, "teams": teams, "staff": staff, "in_eu": in_eu}
    language = language_of(case.person, _language(case), case.facts, fallback, case.config)
    if asked.template == HELP:
        context["help"] = guide.guide(_role(seen), seen.believed, language, case.config)
    return Notice(
        case.person.address,
        audience,
        template,
        language,
        context | {APART: apart},
        inside=staff,
        urgent=True,
        answers=case.parsed.message_id,
    )


def _role(seen: Seen) -> Role:
    """Of whom help speaks: of the ticket that the mail answers, else of a ticket of his own."""
    ticket = seen.found.ticket
    if ticket is not None and (role := seen.role(ticket.number)) is not Role.STRANGER:
        return role
    if is_staff(seen.case.person):
        return Role.SUPERVISOR if seen.case.person.supervisor else Role.AGENT
    return Role.ASSIGNEE


def _language(case: Case) -> str:
    """That of the mail, where it is sure; else the word of the tag or command gives it away."""
    word = case.tags.word or case.parsed.text or case.subject_title()
    return case.parsed.language or tongue_of(word[:50])
