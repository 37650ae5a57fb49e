"""SendGrid Inbound Parse with "POST the raw, full MIME message" on: a form with the mail in `email`.

Its requests are signed with ECDSA over timestamp and body where a security policy says so, or bear the user and password of
the address that they are posted to. Of every 4xx SendGrid drops the mail at once and tells nobody; of 503 it tries again for
three days. So 4xx is for strangers and for mail that will never be taken.
"""

from __future__ import annotations

import base64
import binascii
import time
from collections.abc import Mapping
from hashlib import sha256

from mailgate import config as settings
from mailgate.errors import ConfigError
from mailgate.web import answers, forms, keys
from mailgate.web.provider import Delivery, Now, fresh, mapping, text
from mailgate.web.signatures import ecdsa_verifier

_SIGNATURE = "x-twilio-email-event-webhook-signature"
_TIMESTAMP = "x-twilio-email-event-webhook-timestamp"
_MAX_AGE = 73 * 3600.0  # it tries for 72 hours


class SendGrid:
    name, give_up = "sendgrid", 400

    def __init__(self, sendgrid: settings.SendGrid, now: Now = time.time) -> None:
        """Raises ConfigError."""
        self._user, self._now = sendgrid.user, now
        self._password = keys.secret("web.sendgrid.password", sendgrid.password, sendgrid.password_file)
        self._verify = (
            ecdsa_verifier("web.sendgrid.public_key", sendgrid.public_key) if sendgrid.public_key else None
        )
        if bool(self._user) != bool(self._password):
            raise ConfigError(["web.sendgrid: user and password belong together"])
        self.known = bool(self._user)

    def limit(self, mail: int) -> int:
        return mail + 1_048_576  # the mail as it is, and fields of some hundred bytes

    def greet(self, headers: Mapping[str, str]) -> None:
        shown = headers.get("authorization", "")
        if self._user and not keys.basic(shown, self._user, self._password):
            if not shown:
                raise answers.unauthorised("Basic", "User and password are needed")
            raise answers.set_up("bad_login", "User or password is wrong: see web.sendgrid in mailgate.toml")

    async def unwrap(self, headers: Mapping[str, str], body: bytes) -> Delivery | None:
        name = ""
        if self._verify is not None:
            timestamp = headers.get(_TIMESTAMP, "")
            name = sha256(timestamp.encode() + body).hexdigest()
            if not timestamp.isdecimal() or len(timestamp) > 12:
                raise answers.forbidden("bad_signature", "The signature is missing")
            if not self._verify(timestamp.encode() + body, _decoded(headers.get(_SIGNATURE, ""))):
                raise answers.forbidden("bad_signature", "The signature is wrong")
            fresh(float(timestamp), self._now, _MAX_AGE)
        form = forms.fields(headers.get("content-type", ""), body)
        if not form.get("email"):
            raise answers.set_up("no_raw_mail", "There is no email field: turn on the raw, full MIME message")
        envelope = mapping(form.get("envelope") or b"{}")
        to = envelope.get("to")
        recipients = tuple(text(each) for each in to if text(each)) if isinstance(to, list) else ()
        return Delivery(text(envelope.get("from")), recipients, form["email"], name)


def _decoded(signature: str) -> bytes:
    try:
        return base64.b64decode(signature, validate=True)
    except (binascii.Error, ValueError):
        return b""
