"""What `mailgate check` says of the way out: whether the relay takes our mail, and what waits for it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from mailgate.checks import ERROR, OK, WARNING, Finding
from mailgate.cli import token_state
from mailgate.errors import ConfigError

if TYPE_CHECKING:
    from mailgate.config import Config

CONNECT_SECONDS = 5.0
_WAITS = "mail waits in the outbox meanwhile"
# How to mend what `relay.dial` found.
_MEND = {
    "name": "correct the host in relay.url, or the name servers of this machine",
    "unreachable": f"start the mail server, correct relay.url (port 465 is for smtps://), or open the firewall; {_WAITS}",
    "greeting": f"look into the log of the mail server; {_WAITS}",
    "no_tls": 'use smtps:// or a relay that offers STARTTLS, or set relay.starttls to "may" where no login is needed',
    "no_smtp": "correct the host and port in relay.url",
    "expired": f"let the relay have a new certificate, or set the clock of this machine; {_WAITS}",
    "other_name": f"name the relay in relay.url as its certificate does; {_WAITS}",
    "certificate": f"let the relay show one that an authority signed; your own authority: name it in relay.ca_file; {_WAITS}",
    "ca_file": "name a PEM file that mailgate may read in relay.ca_file",
    "tls": "smtps:// is for ports with TLS from the first byte on (465), smtp:// for those with STARTTLS (25, 587)",
    "token": "see relay.oauth",
    "login": "correct the name and password in relay.url, relay.auth, or the token; all mail waits meanwhile",
}


def relay(config: Config) -> Iterator[Finding]:
    """The relay can be reached, is who it says it is, and lets us in. No mail is offered."""
    from mailgate.relay.dial import DialError, target
    from mailgate.relay.oauth import tokens_of
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
        said = SmtpRelay(quick, config.gateway.message_domain, tokens_of(config)).probe()
    except DialError as e:
        findings = list(_token(config))
        yield from findings
        if not token_state.told(findings, str(e)):
            what = f"{where}: {e}" if found.host not in str(e) else str(e)
            yield Finding(ERROR, "relay", what, e.mend or _MEND[e.fault])
    else:
        yield from _token(config)
        yield Finding(OK, "relay", f"{where} takes mail: {said}")


def _token(config: Config) -> Iterator[Finding]:
    """What we hold of OAuth, and whether others may read it."""
    from mailgate.oauth.stored import path_of_relay

    if (settings := config.relay.oauth) is not None:
        yield from token_state.readable(config, "relay", "the relay", [settings.secret, settings.token])
        yield from token_state.state("relay", settings, path_of_relay(config.data_dir))


def delayed(config: Config) -> Iterator[Finding]:
    """Mail that the relay did not take at first, and what it said."""
    from mailgate.cli.database import asked
    from mailgate.store import backlog

    found = asked(config, backlog.delayed)
    if found is not None and found.oldest is not None:
        causes = "; ".join(f"{count} × {error or 'no answer'}" for error, count in found.errors)
        others = f", and {found.untried} more are not tried yet" if found.untried else ""
        yield Finding(
            WARNING, "outbox", f"tried, and waiting for another attempt: {found.mails}, the oldest since {_time(found.oldest)}: "
            f"{causes}{others}",
            "mend the relay; they go by themselves then, and mailgate outbox retry ID sends one at once",
        )  # fmt: skip


def breaker(config: Config) -> Iterator[Finding]:
    """Whether the courier that runs now holds all mail back, because the relay took none."""
    from mailgate import meter
    from mailgate.rules.pace import LONGEST_PAUSE

    since = meter.together(config.data_dir).gauges.get(("relay_down_since", ()), 0.0)
    if since:
        yield Finding(
            WARNING, "relay", f"the gateway holds all mail back since {_time(datetime.fromtimestamp(since, UTC))}, as the relay took none; "
            f"one mail asks every {LONGEST_PAUSE:.0f} seconds at most whether it does again",
            "mend what is said of the relay above; all mail goes by itself then",
        )  # fmt: skip


def _time(when: datetime) -> str:
    return f"{when:%Y-%m-%d %H:%M} UTC"
