"""`people forget`, on both sorts of database: no trace of a person in any column but for what is kept on purpose."""

from __future__ import annotations

import email.message
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from security.desk import ANA, TEAM, Desk, Sent
from sqlalchemy import LargeBinary, insert, select, update

from mailgate.errors import NotFound
from mailgate.store import forget, messages, raw, schema, views
from mailgate.store.scrub import WORDS

JOE, JOES = "joe.bloggs@acme.example", "Joe Bloggs <Joe.Bloggs@acme.example>"
CAROL, MALLORY = "carol@acme.example", "mallory@other.example"
# what only Joe said, in every place where a mail can say it
MARKS = ("joe.bloggs", "joe bloggs", "zebra", "walrus", "ocelot.txt", "lemur", "joes-laptop", "puffin")


@pytest.fixture
def desk(store_url: str, tmp_path: Path) -> Iterator[Desk]:
    made = Desk(tmp_path / "desk" / "x", store_url)
    yield made
    made.close()


def with_file(sender: str, subject: str, body: str, **headers: str) -> bytes:
    mail = email.message.EmailMessage()
    mail["Authentication-Results"] = "mx.example.com; dmarc=pass header.from=acme.example"
    mail["Received"] = "from client by mx.example.com; Mon, 2 Mar 2026 10:00:00 +0000"
    mail["From"], mail["Subject"], mail["Date"] = sender, subject, "Mon, 02 Mar 2026 10:00:00 +0000"
    for name, value in headers.items():
        mail[name.replace("_", "-")] = value
    mail.set_content(body)
    for name in ("ocelot.txt", "walrus.txt", "third-ocelot.txt"):
        mail.add_attachment("A walrus.\n", filename=name)
    return mail.as_bytes().replace(b"\n", b"\r\n")


def told(desk: Desk, to: str) -> Sent:
    return next(sent for sent in reversed(desk.sent) if sent.to == to)


def lived(desk: Desk) -> int:
    """A ticket that Joe opened, on which everybody wrote; his number."""
    first = with_file(
        JOES, "Zebra trouble", "Device: m1\nRecipient: mallory@other.example\nColour: lemur\n\nMy zebra is ill.\n",
        To="support@example.com", Cc=CAROL, Message_ID="<first.joe.bloggs@acme.example>",
    )  # fmt: skip
    number = desk.number_of(desk.land(first, JOE, helo="joes-laptop"))
    desk.deliver()
    desk.write(ANA, f"Re: [#{number}]", "How is it?\n", believed=True)
    desk.deliver()
    reply = told(desk, JOE).message["Reply-To"].addresses[0].addr_spec
    desk.write(
        JOES,
        "Re: [#1]",
        "Escalate: the zebra\n\nA walrus as well.\n\n-- \nJoe Bloggs\n",
        to=(reply,),
        believed=True,
    )
    desk.deliver()
    quote = f"Me too.\n\nOn Monday, {JOES} wrote:\n> My zebra is ill.\n"
    desk.write(CAROL, f"Re: [#{number}] Zebra trouble", quote, to=("support@example.com", JOE), believed=True)
    desk.deliver()
    report = (
        f"From: MAILER-DAEMON@mx.example.com\r\nTo: {told(desk, JOE).return_path}\r\nSubject: failed\r\n"
        "Received: from a by b\r\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n"
        "--b\r\nContent-Type: text/plain\r\n\r\nNo puffin here.\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\n"
        f"Reporting-MTA: dns; mx.example.com\r\n\r\nFinal-Recipient: rfc822; {JOE}\r\nAction: failed\r\n"
        f"Status: 4.2.2\r\nDiagnostic-Code: smtp; 452 the puffin of {JOE} is full\r\n\r\n--b--\r\n"
    )
    desk.land(report.encode(), "", (told(desk, JOE).return_path,))
    return number


def gone(desk: Desk, address: str = JOE) -> forget.Report:
    with desk.store.reading() as conn:
        found = forget.survey(conn, address)
    return forget.forget(desk.store, found, desk.now, "shell")


def traces(desk: Desk) -> dict[tuple[str, str], list[str]]:
    """Where the marks stand, by table and column."""
    found: dict[tuple[str, str], list[str]] = {}
    with desk.store.reading() as conn:
        for table in schema.metadata.sorted_tables:
            for row in conn.execute(select(table)):
                for column in table.c:
                    value = getattr(row, column.name)
                    if isinstance(column.type, LargeBinary) and table is schema.raw:
                        value = zlib.decompress(value)
                    shown = value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
                    words = [mark for mark in MARKS if mark in shown.lower()]
                    if words:
                        found.setdefault((table.name, column.name), []).extend(words)
    return found


def test_nothing_of_him_is_left_but_what_others_said(desk: Desk) -> None:
    number = lived(desk)
    before = {place[0] for place in traces(desk)}
    assert before >= {
        "people",
        "messages",
        "raw",
        "comments",
        "attachments",
        "history",
        "outbox",
        "bounces",
        "tickets",
    }
    counted = messages_by_outcome(desk)
    report = gone(desk)
    left = traces(desk)
    assert set(left) == {("raw", "data"), ("comments", "quoted")}, "Carol's mail and her quote"
    assert report.kept["others_raw"] == 1
    assert report.kept["others_comments"] == 1
    assert messages_by_outcome(desk) == counted, "the audit still balances"
    shown = desk.ticket(number)
    assert shown["assignee"] == report.placeholder
    assert [c["text"] for c in shown["comments"]] == [WORDS, "How is it?", WORDS, "Me too."]
    assert (
        shown["history"][-1]["what"]
        == f"The data of a person, now {report.placeholder}, was removed by shell"
    )
    assert (shown["category"], shown["devices"]) == ("general", ["m1"])
    nothing = {key for key, count in report.removed.items() if not count}
    assert nothing <= {"images", "withdrawn", "recipients"}


def messages_by_outcome(desk: Desk) -> dict[str, int]:
    with desk.store.reading() as conn:
        return messages.outcomes(conn)


def test_again_it_finds_nothing(desk: Desk) -> None:
    lived(desk)
    gone(desk)
    with desk.store.reading() as conn:
        found = forget.survey(conn, JOE)
    assert (found.person, found.mine, found.mails, found.tickets) == (None, (), (), ())
    assert found.others == ()
    with desk.store.reading() as conn:
        before = [list(conn.execute(select(t))) for t in schema.metadata.sorted_tables]
    forget.forget(desk.store, found, desk.now, "shell")
    with desk.store.reading() as conn:
        assert [list(conn.execute(select(t))) for t in schema.metadata.sorted_tables] == before


def test_he_may_come_again_as_somebody_new(desk: Desk) -> None:
    number = lived(desk)
    old = told(desk, JOE).message["Reply-To"].addresses[0].addr_spec
    report = gone(desk)
    row = desk.write(JOES, "Hello again", believed=True)
    assert row.ticket_id not in (None, number)
    people = {p.address: p.id for p in desk.rows("people")}
    assert people[JOE] != people[report.placeholder]
    held = desk.write(JOES, "Re: It", "Mine once.\n", to=(old,), believed=True)
    assert held.ticket_id == number
    assert desk.ticket(number)["comments"][-1]["why_held"] in ("third_party", "")


def test_nobody_writes_to_the_one_who_is_gone(desk: Desk) -> None:
    number = lived(desk)
    gone(desk)
    desk.sent.clear()
    desk.write(ANA, f"Re: [#{number}]", "Are you there?\n", believed=True)
    desk.write(CAROL, f"Re: [#{number}]", "Escalate: please\n\nHello?\n", believed=True)
    sent = desk.deliver()
    assert sent
    assert not [mail.to for mail in sent if "invalid" in mail.to or "bloggs" in mail.to]
    assert not any(
        mark in mail.raw.decode().lower() for mail in sent for mark in ("bloggs", "zebra", "walrus")
    )


def test_mails_to_him_that_wait_are_withdrawn(desk: Desk) -> None:
    number = lived(desk)
    desk.deliver()
    desk.write(ANA, f"Re: [#{number}]", "One more word.\n", believed=True)
    report = gone(desk)
    assert report.removed["withdrawn"] == 1
    assert JOE not in [mail.to for mail in desk.deliver()]
    states = [row.state for row in desk.rows("outbox") if row.address == report.placeholder]
    assert sorted(set(states)) == ["sent", "withdrawn"]


def test_a_mail_to_a_colleague_that_waits_goes_without_his_words(desk: Desk) -> None:
    number = lived(desk)
    desk.deliver()
    desk.sent.clear()
    desk.write(JOES, f"Re: [#{number}]", "A second walrus.\n", believed=True)
    gone(desk)
    sent = desk.deliver()
    assert TEAM in [mail.to for mail in sent]
    assert not any(mark in mail.raw.decode().lower() for mail in sent for mark in ("bloggs", "walrus"))


def test_what_is_being_sent_is_left_and_found_the_next_time(desk: Desk) -> None:
    number = lived(desk)
    desk.write(ANA, f"Re: [#{number}]", "One more word.\n", believed=True)
    table = schema.outbox
    with desk.store.writing() as conn:
        conn.execute(update(table).where(table.c.state == "waiting").values(state="sending"))
    report = gone(desk)
    assert report.kept["sending"] == 1
    with desk.store.writing() as conn:
        conn.execute(update(table).where(table.c.state == "sending").values(state="sent"))
    again = gone(desk)
    assert again.removed["outbox"] == 1
    assert ("outbox", "address") not in traces(desk)


def test_interrupted_it_is_finished_by_the_next_run(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    lived(desk)

    def dies(*_: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(forget, "_person", dies)
        with pytest.raises(KeyboardInterrupt):
            gone(desk)
    gone(desk)
    assert set(traces(desk)) == {("raw", "data"), ("comments", "quoted")}


def test_in_small_batches(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("MESSAGES", "TICKETS", "MAILS"):
        monkeypatch.setattr(forget, name, 1)
    for n in range(3):
        desk.write(JOES, f"Zebra {n}", believed=True)
    desk.deliver()
    heard: list[tuple[int, int]] = []
    with desk.store.reading() as conn:
        found = forget.survey(conn, JOE)
    forget.forget(desk.store, found, desk.now, "shell", lambda done, all: heard.append((done, all)))
    assert heard == [(n + 1, len(heard)) for n in range(len(heard))]
    assert len(heard) == 3 + 3 + 3
    assert traces(desk) == {}


def test_a_mail_in_quarantine_and_one_of_nobody(desk: Desk) -> None:
    """Somebody without a row, whose mail was set aside."""
    row = desk.write(MALLORY, "zebra", headers={"X-Spam-Flag": "YES"})
    assert row.outcome == "quarantined"
    report = gone(desk, MALLORY)
    assert report.removed["raw"] == 1
    assert traces(desk) == {}
    with desk.store.reading() as conn, pytest.raises(NotFound, match="removed"):
        raw.get(conn, row.id)
    with desk.store.reading() as conn:
        assert views.quarantine(conn)[0]["sender"] == report.placeholder


def test_a_switched_off_address_and_mail_to_the_operator(desk: Desk) -> None:
    """What stands on no ticket: why his address was off, and what the operator was told."""
    number = lived(desk)
    (joe,) = (p.id for p in desk.rows("people") if p.address == JOE)
    with desk.store.writing() as conn:
        off = {"person_id": joe, "since": desk.now, "why": f"550 no {JOE}"}
        conn.execute(insert(schema.dead_addresses).values(off))
        conn.execute(update(schema.tickets).where(schema.tickets.c.id == number).values(waits=JOE))
        row = next(conn.execute(select(schema.outbox).where(schema.outbox.c.address == TEAM)).mappings())
        told = {"problems": [{"code": "loop_stopped", "params": {"address": JOE}}]}
        more = {
            "id": 7,
            "message_id": "<7@example.com>",
            "ticket_id": None,
            "context": told,
            "tags": [f"loop {JOE}"],
        }
        conn.execute(insert(schema.outbox).values({**row, **more, "mail": JOE.encode()}))
    gone(desk)
    assert set(traces(desk)) == {("raw", "data"), ("comments", "quoted")}
    assert next(r for r in desk.rows("tickets") if r.id == number).waits == ""


def test_addresses_that_only_look_like_his_stay(desk: Desk) -> None:
    near = ("x.joe.bloggs@acme.example", "joe.bloggs@acme.example.org")
    for address in (*near, JOE):
        desk.write(address, "Hello", believed=True)
    gone(desk)
    known = {p.address for p in desk.rows("people")}
    assert known >= set(near)
    assert {m.sender for m in desk.rows("messages")} >= set(near)


@pytest.mark.parametrize(
    ("address", "why"), [(ANA, "an agent"), (TEAM, "of team support"), (CAROL, ""), (MALLORY, "")]
)
def test_staff_is_not_forgotten(desk: Desk, address: str, why: str) -> None:
    with desk.store.reading() as conn:
        assert why in forget.refusal(conn, address)
        assert bool(why) is bool(forget.refusal(conn, address))


def test_a_compacted_file_of_sqlite_holds_nothing_either(tmp_path: Path, sqlite_file: Path) -> None:
    """Neither in free pages nor in the log."""
    file = tmp_path / "mailgate.db"
    file.write_bytes(sqlite_file.read_bytes())
    desk = Desk(file)
    try:
        for n in range(30):
            desk.write(JOES, f"Zebra {n}", "A walrus.\n" * 50, believed=True)
        desk.deliver()
        desk.store.empty_log()
        assert b"zebra" in file.read_bytes().lower()
        gone(desk)
        assert desk.store.compact()
        for part in (file, file.with_name("mailgate.db-wal")):
            found = [
                mark for mark in ("bloggs", "zebra", "walrus") if mark.encode() in part.read_bytes().lower()
            ]
            assert found == [], part
    finally:
        desk.close()
