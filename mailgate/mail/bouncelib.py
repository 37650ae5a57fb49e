"""flufl.bounce, for the bounces that no rule of our own reads (rule 8.2).

Laws: it is given decoded text of at most `LIMIT` characters with no run longer than `RUN`, since its patterns are
quadratic in a run; what it raises stays here; it is imported at the first such bounce, not before.
"""

from __future__ import annotations

import logging
import re
from typing import TYPE_CHECKING

from mailgate.mail.failure import ADDRESS, Failure, clean

if TYPE_CHECKING:
    from email.message import Message

LIMIT = 65_536  # characters in all
RUN = 120  # characters without a blank; more are no address and no word of a bounce
LINE = 500  # characters
LINES = 1000  # a part: each of its patterns walks over all of them
PARTS = 10

_ADDRESS = re.compile(ADDRESS)
_RUNS = re.compile(rf"(\S{{{RUN}}})\S+|(\s)[^\S\n]{{20,}}")
_HEADERS = ("from", "to", "subject", "x-mailer", "x-failed-recipients", "return-path", "reply-to")


def read(
    headers: tuple[tuple[str, str], ...], top_type: str, parts: tuple[tuple[str, str], ...]
) -> list[Failure]:
    """The recipients that flufl.bounce finds: failed ones first, then delayed ones."""
    logging.getLogger("flufl.bounce").disabled = True  # it logs what it raises, with a traceback
    try:
        from flufl.bounce import all_failures

        delayed, failed = all_failures(_message(headers, top_type, parts))
    except Exception:  # noqa: BLE001 - hostile mail against somebody else's parser
        return []
    found = [Failure(_text(address), "failed") for address in sorted(failed)]
    found += [Failure(_text(address), "delayed") for address in sorted(delayed - failed)]
    return [failure for failure in found if _ADDRESS.fullmatch(failure.recipient)]


def _message(
    headers: tuple[tuple[str, str], ...], top_type: str, parts: tuple[tuple[str, str], ...]
) -> Message:
    from email.message import Message

    message = Message()
    for name, value in headers:
        if name in _HEADERS and name not in message:
            message[name] = " ".join(value[:LINE].split())
    texts = [(kind, text) for kind, text in parts if kind.startswith(("text/", "message/delivery-status"))][
        :PARTS
    ]
    left = LIMIT
    if not top_type.startswith("multipart/"):
        message["content-type"] = "text/plain"
        message.set_payload(_bounded("\n".join(text for _, text in texts), left))
        return message
    message["content-type"] = top_type
    message.set_payload([])
    for kind, text in texts:
        part = Message()
        part["content-type"] = kind if kind.startswith("text/") else "text/plain"
        part.set_payload(_bounded(text, left))
        left -= len(str(part.get_payload()))
        message.attach(part)
    return message


def _bounded(text: str, limit: int) -> str:
    text = text[: max(limit, 0)].replace("\r\n", "\n").replace("\r", "\n")
    return "\n".join(line[:LINE] for line in _RUNS.sub(r"\1\2", text).split("\n")[:LINES])


def _text(address: bytes) -> str:
    return clean(address.decode("utf-8", "replace")) if isinstance(address, bytes) else clean(str(address))
