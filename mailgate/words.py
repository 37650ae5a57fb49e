"""Every event of a ticket's history as one English sentence: shown in views, and the msgid of its translations.

Laws: a value never carries markup or line breaks into a sentence; sentences are `str.format` templates over
`Event.params`, filled by `in_words` alone.
"""

from __future__ import annotations

from collections.abc import Callable

from mailgate.model import Event

SENTENCES: dict[str, str] = {
    "opened": "Ticket opened by {who}",
    "commented": "Comment by {who}",
    "commented_unverified": "Comment by {who} (sender not verified)",
    "commented_private": "Internal note by {who}",
    "comment_held": "Comment by {who} is held until it is confirmed",
    "comment_held_staff": "Comment in the name of {who} is held until a verified agent confirms it:"
    " SPF or DKIM of {domain}, or a login, did not prove the sender",
    "comment_held_third_party": "Comment by {who}, who has no part in this ticket, is held until it is confirmed",
    "comment_confirmed": "Held comment of {author} confirmed by {who}",
    "refers_to": "The mail refers to #{number}",
    "follows": "Follows #{number}, which was closed too long ago to be reopened",
    "status": "Status changed from {old} to {new} by {who}",
    "severity": "Severity changed from {old} to {new} by {who}",
    "category": "Category changed from {old} to {new} by {who}",
    "team": "Now with team {new}",
    "no_team": "No team may be told of this ticket: none serves category {category} in the EU",
    "assignee": "Assignee changed from {old} to {new} by {who}",
    "title": "Title changed to “{new}” by {who}",
    "notify_on": "Updates to the assignee turned on by {who}",
    "notify_off": "Updates to the assignee turned off by {who}",
    "eu_support": "EU support set to {new} by {who}",
    "eu_support_none": "EU support turned off by {who}",
    "device_added": "Device {device} added by {who}",
    "device_removed": "Device {device} removed by {who}",
    "recipient_added": "{address} now receives updates, named by {who}",
    "recipient_held": "{address} is held as recipient until confirmed: named by an unverified sender",
    "recipient_confirmed": "{address} confirmed as recipient by {who}",
    "recipient_removed": "{address} removed from the recipients by {who}",
    "recipient_left": "{address} left the recipients",
    "recipient_left_out": "{address} left out: a ticket has at most {limit} recipients",
    "recipient_dead": "{address} no longer receives updates: mail to it bounced ({status})",
    "delivery_failed": "Mail to {address} could not be delivered: {error}",
    "file_left_out": "File {filename} left out: at most {limit} files are kept",
    "file_taken": "File {filename} taken from the stored message by {who}",
    "command_refused": "Not done: “{line}” ({why})",
    "auto_reply": "Automatic reply from {who} recorded",
    "bounced": "Mail to {address} bounced ({status})",
    "bounced_elsewhere": "Mail to {address} was sent on to {other}, and bounced there ({status})",
    "address_dead": "{address} gets no more mail: the address does not exist ({status})",
    "address_failing": "{address} gets no more mail: {count} failures in {days} days",
    "address_alive": "Mail goes to {address} again: a mail came from there",
    "address_revived": "Mail goes to {address} again, switched on by {who}",
    "escalated": "Escalated to level {level} by {who}: {reason}",
    "escalated_clock": "Escalated to level {level}: no progress in time",
    "escalated_unanswered": "Escalated to level {level}: nobody answered in time",
    "escalation_too_early": "{who} asked to escalate; the next step opens at {at}",
    "escalation_ended": "Escalation ended",
    "reminded": "Reminder: we wait for an answer of {who}",
    "no_answer": "No answer for {days} days: an answer opens the ticket again",
    "loop_stopped": "A loop with {who} was stopped: its further answers are in quarantine",
    "not_acknowledged": "No acknowledgement to {who}, who wrote the same words again and again: it may be a program",
    "lookalike": "The sender {who} looks like {known}: check the address",
    "person_forgotten": "The data of a person, now {address}, was removed by {who}",
}


def in_words(event: Event, translate: Callable[[str], str] = str) -> str:
    """The event as a sentence, in the language of `translate` (a gettext function over English msgids)."""
    return translate(SENTENCES[event.code]).format_map(
        {key: str(value) for key, value in event.params.items()}
    )
