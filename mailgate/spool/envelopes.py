"""An Envelope as the JSON text of a spool row. The id is not in it: it has a column of its own."""

from __future__ import annotations

import json
from datetime import datetime

from mailgate.model import Envelope

# ASCII only, so that the lone surrogates of addresses that are no UTF-8 survive; made once, since json.dumps with
# separators makes an encoder at every call.
_encode = json.JSONEncoder(separators=(",", ":")).encode


def dump(envelope: Envelope) -> str:
    """The text of an envelope; what has its default value is left out. Read back by `load` of this or a later version."""
    values: dict[str, object] = {
        "received": envelope.received.isoformat(),
        "door": envelope.door,
        "mail_from": envelope.mail_from,
        "rcpt_to": envelope.rcpt_to,
    }
    if envelope.peer:
        values["peer"] = envelope.peer
    if envelope.helo:
        values["helo"] = envelope.helo
    if envelope.tls:
        values["tls"] = True
    if envelope.auth_user:
        values["auth_user"] = envelope.auth_user
    if envelope.auth_addresses:
        values["auth_addresses"] = envelope.auth_addresses
    if envelope.smtputf8:
        values["smtputf8"] = True
    if envelope.quiet:
        values["quiet"] = True
    return _encode(values)


def load(id: str, text: str) -> Envelope:
    """The envelope of a row."""
    values = json.loads(text)
    values["received"] = datetime.fromisoformat(values["received"])
    values["rcpt_to"] = tuple(values["rcpt_to"])
    values["auth_addresses"] = tuple(values.get("auth_addresses", ()))
    return Envelope(id=id, **values)
