"""Splits a mail's text into what is new, what is quoted, and the signature (rule 3.2).

Laws: no word is lost: every line ends in exactly one of the three; structure goes before phrases; when in doubt a line is
text. Linear in the text: each line is looked at a bounded number of times.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mailgate.mail import forward, heading, signature
from mailgate.mail.quoting import Sheet, has_words, sheet, trimmed, unquoted
from mailgate.mail.runs import Earlier, Reader, Run, Sort
from mailgate.mail.subject import is_reply
from mailgate.model import Forwarded


@dataclass(frozen=True, slots=True)
class Split:
    text: str  # the new text; with inline answers also the quotes they answer
    quoted: str
    signature: str
    forwarded: Forwarded | None  # the first header block of a forward
    is_forward: bool  # the mail as a whole is a forward: content, nothing is cut


def split(text: str, subject: str, name: str = "", answers: bool = True) -> Split:
    """Split `text` (any line ends). Never raises.

    `subject` says whether the mail is a forward, `name` is the sender's display name, and `answers` whether its headers name a
    mail that it answers (RFC 5322 §3.6.4).
    """
    page = sheet(text)
    runs, earlier = Reader(page).read()
    if len(runs) == 1 and is_reply(subject):
        runs = _below_device(page, runs)
    fresh = not answers and subject.strip() != "" and not is_reply(subject)
    if forward.is_one(page, earlier, subject, fresh):
        return _forward(page, earlier, subject)
    own = [run for run in runs if run.sort is Sort.OWN and has_words(page.lines, run.start, run.end)]
    if not own:
        return _nothing_new(page, runs, subject)
    clues = signature.Clues(name, lambda: _quoted_lines(page, runs))
    last = own[-1]
    cut = signature.start(page.plain, last.start, last.end, clues, alone=len(own) == 1)
    if len(own) == 1 or has_words(page.lines, last.start, cut):
        return _assemble(page, runs, last, cut, None, fresh)
    # all that stands below the last quote is a signature: the words above are the last ones
    above = own[-2]
    cut = signature.start(page.plain, above.start, above.end, clues, alone=len(own) == 2)
    return _assemble(page, runs, above, cut, last, fresh)


def _below_device(page: Sheet, runs: list[Run]) -> list[Run]:
    """An answer that quotes nothing, with words below a phone's "Sent from …": these are the mail that the phone quotes, for
    it puts quotes there. Where a quote is announced, the words above it are the writer's."""
    plain = page.plain
    for i in range(1, len(plain) - 2):
        if (
            plain[i]
            and not plain[i - 1].strip()
            and not plain[i + 1].strip()
            and signature.is_sent_from(plain[i], apart=True)
        ):
            if has_words(plain, 0, i) and has_words(plain, i + 1, len(plain)):
                return [Run(Sort.OWN, 0, i + 1, 0), Run(Sort.REST, i + 1, len(plain), i + 1)]
            break
    return runs


def _nothing_new(page: Sheet, runs: Sequence[Run], subject: str) -> Split:
    """Only a quote. In a first mail it is all that the desk has; and without a line that says whose words they are, they
    may be the writer's."""
    whole = trimmed(page.lines)
    if is_reply(subject) and any(run.announced for run in runs[:1]):
        return Split("", whole, "", None, False)
    return Split(whole, "", "", None, False)


def _quoted_lines(page: Sheet, runs: Sequence[Run]) -> frozenset[str]:
    return frozenset(
        unquoted(line).strip()
        for run in runs
        if run.sort is not Sort.OWN
        for line in page.plain[run.start : run.end]
    )


def _assemble(page: Sheet, runs: Sequence[Run], last: Run, cut: int, tail: Run | None, fresh: bool) -> Split:
    """Who keeps which run: `last` is the last run of own words, cut at `cut`; `tail` is all signature."""
    lines = page.lines
    before = [run for run in runs if run.end <= last.start]
    quotes = [run for run in before if run.sort is not Sort.OWN]
    answered = [run for run in before if run.sort is Sort.OWN and has_words(lines, run.start, run.end)]
    head = last.start
    if quotes and (answered or len(quotes) > 1):
        # inline answers keep what they answer; an attribution above everything is no loss
        head = quotes[0].body if not has_words(lines, 0, quotes[0].start) else 0
        if head and _is_whole(page, quotes):
            head = quotes[0].end
    kept = [(head, cut)]
    end = _cited_end(runs, last, fresh)
    if end > last.end and cut == last.end:
        kept = [(head, end)]
    signed = [(cut, last.end)] if cut < last.end else []
    if tail is not None and not (signed and signature.is_list_footer(page.plain[tail.start : tail.end])):
        signed.append((tail.start, tail.end))
    quoted: list[str] = []
    at = 0
    for start, stop in sorted(kept + signed):
        quoted += lines[at:start]
        at = max(at, stop)
    quoted += lines[at:]
    return Split(_join(lines, kept), trimmed(quoted), _join(lines, signed), None, False)


def _is_whole(page: Sheet, quotes: Sequence[Run]) -> bool:
    """Whether the first quote is the whole mail and the later ones are the points of it that are answered."""
    first, later = _quoted_lines(page, quotes[:1]), _quoted_lines(page, quotes[1:])
    return len(quotes) > 1 and later <= first


def _cited_end(runs: Sequence[Run], last: Run, fresh: bool) -> int:
    """Where the writer's words end when they end with something he cites: a quote of nobody's mail, above the quoted mail
    or in a mail that answers none."""
    below = [run for run in runs[runs.index(last) + 1 :] if run.sort is not Sort.OWN]
    if (
        below
        and below[0].sort is Sort.QUOTE
        and not below[0].announced
        and (fresh or (below[1:] and below[1].announced))
    ):
        return below[0].end
    return last.end


def _join(lines: Sequence[str], spans: Sequence[tuple[int, int]]) -> str:
    return "\n\n".join(part for start, end in spans if (part := trimmed(lines[start:end])))


def _forward(page: Sheet, earlier: Earlier, subject: str) -> Split:
    """All of it is content. Where an answer's subject stands over nothing but an earlier mail, its last lines may be a
    signature."""
    forwarded = forward.inside(page, earlier.at)
    if not is_reply(subject) or earlier.how != "block":
        return Split("\n".join(page.lines).strip("\n"), "", "", forwarded, True)
    count = len(page.lines)
    block = heading.block(page.plain, earlier.at)
    cut = signature.start(page.plain, block.end if block else earlier.at, count, signature.Clues())
    return Split(trimmed(page.lines[:cut]), "", trimmed(page.lines[cut:]), forwarded, True)
