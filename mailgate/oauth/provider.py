"""One question to a token endpoint (RFC 6749 sections 4.4, 5 and 6), and what its answer means."""

from __future__ import annotations

import http.client
import json
import socket
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from threading import Timer
from typing import Any

from mailgate.oauth.trouble import TokenTrouble, said
from mailgate.oauth_settings import OAuth, Secret

PATIENCE = 30.0  # seconds of waiting for a provider, in all
_LARGEST_ANSWER = 65_536
_USUAL_LIFE, _LONGEST_LIFE = 3600.0, 86_400.0 * 30


@dataclass(frozen=True, slots=True)
class Granted:
    """What a provider gave. `refresh` is "" where it gave no new one."""

    access: str = field(repr=False)
    seconds: float
    refresh: str = field(repr=False)


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """Secrets go to the address that was configured, and to no other."""

    def redirect_request(self, *_args: Any, **_more: Any) -> None:
        return None


class _Clock:
    """Ends connections when the time is over. A socket's own timeout begins anew with each byte that drips in."""

    def __init__(self) -> None:
        self.over = False
        self._sockets: list[socket.socket] = []

    def watch(self, sock: socket.socket) -> None:
        """Raises TimeoutError when it is too late already."""
        self._sockets.append(sock)
        self.look()

    def look(self) -> None:
        """Raises TimeoutError when the time is over."""
        if self.over:
            raise TimeoutError("it takes too long")

    def end(self) -> None:
        self.over = True
        for sock in self._sockets:
            with suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)


class _Watched(urllib.request.AbstractHTTPHandler):
    """A handler of urllib whose connections stand under a clock."""

    clock: _Clock

    def do_open(self, http_class: Any, req: Any, **more: Any) -> Any:
        clock = self.clock

        class Connection(http_class):  # type: ignore[misc]
            def connect(self) -> None:
                super().connect()
                clock.watch(self.sock)

        return super().do_open(Connection, req, **more)


class _Http(_Watched, urllib.request.HTTPHandler):
    pass


class _Https(_Watched, urllib.request.HTTPSHandler):
    pass


@contextmanager
def _within(seconds: float) -> Iterator[tuple[urllib.request.OpenerDirector, _Clock]]:
    """An opener whose connections end after so many seconds in all."""
    clock, handlers = _Clock(), (_Http(), _Https())
    for handler in handlers:
        handler.clock = clock
    timer = Timer(seconds, clock.end)
    timer.daemon = True
    timer.start()
    try:
        yield urllib.request.build_opener(_NoRedirect, *handlers), clock
    finally:
        timer.cancel()


def ask(settings: OAuth, refresh: str, right: str) -> Granted:
    """A new access token, for `refresh` where the grant is a refresh token. `right` is what a refusal says is lacking: "IMAP".
    Raises TokenTrouble."""
    form = {"grant_type": settings.grant, "client_id": settings.client_id, "scope": settings.scopes}
    if secret := secret_of(settings.secret, "client_secret"):
        form["client_secret"] = secret
    if settings.grant == "refresh_token":
        form["refresh_token"] = refresh
    if not form["scope"] or (settings.provider == "google" and settings.grant == "refresh_token"):
        del form["scope"]  # a refresh keeps the scope that was granted (RFC 6749 section 6)
    return _granted(settings.endpoint, _answer(settings.endpoint, form, right))


def secret_of(secret: Secret, name: str) -> str:
    """A secret of the settings, wherever it stands. Raises TokenTrouble."""
    try:
        return secret.read()
    except (OSError, ValueError, KeyError) as e:
        where = secret.file or f"the variable {secret.env}"
        raise TokenTrouble(
            f"oauth.{name} cannot be read from {where}: {type(e).__name__}",
            "put it there, readable for mailgate",
            for_people=True,
        ) from e


def _granted(where: str, answer: dict[str, Any]) -> Granted:
    token, lasts, newest = (answer.get(key) for key in ("access_token", "expires_in", "refresh_token"))
    if not isinstance(token, str) or not token or not token.isascii() or not token.isprintable():
        raise TokenTrouble(f"{where} gave no access token", "see token_url", for_people=True)
    try:
        seconds = float(lasts)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        seconds = _USUAL_LIFE
    seconds = min(seconds, _LONGEST_LIFE) if seconds > 0 else _USUAL_LIFE
    return Granted(token, seconds, newest if isinstance(newest, str) else "")


def _answer(where: str, form: dict[str, str], right: str) -> dict[str, Any]:
    request = urllib.request.Request(  # noqa: S310 - https, or loopback: checked with the settings
        where, urllib.parse.urlencode(form).encode(), {"Accept": "application/json"}, method="POST"
    )
    try:
        with _within(PATIENCE) as (opener, clock):
            try:
                with opener.open(request, timeout=PATIENCE) as response:
                    body = response.read(_LARGEST_ANSWER)
                clock.look()
                return _json(body)
            except urllib.error.HTTPError as e:
                code, body = e.code, b""
                with e, suppress(OSError, http.client.HTTPException):  # the code alone says enough
                    body = e.read(_LARGEST_ANSWER)
    except (OSError, ValueError, http.client.HTTPException) as e:
        reason = getattr(e, "reason", e)
        raise TokenTrouble(
            f"{where} does not answer: {said(reason)}",
            "correct token_url, or let mailgate reach it",
            for_people=False,
        ) from None
    raise _refused(where, code, _json(body), right)


def _json(body: bytes) -> dict[str, Any]:
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return answer if isinstance(answer, dict) else {}


def _refused(where: str, code: int, answer: dict[str, Any], right: str) -> TokenTrouble:
    """RFC 6749 section 5.2. Of the description only the first sentence: providers add ids and links."""
    error, words = str(answer.get("error", code))[:60], str(answer.get("error_description", ""))
    if code >= 500 or code == 429:
        return TokenTrouble(f"{where} is in trouble ({code})", "it is tried again", for_people=False)
    mend = {
        "invalid_grant": "the refresh token has expired or was revoked: sign in again and set refresh_token anew",
        "invalid_client": "client_id or client_secret is wrong, or the secret has expired: make a new one at the provider",
        "unauthorized_client": f"the application has no right to this grant: give it the right to {right} at the provider",
        "invalid_scope": "correct scope",
    }.get(error, "see client_id, client_secret, refresh_token and scope")
    what = f"{where} gives no token: {said(error + ' ' + words.split('. ')[0])}"
    return TokenTrouble(what, mend, for_people=True)
