"""The roof: chooses the real things, starts the roles, ends them in order.

Laws: one process for a role, and on SQLite one process that writes the tickets (locks in the data folder); SIGTERM
means: take nothing new, finish what is in hand, exit 0; whatever cannot go on ends its process, and the supervisor
starts it anew.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from mailgate import log as logs
from mailgate import meter, welcome
from mailgate.app.desk import outbox_id, serve_desk
from mailgate.app.listener import listen
from mailgate.app.roles import DESK, IMAP, LISTEN, ROLES, WEB
from mailgate.config import Config
from mailgate.errors import Unavailable, UsageError
from mailgate.locks import Lock
from mailgate.supervisor import Supervisor, tell_ready

__all__ = ["outbox_id", "serve"]


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
    for role, run in ((LISTEN, listen), (WEB, _web), (IMAP, _imap)):
        if role in wanted:
            if set(wanted) != {role}:
                raise UsageError(f"{role} runs alone in its process; start the other roles beside it")
            return run(config)
    return serve_desk(config, frozenset(wanted))


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


def _web(config: Config) -> int:
    from mailgate.web.role import serve_web

    return _door(config, WEB, serve_web)


def _imap(config: Config) -> int:
    from mailgate.intake.imap.role import serve_imap

    if not config.imap:
        raise UsageError("there is no [[imap]] in the settings: add an account, or leave this role out")
    return _door(config, IMAP, serve_imap)


def _door(config: Config, role: str, run: Callable[[Config, Callable[[], None]], None]) -> int:
    lock = Lock(config.data_dir / "locks", role)
    try:
        with meter.keeping(config.data_dir, role):
            run(config, tell_ready)
    finally:
        lock.release()
    return 0
