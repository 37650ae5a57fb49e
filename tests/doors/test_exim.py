"""Exim in front of us, with what config/deploy and docs/operation.md have for it: LMTP, a pipe, an alias."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from doors.exim import MAILGATE_UID, Mta, exim
from doors.ground import ROOT, Installed, documented, entered_by_all, why_not
from doors.listener import Listener

from mailgate.errors import Full

pytestmark = [pytest.mark.slow, pytest.mark.skipif(bool(why_not()), reason=why_not() or "-")]

MAIL = b"From: a@example.org\r\nSubject: x\r\n\r\nhello\r\n"
US, NOBODY = "support+tok@tickets.example.com", "nobody@tickets.example.com"

BOUNCES = "bounces:\n  driver = accept\n  domains = example.org\n  transport = file\n"


@pytest.fixture
def place() -> Iterator[Path]:
    with entered_by_all() as folder:
        yield folder


@pytest.fixture
def listener(listen: Callable[..., Listener], place: Path) -> Listener:
    """On a socket that the group of mailgate may open."""
    lmtp = {"socket": str(place / "lmtp.sock"), "socket_mode": "0660"}
    listener = listen(
        door="unix",
        data_dir=place,
        lmtp=lmtp,
        smtp={"max_size": 65536},
        gateway={"address": "support@tickets.example.com"},
    )
    os.chown(place / "lmtp.sock", 0, MAILGATE_UID)
    return listener


def sections(text: str) -> dict[str, str]:
    """The parts of a configuration file, as arguments of `exim`."""
    main, _, rest = text.partition("begin routers\n")
    routers, _, transports = rest.partition("begin transports\n")
    return {"main": main, "routers": routers + BOUNCES, "transports": transports}


def as_it_should(mta: Mta, listener: Listener, *, asks: bool = True, end: bytes = b"") -> None:
    """Two recipients, of whom one is refused, by us where Exim `asks`; then a mail that is too large; then no room, and then
    there is."""
    refused = mta.send("a@example.org", [US, NOBODY], MAIL)
    assert list(refused) == ([] if asks else [NOBODY])
    mta.send("b@example.org", [US], MAIL + (b"x" * 70 + b"\r\n") * 1000)
    bounced = mta.await_mailbox(2 if asks else 1)
    assert any("550 5.1.1 No such address here" in mail for mail in bounced) == asks
    assert any("552 5.3.4 " in mail for mail in bounced), bounced
    [(envelope, raw)] = listener.mails
    assert (envelope.rcpt_to, envelope.mail_from) == ((US,), "a@example.org")
    assert raw.endswith(MAIL + end)
    listener.failure = Full("no room")
    mta.send("", [US], MAIL)
    mta.await_log(r"== \S+.* defer")
    assert len(listener.mails) == 1
    listener.failure = None
    mta.await_log(r"(?s)== .*<= <>.*Completed|== \S+.* defer.*Completed")
    assert [(envelope.rcpt_to, envelope.mail_from) for envelope, _ in listener.mails[1:]] == [((US,), "")]


@pytest.mark.parametrize("which", ["shipped", "documented"])
def test_lmtp(listener: Listener, place: Path, which: str) -> None:
    parts = sections((ROOT / "config/deploy/exim.conf").read_text())
    if which == "documented":
        parts["transports"] = documented("mailgate:\n  driver = lmtp", "```")
    parts["transports"] = parts["transports"].replace("/run/mailgate", str(place))
    with exim(**parts) as mta:
        as_it_should(mta, listener)


def test_a_pipe(listener: Listener, place: Path) -> None:
    installed = Installed(place, _SETTINGS.format(place=place))
    text = (ROOT / "config/deploy/exim-pipe.conf").read_text()
    with exim(**sections(installed.shipped(text)), acl="  require verify = recipient\n  accept\n") as mta:
        as_it_should(mta, listener, asks=False)


_SETTINGS = """
[lmtp]
socket = "{place}/lmtp.sock"
[gateway]
address = "support@tickets.example.com"
"""
# as Debian's exim4-config has it, with SYSTEM_ALIASES_PIPE_TRANSPORT = address_pipe and SYSTEM_ALIASES_USER
_ALIASES = """
system_aliases:
  driver = redirect
  domains = tickets.example.com
  local_part_suffix = +*
  local_part_suffix_optional
  allow_fail
  allow_defer
  data = ${lookup{$local_part}lsearch{/etc/aliases}}
  pipe_transport = address_pipe
  user = mailgate
"""


def test_an_alias(listener: Listener, place: Path) -> None:
    installed = Installed(place, _SETTINGS.format(place=place))
    aliases = installed.shipped(documented('support: "'))
    aliases += aliases.replace("support:", "nobody:").replace(
        "deliver", "deliver --to nobody@tickets.example.com"
    )
    transports = "address_pipe:\n  driver = pipe\n  return_fail_output\n"
    with exim(routers=_ALIASES + BOUNCES, transports=transports, aliases=aliases) as mta:
        as_it_should(mta, listener, end=b"\r\n")
