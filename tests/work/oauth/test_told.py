"""OAuth 2.0 on the way out: what `mailgate check` and the metrics say of tokens and secrets, and settings that cannot be (T31)."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from doors.token_server import TokenServer
from pydantic import ValidationError
from work.peer import MAIL
from work.smarthost import Settings, Smarthost, send

from mailgate import config, counters
from mailgate.checks import ERROR, OK, WARNING, Finding
from mailgate.cli import outside
from mailgate.oauth import stored
from mailgate.oauth_settings import SmtpOAuth
from mailgate.relay.oauth import tokens_of
from mailgate.relay.smtp import SmtpRelay

pytestmark = pytest.mark.slow


FAILURES = {
    "refused": ((400, {"error": "invalid_grant", "error_description": "expired. Trace"}), "sign in again"),
    "no right": ((400, {"error": "unauthorized_client"}), "the right to SMTP"),
    "in trouble": ((503, {}), "it is tried again"),
    "too often": ((429, {}), "it is tried again"),
}  # fmt: skip


@pytest.mark.parametrize("what", FAILURES)
def test_without_a_token_all_mail_waits_and_check_says_why(
    relay: Callable[..., SmtpRelay],
    settings: Settings,
    provider: TokenServer,
    smarthost: Smarthost,
    what: str,
) -> None:
    provider.failure, mend = FAILURES[what]
    reply = relay().send(MAIL, "a@example.com", "b@b.example")
    assert reply.kind == "down"
    assert smarthost.logins == []
    errors = [finding for finding in outside.relay(settings()) if finding.level == ERROR]
    assert len(errors) == 1
    assert "no new access token since 20" in errors[0].what
    assert "nobody is let in" in errors[0].what
    assert mend in errors[0].mend
    assert "refresh-1" not in repr(errors) + reply.text
    provider.failure = None
    assert send(relay()) == "sent"
    assert [finding.level for finding in outside.relay(settings())] == [OK, OK]


def test_a_provider_that_is_not_there(
    relay: Callable[..., SmtpRelay], settings: Settings, provider: TokenServer
) -> None:
    """The token that holds is used as long as it does; then all mail waits, and it is said since when."""
    assert send(relay()) == "sent"
    path = stored.path_of_relay(settings().data_dir)
    provider.close()
    kept = stored.load(path)
    kept.got, kept.ends = time.time() - 3500, time.time() + 100
    stored.save(path, kept)
    assert send(relay()) == "sent"
    found = list(outside.relay(settings()))
    assert [finding.level for finding in found] == [ERROR, OK]
    assert "does not answer" in found[0].what
    assert "the one in use holds until" in found[0].what
    kept = stored.load(path)
    kept.ends = time.time() - 1
    stored.save(path, kept)
    assert relay().send(MAIL, "a@example.com", "b@b.example").kind == "down"
    (finding,) = outside.relay(settings())
    assert "the last one ended at" in finding.what
    assert datetime.fromtimestamp(kept.failed, UTC).strftime("%H:%M") in finding.what


def test_whoever_waits_for_mail_hears_of_a_refusal_too(settings: Settings, provider: TokenServer) -> None:
    """A desk that sends nothing for a night still renews, so that the alarm comes before the first mail."""
    provider.lasts = 60
    counters.clear()
    tokens = tokens_of(settings())
    assert tokens is not None
    assert counters.numbers().gauges["relay_token_expires", ()] == 0
    stop = threading.Event()
    thread = threading.Thread(target=tokens.keep, args=(stop,))
    thread.start()
    deadline = time.monotonic() + 20
    while not provider.given and time.monotonic() < deadline:
        time.sleep(0.01)
    stop.set()
    thread.join(10)
    assert not thread.is_alive()
    assert provider.given == ["access-1"]
    assert 0 < counters.numbers().gauges["relay_token_expires", ()] - time.time() < 61


@pytest.mark.parametrize(
    ("days", "level", "words"),
    [(30, None, ""), (10, WARNING, "ends in 10 days"), (0, ERROR, "has expired, on "), (-1, ERROR, "has expired, on ")],
)  # fmt: skip
def test_the_end_of_the_secret_is_told(settings: Settings, days: int, level: str | None, words: str) -> None:
    ends = datetime.now(UTC).date() + timedelta(days=days)
    found = [f for f in outside.relay(settings({"secret_expires": ends})) if "the secret" in f.what]
    assert [f.level for f in found] == ([level] if level else [])
    assert all(words in f.what for f in found)


def test_a_secret_that_others_may_read_is_told(settings: Settings, tmp_path: Path) -> None:
    path = tmp_path / "refresh"
    path.write_text("refresh-1\n")
    path.chmod(0o644)
    shared = {"refresh_token": "", "refresh_token_file": str(path)}

    def told() -> list[Finding]:
        return [finding for finding in outside.relay(settings(shared)) if finding.level == WARNING]

    assert ["may read it" in finding.what for finding in told()] == [True]
    path.chmod(0o600)
    assert told() == []


@pytest.mark.parametrize(
    ("text", "mode", "warned"),
    [
        ('refresh_token = "refresh-1"', 0o644, True),
        ('refresh_token = "refresh-1"', 0o600, False),
        ("", 0o644, False),
    ],
    ids=["in the settings", "in settings of their own", "in the environment"],
)
def test_a_secret_among_the_settings(
    settings: Settings, tmp_path: Path, text: str, mode: int, warned: bool
) -> None:
    source = tmp_path / "mailgate.toml"
    source.write_text(text)
    source.chmod(mode)
    one = settings().model_copy(update={"source": source})
    assert [finding.level for finding in outside.relay(one)] == [WARNING] * warned + [OK, OK]


@pytest.mark.parametrize(
    "change",
    [
        {"token_file": "x"},
        {"token_command": ["x"]},
        {"auth": "plain"},
        {"url": "smtp://127.0.0.1:587"},
        {"oauth": {"provider": "google"}},
        {"oauth": None, "auth": "oauthbearer"},
    ],
    ids=lambda change: "-".join(f"{key}" for key in change),
)
def test_settings_that_cannot_be(settings: Settings, change: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        settings(**change) if "oauth" not in change else config.Relay.model_validate(
            {"url": "smtp://x@127.0.0.1", **change}
        )


@pytest.mark.parametrize(
    ("provider_name", "grant", "scope"),
    [
        ("google", "refresh_token", "https://mail.google.com/"),
        ("microsoft", "refresh_token", "https://outlook.office365.com/SMTP.Send offline_access"),
        ("microsoft", "client_credentials", "https://outlook.office365.com/.default"),
    ],
)
def test_the_scopes_of_the_way_out(provider_name: str, grant: str, scope: str) -> None:
    usual = {"client_id": "x", "refresh_token": "y", "client_secret": "z", "tenant": "t"}
    assert SmtpOAuth.model_validate({"provider": provider_name, "grant": grant, **usual}).scopes == scope
    own = SmtpOAuth.model_validate({"provider": provider_name, "grant": grant, "scope": "own", **usual})
    assert own.scopes == "own"
