"""Many workers at once: what one decides on stays true until it has committed (DESIGN §3, row 7)."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from mailgate.model import Change, Decision, Escalation, Outcome, Questions
from mailgate.store import messages, tickets

WORKERS = 4


def together(work: Callable[[int], None]) -> None:
    """Run it in some threads that begin at one moment; an exception in any fails the test."""
    start, faults = threading.Barrier(WORKERS), list[BaseException]()

    def run(n: int) -> None:
        try:
            start.wait(10)
            work(n)
        except BaseException as e:
            faults.append(e)

    threads = [threading.Thread(target=run, args=(n,)) for n in range(WORKERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert faults == []


def questions(**values: Any) -> Questions:
    empty: dict[str, Any] = {
        "addresses": frozenset(), "message_ids": (), "tickets": frozenset(), "serials": frozenset(), "content_key": "", "sender": "",
    }  # fmt: skip
    return Questions(**empty | values)


def apply(
    desk: Any, conn: Any, decision: Decision, message: str | None = None, parsed: Any = None
) -> tickets.Applied:
    return tickets.apply(
        conn, decision, message=message, at=desk.now, minter=desk.minter, config=desk.config, parsed=parsed,
        new_id=lambda: next(desk.numbers),
    )  # fmt: skip


def test_the_same_mail_on_many_nodes_opens_one_ticket(desk: Any) -> None:
    """2.7: written to two of our addresses, or handed to two nodes: one ticket, the others are duplicates."""

    def work(n: int) -> None:
        parsed = desk.parsed(content_key="same")
        with desk.store.writing() as conn:
            (found,) = tickets.facts(conn, [questions(content_key="same")], desk.now, desk.config)
            decision = desk.opening()
            if found.duplicate_of:
                decision = Decision(Outcome.DUPLICATE, None, (), duplicate_of=found.duplicate_of)
            messages.record(conn, desk.envelope(f"m{n}"), parsed, decision, b"x", "s", desk.now)
            apply(desk, conn, decision, f"m{n}", parsed)

    together(work)
    with desk.store.reading() as conn:
        found = messages.outcomes(conn)
    assert (found["ticket"], found["duplicate"]) == (1, WORKERS - 1)


def test_one_escalation_step_is_taken_once(desk: Any) -> None:
    """Each worker would raise a ticket at level 0; who comes later finds it raised."""
    number = desk.land(desk.opening()).ticket

    def work(n: int) -> None:
        with desk.store.writing() as conn:
            (found,) = tickets.facts(conn, [questions(tickets=frozenset({number}))], desk.now, desk.config)
            if found.tickets[number].escalation_level == 0:
                apply(
                    desk, conn, Decision(None, None, (), ticket=number, escalation=Escalation(1, "clock", ""))
                )

    together(work)
    assert len(desk.rows("SELECT id FROM escalation_steps")) == 1


def test_batches_that_meet_on_tickets_do_not_lock_each_other_out(desk: Any) -> None:
    numbers = [desk.land(desk.opening()).ticket for _ in range(6)]

    def work(n: int) -> None:
        mine = numbers if n % 2 else numbers[::-1]
        for _ in range(5):
            with desk.store.writing() as conn:
                asked = [
                    questions(tickets=frozenset({number}), content_key=f"{n}-{number}") for number in mine
                ]
                tickets.facts(conn, asked, desk.now, desk.config)
                for number in mine:
                    apply(
                        desk,
                        conn,
                        Decision(None, None, (), ticket=number, changes=(Change("title", str(n)),)),
                    )

    together(work)
    titles = {row.title for row in desk.rows("SELECT title FROM tickets")}
    assert len(titles) == 1
