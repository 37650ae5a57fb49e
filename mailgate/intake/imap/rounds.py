"""One round through a mailbox: what is new is taken in batches, what gave trouble is tried alone, what is done is moved.

Laws: the spool accepts, then the ledger is written, then the mailbox is changed, in this order; a mail that cannot be taken
costs the others nothing; whatever ends a round, the next one goes on where it ended.
"""

from __future__ import annotations

import imaplib
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime

import structlog

from mailgate import counters
from mailgate.config import Config
from mailgate.errors import MailgateError, Permanent
from mailgate.failpoint import failpoint, register
from mailgate.imap_settings import ImapAccount
from mailgate.intake.imap.envelope import Envelopes, note
from mailgate.intake.imap.filing import Filing
from mailgate.intake.imap.flow import AT_ONCE_BYTES, Answers, Batch, Flow, Load, batches
from mailgate.intake.imap.hands import Accept
from mailgate.intake.imap.ledger import Cursor, Page, digest
from mailgate.intake.imap.mailbox import MAX_UID, Mailbox, Selected

WINDOW = 2_000  # UIDs that one question is about, where mails lie close together
ATTEMPTS = 4  # at a mail that fails while others come through
ATTEMPTS_ALONE = 20  # at one that fails while nothing else shows that the connection is sound

NOT_HANDED_OUT = "the server does not hand it out"

register("imap.before_fetch", "imap.fetched", "imap.accepted", "imap.settled")
_log = structlog.get_logger("mailgate.imap")


class Round:
    """Goes through one mailbox, again and again. Raises ImapTrouble, imaplib's errors, and Transient when the spool takes
    nothing for the moment."""

    def __init__(
        self, config: Config, account: ImapAccount, page: Page, accept: Accept, stopping: Callable[[], bool]
    ) -> None:
        self._account, self._page, self._accept, self._stopping = account, page, accept, stopping
        self._largest = config.smtp.max_size
        self._envelopes = Envelopes(config, account)
        self._log = _log.bind(account=account.name, mailbox=page.mailbox)
        self._filing = Filing(account, page)
        self._found = False  # mails behind the cursor, in this round
        self._good = 0  # mails that were fetched whole since the start

    def run(self, box: Mailbox) -> bool:
        """Returns whether there was anything new."""
        selected = box.select()
        self._filing.begin()
        self._found = False
        self._page.drop_from_hand()
        cursor = self._cursor(box, selected)
        self._filing.move(box)
        trouble = self._new(box, selected, cursor)
        trouble = self._again(box, cursor) or trouble
        if trouble is not None:
            raise trouble
        return self._found

    # ------------------------------------------------ where we are

    def _cursor(self, box: Mailbox, selected: Selected) -> Cursor:
        cursor = self._page.cursor()
        if cursor is not None and cursor.uidvalidity == selected.uidvalidity:
            return cursor
        last = selected.next_uid - 1 if selected.next_uid else box.last_uid()
        if cursor is None:
            cursor = self._first(selected, last)
        else:
            # RFC 3501 section 2.3.1.1: every UID may mean another mail now. What came before the first connect is told
            # by its date, what was taken since by its bytes.
            self._log.warning(
                "UIDVALIDITY changed: the mailbox is read anew",
                old=cursor.uidvalidity,
                new=selected.uidvalidity,
            )
            cursor = Cursor(selected.uidvalidity, 0, cursor.since, known_to=last, old=cursor.old)
        self._page.begin(cursor)
        return cursor

    def _first(self, selected: Selected, last: int) -> Cursor:
        first = self._account.first
        if first == "new":
            if selected.exists:
                self._log.warning(
                    "first connect: old mails are left where they are, only new ones are taken",
                    old=selected.exists, mend='first = "all", or a date, takes them too: see docs/operation.md',
                )  # fmt: skip
            return Cursor(selected.uidvalidity, last, int(time.time()), old=selected.exists)
        since = 0.0
        if isinstance(first, date):
            since = datetime(first.year, first.month, first.day, tzinfo=UTC).timestamp()
        self._log.info(
            "first connect: mails that lie there are taken", mails=selected.exists, first=str(first)
        )
        return Cursor(selected.uidvalidity, 0, since)

    # ------------------------------------------------ what is new

    def _new(self, box: Mailbox, selected: Selected, cursor: Cursor) -> MailgateError | None:
        """Take what lies behind the cursor. Returns why the spool takes nothing more, or None."""
        with Flow(self._accept, self._settle) as flow:
            for batch in self._unread(box, selected, cursor):
                if flow.size + batch.size > AT_ONCE_BYTES:
                    trouble = flow.end()
                    self._filing.move(box)
                    if trouble:
                        return trouble
                self._page.take_in_hand([*flow.uids, *batch.uids])
                load = self._fetched(box, batch, cursor)
                if trouble := flow.end(in_hand=batch.uids):
                    self._page.take_in_hand([])  # the batch just fetched is not begun
                    return trouble
                flow.begin(load)
                if self._stopping():
                    break
                self._filing.move(box)  # what the flow has settled, while the next is on its way
            trouble = flow.end()
        self._filing.move(box)
        return trouble

    def _unread(self, box: Mailbox, selected: Selected, cursor: Cursor) -> Iterator[Batch]:
        """What lies behind the cursor, which follows: whatever is not settled then must stand in hand."""
        last = cursor.last_uid
        end = selected.next_uid - 1 if selected.next_uid else box.last_uid()
        width = WINDOW if selected.exists > WINDOW else MAX_UID
        while last < end and not self._stopping():
            high = min(last + width, end)
            heads = box.heads(last + 1, high)
            width = min(width * 4, MAX_UID) if len(heads) < WINDOW // 8 else WINDOW
            yield from batches([head for head in heads if head.came >= cursor.since or not head.came])
            # Not beyond what was seen: some servers count a mail before they show it.
            if heads:
                self._found = True
                self._page.advance(heads[-1].uid)
            last = high

    def _fetched(self, box: Mailbox, batch: Batch, cursor: Cursor) -> Load:
        failpoint("imap.before_fetch")
        large = [head for head in batch.heads if head.size > self._largest]
        fitting = [head for head in batch.heads if head.size <= self._largest]
        bodies = box.bodies(fitting, self._largest) if fitting else {}
        self._good += len(bodies)
        failpoint("imap.fetched")
        load = self._load(bodies, cursor, batch.uids[-1])
        load.troubled += [(head.uid, self._too_large(head.size)) for head in large]
        load.troubled += [(head.uid, NOT_HANDED_OUT) for head in fitting if head.uid not in bodies]
        return load

    def _too_large(self, size: int) -> str:
        return f"it has {size} bytes, more than smtp.max_size ({self._largest})"

    def _load(self, bodies: dict[int, bytes], cursor: Cursor, last: int) -> Load:
        load = Load(last=last, size=sum(map(len, bodies.values())))
        for uid in sorted(bodies):
            raw = bodies[uid]
            load.hashes[uid] = digest(raw)
            if uid <= cursor.known_to and self._page.knows(load.hashes[uid]):
                load.known.append(uid)
            elif len(raw) > self._largest:
                load.troubled.append((uid, self._too_large(len(raw))))
            else:
                load.uids.append(uid)
                load.mails.append((self._envelopes.of(raw), raw))
        return load

    def _settle(self, load: Load, answers: Answers, in_hand: Sequence[int] = ()) -> MailgateError | None:
        """Note what the spool has answered. Returns why it takes nothing more, or None."""
        failpoint("imap.accepted")
        told = list(zip(load.uids, answers, strict=True))
        taken = [*load.known, *(uid for uid, error in told if error is None)]
        troubled = [(uid, f"{_weight(error)}{error}") for uid, error in told if error is not None]
        hashes = [(uid, load.hashes[uid]) for uid in taken]
        self._page.settle(hashes, load.troubled + troubled, last_uid=load.last, in_hand=in_hand)
        failpoint("imap.settled")
        if taken:
            counters.count("imap_fetched", self._account.name, by=len(taken))
        return next((e for e in answers if e is not None and not isinstance(e, Permanent)), None)

    # ------------------------------------------------ what gives trouble

    def _again(self, box: Mailbox, cursor: Cursor) -> MailgateError | None:
        """Try each mail alone that gave trouble. What ends the connection ends the round; the attempt is counted before."""
        for uid, attempts, why in self._page.troubles():
            if self._stopping():
                return None
            hopeless = why.startswith(_REFUSED)
            limit = ATTEMPTS if self._good else ATTEMPTS_ALONE
            if attempts >= limit or hopeless:
                # a header that ends the connection is not asked for again and again
                ask = hopeless or (why == NOT_HANDED_OUT and self._page.attempt(uid) <= limit + 2)
                if trouble := self._put_aside(box, uid, why.removeprefix(_REFUSED), ask=ask):
                    return trouble
                continue
            waiting = why.startswith(_WAITING)  # for the spool: nothing is wrong with the mail
            if not waiting:
                self._page.attempt(uid)
            failpoint("imap.before_fetch")
            try:
                trouble = self._alone(box, uid, cursor)
            except imaplib.IMAP4.abort:
                raise
            except imaplib.IMAP4.error as e:
                self._page.settle([], [(uid, f"the server answers {str(e)[:150]}")])
                trouble = None
            if trouble is not None:
                return trouble
        self._filing.move(box)
        return None

    def _alone(self, box: Mailbox, uid: int, cursor: Cursor) -> MailgateError | None:
        heads = box.heads(uid, uid)
        if not heads:
            self._page.settle([], gone=[uid])  # somebody removed it
            return None
        if heads[0].size > self._largest:
            return self._put_aside(box, uid, self._too_large(heads[0].size), ask=True)
        bodies = box.bodies(heads, self._largest)
        failpoint("imap.fetched")
        if not bodies:
            self._page.settle([], [(uid, NOT_HANDED_OUT)])
            return None
        self._good += 1
        if len(bodies[uid]) > self._largest:
            return self._put_aside(box, uid, self._too_large(len(bodies[uid])), ask=True)
        load = self._load(bodies, cursor, 0)
        bodies.clear()
        return self._settle(load, self._accept(load.mails) if load.mails else [])

    def _put_aside(self, box: Mailbox, uid: int, why: str, *, ask: bool) -> MailgateError | None:
        """A note of it goes into quarantine, the mail into failed_folder. Returns why the spool takes nothing, or None.

        `ask`: the header is asked for; not of a mail that ends connections.
        """
        why = why or "the connection ends whenever it is fetched"
        header = b""
        if ask:
            try:
                header = box.header(uid)
            except imaplib.IMAP4.abort:
                raise
            except imaplib.IMAP4.error:
                pass  # without
        folder = self._account.failed_folder
        where = f"account {self._account.name}, folder {folder} (it came in {self._page.mailbox}, UID {uid})"
        raw = note(header, why, where)
        error = self._accept([(self._envelopes.of(raw), raw)])[0]
        if error is not None and not isinstance(error, Permanent):
            return error
        failpoint("imap.accepted")
        self._page.put_aside(uid, why)
        self._log.error("a mail was set aside", uid=uid, why=why, folder=folder)
        self._filing.move(box)
        return None


_REFUSED, _WAITING = "refused: ", "waiting: "


def _weight(error: MailgateError) -> str:
    return _REFUSED if isinstance(error, Permanent) else _WAITING
