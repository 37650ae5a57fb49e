"""The history alone tells what became of a ticket (section 0, 7): its sentences are played back on the ticket of before."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from rules.bearings import ACTIVE, DEAD, ENDED, HELD, OVER, Book, staff_acts, states
from rules.cast import SUPERVISORS, Step

from mailgate.model import CommentState, RecipientState, Status, Ticket
from mailgate.words import SENTENCES, in_words

# Sentences that tell of no change: what was said, refused, or came back.
TELLS_ONLY = {
    "opened", "commented", "commented_unverified", "commented_private", "comment_held", "comment_held_staff",
    "comment_held_third_party", "refers_to", "follows", "recipient_left_out", "file_left_out", "command_refused",
    "auto_reply", "bounced", "bounced_elsewhere", "address_dead", "address_failing", "escalation_too_early", "reminded",
    "no_answer", "loop_stopped", "not_acknowledged", "lookalike", "no_team",
}  # fmt: skip
OF_A_COMMENT = {"commented", "commented_unverified", "commented_private", "comment_held", "comment_held_staff",
                "comment_held_third_party"}  # fmt: skip


def the_history_tells_every_change(step: Step, book: Book) -> None:
    """Played back, its sentences make the ticket of before that of after: no change without a sentence, and none that
    tells of no change."""
    if not step.number or step.new is None:
        return
    assert all(e.code in SENTENCES and in_words(e) for e in step.decision.history)
    if step.old is None:
        new = step.decision.new_ticket
        assert new is not None
        story = _facts_of(
            replace(step.new, recipients=(), devices=(), notify=True, escalation_level=0, status=Status.NEW)
        )
    else:
        story = _facts_of(step.old)
        back = [p.address for p in step.decision.people if p.dead is False]
        story["recipients"] |= {
            a: s for a, s in states(step.new).items() if a in back and a in story["recipients"]
        }
    for event in step.decision.history:
        _play(story, event.code, dict(event.params), step)
    is_ = _facts_of(step.new)
    for name, value in is_.items():
        assert story[name] == value, f"{name}: the history makes it {story[name]!r}, it is {value!r}"


def _facts_of(ticket: Ticket) -> dict[str, Any]:
    return {
        "status": ticket.status.value, "severity": ticket.severity.word, "category": ticket.category, "team": ticket.team,
        "assignee": ticket.assignee.name or ticket.assignee.address, "title": ticket.title, "notify": ticket.notify,
        "eu_support": ticket.eu_support, "level": ticket.escalation_level, "devices": set(ticket.devices),
        "recipients": states(ticket),
    }  # fmt: skip


def _play(story: dict[str, Any], code: str, params: dict[str, Any], step: Step) -> None:
    rows = story["recipients"]
    match code:
        case "status" | "severity" | "category" | "assignee":
            assert story[code] == params["old"] != params["new"], (code, params, story[code])
            story[code] = params["new"]
        case "team":
            assert story["team"] != params["new"]
            story["team"] = params["new"]
        case "notify_on" | "notify_off":
            assert story["notify"] is not (code == "notify_on")
            story["notify"] = code == "notify_on"
        case "eu_support" | "eu_support_none":
            assert story["eu_support"] != params["new"]
            story["eu_support"] = params["new"]
        case "device_added" | "device_removed":
            assert (params["device"] in story["devices"]) is (code == "device_removed")
            story["devices"] ^= {params["device"]}
        case "recipient_added" | "recipient_held" | "recipient_confirmed":
            allowed = {"recipient_confirmed": [HELD], "recipient_held": [None]}.get(
                code, [None, DEAD, *ENDED]
            )
            assert rows.get(params["address"]) in allowed, (code, params, rows)
            rows[params["address"]] = HELD if code == "recipient_held" else ACTIVE
        case "recipient_removed":
            assert rows.get(params["address"]) in (ACTIVE, HELD, None)
            rows[params["address"]] = RecipientState.REMOVED
        case "recipient_left":
            assert rows[params["address"]] in (ACTIVE, HELD)
            rows[params["address"]] = RecipientState.LEFT
        case "recipient_dead" | "address_failing":
            if params["address"] in rows and rows[params["address"]] in (ACTIVE, HELD):
                rows[params["address"]] = DEAD
        case "escalated" | "escalated_clock" | "escalated_unanswered":
            _climbs(story, code, params["level"], step)
        case "escalation_ended":
            assert story["level"] > 0
            assert story["status"] in ("resolved", "closed")
            story["level"] = 0
        case _:
            assert code in TELLS_ONLY, f"{code} tells of a change that this law does not know"
            if code == "no_team":
                story["team"] = ""


def _climbs(story: dict[str, Any], code: str, level: int, step: Step) -> None:
    """7.3-7.5: one step at a time, but for a supervisor."""
    supervisor = step.by in SUPERVISORS or (step.mail is not None and step.mail.sender in SUPERVISORS)
    now = story["level"]
    assert now < level <= 3
    assert level == now + 1 or (supervisor and staff_acts(step)), (now, level)
    assert (code == "escalated") is (step.by != "clock")
    assert story["status"] not in ("resolved", "closed", "pending")
    story["level"] = level


def a_comment_has_one_sentence(step: Step, book: Book) -> None:
    codes = [e.code for e in step.decision.history if e.code in OF_A_COMMENT]
    comment = step.decision.comment
    if step.decision.new_ticket is not None:
        assert [e.code for e in step.decision.history].count("opened") == 1
    else:
        assert len(codes) == (comment is not None), codes
    if comment is not None and comment.state is not CommentState.SHOWN:
        assert all(e.private for e in step.decision.history if e.code in OF_A_COMMENT)


def levels_end_with_tickets(step: Step, book: Book) -> None:
    """7.6; and who is told of a step finds the ticket there."""
    for ticket in step.after.values():
        assert not (ticket.status in OVER and ticket.escalation_level), "an ended ticket is at level 0"
    if step.decision.escalation is not None:
        assert step.new is not None
        assert step.new.escalation_level == step.decision.escalation.level
        assert step.new.last_step == step.now
    else:
        assert not any(n.template == "escalation" for n in step.decision.notices)
