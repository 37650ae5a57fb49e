"""What `mailgate check` says of access tokens: how long what we hold will do, and since when there is no new one."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from mailgate.checks import ERROR, OK, WARNING, Finding

if TYPE_CHECKING:
    from mailgate.config import Config
    from mailgate.oauth_settings import OAuth, Secret


def state(about: str, settings: OAuth, path: Path) -> Iterator[Finding]:
    """Of the account whose tokens lie at `path`; best looked at after a login, which may have renewed them."""
    from mailgate.oauth import stored

    yield from _end_of_secret(about, settings)
    found = stored.load(path)
    now = datetime.now(UTC).timestamp()
    if found.failed:
        holds = f"the one in use holds until {when(found.ends)}"
        if not found.access:
            holds = "there is none, and nobody is let in"
        elif found.ends <= now:
            holds = f"the last one ended at {when(found.ends)}, and nobody is let in"
        what = f"no new access token since {when(found.failed)}: {found.why}; {holds}"
        yield Finding(ERROR, about, what, found.mend or "see the message")
    elif found.access:
        yield Finding(OK, about, f"the access token holds until {when(found.ends)}, and is renewed before")


def told(findings: list[Finding], what: str) -> bool:
    """Whether one of these says already what keeps us out."""
    return any(finding.level == ERROR and what in finding.what for finding in findings)


def _end_of_secret(about: str, settings: OAuth) -> Iterator[Finding]:
    from mailgate.oauth import tokens

    left = tokens.days_left(settings, datetime.now(UTC).date())
    if left is None or left > tokens.WARN_DAYS:
        return
    what = f"the secret of the application ends in {left} days"
    if left <= 0:
        what = f"the secret of the application has expired, on {settings.secret_expires}"
    mend = "make a new one at the provider, and set secret_expires"
    yield Finding(WARNING if left > 0 else ERROR, about, what, mend)


def readable(config: Config, about: str, whose: str, places: list[Secret]) -> Iterator[Finding]:
    """A file with a secret is for its owner alone; a secret among the settings makes those one."""
    for place in places:
        path = Path(place.file) if place.file else config.source if place.value else None
        if path is None or not path.is_file() or not path.stat().st_mode & (stat.S_IRGRP | stat.S_IROTH):
            continue
        if place.file or place.value in path.read_text("utf-8", "replace"):  # else it came by the environment
            what = f"{path} holds a secret of {whose} and others may read it"
            yield Finding(WARNING, about, what, f"chmod 600 {path}")


def when(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M UTC")
