"""The settings: TOML file, `MAILGATE_SECTION__KEY` environment over it, all checked at once.

Order of search for the file: `--config`, `MAILGATE_CONFIG`, `./config/mailgate.toml`, the one inside the package.
Relative paths in it are relative to the current folder. Lengths are bytes, times are seconds unless the name says otherwise.
"""

from __future__ import annotations

from mailgate.config.authentication import Dkim, Dns, TrustSection
from mailgate.config.delivery import Bounces, Relay, Templates
from mailgate.config.escalation import EscalationSection, People, SeveritySeconds
from mailgate.config.files import find, read_toml, resource
from mailgate.config.gateway import Attachments, CommandsSection, Gateway, Limits
from mailgate.config.loading import load, unknown_variables
from mailgate.config.process import Log, Worker
from mailgate.config.settings import Config
from mailgate.config.smtp import Lmtp, Smtp, SmtpUser
from mailgate.config.storage import Database, Raw, Spool
from mailgate.config.types import LOOPBACK, Address, Bytes, Network, Port, Seconds, Section, normal
from mailgate.config.web import Mailgun, Postmark, SendGrid, Ses, Web, WebKey

__all__ = [
    "LOOPBACK",
    "Address",
    "Attachments",
    "Bounces",
    "Bytes",
    "CommandsSection",
    "Config",
    "Database",
    "Dkim",
    "Dns",
    "EscalationSection",
    "Gateway",
    "Limits",
    "Lmtp",
    "Log",
    "Mailgun",
    "Network",
    "People",
    "Port",
    "Postmark",
    "Raw",
    "Relay",
    "Seconds",
    "Section",
    "SendGrid",
    "Ses",
    "SeveritySeconds",
    "Smtp",
    "SmtpUser",
    "Spool",
    "Templates",
    "TrustSection",
    "Web",
    "WebKey",
    "Worker",
    "find",
    "load",
    "normal",
    "read_toml",
    "resource",
    "unknown_variables",
]
