"""The status of a failed delivery by its codes and words (RFC 3463, RFC 5321 §4.2), and whether the address is dead (8.2).

Laws: linear; at most `LIMIT` characters of a diagnostic are looked at; a code of the diagnostic that says more wins over a
field that says nothing ("5.0.0").
"""

from __future__ import annotations

import re
from functools import lru_cache

from mailgate.mail.bouncecauses import CAUSES, EXPIRED, FULL, HOST, NETWORK, POLICY, SENDER, TIMEOUTS, USER

LIMIT = 2000  # characters

_FIELD = re.compile(r"(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?![\d.]*\d)")
_ENHANCED = re.compile(r"(?<![\d.])([45]\.\d{1,3}\.\d{1,3})(?![\d.]*\d)")
# "550 5.1.1", "550-5.1.1", "550 #5.1.1": a reply with its enhanced code, the most trustworthy form
_FULL = re.compile(r"(?<![\d.])([45])\d\d[ :-]{1,3}[#(<\[]?(\1\.\d{1,3}\.\d{1,3})(?![\d.]*\d)")
_REPLY = re.compile(r"(?<![\w.#/-])([45])[0-7]\d(?=[\s:;,\"'-]|$)")
_VAGUE = frozenset(
    {"", "0.0", "1.0", "2.0", "3.0", "4.0", "5.0", "7.0"}
)  # subject.detail that names no cause
_SENDERS = frozenset({"1.7", "1.8", "1.9", "1.90"})  # of the 1.x those that speak of the sender
_NOT_DEAD = frozenset({POLICY, SENDER, FULL, "3.4", "4.6"})
_GONE = frozenset({USER, HOST})
_NO_DOMAIN = ("nxdomain", "domain name not found", "no such domain", "domain does not exist", "null mx")


@lru_cache(maxsize=256)
def cause(diagnostic: str) -> str:
    """Subject and detail (RFC 3463) that the words mean, "1.1" for an unknown user; "" when they mean nothing known."""
    text = " ".join(diagnostic[:LIMIT].casefold().replace("’", "'").split())
    return next((code for code, words in CAUSES if any(word in text for word in words)), "")


def field(value: str) -> str:
    """The enhanced code in a Status field, whatever stands around it; a bare reply code is x.0.0; "" when there is none."""
    found = _FIELD.search(value)
    if found:
        return found[1]
    reply = _REPLY.search(value)
    return f"{reply[1]}.0.0" if reply else ""


def best(status: str, diagnostic: str, failed: bool = True) -> str:
    """The most telling enhanced code of a field, the diagnostic's codes and its words; "" when nothing tells.

    A field of class 4 gives way to a full reply of class 5 ("550 5.1.1 …"): Postfix keeps 4.x for a host that refuses
    before the first command, and gives up all the same.
    """
    diagnostic = diagnostic[:LIMIT]
    full = _FULL.search(diagnostic)
    told = full[2] if full else ""
    if status and status[2:] not in _VAGUE | {EXPIRED} and not (status[0] == "4" and told[:1] == "5"):
        return status
    if not told and (loose := _ENHANCED.search(diagnostic)):
        told = loose[1]
    if told and _says_more(told, status, full is not None):
        status = told
    if not status and (reply := _REPLY.search(diagnostic)):
        status = f"{reply[1]}.0.0"
    words = cause(diagnostic) if not status or status.endswith(".0.0") else ""
    if words:
        return f"{status[:1] or ('5' if failed else '4')}.{words}"
    return status


def _says_more(told: str, status: str, in_reply: bool) -> bool:
    """Whether a code of the diagnostic counts instead of the field's; of another class only within a full reply."""
    if not status:
        return True
    if told[0] != status[0]:
        return in_reply
    return status.endswith(".0.0") or told[2:] not in _VAGUE


def is_expired(status: str, diagnostic: str) -> bool:
    """Whether nobody refused: the time to deliver it in ran out (RFC 3463 X.4.7), or nobody answered."""
    words = cause(diagnostic)
    if status[2:] == EXPIRED:
        return words in ("", EXPIRED) or _timed_out(words, diagnostic)
    return _timed_out(words, diagnostic)


def _timed_out(words: str, diagnostic: str) -> bool:
    lowered = diagnostic[:LIMIT].lower()
    return words == NETWORK and any(word in lowered for word in TIMEOUTS)


def is_dead(status: str, diagnostic: str) -> bool:
    """Whether the address or its host does not exist (8.2: 5.1.x, 5.2.1, no such host), for a delivery that failed.

    A code is not believed where the words tell of a policy, a full mailbox or the sender ("5.1.1 blocked as spam").
    """
    words = cause(diagnostic)
    if status[:1] == "4":
        lowered = diagnostic[:LIMIT].casefold()
        return words == HOST and any(word in lowered for word in _NO_DOMAIN)
    detail = status[2:]
    if words in _NOT_DEAD:
        return False
    if detail in ("2.1", "4.4", "4.310"):
        return True
    if detail.startswith("1.") and detail not in _VAGUE | _SENDERS:
        return True
    return (not status or detail in _VAGUE or detail == "1.351") and words in _GONE
