"""The operator's commands over a real database: messages, quarantine, outbox, files, people, keys."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from mailgate.errors import NotFound
from mailgate.intake.imap.envelope import note
from mailgate.store import operator
from mailgate.store.engine import Store

pytestmark = pytest.mark.slow

Run = Callable[..., Any]


# ---- messages and quarantine


def test_messages(desk: Any, mailgate: Run) -> None:
    found = mailgate("messages", "--json").json
    assert [each["outcome"] for each in found] == ["ticket", "ticket"]
    assert {each["ticket"] for each in found} == {1, 2}
    assert mailgate("messages", "list", "--outcome", "bounce", "--json").json == []
    assert mailgate("messages", "--outcome", "lost").code == 64
    id = found[0]["id"]
    one = mailgate("messages", "show", id, "--json").json
    assert one["reasons"] == found[0]["reasons"] != []
    assert one["envelope"]["rcpt_to"] == ["support@example.com"]
    shown = mailgate("messages", "show", id[:-4]).out
    assert "Why:" in shown
    assert found[0]["reasons"][-1][:40] in shown


def test_the_raw_bytes_come_back_as_they_were(
    empty_desk: Any, mailgate: Run, mail: Run, capfdbinary: Any
) -> None:
    raw = mail(text="odd: \x80\n").replace(b"morning", b"m\xff\x00rning")
    (id,) = empty_desk.land(raw)
    capfdbinary.readouterr()
    from mailgate.cli import run

    assert run(["messages", "show", id, "--raw"]) == 0
    assert capfdbinary.readouterr().out == raw


LOOP = {"X-Spam-Flag": "YES"}


def test_quarantine_and_release(desk: Any, mailgate: Run, mail: Run) -> None:
    (id,) = desk.land(mail("You have won", headers=LOOP))
    (found,) = mailgate("quarantine", "list", "--json").json
    assert (found["id"], found["outcome"]) == (id, "quarantined")
    assert mailgate("quarantine").out.count("You have won") == 1
    assert "X-Spam-Flag" in mailgate("quarantine", "show", id).out

    assert mailgate("quarantine", "retry", id).code == 0
    assert len(mailgate("quarantine", "list", "--json").json) == 1, "by all the rules it is spam still"

    released = mailgate("quarantine", "release", id)
    assert (released.code, "ticket #3" in released.out) == (0, True)
    assert mailgate("quarantine", "list", "--json").json == []
    assert mailgate("ticket", "3", "--json").json["title"] == "You have won"
    (message,) = [each for each in mailgate("messages", "--json").json if each["id"] == id]
    assert (message["outcome"], message["ticket"]) == ("ticket", 3)


def test_what_is_not_in_quarantine_stays_as_it_is(desk: Any, mailgate: Run) -> None:
    id = mailgate("messages", "--json").json[0]["id"]
    for word in ("release", "retry"):
        found = mailgate("quarantine", word, id)
        assert (found.code, "not in quarantine" in found.err) == (64, True)
    assert mailgate("quarantine", "release", "0" * 8).code == 66
    assert len(mailgate("tickets", "--json").json) == 2


def test_a_blocked_sender_is_released_once_and_retried_after_the_block_ends(
    empty_desk: Any, mailgate: Run, mail: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    blocked = empty_desk.config.trust.model_copy(update={"block": ["@globex.example"]})
    empty_desk.config = empty_desk.config.model_copy(update={"trust": blocked})
    first, second = empty_desk.land(mail("One"), mail("Two"))
    assert len(mailgate("quarantine", "list", "--json").json) == 2
    monkeypatch.setenv("MAILGATE_TRUST__BLOCK", '["@globex.example"]')
    assert "ticket #1" in mailgate("quarantine", "release", first).out
    monkeypatch.delenv("MAILGATE_TRUST__BLOCK")
    assert "ticket #2" in mailgate("quarantine", "retry", second).out


@pytest.mark.parametrize("word", ["release", "retry"])
@pytest.mark.parametrize(
    ("why", "mend"),
    [
        (
            "it has 30000000 bytes, more than smtp.max_size (26214400)",
            "raise smtp.max_size and start mailgate anew",
        ),
        ("the server does not hand it out", "mend that"),
    ],
    ids=["too large", "unreadable"],
)
def test_a_note_of_a_mailbox_says_where_the_mail_is(
    desk: Any, mailgate: Run, mail: Run, word: str, why: str, mend: str
) -> None:
    """Released, it would be a ticket that says "mailgate could not take this mail" to the customer."""
    place = "account main, folder mailgate-failed (it came in INBOX, UID 7)"
    (id,) = desk.land(note(mail("A large file"), why, place), door="imap", mail_from="")
    said = mailgate("quarantine", word, id)
    assert said.code == 65
    assert why in said.err
    assert f"the mail lies on the mail server: {place}" in said.err
    assert mend in said.err
    assert "back into the mailbox that it came in" in said.err
    assert len(mailgate("quarantine", "list", "--json").json) == 1
    assert len(mailgate("tickets", "--json").json) == 2


def test_a_mail_that_only_looks_like_a_note_can_be_released(desk: Any, mailgate: Run, mail: Run) -> None:
    forged = b"Received: from x\r\n" + mail("Help", headers={"X-Mailgate-Set-Aside": "too large"})
    (id,) = desk.land(forged, door="imap")
    assert mailgate("quarantine", "list", "--json").json[0]["id"] == id
    assert "ticket #3" in mailgate("quarantine", "release", id).out


def test_a_mail_that_was_moved_back_is_no_duplicate_of_its_note(desk: Any, mailgate: Run, mail: Run) -> None:
    raw = mail("A large file", message_id="<large@globex.example>")
    desk.land(note(raw, "too large", "somewhere"), door="imap", mail_from="")
    (id,) = desk.land(raw, door="imap", mail_from="")
    assert (
        next(each for each in mailgate("messages", "--json").json if each["id"] == id)["outcome"] == "ticket"
    )


# ---- outbox


def test_outbox(desk: Any, mailgate: Run) -> None:
    found = mailgate("outbox", "--json").json
    assert {
        "id",
        "to",
        "template",
        "ticket",
        "message_id",
        "state",
        "attempts",
        "next_attempt",
        "last_error",
    } <= set(found[0])
    assert {each["template"] for each in found} >= {"acknowledgement", "new_ticket"}
    assert mailgate("outbox", "list", "--state", "sent", "--json").json == []
    assert mailgate("outbox", "list", "--state", "lost").code == 64
    id = str(found[0]["id"])
    assert mailgate("outbox", "show", id, "--json").json["mail"] is None
    assert "not rendered yet" in mailgate("outbox", "show", id).out
    assert mailgate("outbox", "retry", id).code == 0
    assert mailgate("outbox", "retry", "7").code == 66
    assert mailgate("outbox", "show", "7").code == 66


# ---- files


def test_a_left_out_file_is_taken(desk: Any, mailgate: Run, tmp_path: Path) -> None:
    files = mailgate("attachment", "list", "1", "--json").json
    assert [(each["filename"], each["state"]) for each in files] == [
        ("file-1.txt", "kept"), ("file-2.txt", "kept"), ("file-3.txt", "left_out"),
    ]  # fmt: skip
    message, part = files[2]["message"], files[2]["part"]
    assert mailgate("attachment", "list", message, "--json").json == files
    taken = mailgate("attachment", "take", message, part, "--output", str(tmp_path / "out.txt"))
    assert (taken.code, "ticket #1" in taken.err) == (0, True)
    assert (tmp_path / "out.txt").read_bytes() == b"file 3\r\n"
    ticket = mailgate("ticket", "1", "--json").json
    assert [each["filename"] for each in ticket["comments"][0]["attachments"]] == [
        "file-1.txt",
        "file-2.txt",
        "file-3.txt",
    ]
    assert ticket["comments"][0]["left_out"] == []
    assert [each["code"] for each in ticket["history"]].count("file_taken") == 1
    again = mailgate("attachment", "take", message, part)
    assert (again.code, again.out.strip()) == (0, "file 3")
    assert [each["code"] for each in mailgate("ticket", "1", "--json").json["history"]].count(
        "file_taken"
    ) == 1


def test_files_of_a_message_on_no_ticket(desk: Any, mailgate: Run, mail: Run) -> None:
    (id,) = desk.land(mail("You have won", files=1, headers=LOOP))
    (file,) = mailgate("attachment", "list", id, "--json").json
    assert file["filename"] == "file-1.txt"
    assert mailgate("attachment", "take", id, file["part"]).out.strip() == "file 1"
    assert "file-1.txt" in mailgate("attachment", "list", id).out


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["list", "99"], 66),
        (["list", "00000000-0000-0000-0000-000000000000"], 66),
        (["take", "00000000-0000-0000-0000-000000000000", "2"], 66),
        (["take", "{first}", "9.9"], 66),
        (["take", "{first}", "2", "--output", "no/such/folder/x"], 69),
    ],
)
def test_files_that_are_not_there(words: list[str], code: int, desk: Any, mailgate: Run) -> None:
    first = mailgate("attachment", "list", "1", "--json").json[0]["message"]
    found = mailgate("attachment", *(word.format(first=first) for word in words))
    assert (found.code, len(found.err.splitlines())) == (code, 1)


# ---- people, database, keys


def test_people(desk: Any, mailgate: Run, tmp_path: Path) -> None:
    found = {each["address"]: each for each in mailgate("people", "--json").json}
    assert found["ana@example.com"]["supervisor"]
    assert found["claire@globex.example"]["account"] == "Globex France"
    assert mailgate("people", "list", "--json").json == list(found.values())
    assert (
        mailgate("people", "show", "Claire@Globex.example", "--json").json == found["claire@globex.example"]
    )
    assert mailgate("people", "show", "nobody@example.com").code == 66
    assert "Nothing to change" in mailgate("people", "sync").out
    file = tmp_path / "config" / "people.toml"
    file.write_text(file.read_text() + '[[agents]]\naddress = "cem@example.com"\nteams = ["support"]\n')
    assert mailgate("people", "sync", "--json").json["agents_added"] == ["cem@example.com"]
    file.write_text("[[agents]]\n")
    broken = mailgate("people", "sync")
    assert (broken.code, "agents[1]" in broken.err) == (78, True)


def test_the_database(desk: Any, mailgate: Run) -> None:
    assert (
        mailgate("db", "version", "--json").json["revision"]
        == mailgate("db", "version", "--json").json["needed"]
    )
    assert mailgate("db", "upgrade").code == 0
    assert mailgate("db", "check", "--json").json == []


def test_a_database_is_made_where_there_is_none(mailgate: Run, tmp_path: Path) -> None:
    assert mailgate("db", "version", "--json").json["revision"] is None
    assert mailgate("db", "upgrade").code == 0
    assert (tmp_path / "var" / "mailgate.db").exists()
    assert mailgate("tickets", "--json").json == []
    assert mailgate("tickets").out == "No tickets.\n"


def test_a_database_of_a_newer_mailgate_is_left_alone(desk: Any, mailgate: Run, tmp_path: Path) -> None:
    from pysqlite3 import dbapi2

    conn = dbapi2.connect(str(tmp_path / "var" / "mailgate.db"))
    conn.execute("UPDATE alembic_version SET version_num = '9999'")
    conn.commit()
    conn.close()
    for words in (["tickets"], ["db", "upgrade"], ["db", "version"], ["comment", "1", "x"]):
        found = mailgate(*words)
        assert (found.code, "9999" in found.err, len(found.err.splitlines())) == (69, True, 1)
    assert [each["level"] for each in mailgate("check", "--json").json if each["about"] == "database"] == [
        "error"
    ]


def test_keys(desk: Any, mailgate: Run) -> None:
    (first,) = mailgate("token", "list", "--json").json
    assert mailgate("token", "rotate").code == 0
    found = mailgate("token", "list", "--json").json
    assert [each["signs"] for each in found] == [True, False]
    assert [each["id"] for each in found if each["retired"]] == [first["id"]]
    assert set(found[0]) == {"id", "created", "retired", "signs"}


def test_templates(mailgate: Run) -> None:
    assert mailgate("templates", "check", "--json").json == []
    shown = mailgate("templates", "show", "update", "--language", "fr")
    assert (shown.code, shown.out.startswith("Subject: ")) == (0, True)
    german = mailgate("templates", "show", "update", "--lang", "de", "--html", "-")
    assert '<html lang="de"' in german.out
    written = mailgate("templates", "show", "update", "--lang", "de", "--html", "page.html")
    assert (written.code, written.out.startswith("page.html: [#12] ")) == (0, True)
    assert Path("page.html").read_text("utf-8").startswith("<!DOCTYPE html>")
    assert (
        "--html no/page.html: cannot be written"
        in mailgate("templates", "show", "update", "--html", "no/page.html").err
    )
    assert mailgate("templates", "show", "update", "--lang", "xx").code == 64
    assert mailgate("templates", "show", "greeting").code == 64


def test_every_json_is_json(desk: Any, mailgate: Run) -> None:
    for words in (
        ["tickets"],
        ["messages"],
        ["outbox"],
        ["people"],
        ["quarantine"],
        ["check"],
        ["token", "list"],
        ["attachment", "list", "1"],
    ):
        assert isinstance(json.loads(mailgate(*words, "--json").out), list)


def test_the_store_on_both_databases(store: Store) -> None:
    with store.reading() as conn:
        assert operator.check(conn) == []
        with pytest.raises(NotFound):
            operator.mail(conn, 7)
    if store.dialect == "postgresql":
        with store.writing() as conn:
            conn.execute(text("DROP TABLE bounces"))
        with store.reading() as conn:
            assert operator.check(conn) == ["the table bounces is missing"]
