"""What is known of a relay over many mails: how many connections it gets, what its silence means, and whether it is down, as
`mailgate check` tells."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from work.peer import CUT, MAIL, Peer
from work.test_courier import World

from mailgate import config, counters, meter
from mailgate.checks import WARNING
from mailgate.cli import way_out
from mailgate.relay.smtp import SmtpRelay
from mailgate.store import backlog
from mailgate.store.engine import Store

SILENT = "SILENT"


class SilentPeer(Peer):
    """Says nothing where its script says SILENT."""

    def __init__(self, **script: Any) -> None:
        self.over = threading.Event()
        super().__init__(**script)

    def _answer(self, verb: str) -> str:
        answer = super()._answer(verb)
        if answer == SILENT:
            self.over.wait(20)
            return CUT
        return answer

    def close(self) -> None:
        self.over.set()
        super().close()


def relay_to(port: int, **settings: Any) -> SmtpRelay:
    return SmtpRelay(config.Relay.model_validate({"url": f"smtp://127.0.0.1:{port}", **settings}))


@pytest.mark.parametrize(
    ("step", "kind"),
    [("GREETING", "down"), ("EHLO", "down"), ("MAIL", "down"), ("RCPT", "retry"), ("DATA", "retry"), ("END", "doubtful")],
)  # fmt: skip
def test_silence_has_its_type_at_every_step(step: str, kind: str) -> None:
    """Before MAIL is answered nobody has heard of the mail; behind the dot it may have arrived."""
    peer = SilentPeer(**{step: SILENT})
    relay = relay_to(peer.port, timeout=0.3, timeout_after_data=0.3)
    reply = relay.send(MAIL, "a@example.com", "b@b.example")
    relay.close()
    peer.close()
    assert (reply.kind, reply.code) == (kind, 0), reply


@pytest.fixture
def world(store: Store, tmp_path: Path) -> Callable[..., World]:
    return lambda **relay: World(store, tmp_path, **relay)


def test_a_relay_gets_no_more_connections_than_threads(world: Callable[..., World]) -> None:
    """Many mails go over each; the team's and the senders'."""
    peer = Peer()
    w = world(threads=3)
    relay = w.courier._relay = relay_to(peer.port)
    w.owe(*(f"p{n}@b.example" for n in range(20)))
    w.until_quiet()
    relay.close()
    peer.close()
    assert len(peer.mails) == 40
    assert 1 <= peer.connections <= 3


# ---------------------------------------------------------------- what `mailgate check` says of the breaker


@pytest.fixture
def numbers() -> Iterator[None]:
    counters.clear()
    yield
    counters.clear()


def held(w: World) -> list[tuple[str, str]]:
    """What is said, once the courier's process has written its numbers."""
    path = w.config.data_dir / "metrics" / "desk.json"
    path.parent.mkdir(exist_ok=True)
    meter.flush(path)
    return [(found.level, found.what) for found in way_out.breaker(w.config)]


def test_check_tells_since_when_all_mail_is_held_back(world: Callable[..., World], numbers: None) -> None:
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    w = world(threads=2)
    assert held(w) == []
    w.courier._relay = relay_to(port)
    w.owe(*(f"p{n}@b.example" for n in range(10)))
    w.until_quiet()
    [(level, what)] = held(w)
    assert level == WARNING
    assert f"holds all mail back since {w.now:%Y-%m-%d %H:%M} UTC" in what
    with w.store.reading() as conn:
        delayed = backlog.delayed(conn)
    assert delayed.mails + delayed.untried == 20, "one to each sender, and one to the team"
    assert delayed.untried
    assert "does not answer: Connection refused" in delayed.errors[0][0]
    peer = Peer()
    relay = w.courier._relay = relay_to(peer.port)
    w.courier._breaker._until = 0.0  # its pause is over
    for _ in range(3):
        w.until_quiet()
        w.now = w.now.replace(year=w.now.year + 1)
    relay.close()
    peer.close()
    assert peer.mails
    assert held(w) == []
