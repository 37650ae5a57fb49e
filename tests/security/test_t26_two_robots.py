"""T26: two programs on one ticket that nothing marks as machines. Their answers go round through the desk, from one to
the other, and at most five mails of ours reach them."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from security.desk import ANA, BOB, CAROL, PAT, TEAM, Desk, Sent, written

from mailgate import model
from mailgate.cli import stopped as cli_stopped
from mailgate.cli.again import decide_again
from mailgate.landing import Job
from mailgate.mail.parse import parse

pytestmark = pytest.mark.slow

ROUNDS = 1000
OPERATOR = "root@example.com"
WORDS = (
    "printer",
    "paper",
    "room",
    "switch",
    "light",
    "cable",
    "noise",
    "again",
    "never",
    "maybe",
    "screen",
    "later",
)


@dataclass
class Style:
    """How two robots write: `{n}` counts, `{words}` are others each time."""

    text: str = "I got your mail and will read it on Monday."
    subject: str = "Re: {subject}"
    to_from: bool = False  # to our plain address, and names no mail that it answers
    threaded: bool = True
    believed: bool = True
    headers: tuple[tuple[str, str], ...] = ()
    seconds: float = 60
    author: str = "{to}"


STYLES = {
    "the same text": Style(),
    "a counter in the text": Style("Your request no. {n} was received at {n}:00:17 (id A{n}F-9).\nhttps://x.example/{n}"),
    "another subject each time": Style(subject="Case {n} [#1]"),
    "no words at all": Style(text=""),
    "in capitals and other lines": Style("I GOT\nyour  mail {n}."),
    "to the signed address, without In-Reply-To": Style(threaded=False),
    "to our address, with the tag": Style(to_from=True, subject="Re: [#1] {n}"),
    "to our address, a new ticket each": Style(to_from=True, subject="Case {n} received"),
    "unverified": Style(believed=False),
    "unverified, with the tag": Style(believed=False, to_from=True, subject="Re: [#1]"),
    "unverified, new tickets": Style(believed=False, to_from=True, subject="Case {n}"),
    "auto-generated": Style(headers=(("Auto-Submitted", "auto-generated"),)),
    "a list": Style(headers=(("List-Id", "<all.acme.example>"),)),
    "after half an hour": Style(seconds=1700),
    "at once": Style(seconds=0),
}  # fmt: skip


def round_about(
    desk: Desk, style: Style, robots: tuple[str, ...] = (BOB, CAROL), rounds: int = ROUNDS
) -> list[Sent]:
    """What the robots get: each mail to one of them is answered once."""
    got: list[Sent] = []
    count = itertools.count(1)
    for _ in range(rounds):
        new = [sent for sent in desk.deliver() if sent.to in robots]
        got += new
        if not new:
            break
        for sent in new:
            n = next(count)
            words = " ".join(WORDS[(n * step + step) % len(WORDS)] for step in (1, 5, 7)) + "aeiou"[n % 5] * (
                n // 5
            )
            to = "support@example.com" if style.to_from else sent.message["Reply-To"].addresses[0].addr_spec
            thread = {} if style.to_from or not style.threaded else {"In-Reply-To": sent.header("Message-ID")}
            subject = " ".join(style.subject.format(n=n, subject=sent.header("Subject")).split())
            author = style.author.format(n=n, to=sent.to)
            raw = written(
                author, subject, style.text.format(n=n, words=words) + "\n", to=(to,), believed=style.believed,
                headers={**thread, **dict(style.headers)},
            )  # fmt: skip
            desk.land(raw, author, (to,))
        desk.now += timedelta(seconds=style.seconds)
    else:
        raise AssertionError(f"still going on after {rounds} rounds")
    return got


@pytest.mark.parametrize("style", STYLES.values(), ids=STYLES)
def test_assignee_and_recipient(desk: Desk, style: Style) -> None:
    desk.write(BOB, cc=(CAROL,), believed=True)
    assert 1 <= len(round_about(desk, style)) <= 5


ALIASES = {
    "a colleague's address": Style(author=CAROL),
    "a colleague's address, unverified": Style(author=CAROL, believed=False),
    "a colleague's address, without In-Reply-To": Style(author=CAROL, threaded=False),
    "a number behind a plus": Style(author="bob+{n}@acme.example"),
}


@pytest.mark.parametrize("style", ALIASES.values(), ids=ALIASES)
def test_one_program_that_writes_from_another_address_than_it_reads(desk: Desk, style: Style) -> None:
    """What comes from the other address is news to the first one, for ever."""
    desk.write(BOB, believed=True)
    assert 1 <= len(round_about(desk, style, (BOB,))) <= 5


def test_alerts_from_a_colleagues_address_in_an_old_thread(desk: Desk) -> None:
    """Each names the same mail of ours: it answers none of the later ones, which the assignee gets of each alert."""
    desk.write(BOB, believed=True)
    (mail,) = [sent for sent in desk.deliver() if sent.to == BOB]
    for n in range(20):
        alert = {"In-Reply-To": mail.header("Message-ID")}
        row = desk.write(CAROL, "Re: it", f"Disk {n} is full.\n", believed=True, headers=alert)
        assert row.outcome == "comment"
        desk.deliver()
        desk.now += timedelta(seconds=60)


@pytest.mark.parametrize(
    "style", [STYLES["the same text"], STYLES["unverified"]], ids=["verified", "unverified"]
)
def test_it_is_seen_and_rings_once(make_desk: Callable[..., Desk], style: Style) -> None:
    desk = make_desk(gateway={"operator": OPERATOR})
    number = desk.number_of(desk.write(BOB, cc=(CAROL,), believed=True))
    round_about(desk, style)
    stopped = [row for row in desk.rows("messages") if row.kind == "loop"]
    assert [(row.outcome, row.ticket_id) for row in stopped] == [("quarantined", number)]
    assert "a loop (8.3)" in stopped[0].error
    told = [event for event in desk.rows("history") if event.code == "loop_stopped"]
    assert [(event.params, event.private) for event in told] == [({"who": BOB}, True)]
    rung = [sent for sent in desk.sent if sent.to == OPERATOR]
    assert len(rung) == 1
    assert rung[0].header("Auto-Submitted") == "auto-generated"
    assert f"{BOB} answers our mail like a program, on ticket #{number}" in " ".join(
        rung[0].part("plain").split()
    )
    assert "It is broken" not in rung[0].words
    assert "Monday" not in rung[0].words


def test_more_of_the_same_loop_is_told_once(make_desk: Callable[..., Desk]) -> None:
    """Each round a third person wakes both of them up again."""
    desk = make_desk(gateway={"operator": OPERATOR})
    number = desk.number_of(desk.write(BOB, cc=(CAROL, PAT), believed=True))
    for n in range(6):
        round_about(desk, STYLES["the same text"])
        desk.write(PAT, f"Re: [#{number}]", f"{WORDS[n]} is what I see.\n", believed=True)
    stopped = [row.sender for row in desk.rows("messages") if row.kind == "loop"]
    assert len(stopped) > 4
    told = [event.params["who"] for event in desk.rows("history") if event.code == "loop_stopped"]
    assert sorted(told) == [BOB, CAROL]
    assert len([sent for sent in desk.sent if sent.to == OPERATOR]) == 2


def test_answers_within_seconds_in_other_words_each_time(desk: Desk) -> None:
    """Nothing but the time gives them away, so it takes longer: eleven mails, not a thousand."""
    desk.write(BOB, cc=(CAROL,), believed=True)
    assert len(round_about(desk, Style("{words}", seconds=0))) <= 11


def test_an_agent_who_is_a_robot(desk: Desk) -> None:
    """The team's mail is answered by a program in the name of an agent, and the customer has one too."""
    desk.write(BOB, believed=True)
    got: list[Sent] = []
    for _ in range(ROUNDS):
        new = [sent for sent in desk.deliver() if sent.to in (BOB, TEAM)]
        got += new
        if not new:
            break
        for sent in new:
            to = sent.message["Reply-To"].addresses[0].addr_spec
            author = ANA if sent.to == TEAM else BOB
            raw = written(
                author, "Re: x", "I am away.\n", to=(to,), headers={"In-Reply-To": sent.header("Message-ID")}, believed=True
            )  # fmt: skip
            desk.land(raw, author, (to,))
        desk.now += timedelta(seconds=60)
    else:
        raise AssertionError("still going on")
    assert len([sent for sent in got if sent.to == BOB]) <= 5


def test_a_person_may_thank_again_and_again(desk: Desk) -> None:
    """The same two words, each after an agent's answer."""
    number, mail = desk.opened(BOB)
    to = mail.message["Reply-To"].addresses[0].addr_spec
    for n in range(8):
        desk.write(ANA, f"[#{number}]", f"Please try {WORDS[n]}.\n", believed=True)
        desk.deliver()
        row = desk.land(written(BOB, "Re: it", "Thanks, no.\n", to=(to,), believed=True), BOB, (to,))
        assert row.outcome == "comment"
        desk.now += timedelta(seconds=20)


def test_two_people_of_one_account_talk_fast(desk: Desk) -> None:
    number = desk.number_of(desk.write(BOB, cc=(CAROL,), believed=True))
    for n in range(10):
        desk.deliver()
        desk.now += timedelta(seconds=20)
        row = desk.write((BOB, CAROL)[n % 2], f"Re: [#{number}]", f"I think {WORDS[n]}.\n", believed=True)
        assert row.outcome == "comment"


@pytest.mark.parametrize("marked", [True, False], ids=["auto-generated", "unmarked"])
@pytest.mark.parametrize("tag", ["", "[#1] "], ids=["new tickets", "one ticket"])
def test_an_alert_is_never_lost(desk: Desk, marked: bool, tag: str) -> None:
    """Fifty an hour, in the same words but for numbers: each is a ticket or a comment, whoever writes beside it."""
    headers = {"Auto-Submitted": "auto-generated"} if marked else {}
    desk.write(BOB, cc=(CAROL,), believed=True)
    for n in range(50):
        row = desk.write(
            BOB, f"{tag}Disk full {n}", f"Disk {n} is full at 10:{n}.\n", believed=True, headers=headers
        )
        assert row.outcome == ("comment" if tag else "ticket")
        desk.deliver()
        desk.now += timedelta(seconds=40)
    assert len([sent for sent in desk.sent if sent.to == BOB]) <= 5


def test_after_the_hour_it_may_say_so_again(desk: Desk) -> None:
    desk.write(BOB, cc=(CAROL,), believed=True)
    round_about(desk, STYLES["the same text"])
    desk.now += timedelta(hours=2)
    assert desk.write(BOB, "Re: [#1]", STYLES["the same text"].text, believed=True).outcome == "comment"


def test_nobody_is_switched_off_by_words_in_his_name(desk: Desk) -> None:
    """A forger who repeats himself as somebody else, by the tag: held, and never answered, so no turn of a loop."""
    number, _ = desk.opened(BOB)
    for _ in range(10):
        desk.write(BOB, f"[#{number}]", "Please call me.\n")
    assert desk.write(BOB, f"[#{number}]", "Please call me.\n", believed=True).outcome == "comment"


def test_nor_while_he_is_mailed(desk: Desk) -> None:
    """The same while others write, so that each forged mail could be an answer to one of ours."""
    number, _ = desk.opened(BOB)
    for n in range(6):
        desk.write(BOB, f"[#{number}]", "Any news?\n")
        desk.write(CAROL, f"[#{number}]", f"It is the {WORDS[n]}.\n", believed=True)
        desk.deliver()
        desk.now += timedelta(minutes=1)
    assert desk.write(BOB, f"[#{number}]", "Any news?\n", believed=True).outcome == "comment"


def test_strangers_turns_count_for_nobody(desk: Desk) -> None:
    """Who found a token repeats himself with it; then one of those who have a part does, once."""
    number, mail = desk.opened(BOB)
    to = mail.message["Reply-To"].addresses[0].addr_spec
    for _ in range(4):
        assert (
            desk.land(written(PAT, "Re: it", "Call me.\n", to=(to,), believed=True), PAT, (to,)).outcome
            == "comment"
        )
        desk.write(CAROL, f"[#{number}]", "It still fails.\n")
        desk.deliver()
        desk.now += timedelta(minutes=1)
    for _ in range(2):
        desk.write(CAROL, f"[#{number}]", "Down here.\n", believed=True)
        desk.deliver()
        row = desk.write(BOB, f"[#{number}]", "And here.\n", believed=True)
        assert row.outcome == "comment"
        desk.deliver()


def test_a_loop_among_the_mails_of_one_batch(desk: Desk) -> None:
    """Many answers at once: none sees the database between, and the mails out are joined."""
    number, mail = desk.opened(BOB, cc=(CAROL,))
    to = mail.message["Reply-To"].addresses[0].addr_spec
    before = len(desk.sent)
    for turn in range(10):
        jobs = []
        for n in range(20):
            raw = written(BOB, "Re: x", f"Away, {n}.\n", to=(to,), believed=True)
            known = model.Envelope(f"batch-{turn}-{n}", desk.now, "smtp", BOB, (to,), "127.0.0.1")
            jobs.append(Job(known, raw, parse(raw)))
        desk.landing.land(jobs)
        desk.deliver()
        desk.write(CAROL, f"Re: [#{number}]", f"Number {WORDS[turn]}.\n", believed=True)
    to_carol: list[Any] = [sent for sent in desk.sent[before:] if sent.to == CAROL]
    assert len(to_carol) <= 10
    kinds = [row.kind for row in desk.rows("messages") if row.sender == BOB]
    assert kinds.count("loop") > 100


def test_a_person_taken_for_a_robot_is_released(desk: Desk) -> None:
    """`mailgate quarantine release` makes a comment of the mail; `retry` asks the rules again."""
    number = desk.number_of(desk.write(BOB, cc=(CAROL,), believed=True))
    round_about(desk, STYLES["the same text"])
    stopped = next(row for row in desk.rows("messages") if row.kind == "loop")
    _, decision, ticket = decide_again(desk.store, desk.config, stopped.id, released=True)
    assert (decision.outcome, decision.kind, ticket) == ("comment", "person", number)
    assert [row.turn for row in desk.rows("messages") if row.id == stopped.id] == [""]


def test_what_is_quarantined_is_no_part_of_the_ticket(desk: Desk) -> None:
    """Nobody whom a stopped mail names in Cc comes in by answering it (2.4)."""
    number = desk.number_of(desk.write(BOB, cc=(CAROL,), believed=True))
    round_about(desk, STYLES["the same text"])
    comments = len(desk.ticket(number)["comments"])
    stopped = next(row for row in desk.rows("messages") if row.kind == "loop")
    row = desk.write(PAT, "Re: it", "Let me in.\n", believed=True, headers={"In-Reply-To": stopped.rfc_id})
    assert row.outcome == "ticket"
    assert row.ticket_id != number
    assert len(desk.ticket(number)["comments"]) == comments


def test_check_names_the_loops_of_the_last_day(desk: Desk, tmp_path: Path) -> None:
    config = desk.config.model_copy(
        update={
            "database": desk.config.database.model_copy(
                update={"url": f"sqlite:///{next(tmp_path.glob('desk-0/*.db'))}"}
            )
        }
    )
    desk.now = datetime.now(UTC)
    desk.write(BOB, cc=(CAROL,), believed=True)
    assert list(cli_stopped.loops(config)) == []
    round_about(desk, replace(STYLES["the same text"], seconds=0))
    (found,) = cli_stopped.loops(config)
    assert (found.level, found.about) == ("warning", "loops")
    assert found.what == f"{BOB} answered our mail like a program on ticket #1: 1 in quarantine within a day"


def test_check_is_silent_where_there_is_no_database(desk: Desk, tmp_path: Path) -> None:
    assert list(cli_stopped.loops(desk.config.model_copy(update={"data_dir": tmp_path / "none"}))) == []


def test_the_operator_is_told_of_a_ticket_that_no_team_may_see(make_desk: Callable[..., Desk]) -> None:
    """5.2: each time, by its number alone, and nobody else of the staff is told."""
    desk = make_desk(gateway={"operator": OPERATOR})
    for n in range(3):
        desk.write(BOB, f"secret {n}", f"EU-Support: AMS01\n\n{WORDS[n]} secret\n", believed=True)
    desk.deliver()
    rung = [sent for sent in desk.sent if sent.to == OPERATOR]
    assert ["Ticket #" in sent.words for sent in rung] == [True] * 3
    assert not any("secret" in sent.words or BOB in sent.words for sent in rung)
    assert {sent.to for sent in desk.sent} == {OPERATOR, BOB}
