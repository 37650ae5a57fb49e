"""Golden mails: tests/corpus/<kind>/<what-it-shows>.eml with what must come out beside it, read with LF and with CRLF."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from mailgate.mail.parse import parse, read_part
from mailgate.model import ParsedMessage

CORPUS = Path(__file__).parent.parent / "corpus"
MAILS = sorted(CORPUS.rglob("*.eml"))


def seen(parsed: ParsedMessage, key: str) -> Any:
    """The value of `parsed` that a golden file's `key` speaks of, in JSON's types."""
    match key:
        case "sender":
            return parsed.sender.address if parsed.sender else None
        case "sender_name":
            return parsed.sender.name if parsed.sender else None
        case "to" | "cc" | "reply_to" | "from_":
            return [address.address for address in getattr(parsed, key)]
        case "date":
            return parsed.date.isoformat() if parsed.date else None
        case "in_reply_to" | "references" | "defects":
            return list(getattr(parsed, key))
        case _:
            return getattr(parsed, key)


def same(wanted: list[dict[str, Any]], found: Any) -> bool:
    if wanted is None or found is None:
        return wanted is found
    return len(wanted) == len(found) and all(
        getattr(value, key) == expected
        for want, value in zip(wanted, found, strict=True)
        for key, expected in want.items()
    )


@pytest.mark.parametrize("end", [b"\n", b"\r\n"], ids=["LF", "CRLF"])
@pytest.mark.parametrize("path", MAILS, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_golden(path: Path, end: bytes) -> None:
    raw = path.read_bytes().replace(b"\n", end)
    parsed = parse(raw)
    for key, wanted in json.loads(path.with_suffix(".json").read_text("utf-8")).items():
        if key in ("attachments", "bounces"):
            assert same(wanted, getattr(parsed, key)), (key, getattr(parsed, key))
        elif key == "contains":
            assert all(word in parsed.full_text for word in wanted)
        else:
            assert seen(parsed, key) == wanted, key
    for attachment in parsed.attachments:
        assert len(read_part(raw, attachment.part)) == attachment.size


def test_there_are_enough_golden_mails_and_each_has_its_expectation() -> None:
    assert len(MAILS) >= 150
    assert [path for path in MAILS if not path.with_suffix(".json").exists()] == []


def test_line_ends_do_not_make_another_mail() -> None:
    """Rule 2.7: the same mail by SMTP (CRLF) and by pipe (LF) is one."""
    for path in MAILS:
        raw = path.read_bytes()
        one, other = parse(raw), parse(raw.replace(b"\n", b"\r\n"))
        if one.message_id:
            assert one.content_key == other.content_key, path
