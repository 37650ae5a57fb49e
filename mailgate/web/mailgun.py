"""Mailgun: a route with `forward("https://…/v1/inbound/mailgun/mime")`.

Where the address ends in "mime", Mailgun posts a form with the whole mail in `body-mime`, signed by `timestamp`, `token` and
`signature` = HMAC-SHA256(key, timestamp + token). The signature does not cover the mail, so a token counts for one mail.
"""

from __future__ import annotations

import re
import time
from collections.abc import Mapping

from mailgate import config as settings
from mailgate.web import answers, forms, keys
from mailgate.web.envelope import addresses
from mailgate.web.provider import Delivery, Now, fresh, text

_TOKEN = re.compile(r"[A-Za-z0-9]{20,100}")
_DIGITS = re.compile(r"[0-9]{1,12}")


class Mailgun:
    name, known, give_up = "mailgun", False, 406

    def __init__(self, mailgun: settings.Mailgun, now: Now = time.time) -> None:
        """Raises ConfigError."""
        self._key = keys.secret("web.mailgun.signing_key", mailgun.signing_key, mailgun.signing_key_file)
        self._now = now

    def limit(self, mail: int) -> int:
        return 3 * mail + 65_536  # percent-encoding makes three bytes of one

    def greet(self, headers: Mapping[str, str]) -> None:
        """The signature is in the body."""

    async def unwrap(self, headers: Mapping[str, str], body: bytes) -> Delivery | None:
        form = forms.fields(headers.get("content-type", ""), body)
        timestamp, token = text(form.get("timestamp")), text(form.get("token"))
        if not _DIGITS.fullmatch(timestamp) or not _TOKEN.fullmatch(token):
            raise answers.forbidden("bad_signature", "The signature is missing")
        if not keys.signed(self._key, (timestamp + token).encode(), text(form.get("signature"))):
            raise answers.forbidden("bad_signature", "The signature is wrong")
        fresh(float(timestamp), self._now)
        if "body-mime" not in form:
            raise answers.set_up(
                "no_raw_mail",
                "There is no body-mime: let the route be forward(), to an address that ends in /mime",
            )
        return Delivery(
            text(form.get("sender")),
            tuple(addresses([text(form.get("recipient"))])),
            form["body-mime"],
            f"{timestamp} {token}",
        )
