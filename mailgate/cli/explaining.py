"""The real things behind `mailgate explain`: parser processes and the store; without one, the people file alone."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Self

from mailgate import explain, own_checks, people_file
from mailgate.cli import database
from mailgate.config import Config
from mailgate.errors import ConfigError, MailgateError, NewerDatabase, NotFound
from mailgate.model import Facts, Questions
from mailgate.parsers import ParserPool
from mailgate.store import keys, messages, people, tickets
from mailgate.store import raw as raw_store
from mailgate.store.engine import Store

_MESSAGE = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{0,27}")  # a uuid, or its beginning


class Explainer:
    """Explains mails one batch after the other. Close it by leaving the `with`."""

    def __init__(self, config: Config, options: explain.Options) -> None:
        self.config, self.options = config, options
        self.own = own_check(config, options)
        self.pool = ParserPool(config.worker)
        self.store = real_store(config) or people_store(config)

    def __enter__(self) -> Self:
        with self.store.reading() as conn:
            self.keys = keys.load(conn)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.pool.close()
        self.store.close()

    def explain(self, batch: Sequence[tuple[str, bytes]]) -> Iterator[dict[str, Any]]:
        """One explanation for each (name, raw), in order, as if each came in now."""
        if not batch:
            return
        now = datetime.now(UTC)
        parsed_mails = self.pool.parse([raw for _, raw in batch])
        envelopes = [explain.envelope_of(parsed, self.options, now, self.config) for parsed in parsed_mails]
        mails = list(zip(envelopes, [raw for _, raw in batch], parsed_mails, strict=True))
        with ThreadPoolExecutor(own_checks.THREADS) as threads:
            auths = threads.map(self.own.auth, mails)
        for (name, _), (envelope, _, parsed), auth in zip(batch, mails, auths, strict=True):
            decision = explain.decision_for(
                envelope, parsed, self.keys, lambda q: self._facts(q, now), now, self.config, auth
            )
            yield explain.as_json(name, parsed, decision)

    def _facts(self, questions: Questions, now: datetime) -> Facts:
        with self.store.reading() as conn:
            return tickets.facts(conn, [questions], now, self.config)[0]

    def stored(self, id: str) -> dict[str, Any]:
        """The explanation of a stored message: the outcome and reasons on record. Raises NotFound."""
        if not _MESSAGE.fullmatch(id):
            raise NotFound(f"{id}: no such file, nor the id of a stored message")
        with self.store.reading() as conn:
            row = messages.get(conn, id)
            raw = raw_store.get(conn, row.id)
        kept = {
            "kind": row.kind,
            "outcome": row.outcome,
            "reasons": row.reasons,
            "ticket": row.ticket_id,
            "decision": row.decision,
        }
        return explain.recorded(row.id, self.pool.parse([raw])[0], kept)


def own_check(config: Config, options: explain.Options) -> own_checks.OwnCheck:
    """The check of senders. The host's own name servers are asked on demand only: a look at a file tells nobody of it, and a
    thousand files take seconds. A zone file, or name servers in the settings, are asked always."""
    if options.dns or config.dns.zone_file or config.dns.nameservers or not config.trust.own_checks:
        return own_checks.make(config)
    return own_checks.OwnCheck(config, None, "explain asks the host's name servers only with --dns")


def real_store(config: Config) -> Store | None:
    """The ticket database, for reading; None (and a word on stderr) where it cannot be used, None where there is none."""
    if not database.exists(config):
        return None
    try:
        return database.opened(config, readonly=True)
    except (ConfigError, NewerDatabase):
        raise
    except MailgateError as e:
        print(f"mailgate: explained without the ticket database: {e}", file=sys.stderr)
        return None


def people_store(config: Config) -> Store:
    """A store in memory that knows the people file: no ticket, no message, no delivery."""
    store = Store("sqlite://")
    if config.people.file or config.people_file.exists():
        known = people_file.load(config.people_file, config.people.free_mail)
        with store.writing() as conn:
            people.sync(conn, known, config.people.free_mail)
    return store
