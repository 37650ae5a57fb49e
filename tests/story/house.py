"""The whole gateway with one clock that stands: a listening door, spool, parser processes, SQLite, templates, and a relay
that hands every mail to a sink by SMTP. Nothing in it is a stand-in but the time."""

from __future__ import annotations

import email
import email.policy
import itertools
import smtplib
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from crash.sink import Sink
from doors.listener import Listener

from mailgate import people_file
from mailgate.clock import Clock
from mailgate.config import Config
from mailgate.courier import Courier
from mailgate.landing import Landing
from mailgate.parsers import ParserPool
from mailgate.relay.smtp import SmtpRelay
from mailgate.render import Renderer
from mailgate.spool import Spool, SpoolReader
from mailgate.store import keys, people, views
from mailgate.store.engine import Store
from mailgate.worker import Worker


@dataclass
class Inbox(Sink):
    """Keeps what it takes, mail by mail."""

    mails: list[tuple[str, EmailMessage]] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(refuse=0)
        self._adding = threading.Lock()

    def take(self, to: str, data: bytes) -> None:
        found = email.message_from_bytes(data, policy=email.policy.SMTP.clone(utf8=True))
        assert isinstance(found, EmailMessage)
        with self._adding:
            self.mails.append((to, found))


class House:
    """`write` sends a mail by SMTP and lands it, `pass_time` moves the clock on, `sent` is what left since it was asked last."""

    def __init__(self, folder: Path, known: dict[str, Any], now: datetime, **sections: Any) -> None:
        self.now = now
        self.inbox = Inbox()
        relay = {"url": f"smtp://127.0.0.1:{self.inbox.port}"}
        self.config = Config.model_validate({"data_dir": folder, "relay": relay, **sections})
        self.store = Store(self.config.database_url)
        self.store.upgrade()
        with self.store.writing() as conn:
            keys.ensure(conn, now)
            free_mail = self.config.people.free_mail
            people.sync(conn, people_file.check(known, "people.toml"), free_mail)
        self.spool = Spool(folder / "spool.db", self.config.spool)
        self.door = Listener(self.config, spool=self.spool)
        self.reader = SpoolReader(folder / "spool.db")
        self.pool = ParserPool(self.config.worker)
        self.pool.start()
        ids = itertools.count(1 << 22)
        landing = Landing(self.config, self.store, self.reader.id, lambda: next(ids), self.time)
        self.worker = Worker(self.config, self.store, self.reader, self.pool, landing, now=self.time)
        self.relay = SmtpRelay(self.config.relay, self.config.gateway.message_domain)
        self.courier = Courier(self.config, self.store, Renderer(self.config), self.relay, now=self.time)
        self.clock = Clock(self.config, self.store, lambda: next(ids), now=self.time)
        self._seen = 0

    def time(self) -> datetime:
        return self.now

    def close(self) -> None:
        self.worker.close()
        self.courier.close()
        self.relay.close()
        self.pool.close()
        self.door.close()
        self.reader.close()
        self.spool.close()
        self.store.close()
        self.inbox.close()

    def write(self, raw: bytes, mail_from: str, to: Sequence[str]) -> None:
        """One mail in; it has its outcome when this returns."""
        with smtplib.SMTP("127.0.0.1", self.door.port, timeout=20) as smtp:
            smtp.sendmail(mail_from, list(to), raw)
        while self.worker.step():
            pass

    def pass_time(self, until: datetime, step: timedelta = timedelta(minutes=1)) -> None:
        """The clock ticks and mail leaves, minute by minute."""
        while self.now < until:
            self.now = min(self.now + step, until)
            self.clock.tick()
            self.deliver()

    def deliver(self) -> None:
        """All that is due leaves."""
        for _ in range(500):
            if not self.courier.step(0.2) and not self.courier.busy:
                return
        raise AssertionError("never quiet")

    def sent(self) -> list[tuple[str, EmailMessage]]:
        """(reader, mail) of what left since the last call, by reader: mails that are due together leave in any order."""
        new = self.inbox.mails[self._seen :]
        self._seen += len(new)
        return sorted(new, key=lambda each: each[0])

    def last_to(self, address: str) -> EmailMessage:
        return next(mail for to, mail in reversed(self.inbox.mails) if to == address)

    def ticket(self, number: int) -> dict[str, Any]:
        with self.store.reading() as conn:
            return views.ticket(conn, number)
