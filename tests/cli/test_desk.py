"""The desk's commands over a real database: the work list, one ticket, an agent's actions."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import pytest

pytestmark = pytest.mark.slow

Run = Callable[..., Any]


def test_the_work_list_shows_outages_first(desk: Any, mailgate: Run) -> None:
    found = mailgate("tickets", "--json").json
    assert [(each["number"], each["severity"]) for each in found] == [(2, "outage"), (1, "question")]
    assert set(found[0]) == {
        "number", "title", "status", "severity", "category", "team", "assignee", "escalation_level", "next_step_at", "created", "updated",
    }  # fmt: skip
    shown = mailgate("tickets").out
    assert shown.index("The line is down") < shown.index("The printer does not answer")


@pytest.mark.parametrize(
    ("words", "numbers"),
    [
        (["--status", "new"], [2, 1]),
        (["--status", "closed"], []),
        (["--team", "support"], [2, 1]),
        (["--team", "nobody"], []),
    ],
)
def test_the_work_list_can_be_narrowed(
    words: list[str], numbers: list[int], desk: Any, mailgate: Run
) -> None:
    assert [each["number"] for each in mailgate("tickets", "--json", *words).json] == numbers


def test_a_status_that_is_none(desk: Any, mailgate: Run) -> None:
    found = mailgate("tickets", "--status", "lost")
    assert (found.code, "new, open, pending, resolved, closed" in found.err) == (64, True)


def test_one_ticket(desk: Any, mailgate: Run) -> None:
    found = mailgate("ticket", "1", "--json").json
    assert {
        "number", "title", "status", "severity", "category", "team", "assignee", "escalation_level", "next_step_at", "created", "updated",
        "notify", "eu_support", "recipients", "devices", "comments", "history",
    } <= set(found)  # fmt: skip
    assert found["assignee"] == "claire@globex.example"
    assert {each["address"] for each in found["recipients"]} == {"paul@globex.example", "it@partner.example"}
    details = found["comments"][0]
    assert [each["filename"] for each in details["attachments"]] == ["file-1.txt", "file-2.txt"]
    assert details["left_out"] == ["file-3.txt"]
    assert {"at", "by", "what", "message"} <= set(found["history"][0])
    shown = mailgate("ticket", "1").out
    for words in (
        "#1 The printer does not answer",
        "paul@globex.example",
        "+ file-1.txt",
        "- file-3.txt left out",
        "History",
    ):
        assert words in shown


def test_a_ticket_that_does_not_exist(desk: Any, mailgate: Run) -> None:
    found = mailgate("ticket", "99")
    assert (found.code, found.out) == (66, "")
    assert "99" in found.err


def test_a_strangers_words_reach_the_terminal_as_text(desk: Any, mailgate: Run, mail: Run) -> None:
    desk.land(
        mail(
            "[red]x[/red] \x1b]0;owned\x07 \u202egnp",
            text="one\x1b[2Jtwo\n",
            sender="Eve <eve@elsewhere.example>",
        )
    )
    for out in (
        mailgate("tickets").out,
        mailgate("ticket", "3").out,
        mailgate("messages").out,
        mailgate("ticket", "3", "--json").out,
    ):
        assert not any(character in out for character in "\x1b\x07\u202e")
        assert "[red]x[/red]" in out


# ---- what an agent does


def test_a_comment_answers_the_customer(desk: Any, mailgate: Run) -> None:
    found = mailgate("comment", "1", "We are sending a technician.", "--as", "ana@example.com")
    assert (found.code, found.err) == (0, "")
    ticket = mailgate("ticket", "1", "--json").json
    assert ticket["comments"][-1]["text"] == "We are sending a technician."
    assert ticket["comments"][-1]["author"] == "ana@example.com"
    assert ticket["status"] in ("open", "pending")
    assert any("Ana Silva" in each["what"] or "ana@example.com" in each["what"] for each in ticket["history"])
    assert "claire@globex.example" in {
        each["to"] for each in mailgate("outbox", "--json").json if each["template"] == "update"
    }


def test_a_private_comment_stays_inside(desk: Any, mailgate: Run) -> None:
    before = {each["id"] for each in mailgate("outbox", "--json").json}
    assert mailgate("comment", "1", "He has not paid.", "--private").code == 0
    assert mailgate("ticket", "1", "--json").json["comments"][-1]["state"] == "private"
    told = {each["to"] for each in mailgate("outbox", "--json").json if each["id"] not in before}
    assert not told & {"claire@globex.example", "paul@globex.example", "it@partner.example"}


def test_a_comment_from_stdin(desk: Any, mailgate: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("First line.\nSecond line.\n"))
    assert mailgate("comment", "1").code == 0
    last = mailgate("ticket", "1", "--json").json["comments"][-1]
    assert last["text"] == "First line.\nSecond line."
    assert last["author"] == "shell"


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        pytest.param(["comment", "1", "  "], 64, "empty", id="nothing said"),
        pytest.param(["comment", "9", "x"], 66, "9", id="no such ticket"),
        pytest.param(
            ["comment", "1", "x", "--as", "eve@elsewhere.example"], 64, "no agent", id="not an agent"
        ),
        pytest.param(["comment", "1", "x", "--as", "nobody"], 64, "address", id="not an address"),
        pytest.param(["set", "1", "severity", "terrible"], 64, "", id="no such severity"),
        pytest.param(["set", "1", "colour", "red"], 64, "colour", id="no such key"),
        pytest.param(["set", "1", "assign", "eve@elsewhere.example"], 64, "", id="another account's"),
        pytest.param(["set", "9", "severity", "outage"], 66, "9", id="set: no such ticket"),
        pytest.param(["escalate", "9"], 66, "9", id="escalate: no such ticket"),
    ],
)
def test_what_is_refused_changes_nothing(
    words: list[str], code: int, said: str, desk: Any, mailgate: Run
) -> None:
    before = mailgate("ticket", "1", "--json").out
    found = mailgate(*words)
    assert found.code == code
    assert said in found.err
    assert len(found.err.splitlines()) == 1
    assert mailgate("ticket", "1", "--json").out == before


@pytest.mark.parametrize(
    ("key", "value", "field", "expected"),
    [
        ("severity", "degraded", "severity", "degraded"),
        ("Gravité", "panne", "severity", "outage"),
        ("status", "resolved", "status", "resolved"),
        ("assign", "paul@globex.example", "assignee", "paul@globex.example"),
        ("device", "printer-2, printer-3", "devices", ["printer-2", "printer-3"]),
        ("notify", "off", "notify", False),
        ("eu-support", "PAR01", "eu_support", "PAR01"),
    ],
)
def test_set(key: str, value: str, field: str, expected: Any, desk: Any, mailgate: Run) -> None:
    found = mailgate("set", "1", key, value)
    assert (found.code, found.err) == (0, "")
    assert found.out.startswith("#1: ")
    ticket = mailgate("ticket", "1", "--json").json
    assert ticket[field] == expected
    assert ticket["history"][-1]["by"] == "shell" or any(
        "shell" in each["what"] for each in ticket["history"]
    )


def test_a_recipient_comes_and_goes(desk: Any, mailgate: Run) -> None:
    assert mailgate("set", "1", "recipient", "lea@globex.example").code == 0
    state = {each["address"]: each["state"] for each in mailgate("ticket", "1", "--json").json["recipients"]}
    assert state["lea@globex.example"] == "active"
    assert mailgate("set", "1", "recipient", "-lea@globex.example").code == 0
    state = {each["address"]: each["state"] for each in mailgate("ticket", "1", "--json").json["recipients"]}
    assert state.get("lea@globex.example") != "active"


def test_an_agent_escalates_one_level_and_a_supervisor_to_management(desk: Any, mailgate: Run) -> None:
    assert mailgate("escalate", "1", "--reason", "no answer for a day").code == 0
    ticket = mailgate("ticket", "1", "--json").json
    assert ticket["escalation_level"] == 1
    assert "no answer for a day" in ticket["history"][-1]["what"]
    assert mailgate("escalate", "2", "--as", "ana@example.com", "--reason", "it is serious").code == 0
    assert mailgate("ticket", "2", "--json").json["escalation_level"] == 3
