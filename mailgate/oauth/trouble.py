"""Why there is no token, in words that say how to mend it."""

from __future__ import annotations

from mailgate.errors import MailgateError

LONGEST_ANSWER = 200  # characters of a server's words that are shown


class TokenTrouble(MailgateError):
    """There is no new access token. `for_people`: no new attempt mends it; `mend`: what a person can do."""

    exit_code = 75

    def __init__(self, what: str, mend: str, *, for_people: bool) -> None:
        super().__init__(what)
        self.mend = mend
        self.for_people = for_people


def said(error: object, secret: str = "") -> str:
    """A server's words: short, printable, on one line, and without our password."""
    text = str(error).removeprefix("b'").removesuffix("'")
    if secret:
        text = text.replace(secret, "…")
    return (
        "".join(c if c.isprintable() else " " for c in text)[:LONGEST_ANSWER].strip() or type(error).__name__
    )
