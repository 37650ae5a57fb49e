"""The line above a quote that says who wrote it: "On Monday, Ann Lee wrote:", in many languages and forms (rule 3.2).

Laws: looks at `WRAP` lines of bounded length from where it is asked, so a whole text costs linear time. What could as well
be a person's own sentence is never SURE.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from enum import IntEnum

from mailgate.mail import locales
from mailgate.mail.quoting import is_quoted, unquoted

LIMIT = 600  # characters; a longer line is prose
WRAP = 4  # lines over which programs wrap an attribution
SHORT = 160  # characters of an attribution without an address
VERB = 24  # characters at the end in which the verb stands when there is no colon

_DASHES = "-_=*#~>\u2013\u2014\u2015\u2500 \t"
_ENDS = "-_=*#~\u2013\u2014\u2015\u2500 \t"
_DATE = re.compile(
    r"(?<!\d)(?:19|20|25)\d\d(?!\d)|\d{1,4}[./-]\s?\d{1,2}[./-]\s?\d{1,4}|\d\s?[年月日년월일]|\d{1,2}[. ]{1,2}[^\W\d_]{3,12}\.?,? '?\d\d"
)
_TIME = re.compile(r"\d{1,2}[:.hH\u0589]\s?\d{2}|\d\s?[时時시点時]|\d{1,2}\s?(?:am|pm)\b")
_DIGIT = re.compile(r"\d")
_ADDRESS = re.compile(r"[^\s<>()\[\]\"',;:]{1,64}@[\w.-]{1,190}\w")
# An address in brackets, as programs write it behind a name; "< a@b >": Superhuman.
_BRACKETED = re.compile(r"[<(\[]\s{0,3}(?:mailto:)?[^\s<>()\[\]]{1,64}@[\w.-]{1,190}")
_WORD = re.compile(r"[^\W\d_][^\s,;:<>\"()\[\]]{0,40}")
# GroupWise: ">>> Ann Lee <ann@example.com> 02.11.2026 10:00 >>>"
_GROUPWISE = re.compile(r">>>\s?[^>]{3,200}(?:>[^>]{3,80})?>>>\s*")
# Lotus Notes: "Ann Lee ---02.11.2026 10:00:00---Hello", above a header block
_NOTES = re.compile(
    r"(?:.{0,80}\S)?\s?-{2,3}\s?\d{1,4}[./-]\d{1,2}[./-]\d{2,4} [^-]{0,30}-{2,3}|inactive hide details for "
)
# Words beside a name that belong to the time or to the verb.
_TIMES = (
    "am pm a.m p.m uhr utc gmt cet cest est edt pst pdt cst cdt bst ist jst msk h г р o kl klo kello at um às a ha has har hat"
    " heeft ont het ezt şunu şunları tarihinde je folgendes folgend volgende на đã va on hann ο η ο/η χρήστης użytkownik"
    " odesílatel používateľ пользователь користувач usuario utilisateur utente"
)
_BESIDE = frozenset(_TIMES.split())
_NOBILITY = "de del della di da do dos das van der den von zu zur la le el al bin ibn ter ten of and y e i og och und et via"
_PARTICLES = frozenset(_NOBILITY.split())  # small words within names


class Kind(IntEnum):
    NONE = 0
    WEAK = 1  # an attribution where a marked quote follows
    SURE = 2


def _alternation(words: Sequence[str]) -> str:
    return "|".join(re.escape(word) for word in words)


_OPENS = re.compile(rf"(?:{_alternation(locales.OPENS)})(?:[\s,.]|(?=\d))|(?:於|于|在|ב-|ב)(?=\d)")
_DAYS = re.compile(rf"(?:{_alternation(locales.DAYS)})[\s,.]")
_CITES = re.compile(rf"(?:{_alternation(locales.CITES)})\s")
_CITING = frozenset(phrase.partition(" ")[0] for phrase in locales.CITES)
# The last word of each phrase that means "wrote"; scripts without blanks are searched for the whole.
_VERBS = frozenset(word.rpartition(" ")[2].partition("(")[0] for word in locales.WROTE if word[0] < "\u2e80")
_JOINED = re.compile(_alternation([word for word in locales.WROTE if word[0] >= "\u2e80"]))
_GENDER = re.compile(r"[(/][^\s:]{0,8}")
_TOKEN = re.compile(r"[^\W\d_]+")


def _wrote(text: str, start: int = 0) -> tuple[int, int] | None:
    """Where in `text` a word stands that means "wrote"."""
    if not _VERBS.isdisjoint(_TOKEN.findall(text.casefold(), start)):
        for found in _TOKEN.finditer(text, start):
            if found.group().casefold() in _VERBS:
                return found.span()
    joined = None if text.isascii() else _JOINED.search(text, start)
    return joined.span() if joined else None


def may_end(line: str) -> bool:
    """Whether an attribution may end with this plain line: the cheap question to ask first."""
    text = line.rstrip(_ENDS)
    return text.endswith(":") or (len(text) > 4 and _wrote(text, max(len(text) - VERB, 0)) is not None)


def may_begin(line: str) -> bool:
    """Whether an attribution of several lines may begin with this plain line."""
    return "@" in line or _DIGIT.search(line) is not None or line.partition(" ")[0].casefold() in _CITING


def find(lines: Sequence[str], at: int) -> tuple[int, Kind]:
    """How many plain lines from `at` on are an attribution, 0 for none, and how sure that is."""
    first = lines[at]
    if not first.strip() or len(first) > LIMIT:
        return 0, Kind.NONE
    if is_groupwise(first):
        return 1, Kind.SURE
    start = _folded(_bare(first))
    cites = _CITES.match(start) is not None
    if not cites and "@" not in first and _DIGIT.search(first) is None:
        kind = _undated(_bare(first))
        return (1, kind) if kind else (0, kind)
    opens = _OPENS.match(start) is not None and _DIGIT.search(start) is not None
    dated = bool(_DATE.search(start[:48]) or _TIME.search(start[:32]))
    addressed = len(start) <= 300 and "@" in start and _BRACKETED.search(start) is not None
    joined = ""
    for count in range(1, min(WRAP, len(lines) - at) + 1):
        line = lines[at + count - 1]
        if not line.strip() or len(joined) + len(line) > LIMIT:
            break
        if count > 1 and (not (opens or dated or addressed or cites) or not _goes_on(first, line, joined)):
            break
        joined = f"{joined} {_bare(line)}".strip()
        kind = _kind(joined, opens, dated or addressed)
        if kind:
            return count, kind
    return 0, Kind.NONE


def is_groupwise(line: str) -> bool:
    """GroupWise's line above the earlier mail; its marks are no quote marks."""
    return (
        line.startswith(">>>")
        and len(line) <= LIMIT
        and _GROUPWISE.fullmatch(line) is not None
        and _DATE.search(line) is not None
    )


def is_notes(line: str) -> bool:
    """Lotus Notes' line above the header block of an earlier mail."""
    return len(line) <= LIMIT and _NOTES.match(line.casefold()) is not None


def _bare(line: str) -> str:
    return unquoted(line).lstrip(_DASHES).rstrip(_ENDS)


def _folded(text: str) -> str:
    return text.casefold() if text.isascii() else unicodedata.normalize("NFC", text).casefold()


def _goes_on(first: str, line: str, joined: str) -> bool:
    """Whether a line may be the wrapped rest of an attribution. A program may wrap right before the ">:" of an address."""
    if line.strip() == ">:":
        return joined.rfind("<") > joined.rfind(">")
    if is_quoted(line) != is_quoted(first):
        return False
    start = _folded(_bare(line))
    anew = _OPENS.match(start) and _DATE.search(start)
    return (
        not anew
        or (joined.endswith((">", ")")) and _DATE.search(joined) is None)
        or _wrote(joined, len(joined) - VERB) is not None
    )


def _kind(text: str, opens: bool, starts: bool) -> Kind:
    """What a joined line is; `opens`: with a preposition and a digit, `starts`: with a date or an address."""
    colon = text.endswith(":")
    wrote = _wrote(text)
    if not colon and not (wrote and _wrote(text, max(len(text) - VERB, 0))):
        return Kind.NONE
    date = _DATE.search(text) or _TIME.search(text)
    address = "@" in text and _ADDRESS.search(text) is not None
    cites = _CITES.match(_folded(text[:60])) is not None
    if date and address and (opens or starts or cites):
        if wrote:
            return _by_name(text, wrote, address=True)
        if cites or _bare_date_and_name(text):
            return Kind.SURE
        return (
            Kind.NONE if opens else Kind.WEAK
        )  # programs of a language that we know write "wrote" below its "on"
    if wrote and date and colon and opens and len(text) <= SHORT:
        return _by_name(text, wrote, address=False)
    if (
        colon
        and len(text) <= SHORT
        and ((wrote and (date or address)) or (address and _BRACKETED.search(text)))
    ):
        return Kind.WEAK
    return _undated(text)


def _undated(text: str) -> Kind:
    """ "Ann Lee wrote:", "Quoting Ann Lee:": one line, and a quote must follow it."""
    if not text.endswith(":") or len(text) > SHORT:
        return Kind.NONE
    wrote = _wrote(text)
    named = (
        _is_name(text[: wrote[0]]) if wrote else len(text) <= 80 and _CITES.match(_folded(text)) is not None
    )
    return Kind.WEAK if named else Kind.NONE


def _by_name(text: str, wrote: tuple[int, int], address: bool) -> Kind:
    """What "wrote" makes of a dated line: SURE beside a name, NONE within a sentence. Without an address a name must look
    like one."""
    before = _behind_digits(text[: wrote[0]])
    behind = text[wrote[1] :]
    if behind[:1] in ("(", "/"):  # napsal(a), كتب/كتبت
        behind = behind[len(_GENDER.match(behind)[0]) :]  # type: ignore[index]
    dated = _OPENS.match(_folded(behind.lstrip())) and _DIGIT.search(behind, 0, 40)
    after = [] if dated else _WORD.findall(behind)
    for words in (before, after):
        if (
            words
            and (words[0] in locales.PROSE or words[0] == "I")
            and not (address and words[0] in _PARTICLES and words[1:])
        ):
            return Kind.NONE
    if address:
        bare = _BRACKETED.search(text) is None
        spoken = any(word[0].islower() and "@" not in word and word not in _PARTICLES for word in before)
        return Kind.WEAK if bare and spoken else Kind.SURE
    name = before or after
    checked = name[:1] if _TIME.search(text) else name
    named = bool(name) and not any(word[0].islower() and word not in _PARTICLES for word in checked)
    return Kind.SURE if named else Kind.WEAK


def _bare_date_and_name(text: str) -> bool:
    """ "02.11.2026, 10:00, Ann Lee <ann@example.com>:": begins with a date or weekday, then a name and an address only."""
    if not (text[0].isdigit() or _DAYS.match(_folded(text[:24]))):
        return False
    found = list(_BRACKETED.finditer(text))
    name = _behind_digits(text[: found[-1].start()]) if found else []
    return (
        bool(found)
        and len(name) <= 6
        and not any(word in locales.PROSE and word not in _PARTICLES for word in name)
    )


def _behind_digits(text: str) -> list[str]:
    """The words behind the last digit of `text`, without those of times."""
    end = max((found.end() for found in _DIGIT.finditer(text)), default=0)
    return _words(text[end:])


def _words(text: str) -> list[str]:
    return [word for word in _WORD.findall(text) if word.casefold().strip(".,:") not in _BESIDE]


def _is_name(text: str) -> bool:
    """Whether a text can be the name of somebody: up to five words, none of which a sentence would have there."""
    words = [word.strip("\"'<>()") for word in text.split() if word not in _BESIDE]
    return (
        1 <= len(words) <= 5 and "" not in words and not any(word.casefold() in _SENTENCE for word in words)
    )


_SENTENCE = locales.PROSE - _PARTICLES
