"""What IMAP servers do that no Dovecot can be made to do: every mail is kept, the others go on, nothing spins, and it is said."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from doors.dovecot import Dovecot
from doors.fake_imap import FakeImap, Script
from doors.mailboxes import Doors, account, mail, until
from hypothesis import given
from hypothesis import strategies as st

from mailgate.cli import mailboxes
from mailgate.intake.imap import account as reader
from mailgate.intake.imap import answers, flow
from mailgate.intake.imap.envelope import Envelopes

pytestmark = pytest.mark.slow


@pytest.fixture
def doors(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Doors]:
    monkeypatch.setattr(reader, "_PAUSES", {True: (0.05, 0.1), False: (0.05, 0.1)})
    doors = Doors(tmp_path / "var")
    doors.data_dir.mkdir()
    yield doors
    doors.stop()


@pytest.fixture
def serve() -> Iterator[Callable[..., FakeImap]]:
    made: list[FakeImap] = []

    def start(script: Script | None = None, **options: Any) -> FakeImap:
        made.append(FakeImap(script or {}, **options))
        return made[-1]

    yield start
    for server in made:
        server.close()


def remembered(doors: Doors, *accounts: dict[str, Any]) -> str:
    return " ".join(f"{f.level} {f.what}; {f.mend}" for f in mailboxes.remembered(doors.config(*accounts)))


def heard(server: FakeImap, word: str) -> int:
    return sum(word in line for line in server.heard)


THREE = [mail(1), mail(2), mail(3)]


def polled(server: FakeImap, **more: Any) -> dict[str, Any]:
    return account(server.port, "u", **{"idle": False, "poll_seconds": 1, **more})


# ---------------------------------------------------------------- what FETCH says


def body_of(server: FakeImap, tag: str, line: str, change: Callable[[bytes], bytes]) -> bytes:
    said = server.usual(tag, line)
    return change(said) if "BODY.PEEK[]" in line else said


def backwards(server: FakeImap, tag: str, line: str) -> bytes:
    """Out of order, with news of others in between."""
    if "BODY.PEEK[]" not in line:
        return server.usual(tag, line)
    out = b"* 9 EXISTS\r\n* 2 FETCH (FLAGS (\\Seen))\r\n"
    for uid in (3, 1, 2):
        raw = server.mails[uid]
        out += b"* %d FETCH (FLAGS (\\Recent) BODY[] {%d}\r\n%b UID %d)\r\n* 1 FETCH (FLAGS ())\r\n" % (
            uid,
            len(raw),
            raw,
            uid,
        )
    return out + f"{tag} OK done\r\n".encode()


def quoted(server: FakeImap, tag: str, line: str) -> bytes:
    """Sizes and dates in another order, as some servers write them."""
    if "BODY" in line:
        return server.usual(tag, line)
    out = b""
    for uid, raw in server.mails.items():
        out += (
            b'* %d FETCH (INTERNALDATE " 2-Nov-2026 10:00:00 +0000" MODSEQ (12) RFC822.SIZE %d UID %d)\r\n'
            % (uid, len(raw), uid)
        )
    return out + f"{tag} OK done\r\n".encode()


def no_dates(server: FakeImap, tag: str, line: str) -> bytes:
    """NIL, a date that never was, and a size that is none: the mails are taken all the same."""
    if "BODY" in line:
        return server.usual(tag, line)
    out = b"* 1 FETCH (UID 1 RFC822.SIZE 10 INTERNALDATE NIL)\r\n"
    out += b'* 2 FETCH (UID 2 RFC822.SIZE 10 INTERNALDATE "00-Jan-0000 00:00:00 +0000")\r\n'
    out += b'* 3 FETCH (UID 3 RFC822.SIZE NIL INTERNALDATE "02-Nov-2026 10:00:00 +0000")\r\n'
    return out + f"{tag} OK done\r\n".encode()


@pytest.mark.parametrize("answer", [backwards, quoted, no_dates], ids=lambda each: each.__name__)
def test_whatever_the_order_each_mail_is_taken(
    doors: Doors, serve: Callable[..., FakeImap], answer: Any
) -> None:
    server = serve({"FETCH": answer}, mails=THREE)
    with doors.running(polled(server)):
        until(lambda: len(server.moved.get("mailgate-done", [])) == 3)
    assert doors.accepted.raws == THREE, "the spool takes them in the order of the mailbox"


@pytest.mark.parametrize(
    "said",
    [b"BODY[] NIL", b'BODY[] ""', b"BODY[] {0}\r\n", b"BODY[]<0> {4}\r\nFrom"],
    ids=["NIL", "empty", "empty literal", "a part of it"],
)
def test_a_mail_without_a_body_is_set_aside_and_the_others_come(
    doors: Doors, serve: Callable[..., FakeImap], said: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reader, "SETTLE_SECONDS", 0.1)

    def answer(server: FakeImap, tag: str, line: str) -> bytes:
        uids = line.split()[3].split(",")
        if "BODY.PEEK[]" not in line or "2" not in uids:
            return server.usual(tag, line)
        others = (
            server.usual(tag, line.replace("1,2,3", "1,3"))
            if len(uids) > 1
            else f"{tag} OK done\r\n".encode()
        )
        return b"* 2 FETCH (UID 2 " + said + b")\r\n" + others

    server = serve({"FETCH": answer}, mails=THREE)
    with doors.running(polled(server)):
        until(lambda: 2 in server.moved.get("mailgate-failed", []), 30)
    assert doors.accepted.raws[:2] == [THREE[0], THREE[2]]
    assert doors.accepted.raws[2].startswith(b"X-Mailgate-Set-Aside: the server does not hand it out")
    assert b"Subject: Mail 2\r\n" in doors.accepted.raws[2]


def test_a_body_without_its_uid_is_nobodys(doors: Doors, serve: Callable[..., FakeImap]) -> None:
    """Taken for the mail whose UID is that sequence number, it would move a mail away that nobody has."""

    def answer(server: FakeImap, tag: str, line: str) -> bytes:
        stray = b"* 2 FETCH (BODY[] {5}\r\nstray)\r\n"
        return stray + server.usual(tag, line) if "BODY.PEEK[]" in line else server.usual(tag, line)

    server = serve({"FETCH": answer}, mails=THREE)
    with doors.running(polled(server)):
        until(lambda: len(server.moved.get("mailgate-done", [])) == 3)
    assert doors.accepted.raws == THREE


def test_two_mails_under_one_uid_are_both_kept(
    doors: Doors, serve: Callable[..., FakeImap], monkeypatch: pytest.MonkeyPatch
) -> None:
    def answer(server: FakeImap, tag: str, line: str) -> bytes:
        said = server.usual(tag, line)
        if "BODY.PEEK[]" in line and "2" in line.split()[3].split(","):
            return b"* 9 FETCH (UID 2 BODY[] {7}\r\nanother)\r\n" + said
        return said

    server = serve({"FETCH": answer}, mails=THREE)
    with doors.running(polled(server)):
        until(lambda: 2 in server.moved.get("mailgate-failed", []), 30)
    assert doors.accepted.raws[:2] == [THREE[0], THREE[2]]
    assert server.moved["mailgate-done"] == [1, 3]


# ---------------------------------------------------------------- what SELECT says


def test_mails_that_are_counted_before_they_are_shown(doors: Doors, serve: Callable[..., FakeImap]) -> None:
    """The cursor does not go beyond what was seen: they come when they can be."""
    hidden = [True]

    def answer(server: FakeImap, tag: str, line: str) -> bytes:
        return f"{tag} OK done\r\n".encode() if hidden[0] else server.usual(tag, line)

    server = serve({"FETCH": answer}, mails=THREE)
    with doors.running(polled(server)):
        until(lambda: heard(server, "FETCH") >= 2)
        assert heard(server, "SELECT") <= 4, "it does not spin"
        hidden[0] = False
        until(lambda: doors.accepted.raws == THREE)


def test_a_server_that_always_promises_more_does_not_make_us_spin(
    doors: Doors, serve: Callable[..., FakeImap]
) -> None:
    def select(server: FakeImap, tag: str, line: str) -> bytes:
        upcoming = 10 + 5 * heard(server, "SELECT")
        return (
            f"* 3 EXISTS\r\n* OK [UIDVALIDITY 7]\r\n* OK [UIDNEXT {upcoming}]\r\n{tag} OK done\r\n".encode()
        )

    server = serve({"SELECT": select}, mails=THREE)
    with doors.running(polled(server, after="seen")):
        until(lambda: doors.accepted.raws == THREE)
        time.sleep(1)
    assert heard(server, "SELECT") <= 5


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (
            lambda s, tag, line: (
                b"* OK [READ-ONLY]\r\n" + s.usual(tag, line).replace(b"OK done", b"OK [READ-ONLY] done")
            ),
            "can only be read",
        ),
        (lambda s, tag, line: f"{tag} NO Mailbox isn't selectable\r\n".encode(), "isn't selectable"),
    ],
    ids=["read only", "Noselect"],
)
def test_a_mailbox_that_cannot_be_opened_for_writing(
    doors: Doors, serve: Callable[..., FakeImap], answer: Any, words: str
) -> None:
    server = serve({"SELECT": answer}, mails=THREE)
    with doors.running(polled(server)):
        until(lambda: doors.state() and doors.state().bad)
    assert words in doors.state().why
    assert words in remembered(doors, polled(server))
    assert not doors.accepted.mails
    assert len(server.mails) == 3


@pytest.mark.parametrize("command", ["SELECT", "FETCH", "STORE", "MOVE", "NOOP"])
def test_bye_in_the_middle(doors: Doors, serve: Callable[..., FakeImap], command: str) -> None:
    def answer(server: FakeImap, tag: str, line: str) -> bytes:
        server.script.clear()
        return b"* BYE the server is going down\r\n"

    server = serve({command: answer} if command != "NOOP" else {"IDLE": answer}, mails=THREE)
    with doors.running(account(server.port, "u", poll_seconds=3600)):
        until(lambda: sorted(server.moved.get("mailgate-done", [])) == [1, 2, 3])
        until(lambda: server.connections >= 2)
    assert doors.accepted.raws == THREE, "each once"


# ---------------------------------------------------------------- where mails go


@pytest.mark.parametrize("words", ["[OVERQUOTA] Quota exceeded", "[TRYCREATE] no such mailbox"])
def test_what_cannot_be_moved_stays_is_not_taken_twice_and_is_told(
    doors: Doors, serve: Callable[..., FakeImap], words: str
) -> None:
    refusing = lambda s, tag, line: f"{tag} NO {words}\r\n".encode()  # noqa: E731
    server = serve({"MOVE": refusing}, mails=THREE)
    with doors.running(polled(server)):
        until(lambda: doors.state() and doors.state().good)
        server.mails[4] = mail(4)
        until(lambda: len(doors.accepted.mails) == 4)
        until(lambda: "4 mails are done and cannot be moved" in remembered(doors, polled(server)))
        assert words.partition("]")[2].strip() in remembered(doors, polled(server))
        assert heard(server, " MOVE ") < 60, "so many attempts a round, and no more"
        server.script.clear()
        until(lambda: len(server.moved.get("mailgate-done", [])) == 4)
        until(lambda: "cannot be moved" not in remembered(doors, polled(server)))
    assert doors.accepted.raws == [*THREE, mail(4)]


def test_one_mail_that_cannot_be_moved_holds_up_no_other(
    doors: Doors, serve: Callable[..., FakeImap]
) -> None:
    def answer(server: FakeImap, tag: str, line: str) -> bytes:
        return (
            f"{tag} NO cannot\r\n".encode() if 7 in server._uids(line.split()[3]) else server.usual(tag, line)
        )

    server = serve({"MOVE": answer}, mails=[mail(n) for n in range(1, 21)])
    with doors.running(polled(server)):
        until(lambda: len(server.moved.get("mailgate-done", [])) == 19)
    assert [*server.mails] == [7]
    assert "1 mails are done and cannot be moved" in remembered(doors, polled(server))


def test_a_folder_that_cannot_be_made(doors: Doors, serve: Callable[..., FakeImap]) -> None:
    nothing = lambda s, tag, line: f"{tag} OK done\r\n".encode()  # noqa: E731
    server = serve(
        {
            "LIST": nothing,
            "CREATE": lambda s, tag, line: f"{tag} NO Invalid mailbox name: begin with INBOX.\r\n".encode(),
            "MOVE": lambda s, tag, line: f"{tag} NO [TRYCREATE] none\r\n".encode(),
        },
        mails=THREE,
    )
    with doors.running(polled(server)):
        until(lambda: "cannot be moved" in remembered(doors, polled(server)))
    told = remembered(doors, polled(server))
    assert "the folder mailgate-done cannot be made: " in told
    assert "begin with INBOX." in told
    assert "done_folder" in told
    assert len(server.mails) == 3


@pytest.fixture(scope="module")
def dovecot() -> Iterator[Dovecot]:
    with Dovecot() as server:
        yield server


def test_folders_with_levels_and_letters(dovecot: Dovecot, doors: Doors) -> None:
    """Modified UTF-7 (RFC 3501 section 5.1.3) and this server's separator; with another's it is said."""
    user = dovecot.user("levels")
    dovecot.put(user, mail(1), name="1700000001.a")
    one = account(dovecot.port, user, done_folder="Erledigt.Größe & Co", poll_seconds=1, idle=False)
    with doors.running(one):
        until(lambda: dovecot.mails(user, "Erledigt.Gr&APYA3w-e &- Co"))
    dovecot.put(user, mail(2), name="1700000002.a")
    other = {**one, "done_folder": "Erledigt/Neu"}
    with doors.running(other):
        until(lambda: "cannot be made" in remembered(doors, other))
    assert doors.accepted.raws == [mail(1), mail(2)]
    assert len(dovecot.mails(user)) == 1


def test_check_lists_mailboxes_that_can_be_opened(dovecot: Dovecot, doors: Doors) -> None:
    user = dovecot.user("parents")
    dovecot.maildir(user, "Parent.Child")  # Parent is \Noselect
    one = account(dovecot.port, user, mailbox="Parent")
    (found,) = [finding for finding in mailboxes.imap(doors.config(one)) if finding.level == "error"]
    assert found.mend == "correct mailbox; there are: INBOX, Parent.Child"


# ---------------------------------------------------------------- batches on their way together


@pytest.mark.parametrize("failing", [0, 3, 5], ids=["at the first", "in the middle", "at the last"])
def test_a_connection_that_breaks_while_a_batch_is_handed_over(
    doors: Doors, serve: Callable[..., FakeImap], monkeypatch: pytest.MonkeyPatch, failing: int
) -> None:
    """What the spool took meanwhile is noted, so none is handed over twice."""
    monkeypatch.setattr(flow, "BATCH_MAILS", 5)
    raws = [mail(n) for n in range(1, 31)]
    fetched: list[str] = []

    def answer(server: FakeImap, tag: str, line: str) -> bytes:
        if "BODY.PEEK[]" in line:
            fetched.append(line)
            if len(fetched) == failing + 1:
                raise ConnectionAbortedError
        return server.usual(tag, line)

    doors.accepted.answer = lambda _e, _raw: time.sleep(0.02)  # type: ignore[func-returns-value]
    server = serve({"FETCH": answer}, mails=raws)
    with doors.running(polled(server)):
        until(lambda: len(server.moved.get("mailgate-done", [])) == 30, 30)
    assert sorted(doors.accepted.raws) == sorted(raws)
    assert not any(row[2] for row in doors.set_aside())


def test_bytes_in_hand_are_bounded(
    doors: Doors, serve: Callable[..., FakeImap], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A large mail is not fetched while another one is on its way."""
    monkeypatch.setattr(flow, "BATCH_BYTES", 50_000)
    monkeypatch.setattr("mailgate.intake.imap.rounds.AT_ONCE_BYTES", 60_000)
    handing = [0]
    beside: list[int] = []

    def answer(server: FakeImap, tag: str, line: str) -> bytes:
        if "BODY.PEEK[]" in line:
            beside.append(handing[0])
        return server.usual(tag, line)

    def accept(_envelope: Any, raw: bytes) -> None:
        handing[0] += len(raw)
        time.sleep(0.05)
        handing[0] -= len(raw)

    doors.accepted.answer = accept
    server = serve({"FETCH": answer}, mails=[mail(n, 55_000) for n in range(1, 6)])
    with doors.running(polled(server)):
        until(lambda: len(server.moved.get("mailgate-done", [])) == 5)
    assert beside == [0] * 5


# ---------------------------------------------------------------- time


def test_a_server_with_news_at_every_answer_does_not_make_us_spin(
    doors: Doors, serve: Callable[..., FakeImap]
) -> None:
    def idle(server: FakeImap, tag: str, line: str) -> bytes:
        return server.usual(tag, line) + b"* 0 EXISTS\r\n"

    server = serve({"IDLE": idle})
    with doors.running(account(server.port, "u")):
        until(lambda: heard(server, "IDLE"))
        time.sleep(1.5)
        assert heard(server, "SELECT") <= 2 * reader.HASTY_ROUNDS
        server.mails[1] = mail(1)
        until(lambda: server.moved.get("mailgate-done") == [1])


def test_a_mailbox_that_is_numbered_anew_each_time_does_not_make_us_spin(
    doors: Doors, serve: Callable[..., FakeImap]
) -> None:
    def select(server: FakeImap, tag: str, line: str) -> bytes:
        changed = b"UIDVALIDITY %d" % (7 + heard(server, "SELECT"))
        return server.usual(tag, line).replace(b"UIDVALIDITY 7", changed)

    server = serve({"SELECT": select}, mails=THREE)
    with doors.running(polled(server, after="seen")):
        until(lambda: heard(server, "SELECT") > 2)
        time.sleep(1.5)
    assert heard(server, "SELECT") <= 2 * reader.HASTY_ROUNDS
    assert doors.accepted.raws == THREE


@pytest.mark.parametrize("begin", [b"", b"* OK ready\r\n"], ids=["greeting", "login"])
def test_an_answer_that_drips_in_is_cut_off(doors: Doors, begin: bytes) -> None:
    """Before the watchdog knows the connection; a socket's own timeout begins anew with each byte."""
    over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            with contextlib.suppress(OSError):
                wire, _ = server.accept()
                with wire:
                    wire.sendall(begin)
                    while not over.wait(0.05):
                        wire.sendall(b"x")

        threading.Thread(target=serve, daemon=True).start()
        try:
            with doors.running(account(server.getsockname()[1], "u", timeout=0.5)):
                until(lambda: "takes too long" in getattr(doors.state(), "why", ""))
        finally:
            over.set()


# ---------------------------------------------------------------- the envelope


@pytest.mark.parametrize("word", ["a\x01b", "a\x7f", "a]b", "a\\b"])
def test_an_address_that_cannot_be_said_is_left_out(doors: Doors, word: str) -> None:
    """The listener would refuse the mail for it, or the connection to it end in the middle of a batch."""
    config = doors.config(account(1, "u", envelope_headers=["Delivered-To"]))
    raw = f"Return-Path: <{word}@b.example>\r\nDelivered-To: support+{word}@example.com\r\n\r\n".encode()
    envelope = Envelopes(config, config.imap[0]).of(raw)
    assert (envelope.mail_from, envelope.rcpt_to) == ("", ("support@example.com",))


# ---------------------------------------------------------------- the reader of FETCH


@given(st.lists(st.one_of(st.binary(max_size=60), st.tuples(st.binary(max_size=60), st.binary(max_size=20)))))
def test_any_answer_is_read_or_refused(pieces: list[Any]) -> None:
    for read in (answers.heads, lambda data: answers.parts(data, b"BODY[]")):
        with contextlib.suppress(ValueError):
            list(read(pieces))


@given(
    st.permutations(
        ["UID 5", "RFC822.SIZE 70", 'INTERNALDATE "02-Nov-2026 10:00:00 +0100"', "FLAGS (\\Seen a)"]
    )
)
def test_usual_heads_mean_what_imapclient_reads(words: list[str]) -> None:
    line = f"1 ({' '.join(words)})".encode()
    (usual,) = answers.heads([line])
    (other,) = answers.heads([line.replace(b" (", b" (MODSEQ (1) ", 1)])
    assert usual == other == answers.Head(5, 70, 1793610000.0)
