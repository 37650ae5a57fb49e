"""Access tokens: fetched, kept, renewed before they end (RFC 6749 sections 4.4, 5 and 6).

Laws: a secret or token is in no message, no log line and no repr; the file of an account is its owner's alone; one thread at a
time asks the provider. A provider that gives a new refresh token (Microsoft does) takes the old one away some day, so the
newest is kept.
"""

from __future__ import annotations

import hashlib
import json
import os
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import structlog

from mailgate.imap_settings import ImapAccount, OAuth
from mailgate.intake.imap.trouble import TOKEN, UNREACHABLE, ImapTrouble, said

EARLY_SECONDS = 300.0  # a token is renewed so long before it ends
WARN_DAYS = 14  # so long before a client secret ends, the log and `mailgate check` say so
_LARGEST_ANSWER = 65_536
_PATIENCE = 30.0

_log = structlog.get_logger("mailgate.imap")


@dataclass(slots=True)
class Stored:
    """What the file of an account holds. Times are seconds since 1970."""

    access: str = field(default="", repr=False)
    ends: float = 0.0
    refresh: str = field(default="", repr=False)
    origin: str = ""  # a hash of the refresh token in the settings: a new one there wins over ours
    failed: float = 0.0  # since when no token could be had, 0 when all is well
    why: str = ""


def path_of(data_dir: Path, account: str) -> Path:
    return data_dir / "oauth" / f"{account}.json"


def load(path: Path) -> Stored:
    """What is stored; nothing, where nothing can be read."""
    try:
        values = json.loads(path.read_text("utf-8"))
        usual = asdict(Stored())
        return Stored(**{key: type(usual[key])(value) for key, value in values.items() if key in usual})
    except (OSError, ValueError, TypeError, AttributeError):
        return Stored()


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """Secrets go to the address that was configured, and to no other."""

    def redirect_request(self, *_args: Any, **_more: Any) -> None:
        return None


class Tokens:
    """The access tokens of one account, shared by the threads of its mailboxes."""

    def __init__(self, account: ImapAccount, data_dir: Path, clock: Callable[[], float] = time.time) -> None:
        assert account.oauth is not None
        self._account, self._settings, self._clock = account, account.oauth, clock
        self._path = path_of(data_dir, account.name)
        self._lock = threading.Lock()
        self._stored = load(self._path)
        self._warned = 0.0
        self.used_old = False  # the last token given out was not fetched at this moment

    @property
    def ends_soon(self) -> bool:
        """Whether the token in use is to be replaced now, in the middle of a session."""
        return self._clock() > self._stored.ends - EARLY_SECONDS

    def get(self, *, fresh: bool = False) -> str:
        """An access token that holds. Raises ImapTrouble."""
        with self._lock:
            if not fresh and self._stored.access and not self.ends_soon:
                self.used_old = True
                return self._stored.access
            try:
                self._renew()
            except ImapTrouble as e:
                self._note(e)
                if fresh or self._clock() >= self._stored.ends - 5:
                    raise
                self.used_old = True  # it still holds for minutes, and the provider may come back
                return self._stored.access
            self.used_old = False
            return self._stored.access

    def _note(self, error: ImapTrouble) -> None:
        now = self._clock()
        self._stored.failed = self._stored.failed or now
        self._stored.why = str(error)
        self._save()
        if now - self._warned > 600:
            self._warned = now
            left = max(0, int(self._stored.ends - now))
            _log.error(
                "no new access token",
                account=self._account.name,
                why=str(error),
                mend=error.mend,
                seconds_left=left,
            )

    def _renew(self) -> None:
        settings, secret, configured = (
            self._settings,
            self._secret("client_secret"),
            self._secret("refresh_token"),
        )
        origin = hashlib.sha256(configured.encode()).hexdigest()[:16]
        if self._stored.origin != origin:
            self._stored = Stored(origin=origin)
        form = {"grant_type": settings.grant, "client_id": settings.client_id, "scope": settings.scopes}
        if secret:
            form["client_secret"] = secret
        if settings.grant == "refresh_token":
            form["refresh_token"] = self._stored.refresh or configured
        if not form["scope"] or (settings.provider == "google" and settings.grant == "refresh_token"):
            del form["scope"]  # a refresh keeps the scope that was granted (RFC 6749 section 6)
        answer = _ask(settings, form)
        token, lasts = answer.get("access_token"), answer.get("expires_in", 3600)
        if not isinstance(token, str) or not token or not token.isascii() or not token.isprintable():
            raise ImapTrouble(TOKEN, f"{settings.endpoint} gave no access token", "see token_url")
        try:
            seconds = min(max(float(lasts), 0.0), 86_400.0 * 30)
        except (TypeError, ValueError):
            seconds = 3600.0
        newest = answer.get("refresh_token")
        self._stored.access, self._stored.ends = token, self._clock() + seconds
        self._stored.failed, self._stored.why = 0.0, ""
        if isinstance(newest, str) and newest:
            self._stored.refresh = newest
        self._save()
        _log.info("new access token", account=self._account.name, seconds=int(seconds))
        self._warn_of_end()

    def _warn_of_end(self) -> None:
        if (left := days_left(self._settings, datetime.now(UTC).date())) is not None and left <= WARN_DAYS:
            _log.error("the secret of the application ends soon", account=self._account.name, days=left)

    def _secret(self, name: str) -> str:
        secret = self._settings.secret if name == "client_secret" else self._settings.token
        try:
            return secret.read()
        except (OSError, KeyError) as e:
            where = secret.file or f"the variable {secret.env}"
            raise ImapTrouble(
                TOKEN, f"oauth.{name} cannot be read from {where}: {type(e).__name__}",
                "put it there, readable for mailgate",
            ) from e  # fmt: skip

    def _save(self) -> None:
        """Whole or not at all, for the owner alone. A disk that is full costs the next start a new token, no more."""
        scratch = self._path.with_suffix(".new")
        try:
            self._path.parent.mkdir(0o700, parents=True, exist_ok=True)
            with suppress(FileNotFoundError):
                scratch.unlink()
            number = os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            with os.fdopen(number, "w", encoding="utf-8") as file:
                json.dump(asdict(self._stored), file)
                file.flush()
                os.fsync(file.fileno())
            os.replace(scratch, self._path)
        except OSError as e:
            _log.warning("the token could not be kept", account=self._account.name, why=e.strerror)


def days_left(settings: OAuth, today: date) -> int | None:
    """Days until the secret ends, None where nobody said when."""
    return (settings.secret_expires - today).days if settings.secret_expires else None


def _ask(settings: OAuth, form: dict[str, str]) -> dict[str, Any]:
    """One question to the token endpoint (RFC 6749 section 5). Raises ImapTrouble."""
    where = settings.endpoint
    request = urllib.request.Request(  # noqa: S310 - https, or loopback: checked with the settings
        where, urllib.parse.urlencode(form).encode(), {"Accept": "application/json"}, method="POST"
    )
    opener = urllib.request.build_opener(_NoRedirect)
    try:
        with opener.open(request, timeout=_PATIENCE) as response:
            body = response.read(_LARGEST_ANSWER)
    except urllib.error.HTTPError as e:
        with e:
            raise _refused(where, e.code, _json(e.read(_LARGEST_ANSWER))) from None
    except (OSError, ValueError) as e:
        reason = getattr(e, "reason", e)
        raise ImapTrouble(
            UNREACHABLE,
            f"{where} does not answer: {said(reason)}",
            "correct token_url, or let mailgate reach it",
        ) from None
    return _json(body)


def _json(body: bytes) -> dict[str, Any]:
    try:
        answer = json.loads(body)
    except ValueError:
        return {}
    return answer if isinstance(answer, dict) else {}


def _refused(where: str, code: int, answer: dict[str, Any]) -> ImapTrouble:
    """RFC 6749 section 5.2. Of the description only the first sentence: providers add ids and links."""
    error, words = str(answer.get("error", code))[:60], str(answer.get("error_description", ""))
    if code >= 500 or code == 429:
        return ImapTrouble(UNREACHABLE, f"{where} is in trouble ({code})", "it is tried again")
    mend = {
        "invalid_grant": "the refresh token has expired or was revoked: sign in again and set refresh_token anew",
        "invalid_client": "client_id or client_secret is wrong, or the secret has expired: make a new one at the provider",
        "unauthorized_client": "the application has no right to this grant: give it the right to IMAP at the provider",
        "invalid_scope": "correct scope",
    }.get(error, "see client_id, client_secret, refresh_token and scope")
    return ImapTrouble(TOKEN, f"{where} gives no token: {said(error + ' ' + words.split('. ')[0])}", mend)
