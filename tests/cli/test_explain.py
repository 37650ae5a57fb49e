"""`mailgate explain`: one line for each file whatever is in it, every key, nothing changed, reasons for people."""

from __future__ import annotations

import hashlib
import json
import os
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mailgate import explain
from mailgate.authenticate.network import NetworkResolver

pytestmark = pytest.mark.slow

Run = Callable[..., Any]
KEYS = set(explain.KEYS)


def lines(said: Any) -> list[dict[str, Any]]:
    return [json.loads(line) for line in said.out.splitlines()]


def written(tmp_path: Path, raw: bytes, name: str = "mail.eml") -> str:
    path = tmp_path / name
    path.write_bytes(raw)
    return str(path)


def snapshot(folder: Path) -> dict[str, tuple[str, int]]:
    return {
        str(path.relative_to(folder)): (
            hashlib.sha256(path.read_bytes()).hexdigest(),
            path.stat().st_mtime_ns,
        )
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.name.endswith("-shm")
    }


def test_every_key_is_there(empty_desk: Any, mailgate: Run, mail: Run, tmp_path: Path) -> None:
    raw = mail(cc="paul@globex.example, it@partner.example", files=3)
    (found,) = lines(mailgate("explain", "--json", written(tmp_path, raw), "--peer", "127.0.0.1"))
    assert set(found) == KEYS
    assert (found["kind"], found["outcome"], found["ticket"], found["threaded_by"]) == (
        "person",
        "ticket",
        None,
        "none",
    )
    assert found["sender"]["address"] == "claire@globex.example"
    assert set(found["sender"]) == {"address", "name", "trust", "auth"}
    assert found["sender"]["trust"] == "authenticated"
    assert [each["state"] for each in found["attachments"]] == ["kept", "kept", "left_out"]
    assert set(found["attachments"][0]) == {
        "filename",
        "content_type",
        "size",
        "sha256",
        "md5",
        "content_id",
        "part",
        "state",
        "why",
    }
    assert {each["address"]: each["state"] for each in found["recipients"]} == {
        "paul@globex.example": "active", "it@partner.example": "active",
    }  # fmt: skip
    assert {each["template"] for each in found["would_send"]} == {"acknowledgement", "new_ticket"}
    assert found["message"]["from_name"] == "Claire Martin"
    assert found["message"]["date"] == "2026-11-23T09:00:00+01:00"
    assert (found["bounce"], found["forwarded"], found["escalation"], found["severity"]) == (
        None,
        None,
        None,
        "question",
    )


def test_nothing_is_changed(desk: Any, mailgate: Run, mail: Run, tmp_path: Path) -> None:
    name = written(tmp_path, mail("Re: [#1] more"))
    before = snapshot(tmp_path)
    assert mailgate("explain", "--json", name).code == 0
    assert snapshot(tmp_path) == before


def test_without_a_database_the_people_file_tells_who_is_who(
    empty_desk: Any, mailgate: Run, mail: Run, tmp_path: Path
) -> None:
    os.unlink(tmp_path / "var" / "mailgate.db")
    raw = mail(cc="ana@example.com, paul@globex.example")
    (found,) = lines(mailgate("explain", "--json", written(tmp_path, raw), "--peer", "127.0.0.1"))
    assert [each["address"] for each in found["recipients"]] == ["paul@globex.example"], (
        "an agent is no recipient"
    )
    assert {each["to"] for each in found["would_send"]} >= {"team@example.com"}
    assert not (tmp_path / "var" / "mailgate.db").exists()


def test_without_anything(mailgate: Run, mail: Run, tmp_path: Path) -> None:
    """The shipped settings and people, in an empty folder."""
    assert [each["outcome"] for each in lines(mailgate("explain", "--json", written(tmp_path, mail())))] == [
        "ticket"
    ]
    assert os.listdir(tmp_path) == ["mail.eml"]


HOSTILE = {
    "empty": b"",
    "one byte": b"\x00",
    "no header": b"\r\nbody only",
    "binary": bytes(range(256)) * 40,
    "only newlines": b"\r\n" * 5000,
    "no end of multipart": b"Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n",
    "deep": b"Content-Type: multipart/mixed; boundary=x\r\n\r\n"
    + b"--x\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n" * 500,
    "many semicolons": b"Content-Type: text/plain" + b";" * 40_000 + b"\r\n\r\nx",
    "surrogates": b"Subject: =?utf-8?q?=ED=A0=80?=\r\nFrom: a@b.example\r\n\r\n\xed\xa0\x80",
    "utf-16": "Subject: x\r\n\r\ny".encode("utf-16"),
    "line separators": "Subject: a\u2028b\r\n\r\nc\u2029d\x85e\x0cf".encode(),
}


def test_our_own_check_and_its_results(
    mailgate: Run, mail: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:  # 4.1
    zone = tmp_path / "zone.toml"
    zone.write_text('"globex.example" = [{ TXT = "v=spf1 ip4:192.0.2.1 -all" }]\n')
    monkeypatch.setenv("MAILGATE_DNS__ZONE_FILE", str(zone))
    path = written(tmp_path, mail())
    sent = ("--from", "claire@globex.example", "--peer")
    (good,) = lines(mailgate("explain", "--json", path, *sent, "192.0.2.1"))
    (bad,) = lines(mailgate("explain", "--json", path, *sent, "192.0.2.9"))
    assert good["sender"]["trust"] == "authenticated"
    assert good["sender"]["auth"] == (
        "SPF passes for globex.example, aligned with globex.example"
        " [own check: spf=pass globex.example, dmarc=none globex.example]"
    )
    assert any("spf=pass globex.example" in reason for reason in good["reasons"])
    assert bad["sender"]["trust"] == "unverified"
    assert "spf=fail globex.example" in bad["sender"]["auth"]


def test_without_own_checks_it_says_so(
    mailgate: Run, mail: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("MAILGATE_TRUST__OWN_CHECKS", "false")
    (found,) = lines(mailgate("explain", "--json", written(tmp_path, mail())))
    assert found["sender"]["auth"].endswith("mailgate did not check it (trust.own_checks is off)")


def test_a_network_that_is_away_ends_at_the_deadline(
    mailgate: Run, mail: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        monkeypatch.setattr("mailgate.authenticate.check.NetworkResolver", _to(silent.getsockname()[1]))
        monkeypatch.setenv("MAILGATE_DNS__ZONE_FILE", "")
        monkeypatch.setenv("MAILGATE_DNS__TIMEOUT", "0.2")
        monkeypatch.setenv("MAILGATE_DNS__DEADLINE", "0.5")
        (found,) = lines(
            mailgate("explain", "--json", "--dns", written(tmp_path, mail()), "--peer", "192.0.2.1")
        )
    assert found["sender"]["trust"] == "unverified"
    assert "DNS did not answer all about globex.example" in found["sender"]["auth"]


def test_the_hosts_name_servers_are_asked_on_demand_only(
    mailgate: Run, mail: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def never(*_: object) -> None:
        raise AssertionError("DNS was asked")

    monkeypatch.setattr("mailgate.authenticate.check.NetworkResolver", never)
    monkeypatch.setenv("MAILGATE_DNS__ZONE_FILE", "")
    (found,) = lines(mailgate("explain", "--json", written(tmp_path, mail())))
    assert "only with --dns" in found["sender"]["auth"]


def _to(port: int) -> Callable[..., NetworkResolver]:
    return lambda _servers, timeout: NetworkResolver(["127.0.0.1"], timeout, port=port)


def test_one_line_for_each_file_whatever_is_in_it(mailgate: Run, tmp_path: Path) -> None:
    names = [written(tmp_path, raw, f"{number}.eml") for number, raw in enumerate(HOSTILE.values())]
    said = mailgate("explain", "--json", *names)
    assert (said.code, said.err) == (0, "")
    assert [each["file"] for each in lines(said)] == names
    assert all(set(each) == KEYS for each in lines(said))
    said = mailgate("explain", *names)
    assert (said.code, said.err) == (0, "")


def test_files_that_cannot_be_read_do_not_stop_the_others(mailgate: Run, mail: Run, tmp_path: Path) -> None:
    good = written(tmp_path, mail())
    os.mkfifo(tmp_path / "fifo")
    names = ["none.eml", good, str(tmp_path), str(tmp_path / "fifo"), good]
    said = mailgate("explain", "--json", *names)
    assert said.code == 66
    found = lines(said)
    assert [each["file"] for each in found] == names
    assert ["error" in each for each in found] == [True, False, True, True, False]
    shown = mailgate("explain", *names)
    assert (shown.code, shown.out.count("Outcome")) == (66, 2)


def test_a_file_without_permission(
    mailgate: Run, mail: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name, real = written(tmp_path, mail()), os.open

    def guarded(path: Any, *rest: Any, **more: Any) -> int:
        if path == name:  # a mode would not do: root reads everything
            raise PermissionError(13, "Permission denied", path)
        return real(path, *rest, **more)

    with monkeypatch.context() as patch:
        patch.setattr(os, "open", guarded)
        said = mailgate("explain", "--json", name)
    assert (said.code, "Permission denied" in lines(said)[0]["error"]) == (66, True)


def test_stdin(mailgate: Run, mail: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with open(written(tmp_path, mail("From a pipe"))) as file:
        monkeypatch.setattr(sys, "stdin", file)
        (found,) = lines(mailgate("explain", "--json", "-"))
    assert (found["file"], found["title"]) == ("-", "From a pipe")


CLAIRE, OWN = "claire@globex.example", "support@example.com"
PEER = ["--peer", "192.0.2.1"]
TWO = ["--from", "x@y.example", "--to", "a@example.com", "--to", "b@example.com"]


@pytest.mark.parametrize(
    ("headers", "options", "expected"),
    [
        pytest.param({}, [], ("pipe", CLAIRE, [OWN]), id="nothing said"),
        pytest.param(
            {"Return-Path": "<box@globex.example>"},
            [],
            ("pipe", "box@globex.example", [OWN]),
            id="Return-Path",
        ),
        pytest.param({"Return-Path": "<>"}, [], ("pipe", "", [OWN]), id="the null sender"),
        pytest.param(
            {"Delivered-To": "Support+abc@example.com"},
            [],
            ("pipe", CLAIRE, ["support+abc@example.com"]),
            id="Delivered-To",
        ),
        pytest.param(
            {"Delivered-To": "box@host.example", "X-Original-To": "billing@example.com"},
            [],
            ("pipe", CLAIRE, ["billing@example.com"]),
            id="the first that is ours",
        ),
        pytest.param({}, TWO, ("pipe", "x@y.example", ["a@example.com", "b@example.com"]), id="said"),
        pytest.param(
            {"Return-Path": "<a@b.example>"},
            ["--from", "", *PEER],
            ("smtp", "", [OWN]),
            id="the null sender, by SMTP",
        ),
    ],
)
def test_the_envelope(
    headers: dict[str, str],
    options: list[str],
    expected: tuple[str, str, list[str]],
    mail: Run,
    tmp_path: Path,
    mailgate: Run,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("MAILGATE_GATEWAY__ADDRESSES", '{"billing@example.com": "general"}')
    seen = []
    real = explain.envelope_of

    def spy(*args: Any) -> Any:
        seen.append(real(*args))
        return seen[-1]

    monkeypatch.setattr(explain, "envelope_of", spy)
    assert mailgate("explain", written(tmp_path, mail(headers=headers)), *options).code == 0
    (envelope,) = seen
    door, mail_from, rcpt_to = expected
    assert (envelope.door, envelope.mail_from) == (door, mail_from)
    assert [each.lower() for each in envelope.rcpt_to] == rcpt_to


def test_a_reply_finds_its_ticket(desk: Any, mailgate: Run, mail: Run, tmp_path: Path) -> None:
    (found,) = lines(
        mailgate("explain", "--json", written(tmp_path, mail("Re: [#1] it works")), "--peer", "127.0.0.1")
    )
    assert (found["outcome"], found["ticket"], found["threaded_by"]) == ("comment", 1, "tag")


def test_a_stored_message_tells_what_was_decided(desk: Any, mailgate: Run) -> None:
    stored = next(each for each in mailgate("messages", "--json").json if each["ticket"] == 1)
    (found,) = lines(mailgate("explain", "--json", stored["id"]))
    assert set(found) == KEYS
    assert (found["outcome"], found["ticket"], found["reasons"]) == ("ticket", 1, stored["reasons"])
    assert [each["state"] for each in found["attachments"]] == ["kept", "kept", "left_out"]
    assert {each["template"] for each in found["would_send"]} == {"acknowledgement", "new_ticket"}
    assert found["text"].startswith("It has not printed")
    assert mailgate("explain", "00000000-0000-0000-0000-000000000000").code == 66


def test_the_view_for_people(desk: Any, mailgate: Run, mail: Run, tmp_path: Path) -> None:
    raw = mail(text="It works.\n\nOn Monday, Support wrote:\n> Does it?\n\n-- \nClaire\nGlobex\n", files=3)
    shown = mailgate("explain", written(tmp_path, raw), "--peer", "127.0.0.1").out
    order = ["Outcome", "Why:", "Files:", "file-3.txt", "Would send:", "Text:", "It works."]
    places = [shown.index(word) for word in order]
    assert places == sorted(places)
    assert "left_out" in shown


def test_a_bounce_and_an_automatic_answer(mailgate: Run, mail: Run, tmp_path: Path) -> None:
    away = written(tmp_path, mail("Out of office", headers={"Auto-Submitted": "auto-replied"}), "away.eml")
    bounce = written(
        tmp_path,
        b"From: MAILER-DAEMON@mx.example\r\nTo: support@example.com\r\nSubject: Undelivered\r\nMIME-Version: 1.0\r\n"
        b'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n--b\r\n\r\nNo such user.\r\n'
        b"--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example\r\n\r\n"
        b"Final-Recipient: rfc822; paul@globex.example\r\nAction: failed\r\nStatus: 5.1.1\r\n\r\n--b--\r\n",
        "bounce.eml",
    )
    first, second = lines(mailgate("explain", "--json", away, bounce))
    assert (first["kind"], first["outcome"], first["would_send"]) == ("auto_reply", "auto_reply", [])
    assert (second["kind"], second["outcome"]) == ("bounce", "quarantined"), "it matches no own delivery"
    assert [(each["recipient"], each["status"], each["permanent"]) for each in second["bounce"]] == [
        ("paul@globex.example", "5.1.1", True)
    ]
    assert "paul@globex.example" in mailgate("explain", bounce).out


def test_more_files_than_one_batch(mailgate: Run, mail: Run, tmp_path: Path) -> None:
    names = [written(tmp_path, mail(f"Number {number}"), f"{number:03}.eml") for number in range(70)]
    found = lines(mailgate("explain", "--json", *names))
    assert [each["file"] for each in found] == names
    assert [each["title"] for each in found] == [f"Number {number}" for number in range(70)]
