"""Addresses that went dead, as an operator meets them: `ticket`, `people`, `people revive`, `check` (8.2)."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from typing import Any

import pytest
from sqlalchemy import select

from mailgate.store.engine import Store
from mailgate.store.schema import outbox

pytestmark = pytest.mark.slow

Run = Callable[..., Any]
CLAIRE, PAUL, TEAM = "claire@globex.example", "paul@globex.example", "team@example.com"
REPORT = """From: MAILER-DAEMON@mx.globex.example
To: {path}
Subject: Undelivered
Message-ID: <{id}@mx.globex.example>
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary=b

--b
Content-Type: text/plain

It could not be delivered.
--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.globex.example

Final-Recipient: rfc822; {address}
Action: failed
Status: {status}
--b--
"""
_ids = count(1)


def comes_back(desk: Any, address: str, status: str = "5.1.1") -> None:
    """Each mail that is owed to this address."""
    store = Store(desk.config.database_url, readonly=True)
    with store.reading() as conn:
        paths = list(conn.scalars(select(outbox.c.return_path).where(outbox.c.address == address)))
    store.close()
    assert paths
    for path in paths:
        raw = REPORT.format(path=path, address=address, status=status, id=next(_ids))
        desk.land(raw.replace("\n", "\r\n").encode(), mail_from="")


def person(mailgate: Run, address: str) -> dict[str, Any]:
    found: dict[str, Any] = mailgate("people", "show", address, "--json").json
    return found


@pytest.fixture
def dead(desk: Any, mailgate: Run) -> Any:
    """Ticket 1, whose assignee and one of whose recipients are dead."""
    assert mailgate("comment", "1", "Is it plugged in?").code == 0
    comes_back(desk, CLAIRE)
    comes_back(desk, PAUL)
    return desk


def test_the_ticket_shows_it(dead: Any, mailgate: Run) -> None:
    found = mailgate("ticket", "1", "--json").json
    assert found["assignee_dead"] is True
    assert {r["address"]: r["state"] for r in found["recipients"]}[PAUL] == "dead"
    said = mailgate("ticket", "1").out
    assert f"{CLAIRE} (unreachable: mail to it bounced)" in said
    assert f"{PAUL} (dead)" in said
    assert f"{PAUL} no longer receives updates: mail to it bounced (5.1.1)" in said


def test_a_ticket_without_trouble_says_nothing_of_it(desk: Any, mailgate: Run) -> None:
    assert mailgate("ticket", "1", "--json").json["assignee_dead"] is False
    assert "unreachable" not in mailgate("ticket", "1").out


def test_the_people_show_since_when_and_why(dead: Any, mailgate: Run) -> None:
    found = person(mailgate, CLAIRE.upper())
    assert (found["dead"], found["dead_why"]) == (True, "the address does not exist (5.1.1)")
    assert found["dead_since"].startswith("20")
    assert found["failures"] == 2, "mails, not reports"
    listed = mailgate("people").out
    assert "Failures" in listed
    assert "the address does not exist (5.1.1)" in " ".join(listed.split())
    assert [p["address"] for p in mailgate("people", "--json").json if p["dead"]] == [CLAIRE, PAUL]


def test_failures_that_may_pass_are_counted(desk: Any, mailgate: Run) -> None:
    assert mailgate("comment", "1", "Is it plugged in?").code == 0
    comes_back(desk, CLAIRE, "4.2.2")
    found = person(mailgate, CLAIRE)
    assert (found["dead"], found["dead_since"], found["failures"]) == (False, None, found["failures"])
    assert found["failures"] > 0


def test_revive(dead: Any, mailgate: Run) -> None:
    for address, shown in ((CLAIRE, "Claire"), (PAUL, PAUL)):
        said = mailgate("people", "revive", address)
        assert (said.code, said.out) == (0, f"Mail goes to {address} again, on #1.\n"), shown
    found = mailgate("ticket", "1", "--json").json
    assert found["assignee_dead"] is False
    assert {r["address"]: r["state"] for r in found["recipients"]}[PAUL] == "active"
    assert found["history"][-1]["what"] == f"Mail goes to {PAUL} again, switched on by shell"
    assert (person(mailgate, PAUL)["dead"], person(mailgate, PAUL)["dead_why"]) == (False, "")


def test_revive_twice(dead: Any, mailgate: Run) -> None:
    assert mailgate("people", "revive", PAUL, "--json").json == {
        "address": PAUL, "revived": True, "tickets": [1], "full": [],
    }  # fmt: skip
    before = mailgate("ticket", "1", "--json").json["history"]
    again = mailgate("people", "revive", PAUL)
    assert (again.code, again.out) == (0, f"Nothing to change: {PAUL} was not switched off.\n")
    assert mailgate("people", "revive", PAUL, "--json").json["revived"] is False
    assert mailgate("ticket", "1", "--json").json["history"] == before


def test_old_reports_do_nothing_after_it(dead: Any, mailgate: Run) -> None:
    mailgate("people", "revive", CLAIRE)
    comes_back(dead, CLAIRE)
    assert person(mailgate, CLAIRE)["dead"] is False


@pytest.mark.parametrize("address", ["nobody@globex.example", "no address", "", "-", "\x1b[31m@x.example"])
def test_whom_nobody_knows(dead: Any, mailgate: Run, address: str) -> None:
    said = mailgate("people", "revive", "--", address)
    assert said.code != 0
    assert "nobody on record has the address" in said.err
    assert "\x1b" not in said.err


def test_where_there_is_no_room(dead: Any, mailgate: Run) -> None:
    for n in range(4):
        assert mailgate("set", "1", "recipient", f"r{n}@globex.example").code == 0
    assert "#1" in mailgate("people", "revive", PAUL).out
    assert {r["address"]: r["state"] for r in mailgate("ticket", "1", "--json").json["recipients"]}[
        PAUL
    ] == "dead"


def test_check_warns_of_staff_whose_mail_came_back(desk: Any, mailgate: Run) -> None:
    assert "bounces" not in mailgate("check").out
    comes_back(desk, TEAM)
    comes_back(desk, CLAIRE)
    said = " ".join(mailgate("check").out.split())
    assert f"mail to {TEAM} failed 2 times in 5 days" in said
    assert CLAIRE not in said
    assert person(mailgate, TEAM)["dead"] is False


def test_check_without_a_database(mailgate: Run) -> None:
    assert "bounces" not in mailgate("check").out
