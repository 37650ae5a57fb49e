"""From whom and to whom, as a client of the HTTP door says it.

Law: an address is one mailbox of RFC 5321 or nothing; so no CR, LF, NUL or angle bracket gets into an envelope. It is
kept as written.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from mailgate.config import Config
from mailgate.mail.addrspec import normalise
from mailgate.model import Envelope
from mailgate.web import answers

_ROLES = frozenset({"postmaster", "abuse"})  # RFC 5321 section 4.5.1, RFC 2142


class Recipients:
    """Which addresses are ours."""

    def __init__(self, config: Config) -> None:
        self.default = config.gateway.address
        self.most = config.smtp.max_recipients
        self._own = {normalise(address) for address in config.gateway.own_addresses}
        self._domains = {address.rpartition("@")[2] for address in self._own}

    def ours(self, address: str) -> bool:
        """Whether mail to it is taken, with or without "+token"."""
        local, _, domain = normalise(address).rpartition("@")
        if local in _ROLES and domain in self._domains:
            return True
        return f"{local.partition('+')[0]}@{domain}" in self._own or f"{local}@{domain}" in self._own

    def sort(self, given: Sequence[str]) -> tuple[tuple[str, ...], int]:
        """Those that are ours, in order and once each, and how many are not. Without any given it is the desk itself.

        Raises Refusal when none is ours, one is no address, or there are too many.
        """
        if not given:
            return (self.default,), 0
        if len(given) > self.most:
            raise answers.bad("too_many_recipients", "Too many recipients, send the rest in another mail")
        if not all(normalise(address) for address in given):
            raise answers.bad("bad_recipient", "A recipient is no address")
        ours = tuple(dict.fromkeys(address for address in given if self.ours(address)))
        if not ours:
            raise answers.bad("no_such_address", "None of the recipients is an address of this desk")
        return ours, sum(not self.ours(address) for address in given)


def make(sender: str, recipients: tuple[str, ...], user: str = "", may: tuple[str, ...] = ()) -> Envelope:
    """The envelope of a mail that comes by HTTP. It has no peer: who posts is not who wrote, and a proxy in front would
    make everybody a client of this machine. Raises Refusal for a sender that is no address; "" and "<>" are the null sender.
    """
    sender = "" if sender in ("", "<>") else sender
    if sender and not normalise(sender):
        raise answers.bad("bad_sender", "The sender is no address")
    return Envelope(
        id="",
        received=datetime.now(UTC),
        door="http",
        mail_from=sender,
        rcpt_to=recipients,
        auth_user=user,
        auth_addresses=may,
        smtputf8=not all(text.isascii() for text in (sender, *recipients)),
    )


def addresses(values: Iterable[str]) -> list[str]:
    """Values of a header that holds addresses, one a value or several with commas between (RFC 9110 section 5.3)."""
    found: list[str] = []
    for value in values:
        word: list[str] = []
        quoted = escaped = False
        for char in value[:40_000]:
            if char == "," and not quoted:
                found.append("".join(word))
                word = []
                continue
            quoted ^= char == '"' and not escaped
            escaped = char == "\\" and not escaped
            word.append(char)
        found.append("".join(word))
    bare = (each.strip(" \t") for each in found)
    return [each[1:-1] if each[:1] == "<" and each[-1:] == ">" else each for each in bare if each]
