"""OAuth 2.0 on the way out: sessions with tokens that we fetch, renew and replace ourselves (RFC 6749, RFC 7628)."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from doors.token_server import TokenServer
from work.peer import MAIL
from work.smarthost import USER, Smarthost, send

from mailgate.oauth import stored
from mailgate.relay.smtp import SmtpRelay

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
    ("offered", "auth", "used"),
    [
        (("PLAIN", "XOAUTH2"), "auto", "XOAUTH2"),
        (("OAUTHBEARER", "XOAUTH2"), "auto", "XOAUTH2"),
        (("PLAIN", "OAUTHBEARER"), "auto", "OAUTHBEARER"),
        (("OAUTHBEARER", "XOAUTH2"), "oauthbearer", "OAUTHBEARER"),
    ],
)
@pytest.mark.parametrize("grant", ["refresh_token", "client_credentials"])
def test_a_login_with_a_token(
    relay: Callable[..., SmtpRelay], provider: TokenServer, smarthost: Smarthost,
    offered: tuple[str, ...], auth: str, used: str, grant: str, tmp_path: Path,
) -> None:  # fmt: skip
    smarthost.mechanisms = offered
    one = relay({"grant": grant, "client_secret": "s3cret"}, auth=auth)
    assert [send(one), send(one)] == ["sent", "sent"]
    assert smarthost.logins == [(used, USER, "access-1")]
    assert [form["grant_type"] for form in provider.asked] == [grant]
    assert stored.path_of_relay(tmp_path).stat().st_mode & 0o777 == 0o600


def test_a_token_that_is_kept_is_used_again(
    relay: Callable[..., SmtpRelay], provider: TokenServer, smarthost: Smarthost
) -> None:
    assert [send(relay()), send(relay())] == ["sent", "sent"]
    assert len(provider.given) == 1
    assert smarthost.connections == 2


@pytest.mark.parametrize(
    "ended",
    ["535 5.7.3 token expired", "454 4.7.0 try again", "530 5.7.57 not authenticated", "421 4.7.0 bye"],
)
@pytest.mark.parametrize("complains", [True, False])
def test_a_token_that_expires_in_mid_session(
    relay: Callable[..., SmtpRelay], provider: TokenServer, smarthost: Smarthost, ended: str, complains: bool
) -> None:
    """One new token and one new try at once: the mail does not wait for the next attempt."""
    smarthost.ended, smarthost.complains = ended, complains
    one = relay()
    assert send(one) == "sent"
    provider.revoked.add("access-1")
    assert send(one) == "sent"
    assert len(provider.given) == 2
    assert smarthost.mails == 2
    assert smarthost.logins[-1][2] == "access-2"


@pytest.mark.parametrize(("stage", "ended", "again"), [("RCPT", "535 5.7.3 no", True), ("DATA", "530 5.7.0 no", True),
                                                       ("RCPT", "454 4.7.1 Relay access denied", False)])  # fmt: skip
def test_a_token_may_end_between_two_commands(
    relay: Callable[..., SmtpRelay],
    provider: TokenServer,
    smarthost: Smarthost,
    stage: str,
    ended: str,
    again: bool,
) -> None:
    """What says 454 of a recipient says nothing of our token."""
    smarthost.stage, smarthost.ended = stage, ended
    one = relay()
    assert send(one) == "sent"
    provider.revoked.add("access-1")
    assert send(one) == ("sent" if again else "denied")
    assert len(provider.given) == 1 + again


def test_a_token_that_ended_costs_one_question(
    relay: Callable[..., SmtpRelay], provider: TokenServer, smarthost: Smarthost
) -> None:
    """A session whose token is over is no connection that was lost: nobody knocks twice for it."""
    provider.lasts = 1
    one = relay()
    assert send(one) == "sent"
    provider.failure = (503, {})
    time.sleep(1.1)
    assert send(one) == "down"
    assert len(provider.asked) == 2
    assert smarthost.mails == 1


@pytest.mark.parametrize("refused", ["535 5.7.3 no", "454 4.7.0 later", "334 ", "530 5.7.0 no"])
def test_a_token_that_was_revoked_is_replaced_at_the_login(
    relay: Callable[..., SmtpRelay], provider: TokenServer, smarthost: Smarthost, refused: str
) -> None:
    send(relay())
    provider.revoked.add("access-1")
    smarthost.refused, smarthost.complains = refused, refused != "334 "
    assert send(relay()) == "sent"
    assert [login[2] for login in smarthost.logins] == ["access-1", "access-1", "access-2"]


def test_a_new_token_that_is_refused_too_is_the_relays_trouble(
    relay: Callable[..., SmtpRelay], provider: TokenServer, smarthost: Smarthost
) -> None:
    """One refresh and no more: the breaker says when to ask again."""
    one = relay()
    assert send(one) == "sent"
    provider.revoked |= {f"access-{number}" for number in range(1, 50)}
    reply = one.send(MAIL, "a@example.com", "b@b.example")
    assert (reply.kind, reply.code) == ("down", 535)
    assert "access-" not in reply.text
    assert len(provider.given) == 2
    assert [login[2] for login in smarthost.logins] == ["access-1", "access-2"]


def test_threads_that_meet_the_end_together_ask_once(
    relay: Callable[..., SmtpRelay], provider: TokenServer
) -> None:
    one, kinds = relay(), []
    ready = threading.Barrier(4)

    def work() -> None:
        kinds.append(send(one))
        ready.wait(10)
        if ready.n_waiting == 0:
            provider.revoked.add("access-1")
        ready.wait(10)
        kinds.append(send(one))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert kinds == ["sent"] * 8
    assert len(provider.given) == 2


def test_a_session_begins_anew_before_its_token_ends(
    relay: Callable[..., SmtpRelay], provider: TokenServer, smarthost: Smarthost
) -> None:
    provider.lasts, provider.rotate = 2, True
    one = relay()
    assert send(one) == "sent"
    deadline = time.monotonic() + 20
    while len(provider.given) < 3 and time.monotonic() < deadline:
        assert send(one) == "sent"
        time.sleep(0.1)
    assert len(provider.given) >= 3
    assert not [login for login in smarthost.logins if login[2] not in provider.given]
    assert [form["refresh_token"] for form in provider.asked[:3]] == ["refresh-1", "refresh-2", "refresh-3"]
