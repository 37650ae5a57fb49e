"""Authentication-Results headers (RFC 8601 §2.2).

Laws: linear, never raises; a header that is not well-formed says nothing but whose it is, since half a result may be
forged, and since what a sender wrote must not hide that our own server's header stands there.
"""

from __future__ import annotations

import re

from mailgate.model import MethodResult

LIMIT = 16_384  # characters
RESULTS = 100

_TOKEN = re.compile(r"[^\s;=\"()\x00-\x1f\x7f]+")
_METHOD = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,31}")
# Where each method says which domain it speaks of (RFC 8601 §2.7, RFC 7489 §11.2), the best first.
_DOMAINS = {
    "dkim": ("header.d", "header.i"),
    "dmarc": ("header.from",),
    "spf": ("smtp.mailfrom", "smtp.mail", "smtp.helo"),
    "arc": ("header.d",),
    "auth": ("smtp.auth", "smtp.mailfrom"),
}
_POLICIES = ("policy.published-domain-policy", "policy.dmarc", "policy.p", "policy.applied-disposition")
_COMMENT_POLICY = re.compile(r"\bp=(none|quarantine|reject)\b", re.IGNORECASE)
_Token = tuple[str, str]  # sort and value; sort "word", ";", "=", "." or "comment"


def parse_authres(value: str) -> tuple[str, tuple[MethodResult, ...]]:
    """The authserv-id (lower case, "" where there is none) and the results of one header: none when it is malformed,
    too long, or of a version we do not know. `none` gives no results."""
    tokens, whole = _tokens(value[:LIMIT])
    clauses = _clauses(tokens)
    head = [text for sort, text in clauses[0] if sort == "word"]
    marks = [sort for sort, _ in clauses[0] if sort == "="]
    if not head or marks:
        return "", ()
    name = head[0].lower()
    if not whole or len(value) > LIMIT or len(head) > 2 or (len(head) == 2 and head[1] != "1"):
        return name, ()
    results: list[MethodResult] = []
    for clause in clauses[1 : RESULTS + 1]:
        words = [text for sort, text in clause if sort == "word"]
        if not words or (len(words) == 1 and words[0].lower() == "none"):
            continue
        result = _result(clause)
        if result is None:
            return name, ()
        results.append(result)
    return name, tuple(results)


def _tokens(value: str) -> tuple[list[_Token], bool]:
    """Words, '=', ';' and comments, as far as they can be read; false when a quoted string or a comment does not end."""
    tokens: list[_Token] = []
    at = 0
    while at < len(value):
        char = value[at]
        if char.isspace():
            at += 1
        elif char == "(":
            end = _comment_end(value, at)
            if end < 0:
                return tokens, False
            tokens.append(("comment", value[at + 1 : end - 1]))
            at = end
        elif char == '"':
            end = at + 1
            text: list[str] = []
            while end < len(value) and value[end] != '"':
                end += value[end] == "\\"
                text.append(value[end : end + 1])
                end += 1
            if end >= len(value):
                return tokens, False
            at = end + 1
            rest = _TOKEN.match(value, at)  # "quoted local part"@domain is one value
            tokens.append(("word", "".join(text) + (rest.group() if rest else "")))
            at = rest.end() if rest else at
        elif char in ";=":
            tokens.append((char, char))
            at += 1
        else:
            match = _TOKEN.match(value, at)
            if match is None:
                return tokens, False
            tokens.append(("word", match.group()))
            at = match.end()
    return tokens, True


def _comment_end(value: str, start: int) -> int:
    """Past the ')' that ends the comment at `start` (RFC 5322 §3.2.2, nesting), -1 when there is none."""
    depth = 0
    at = start
    while at < len(value):
        if value[at] == "\\":
            at += 1
        elif value[at] == "(":
            depth += 1
        elif value[at] == ")":
            depth -= 1
            if depth == 0:
                return at + 1
        at += 1
    return -1


def _clauses(tokens: list[_Token]) -> list[list[_Token]]:
    clauses: list[list[_Token]] = [[]]
    for token in tokens:
        if token[0] == ";":
            clauses.append([])
        else:
            clauses[-1].append(token)
    return clauses


def _result(clause: list[_Token]) -> MethodResult | None:
    """One `method=result reason=… ptype.property=value …` (§2.2 resinfo), None when it is malformed."""
    comments = " ".join(text for sort, text in clause if sort == "comment")
    pairs = _pairs([token for token in clause if token[0] != "comment"])
    if not pairs:
        return None
    name, _, version = pairs[0][0].partition("/")
    outcome = pairs[0][1].lower()
    if not _METHOD.fullmatch(name) or version not in ("", "1") or not outcome.isascii() or not outcome:
        return None
    method = name.lower()
    properties: dict[str, str] = {}
    for key, value in pairs[1:]:
        properties.setdefault(key.lower(), value)
    domain, key = _domain(method, properties)
    policy = _policy(method, properties, comments)
    return MethodResult(method, outcome, domain, policy, helo=key == "smtp.helo")


def _pairs(tokens: list[_Token]) -> list[tuple[str, str]] | None:
    pairs = []
    at = 0
    while at < len(tokens):
        if at + 2 >= len(tokens) or [sort for sort, _ in tokens[at : at + 3]] != ["word", "=", "word"]:
            return None
        key, value = tokens[at][1], tokens[at + 2][1]
        at += 3
        # base64 in header.b, and other values that hold an equals sign
        while at < len(tokens) and tokens[at][0] == "=":
            value += "="
            at += 1
            if (
                at < len(tokens)
                and tokens[at][0] == "word"
                and (at + 1 >= len(tokens) or tokens[at + 1][0] != "=")
            ):
                value += tokens[at][1]
                at += 1
        pairs.append((key, value))
    return pairs


def _domain(method: str, properties: dict[str, str]) -> tuple[str, str]:
    """The domain that a result speaks of, and the property that says so."""
    for key in _DOMAINS.get(method, ()):
        value = properties.get(key, "").rpartition("@")[2].strip("<>").rstrip(".").lower()
        if value:
            return value, key
    return "", ""


def _policy(method: str, properties: dict[str, str], comments: str) -> str:
    """The policy of a DMARC result: a property, or "(p=reject …)" as most filters write it."""
    if method != "dmarc":
        return ""
    for key in _POLICIES:
        if (value := properties.get(key, "").lower()) in ("none", "quarantine", "reject"):
            return value
    found = _COMMENT_POLICY.search(comments)
    return found.group(1).lower() if found else ""
