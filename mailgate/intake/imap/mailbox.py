"""One mailbox on one connection: what lies there, its bytes, and where a mail goes that is done. UIDs only."""

from __future__ import annotations

import imaplib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from mailgate.imap_settings import ImapAccount
from mailgate.intake.imap import answers, trouble
from mailgate.intake.imap.answers import Head
from mailgate.intake.imap.wire import Wire

MAX_UID = 4_294_967_295  # RFC 3501 section 9, nz-number
T = TypeVar("T")
HEAD_BYTES = 65_536  # of the header of a mail that is not taken whole


@dataclass(frozen=True, slots=True)
class Selected:
    """What SELECT says."""

    uidvalidity: int
    next_uid: int  # 0 where the server does not say
    exists: int


class Mailbox:
    """The one that is selected. Every method raises ImapTrouble or imaplib's errors."""

    def __init__(self, wire: Wire, account: ImapAccount, name: str) -> None:
        self._wire, self._account, self.name = wire, account, name
        self._folders: set[str] = set()
        self._unmade: dict[str, str] = {}  # folders that the server would not make, and why

    def select(self) -> Selected:
        self._wire.expect()
        try:
            answer = self._wire.select_folder(self.name)
        except imaplib.IMAP4.readonly as e:  # which is an abort too
            raise trouble.ImapTrouble(
                trouble.MAILBOX, f"the mailbox {self.name} of {self._account.user} can only be read",
                "give the login the right to change flags and to move mail",
            ) from e  # fmt: skip
        except imaplib.IMAP4.abort:
            raise
        except imaplib.IMAP4.error as e:
            raise trouble.ImapTrouble(
                trouble.MAILBOX, f"the mailbox {self.name} of {self._account.user} cannot be opened: {trouble.said(e)}",
                "correct mailbox; mailgate check lists those that exist",
            ) from e  # fmt: skip
        valid, upcoming, exists = (answer.get(key, 0) for key in (b"UIDVALIDITY", b"UIDNEXT", b"EXISTS"))
        if not 0 < valid <= MAX_UID or not 0 <= upcoming <= MAX_UID or not 0 <= exists <= MAX_UID:
            raise trouble.ImapTrouble(
                trouble.PROTOCOL, f"{self._account.host} names no valid UIDVALIDITY for {self.name}",
                "this server cannot be read safely; forward its mail by SMTP instead",
            )  # fmt: skip
        return Selected(valid, upcoming, exists)

    def last_uid(self) -> int:
        """The highest UID there is, 0 in an empty mailbox."""
        self._wire.expect()
        # IMAPClient's fetch drops the answer to `*`, whose UID it does not know
        return max((uid for uid in self._wire.search(["UID", "*"]) if isinstance(uid, int)), default=0)

    def heads(self, low: int, high: int) -> list[Head]:
        """Those with a UID in this range, in order of UID."""
        self._wire.expect()
        found: dict[int, Head] = {}
        for head in self._read(answers.heads(self._ask(f"{low}:{high}", ["RFC822.SIZE", "INTERNALDATE"]))):
            if low <= head.uid <= high and (head.size or head.uid not in found):
                found[head.uid] = head
        return sorted(found.values(), key=lambda head: head.uid)

    def _ask(self, uids: str, items: Sequence[str]) -> Sequence[answers.Piece | None]:
        """UID FETCH of a range. IMAPClient's own `fetch` wants each UID named."""
        imap = self._wire._imap
        imap.untagged_responses.pop("FETCH", None)  # what was said of mails unasked
        tag = imap._command("UID", "FETCH", uids, f"({' '.join(items)})")
        kind, data = imap._command_complete("FETCH", tag)
        if kind != "OK":
            raise imap.error(f"FETCH: {trouble.said(data[0] if data else kind)}")
        pieces: Sequence[answers.Piece | None] = imap._untagged_response(kind, data, "FETCH")[1]
        return pieces

    def _read(self, found: Iterator[T]) -> Iterator[T]:
        try:
            yield from found
        except ValueError as e:
            raise self._wire._imap.abort(f"an answer that cannot be read: {trouble.said(e)}") from e

    def bodies(self, heads: Sequence[Head], largest: int) -> dict[int, bytes]:
        """The bytes of these mails. One that is missing was removed meanwhile, or could not be read, or the server has two
        mails under its UID: then neither is taken for the other."""
        self._wire.expect(sum(min(head.size, largest) for head in heads) * 5 // 4 + largest // 4)
        data = self._ask(",".join(str(head.uid) for head in heads), ["BODY.PEEK[]"])
        wanted = {head.uid for head in heads}
        bodies: dict[int, bytes] = {}
        doubtful: set[int] = set()
        for uid, body in self._read(answers.parts(data, b"BODY[]")):
            if uid in wanted and body and bodies.setdefault(uid, body) != body:
                doubtful.add(uid)
        return {uid: body for uid, body in bodies.items() if uid not in doubtful}

    def header(self, uid: int) -> bytes:
        """The header of one mail, cut; b"" where it cannot be had."""
        self._wire.expect(HEAD_BYTES)
        data = self._ask(str(uid), [f"BODY.PEEK[HEADER]<0.{HEAD_BYTES}>"])
        for found, value in self._read(answers.parts(data, b"BODY[HEADER]")):
            if found == uid:
                return value[:HEAD_BYTES]
        return b""

    # ------------------------------------------------ what is done

    def file(self, uids: Sequence[int], folder: str, *, seen: bool = True) -> None:
        """Put mails where they belong: into `folder`, or with "" away. What the server cannot do safely leaves them
        where they are, as seen; a mail that is not there any more is no fault."""
        try:
            self._put(uids, folder, seen=seen)
        except imaplib.IMAP4.abort:
            raise
        except imaplib.IMAP4.error as e:
            self._folders.discard(folder)  # it may be gone: looked for again the next time
            if why := self._unmade.pop(folder, ""):
                raise imaplib.IMAP4.error(f"the folder {folder} cannot be made: {why}") from e
            raise

    def _put(self, uids: Sequence[int], folder: str, *, seen: bool) -> None:
        self._wire.expect()
        if seen:
            self._wire.add_flags(uids, [b"\\Seen"], silent=True)
        if folder:
            self._make(folder)
            if self._wire.has_capability("MOVE"):
                self._wire.expect()
                self._wire.move(uids, folder)
                return
        # A plain EXPUNGE would also remove what others have marked (RFC 4315 section 1).
        if not self._wire.has_capability("UIDPLUS"):
            return
        self._wire.expect()
        if folder:
            self._wire.copy(uids, folder)
        self._wire.expect()
        self._wire.add_flags(uids, [b"\\Deleted"], silent=True)
        self._wire.uid_expunge(uids)

    def mark_seen(self, uids: Sequence[int]) -> None:
        self._wire.expect()
        self._wire.add_flags(uids, [b"\\Seen"], silent=True)

    def _make(self, folder: str) -> None:
        if folder in self._folders:
            return
        self._wire.expect()
        if not self._wire.folder_exists(folder):
            try:
                self._wire.create_folder(folder)
                self._wire.subscribe_folder(folder)  # so that mail programs show it
            except imaplib.IMAP4.abort:
                raise
            except imaplib.IMAP4.error as e:
                self._unmade[folder] = trouble.said(e)  # or another mailbox' thread made it at this moment
        self._folders.add(folder)

    # ------------------------------------------------ waiting

    def wait(self, seconds: float, wake: int, *, idle: bool = True) -> bool:
        """IDLE (RFC 2177) until something happens; where the server cannot, until the time is over. True: there is news."""
        if not (idle and self._account.idle and self._wire.has_capability("IDLE")):
            self._wire.rest()
            self._wire.wait(seconds, wake)
            return True
        self._wire.expect()
        self._wire.idle()
        self._wire.rest()
        self._wire.wait(seconds, wake)
        self._wire.expect()  # a server that has gone silent does not answer DONE
        self._wire.idle_done()
        untagged = self._wire._imap.untagged_responses
        news = "EXISTS" in untagged
        untagged.clear()  # the next SELECT tells all of it
        return news


def folders(wire: Wire) -> Iterable[str]:
    """The names of the mailboxes that the login may see, and open."""
    wire.expect()
    return [
        str(name)
        for flags, _separator, name in wire.list_folders()
        if not {flag.lower() for flag in flags} & {b"\\noselect", b"\\nonexistent"}
    ]
