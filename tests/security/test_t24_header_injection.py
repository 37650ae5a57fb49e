"""T24: nothing that anybody writes makes a header of our mail (CVE-2024-6923, CVE-2025-1795, CVE-2026-1299), or another recipient."""

from __future__ import annotations

import email
import email.policy
from datetime import UTC, datetime
from email.header import decode_header, make_header
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from security.desk import BOB, Desk

from mailgate.mail.compose import compose
from mailgate.model import Address, Mail

WHEN = datetime(2026, 3, 2, 10, tzinfo=UTC)
PLANNED = ["From", "To", "Subject", "Date", "Message-ID", "Reply-To"]
AFTER = ["Auto-Submitted", "X-Auto-Response-Suppress", "X-Mailgate-Loop", "List-Unsubscribe", "MIME-Version"]
CONTENT = {"Content-Type", "Content-Transfer-Encoding"}

evil = st.sampled_from(
    ["\r\nBcc: x@evil.example", "\nX: y", "\r", "\0", "\u2028", "\x85", "=?utf-8?q?=0D=0ABcc:_x=40evil.example?=",
     "=?utf-8?b?DQpCY2M6IHg=?=",
     ",", ";", "<x@evil.example>", '"', "\\", "(", ")", "\x0b", "\x0c", "\u202e", "\ud800", " " * 90, "x" * 1200, "\r\n\r\n<b>body</b>"]
)  # fmt: skip
words = st.lists(evil | st.text(max_size=30), max_size=6).map("".join)
plain = Address("bob@acme.example", "Bob")


def made(**more: Any) -> bytes:
    values: dict[str, Any] = {
        "sender": Address("support@example.com", "Support"), "to": plain, "subject": "Hello", "text": "Text.\n", "html": "",
        "date": WHEN, "message_id": "<abc@example.com>", "reply_to": Address("support+abc@example.com", "Support"),
        "leave_address": "support+def@example.com", **more,
    }  # fmt: skip
    return compose(Mail(**values))


@given(words, words, words, words, words)
def test_words_stay_words(subject: str, name: str, to: str, text: str, html: str) -> None:
    """Whatever stands in subject, names and text: the headers are the planned ones, each once, and so are the addresses."""
    raw = made(
        subject=subject,
        sender=Address("support@example.com", name),
        to=Address(plain.address, to),
        text=text,
        html=html,
    )
    message = email.message_from_bytes(raw)
    assert [n for n in message.keys() if n not in CONTENT] == [*PLANNED, *AFTER]  # noqa: SIM118 - each as often as it stands there
    read = email.message_from_bytes(raw, policy=email.policy.default)
    assert [a.addr_spec for a in read["To"].addresses] == [plain.address]
    assert [a.addr_spec for a in read["From"].addresses] == ["support@example.com"]
    for part in message.walk():
        assert set(part.keys()) <= {*PLANNED, *AFTER, *CONTENT}
    assert not any(c in str(make_header(decode_header(message["Subject"]))) for c in "\r\n\0\u202e")
    assert raw.count(b"\r") == raw.count(b"\n") == raw.count(b"\r\n")
    assert max(map(len, raw.partition(b"\r\n\r\n")[0].split(b"\r\n"))) <= 998


@given(words)
def test_what_must_be_an_address_or_an_id_is_one_or_nothing_is_made(text: str) -> None:
    for key, value in (
        ("to", Address(text)), ("reply_to", Address(text)), ("sender", Address(text)), ("message_id", f"<{text}@example.com>"),
        ("message_id", text), ("leave_address", f"{text}@example.com"), ("language", text), ("auto_submitted", text),
    ):  # fmt: skip
        try:
            raw = made(**{key: value})
        except ValueError:
            continue
        names = [n for n in email.message_from_bytes(raw).keys() if n not in CONTENT]  # noqa: SIM118
        assert set(names) <= {*PLANNED, *AFTER, "Content-Language"}
        assert len(set(names)) == len(names)


@given(words, st.lists(words, max_size=14))
def test_ids_of_strangers_are_taken_when_plain(answered: str, references: list[str]) -> None:
    """In-Reply-To and References are never copied: each id is one on its own, and there are ten at most."""
    raw = made(
        in_reply_to=f"<{answered}@x.example>", references=tuple(f"<{r}@x.example>" for r in references)
    )
    message = email.message_from_bytes(raw)
    kept = (message["References"] or "").split()
    assert len(kept) <= 10
    assert all(id.startswith("<") and id.endswith(">") and len(id) <= 252 for id in kept)
    assert set(message.keys()) <= {*PLANNED, *AFTER, *CONTENT, "In-Reply-To", "References"}


INJECTED = {
    "subject": "Hello =?utf-8?q?=0D=0ABcc:_x=40evil.example?=",
    "subject, decoded twice": "=?utf-8?q?=3D=3Futf-8=3Fq=3F=3D0D=3D0ABcc:_x=3F=3D?=",
    "name": "=?utf-8?q?Bob=0D=0ABcc:_x=40evil.example?=",
}


@pytest.mark.parametrize(("where", "value"), INJECTED.items(), ids=INJECTED)
def test_end_to_end(desk: Desk, where: str, value: str) -> None:
    sender, subject = (f"{value} <{BOB}>", "Hello") if where == "name" else (BOB, value)
    headers = {
        "References": "<a@b.example>\r\n <x\u2028Bcc: y@evil.example>",
        "In-Reply-To": "<a@b> Bcc: y@evil.example",
    }
    desk.write(sender, subject, "Hello.\r\n.\r\nBcc: x@evil.example\n", believed=True, headers=headers)
    out = desk.deliver()
    assert len(out) == 2
    for sent in out:
        assert sent.message["Bcc"] is None
        assert sent.message.get_all("To") is not None
        assert [a.addr_spec for a in sent.message["To"].addresses] == [sent.to]
        assert set(sent.message.keys()) <= {
            *PLANNED,
            *AFTER,
            *CONTENT,
            "In-Reply-To",
            "References",
            "Content-Language",
        }
