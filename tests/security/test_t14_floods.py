"""T14, floods over the wire: junk, recipients, guesses and mails are counted, and cost the sender more than us."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from doors.listener import (
    GOOD_LOGIN,
    HELLO,
    MAIL,
    OWN,
    RELAY,
    STRANGERS,
    USERS,
    WRONG_LOGIN,
    Listener,
    codes,
    listeners,
)
from hypothesis import given
from hypothesis import strategies as st

from mailgate.intake.rates import HOUR, Rates

Listen = Callable[..., Listener]

UNKNOWN = b"RCPT TO:<nobody%d@example.com>\r\n"
DATA = b"DATA\r\nx\r\n.\r\n"
QUIT = b"QUIT\r\n"


@pytest.fixture
def listen() -> Iterator[Listen]:
    yield from listeners()


# ---------------------------------------------------------------- one connection

JUNK = {
    "NOOP": b"NOOP\r\n",
    "RSET": b"RSET\r\n",
    "EHLO": b"EHLO c\r\n",
    "HELO": b"HELO c\r\n",
    "VRFY": b"VRFY x\r\n",
    "HELP": b"HELP\r\n",
    "mails begun and dropped": b"MAIL FROM:<>\r\nRSET\r\n",
}
FAULTS = {
    "unknown words": b"FROB\r\n",
    "EXPN": b"EXPN x\r\n",
    "nothing at all": b"\r\n",
    "NUL": b"\0\r\n",
    "no CRLF": b"NOOP\n",
    "lines too long": b"NOOP " + b"x" * 3000 + b"\r\n",
    "EHLO without a name": b"EHLO\r\n",
    "EHLO of full length": b"EHLO " + b"x" * 3000 + b"\r\n",
    "out of order": b"DATA\r\n",
    "bad senders": b"MAIL FROM:<@>\r\n",
    "AUTH where there is none": b"AUTH PLAIN\r\n",
    "STARTTLS where there is none": b"STARTTLS\r\n",
}


@pytest.mark.parametrize("who", [STRANGERS, RELAY, OWN], ids=["stranger", "relay", "own"])
@pytest.mark.parametrize("junk", JUNK.values(), ids=JUNK)
def test_commands_that_bring_no_mail_end(listen: Listen, junk: bytes, who: dict[str, Any]) -> None:
    talk = listen(trust=who).talk(HELLO, junk * 120)
    assert codes(talk)[-1] == "421"
    assert talk.count(b"\r\n250 ") <= 202
    assert talk.endswith(b"421 4.7.0 Too many commands without a mail, closing connection\r\n")


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_faults_end(listen: Listen, fault: bytes) -> None:
    replies = codes(listen(trust=STRANGERS).talk(fault * 11))
    assert len(replies) == 12
    assert all(code[0] == "5" for code in replies[:-1])
    assert replies[-1] == "421"


def test_a_long_line_is_read_without_memory_and_is_one_fault(listen: Listen) -> None:
    door = listen(trust=STRANGERS)
    with door.connect() as sock:
        sock.recv(99)
        (session,) = door.server.door.sessions
        for _ in range(100):
            sock.sendall(b"x" * 100_000)
            assert len(session.buffer) < 300_000  # what one reading of the socket brings
        sock.sendall(b"\r\nQUIT\r\n")
        received = b""
        while chunk := sock.recv(999):
            received += chunk
    assert codes(received) == ["500", "221"]


def test_a_long_name_is_cut(listen: Listen) -> None:
    door = listen()
    door.talk(b"EHLO " + b"\x1b[31m\xff" * 200 + b"\r\n", MAIL, DATA, QUIT)
    (envelope, _), *_ = door.mails
    assert len(envelope.helo) == 255
    assert envelope.helo.isprintable()


# ---------------------------------------------------------------- recipients


def test_recipients_of_one_mail(listen: Listen) -> None:
    """RFC 5321 §4.5.3.1.8: a hundred, and 452 for the rest, which does not go on for ever either."""
    door = listen(trust=STRANGERS)
    good = b"".join(b"RCPT TO:<support+%d@example.com>\r\n" % n for n in range(1000))
    replies = codes(door.talk(HELLO, b"MAIL FROM:<a@example.org>\r\n", good))
    assert replies == ["250", "250"] + ["250"] * 100 + ["452"] * 99 + ["421"]


def test_a_harvest_is_cut_off(listen: Listen) -> None:
    door = listen(trust=STRANGERS)
    guesses = b"".join(UNKNOWN % n for n in range(1000))
    replies = codes(door.talk(HELLO, b"MAIL FROM:<a@example.org>\r\n", guesses))
    assert replies == ["250", "250"] + ["550"] * 11 + ["421"]


def test_a_relay_in_front_is_not_cut_off_for_what_it_hands_on(listen: Listen) -> None:
    """Its other mail would wait with it; and it cannot mend what a stranger wrote to it."""
    door = listen(trust=RELAY, smtp={"max_errors": 3, "max_size": 65_536})
    strays = b"MAIL FROM:<a@example.org>\r\n" + b"".join(UNKNOWN % n for n in range(30)) + b"RSET\r\n"
    odd = b"MAIL FROM:<a@@b>\r\nMAIL FROM:<b@example.org> SIZE=99999999\r\n" * 5
    large = MAIL + b"DATA\r\n" + b"x" * 70_000 + b"\r\n.\r\n"
    talk = door.talk(HELLO, strays, odd, large * 5, MAIL, DATA, QUIT)
    replies = codes(talk)
    assert replies.count("550") == 30
    assert replies.count("552") == 10
    assert replies[-2:] == ["250", "221"]
    assert codes(door.talk(b"FROB\r\n" * 9))[-1] == "421", "its own faults count"


ANSWERS = {
    "VRFY": (b"VRFY %s\r\n", "252"),
    "EXPN": (b"EXPN %s\r\n", "502"),
    "HELP": (b"HELP %s\r\n", "214"),
}


@pytest.mark.parametrize(("line", "code"), ANSWERS.values(), ids=ANSWERS)
def test_nobody_learns_who_exists(listen: Listen, line: bytes, code: str) -> None:
    door = listen(trust=STRANGERS)
    names = (b"support", b"support@example.com", b"nobody@example.com", b"root", b"staff", b"\xff")
    talks = {door.talk(line % name, QUIT) for name in names}
    assert len(talks) == 1
    assert codes(talks.pop()) == [code, "221"]


def test_no_reply_repeats_what_a_peer_says(listen: Listen) -> None:
    """Nothing of it could be read as a reply, or shown somewhere as our words."""
    door = listen(smtp={"users": USERS, "max_errors": 50})
    word = b"zzqq"
    lines = (
        b"EHLO %s",
        b"%s",
        b"MAIL FROM:<%s@@>",
        b"MAIL FROM:<%s@example.org> %s=%s",
        b"MAIL FROM:<%s@example.org>",
    )
    lines += (
        b"RCPT TO:<%s@example.com>",
        b"RCPT TO:<%s@%s>",
        b"VRFY %s",
        b"EXPN %s",
        b"HELP %s",
        b"AUTH %s",
        b"NOOP %s",
    )
    lines += (
        b"RSET",
        b"AUTH PLAIN %s",
        b"AUTH PLAIN %s %s",
        b"STARTTLS %s",
        b"DATA %s",
        b"RCPT TO:<support@example.com>",
    )
    talk = door.talk(
        *(line.replace(b"%s", word) + b"\r\n" for line in lines), MAIL, b"DATA\r\nzzqq\r\n.\r\n", QUIT
    )
    assert len(codes(talk)) == len(lines) + 5
    assert word not in talk


# ---------------------------------------------------------------- guesses of passwords

EXCHANGES = {
    "PLAIN": WRONG_LOGIN,
    "PLAIN in two lines": b"AUTH PLAIN\r\nAHNjYW4AcGFzc3dvcmQy\r\n",
    "LOGIN": b"AUTH LOGIN\r\nc2Nhbg==\r\ncGFzc3dvcmQy\r\n",
    "LOGIN with the name": b"AUTH LOGIN c2Nhbg==\r\ncGFzc3dvcmQy\r\n",
    "an unknown name": b"AUTH PLAIN AG5vYm9keQBwYXNzd29yZDE=\r\n",
    "an empty password": b"AUTH PLAIN AHNjYW4A\r\n",
    "a name that is no text": b"AUTH PLAIN AP//AHBhc3N3b3JkMQ==\r\n",
}
MISHAPS = {
    "no base64": b"AUTH PLAIN %%%\r\n",
    "no base64 in the second line": b"AUTH LOGIN\r\n%%%\r\n",
    "too few parts": b"AUTH PLAIN c2Nhbg==\r\n",
    "nothing": b"AUTH PLAIN =\r\n",
    "cancelled": b"AUTH LOGIN\r\n*\r\n",
    "an endless line": b"AUTH PLAIN\r\n" + b"A" * 20_000 + b"\r\n",
    "no mechanism": b"AUTH\r\n",
    "an unknown one": b"AUTH CRAM-MD5\r\n",
    "three words": b"AUTH PLAIN a b\r\n",
    "a name that ends with LF": b"AUTH LOGIN\r\nc2Nhbg==\n",
    "a password with CR": b"AUTH LOGIN c2Nhbg==\r\ncGFz\rc3dvcmQx\r\n",
}


@pytest.mark.parametrize("guess", EXCHANGES.values(), ids=EXCHANGES)
def test_wrong_passwords_count_threefold(listen: Listen, guess: bytes) -> None:
    """And all sound alike: name or password, nobody is told which."""
    talk = listen(trust=STRANGERS, smtp={"users": USERS}).talk(HELLO, guess * 20)
    refusals = [line for line in talk.splitlines() if line.startswith(b"535")]
    assert refusals == [b"535 5.7.8 Name or password is wrong"] * 4
    assert codes(talk)[-1] == "421"


@pytest.mark.parametrize("mishap", MISHAPS.values(), ids=MISHAPS)
def test_an_exchange_that_goes_wrong_is_a_fault_too(listen: Listen, mishap: bytes) -> None:
    talk = listen(trust=STRANGERS, smtp={"users": USERS}).talk(HELLO, mishap * 11)
    faults = [code for code in codes(talk)[1:-1] if code != "334"]
    assert len(faults) == 11
    assert all(code[0] == "5" for code in faults)
    assert codes(talk)[-1] == "421"


def test_guesses_over_many_connections_come_to_an_end(listen: Listen) -> None:
    """A network has so many faults an hour; then its logins are put off unseen, and other networks' are not."""
    door = listen(trust=STRANGERS, smtp={"users": USERS, "max_faults_per_network": 30})
    guesses = [codes(door.talk(HELLO, WRONG_LOGIN * 3, QUIT, source=f"127.0.5.{n}")) for n in range(1, 8)]
    assert sum(replies.count("535") for replies in guesses) == 10
    late = door.talk(HELLO, GOOD_LOGIN, MAIL, DATA, QUIT, source="127.0.5.200")
    assert b"454 4.7.0" in late
    assert codes(late)[-2:] == ["250", "221"], "mail without a fault is still taken"
    assert "235" in codes(door.talk(HELLO, GOOD_LOGIN, QUIT, source="127.0.6.1"))


def test_a_network_without_faults_left_is_cut_off_at_the_first(listen: Listen) -> None:
    door = listen(trust=STRANGERS, smtp={"max_faults_per_network": 15})
    start = HELLO + b"MAIL FROM:<a@example.org>\r\n"
    harvest = b"".join(UNKNOWN % n for n in range(8)) + QUIT
    assert codes(door.talk(start, harvest, source="127.0.5.1")).count("550") == 8
    assert codes(door.talk(start, harvest, source="127.0.5.2")).count("550") == 8
    assert codes(door.talk(start, harvest, source="127.0.5.3"))[2:] == ["550", "421"]
    good = b"RCPT TO:<support@example.com>\r\n" + DATA + QUIT
    assert codes(door.talk(start, good, source="127.0.5.4"))[-2:] == ["250", "221"]
    assert codes(door.talk(start, harvest, source="127.0.6.1")).count("550") == 8


# ---------------------------------------------------------------- mails


def test_a_network_has_so_many_mails_an_hour(listen: Listen) -> None:
    """450: an honest server keeps the rest and comes again; that it had sent more ahead is no fault."""
    door = listen(trust=STRANGERS, smtp={"max_mails_per_network": 5, "max_errors": 1})
    assert codes(door.talk(HELLO, (MAIL + DATA) * 3, QUIT, source="127.0.5.1")).count("354") == 3
    ahead = b"".join(b"RCPT TO:<support+%d@example.com>\r\n" % n for n in range(20)) + b"DATA\r\n"
    talk = door.talk(HELLO, (MAIL + DATA) * 2, MAIL, ahead, QUIT, source="127.0.5.2")
    assert codes(talk).count("354") == 2
    assert b"450 4.7.1 Too many mails from your network" in talk
    assert codes(talk)[-2:] == ["503", "221"]
    assert "354" in codes(door.talk(HELLO, MAIL, DATA, QUIT, source="127.0.6.1"))
    assert len(door.mails) == 6


UNLIMITED: dict[str, tuple[dict[str, Any], dict[str, Any], bytes]] = {
    "own device": (OWN, {}, b""),
    "relay in front": (RELAY, {}, b""),
    "logged in": (STRANGERS, {"users": USERS}, GOOD_LOGIN),
    "no limit set": (STRANGERS, {"max_mails_per_network": 0}, b""),
}


@pytest.mark.parametrize(("trust", "smtp", "login"), UNLIMITED.values(), ids=UNLIMITED)
def test_who_may_send_without_limit(
    listen: Listen, trust: dict[str, Any], smtp: dict[str, Any], login: bytes
) -> None:
    door = listen(trust=trust, smtp={"max_mails_per_network": 2, **smtp})
    assert codes(door.talk(HELLO, login, (MAIL + DATA) * 9, QUIT)).count("354") == 9


# ---------------------------------------------------------------- the budgets themselves


def test_a_budget_fills_up_evenly() -> None:
    rates = Rates(6)
    assert [rates.take("a", 100.0) for _ in range(7)] == [True] * 6 + [False]
    assert rates.spent("a", 100.0)
    assert not rates.take("a", 100.0 + HOUR / 6 - 301)
    assert rates.take("a", 100.0 + HOUR / 6)
    assert not rates.take("a", 100.0 + HOUR / 6)
    assert [rates.take("a", 200.0 + 2 * HOUR) for _ in range(7)] == [True] * 6 + [False], (
        "never more than whole"
    )
    assert rates.take("b", 100.0), "each key has its own"


@pytest.mark.parametrize(
    ("per_hour", "amount", "times"), [(9, 3, 3), (10, 3, 3), (2, 3, 1), (7, 1, 7), (0, 5, 50)]
)
def test_amounts(per_hour: int, amount: int, times: int) -> None:
    """What weighs more than the whole budget takes all of it."""
    rates = Rates(per_hour)
    assert [rates.take("a", 0.0, amount) for _ in range(50)].count(True) == times
    assert rates.spent("a", 0.0) is (per_hour in (9, 2, 7))


def test_no_number_of_keys_grows_the_table() -> None:
    """Those heard of longest ago go; who keeps coming stays, with what it has used up."""
    rates = Rates(2, keys=100)
    for number in range(100_000):
        rates.take(str(number), float(number) / 1000)
        if number % 50 == 0:
            rates.take("again", float(number) / 1000)
        assert len(rates) <= 100
    assert rates.spent("again", 100.0)


def test_the_table_of_budgets_is_linear(linear: Any) -> None:
    def work(n: int) -> None:
        rates = Rates(5, keys=1000)
        for number in range(n):
            rates.take(str(number), float(number))

    linear(work, 400_000)


@given(
    st.integers(1, 2000),
    st.lists(st.tuples(st.floats(0, 5000), st.integers(1, 5)), max_size=200),
)
def test_no_hour_gives_more_than_two_budgets(per_hour: int, steps: list[tuple[float, int]]) -> None:
    """One that was saved up and one that filled up meanwhile; counted from any moment on."""
    rates, now, taken = Rates(per_hour), 0.0, []
    for pause, amount in steps:
        now += pause
        if rates.take("a", now, amount):
            taken.append((now, min(amount, per_hour)))
    for start, _ in taken:
        assert sum(n for at, n in taken if start <= at < start + HOUR) <= 2 * per_hour + 1
