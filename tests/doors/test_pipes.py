"""`mailgate deliver` below procmail and Postfix, with the lines of config/deploy and docs/operation.md. Exim and Dovecot are
in test_exim and test_sieve."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from doors.ground import ROOT, Installed, documented, entered_by_all, why_not
from doors.listener import Listener
from doors.postfix import Postfix

from mailgate.errors import Full

Listen = Callable[..., Listener]
needs_root = pytest.mark.skipif(bool(why_not()), reason=why_not() or "-")
MAIL = b"From: Ann <ann@example.org>\r\nSubject: x\r\n\r\nhello\r\n.\r\n"
RECIPES = {
    "documented": documented("SHELL=/bin/sh\n"),
    "shipped": "SHELL=/bin/sh\n" + (ROOT / "config/deploy/procmailrc").read_text(),
}


@pytest.fixture
def place() -> Iterator[Path]:
    with entered_by_all() as folder:
        yield folder


@pytest.fixture
def listener(listen: Listen, place: Path) -> Listener:
    settings = {"data_dir": place, "lmtp": {"socket_mode": "0666"}, "smtp": {"max_size": 65536}}
    return listen(door="unix", gateway={"address": "support@tickets.example.com"}, **settings)


@pytest.fixture
def installed(listener: Listener, place: Path) -> Installed:
    return Installed(place, '[gateway]\naddress = "support@tickets.example.com"\n')


@pytest.mark.slow
@pytest.mark.parametrize("recipe", RECIPES.values(), ids=RECIPES)
@pytest.mark.parametrize(
    ("words", "failure", "code"),
    [("", None, 0), ("--to nobody@tickets.example.com", None, 67), ("", Full("no room"), 75)],
    ids=["taken", "unknown", "full"],
)
def test_procmail(
    listener: Listener, place: Path, installed: Installed, recipe: str, words: str, failure: Exception | None, code: int
) -> None:  # fmt: skip
    listener.failure = failure
    file = place / "procmailrc"
    file.write_text(installed.shipped(recipe, ("toml deliver\n", f"toml deliver {words}\n")))
    file.chmod(0o600)
    raw = MAIL.replace(b"\r\n", b"\n")
    done = subprocess.run(
        ["procmail", "-m", str(file)], input=raw, check=False, capture_output=True, timeout=60
    )
    assert done.returncode == code, done.stderr
    assert len(listener.mails) == (code == 0)


def taken_refused_and_put_off(postfix: Postfix, listener: Listener) -> None:
    """Taken from a sender and from none; an unknown address and a mail that is too large come back; no room is for later."""
    ours = [f"support+{word}@tickets.example.com" for word in ("one", "two", "large", "later")]
    nobody = "nobody@tickets.example.com"
    postfix.send("a@example.org", [ours[0], nobody], MAIL)
    postfix.send("", [ours[1]], MAIL)
    postfix.send("a@example.org", [ours[2]], MAIL + (b"x" * 70 + b"\r\n") * 1000)
    fates = postfix.await_fates(4)
    assert [fates[each][0] for each in ours[:3]] == ["sent", "sent", "bounced"], postfix.log()
    assert "550 5.1.1 No such address here" in fates[nobody][1]
    assert "552 5.3.4" in fates[ours[2]][1]
    listener.failure = Full("no room")
    postfix.send("a@example.org", [ours[3]], MAIL)
    assert "452 4.3.1" in postfix.await_fates(1, "deferred")[ours[3]][1]
    listener.failure = None
    postfix.await_fates(3, "sent")
    envelopes = [(envelope.mail_from, *envelope.rcpt_to) for envelope, _ in listener.mails]
    assert sorted(envelopes) == [("", ours[1]), ("a@example.org", ours[3]), ("a@example.org", ours[0])]
    assert all(raw.endswith(b"\r\n\r\nhello\r\n.\r\n") for _, raw in listener.mails)


@pytest.mark.slow
@needs_root
@pytest.mark.parametrize("which", ["shipped", "documented"])
def test_postfix_by_its_own_transport(listener: Listener, installed: Installed, which: str) -> None:
    shipped = (ROOT / "config/deploy/postfix-master.cf").read_text()
    text = shipped if which == "shipped" else documented("mailgate unix - n n")
    lines = [line.removeprefix("#   ") for line in shipped.splitlines() if line.startswith("#   ")]
    assert len(lines) == 2
    if which == "documented":
        said = documented("# Postfix, master.cf, with ", "\n")
        assert all(line in said for line in lines)
    main = "\n".join([*lines, "relay_domains = tickets.example.com\n"])
    master = installed.shipped(text, ("user=mailgate", "user=nobody"))
    with Postfix(main=main, master=master) as postfix:
        taken_refused_and_put_off(postfix, listener)


@pytest.mark.slow
@needs_root
def test_postfix_by_an_alias(listener: Listener, installed: Installed, place: Path) -> None:
    alias = installed.shipped(documented('support: "'))
    other = alias.replace("support:", "nobody:").replace("deliver", "deliver --to nobody@tickets.example.com")
    (place / "aliases").write_text(alias + other)
    subprocess.run(["/usr/sbin/postalias", f"hash:{place}/aliases"], check=True)
    main = f"mydestination = tickets.example.com\nalias_maps = hash:{place}/aliases\n"
    with Postfix(main=main) as postfix:
        taken_refused_and_put_off(postfix, listener)


LMTP = {
    "shipped": (ROOT / "config/deploy/postfix-main.cf").read_text(),
    "documented": documented("transport_maps = inline:{ tickets.example.com=lmtp:inet", "```"),
}


@pytest.mark.slow
@needs_root
@pytest.mark.parametrize("text", LMTP.values(), ids=LMTP)
def test_postfix_by_lmtp(listen: Listen, text: str) -> None:
    """With the shipped lines Postfix asks us for each address before it takes a mail."""
    listener = listen(door="lmtp", gateway={"address": "support@tickets.example.com"})
    asks = "reject_unverified_recipient" in text
    main = text.replace(":2424", f":{listener.port}").replace("permit_mynetworks, ", "")
    with Postfix(main="mynetworks =\n" + main) as postfix:
        refused = postfix.send(
            "a@example.org", ["support+x@tickets.example.com", "nobody@tickets.example.com"], MAIL
        )
        assert {name: reply[0] for name, reply in refused.items()} == (
            {"nobody@tickets.example.com": 550} if asks else {}
        )
        fates = postfix.await_fates(1, "sent") | postfix.await_fates(2)
    assert "550 5.1.1 No such address here" in fates["nobody@tickets.example.com"][1]
    [(envelope, _)] = listener.mails
    assert envelope.rcpt_to == ("support+x@tickets.example.com",)


@pytest.mark.slow
@needs_root
def test_postfix_by_the_unix_socket(listen: Listen, place: Path) -> None:
    """In the documented folder the socket gets Postfix's group, and nobody else may open it."""
    command = documented("install -d -m 2750", "`").replace("-o mailgate", "-o nobody")
    folder = place / "run"
    subprocess.run(command.replace("/run/mailgate", str(folder)).split(), check=True)
    lmtp = {"socket": str(folder / "lmtp.sock"), "socket_mode": "0660"}
    listener = listen(door="unix", data_dir=place, lmtp=lmtp)
    with Postfix(f"lmtp:unix:{folder}/lmtp.sock") as postfix:
        postfix.send("a@example.org", ["support@example.com"], MAIL)
        assert postfix.await_fates(1)["support@example.com"][0] == "sent", postfix.log()
    assert len(listener.mails) == 1
