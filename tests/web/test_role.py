"""The whole way with real processes: `mailgate serve`, a mail by HTTP, a ticket; and what dies in between."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import work.place
from ports import free_port
from pysqlite3 import dbapi2 as sqlite
from web.house import HEADERS, KEY, MAIL, Answer

pytestmark = pytest.mark.slow


class Place(work.place.Place):
    """With the HTTP door on a port of its own."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.web = free_port()
        self.settings()

    def settings(self, more: str = "") -> None:
        keys = f'[{{ name = "shop", key = "{KEY}", addresses = ["shop@example.com"] }}]'
        text = (
            f"[smtp]\nport = {self.port}\n{more}\n[web]\nenabled = true\nport = {self.web}\nkeys = {keys}\n"
        )
        (self.folder / "mailgate.toml").write_text(text)

    def ask(self, method: str, path: str, body: bytes | None = None, **headers: str) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", self.web, timeout=20)
        connection.request(method, path, body, {**(HEADERS if body else {}), **headers})
        return Answer(connection.getresponse())

    def ready(self) -> bool:
        try:
            return self.ask("GET", "/readyz").status == 200
        except OSError:
            return False

    def rows(self, question: str) -> list[Any]:
        try:
            db = sqlite.connect(f"file:{self.folder / 'var' / 'mailgate.db'}?mode=ro", uri=True)
            return db.execute(question).fetchall()
        except sqlite.Error:
            return []

    def pid(self, role: str) -> int:
        return int((self.folder / "var" / "locks" / f"{role}.lock").read_text() or 0)


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    place = Place(tmp_path)
    yield place
    place.stop()


def test_from_http_to_a_ticket(place: Place) -> None:
    process = place.start()
    place.until(place.ready)

    mail = MAIL.replace(b"bob@b.example", b"shop@example.com")
    answer = place.ask("POST", "/v1/messages", mail, **{"X-Envelope-From": "shop@example.com"})
    assert answer.status == 202, answer.body
    place.until(lambda: place.rows("SELECT 1 FROM tickets"))
    [(id, door, outcome)] = place.rows("SELECT id, door, outcome FROM messages")
    assert (id, door, outcome) == (answer.json["id"], "http", "ticket")
    # the key vouches for its addresses: the sender counts as authenticated
    assert '"trust":"authenticated"' in place.rows("SELECT decision FROM messages")[0][0].replace(" ", "")

    def counted() -> bool:
        text = place.ask("GET", "/metrics").body.decode()
        return (
            'mailgate_accepted_total{door="http"} 1.0' in text
            and 'mailgate_outcomes_total{outcome="ticket"} 1.0' in text
        )

    place.until(counted)

    listener, web = place.pid("listen"), place.pid("web")
    os.kill(listener, signal.SIGKILL)
    answers = {place.ask("POST", "/v1/messages", MAIL).status for _ in range(3)}
    assert answers <= {202, 503}  # never accepted by nobody
    place.until(place.ready)
    assert place.ask("POST", "/v1/messages", MAIL + b"again\r\n").status == 202

    os.kill(web, signal.SIGKILL)
    place.until(lambda: place.pid("web") != web and place.ready())
    assert place.pid("listen") != listener
    process.terminate()
    assert process.wait(40) == 0
    assert KEY not in place.said()


def test_a_port_that_is_taken_stops_no_mail(place: Place) -> None:
    with socket.create_server(("127.0.0.1", place.web)):
        process = place.start()
        place.until(lambda: "Ctrl-C stops it" in place.said())
        assert place.answers()
        place.until(lambda: f"cannot listen on 127.0.0.1:{place.web}" in place.said())
    place.until(place.ready)
    process.terminate()
    assert process.wait(40) == 0


def test_a_full_spool_is_503(place: Place) -> None:
    place.settings("[spool]\nmax_messages = 1\n[worker]\nattempts = 3")
    place.start("--role", "listen")
    place.start("--role", "web")
    place.until(lambda: place.answers() and _healthy(place))
    assert place.ask("POST", "/v1/messages", MAIL).status == 202
    answer = place.ask("POST", "/v1/messages", MAIL)
    assert (answer.status, answer.code) == (503, "full")
    assert int(answer.headers["Retry-After"]) > 0


def test_without_a_listener_it_is_503(place: Place) -> None:
    place.start("--role", "web")
    place.until(lambda: _healthy(place))
    answer = place.ask("POST", "/v1/messages", MAIL)
    assert (answer.status, answer.code) == (503, "trouble")
    assert b"mailgate.sock" not in answer.body


def test_curl(place: Place) -> None:
    place.start("--role", "listen")
    place.start("--role", "web")
    place.until(lambda: place.answers() and _healthy(place))
    (place.folder / "mail.eml").write_bytes(MAIL.replace(b"\r\n", b"\n"))
    done = subprocess.run(
        ["curl", "-sS", "-w", "%{http_code}", "-H", f"Authorization: Bearer {KEY}", "-H", "Content-Type: message/rfc822",
         "--data-binary", "@mail.eml", f"http://127.0.0.1:{place.web}/v1/messages?from=bob@b.example"],
        cwd=place.folder, capture_output=True, text=True, timeout=30, check=False,
    )  # fmt: skip
    assert done.stdout.endswith("202"), done


def test_web_runs_alone(place: Place) -> None:
    done = place.run("serve", "--role", "web", "--role", "work")
    assert done.returncode == 64


def _healthy(place: Place) -> bool:
    try:
        return place.ask("GET", "/healthz").status == 200
    except OSError:
        return False
