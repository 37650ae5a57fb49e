"""T4: a From header drives nothing by itself, and Reply-To says nothing about who writes."""

from __future__ import annotations

import pytest
from security.desk import ANA, BOB, EVE, SAM, SUPPORT, TEAM, Desk

pytestmark = pytest.mark.slow

COMMANDS = {
    "Assign": "eve@evil.example",
    "Severity": "outage",
    "Category": "general",
    "Device": "PRN-1",
    "Recipient": "eve@evil.example",
    "Notify": "off",
    "EU-Support": "AMS01",
    "Status": "closed",
    "Escalate": "3 now",
    "Private": "yes",
    "Affecter": "eve@evil.example",
    "Statut": "resolved",
}
STATE = ("assignee", "severity", "category", "status", "devices", "notify", "eu_support", "escalation_level")


def state(desk: Desk, number: int) -> dict[str, object]:
    ticket = desk.ticket(number)
    named = [r["address"] for r in ticket["recipients"] if r["state"] == "active"]
    return {key: ticket[key] for key in STATE} | {"recipients": named, "title": ticket["title"]}


@pytest.mark.parametrize("sender", [BOB, ANA, SAM])
@pytest.mark.parametrize("by", ["tag", "token"])
def test_forged_commands_change_nothing(desk: Desk, sender: str, by: str) -> None:
    number, acknowledged = desk.opened(BOB)
    before = state(desk, number)
    reply = acknowledged.message["Reply-To"].addresses[0].addr_spec
    for key, value in COMMANDS.items():
        to = (reply,) if by == "token" else (SUPPORT,)
        subject = f"Re: [#{number} outage escalate]" if by == "tag" else "Re: It is broken [outage]"
        desk.write(sender, subject, f"{key}: {value}\n\nPlease.\n", to=to)
    assert state(desk, number) == before
    assert not any(event["code"] == "escalated" for event in desk.ticket(number)["history"])


@pytest.mark.parametrize("sender", [ANA, SAM])
def test_an_agents_own_token_gives_no_power_without_authentication(desk: Desk, sender: str) -> None:
    """4.3. The team's mail is forwarded; whoever has it holds the token that agents answer by."""
    number, _ = desk.opened(BOB)
    to_team = next(sent for sent in desk.sent if sent.to == TEAM)
    reply = to_team.message["Reply-To"].addresses[0].addr_spec
    before = state(desk, number)
    desk.write(sender, "Re: It is broken", "Status: closed\nSeverity: outage\n\nDone.\n", to=(reply,))
    out = desk.deliver()
    assert state(desk, number) == before
    assert [(c["state"], c["why_held"]) for c in desk.ticket(number)["comments"][1:]] == [("held", "staff")]
    assert [sent.to for sent in out] == [TEAM], "the customer reads no forged words of support"
    assert any("SPF or DKIM of example.com" in event["what"] for event in desk.ticket(number)["history"])
    desk.write(sender, "Re: It is broken", "Status: closed\n\nDone.\n", to=(reply,), believed=True)
    assert state(desk, number)["status"] == "closed", "the same from himself"


def test_a_forged_answer_of_support_is_confirmed_by_support_only(desk: Desk) -> None:
    """Neither the customer's reply to the next mail shows it, nor is he asked about it."""
    number, _ = desk.opened(BOB)
    to_team = next(sent for sent in desk.sent if sent.to == TEAM)
    reply = to_team.message["Reply-To"].addresses[0].addr_spec
    desk.write(ANA, "Re: It is broken", "Pay to this account.\n", to=(reply,))
    (told,) = desk.deliver()
    desk.write(SAM, f"Re: [#{number}]", "We look into it.\n", believed=True)
    (news,) = desk.deliver()
    assert (news.to, "waits on this ticket" in news.words) == (BOB, False)
    for id in (news.header("Message-ID"), told.header("Message-ID")):
        desk.write(BOB, f"Re: [#{number}]", "Thanks.\n", believed=True, headers={"In-Reply-To": id})
        assert desk.ticket(number)["comments"][1]["state"] == "held"
    answer = {"In-Reply-To": told.header("Message-ID")}
    desk.write(SAM, f"Re: [#{number}]", "It is hers.\n", believed=True, headers=answer)
    assert desk.ticket(number)["comments"][1]["state"] == "shown"


def test_reply_to_is_nobody(desk: Desk) -> None:
    """GitLab trusted it over From. EVE is believed to be EVE, and is that only."""
    number, _ = desk.opened(BOB)
    before = state(desk, number)
    row = desk.write(
        EVE,
        f"Re: [#{number}]",
        "Status: closed\n\nHello.\n",
        believed=True,
        headers={"Reply-To": f"Bob <{BOB}>"},
    )
    assert state(desk, number) == before
    assert desk.number_of(row) != number
    assert desk.ticket(desk.number_of(row))["assignee"] == EVE
    assert BOB not in [sent.to for sent in desk.deliver()]


@pytest.mark.parametrize(
    "header", ["Sender", "Resent-From", "X-Original-From", "Return-Path", "X-Sender", "On-Behalf-Of"]
)
def test_nor_is_any_other_header(desk: Desk, header: str) -> None:
    number, _ = desk.opened(BOB)
    row = desk.write(EVE, f"Re: [#{number}]", "Hello.\n", believed=True, headers={header: ANA})
    assert desk.ticket(desk.number_of(row))["assignee"] == EVE


def test_the_true_customer_can(desk: Desk) -> None:
    """So that the tests above do not pass because nothing works."""
    number, _ = desk.opened(BOB)
    desk.write(
        BOB,
        f"Re: [#{number}]",
        "Severity: outage\nDevice: PRN-1\nEscalate: it burns\n\nPlease.\n",
        believed=True,
    )
    now = state(desk, number)
    assert (now["severity"], now["devices"], now["escalation_level"]) == ("outage", ["PRN-1"], 1)
