"""OAuth 2.0 at the IMAP door: a real Dovecot asks a provider of ours whose a token is."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from doors.dovecot import Dovecot
from doors.mailboxes import Doors, account, mail, until
from doors.token_server import TokenServer
from pydantic import ValidationError

from mailgate import counters
from mailgate.cli import mailboxes
from mailgate.config import Config
from mailgate.intake.imap import account as reader
from mailgate.oauth import stored, tokens
from mailgate.oauth.trouble import TokenTrouble
from mailgate.oauth_settings import OAuth

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def provider_and_server() -> Iterator[tuple[TokenServer, Dovecot]]:
    provider = TokenServer()
    with Dovecot(tokeninfo=f"{provider.base}/tokeninfo?access_token=") as server:
        yield provider, server
    provider.close()


@pytest.fixture
def provider(provider_and_server: tuple[TokenServer, Dovecot]) -> TokenServer:
    provider = provider_and_server[0]
    provider.lasts, provider.rotate, provider.failure, provider.refresh = 3600, False, None, "refresh-1"
    provider.given, provider.revoked, provider.asked = [], set(), []
    return provider


@pytest.fixture
def dovecot(provider_and_server: tuple[TokenServer, Dovecot], provider: TokenServer, request: Any) -> Dovecot:
    server = provider_and_server[1]
    provider.user = server.user(f"ana{abs(hash(request.node.name)) % 100_000}")
    return server


@pytest.fixture
def doors(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Doors]:
    monkeypatch.setattr(reader, "_PAUSES", {True: (0.05, 0.1), False: (0.05, 0.1)})
    doors = Doors(tmp_path / "var")
    doors.data_dir.mkdir()
    yield doors
    doors.stop()


def settings(provider: TokenServer, **more: Any) -> dict[str, Any]:
    usual = {"token_url": f"{provider.base}/token", "client_id": "desk", "refresh_token": "refresh-1"}
    return {**usual, **more}


def entry(dovecot: Dovecot, provider: TokenServer, **more: Any) -> dict[str, Any]:
    usual = {"auth": "xoauth2", "password": "", "oauth": settings(provider)}
    return account(dovecot.port, provider.user, **{**usual, **more})


@pytest.mark.parametrize("auth", ["xoauth2", "oauthbearer"])
@pytest.mark.parametrize("grant", ["refresh_token", "client_credentials"])
def test_a_login_with_a_token(
    dovecot: Dovecot, provider: TokenServer, doors: Doors, auth: str, grant: str
) -> None:
    dovecot.put(provider.user, mail(1))
    more: dict[str, Any] = {"grant": grant, "client_secret": "s3cret"}
    with doors.running(entry(dovecot, provider, auth=auth, oauth=settings(provider, **more))):
        until(lambda: doors.accepted.raws == [mail(1)])
    form = provider.asked[0]
    assert form["grant_type"] == grant
    assert ("refresh_token" in form) == (grant == "refresh_token")
    path = stored.path_of(doors.data_dir, "main")
    assert counters.numbers().gauges["imap_token_expires", ("main",)] == stored.load(path).ends > 0
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_a_token_that_is_kept_is_used_again(dovecot: Dovecot, provider: TokenServer, doors: Doors) -> None:
    for number in (1, 2):
        dovecot.put(provider.user, mail(number))
        with doors.running(entry(dovecot, provider)):
            until(lambda number=number: len(doors.accepted.mails) == number)
    assert len(provider.given) == 1


def test_a_token_that_ends_in_mid_session(dovecot: Dovecot, provider: TokenServer, doors: Doors) -> None:
    """It is replaced before it ends, with a new refresh token each time, and no mail waits for it."""
    provider.lasts, provider.rotate = 2, True
    with doors.running(entry(dovecot, provider, poll_seconds=1)):
        until(lambda: doors.state() and doors.state().good)
        until(lambda: len(provider.given) >= 3)
        dovecot.put(provider.user, mail(1))
        until(lambda: doors.accepted.raws == [mail(1)])
    assert not doors.state().bad
    used = [form["refresh_token"] for form in provider.asked]
    assert used == [f"refresh-{number}" for number in range(1, len(used) + 1)]
    assert stored.load(stored.path_of(doors.data_dir, "main")).refresh == provider.refresh


def test_a_token_that_was_revoked_is_replaced_at_once(
    dovecot: Dovecot, provider: TokenServer, doors: Doors
) -> None:
    with doors.running(entry(dovecot, provider)):
        until(lambda: doors.state() and doors.state().good)
    provider.revoked.add(provider.given[0])
    dovecot.put(provider.user, mail(1))
    with doors.running(entry(dovecot, provider)):
        until(lambda: doors.accepted.raws == [mail(1)])
    assert len(provider.given) == 2


@pytest.mark.parametrize("auth", ["xoauth2", "oauthbearer"])
def test_a_token_that_the_server_refuses(
    dovecot: Dovecot, provider: TokenServer, doors: Doors, auth: str
) -> None:
    """The complaint comes as a challenge in JSON, and is told (RFC 7628 section 3.2.2)."""
    provider.revoked |= {f"access-{number}" for number in range(1, 200)}
    with doors.running(entry(dovecot, provider, auth=auth)):
        until(lambda: doors.state() and doors.state().bad)
    assert "refuses the access token" in doors.state().why
    assert '"status"' in doors.state().why
    assert "access-" not in doors.state().why


FAILURES = {
    "expired": ((400, {"error": "invalid_grant", "error_description": "expired. Trace"}), "sign in again"),
    "secret": ((401, {"error": "invalid_client"}), "make a new one at the provider"),
    "rights": ((400, {"error": "unauthorized_client"}), "the right to IMAP"),
    "no JSON": ((400, {}), "see client_id"),
}  # fmt: skip


@pytest.mark.parametrize("what", FAILURES)
def test_what_a_provider_refuses_is_said_in_words(
    dovecot: Dovecot, provider: TokenServer, doors: Doors, what: str
) -> None:
    provider.failure, mend = FAILURES[what]
    one = entry(dovecot, provider)
    with doors.running(one):
        until(lambda: doors.state() and doors.state().bad)
    assert mend in doors.state().mend
    found = [f for f in mailboxes.imap(doors.config(one)) if f.level == "error"]
    assert found
    assert any(mend in finding.mend for finding in found)
    assert "refresh-1" not in repr(found)


def held_by(provider: TokenServer, tmp_path: Path, clock: Any, **more: Any) -> tokens.Tokens:
    made = OAuth(**settings(provider, **more))
    return tokens.Tokens("main", made, stored.path_of(tmp_path, "main"), right="IMAP", clock=clock)


def test_trouble_of_the_provider_is_told_before_the_token_ends(provider: TokenServer, tmp_path: Path) -> None:
    now = [1_000_000.0]
    held = held_by(provider, tmp_path, lambda: now[0])
    assert held.get().value == "access-1"
    provider.failure = (503, {})
    now[0] += 3600 - tokens.EARLY_SECONDS + 1
    assert held.ends_soon
    assert held.get().value == "access-1", "it still holds"
    assert stored.load(stored.path_of(tmp_path, "main")).failed == now[0]
    now[0] += tokens.EARLY_SECONDS
    with pytest.raises(TokenTrouble, match="in trouble"):
        held.get()
    provider.failure = None
    assert held.get().value == "access-2"
    assert not stored.load(stored.path_of(tmp_path, "main")).failed


def test_a_provider_in_trouble_costs_a_mailbox_no_connections(
    dovecot: Dovecot, provider: TokenServer, doors: Doors
) -> None:
    """While the old token holds, the session goes on: a new one for each round would get us locked out."""
    provider.lasts = 16
    with doors.running(entry(dovecot, provider, poll_seconds=1)):
        until(lambda: doors.state() and doors.state().good)
        provider.failure = (503, {})
        until(lambda: len(provider.asked) > 1)
        dovecot.put(provider.user, mail(1))
        until(lambda: doors.accepted.raws == [mail(1)])
        assert len(provider.asked) < 8
        provider.failure = None


def test_a_new_refresh_token_in_the_settings_wins(provider: TokenServer, tmp_path: Path) -> None:
    provider.rotate = True
    held_by(provider, tmp_path, lambda: 0.0).get()
    provider.refresh = "signed-in-again"
    held = held_by(provider, tmp_path, lambda: 10_000.0, refresh_token="signed-in-again")
    assert held.get().value == "access-2"


@pytest.mark.parametrize("content", ["", "[]", "{", '{"access": 3}', '{"access": "x", "ends": "x"}'])
def test_a_broken_token_file_costs_a_question_no_more(
    provider: TokenServer, tmp_path: Path, content: str
) -> None:
    path = stored.path_of(tmp_path, "main")
    path.parent.mkdir()
    path.write_text(content)
    assert held_by(provider, tmp_path, lambda: 0.0).get().value == "access-1"


@pytest.mark.parametrize("lasts", [None, "soon", -5, 10**12])
def test_an_odd_lifetime(provider: TokenServer, tmp_path: Path, lasts: Any) -> None:
    provider.lasts = lasts
    assert held_by(provider, tmp_path, lambda: 0.0).get().value == "access-1"


@pytest.mark.parametrize(
    ("days", "level", "words"),
    [(30, None, ""), (10, "warning", "ends in 10 days"), (-1, "error", "has expired")],
)
def test_the_end_of_the_secret_is_told(
    provider: TokenServer, tmp_path: Path, days: int, level: str | None, words: str
) -> None:
    ends = datetime.now(UTC).date() + timedelta(days=days)
    one = account(1, "ana", auth="xoauth2", password="", oauth=settings(provider, secret_expires=ends))
    found = [f for f in mailboxes.imap(Config(data_dir=tmp_path, imap=[one])) if "the secret" in f.what]  # type: ignore[list-item]
    assert [f.level for f in found] == ([level] if level else [])
    assert all(words in f.what for f in found)


@pytest.mark.parametrize(
    "change",
    [
        {"token_url": "http://login.example.com/token"},
        {"token_url": ""},
        {"refresh_token": ""},
        {"grant": "client_credentials"},
        {"provider": "microsoft", "token_url": ""},
        {"refresh_token_file": "x"},
        {"tenant": "a/../b"},
    ],
    ids=lambda change: "-".join(change),
)
def test_settings_that_cannot_be(provider: TokenServer, change: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        OAuth(**{**settings(provider), **change})


def test_the_providers_that_are_known() -> None:
    google = OAuth(provider="google", client_id="x", refresh_token="y")
    microsoft = OAuth(provider="microsoft", tenant="acme.example", client_id="x", refresh_token="y")
    assert (google.endpoint, google.scopes) == (
        "https://oauth2.googleapis.com/token",
        "https://mail.google.com/",
    )
    assert microsoft.endpoint == "https://login.microsoftonline.com/acme.example/oauth2/v2.0/token"
    assert microsoft.scopes == "https://outlook.office365.com/.default"
