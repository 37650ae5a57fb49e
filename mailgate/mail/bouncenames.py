"""Which recipients the words of a bounce name: at the head of a line, in commands, in sentences, without their domain.

Laws: linear in the lines it is given, each of at most `LINE` characters; an address that the words call the sender or
somebody to ask is no recipient.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from mailgate.mail.failure import ADDRESS, addresses, clean
from mailgate.mail.fields import Fields

LINE = 1000  # characters
HEADER_BLOCK = 20_000  # characters of the returned header that are searched for receivers

Named = list[tuple[str, int | None]]  # address, number of its line

# Case is folded around addresses only, not within: their class holds both cases, and folding it makes slow patterns.
_REPLY = r"(?:[45]\d\d[ -](?:[45]\.\d{1,3}\.\d{1,3} )?)?"
# A label before the address; those that name another person than the recipient are none.
_OTHERS = (
    "mail from|rcpt to|from|to|cc|bcc|by|reply|return|sender|message|subject|contact|von|an|de|à|para|da|van"
    "|od|do|от|кому|expéditeur|absender|remitente|mittente|remetente"
)
_LABEL = (
    rf"(?i:(?!(?:{_OTHERS})\b|[\w ]{{0,20}}(?:contact|support|help|postmaster|sender|author|id\b))"
    r"[^\W\d_][\w /()'.-]{1,40}(?:\[\w{1,10})?[:：]\s{0,8})?"
)
_NAME = r"(?!(?i:from|by|to|sent)\b)(?:\"?[^\W\d][\w .'@-]{1,60}\"?\s[\s<(\[]|)"
_HEAD = re.compile(
    r"[\s>*•|,\"'-]{0,40}"
    + _REPLY
    + _LABEL
    + _NAME
    + rf"[\[(<\"'「『]{{0,2}}(?i:mailto:|smtp:|rfc822; ?)?({ADDRESS})[\])>\"'」』]{{0,2}}(.{{0,{LINE}}})$"
)
_HEAD_REST = re.compile(
    r"\s*(?:$|[:;,.(\[<…)-]|on\s|\d\d\d\b|unknown|user|failed|mailbox|host|said|could|is |was |does |delivery"
    r"|invalid|not |has |\.\.\.|=>|\||[^\x00-\x7f])",
    re.IGNORECASE,
)
_X400 = re.compile(rf"(?i:smtp=)({ADDRESS})")
_EXPANDED = re.compile(
    rf"[ \t]{{1,40}}\(expanded from: <?({ADDRESS})>?\)"
)  # sendmail's alias, whom we wrote to
_COMMAND = re.compile(rf"(?i:rcpt to):? ?<?({ADDRESS})")
_CODED = re.compile(
    rf"[45]\d\d[ -].{{0,120}}?(?i:for|to|user|recipient|mailbox|account|:|<)\s{{0,3}}<?({ADDRESS})"
)
_BEFORE = re.compile(
    r"(?:\b(?:(?:generated|expanded) from:?|to|for|users?|recipients?|address(?:es)?|addressed|mailbox|account"
    r"|e-?mail|errors?|an|para|à|aan|till?|do|destinataire|empfänger|destinatario|destinatário|ontvanger)(?:\(s\))?"
    r"|[:：,)\u3000-\u9fff\uac00-\ud7af\uff00-\uff0f])\s{0,3}[<(\[\"'「（]{0,2}$",
    re.IGNORECASE,
)
_SENDER_SIDE = re.compile(
    r"mail from|envelope[- ]from|message sent by|^\W{0,9}(?:from|reply-to|sender|von|de|expéditeur|absender)\b"
    r"|sender:|reply-to|contact|postmaster@|for (?:help|assistance|more)|sent by",
    re.IGNORECASE,
)
_STAFF = tuple(
    f"{name}@"
    for name in (
        "postmaster",
        "mailer-daemon",
        "abuse",
        "support",
        "helpdesk",
        "help",
        "hostmaster",
        "noreply",
        "no-reply",
    )
)
_LOCAL = re.compile(r"[ \t]{1,40}<?([a-zA-Z0-9][\w.+-]{1,63})>?(?:[ \t]{2,40}\S.{0,200})?[ \t]{0,40}")
_LIST = re.compile(
    r"(?:following|recipient|address|user|destinat|empfänger|ontvanger)[^:]{0,120}:\s*$", re.IGNORECASE
)
_FOR = re.compile(rf"(?m)^>?[ \t]{{0,9}}(?:Received:[^\n]{{0,300}})?\bfor <({ADDRESS})>")  # of a trace field
CODE = re.compile(
    r"(?<![\d.])[45]\.\d{1,3}\.\d{1,3}(?![\d.]*\d)|(?<![\w.#/-])[45][0-7]\d(?=[\s:-])"
)  # of a reply


def named(lines: list[str], headers: Fields, returned: Fields, receivers: list[str]) -> Named:
    """The recipients that the words name, in order, from the surest form that there is."""
    own = {
        address
        for value in (headers.first("to"), headers.first("from"), returned.first("from"))
        for address in addresses(value)
    } - set(receivers)
    return (
        _heads(lines, own) or _locals(lines, headers, receivers) or _inside(lines, own, frozenset(receivers))
    )


def receivers(returned: Fields, block: str) -> list[str]:
    """Whom the returned mail was for, by its header and its trace."""
    values = [returned.first(name) for name in ("to", "cc", "x-original-to", "delivered-to", "envelope-to")]
    trace = (clean(found) for found in _FOR.findall(block[:HEADER_BLOCK]))
    return list(dict.fromkeys([*(one for value in values for one in addresses(value)), *trace]))


def above(lines: list[str], i: int) -> str:
    """The line above, which says what an address alone on its line is."""
    return next((line[:200] for line in reversed(lines[max(0, i - 2) : i]) if line.strip()), "")


def _heads(lines: list[str], own: set[str]) -> Named:
    """Those that stand at the head of their line. A mail to oneself: an own address counts where a code stands with it."""
    found: dict[str, int | None] = {}
    spare: dict[str, int | None] = {}
    for i, line in enumerate(lines):
        match = _HEAD.match(line)
        if match and not _HEAD_REST.match(match[2]):
            match = None
        match = match or _X400.search(line) or _EXPANDED.match(line)
        if match is None or _SENDER_SIDE.search(above(lines, i)):
            continue
        address = clean(match[1])
        if address not in own:
            found.setdefault(address, i)
        elif any(CODE.search(near) for near in lines[i : i + 4]):
            spare.setdefault(address, i)
    return list((found or spare).items())


def _locals(lines: list[str], headers: Fields, receivers: list[str]) -> Named:
    """Those that a site names without its domain, in the list below a line that announces them."""
    domain = next(iter(addresses(headers.first("from"))), "").rpartition("@")[2]
    found: dict[str, int | None] = {}
    for i, line in enumerate(lines):
        match = _LOCAL.fullmatch(line)
        if match and domain and _LIST.search(above(lines, i)):
            local = match[1].lower()
            known = next((one for one in receivers if one.startswith(local + "@")), "")
            found.setdefault(known or f"{local}@{domain}", i)
    return list(found.items())


def _inside(lines: list[str], own: set[str], receivers: frozenset[str]) -> Named:
    """Those inside commands and sentences: the ones that the returned mail was for, where there are any."""
    found: dict[str, int | None] = {}
    for i, line in enumerate(lines):
        for address in _spoken_of(line, above(lines, i)):
            if address not in own and not address.startswith(_STAFF):
                found.setdefault(address, i)
    meant = {address: i for address, i in found.items() if address in receivers}
    return list((meant or found).items())


def _spoken_of(line: str, before: str) -> Iterator[str]:
    if match := _COMMAND.search(line) or _CODED.search(line):
        yield clean(match[1])
        return
    if _SENDER_SIDE.search(line):
        return
    for match in re.finditer(ADDRESS, line):
        begins = not line[: match.start()].strip(" <\"'[(")
        if _BEFORE.search(line[max(0, match.start() - 30) : match.start()]) or (begins and before):
            yield clean(match.group())
