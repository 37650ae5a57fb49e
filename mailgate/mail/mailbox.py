"""A list of mailboxes cut into its pieces (RFC 5322 §3.4), in one linear pass. What the pieces mean is `address`'s."""

from __future__ import annotations

import re

from mailgate.mail.addrspec import ATEXT

MAX_ADDRESSES = 50_000
MAX_WORDS = 20  # of a name with unquoted commas

_TOKEN = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*"|[()<>,;:"]|\s++|[^()<>,;:"\s]++', re.DOTALL)
_UNQUOTED_TOKEN = re.compile(r"[()<>,;:]|\s++|[^()<>,;:\s]++")
_COMMON = re.compile(
    rf"""\s*+(?:"([^"\\@\x7f-\U0010ffff]*+)"|([\w .'&=?*+/!#$%-]*+))\s*+<([{ATEXT}.]++@[a-zA-Z0-9.-]++)>\s*+(?:,|\Z)""",
    re.ASCII,
)
_ANGLE_END = re.compile(r'(?:"[^"\\]*+(?:\\.[^"\\]*+)*"|[^"<>,]++)*', re.DOTALL)
_ANGLE_PLAIN = re.compile(r"[^<>,]*+")
_COMMENT_PIECE = re.compile(r"[()]|\\.?|[^()\\]++", re.DOTALL)


class Mailbox:
    """What stands between two commas: words as written (white space as " "), and what stood in angle brackets."""

    __slots__ = ("angle", "angles", "comments", "has_address", "has_word", "split", "words")

    def __init__(self, words: list[str], angle: str | None = None) -> None:
        self.words = words
        self.angle = angle
        self.angles = int(angle is not None)
        self.comments: list[str] = []
        self.split = False  # words stand on both sides of a comment
        self.has_word = bool(words)
        self.has_address = angle is not None

    def add(self, word: str) -> None:
        self.split = self.split or (bool(self.comments) and self.has_word and word != " ")
        self.words.append(word)
        self.has_word = self.has_word or word != " "
        self.has_address = self.has_address or (word[0] != '"' and "@" in word)

    def joined(self) -> str:
        return "".join(self.words).strip()


class Reader:
    """One pass over a header value. Whatever opens and never closes is a plain character from then on: linear."""

    def __init__(self, value: str) -> None:
        self.value = value
        self.mailboxes: list[Mailbox] = []
        self.odd = ""
        self.position = 0
        self.token = _TOKEN
        self.angle_end = _ANGLE_END
        self.comments_close = True
        self.current = Mailbox([])
        while self.position < len(value) and len(self.mailboxes) < MAX_ADDRESSES:
            if not self._common():
                self._step()
        self._flush()

    def _common(self) -> bool:
        """`Name <address>,` in its plain form, in one match."""
        if self.current.words or self.current.angle is not None:
            return False
        match = _COMMON.match(self.value, self.position)
        if match is None:
            return False
        self.position = match.end()
        name = match[1] or match[2]
        self.mailboxes.append(Mailbox([name] if name else [], match[3]))
        return True

    def _step(self) -> None:
        match = self.token.match(self.value, self.position)
        piece = match[0] if match else self.value[self.position]
        self.position += len(piece)
        if piece == ",":
            self._comma()
        elif piece == ";":
            self._flush()
        elif piece == "<":
            self._angle()
        elif piece == "(":
            self._comment()
        elif piece == ":" and not self.current.has_address:
            self.current = Mailbox([])  # what stood before was a group's name
        elif piece == '"':
            self.odd = "an unclosed quote"
            self.token, self.angle_end = _UNQUOTED_TOKEN, _ANGLE_PLAIN
        else:
            self.current.add(" " if piece.isspace() else piece)

    def _comma(self) -> None:
        current = self.current
        if current.has_address or not current.has_word or len(current.words) > MAX_WORDS:
            self._flush()
        else:
            current.add(",")  # Doe, John <john@example.com>

    def _flush(self) -> None:
        if self.current.has_word or self.current.angle is not None:
            self.mailboxes.append(self.current)
        self.current = Mailbox([])

    def _angle(self) -> None:
        value, start = self.value, self.position
        if value.startswith("@", start):  # a route: dropped (RFC 5321 appendix C)
            colon, close = value.find(":", start, start + 500), value.find(">", start, start + 500)
            start = colon + 1 if 0 < colon < close else start
            self.odd = self.odd or "a route"
        end = self.angle_end.match(value, start).end()  # type: ignore[union-attr]
        if value[end : end + 1] != ">" and self.angle_end is _ANGLE_END:
            self.angle_end = _ANGLE_PLAIN
            end = _ANGLE_PLAIN.match(value, start).end()  # type: ignore[union-attr]
        self.current.angle = value[start:end].strip()
        self.current.angles += 1
        self.current.has_address = True
        closed = value[end : end + 1] == ">"
        self.position = end + closed
        if not closed:
            self.odd = self.odd or "no closing angle bracket"

    def _comment(self) -> None:
        """Nested comments, without recursion (RFC 5322 §3.2.2)."""
        depth = 1
        if not self.comments_close:
            self.current.add("(")
            return
        for piece in _COMMENT_PIECE.finditer(self.value, self.position):
            depth += {"(": 1, ")": -1}.get(piece[0], 0)
            if depth == 0:
                self.current.comments.append(self.value[self.position : piece.start()])
                self.position = piece.end()
                return
        self.comments_close = False
        self.odd = self.odd or "an unclosed comment"
