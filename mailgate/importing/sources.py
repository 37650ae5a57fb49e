"""Which files hold mail: what a person names on the command line, and what lies in folders below it."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Kind = Literal["maildir", "mbox", "mail"]
_MBOX_SUFFIXES = (".mbox", ".mbx")
_NEVER = (
    ".msf",
    ".dat",
    ".index",
    ".log",
    ".cache",
    ".lock",
    ".db",
    ".json",
    ".html",
)  # beside mail in its folders
_START = 64


@dataclass(frozen=True, slots=True)
class Found:
    """One file. `delivered`: when it was put there, seconds since 1970, where its place tells (a Maildir)."""

    path: Path
    kind: Kind
    size: int
    delivered: float | None = None


@dataclass(frozen=True, slots=True)
class Unreadable:
    """What could not be read, and why."""

    name: str
    why: str


def find(paths: Sequence[Path]) -> Iterator[Found | Unreadable]:
    """All files that hold mail, in order: a folder's own before those of its folders, the older first in a Maildir.

    A file that is named is taken whatever it is called; in folders `.eml`, `.mbox`, numbers (MH) and what begins as an
    mbox does. Links are followed, each folder once, so that none leads in a circle.
    """
    seen: set[tuple[int, int]] = set()
    for path in paths:
        try:
            status = path.stat()
        except OSError as e:
            yield Unreadable(str(path), e.strerror or str(e))
            continue
        if stat.S_ISDIR(status.st_mode):
            yield from _folder(path, seen)
        elif stat.S_ISREG(status.st_mode):
            yield _file(path, status.st_size, named=True) or Found(path, "mail", status.st_size)
        else:
            yield Unreadable(str(path), "it is neither a file nor a folder")


def _folder(top: Path, seen: set[tuple[int, int]]) -> Iterator[Found | Unreadable]:
    waiting = [top]
    while waiting:
        folder = waiting.pop()
        try:
            status = folder.stat()
            if (status.st_dev, status.st_ino) in seen:
                continue
            seen.add((status.st_dev, status.st_ino))
            names = sorted(os.listdir(folder))
        except OSError as e:
            yield Unreadable(str(folder), e.strerror or str(e))
            continue
        maildir = {"cur", "new"} <= set(names)
        if maildir:
            yield from _maildir(folder)
        below = []
        for name in names:
            if maildir and name in ("cur", "new", "tmp"):
                continue
            path = folder / name
            try:
                status = path.stat()
            except OSError as e:
                yield Unreadable(str(path), e.strerror or str(e))
                continue
            if stat.S_ISDIR(status.st_mode):
                below.append(path)
            elif stat.S_ISREG(status.st_mode) and (found := _in_folder(path, status.st_size)):
                yield found
        waiting += reversed(below)


def _maildir(folder: Path) -> Iterator[Found | Unreadable]:
    """The mails of new and cur by the time of their delivery; what is still being written (tmp) is none."""
    mails: list[Found] = []
    for name in ("new", "cur"):
        try:
            with os.scandir(folder / name) as entries:
                for entry in entries:
                    if not entry.name.startswith(".") and entry.is_file():
                        status = entry.stat()
                        when = _delivered(entry.name, status.st_mtime)
                        mails.append(Found(Path(entry.path), "maildir", status.st_size, when))
        except OSError as e:
            yield Unreadable(str(folder / name), e.strerror or str(e))
    yield from sorted(mails, key=lambda mail: (mail.delivered or 0, mail.path.name))


def _delivered(name: str, modified: float) -> float:
    """A name in a Maildir begins with the second of its delivery; copying changes the time of the file alone."""
    seconds = name.partition(".")[0]
    return float(seconds) if seconds.isascii() and seconds.isdigit() and 9 <= len(seconds) <= 10 else modified


def _in_folder(path: Path, size: int) -> Found | Unreadable | None:
    name = path.name.lower()
    if name.endswith(_NEVER) or not size:
        return None
    return _file(path, size, named=name.endswith(_MBOX_SUFFIXES))


def _file(path: Path, size: int, *, named: bool) -> Found | Unreadable | None:
    """What a file is by its name and its first bytes; None: no mail, so far as can be seen."""
    try:
        with path.open("rb") as file:
            start = file.read(_START)
    except OSError as e:
        return Unreadable(str(path), e.strerror or str(e))
    if start.startswith(b"From "):
        return Found(path, "mbox", size)
    if named or path.name.lower().endswith(".eml") or (path.name.isdigit() and path.name.isascii()):
        return Found(path, "mail", size)
    return None
