"""`mailgate audit`: accepted = waiting + outcomes (rule 1.4), told by two books that are kept apart."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from mailgate.cli import audit
from mailgate.model import Envelope
from mailgate.spool import Spool, SpoolReader

Run = Callable[..., Any]


def test_the_audit_balances(mailgate: Run, desk: Any) -> None:
    found = mailgate("audit", "--json").json
    assert set(found) == {"accepted", "waiting", "outcomes", "balanced", "outbox"}
    spool = Spool(desk.config.data_dir / "spool.db", desk.config.spool)
    spool.close()
    found = mailgate("audit", "--json")
    assert (found.code, found.json["accepted"], found.json["balanced"]) == (0, 0, True)
    assert found.json["outbox"]["waiting"] >= 2
    assert "Balanced." in mailgate("audit").out


def test_the_audit_before_anything(mailgate: Run) -> None:
    """A folder where no gateway has run is a mistyped data_dir, not a healthy gateway."""
    found = mailgate("audit", "--json")
    assert found.code == 69
    assert "check data_dir" in found.err


def test_the_audit_sees_a_mail_that_is_gone(desk: Any, mailgate: Run) -> None:
    """A mail that was accepted, and then taken out of the spool without an outcome."""
    spool = Spool(desk.config.data_dir / "spool.db", desk.config.spool)
    done = threading.Event()
    spool.submit(
        Envelope("", datetime.now(UTC), "smtp", "a@b.example", ("support@example.com",)),
        b"Subject: x\r\n\r\n",
        lambda _: done.set(),
    )
    assert done.wait(10)
    spool.close()
    found = mailgate("audit", "--json")
    assert (found.code, found.json["waiting"], found.json["balanced"]) == (0, 1, True)
    reader = SpoolReader(desk.config.data_dir / "spool.db")
    reader.settle([row.envelope.id for row in reader.take(0, 10, 1 << 20)])
    reader.close()
    found = mailgate("audit", "--json")
    assert (found.code, found.json["balanced"]) == (1, False)
    assert "NOT BALANCED" in mailgate("audit").out


@pytest.mark.parametrize(
    ("counts", "total", "balanced"),
    [
        pytest.param([(5, 5)], 5, True, id="at rest, even"),
        pytest.param([(5, 5)], 4, False, id="at rest, one is missing"),
        pytest.param([(5, 5)], 6, False, id="at rest, one too many"),
        pytest.param([(5, 7), (7, 7)], 7, True, id="mail came in between, then none"),
        pytest.param([(5, 9)], 7, True, id="mail comes in at every look"),
        pytest.param([(5, 9)], 4, False, id="mail comes in at every look, and one is missing"),
        pytest.param([(5, 9)], 10, False, id="mail comes in at every look, and one too many"),
    ],
)
def test_while_mail_pours_in(
    counts: list[tuple[int, int]], total: int, balanced: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    def looks() -> Iterator[tuple[dict[str, Any], int, int]]:
        for before, after in [*counts, *counts[-1:] * audit.TRIES]:
            found = {"waiting": 0, "outcomes": {"ticket": total}, "balanced": before == total}
            yield found, before, after

    seen = looks()
    monkeypatch.setattr(audit, "_look", lambda *_: next(seen))
    monkeypatch.setattr(audit, "PAUSE", 0)
    assert audit._balance(None, None)["balanced"] is balanced  # type: ignore[arg-type]
