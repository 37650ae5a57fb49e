"""What is kept of tokens on disk, and the lock under which it changes: the relay, the mailboxes and `mailgate check` are
processes of their own, and may use one account."""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path

from mailgate.oauth.trouble import TokenTrouble

LOCK_SECONDS = 45.0  # a little more than the other process waits for its provider
_LOOK_SECONDS = 0.05
_LARGEST_FILE = 262_144


@dataclass(slots=True)
class Stored:
    """What the file of an account holds. Times are seconds since 1970."""

    access: str = field(default="", repr=False)
    got: float = 0.0
    ends: float = 0.0
    refresh: str = field(default="", repr=False)
    origin: str = ""  # a hash of the refresh token in the settings: a new one there wins over ours
    turn: int = (
        0  # counts the answers of all accounts with this origin: the highest has the newest refresh token
    )
    failed: float = 0.0  # since when no token could be had, 0 when all is well
    why: str = ""
    mend: str = ""


def path_of(data_dir: Path, account: str) -> Path:
    """The file of a mailbox's account."""
    return data_dir / "oauth" / f"{account}.json"


def path_of_relay(data_dir: Path) -> Path:
    """The relay's; no account of `[[imap]]` can have a name with a dot."""
    return data_dir / "oauth" / "relay.smtp.json"


def load(path: Path) -> Stored:
    """What is stored; nothing, where nothing can be read."""
    try:
        with path.open("rb") as file:
            values = json.loads(file.read(_LARGEST_FILE))
        usual = asdict(Stored())
        return Stored(**{key: type(usual[key])(value) for key, value in values.items() if key in usual})
    except (OSError, ValueError, TypeError, AttributeError, OverflowError, RecursionError):
        return Stored()


def newest(folder: Path, ours: Stored) -> Stored:
    """Who was given the last refresh token among the accounts that began with the same one. To be called under the lock."""
    family = [ours, *(load(path) for path in sorted(folder.glob("*.json")))]
    return max((one for one in family if one.origin == ours.origin), key=lambda one: one.turn)


def save(path: Path, stored: Stored) -> None:
    """Whole or not at all, for the owner alone. Raises OSError."""
    scratch = path.with_suffix(".new")
    _folder(path.parent)
    with suppress(FileNotFoundError):
        scratch.unlink()
    number = _open(scratch, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
    with os.fdopen(number, "w", encoding="utf-8") as file:
        json.dump(asdict(stored), file)
        file.flush()
        os.fsync(file.fileno())
    os.replace(scratch, path)


@contextmanager
def held(folder: Path, name: str) -> Iterator[None]:
    """Alone among our processes with this refresh token. Raises TokenTrouble when another one holds it for too long, or when
    the folder is somebody else's: who cannot keep a new refresh token must not use the old one up."""
    try:
        _folder(folder)
        number = _open(folder / f"{name}.lock", os.O_RDWR | os.O_CREAT)
    except PermissionError as e:
        what, mend = f"{folder} cannot be written: {e.strerror}", "run this as the user of mailgate"
        raise TokenTrouble(what, mend, for_people=True) from e
    except OSError:  # a disk that is full: a token without a guard is better than none
        yield
        return
    try:
        _wait(number)
        yield
    finally:
        os.close(number)


def _wait(number: int) -> None:
    deadline = time.monotonic() + LOCK_SECONDS
    while True:
        try:
            fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                what = "another process of mailgate waits for the provider of our tokens"
                raise TokenTrouble(what, "it is tried again", for_people=False) from None
            time.sleep(_LOOK_SECONDS)
        except OSError:  # a disk of the network that knows no locks
            return
        else:
            return


def _folder(folder: Path) -> None:
    if not folder.is_dir():
        folder.mkdir(0o700, parents=True, exist_ok=True)
        _give(folder, folder.parent)


def _open(path: Path, flags: int) -> int:
    number = os.open(path, flags | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    _give(number, path.parent)
    return number


def _give(what: Path | int, like: Path) -> None:
    """Root's `mailgate check` must not leave a file that mailgate's own user cannot read."""
    if os.geteuid() == 0:
        with suppress(OSError):
            owner = os.stat(like)
            os.chown(what, owner.st_uid, owner.st_gid)
