"""T9: a name or an address that looks like one of ours is shown for what it is, and the desk is warned."""

from __future__ import annotations

import pytest
from security.desk import EVE, TEAM, Desk

pytestmark = pytest.mark.slow

LIKE = {
    "Cyrillic letters in the domain": ("Ana <ana@ex\u0430mple.com>", "example.com"),
    "Cyrillic letters in the local part": ("\u0430na@example.com", "ana@example.com"),
    "our domain in front of another": ("Ana <ana@example.com.evil.example>", "example.com"),
    "our address for a name": ('"support@example.com" <eve@evil.example>', "support@example.com"),
    "the name of an agent": ("Ana Silva <eve@evil.example>", "Ana Silva"),
    "the name of an agent in two alphabets": ("An\u0430 Silva <eve@evil.example>", "Ana Silva"),
}


@pytest.mark.parametrize(("sender", "like"), LIKE.values(), ids=LIKE)
def test_the_desk_is_warned_and_nobody_else(desk: Desk, sender: str, like: str) -> None:
    desk.write(sender, "Invoice", "Pay this.\n")
    to_team = next(sent for sent in desk.deliver() if sent.to == TEAM)
    events = [e for e in desk.ticket(1)["history"] if e["code"] == "lookalike"]
    assert [e["private"] for e in events] == [True]
    assert like in events[0]["what"]
    assert "looks like" in to_team.part("plain")
    assert "looks like" in to_team.part("html")


def test_it_is_nobody_of_ours(desk: Desk) -> None:
    """Also where the sender's server vouches for it."""
    desk.opened("bob@acme.example")
    row = desk.write("\u0430na@example.com", "Re: [#1]", "Status: closed\n\nDone.\n", believed=True)
    assert row.ticket_id != 1
    assert desk.ticket(1)["status"] == "new"


@pytest.mark.parametrize(
    "sender",
    [
        "Bob <bob@acme.example>",
        "Ana <ana@other.example>",
        "M\u00fcller <m@other.example>",
        "\u0410\u043d\u043d\u0430 <a@other.example>",
    ],
)  # fmt: skip
def test_namesakes_and_other_alphabets_are_no_matter(desk: Desk, sender: str) -> None:
    desk.write(sender, "Hello")
    assert not [e for e in desk.ticket(1)["history"] if e["code"] == "lookalike"]


HIDING = {
    "right-to-left override": "Bob \u202ecod.exe",
    "isolates": "Bob \u2066x\u2069",
    "zero-width space": "Bo\u200bb",
    "soft hyphen": "Bo\u00adb",
    "a line break": "Bob=?utf-8?q?=0d=0aBcc:_x@evil.example?=",
    "an escape": "Bob=?utf-8?q?=1b[31m?=",
}


@pytest.mark.parametrize("name", HIDING.values(), ids=HIDING)
def test_what_hides_or_turns_letters_is_not_shown(desk: Desk, name: str) -> None:
    desk.write(f"{name} <{EVE}>", f"{name} fdp.exe", f"{name}\n")
    for sent in desk.deliver():
        for character in "\u202e\u2066\u2069\x1b":
            assert character not in sent.words
        assert sent.message["Bcc"] is None
    name_shown = desk.ticket(1)["comments"][0]["author_name"]
    assert name_shown.isprintable()


def test_the_address_stands_beside_the_name(desk: Desk) -> None:
    desk.write(f"Your Boss <{EVE}>", "Hello")
    to_team = next(sent for sent in desk.deliver() if sent.to == TEAM)
    assert EVE in to_team.part("plain")
    assert EVE in to_team.part("html")
