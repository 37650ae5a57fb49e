"""From a fetched mail to what the spool takes: its envelope, and the note that stands for a mail which cannot be taken."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime

from mailgate.config import Config, normal
from mailgate.handover import writable
from mailgate.imap_settings import ImapAccount
from mailgate.intake.grammar import read_path
from mailgate.model import Envelope

SET_ASIDE = "X-Mailgate-Set-Aside"  # of a note: rules/classify puts it into quarantine
MAX_TOP = 65_536  # bytes of a header that are looked at
_MAX_RECIPIENTS = 20
_ADDRESS = re.compile(r"[^\s<>,;:\"()@]{1,64}@[^\s<>,;:\"()@]{1,255}")
_END = re.compile(rb"\r?\n\r?\n")


class Envelopes:
    """Makes the envelopes of one account."""

    def __init__(self, config: Config, account: ImapAccount) -> None:
        self._own = frozenset(config.gateway.own_addresses)
        self._headers = [name.lower().encode() for name in account.envelope_headers]
        self._address = normal(account.address) if account.address else config.gateway.address
        self._user = account.user

    def of(self, raw: bytes) -> Envelope:
        """Without `envelope_headers` a mail is for the account's address, and nobody knows who sent it: a header that the
        server did not write itself is the sender's word."""
        values = _top(raw, (b"return-path", *self._headers)) if self._headers else {}
        sender = _addresses(values.get(b"return-path", [])[:1])[:1]
        named = [address for name in self._headers for address in _addresses(values.get(name, []))]
        ours = tuple(dict.fromkeys(address for address in named if self._is_ours(address)))
        return Envelope(
            id="",
            received=datetime.now(UTC),
            door="imap",
            mail_from=sender[0] if sender and _sayable(sender[0]) else "",
            rcpt_to=ours[:_MAX_RECIPIENTS] or (self._address,),
        )

    def _is_ours(self, address: str) -> bool:
        """One of our addresses, or one of its signed forms (2.1)."""
        local, _, domain = address.lower().rpartition("@")
        return f"{local.partition('+')[0]}@{domain}" in self._own and _sayable(address)


def _sayable(address: str) -> bool:
    """Whether the listener takes it in a command. The mail is as good as any where its server let something else in."""
    return writable(address) and read_path(f"<{address}>") is not None


def _top(raw: bytes, names: Sequence[bytes]) -> dict[bytes, list[str]]:
    """The values of these header fields, topmost first."""
    found: dict[bytes, list[str]] = {}
    name = b""
    for line in raw[: _ends(raw)].split(b"\n"):
        if line[:1] in (b" ", b"\t"):
            if name in found:
                found[name][-1] += " " + line.decode("ascii", "replace").strip()
            continue
        name, colon, value = line.partition(b":")
        name = name.strip().lower()
        if colon and name in names and len(found.setdefault(name, [])) < _MAX_RECIPIENTS:
            found[name].append(value.decode("ascii", "replace").strip())
        else:
            name = b""
    return found


def _ends(raw: bytes) -> int:
    end = _END.search(raw, 0, MAX_TOP)
    return end.start() if end else MAX_TOP


def _addresses(values: Sequence[str]) -> list[str]:
    return [found.group() for value in values if (found := _ADDRESS.search(value[:1000]))]


def note(header: bytes, why: str, where: str) -> bytes:
    """A mail that stands for one which was not taken, with its header where that is known. It ends in quarantine."""
    lines: list[bytes] = []
    kept = False
    for line in header[: _ends(header)].split(b"\n"):
        line = line.rstrip(b"\r")
        if line[:1] in (b" ", b"\t"):
            if kept:
                lines.append(line)
            continue
        name, colon, _ = line.partition(b":")
        # its parts are not here, so neither is what describes them
        kept = bool(colon) and not name.strip().lower().startswith(
            (b"content-", b"mime-version", SET_ASIDE.lower().encode())
        )
        if kept:
            lines.append(line)
    shown = "".join(c if c.isascii() and c.isprintable() else "?" for c in why)[:300]
    text = f"mailgate could not take this mail: {shown}\r\nIt lies on the mail server: {where}\r\n"
    top = [
        f"{SET_ASIDE}: {shown}".encode("ascii"),
        *lines,
        b"MIME-Version: 1.0",
        b"Content-Type: text/plain; charset=utf-8",
    ]
    return b"\r\n".join([*top, b"", text.encode("utf-8", "replace")])
