"""One mailbox on one connection: what lies there, its bytes, and where a mail goes that is done. UIDs only."""

from __future__ import annotations

import imaplib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from mailgate.imap_settings import ImapAccount
from mailgate.intake.imap import trouble
from mailgate.intake.imap.wire import Wire

MAX_UID = 4_294_967_295  # RFC 3501 section 9, nz-number
HEAD_BYTES = 65_536  # of the header of a mail that is not taken whole


@dataclass(frozen=True, slots=True)
class Selected:
    """What SELECT says."""

    uidvalidity: int
    next_uid: int  # 0 where the server does not say
    exists: int


@dataclass(frozen=True, slots=True)
class Head:
    """What is asked before a mail is fetched."""

    uid: int
    size: int  # RFC822.SIZE
    came: float  # INTERNALDATE, seconds since 1970; 0 where there is none


class Mailbox:
    """The one that is selected. Every method raises ImapTrouble or imaplib's errors."""

    def __init__(self, wire: Wire, account: ImapAccount, name: str) -> None:
        self._wire, self._account, self.name = wire, account, name
        self._folders: set[str] = set()

    def select(self) -> Selected:
        self._wire.expect()
        try:
            answer = self._wire.select_folder(self.name)
        except imaplib.IMAP4.abort:
            raise
        except imaplib.IMAP4.readonly as e:
            raise trouble.ImapTrouble(
                trouble.MAILBOX, f"the mailbox {self.name} of {self._account.user} can only be read",
                "give the login the right to change flags and to move mail",
            ) from e  # fmt: skip
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
        found = self._ask(f"{low}:{high}", ["RFC822.SIZE", "INTERNALDATE"])
        heads = []
        for uid, item in found.items():
            size, came = item.get(b"RFC822.SIZE"), item.get(b"INTERNALDATE")
            if low <= uid <= high and isinstance(size, int):
                heads.append(Head(uid, max(size, 0), _seconds(came)))
        return sorted(heads, key=lambda head: head.uid)

    def _ask(self, uids: str, items: Sequence[str]) -> Mapping[int, Mapping[bytes, object]]:
        """UID FETCH of a range. IMAPClient's own `fetch` wants each UID named."""
        from imapclient.response_parser import parse_fetch_response

        imap = self._wire._imap
        tag = imap._command("UID", "FETCH", uids, f"({' '.join(items)})")
        kind, data = imap._command_complete("FETCH", tag)
        if kind != "OK":
            raise imap.error(f"FETCH: {trouble.said(data[0] if data else kind)}")
        kind, data = imap._untagged_response(kind, data, "FETCH")
        try:
            parsed: Mapping[int, Mapping[bytes, object]] = parse_fetch_response(data, False, True)
        except (ValueError, AssertionError, TypeError, IndexError, KeyError) as e:
            raise imap.abort(f"an answer that cannot be read: {trouble.said(e)}") from e
        return parsed

    def bodies(self, heads: Sequence[Head], largest: int) -> dict[int, bytes]:
        """The bytes of these mails. One that is missing was removed meanwhile, or could not be read."""
        self._wire.expect(sum(min(head.size, largest) for head in heads) * 5 // 4 + largest // 4)
        found = self._ask(",".join(str(head.uid) for head in heads), ["BODY.PEEK[]"])
        wanted = {head.uid for head in heads}
        bodies = {}
        for uid, item in found.items():
            body = item.get(b"BODY[]")
            if uid in wanted and isinstance(body, bytes) and body:
                bodies[uid] = body
        return bodies

    def header(self, uid: int) -> bytes:
        """The header of one mail, cut; b"" where it cannot be had."""
        self._wire.expect(HEAD_BYTES)
        for item in self._ask(str(uid), [f"BODY.PEEK[HEADER]<0.{HEAD_BYTES}>"]).values():
            for key, value in item.items():
                if key.startswith(b"BODY[HEADER]") and isinstance(value, bytes):
                    return value[:HEAD_BYTES]
        return b""

    # ------------------------------------------------ what is done

    def file(self, uids: Sequence[int], folder: str, *, seen: bool = True) -> None:
        """Put mails where they belong: into `folder`, or with "" away. What the server cannot do safely leaves them
        where they are, as seen; a mail that is not there any more is no fault."""
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
            except imaplib.IMAP4.error:
                pass  # another mailbox' thread made it at this moment, or the move will say what is wrong
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
    """The names of the mailboxes that the login may see."""
    wire.expect()
    return [str(name) for _flags, _separator, name in wire.list_folders()]


def _seconds(came: object) -> float:
    if not isinstance(came, datetime):
        return 0.0
    try:
        return (came if came.tzinfo else came.replace(tzinfo=UTC)).timestamp()
    except (OverflowError, ValueError):
        return 0.0
