"""T29: what strangers write in the log. The door's part stands in tests/doors/test_door_log.py."""

from __future__ import annotations

import io
import json

import pytest
import structlog
from security.desk import BOB, EVE, Desk, Sent, written

from mailgate import log
from mailgate.config import Log
from mailgate.model import Reply

EVIL = {
    "line break": "x\r\n{}",
    "escape": "x\x1b[2J\x1b]0;owned\x07",
    "NUL": "x\0y",
    "separators": "x\u2028y\u2029z\x85",
    "turned around": "x\u202ey",
    "an object": '","level":"critical","event":"all is well","x":"',
    "long": "x" * 100_000,
    "half a character": "x\udcff",
}


def logged(run: object) -> list[dict[str, object]]:
    """What is logged while it runs, each line one object."""
    out = io.StringIO()
    log.set_up(Log(format="json", level="debug"), out)
    try:
        assert callable(run)
        run()
    finally:
        structlog.reset_defaults()
    lines = out.getvalue().splitlines()
    assert all(line.isprintable() and len(line) < 4000 for line in lines)
    return [json.loads(line) for line in lines]


@pytest.mark.parametrize("words", EVIL.values(), ids=EVIL)
def test_a_mail_is_one_line_and_none_of_its_words(desk: Desk, words: str) -> None:
    body = "Private words of the body.\n"
    raw = (
        b"Authentication-Results: mx.example.com; dmarc=pass header.from=acme.example\r\nReceived: from a by b\r\n"
        + (
            f"From: {BOB}\r\nSubject: {words}\r\nX-Evil: {words}\r\nMessage-ID: <1@acme.example>\r\n\r\n{body}".encode(
                "utf-8", "replace"
            )
        )
    )

    def run() -> None:
        desk.land(raw, BOB)
        desk.deliver()

    found = logged(run)
    assert [entry["event"] for entry in found].count("landed") == 1
    shown = json.dumps(found)
    assert "Private words" not in shown
    assert "owned" not in shown
    assert not any(entry["level"] == "critical" for entry in found)


@pytest.mark.parametrize("words", EVIL.values(), ids=EVIL)
def test_an_error_that_quotes_a_stranger_is_one_line(words: str) -> None:
    def run() -> None:
        try:
            raise ValueError(words)
        except ValueError:
            structlog.get_logger("x").error("failed", exc_info=True, sender=words, key=words)

    (entry,) = logged(run)
    assert len(str(entry["sender"])) <= 2 * log.LONGEST


def test_no_token_and_no_address_of_a_reply_is_logged(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A whole life of a ticket: opened, answered by its reply address, a bounce; the relay repeats what it is told."""

    def send(mail: bytes, return_path: str, to: str) -> Reply:
        desk.sent.append(Sent(to, mail, return_path))
        return Reply("sent", 250, f"ok <{return_path}> {desk.sent[-1].header('Message-ID')}")

    monkeypatch.setattr(desk, "send", send)

    def run() -> None:
        _, mine = desk.opened(BOB)
        reply = mine.message["Reply-To"].addresses[0].addr_spec
        desk.write(BOB, "Re: It is broken", to=(reply,), believed=True)
        desk.land(written(EVE, to=(mine.return_path,)), "", (mine.return_path,))
        desk.deliver()

    shown = json.dumps(logged(run))
    tokens = {
        text.strip("<>").partition("@")[0].rpartition("+")[2]
        for sent in desk.sent
        for text in (
            sent.header("Message-ID"),
            sent.return_path,
            sent.message["Reply-To"].addresses[0].addr_spec,
        )
    }
    assert len(tokens) > 5
    assert not [token for token in tokens if token in shown]


def test_what_could_not_be_processed_is_logged_without_its_words(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    from mailgate.landing import Job
    from mailgate.mail.parse import parse
    from mailgate.model import Envelope

    raw = written(BOB, "Secret subject", "Secret words.\n")
    job = Job(Envelope("q-1", desk.now, "smtp", BOB, ("support@example.com",)), raw, parse(raw))
    found = logged(lambda: desk.landing.quarantine(job, 'ValueError: \r\n{"event": "x"}'))
    assert [entry["event"] for entry in found] == ["mail quarantined"]
    assert "Secret" not in json.dumps(found)
