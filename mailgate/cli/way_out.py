"""What `mailgate check` says of the way out: whether the relay takes our mail, and what waits for it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from mailgate.checks import ERROR, OK, WARNING, Finding
from mailgate.errors import ConfigError, MailgateError

if TYPE_CHECKING:
    from mailgate.config import Config

CONNECT_SECONDS = 5.0
_WAITS = "mail waits in the outbox meanwhile"
# How to mend what `relay.dial` found.
_MEND = {
    "name": "correct the host in relay.url, or the name servers of this machine",
    "unreachable": f"start the mail server, correct relay.url, or open the firewall; {_WAITS}",
    "greeting": f"look into the log of the mail server; {_WAITS}",
    "no_tls": 'use smtps:// or a relay that offers STARTTLS, or set relay.starttls to "may" where no login is needed',
    "certificate": "let the relay show a certificate for the name in relay.url; one of your own authority: name it in relay.ca_file",
    "tls": "smtps:// is for ports with TLS from the first byte on (465), smtp:// for those with STARTTLS (25, 587)",
    "login": "correct the name and password in relay.url, relay.auth, or the token; all mail waits meanwhile",
}


def relay(config: Config) -> Iterator[Finding]:
    """The relay can be reached, is who it says it is, and lets us in. No mail is offered."""
    from mailgate.relay.dial import DialError, target
    from mailgate.relay.smtp import SmtpRelay

    if not config.relay.url:
        yield Finding(OK, "relay", f"relay.url is not set: mail goes into the Maildir {config.maildir}")
        return
    try:
        found = target(config.relay.url)
    except ConfigError as e:
        yield Finding(ERROR, "relay", "; ".join(e.faults), "correct relay.url")
        return
    where, smtp = f"{found.host}:{found.port}", config.smtp
    if found.port in (smtp.port, smtp.tls_port or smtp.port) and found.host in (*smtp.hosts, "localhost"):
        yield Finding(
            ERROR, "relay", f"relay.url names {where}, our own listener: mail would go in a circle",
            "name the server that delivers mail",
        )  # fmt: skip
        return
    quick = config.relay.model_copy(update={"timeout": min(config.relay.timeout, CONNECT_SECONDS)})
    try:
        said = SmtpRelay(quick, config.gateway.message_domain).probe()
    except DialError as e:
        yield Finding(ERROR, "relay", f"{where}: {e}" if found.host not in str(e) else str(e), _MEND[e.fault])
    else:
        yield Finding(OK, "relay", f"{where} takes mail: {said}")


def delayed(config: Config) -> Iterator[Finding]:
    """Mail that the relay did not take at first, and what it said."""
    from mailgate.cli.database import exists, opened
    from mailgate.store import outbox

    if not exists(config):
        return
    try:
        store = opened(config, readonly=True)
        try:
            with store.reading() as conn:
                found = outbox.delayed(conn)
        finally:
            store.close()
    except MailgateError:
        return  # what is wrong with the database is told already
    if found.mails and found.oldest is not None:
        causes = "; ".join(f"{count} × {error or 'no answer'}" for error, count in found.errors)
        since = f"{found.oldest:%Y-%m-%d %H:%M} UTC"
        yield Finding(
            WARNING, "outbox", f"{found.mails} mails were tried and wait for another attempt, the oldest since {since}: {causes}",
            "mend the relay; they go by themselves then, and mailgate outbox retry ID sends one at once",
        )  # fmt: skip
