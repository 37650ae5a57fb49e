"""`mailgate import` against a listener: what is taken, what a second run does, and waiting for room."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from doors.listener import Listener, listeners

from mailgate.cli import run
from mailgate.errors import Full, Transient, Unavailable
from mailgate.handover import Handover
from mailgate.importing.accepted import Accepted
from mailgate.importing.items import Item
from mailgate.importing.run import Importer

BOX = b"".join(
    b"From a@example.org Thu Jan  2 03:04:%02d 2020\nFrom: a@example.org\nSubject: %d\n\nhi\n\n" % (n, n)
    for n in range(10)
)


@pytest.fixture
def listen() -> Iterator[Callable[..., Listener]]:
    yield from listeners()


@pytest.fixture
def listener(listen: Callable[..., Listener], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Listener:
    monkeypatch.setenv("MAILGATE_DATA_DIR", str(tmp_path))
    (tmp_path / "in").mkdir()
    (tmp_path / "in/box").write_bytes(BOX)
    (tmp_path / "in/one.eml").write_bytes(
        b"From: b@example.org\nDate: Mon, 3 Feb 2020 04:05:06 +0000\n\nho\n"
    )
    return listen(door="unix", data_dir=tmp_path)


def item(name: str = "m") -> Item:
    return Item(name, f"Subject: {name}\r\n\r\n".encode(), "a@example.org", ("support@example.com",), None, 1)


def test_all_of_it_and_nothing_twice(
    listener: Listener, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = str(tmp_path / "in")
    assert run(["import", "--dry-run", folder]) == 0
    assert listener.mails == []
    assert run(["import", folder]) == 0
    assert [raw[:40].split(b"\r\n")[1] for _, raw in listener.mails[:10]] == [
        b"Subject: %d" % n for n in range(10)
    ]
    envelopes = [envelope for envelope, _ in listener.mails]
    assert {(e.door, e.quiet, e.mail_from[1:], e.rcpt_to) for e in envelopes} == {
        ("import", True, "@example.org", ("support@example.com",))
    }
    assert envelopes[3].received.isoformat() == "2020-01-02T03:04:03+00:00"
    assert envelopes[10].received.isoformat() == "2020-02-03T04:05:06+00:00"
    assert run(["import", folder]) == 0
    assert len(listener.mails) == 11
    assert run(["import", "--again", "--notify", folder]) == 0
    assert len(listener.mails) == 22
    assert not listener.mails[-1][0].quiet
    said = capsys.readouterr().out.splitlines()
    assert [line.split(",")[0] for line in said] == ["11 would be taken", "11 taken", "0 taken", "11 taken"]
    assert said[2] == "0 taken, 11 known from an earlier run, 0 not"


def test_what_cannot_be_taken_is_named(
    listener: Listener, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "in/gone.eml").symlink_to("nowhere")
    assert (
        run(
            [
                "import",
                "--to",
                "nobody@example.com",
                str(tmp_path / "in/one.eml"),
                str(tmp_path / "in/gone.eml"),
            ]
        )
        == 65
    )
    captured = capsys.readouterr()
    assert "gone.eml: No such file" in captured.err
    assert "one.eml: the listener says 550 5.1.1" in captured.err
    assert run(["import", str(tmp_path / "in")]) == 65
    assert len(listener.mails) == 11, "a refused mail is not remembered as taken"


@pytest.mark.parametrize("words", [("--to", ""), ("--to", "a>b"), ("--from", "a\nb")])
def test_bad_words(listener: Listener, tmp_path: Path, words: tuple[str, str]) -> None:
    assert run(["import", *words, str(tmp_path / "in")]) == 64


def test_it_waits_for_room_and_goes_on(listener: Listener, tmp_path: Path) -> None:
    listener.failure = Full("no room")
    waits: list[str] = []

    def sleep(seconds: float) -> None:
        if len(waits) == 3:
            listener.failure = None

    accepted = Accepted(tmp_path / "imported")
    importer = Importer(
        lambda: Handover(tmp_path / "mailgate.sock"), accepted, sleep=sleep, waiting=waits.append
    )
    result = importer.take_all([item("a"), item("b")])
    assert (result.accepted, len(listener.mails)) == (2, 2)
    assert [why[:9] for why in waits] == ["452 4.3.1"] * 3
    importer.close()


def test_it_waits_for_the_listener(listen: Callable[..., Listener], tmp_path: Path) -> None:
    started: list[Listener] = []

    def sleep(seconds: float) -> None:
        if not started:
            started.append(listen(door="unix", data_dir=tmp_path))

    waits: list[str] = []
    accepted = Accepted(tmp_path / "imported")
    importer = Importer(
        lambda: Handover(tmp_path / "mailgate.sock"), accepted, sleep=sleep, waiting=waits.append
    )
    assert importer.take_all([item()]).accepted == 1
    assert "nobody listens" in waits[0]
    importer.close()


def test_its_patience_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mailgate.importing.run.PATIENCE", -1)
    importer = Importer(lambda: Handover(tmp_path / "none"), Accepted(tmp_path / "imported"))
    with pytest.raises(Transient, match="run the command again, it goes on where it stopped"):
        importer.take(item())


def test_another_user_is_told_whose_command_it_is(
    listener: Listener, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mailgate.intake.lmtp.OUR_DOORS", ("pipe",))
    importer = Importer(lambda: Handover(tmp_path / "mailgate.sock"), Accepted(tmp_path / "imported"))
    with pytest.raises(Unavailable, match="run the command as that user"):
        importer.take(item())


def test_what_was_taken_is_remembered_across_a_crash(tmp_path: Path) -> None:
    path = tmp_path / "imported"
    first = Accepted(path)
    for raw in (b"a", b"b"):
        first.add(raw)
    first.close()
    with path.open("ab") as file:
        file.write(b"half a dig")
    second = Accepted(path)
    assert [raw in second for raw in (b"a", b"b", b"c")] == [True, True, False]
    second.add(b"c")
    second.close()
    third = Accepted(path)
    assert [raw in third for raw in (b"a", b"b", b"c")] == [True, True, True]
    third.close()
    assert b"a" not in Accepted(path, forget=True)
    assert path.stat().st_mode & 0o777 == 0o600
