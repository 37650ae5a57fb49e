"""What reading promises of every mail whatever its bytes: the one check behind the fuzzer and the hostile tests (T19)."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from mailgate import explain
from mailgate.authenticate import organisational
from mailgate.config import Config
from mailgate.mail import parse as reading
from mailgate.model import Facts, ParsedMessage
from mailgate.rules import trust

NOW = datetime(2026, 11, 2, 10, 0, tzinfo=UTC)
CONFIG = Config()


def check(raw: bytes) -> ParsedMessage:
    """Reads and decides one mail; raises where a promise is broken.

    `parse` itself never raises: it falls back and says so. Here the fall is a fault, so the reader behind it is called.
    """
    parsed = reading._parse(raw)
    _words_are_clean(parsed)
    _sender_is_known_or_not(parsed)
    _files_can_be_read(raw, parsed)
    _no_word_is_lost(parsed)
    _it_can_be_decided(parsed)
    return parsed


def _words_are_clean(parsed: ParsedMessage) -> None:
    bounces = parsed.bounces or ()
    for word in (
        parsed.subject, parsed.full_text, parsed.text, parsed.quoted, parsed.signature, parsed.from_raw, parsed.message_id,
        *parsed.defects, *(value for _, value in parsed.headers), *(a.filename for a in parsed.attachments), *parsed.references,
        *(part for a in (*parsed.from_, *parsed.to, *parsed.cc, *parsed.reply_to) for part in (a.name, a.address)),
        *(part for b in bounces for part in (b.recipient, b.action, b.status, b.diagnostic, b.original_message_id)),
    ):  # fmt: skip
        word.encode("utf-8")
        assert "\0" not in word, "a NUL came through"
    for name, value in parsed.headers:
        assert len(value) <= reading.MAX_VALUE, f"{name}: {len(value)} characters"
    for line in (parsed.subject, parsed.from_raw, *(a.filename for a in parsed.attachments)):
        assert "\n" not in line, "a line break in a line"
        assert "\r" not in line, "a line break in a line"


def _sender_is_known_or_not(parsed: ParsedMessage) -> None:
    assert (parsed.sender is None) == bool(parsed.sender_defect), (
        "neither a sender nor a reason why there is none"
    )


def _files_can_be_read(raw: bytes, parsed: ParsedMessage) -> None:
    assert len({a.part for a in parsed.attachments}) == len(parsed.attachments), "one part path for two files"
    assert len({a.filename.lower() for a in parsed.attachments}) == len(parsed.attachments), (
        "one name for two files"
    )
    for attachment in parsed.attachments[:5]:
        assert len(attachment.filename.encode()) <= 150, "a file name over 150 bytes"
        assert "/" not in attachment.filename, "a path in a file name"
        assert len(reading.read_part(raw, attachment.part)) == attachment.size, "other bytes than were hashed"


def _no_word_is_lost(parsed: ParsedMessage) -> None:
    """Rule 3.2: each word of the text is in the new text, the quote or the signature."""
    kept = set("\n".join((parsed.text, parsed.quoted, parsed.signature)).split())
    lost = set(parsed.full_text.split()) - kept
    assert not lost, f"lost: {sorted(lost)[:5]}"


def _it_can_be_decided(parsed: ParsedMessage) -> None:
    envelope = explain.envelope_of(parsed, explain.Options(), NOW, CONFIG)
    auth = trust.authenticate(envelope, parsed, CONFIG, organisational)
    decision = explain.decision_for(envelope, parsed, (), lambda _: Facts(), NOW, CONFIG, auth)
    json.dumps(explain.as_json("mail.eml", parsed, decision), ensure_ascii=False).encode()
