"""mailgate.oauth.provider: whatever stands where a token endpoint should be (RFC 6749 section 5, RFC 9700)."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from pathlib import Path

import pytest

from mailgate.oauth import provider, stored
from mailgate.oauth.tokens import Tokens
from mailgate.oauth.trouble import TokenTrouble
from mailgate.oauth_settings import OAuth

ANSWERS = {
    "nothing": b"",
    "no HTTP": b"hello\r\n\r\n",
    "cut": b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n{",
    "broken chunks": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    "a page": b"HTTP/1.1 200 OK\r\n\r\n<html>sign in</html>",
    "a list": b"HTTP/1.1 200 OK\r\n\r\n[1]",
    "deep": b"HTTP/1.1 200 OK\r\n\r\n" + b"[" * 60_000,
    "no token": b'HTTP/1.1 200 OK\r\n\r\n{"access_token": 5}',
    "a line break": b'HTTP/1.1 200 OK\r\n\r\n{"access_token": "a\\nb"}',
    "elsewhere": b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:{port}/other\r\nContent-Length: 0\r\n\r\n",
    "same again": b"HTTP/1.1 307 Again\r\nLocation: http://127.0.0.1:{port}/other\r\nContent-Length: 0\r\n\r\n",
    "an error that is cut": b"HTTP/1.1 400 Bad\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{",
    "an error without words": b'HTTP/1.1 400 Bad\r\n\r\n{"error": {"a": []}, "error_description": 5}',
}


@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS)
def test_whatever_a_provider_answers(answer: bytes, tmp_path: Path) -> None:
    """It is trouble in words; and a secret goes to no other address (RFC 9700 section 4.12)."""
    asked = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

        def serve() -> None:
            while True:
                try:
                    peer, _ = server.accept()
                except OSError:
                    return
                with peer:
                    asked.append(peer.recv(65_536))
                    peer.sendall(answer.replace(b"{port}", str(port).encode()))

        threading.Thread(target=serve, daemon=True).start()
        url = {
            "token_url": f"http://127.0.0.1:{port}/token",
            "client_id": "desk",
            "refresh_token": "refresh-1",
        }
        path = stored.path_of_relay(tmp_path)
        with pytest.raises(TokenTrouble) as caught:
            Tokens("x", OAuth.model_validate(url), path, right="SMTP").get()
        server.shutdown(socket.SHUT_RDWR)
    assert len(asked) == 1
    assert str(caught.value).isprintable()
    assert "refresh-1" not in str(caught.value)
    assert stored.load(path).why == str(caught.value)


@pytest.mark.parametrize(
    ("begin", "more", "what"),
    [
        (b"HTTP/1.1 200 OK\r\n", b"X", "does not answer: it takes too long"),
        (b"HTTP/1.1 200 OK\r\n\r\n", b" ", "does not answer: it takes too long"),
        (b"HTTP/1.1 400 Bad\r\n\r\n", b" ", "gives no token: 400"),
    ],
    ids=["header", "body", "error"],
)
def test_an_answer_that_drips_in(
    begin: bytes, more: bytes, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A socket's own timeout begins anew with each byte; the mailbox, the relay and `check` wait for the same token."""
    monkeypatch.setattr(provider, "PATIENCE", 0.3)
    over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            peer, _ = server.accept()
            with peer, suppress(OSError):
                peer.recv(65_536)
                peer.sendall(begin)
                while not over.wait(0.05):
                    peer.sendall(more)

        threading.Thread(target=serve, daemon=True).start()
        values = {"client_id": "desk", "refresh_token": "r"}
        settings = OAuth(token_url=f"http://127.0.0.1:{server.getsockname()[1]}/token", **values)
        found: list[TokenTrouble] = []

        def ask() -> None:
            with pytest.raises(TokenTrouble) as caught:
                provider.ask(settings, "r", "SMTP")
            found.append(caught.value)

        asking = threading.Thread(target=ask, daemon=True)
        asking.start()
        asking.join(10)
        over.set()
    assert [what in str(trouble) for trouble in found] == [True]
