"""Postmark: an inbound webhook with "Include raw email content in JSON payload" on, and user and password in its address."""

from __future__ import annotations

from collections.abc import Mapping

from mailgate import config as settings
from mailgate.web import answers, keys
from mailgate.web.provider import Delivery, inner, mapping, text


class Postmark:
    name, known, give_up = "postmark", True, 403

    def __init__(self, postmark: settings.Postmark) -> None:
        """Raises ConfigError."""
        self._user = postmark.user
        self._password = keys.secret("web.postmark.password", postmark.password, postmark.password_file)

    def limit(self, mail: int) -> int:
        return 4 * mail + 1_048_576  # beside the raw mail the JSON holds its texts and files once more

    def greet(self, headers: Mapping[str, str]) -> None:
        if not keys.basic(headers.get("authorization", ""), self._user, self._password):
            raise answers.unauthorised("Basic", "User or password is wrong")

    async def unwrap(self, headers: Mapping[str, str], body: bytes) -> Delivery | None:
        posted = mapping(body)
        raw = text(posted.get("RawEmail"))
        if not raw:
            raise answers.set_up(
                "no_raw_mail", "There is no RawEmail: turn on raw content for the inbound webhook"
            )
        recipient = text(posted.get("OriginalRecipient"))
        sender = text(inner(posted.get("FromFull")).get("Email")) or text(posted.get("From"))
        return Delivery(sender, (recipient,) if recipient else (), raw.encode("utf-8", "replace"))
