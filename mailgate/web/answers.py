"""What a client of the HTTP door reads: one JSON object, whether its mail was accepted or why not.

Law: constants and numbers only. No word of the peer and no word of an exception stands in an answer.
"""

from __future__ import annotations

from collections.abc import Mapping

from starlette.responses import JSONResponse

BUSY_SECONDS = 30  # after which a client is asked to try again


class Refusal(Exception):
    """An answer that is no 2xx. `code` is for programs and counts in the metrics, `text` is for people."""

    def __init__(self, status: int, code: str, text: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(code)
        self.status, self.code, self.text, self.headers = status, code, text, dict(headers or {})

    def response(self) -> JSONResponse:
        """The answer itself."""
        return JSONResponse({"error": self.code, "message": self.text}, self.status, self.headers)


def bad(code: str, text: str) -> Refusal:
    """400: the request is wrong, and stays so."""
    return Refusal(400, code, text)


def unauthorised(scheme: str, text: str) -> Refusal:
    """401 (RFC 9110 section 15.5.2)."""
    return Refusal(401, "unauthorised", text, {"WWW-Authenticate": f'{scheme} realm="mailgate"'})


def forbidden(code: str, text: str) -> Refusal:
    """403."""
    return Refusal(403, code, text)


def later(status: int, code: str, text: str, seconds: int = BUSY_SECONDS) -> Refusal:
    """429 or 503 with Retry-After: the client keeps the mail and comes again."""
    return Refusal(status, code, text, {"Retry-After": str(seconds)})


def set_up(code: str, text: str) -> Refusal:
    """503: the provider or this door is not set up as it must be. The operator can mend that; the mail is to wait for it."""
    return later(503, code, text, 600)


TOO_LARGE = Refusal(413, "too_large", "The mail is over the size limit")
NO_LENGTH = Refusal(411, "no_length", "Send Content-Length, or Transfer-Encoding: chunked")
TWO_LENGTHS = Refusal(
    400, "two_lengths", "Send Content-Length or Transfer-Encoding, not both", {"Connection": "close"}
)
TOO_SLOW = Refusal(
    408, "too_slow", "The body comes in too slowly", {"Connection": "close"}
)  # RFC 9110 section 15.5.9
FULL = later(503, "full", "No room for the mail now, try again later")
TROUBLE = later(503, "trouble", "The mail cannot be stored now, try again later")
CROWDED = later(503, "busy", "Too many requests are under way, try again later", 5)
EMPTY = bad("empty", "The body holds no mail")
NO_HEADER = bad(
    "no_header",
    "The body begins with no header of a mail, or has no lines; with curl use --data-binary @FILE (-d joins lines)",
)
NOT_TAKEN = Refusal(400, "refused", "The mail is not taken, and trying again cannot help")
