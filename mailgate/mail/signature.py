"""Where the writer's own words end and the signature begins (rule 3.2).

Laws: a signature stands at the end of the new text; when in doubt it is text. Linear: of a long text only the end is looked at,
and the lines that begin with a dash.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from mailgate.mail import locales
from mailgate.mail.quoting import is_rule

MAX_LINES = 30  # non-blank lines below "-- "
MAX_BLOCK = 14  # non-blank lines below a closing, a rule, or a name
SHORT = 90  # characters of a line of particulars
MAX_NAME = 60  # characters of a name's line

_PARTICULARS = re.compile(r"@\w|https?:|www\.|mailing list|unsubscribe|(?:\+|\b)\d[\d ()./-]{6,20}\d")
_LIST = re.compile(r"mailing list|mailman|listinfo|unsubscribe|google groups|groups\.google")
_DISCLAIMER = re.compile(
    r"confidential|privileged|intended recipient|confidentiel|destinataire|vertraulich|confidencial|riservat|vertrouwelijk|poufn"
    r"|disclaimer|please consider the environment|fortrolig|konfidentiell|luottamuks|důvěrn|confidențial|конфиденц|конфіденц|gizli"
)
_SIGNED = re.compile(
    r"(?:-{1,4}|/|—|–)\s?[^\W\d_a-zß-öø-ÿ][\w.'’]{1,24}(?: [^\W\d_a-zß-öø-ÿ][\w.'’]{1,24}){0,2}\s*$"
)
_URL = re.compile(r" ?[<(\[] ?(?:https?|mailto)[^ >)\]]{0,800}[>)\]]?")
_POSTSCRIPT = re.compile(r"p\.?\s?s\.?[\s:]", re.IGNORECASE)
_WORD = re.compile(r"[^\W_]+")
_FENCE = "```"
_ENDS = "".join((" ,.!*_:;)-~", "\u00a0\u2013\u2014", "،、。，！"))
# Names of devices and programs: one of them makes "Sent from my …" sure.
_DEVICE = re.compile(
    r"i ?phone|i ?pad|i ?pod|i ?os\b|i ?cloud|apple|mac ?book|watch|android|samsung|galaxy|huawei|xiaomi|redmi|\bmi \d|honor"
    r"|oppo|oneplus|vivo\b|nokia|lumia|pixel|nexus|htc|xperia|sony|moto|lg\b|realme|blackberry|treo|palm|windows|outlook|hotmail"
    r"|yahoo|gmail|\baol|google|proton|tuta|zoho|yandex|яндекс|mail\.ru|mail app|workspace|boxer|spark|airmail|superhuman|canary"
    r"|blue ?mail|k-9|fairemail|thunderbird|mailspring|em client|mailbird|postbox|newton|aqua mail|mymail|gmx|web\.de|t-mobile"
    r"|telekom|vodafone|orange|verizon|at&t|sprint|rogers|o2\b|three|smart ?phone|mobile?\b|mobil|móvil|móbil|mòbil|cellular"
    r"|celular|cell ?phone|handheld|wireless|tablet|handy\b|telefon|téléphone|teléfono|telefono|telefone|telemóvel|puhelim|puhelin"
    r"|телефон|смартфон|мобил|мобіл|айфон|iphon|telefoon|mobiel|スマートフォン|携帯|スマホ|스마트폰|휴대폰|手机|手機"
    r"|điện thoại|אייפון|آيفون|ايفون|アイフォン|아이폰|κινητό|הנייד|טלפון|جهاز|هاتف|e-?mail|webmail|\bapp\b|device|phone"
)


def _forms(phrases: Sequence[str]) -> re.Pattern[str]:
    forms = []
    for phrase in phrases:
        before, gap, after = phrase.partition("…")
        forms.append(re.escape(before) + (r"[^?;]{1,70}" if gap else "") + re.escape(after))
    return re.compile("|".join(forms))


_HEADS = frozenset(phrase.partition("…")[0].partition(" ")[0] for phrase in locales.DEVICES + locales.ADVERTS)
_TAILS = frozenset(
    phrase.rpartition("…")[2].rpartition(" ")[2] for phrase in locales.DEVICES + locales.ADVERTS
)
_SENT_FROM = _forms(locales.DEVICES)
_ADVERT = _forms(locales.ADVERTS)


@dataclass(frozen=True, slots=True)
class Clues:
    """What else is known of the writer: the display name of the mail, and the lines of the quoted mails."""

    name: str = ""
    quoted: Callable[[], frozenset[str]] = frozenset


def start(lines: Sequence[str], first: int, last: int, clues: Clues, alone: bool = True) -> int:
    """The line in [first, last) at which the signature begins; `last` when there is none. `lines` are plain.

    `alone`: these are the writer's only words, so that not all of them may be signature.
    """
    end = _below_dashes(lines, first, last)
    for _ in range(4):  # a closing, a rule, and a device may follow each other
        tail = _tail(lines, first, end)
        cut = min(
            _sent_line(tail, end), _below_rule(tail, end), _below_closing(tail, end), _signed(tail, end)
        )
        if cut >= end:
            cut = _own_block(tail, end, clues)
        if cut >= end or (alone and not any(line.strip() for line in lines[first:cut])):
            break
        end = cut
    while end > first and end < last and not lines[end - 1].strip():
        end -= 1
    return end


def is_list_footer(lines: Sequence[str]) -> bool:
    """Whether the lines are what a mailing list adds, not the writer."""
    return any(_LIST.search(line[:500].casefold()) for line in lines[:MAX_LINES])


def is_sent_from(line: str, apart: bool = False) -> bool:
    """ "Sent from my iPhone" and its kin, alone on its plain line; `apart`: below a blank line, where any device counts."""
    text = _URL.sub("", " ".join(line[:1000].split())).casefold().strip("<>[]()*_ -")
    if not 4 <= len(text) <= 110:
        return False
    words = text.split()
    if text.isascii() and words[0] not in _HEADS and words[-1].rstrip(".!") not in _TAILS:
        return False
    bare = text.rstrip(".!")
    if _ADVERT.fullmatch(bare):
        return True
    if len(words) > 10 or not _SENT_FROM.fullmatch(bare):
        return False
    if _DEVICE.search(text):
        return not text.endswith(".") or len(words) <= 6 or _DEVICE.search(" ".join(words[-3:])) is not None
    return (
        apart
        and len(words) <= 7
        and not text.endswith((".", ":", ","))
        and not any(word in _PRONOUNS for word in words)
    )


# In a sentence that begins like "sent from" stands one of these; beside a device's name they never do.
_PERSONS = (
    "i we you he she it they us him them nous vous je il elle ich wir sie er es ihr yo usted noi io lei eu ele ik wij jij u vi"
    " jag jeg"
)
_PRONOUNS = frozenset(_PERSONS.split())


@dataclass(frozen=True, slots=True)
class _Tail:
    """The last filled lines of a text, from below: (number, line, whether the line above it is blank)."""

    lines: Sequence[tuple[int, str, bool]]


def _tail(lines: Sequence[str], first: int, last: int) -> _Tail:
    found: list[tuple[int, str, bool]] = []
    for i in range(last - 1, max(first, last - 4 * MAX_BLOCK) - 1, -1):
        line = lines[i].strip()
        if line:
            found.append((i, line, i == first or not lines[i - 1].strip()))
            if len(found) > MAX_BLOCK:
                break
    return _Tail(found)


def _below_dashes(lines: Sequence[str], first: int, last: int) -> int:
    """ "-- " alone on a line (RFC 3676 §4.3), the first one with a signature's length below it, outside code."""
    found = [
        i
        for i in range(first, last)
        if lines[i][:1] in _DASH and lines[i].rstrip() in ("--", "\u2014", "\u2013")
    ]
    if not found:
        return last
    fences = [i for i in range(first, last) if lines[i].lstrip().startswith(_FENCE)]
    filled = [i for i in range(max(first, found[0]), last) if lines[i].strip()]
    for i in found:
        below = [lines[k] for k in filled[-MAX_LINES - 1 :] if k > i]
        if len(below) > MAX_LINES or sum(1 for fence in fences if fence < i) % 2:
            continue
        dashes = lines[i].rstrip() == "--"
        if not below:
            return i if dashes else last
        if lines[i] == "-- " or not _reads_on(below):
            return i
    return last


_RULED = frozenset("-_=*~#\u2013\u2014\u2015\u2500")
_LINED = frozenset("_\u2014\u2015")
_DASH = frozenset("-\u2014\u2013")


def _reads_on(below: Sequence[str]) -> bool:
    """Whether what stands below "--" without its blank is no signature: code with such dashes, a list, a question."""
    return any(
        line.lstrip().startswith(("--", "* ", "$ ", "# ", ">>> "))
        or line.rstrip().endswith(("?", ";", "{", "}"))
        or (len(line) > 2 * SHORT and not _DISCLAIMER.search(line[:4000].casefold()))
        for line in below
    )


def _sent_line(tail: _Tail, last: int) -> int:
    """The last lines, when they are "Sent from …"."""
    cut = last
    for i, line, apart in tail.lines:
        if not (is_sent_from(line, apart) or (cut < last and is_rule(line))):
            break
        cut = i
    return cut


def _below_rule(tail: _Tail, last: int) -> int:
    """A rule with an address, link, or telephone number in the few short lines below it."""
    below: list[str] = []
    for i, line, _ in tail.lines:
        if line[0] in _RULED and (is_rule(line) or (line != "_" and set(line[:200]) <= _LINED)):
            return i if any(_PARTICULARS.search(text) for text in below) else last
        below.append(line)
        if len(below) > MAX_BLOCK or len(line) > SHORT:
            break
    return last


def _below_closing(tail: _Tail, last: int) -> int:
    """ "Kind regards" alone on its line, then a name and particulars, perhaps a disclaimer."""
    below: list[str] = []
    for i, line, _ in tail.lines:
        words = line.casefold().strip(_ENDS) if len(line) <= SHORT else ""
        if words in locales.CLOSINGS or f"{words}." in locales.CLOSINGS:
            return i
        if (
            words in locales.THANKS
            and below
            and _is_name(below[-1])
            and (len(below) == 1 or line[-1] in _ENDS)
        ):
            return i
        if "?" in line[:SHORT] or _POSTSCRIPT.match(line):
            return last
        legal = (len(line) > SHORT or line.endswith((".", "!"))) and _DISCLAIMER.search(
            line[:4000].casefold()
        )
        if not legal and (len(line) > SHORT or (line.endswith((".", "!")) and line.count(" ") > 4)):
            return last
        below.append(line)
    return last


def _signed(tail: _Tail, last: int) -> int:
    """A last line "-John" or "/John" under a blank one."""
    for i, line, apart in tail.lines[:1]:
        return i if apart and len(line) <= MAX_NAME and _SIGNED.match(line) else last
    return last


def _own_block(tail: _Tail, last: int, clues: Clues) -> int:
    """A last paragraph that begins with the writer's own name, or that the mails quoted below end with too."""
    first = next(((n, i) for n, (i, _, apart) in enumerate(tail.lines) if apart), None)
    if first is None:
        return last
    lines = [line for _, line, _ in tail.lines[: first[0] + 1]]
    if any(
        len(line) > SHORT or line.endswith(("?", "!", ":")) or (line.endswith(".") and line.count(" ") > 3)
        for line in lines
    ):
        return last
    head = lines[-1].casefold().strip(_ENDS)
    if len(clues.name.split()) > 1 and head == clues.name.casefold().strip(_ENDS):
        return first[1]
    if len(lines) > 1 and any(_PARTICULARS.search(line) for line in lines):
        quoted = clues.quoted()
        if quoted and all(line in quoted for line in lines):
            return first[1]
    return last


def _is_name(line: str) -> bool:
    """Whether a line can be a name: up to four words, none of which begins in lower case."""
    words = line.split()
    return len(line) <= MAX_NAME and 1 <= len(words) <= 4 and not any(word[0].islower() for word in words)
