"""Mail out into a Maildir: what `serve` does until `relay.url` names a smarthost."""

from __future__ import annotations

import hashlib
import os
import re
import threading
from collections.abc import Callable
from pathlib import Path

from mailgate.errors import Unavailable
from mailgate.model import Reply


class MaildirRelay:
    """Writes each mail into `new/` of a Maildir. Its file's name follows from the Message-ID alone, so that a mail
    sent again after a crash replaces itself. Line ends become LF, the custom of the place."""

    def __init__(self, path: Path, sync: Callable[[int], None] = os.fsync) -> None:
        self._path = path
        self._sync = sync
        try:
            for folder in ("tmp", "new", "cur"):
                (path / folder).mkdir(parents=True, exist_ok=True)
        except OSError as e:
            raise Unavailable(
                f"the Maildir {path} for outgoing mail cannot be made: {e.strerror}; set relay.maildir or relay.url"
            ) from e

    def send(self, mail: bytes, return_path: str, to: str) -> Reply:
        if not (to.isprintable() and return_path.isprintable()):
            return Reply("failed", 0, "553 5.1.3 the address cannot be written in a header; nothing was sent")
        # RFC 5321 §4.4: final delivery notes the return path; Delivered-To tells the one recipient of this copy
        trace = f"Return-Path: <{return_path}>\nDelivered-To: {to}\n".encode()
        name = f"{_name(mail)}.mailgate"
        unfinished = self._path / "tmp" / f"{name}.{os.getpid()}.{threading.get_ident()}"
        try:
            with open(unfinished, "wb") as file:
                file.write(trace + mail.replace(b"\r\n", b"\n"))
                file.flush()
                self._sync(file.fileno())
            os.rename(unfinished, self._path / "new" / name)
            folder = os.open(self._path / "new", os.O_RDONLY | os.O_DIRECTORY)
            try:
                self._sync(folder)
            finally:
                os.close(folder)
        except OSError as e:
            unfinished.unlink(missing_ok=True)
            return Reply("down", 0, f"{self._path}: {e.strerror}")
        return Reply("sent", 250, f"in {self._path}/new/{name}")

    def close(self) -> None:
        """Nothing stays open between mails."""


def _name(mail: bytes) -> str:
    head = mail.partition(b"\r\n\r\n")[0]
    found = re.search(rb"(?im)^message-id:[ \t]*(?:\r\n[ \t]+)?(<[^<>\s]{1,990}>)", head)
    return hashlib.sha256(found.group(1) if found else mail).hexdigest()[:40]
