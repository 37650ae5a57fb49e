"""The roof: chooses the real things, starts the roles, ends them in order.

Laws: one process for a role, and on SQLite one process that writes the tickets (locks in the data folder); SIGTERM
means: take nothing new, finish what is in hand, exit 0; whatever cannot go on ends its process, and the supervisor
starts it anew.
"""

from __future__ import annotations

import asyncio
import gc
import os
import random
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

import structlog

from mailgate import log as logs
from mailgate import meter, people_file, welcome
from mailgate.config import Config
from mailgate.errors import Unavailable, UsageError
from mailgate.locks import Lock
from mailgate.supervisor import Supervisor, tell_ready

if TYPE_CHECKING:
    from mailgate.spool import Spool
    from mailgate.store.engine import Store

LISTEN = "listen"
DESK = ("work", "send", "tick")  # the roles that share one process, and on SQLite one writing connection
WEB = "web"
IMAP = "imap"
ROLES = (LISTEN, *DESK, WEB, IMAP)
DRAIN_SECONDS = 15.0

log = structlog.get_logger("mailgate.app")


def serve(config: Config, roles: Sequence[str] | None = None) -> int:
    """Run until SIGTERM or SIGINT; the exit code. Without roles: all of them, each in its process, supervised.

    Raises UsageError for roles that do not exist or do not go together, Unavailable, ConfigError, NewerDatabase.
    """
    wanted = tuple(name for role in roles or () for name in role.split(","))
    logs.set_up(config.log)
    _data_folder(config.data_dir)
    if not wanted:
        return _supervise(config)
    if unknown := [role for role in wanted if role not in ROLES]:
        raise UsageError(f"no such role: {', '.join(unknown)}; there are {', '.join(ROLES)}")
    if LISTEN in wanted:
        if set(wanted) != {LISTEN}:
            raise UsageError("listen runs alone in its process; start the other roles beside it")
        return _listen(config)
    if WEB in wanted:
        if set(wanted) != {WEB}:
            raise UsageError("web runs alone in its process; start the other roles beside it")
        return _web(config)
    if IMAP in wanted:
        if set(wanted) != {IMAP}:
            raise UsageError("imap runs alone in its process; start the other roles beside it")
        return _imap(config)
    return _desk(config, frozenset(wanted))


def _data_folder(path: Path) -> None:
    """Make the data folder, and see that we can write there. Raises Unavailable."""
    try:
        path.mkdir(0o700, parents=True, exist_ok=True)  # it holds mail and keys
        probe = path / f".writable.{os.getpid()}"
        probe.touch()
        probe.unlink()
    except OSError as e:
        raise Unavailable(
            f"data_dir {path}: cannot be written: {e.strerror}; mend its permissions or name another"
        ) from e


# ---------------------------------------------------------------- all roles, supervised


def _supervise(config: Config) -> int:
    from mailgate.intake.listening import passed_on

    lock = Lock(config.data_dir / "locks", "serve")
    environment = dict(os.environ)
    if config.source is not None:
        environment["MAILGATE_CONFIG"] = str(config.source)
    program = [sys.executable, "-m", "mailgate", "serve"]
    commands = {
        LISTEN: [*program, "--role", LISTEN],
        "desk": [*program, *(word for role in DESK for word in ("--role", role))],
    }

    if config.web.enabled:
        commands[WEB] = [*program, "--role", WEB]
    if config.imap:
        commands[IMAP] = [*program, "--role", IMAP]

    def announce(said: Mapping[str, str]) -> None:
        print(welcome.text(config, said[LISTEN]), flush=True)

    try:
        return Supervisor(
            commands, environment, announce, {LISTEN: passed_on()}, frozenset({WEB, IMAP})
        ).run()
    finally:
        lock.release()


# ---------------------------------------------------------------- listen


def _listen(config: Config) -> int:
    from mailgate.spool import Spool

    with _held(config, LISTEN), meter.keeping(config.data_dir, LISTEN):
        fatal: list[str] = []

        def broken(why: str) -> None:
            fatal.append(why)
            os.kill(os.getpid(), signal.SIGTERM)

        spool = Spool(config.data_dir / "spool.db", config.spool, on_fatal=broken)
        try:
            _loop_runner()(_take_mail(config, spool))
        finally:
            spool.close()
        if fatal:
            raise Unavailable(fatal[0])
    return 0


async def _take_mail(config: Config, spool: Spool) -> None:
    from mailgate.intake.accept import Acceptor
    from mailgate.intake.lmtp_server import serve_lmtp
    from mailgate.intake.smtp import serve_smtp

    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    accept = Acceptor(spool)
    server = await serve_smtp(config, accept)
    lmtp = await serve_lmtp(config, accept, server.door.gate)
    host, port = server.sockets[0].getsockname()[:2]
    tell_ready(f"{host}:{port}")
    log.info("listening", host=host, port=port)
    for sock in lmtp.sockets:
        log.info("listening for LMTP", where=str(sock.getsockname()))
    await stop.wait()
    await asyncio.gather(server.drain(DRAIN_SECONDS), lmtp.drain(DRAIN_SECONDS))


def _loop_runner() -> Callable[..., None]:
    try:
        import uvloop
    except ImportError:  # not on every Python; slower, and just as right
        return asyncio.run
    return uvloop.run


# ---------------------------------------------------------------- web


def _web(config: Config) -> int:
    from mailgate.web.role import serve_web

    lock = Lock(config.data_dir / "locks", WEB)
    try:
        with meter.keeping(config.data_dir, WEB):
            serve_web(config, tell_ready)
    finally:
        lock.release()
    return 0


# ---------------------------------------------------------------- imap


def _imap(config: Config) -> int:
    from mailgate.intake.imap.role import serve_imap

    if not config.imap:
        raise UsageError("there is no [[imap]] in the settings: add an account, or leave this role out")
    lock = Lock(config.data_dir / "locks", IMAP)
    try:
        with meter.keeping(config.data_dir, IMAP):
            serve_imap(config, tell_ready)
    finally:
        lock.release()
    return 0


# ---------------------------------------------------------------- work, send, tick


class _Crew:
    """Threads that end together: at a signal, or when one of them cannot go on."""

    def __init__(self) -> None:
        self.stop = threading.Event()
        self._threads: list[threading.Thread] = []
        self._error: BaseException | None = None
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._signal)

    def _signal(self, _number: int, _frame: FrameType | None) -> None:
        self.stop.set()

    def add(self, name: str, work: Callable[[threading.Event], None]) -> None:
        self._threads.append(
            threading.Thread(target=self._guarded, args=(name, work), name=name, daemon=True)
        )

    def _guarded(self, name: str, work: Callable[[threading.Event], None]) -> None:
        try:
            work(self.stop)
        except BaseException as e:  # the other roles must not go on as if it still worked
            log.error("role failed", role=name, exc_info=e)
            self._error = self._error or e
            self.stop.set()

    def run(self) -> bool:
        """Until all have ended; False when some did not in time. Raises what one of them raised."""
        for thread in self._threads:
            thread.start()
        self.stop.wait()
        deadline = time.monotonic() + DRAIN_SECONDS
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        if self._error is not None:
            raise self._error
        return not any(thread.is_alive() for thread in self._threads)


def _desk(config: Config, roles: frozenset[str]) -> int:
    from mailgate.store.engine import Store

    with ExitStack() as stack:
        died = stack.enter_context(_held(config, *sorted(roles)))
        stack.enter_context(meter.keeping(config.data_dir, "-".join(sorted(roles))))
        store = Store(config.database_url)
        stack.callback(store.close)
        _prepare(config, store, sync="work" in roles)
        crew = _Crew()
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


def _worker(config: Config, store: Store, crew: _Crew, stack: ExitStack, died: bool) -> None:
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


def _courier(config: Config, store: Store, crew: _Crew, stack: ExitStack, died: bool) -> None:
    from mailgate.authenticate import load_signer
    from mailgate.courier import Courier
    from mailgate.relay.maildir import MaildirRelay
    from mailgate.relay.smtp import SmtpRelay
    from mailgate.render import Renderer

    if died and store.dialect == "sqlite":  # the lock says that no other courier lives
        from mailgate.store import chores

        with store.writing() as conn:
            chores.release_claims(conn, datetime.now(UTC))
    dkim = config.dkim
    signer = load_signer(dkim.domain, dkim.selector, Path(dkim.key_file)) if dkim.domain else None
    hostname = config.gateway.message_domain
    relay = SmtpRelay(config.relay, hostname) if config.relay.url else MaildirRelay(config.maildir)
    stack.callback(relay.close)
    crew.add("send", Courier(config, store, Renderer(config), relay, signer=signer).run)


def _clock(config: Config, store: Store, crew: _Crew, stack: ExitStack, died: bool) -> None:
    from mailgate.clock import Clock

    crew.add("tick", Clock(config, store, outbox_id).run)


def outbox_id() -> int:
    """A new id of an outbox row, below 2^63: milliseconds since 1970 and 22 random bits. What two draw alike meets
    in the table's key, and the later one is decided again."""
    return time.time_ns() // 1_000_000 << 22 | random.getrandbits(22)  # no secret


@contextmanager
def _held(config: Config, *roles: str) -> Iterator[bool]:
    """The locks of these roles; True when a holder before us died."""
    names = list(roles)
    if LISTEN not in roles:
        if config.database_url.startswith("sqlite"):
            names.append("writer")
        else:  # any number of couriers and clocks may share a PostgreSQL; a spool has one worker
            names = [name for name in names if name == "work"]
    locks: list[Lock] = []
    try:
        for name in names:
            locks.append(Lock(config.data_dir / "locks", name))
        yield any(lock.died for lock in locks)
    except BaseException:
        for lock in locks:
            lock.close()
        raise
    for lock in locks:
        lock.release()
