"""The access tokens of one account: given out, renewed before they end, and once more when a server refuses one."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from pathlib import Path

import structlog

from mailgate.oauth import stored as kept
from mailgate.oauth.provider import ask, secret_of
from mailgate.oauth.stored import Stored
from mailgate.oauth.trouble import TokenTrouble
from mailgate.oauth_settings import OAuth

EARLY_SECONDS = 300.0  # a token is renewed so long before it ends
AGAIN_SECONDS = 30.0  # so long after a failure, while the old token still holds
WARN_DAYS = 14  # so long before a client secret ends, the log and `mailgate check` say so
_BARELY = 5.0  # a token that ends sooner than this is none
_REMIND_SECONDS = 600.0
_REFUSED_SECONDS = 300.0  # between two questions to a provider that has refused us, when nobody needs a token

_log = structlog.get_logger("mailgate.oauth")


@dataclass(frozen=True, slots=True)
class Access:
    """A token as it was given out. `fresh`: fetched at this moment, so that no other one would do better."""

    value: str = field(repr=False)
    fresh: bool


class Tokens:
    """The access tokens of one account, shared by the threads of a process and, over the file, by all processes."""

    def __init__(
        self,
        account: str,
        settings: OAuth,
        path: Path,
        *,
        right: str,
        told: Callable[[float], None] = lambda _ends: None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """`account` is the name in the log, `right` what the token is for (IMAP, SMTP); `told` hears when the token in use
        ends, 0 while there is none."""
        self._account, self._settings, self._path = account, settings, path
        self._right, self._told, self._clock = right, told, clock
        self._lock = threading.Lock()
        self._stored = kept.load(path)
        self._warned = self._again = 0.0
        told(self._stored.ends)

    @property
    def ends_soon(self) -> bool:
        """Whether the token in use is to be replaced now, in the middle of a session."""
        return self.seconds_left <= 0

    @property
    def seconds_left(self) -> float:
        """Until the token in use is to be replaced, not until it ends; 0 when it is time. Later by a pause when that has
        failed just now and the token still holds."""
        ends = self._stored.ends
        until = ends - min(
            EARLY_SECONDS, (ends - self._stored.got) / 2
        )  # some providers give five minutes in all
        if until < self._again < ends - _BARELY:
            until = self._again
        return max(0.0, until - self._clock())

    def stale(self, access: Access) -> bool:
        """Whether a session that began with this token should begin anew."""
        return access.value != self._stored.access or self.ends_soon

    def get(self, refused: str = "") -> Access:
        """A token that holds, and is not the one that the server `refused`. Raises TokenTrouble."""
        with self._lock:
            if self._usable(refused):
                return Access(self._stored.access, fresh=False)
            try:
                fresh = self._renew(refused)
            except TokenTrouble as e:
                self._tell(e)
                if self._stored.access in ("", refused) or self._clock() >= self._stored.ends - _BARELY:
                    raise
                fresh = False  # the provider may come back before it ends
            return Access(self._stored.access, fresh)

    def keep(self, stop: threading.Event) -> None:
        """Renew in time until `stop`, also while nobody asks: what a provider refuses is told before a mail waits for it."""
        pause = 0.0
        while not stop.wait(pause):
            pause = AGAIN_SECONDS
            try:
                self.get()
            except TokenTrouble as e:
                pause = _REFUSED_SECONDS if e.for_people else pause
            pause = max(pause, self.seconds_left)

    def _usable(self, refused: str) -> bool:
        return self._stored.access not in ("", refused) and not self.ends_soon

    def _renew(self, refused: str) -> bool:
        """Fetch a token, or take the one that another process has fetched meanwhile; True for the former."""
        try:
            configured = secret_of(self._settings.token, "refresh_token")
        except TokenTrouble as e:
            self._note(e)
            raise
        origin = _hash(configured)
        name = _hash(self._settings.endpoint, self._settings.client_id, configured)
        with kept.held(self._path.parent, name):
            self._reload()
            if self._stored.origin != origin:
                self._stored = Stored(origin=origin)
            self._told(self._stored.ends)
            if self._usable(refused):
                return False
            try:
                self._fetch(configured)
            except TokenTrouble as e:
                self._note(e)
                raise
        _log.info("new access token", account=self._account, seconds=int(self._stored.ends - self._clock()))
        self._warn_of_end()
        return True

    def _reload(self) -> None:
        """The file, unless we know more: it could not be written then."""
        found = kept.load(self._path)
        if found.turn >= self._stored.turn and found.origin:
            self._stored = found

    def _note(self, error: TokenTrouble) -> None:
        """Since when there is no new token, for `mailgate check`."""
        self._reload()
        now, mine = self._clock(), self._stored
        self._again = now + AGAIN_SECONDS
        self._stored = replace(mine, failed=mine.failed or now, why=str(error), mend=error.mend)
        self._save()

    def _fetch(self, configured: str) -> None:
        last = kept.newest(self._path.parent, self._stored)
        refresh = last.refresh or configured
        granted = ask(self._settings, refresh, self._right)
        now = self._clock()
        self._stored = Stored(
            granted.access, now, now + granted.seconds, granted.refresh or last.refresh, self._stored.origin, last.turn + 1
        )  # fmt: skip
        self._again = 0.0
        self._save()
        self._told(self._stored.ends)

    def _save(self) -> None:
        """A disk that is full costs the next start a new token, no more."""
        try:
            kept.save(self._path, self._stored)
        except OSError as e:
            _log.warning("the token could not be kept", account=self._account, why=e.strerror)

    def _tell(self, error: TokenTrouble) -> None:
        now = self._clock()
        if now - self._warned > _REMIND_SECONDS:
            self._warned = now
            left = max(0, int(self._stored.ends - now))
            _log.error(
                "no new access token",
                account=self._account,
                why=str(error),
                mend=error.mend,
                seconds_left=left,
            )

    def _warn_of_end(self) -> None:
        if (left := days_left(self._settings, datetime.now(UTC).date())) is not None and left <= WARN_DAYS:
            _log.error("the secret of the application ends soon", account=self._account, days=left)


def days_left(settings: OAuth, today: date) -> int | None:
    """Days until the secret ends, None where nobody said when."""
    return (settings.secret_expires - today).days if settings.secret_expires else None


def _hash(*words: str) -> str:
    return hashlib.sha256("\0".join(words).encode()).hexdigest()[:16]
