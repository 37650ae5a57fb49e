"""Forwarded mail: when a mail as a whole is one, and what the mail inside says (rule 3.2).

Laws: a forward is content; in doubt a mail that answers nothing is one. Linear.
"""

from __future__ import annotations

from mailgate.mail import heading
from mailgate.mail.quoting import Sheet, has_words, is_quoted, is_rule, marked_end, unquoted
from mailgate.mail.runs import Earlier
from mailgate.mail.subject import is_either, is_forward
from mailgate.model import Forwarded


def is_one(page: Sheet, earlier: Earlier, subject: str, fresh: bool) -> bool:
    """By the subject, by a forward's own marker above all other quotes, by a mail that begins with the earlier one, or by an
    earlier mail under a subject of its own, in a mail that answers nothing."""
    if is_forward(subject) or earlier.how == "forward":
        return True
    if earlier.how not in ("original", "block"):
        return False
    if is_either(subject):
        return any(
            line.lstrip("* ").casefold().startswith("fra:")
            for line in page.plain[earlier.at : earlier.at + 6]
        )
    return fresh or not has_words(page.lines, 0, earlier.at)


def inside(page: Sheet, at: int) -> Forwarded | None:
    lines = page.plain
    if at >= len(lines):
        return None
    marked = bool(heading.marker(lines[at]))
    start = at + 1 if marked or is_rule(lines[at]) else at
    while start < len(lines) and start < at + 6 and not unquoted(lines[start]).strip():
        start += 1
    block = heading.block(lines, start) if start < len(lines) else None
    if block is None:
        return Forwarded("", "", "", "", _body(page, start)) if marked else None
    get = block.fields.get
    return Forwarded(
        get("from", ""), get("to", ""), get("subject", ""), get("date", ""), _body(page, block.end)
    )


def _body(page: Sheet, start: int) -> str:
    """The forwarded words; where the block is marked with '>', they end with the marks."""
    lines = page.lines
    if start > 0 and is_quoted(page.plain[start - 1]):
        end = marked_end(page.plain, start)
        return "\n".join(
            line.lstrip(" ").removeprefix(">").removeprefix(" ") for line in lines[start:end]
        ).strip()
    return "\n".join(lines[start:]).strip()
