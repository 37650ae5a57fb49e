"""The errors that cross a floor. Everything expected is a value (a Decision, an outcome), never one of these."""

from __future__ import annotations


class MailgateError(Exception):
    """The root of our own errors; the text is meant for a person and says how to mend it."""

    exit_code = 70  # EX_SOFTWARE


class Transient(MailgateError):
    """Our trouble of the moment: the peer hears "try again" (4xx, exit 75) and keeps the mail."""

    exit_code = 75  # EX_TEMPFAIL


class Full(Transient):
    """No room: a full disk, or a limit of the spool on rows or bytes. The peer hears 452."""


class Permanent(MailgateError):
    """Trying again cannot help."""

    exit_code = 65  # EX_DATAERR


class ConfigError(MailgateError):
    """The configuration is wrong. `faults` holds one line for each: file, key, what was found, what is allowed."""

    exit_code = 78  # EX_CONFIG

    def __init__(self, faults: list[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


class Unavailable(MailgateError):
    """Something we need is not there: a port in use, a read-only folder, a lock that another process holds."""

    exit_code = 69  # EX_UNAVAILABLE


class NewerDatabase(MailgateError):
    """The database was written by a newer mailgate; nothing was changed."""

    exit_code = 69


class UsageError(MailgateError):
    """The words of a command are off."""

    exit_code = 64  # EX_USAGE


class NotFound(MailgateError):
    """What a command names does not exist (a ticket, a message, an attachment)."""

    exit_code = 66  # EX_NOINPUT
