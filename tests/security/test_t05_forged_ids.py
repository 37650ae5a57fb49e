"""T5: ids and headers of our own making are believed by their signature alone (FreeScout CVE-2026-47123, RT CVE-2023-41259)."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rules.conftest import ANA, BOB, SUPPORT, TEAM, World
from security.desk import Desk, believed_as, written

from mailgate.mail import token
from mailgate.mail.token import Minter
from mailgate.model import Key, Purpose, Trust

DIGITS = "abcdefghijklmnopqrstuvwxyz234567"
texts = st.text(DIGITS + "0189-_.A=", max_size=80) | st.text(max_size=80)


@pytest.fixture(scope="session")
def standing() -> World:
    """A ticket of BOB's; nothing in these tests changes it."""
    world = World()
    world.ticket(1)
    return world


def _flipped(text: str, at: int, to: str) -> str:
    at %= len(text)
    return text[:at] + to + text[at + 1 :]


@given(texts)
def test_no_made_up_id_and_no_made_up_address_finds_a_ticket(standing: World, text: str) -> None:
    for more in (
        {"in_reply_to": (f"<{text}@example.com>",)},
        {"references": (f"<{text}@example.com>", f"<{text}>", text)},
        {"to": (f"support+{text}@example.com",), "rcpt": (f"support+{text}@example.com",)},
    ):
        decision = standing.mail(ANA, "Re: It is broken", auth=False, **more)  # type: ignore[arg-type]
        assert (decision.ticket, decision.trust, decision.threaded_by) == (None, Trust.UNVERIFIED, "none")


@given(st.sampled_from(["reply", "message"]), st.integers(0, 200), st.sampled_from(DIGITS))
def test_one_wrong_letter_is_no_token(standing: World, kind: str, at: int, letter: str) -> None:
    address, message_id = standing.token(1, BOB), standing.minter.message_id(1, 1, 5, standing.now)
    whole = (
        address.partition("+")[2].partition("@")[0] if kind == "reply" else message_id[1:].partition("@")[0]
    )
    broken = _flipped(whole, at, letter)
    if broken == whole:
        return
    assert token.verify((standing.key,), broken) is None
    assert token.verify((standing.key,), whole) is not None


def test_a_token_of_another_key_is_none(standing: World) -> None:
    minter = Minter(Key(7, b"x" * 32, standing.now), SUPPORT, "example.com")
    forged = minter.reply_address(1, 1, Purpose.REPLY, standing.now - timedelta(days=1))
    decision = standing.mail(BOB, "Re: It is broken", auth=False, to=(forged,))
    assert (decision.ticket, decision.trust) == (None, Trust.UNVERIFIED)


@pytest.mark.parametrize("purpose", [Purpose.LEAVE, Purpose.TEAM])
def test_a_token_is_good_for_what_it_was_made_for(standing: World, purpose: Purpose) -> None:
    """A reply address that a team got proves nobody; the address for leaving gives nobody staff's powers."""
    address = standing.token(1, "support" if purpose is Purpose.TEAM else BOB, purpose)
    decision = standing.mail(ANA, "Re: It is broken", "Status: closed\n\nDone.", auth=False, to=(address,))
    assert decision.trust is Trust.UNVERIFIED
    assert decision.changes == ()


def test_all_signed_texts_are_verified_in_one_place() -> None:
    """And in constant time: nothing else in the house compares a MAC."""
    import inspect
    from pathlib import Path

    house = Path(token.__file__).parents[1]
    users = {p.name for p in house.rglob("*.py") if re.search(r"\bhmac\b", p.read_text("utf-8"))}
    assert users <= {
        "token.py",
        "keys.py",
        "door.py",
    }  # the last two: keys of the HTTP door, signatures of providers
    assert "compare_digest" in inspect.getsource(token.verify)


# ---------------------------------------------------------------- headers in our name

OURS = {
    "X-Mailgate-Ticket": "1",
    "X-Mailgate-Role": "agent",
    "X-Mailgate-Trust": "authenticated",
    "X-Mailgate-Person": ANA,
    "X-Mailgate-Loop": "other.example",
    "Authentication-Results": "mx.other.example; dmarc=pass header.from=example.com",
    "ARC-Authentication-Results": "i=1; mx.example.com; dmarc=pass header.from=example.com",
    "X-Authentication-Results": "mx.example.com; dmarc=pass header.from=example.com",
    "Received-SPF": "pass (mx.example.com: domain of example.com)",
    "X-Spam-Flag": "NO",
    "List-Unsubscribe": "<mailto:support@example.com>",
}


@pytest.mark.parametrize(("name", "value"), OURS.items(), ids=OURS)
def test_headers_of_strangers_give_nothing(desk: Desk, name: str, value: str) -> None:
    number, _ = desk.opened(BOB)
    raw = written(ANA, f"Re: [#{number}]", "Status: closed\n\nDone.\n", headers={name: value})
    row = desk.land(raw, ANA)
    assert believed_as(row) == "unverified"
    assert desk.ticket(number)["status"] == "new"
    assert not any(sent.to == BOB for sent in desk.deliver())


@pytest.mark.parametrize("peer", ["192.0.2.1", "::ffff:192.0.2.1", ""])
def test_our_own_authserv_id_counts_from_our_own_server_only(desk: Desk, peer: str) -> None:
    """From anywhere else it is what a stranger wrote."""
    raw = written(ANA, "Hello", "Status: closed\n\nDone.\n", believed=True)
    assert believed_as(desk.land(raw, ANA, peer=peer)) == "unverified"
    assert believed_as(desk.land(written(ANA, "Hello", "x\n", believed=True), ANA)) == "authenticated"


def test_the_topmost_of_ours_decides(desk: Desk) -> None:
    """Our server writes above what it was handed (RFC 8601 §5)."""
    forged = written(ANA, believed=True)
    raw = b"Authentication-Results: mx.example.com; dmarc=fail header.from=example.com\r\n" + forged
    assert believed_as(desk.land(raw, ANA)) == "unverified"


@pytest.mark.parametrize(
    "ours",
    [
        "spf=fail smtp.mailfrom=evil.example",
        "dkim=none",
        "none",
        "dmarc=none header.from=example.com",
        'spf=pass smtp.mailfrom="a b',
    ],
)
@pytest.mark.parametrize(
    "between", ["", "Received: from client by mx.example.com; Mon, 2 Mar 2026 10:00:00 +0000"]
)
def test_what_the_topmost_leaves_out_no_lower_one_says(desk: Desk, ours: str, between: str) -> None:
    """Even where our server wrote of another method only, or something that cannot be read."""
    top = f"Authentication-Results: mx.example.com; {ours}\r\n" + (f"{between}\r\n" if between else "")
    assert believed_as(desk.land(top.encode() + written(ANA, believed=True), ANA)) == "unverified"


@pytest.mark.parametrize("where", ["above", "below"])
def test_with_hops_set_only_what_stands_above_our_received_counts(
    make_desk: Callable[..., Desk], where: str
) -> None:
    """A server in front that removes nothing: what the sender wrote stands below what it wrote itself."""
    desk = make_desk(trust={"hops": 1})
    head, _, rest = written(ANA, believed=True).partition(b"\r\n")
    received, _, rest = rest.partition(b"\r\n")
    lines = [head, received] if where == "above" else [received, head]
    raw = b"\r\n".join([*lines, rest])
    assert believed_as(desk.land(raw, ANA)) == ("authenticated" if where == "above" else "unverified")


@pytest.mark.parametrize(
    "left",
    [
        "DKIM-Signature: v=1; d=evil.example",
        "Return-Path: <eve@evil.example>",
        "ARC-Seal: i=1",
        "X-Spam-Status: No",
    ],
)
def test_a_server_that_removes_received_leaves_other_traces(desk: Desk, left: str) -> None:
    """header_checks with /^Received:/ IGNORE must not turn all of the internet into a device of ours."""
    raw = written(ANA)
    direct = raw[raw.index(b"From:") :]
    assert believed_as(desk.land(f"{left}\r\n".encode() + direct, ANA)) == "unverified"
    assert believed_as(desk.land(direct.replace(b"Please", b"Do"), ANA)) == "authenticated"


def test_with_a_server_in_front_nothing_is_believed_that_it_does_not_say(
    make_desk: Callable[..., Desk],
) -> None:
    """Postfix on the same host hands over from loopback, which the shipped settings trust: but not what was relayed."""
    desk = make_desk(trust={"authserv_ids": []})
    raw = written(ANA, believed=True)
    assert believed_as(desk.land(raw, ANA, peer="127.0.0.1")) == "unverified"
    direct = raw[raw.index(b"From:") :].replace(b"Please", b"Do")
    assert believed_as(desk.land(direct, ANA, peer="127.0.0.1")) == "authenticated"
    assert TEAM in [sent.to for sent in desk.deliver()]
