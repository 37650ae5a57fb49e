"""Who sees what (6.1, 5.2, 4.3, 4.5): stories told at random, and every mail that leaves is looked through, whole."""

from __future__ import annotations

import html
import random
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from security.desk import ANA, BOB, CAROL, EVE, LIST, PAT, SAM, SUPPORT, TEAM, Desk, Sent

from mailgate import people_file
from mailgate.mail.token import claim_of_message_id, token_of, verify
from mailgate.store import keys, people

pytestmark = pytest.mark.slow

TEAM_EU, ERIC, LIST_EU = "team-eu@example.com", "eric@example.com", "management-eu@example.com"
RICK, UMA, MEG = "rick@held.example", "uma@other.example", "meg@acme.example"
PEOPLE = {
    "teams": [
        {"name": "support", "address": TEAM, "categories": ["general"]},
        {"name": "support-eu", "address": TEAM_EU, "categories": ["general"], "region": "eu"},
    ],
    "agents": [
        {"address": ANA, "name": "Ana Silva", "teams": ["support", "support-eu"]},
        {"address": SAM, "name": "Sam Roy", "teams": ["support"], "supervisor": True},
        {"address": ERIC, "name": "Eric Berg", "teams": ["support-eu"], "supervisor": True},
    ],
    "accounts": [{"name": "Acme", "domains": ["acme.example"]}],
}
STAFF = {TEAM, TEAM_EU, ANA, SAM, ERIC, LIST, LIST_EU}
OUTSIDE_EU = {TEAM, SAM, LIST}
NAMES = {CAROL: "Carol Jones", PAT: "Pat Poe", BOB: "Bob Ray"}
ADDRESS = re.compile(r"\w[\w.+-]*@[\w-]+(?:\.[\w-]+)+")


@dataclass
class Story:
    """One ticket on which anything may happen, and what each reader may know of it."""

    desk: Desk
    number: int = 0
    token: str = ""  # Bob's reply address, which travels with a forwarded mail
    marks: dict[str, str] = field(default_factory=dict)  # word -> who may read it: all | assignee | staff
    ids: dict[str, str] = field(default_factory=dict)  # Message-ID -> its author
    named: dict[str, set[str]] = field(default_factory=dict)  # addresses that somebody wrote himself
    ever: set[str] = field(
        default_factory=set
    )  # who was on the ticket: the assignee has its whole history (7.1)
    serial: int = 0

    def mail(self, sender: str, *, seen: str = "all", commands: str = "", **more: Any) -> Any:
        """A mail with a word of its own in its text and in its file's name."""
        self.serial += 1
        letters = str(self.serial).translate(
            str.maketrans("0123456789", "abcdefghij")
        )  # numbers are no words (8.3)
        word = f"{seen}word{letters}x"
        self.marks[word] = seen
        id = f"<x{self.serial}@client.example>"
        self.ids[id] = sender
        who = f"{NAMES[sender]} <{sender}>" if sender in NAMES else sender
        mine = {a.lower() for a in (*more.get("cc", ()), *ADDRESS.findall(commands))}
        self.named.setdefault(sender, set()).update(mine)
        subject = more.pop("subject", f"[#{self.number}] {word}" if self.number else word)
        body = f"{commands}\n\n{word}\n" if commands else f"{word}\n"
        row = self.desk.write(who, subject, body, message_id=id, mail_from=sender, **more)
        state, why = next((c.state, c.why_held) for c in self.desk.rows("comments") if c.message_id == row.id)
        if state == "held":
            self.marks[word] = "assignee" if why == "third_party" else "staff"  # whom 4.5 asks
        else:
            assert (seen == "staff") is (state == "private")
        return row


ACTIONS: dict[str, Callable[[Story], Any]] = {
    "the assignee": lambda s: s.mail(BOB, believed=True),
    "a colleague": lambda s: s.mail(CAROL, believed=True),
    "a recipient": lambda s: s.mail(PAT, believed=True),
    "an agent": lambda s: s.mail(ANA, believed=True),
    "a note": lambda s: s.mail(ANA, believed=True, seen="staff", commands="Private: yes"),
    "a note of a supervisor": lambda s: s.mail(ERIC, believed=True, seen="staff", commands="Private: yes"),
    "forged, by number": lambda s: s.mail(BOB, cc=(RICK,)),
    "a third party": lambda s: s.mail(EVE, to=(s.token,), subject="mine", cc=(RICK,)),
    "a third party who is somebody": lambda s: s.mail(UMA, to=(s.token,), subject="mine", believed=True),
    "a new recipient": lambda s: s.mail(BOB, believed=True, commands=f"Recipient: {UMA}"),
    "a colleague in Cc": lambda s: s.mail(BOB, believed=True, cc=(MEG,)),
    "out with one": lambda s: s.mail(BOB, believed=True, commands=f"Recipient: -{PAT}"),
    "another assignee": lambda s: s.mail(BOB, believed=True, commands=f"Assign: {CAROL}"),
    "a refused command": lambda s: s.mail(PAT, believed=True, commands=f"Assign: {EVE}"),
    "escalated": lambda s: s.mail(BOB, believed=True, commands="Escalate: it burns"),
    "escalated by staff": lambda s: s.mail(ANA, believed=True, commands="Escalate: it burns"),
    "worse": lambda s: s.mail(BOB, believed=True, commands="Severity: outage"),
    "solved": lambda s: s.mail(ANA, believed=True, commands="Status: resolved"),
    "into the EU": lambda s: s.mail(BOB, believed=True, commands="EU-Support: AMS01"),
}  # fmt: skip


def told(make_desk: Callable[..., Desk], seed: int) -> tuple[Story, random.Random]:
    desk = make_desk(escalation={"notify_list": LIST, "notify_list_eu": LIST_EU})
    with desk.store.writing() as conn:
        people.sync(conn, people_file.check(PEOPLE, "people.toml"), ())
    story, dice = Story(desk), random.Random(seed)
    commands = "EU-Support: AMS01" if seed % 2 else ""
    row = story.mail(BOB, believed=True, cc=(PAT,), commands=commands)
    story.number = desk.number_of(row)
    watch(story, desk.deliver(), {BOB, PAT}, BOB)
    (mine,) = (sent for sent in desk.sent if sent.to == BOB)
    story.token = str(mine.message["Reply-To"].addresses[0].addr_spec)
    return story, dice


def on_ticket(story: Story, number: int) -> tuple[set[str], str, str]:
    """Who is on a ticket, its assignee, and where its EU support is."""
    shown = story.desk.ticket(number)
    active = {r["address"] for r in shown["recipients"] if r["state"] == "active"}
    return active | {shown["assignee"]}, shown["assignee"], shown["eu_support"]


@pytest.mark.parametrize("seed", range(8))
def test_nobody_sees_what_is_not_his(make_desk: Callable[..., Desk], seed: int) -> None:
    story, dice = told(make_desk, seed)
    for _ in range(10):
        before = on_ticket(story, story.number)[:2]
        story.desk.now += timedelta(seconds=20)  # nobody answers at once: that is what programs do (8.3)
        for name in dice.sample(
            sorted(ACTIONS), dice.choice([1, 1, 2])
        ):  # two within half a minute are one mail
            ACTIONS[name](story)
        watch(story, story.desk.deliver(), *before)


def watch(story: Story, sent: list[Sent], there: set[str], assignee: str) -> None:
    """`there` and `assignee`: as it was before."""
    for mail in sent:
        assert mail.to != EVE, "a stranger with somebody's token is told nothing"
        number = headers_are_his(story, mail)
        now, asked, eu = on_ticket(story, number)
        if mail.to in STAFF:
            assert not (eu and mail.to in OUTSIDE_EU), f"{mail.to} is outside the EU"
            continue
        if number == story.number:
            story.ever |= there | now
            now |= story.ever if mail.to in (asked, assignee) else there
        addresses_are_his(story, mail, number, now)
        words = whole(mail)
        may = {"all", "assignee"} if mail.to in (asked, assignee) else {"all"}
        seen = [word for word, who in story.marks.items() if who not in may and word in words]
        assert seen == [], f"{mail.to} reads what only staff may"


def whole(mail: Sent) -> str:
    """Everything of a mail, decoded: headers with their names, both texts, the return path."""
    headers = "\n".join(f"{name}: {value}" for name, value in mail.message.items())
    return f"{headers}\n{mail.return_path}\n{mail.part('plain')}\n{html.unescape(mail.part('html'))}".lower()


def addresses_are_his(story: Story, mail: Sent, number: int, there: set[str]) -> None:
    """6.1: those on the ticket, those he wrote himself, his colleagues' where he is the assignee, and of a third party
    whom he is asked about (4.5)."""
    may = there | {mail.to} | story.named.get(mail.to, set())
    if mail.to.endswith("@acme.example"):
        may |= {BOB, CAROL, MEG}
    for comment in story.desk.ticket(number)["comments"]:  # words that an author wrote for all to read
        may |= set(ADDRESS.findall(comment["text"].lower())) if comment["state"] == "shown" else set()
    if story.token and mail.to in there:
        asked = any(words in whole(mail) for words in ("third", "no part", "a comment in the name of"))
        may |= {EVE, UMA} if asked else set()
    found = {
        address
        for address in ADDRESS.findall(whole(mail))
        if not address.startswith("support") and not address.endswith(("@client.example", ".invalid"))
    }
    own_ids = {a for a in found if verify(known_keys(story), a.partition("@")[0]) is not None}
    assert found - own_ids <= may, (mail.to, found - own_ids - may, whole(mail))


def known_keys(story: Story) -> Any:
    with story.desk.store.reading() as conn:
        return keys.load(conn)


def headers_are_his(story: Story, mail: Sent) -> int:
    """What is signed was issued to the reader, and what it refers to he has sent or got himself (6.3); the ticket."""
    rows = {row.address: row.id for row in story.desk.rows("people")}
    signing = known_keys(story)
    holders = {rows[mail.to]} | ({rows[TEAM], rows[TEAM_EU]} if mail.to in STAFF else set())
    for address in ADDRESS.findall(f"{mail.header('Reply-To')} {mail.header('List-Unsubscribe')}"):
        claim = verify(signing, token_of(address, [SUPPORT]))
        assert claim is None or claim.person in holders, address
    for id in (mail.header("References") + " " + mail.header("In-Reply-To")).split():
        claim = claim_of_message_id(signing, id, "example.com")
        if claim is not None:
            assert claim.person == rows[mail.to]
        else:
            assert story.ids.get(id) == mail.to, "a Message-ID of somebody else's mail"
    assert verify(signing, token_of(mail.return_path, [SUPPORT])) is not None
    # RFC 8058 section 3.1: one click needs an https URI in List-Unsubscribe, and a mailto alone is none
    assert "https:" in mail.header("List-Unsubscribe") or not mail.header("List-Unsubscribe-Post")
    issued = claim_of_message_id(signing, mail.header("Message-ID"), "example.com")
    assert issued is not None
    assert issued.person == rows[mail.to]
    return issued.ticket


def test_leaving_by_the_address_of_list_unsubscribe(make_desk: Callable[..., Desk]) -> None:
    """6.3: an empty mail to it ends the updates, the history says so, and nobody can undo it by Cc (3.5)."""
    story, _ = told(make_desk, 0)
    desk = story.desk
    story.mail(ANA, believed=True)
    theirs = next(sent for sent in desk.deliver() if sent.to == PAT)
    leave = theirs.header("List-Unsubscribe").removeprefix("<mailto:").removesuffix(">")
    desk.write(PAT, "unsubscribe", "", to=(leave,), mail_from=PAT)
    desk.deliver()
    shown = desk.ticket(story.number)
    assert {"address": PAT, "state": "left"} in shown["recipients"]
    assert f"{PAT} left the recipients" in [line["what"] for line in shown["history"]]
    story.mail(BOB, believed=True, cc=(PAT,))
    story.mail(ANA, believed=True)
    assert PAT not in [sent.to for sent in desk.deliver()]
