"""Which files of a tree hold mail, in which order, and the envelopes that their mails get."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest
from doors.ground import NOBODY, entered_by_all

from mailgate.importing.items import Given, Item, items
from mailgate.importing.sources import Found, Unreadable, find

MAIL = b"From: a@example.org\nSubject: x\n\nhi\n"
BOX = b"From a@example.org Thu Jan  2 03:04:05 2020\n" + MAIL + b"\n"
OWN = ("support@example.com", "billing@example.com")
GIVEN = Given(None, (), OWN, 100_000)


def put(path: Path, raw: bytes = MAIL) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(raw)
    return path


def names(tree: Path, *paths: Path) -> list[tuple[str, str]]:
    return [
        (os.path.relpath(each.path, tree), each.kind)
        if isinstance(each, Found)
        else (each.name, "unreadable")
        for each in find(paths or (tree,))
    ]


def test_a_tree(tmp_path: Path) -> None:
    for name in (
        "b.eml",
        "a.EML",
        "notes.txt",
        "17",
        "x17",
        "INBOX.msf",
        "empty.eml",
        "sub/c.eml",
        "sub/deep/d.mbox",
    ):
        put(tmp_path / name)
    put(tmp_path / "empty.eml", b"")
    put(tmp_path / "Sent", BOX)
    put(tmp_path / "old.mbox", BOX)
    assert names(tmp_path) == [
        ("17", "mail"), ("Sent", "mbox"), ("a.EML", "mail"), ("b.eml", "mail"), ("old.mbox", "mbox"),
        ("sub/c.eml", "mail"), ("sub/deep/d.mbox", "mail"),
    ]  # fmt: skip


def test_a_maildir_with_its_folders(tmp_path: Path) -> None:
    for name in (
        "cur/1500000002.a:2,S",
        "new/1500000001.b",
        "cur/1500000003.c",
        "tmp/1500000000.d",
        "cur/.hidden",
    ):
        put(tmp_path / name)
    put(tmp_path / "dovecot.index.cache", b"\x00")
    put(tmp_path / ".Archive.2020/cur/1400000000.x")
    (tmp_path / ".Archive.2020/new").mkdir()
    assert [name for name, _ in names(tmp_path)] == [
        "new/1500000001.b", "cur/1500000002.a:2,S", "cur/1500000003.c", ".Archive.2020/cur/1400000000.x",
    ]  # fmt: skip


def test_a_maildir_of_names_without_a_time_goes_by_the_files_own(tmp_path: Path) -> None:
    for name, second in (("cur/b", 1), ("new/a", 3), ("cur/c", 2)):
        os.utime(put(tmp_path / name), (second, second))
    (tmp_path / "tmp").mkdir()
    assert [name for name, _ in names(tmp_path)] == ["cur/b", "cur/c", "new/a"]


def test_links_lead_in_no_circle(tmp_path: Path) -> None:
    put(tmp_path / "tree/a/m.eml")
    (tmp_path / "tree/a/up").symlink_to(tmp_path / "tree")
    (tmp_path / "tree/a/self").symlink_to("self")
    (tmp_path / "tree/b").symlink_to(tmp_path / "tree/a")
    (tmp_path / "tree/gone.eml").symlink_to("nowhere")
    found = names(tmp_path, tmp_path / "tree")
    assert [name for name, kind in found if kind != "unreadable"] == ["tree/a/m.eml"]
    assert {Path(name).name for name, kind in found if kind == "unreadable"} == {"gone.eml", "self"}


def test_what_cannot_be_read_is_named_and_the_rest_goes_on(tmp_path: Path) -> None:
    put(tmp_path / "a.eml")
    os.mkfifo(tmp_path / "fifo.eml")
    found = list(find([tmp_path / "missing", tmp_path / "fifo.eml", tmp_path]))
    assert [type(each) for each in found] == [Unreadable, Unreadable, Found]


def test_what_may_not_be_read() -> None:
    """Root reads everything, and is nobody for as long as it takes."""
    us = os.geteuid()
    with entered_by_all() as tree:
        put(tree / "closed/a.eml").chmod(0)
        (tree / "shut").mkdir(0)
        try:
            os.seteuid(us or NOBODY["user"])
            found = names(tree)
        finally:
            os.seteuid(us)
    assert [kind for _, kind in found] == ["unreadable", "unreadable"]


# ---------------------------------------------------------------- envelopes


def one(path: Path, given: Given = GIVEN) -> Item:
    [found] = find([path])
    assert isinstance(found, Found)
    [item] = items(found, given)
    assert isinstance(item, Item)
    return item


@pytest.mark.parametrize(
    ("head", "sender", "recipient"),
    [
        (b"From: A <a@example.org>\n", "a@example.org", "support@example.com"),
        (b"Return-Path: <>\nFrom: a@example.org\n", "", "support@example.com"),
        (b"From: a@b\nTo: x@example.net, Billing <Billing@Example.com>\n", "a@b", "Billing@Example.com"),
        (
            b"From: a@b\nCc: billing@example.com\nTo: support+tok@example.com\n",
            "a@b",
            "support+tok@example.com",
        ),
        (
            b"From: a@b\nTo: billing@example.com\nDelivered-To: support@example.com\n",
            "a@b",
            "support@example.com",
        ),
        (b"From: a@b\nTo: support@example.com.evil.example\n", "a@b", "support@example.com"),
        (b"From: a@b\nTo: " + b"<" * 90_000 + b"\n", "a@b", "support@example.com"),
    ],
    ids=["author", "bounce", "another address", "token", "delivered", "only begins like ours", "hostile"],
)
def test_the_envelope(tmp_path: Path, head: bytes, sender: str, recipient: str) -> None:
    item = one(put(tmp_path / "m.eml", head + b"\nhi\n"))
    assert (item.sender, item.recipients) == (sender, (recipient,))
    assert item.raw == (head + b"\nhi\n").replace(b"\n", b"\r\n")


def test_the_command_line_says_more(tmp_path: Path) -> None:
    item = one(put(tmp_path / "m.eml"), Given("", ("billing@example.com", "x@y"), OWN, 1000))
    assert (item.sender, item.recipients) == ("", ("billing@example.com", "x@y"))


@pytest.mark.parametrize(
    ("name", "raw", "when"),
    [
        (
            "m.eml",
            b"Date: Mon, 3 Feb 2020 04:05:06 +0100\n" + MAIL,
            datetime(2020, 2, 3, 3, 5, 6, tzinfo=UTC),
        ),
        ("m.eml", MAIL, None),
        ("m.eml", b"Date: yesterday\n" + MAIL, None),
        ("box", BOX, datetime(2020, 1, 2, 3, 4, 5, tzinfo=UTC)),
        (
            "box",
            b"From a@b\nDate: Mon, 3 Feb 2020 04:05:06 +0000\n" + MAIL,
            datetime(2020, 2, 3, 4, 5, 6, tzinfo=UTC),
        ),
    ],
)
def test_when_it_came(tmp_path: Path, name: str, raw: bytes, when: datetime | None) -> None:
    assert one(put(tmp_path / name, raw)).received == when


def test_when_it_came_into_a_maildir(tmp_path: Path) -> None:
    put(tmp_path / "cur/1500000000.x", b"Date: Mon, 3 Feb 2020 04:05:06 +0100\n" + MAIL)
    (tmp_path / "new").mkdir()
    assert one(tmp_path).received == datetime.fromtimestamp(1_500_000_000, UTC)


@pytest.mark.parametrize(
    "raw", [b"x" * 100_001, b"\n\n", BOX.replace(b"hi", b"y" * 100_001)], ids=["large", "empty", "in a box"]
)
def test_what_is_no_mail_for_us_is_named(tmp_path: Path, raw: bytes) -> None:
    [found] = find([put(tmp_path / "m.eml", raw)])
    assert isinstance(found, Found)
    [item] = items(found, GIVEN)
    assert isinstance(item, Unreadable)
    assert str(tmp_path / "m.eml") in item.name


def test_a_file_that_went_away(tmp_path: Path) -> None:
    path = put(tmp_path / "m.eml")
    [found] = find([path])
    path.unlink()
    assert isinstance(found, Found)
    assert [type(each) for each in items(found, GIVEN)] == [Unreadable]
