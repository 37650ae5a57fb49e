"""A small provider of OAuth 2.0 tokens (RFC 6749 sections 4.4, 5, 6) with a tokeninfo for Dovecot."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit


class TokenServer:
    """Gives tokens named access-1, access-2, … that last `lasts` seconds, for those who know the secrets."""

    def __init__(self, user: str = "ana") -> None:
        self.user = user
        self.lasts: Any = 3600
        self.rotate = False  # each answer brings a new refresh token, and takes the old one away
        self.failure: tuple[int, dict[str, str]] | None = None
        self.refresh = "refresh-1"
        self.given: list[str] = []
        self.revoked: set[str] = set()
        self.asked: list[dict[str, str]] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, format: str, *args: object) -> None:
                pass

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                self.answer(*outer.token({key: values[0] for key, values in parse_qs(body).items()}))

            def do_GET(self) -> None:
                token = parse_qs(urlsplit(self.path).query).get("access_token", [""])[0]
                good = token in outer.given and token not in outer.revoked
                self.answer(*((200, {"email": outer.user}) if good else (401, {"error": "invalid_token"})))

            def answer(self, code: int, values: dict[str, Any]) -> None:
                data = json.dumps(values).encode()
                self.send_response(code)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.base = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def token(self, form: dict[str, str]) -> tuple[int, dict[str, Any]]:
        self.asked.append(form)
        if self.failure is not None:
            return self.failure
        if form.get("grant_type") == "refresh_token" and form.get("refresh_token") != self.refresh:
            return 400, {
                "error": "invalid_grant",
                "error_description": "AADSTS70008: The token has expired. Trace ID: 1",
            }
        if form.get("client_secret", "s3cret") != "s3cret":
            return 401, {"error": "invalid_client", "error_description": "the secret is wrong"}
        self.given.append(f"access-{len(self.given) + 1}")
        answer = {"access_token": self.given[-1], "token_type": "Bearer", "expires_in": self.lasts}
        if self.rotate:
            self.refresh = f"refresh-{len(self.given) + 1}"
            answer["refresh_token"] = self.refresh
        return 200, answer
