"""A whole desk for the threats: bytes → parse → rules → SQLite → templates → mail, with a clock and a relay of ours.

The gateway stands behind a mail server on the same host, as in production: whatever comes bears a Received header,
and only `mx.example.com` is believed about senders.
"""

from __future__ import annotations

import email
import email.policy
import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from sqlalchemy import select, text

from mailgate import people_file
from mailgate.config import Config
from mailgate.courier import Courier
from mailgate.landing import Job, Landing
from mailgate.mail.parse import parse
from mailgate.model import Envelope, Reply
from mailgate.render import Renderer
from mailgate.store import keys, messages, people, schema, views
from mailgate.store.engine import Store

NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)
SUPPORT, TEAM, LIST = "support@example.com", "team@example.com", "management@example.com"
ANA, SAM = "ana@example.com", "sam@example.com"
BOB, CAROL = "bob@acme.example", "carol@acme.example"
PAT, EVE = "pat@other.example", "eve@evil.example"
PEOPLE = {
    "teams": [{"name": "support", "address": TEAM, "categories": ["general"]}],
    "agents": [
        {"address": ANA, "name": "Ana Silva", "teams": ["support"]},
        {"address": SAM, "name": "Sam Roy", "teams": ["support"], "supervisor": True},
    ],
    "accounts": [{"name": "Acme", "domains": ["acme.example"]}],
}
CONFIG: dict[str, dict[str, Any]] = {
    "trust": {"authserv_ids": ["mx.example.com"]},
    "escalation": {"notify_list": LIST},
}


@dataclass(frozen=True)
class Sent:
    """One mail that left the house."""

    to: str
    raw: bytes
    return_path: str

    @property
    def message(self) -> EmailMessage:
        found = email.message_from_bytes(self.raw, policy=email.policy.SMTP.clone(utf8=True))
        assert isinstance(found, EmailMessage)
        return found

    def header(self, name: str) -> str:
        return str(self.message[name] or "")

    def part(self, kind: str) -> str:
        """The text of the part `plain` or `html`."""
        return str(
            next(p.get_content() for p in self.message.walk() if p.get_content_type() == f"text/{kind}")
        )

    @property
    def words(self) -> str:
        """All that a reader sees."""
        return f"{self.header('Subject')}\n{self.part('plain')}\n{self.part('html')}"


def written(
    sender: str, subject: str = "It is broken", body: str = "Please help.\n", *, to: Sequence[str] = (SUPPORT,),
    cc: Sequence[str] = (), believed: bool = False, headers: Mapping[str, str] | None = None, message_id: str = "",
) -> bytes:  # fmt: skip
    """A mail as our mail server hands it on: it has checked the sender, and says so or says nothing."""
    domain = sender.rpartition("@")[2].strip(">")
    lines = [f"Authentication-Results: mx.example.com; dmarc=pass header.from={domain}"] if believed else []
    lines += ["Received: from client (client [192.0.2.1]) by mx.example.com; Mon, 2 Mar 2026 10:00:00 +0000"]
    lines += [f"From: {sender}", f"To: {', '.join(to)}"]
    lines += [f"Cc: {', '.join(cc)}"] if cc else []
    lines += [f"Subject: {subject}", f"Message-ID: {message_id or f'<{next(_numbers)}@client.example>'}"]
    lines += ["Date: Mon, 02 Mar 2026 10:00:00 +0000"]
    headers = {"Content-Type": "text/plain; charset=utf-8", **(headers or {})}
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return ("\r\n".join(lines) + "\r\n\r\n" + body.replace("\n", "\r\n")).encode()


_numbers = itertools.count(1)
_renderers: dict[str, Renderer] = {}


def renderer(config: Config) -> Renderer:
    """One for all desks with the same settings: it takes longer to make than most tests. An operator's folder is read
    anew each time."""
    if config.templates.path:
        return Renderer(config)
    key = config.gateway.model_dump_json()
    if key not in _renderers:
        _renderers[key] = Renderer(config)
    return _renderers[key]


class Desk:
    """`land` brings one mail in, `write` makes and lands one; `deliver` sends what is owed and gives it back."""

    def __init__(self, file: Path, url: str = "", **sections: Mapping[str, Any]) -> None:
        whole = {name: {**CONFIG.get(name, {}), **sections.get(name, {})} for name in {*CONFIG, *sections}}
        self.config = Config.model_validate({"data_dir": file.parent, **whole})
        self.store = Store(url or f"sqlite:///{file}")
        self.now = NOW
        self.sent: list[Sent] = []
        self._ids = itertools.count(1)
        with self.store.writing() as conn:
            keys.ensure(conn, NOW)
            people.sync(conn, people_file.check(PEOPLE, "people.toml"), self.config.people.free_mail)
        serial = itertools.count(1_000_000)
        self.landing = Landing(self.config, self.store, "spool", lambda: next(serial), lambda: self.now)
        self.courier = Courier(
            self.config, self.store, renderer(self.config), self, now=lambda: self.now, jitter=lambda: 0.5
        )

    def close(self) -> None:
        self.courier.close()
        self.store.close()

    def send(self, mail: bytes, return_path: str, to: str) -> Reply:
        """The relay: every mail gets through."""
        self.sent.append(Sent(to, mail, return_path))
        return Reply("sent", 250, "ok")

    def land(
        self, raw: bytes, mail_from: str = EVE, rcpt: Sequence[str] = (SUPPORT,), **envelope: Any
    ) -> Any:
        """The row of the ledger."""
        known = Envelope(f"id-{next(self._ids)}", self.now, "smtp", mail_from, tuple(rcpt), "127.0.0.1")
        known = replace(known, **envelope)
        failed = self.landing.land([Job(known, raw, parse(raw))])
        assert [each.error for each in failed] == []
        with self.store.reading() as conn:
            return messages.get(conn, known.id)

    def write(self, sender: str, *words: str, mail_from: str | None = None, **more: Any) -> Any:
        """One mail, written and landed; its recipients of the envelope are those of ours in To and Cc."""
        named = (*more.get("to", (SUPPORT,)), *more.get("cc", ()))
        rcpt = [address for address in named if address.startswith("support")] or [SUPPORT]
        envelope_sender = sender.rpartition("<")[2].rstrip(">") if mail_from is None else mail_from
        return self.land(written(sender, *words, **more), envelope_sender, rcpt)

    def deliver(self) -> list[Sent]:
        """What leaves the house by now; more than `batch_seconds` go by."""
        self.now += timedelta(seconds=self.config.gateway.batch_seconds + 1)
        before = len(self.sent)
        for _ in range(500):
            if not self.courier.step(0.5) and not self.courier.busy:
                return self.sent[before:]
        raise AssertionError("never quiet")

    def ticket(self, number: int) -> dict[str, Any]:
        with self.store.reading() as conn:
            return views.ticket(conn, number)

    def rows(self, table: str) -> list[Any]:
        with self.store.reading() as conn:
            return list(conn.execute(select(schema.metadata.tables[table])))

    def count(self, table: str) -> int:
        with self.store.reading() as conn:
            return int(conn.scalar(text(f"SELECT count(*) FROM {table}")) or 0)

    def number_of(self, row: Any) -> int:
        """The ticket that a mail came to."""
        assert row.ticket_id is not None
        return int(row.ticket_id)

    def opened(self, sender: str = BOB, **more: Any) -> tuple[int, Sent]:
        """A ticket of somebody who is believed, and the acknowledgement that he got."""
        number = self.number_of(self.write(sender, believed=True, **more))
        acknowledged = [sent for sent in self.deliver() if sent.to == sender]
        assert len(acknowledged) == 1
        return number, acknowledged[0]


def believed_as(row: Any) -> str:
    """How far the sender of a landed mail was believed: authenticated | proof | unverified."""
    for word, sign in (
        ("authenticated", "the sender is authenticated"),
        ("proof", "the sender has a proof"),
        ("unverified", "the sender is unverified"),
    ):
        if any(reason.startswith(sign) for reason in row.reasons):
            return word
    raise AssertionError(f"nothing is said of trust: {row.reasons}")
