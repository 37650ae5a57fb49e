"""The desk: the roles `work`, `send` and `tick`, each a thread, over one store."""

from __future__ import annotations

import gc
import os
import random
import time
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import structlog

from mailgate import meter, people_file
from mailgate.app.crew import Crew
from mailgate.app.roles import held
from mailgate.config import Config
from mailgate.supervisor import tell_ready

if TYPE_CHECKING:
    from mailgate.store.engine import Store

log = structlog.get_logger("mailgate.app")


def serve_desk(config: Config, roles: frozenset[str]) -> int:
    """Until SIGTERM or SIGINT, or until one of the roles cannot go on: raises what that one raised."""
    from mailgate.store.engine import Store

    with ExitStack() as stack:
        died = stack.enter_context(held(config, *sorted(roles)))
        stack.enter_context(meter.keeping(config.data_dir, "-".join(sorted(roles))))
        store = Store(config.database_url)
        stack.callback(store.close)
        _prepare(config, store, sync="work" in roles)
        crew = Crew()
        for role, add in (("work", _worker), ("send", _courier), ("tick", _clock)):
            if role in roles:
                add(config, store, crew, stack, died)
        _calm_collector()
        tell_ready()
        log.info("started", roles=" ".join(sorted(roles)))
        if not crew.run():
            log.warning("what was in hand takes too long; it is taken up at the next start")
            os._exit(0)  # threads that wait for a peer would hold the exit up
    return 0


def _calm_collector() -> None:
    """What was imported stays; a batch makes many values and no cycles (looking for them cost a tenth of the time)."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 100)


def _prepare(config: Config, store: Store, *, sync: bool) -> None:
    from mailgate.store import keys, people

    store.upgrade()
    free_mail = config.people.free_mail
    with store.writing() as conn:
        keys.ensure(conn, datetime.now(UTC))
        if sync and config.people_missing:
            # Nobody is forgotten because a file was forgotten: what an earlier start loaded stays.
            log.warning("no people file: nobody is told of tickets", path=str(config.people_file))
        elif sync:
            known = people_file.load(config.people_file, free_mail, config.gateway.categories)
            people.sync(conn, known, free_mail)


def _worker(config: Config, store: Store, crew: Crew, stack: ExitStack, died: bool) -> None:
    from mailgate import own_checks
    from mailgate.landing import Landing
    from mailgate.parsers import ParserPool
    from mailgate.spool import SpoolReader
    from mailgate.worker import Worker

    spool = SpoolReader(config.data_dir / "spool.db")
    stack.callback(spool.close)
    pool = ParserPool(config.worker)
    stack.callback(pool.close)
    pool.start()
    own = own_checks.make(config)
    if own.why_not and config.trust.own_checks:
        log.warning("senders are not checked by mailgate itself", why=own.why_not)
    checks = own_checks.OwnChecks(own)
    stack.callback(checks.close)
    landing = Landing(config, store, spool.id, outbox_id)
    crew.add("work", Worker(config, store, spool, pool, landing, checks=checks, died=died).run)


def _courier(config: Config, store: Store, crew: Crew, stack: ExitStack, died: bool) -> None:
    from mailgate.authenticate import load_signer
    from mailgate.courier import Courier
    from mailgate.relay.maildir import MaildirRelay
    from mailgate.relay.oauth import tokens_of
    from mailgate.relay.smtp import SmtpRelay
    from mailgate.render import Renderer

    if died and store.dialect == "sqlite":  # the lock says that no other courier lives
        from mailgate.store import chores

        with store.writing() as conn:
            chores.release_claims(conn, datetime.now(UTC))
    dkim = config.dkim
    signer = load_signer(dkim.domain, dkim.selector, Path(dkim.key_file)) if dkim.domain else None
    hostname = config.gateway.message_domain
    tokens = tokens_of(config)
    if tokens is not None:
        crew.add("token", tokens.keep)
    relay = SmtpRelay(config.relay, hostname, tokens) if config.relay.url else MaildirRelay(config.maildir)
    stack.callback(relay.close)
    crew.add("send", Courier(config, store, Renderer(config), relay, signer=signer).run)


def _clock(config: Config, store: Store, crew: Crew, stack: ExitStack, died: bool) -> None:
    from mailgate.clock import Clock

    crew.add("tick", Clock(config, store, outbox_id).run)


def outbox_id() -> int:
    """A new id of an outbox row, below 2^63: milliseconds since 1970 and 22 random bits. What two draw alike meets
    in the table's key, and the later one is decided again."""
    return time.time_ns() // 1_000_000 << 22 | random.getrandbits(22)  # no secret
