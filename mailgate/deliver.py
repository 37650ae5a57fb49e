"""`mailgate deliver`: one mail from standard input to the listener, for aliases, procmail, Sieve, Exim and Postfix's pipe.

Laws: exit 0 only after the listener's 250; a code that makes a mail server bounce the mail only for what no later
attempt mends, and 75 (try again) for all else; nothing heavy is imported, since this starts for every mail.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from mailgate.handover import Answer, Handed, Handover, Unanswered, canonical, writable

EX_OK, EX_USAGE, EX_DATAERR, EX_NOUSER, EX_TEMPFAIL = 0, 64, 65, 67, 75
OPTIONS = {"--from": "sender", "-f": "sender", "--to": "recipients", "--config": "config"}
MAX_SIZE = 536_870_912  # beyond any limit of the listener
MAX_HEADER = 262_144
# Where the envelope of a mail stands that was delivered to a program, the surest first.
_RECIPIENT_VARIABLES = ("ORIGINAL_RECIPIENT", "RECIPIENT")  # Postfix, Exim and qmail
_RECIPIENT_HEADERS = (b"x-original-to", b"delivered-to", b"envelope-to")


class BadWords(Exception):
    """The words of the command line are off."""


class Words(NamedTuple):
    """What the command line says; None and () mean that it does not."""

    sender: str | None
    recipients: tuple[str, ...]
    config: str | None


class Settings(NamedTuple):
    """The few settings that this command needs."""

    socket: str
    address: str


def main(arguments: Sequence[str]) -> int:
    """Carry out `mailgate deliver` with these words behind it; the exit code."""
    try:
        words = read_words(arguments)
    except BadWords as e:
        return _wrong_words(f"{e} (see mailgate deliver --help)")
    try:
        found = settings(words.config, os.environ)
    except (OSError, ValueError) as e:
        who = f" (this is user {os.geteuid()})" if isinstance(e, PermissionError) else ""
        return _complain(EX_TEMPFAIL, f"the settings cannot be read: {e}{who}; the mail is to be tried again")
    try:
        return deliver(words, found, standard_input(), os.environ)
    except Exception as e:  # noqa: BLE001 - a fault of ours, or too little memory, must make no mail server bounce it
        return _complain(EX_TEMPFAIL, f"{type(e).__name__} {e}; the mail is to be tried again")


def standard_input() -> bytes:
    """The mail, cut just above MAX_SIZE. In pieces, since read(n) takes room for n bytes at once, more than Dovecot allows."""
    if sys.stdin is None:
        raise OSError("standard input is closed")
    pieces, size = [], 0
    while size <= MAX_SIZE and (piece := sys.stdin.buffer.read(1 << 20)):
        pieces.append(piece)
        size += len(piece)
    return b"".join(pieces)


def called(arguments: Sequence[str]) -> Sequence[str] | None:
    """The words of a command line that is `deliver` and asks for no help; else None, and the other commands see to it."""
    words = list(arguments)
    at = 2 if words[:1] == ["--config"] else 1 if words and words[0].startswith("--config=") else 0
    if words[at : at + 1] != ["deliver"] or {"--help", "-h"} & set(words):
        return None
    return words[:at] + words[at + 1 :]


def deliver(words: Words, found: Settings, raw: bytes, environment: Mapping[str, str]) -> int:
    """Hand one mail over; the exit code of sysexits.h."""
    line, raw = without_from_line(raw)
    if not raw.strip():
        return _complain(EX_DATAERR, "standard input holds no mail")
    if len(raw) > MAX_SIZE:
        return _complain(EX_DATAERR, "the mail is too large")
    raw = canonical(raw)
    fields = envelope_fields(raw)
    sender = words.sender if words.sender is not None else sender_of(fields, line, environment)
    recipients = words.recipients or recipients_of(fields, environment, found.address)
    try:
        listener = Handover(found.socket)
        try:
            handed = _hand(listener, sender, recipients, raw, any_one=not words.recipients)
        finally:
            listener.close()
    except Unanswered as e:
        return _complain(EX_TEMPFAIL, f"{e}; the mail is to be tried again")
    return _conclude(handed, recipients, named=bool(words.recipients))


def _hand(listener: Handover, sender: str, recipients: Sequence[str], raw: bytes, *, any_one: bool) -> Handed:
    claims = ("XDOOR=pipe",) if "pipe" in listener.doors else ()
    handed = listener.send(sender, recipients, raw, claims, any_one=any_one)
    if handed.sender.code in (501, 553):
        # no address, though a mail server had let it in: the mail itself is as good as any, and a bounce could not reach it
        handed = listener.send("", recipients, raw, claims, any_one=any_one)
    return handed


def _conclude(handed: Handed, recipients: Sequence[str], *, named: bool) -> int:
    """The exit code for the listener's answers, with a word on what went wrong."""
    if not handed.recipients:
        return _refused(handed.sender, "the mail")
    answers = list(zip(recipients, handed.recipients, strict=False))
    if handed.accepted:
        for recipient, answer in answers if named else ():
            if not answer.accepted:
                _refused(answer, recipient)
        return EX_OK
    codes = [_refused(answer, recipient) for recipient, answer in answers]
    return EX_TEMPFAIL if EX_TEMPFAIL in codes else codes[-1]


def _refused(answer: Answer, what: str) -> int:
    code = EX_TEMPFAIL
    if answer.permanent:
        code = EX_NOUSER if answer.code == 550 and answer.text.startswith(("5.1.1", "5.7.1")) else EX_DATAERR
    again = "; the mail is to be tried again" if code == EX_TEMPFAIL else ""
    return _complain(code, f"{what}: the listener says {answer.code} {answer.text}{again}")


def _wrong_words(text: str) -> int:
    """A typo in an alias must not make the mail server bounce the mail that it calls us for; at a terminal it is one."""
    if sys.stdin is not None and sys.stdin.isatty():
        return _complain(EX_USAGE, text)
    return _complain(EX_TEMPFAIL, f"{text}; the mail is to be tried again")


def _complain(code: int, text: str) -> int:
    shown = "".join(c if c.isprintable() else "?" for c in text)[:500]
    try:
        print(f"mailgate: {shown}", file=sys.stderr, flush=True)
    except (OSError, ValueError):
        # Nobody reads what we say: the code says enough. What could not be written would be tried again at the end, and
        # make it 120, which is a bounce.
        sys.stderr = None
    return code


# ---------------------------------------------------------------- the words


def read_words(arguments: Sequence[str]) -> Words:
    """The options. Raises BadWords."""
    given: dict[str, list[str]] = {"sender": [], "recipients": [], "config": []}
    waiting = iter(arguments)
    for word in waiting:
        name, equals, value = word.partition("=")
        if name not in OPTIONS or (equals and not name.startswith("--")):
            raise BadWords(f"{word}: no such option")
        if not equals:
            following = next(waiting, None)
            if following is None:
                raise BadWords(f"{name}: a value is needed")
            value = following
        given[OPTIONS[name]].append(value)
    addresses = [bare(each) for each in given["recipients"]]
    if not all(addresses) or not all(map(writable, addresses)):
        raise BadWords("--to: an address is needed")
    sender = bare(given["sender"][-1]) if given["sender"] else None
    if sender is not None and not writable(sender):
        raise BadWords("--from: an address is needed, or <> for none")
    return Words(sender, tuple(addresses), given["config"][-1] if given["config"] else None)


def bare(address: str) -> str:
    """Without angle brackets; "" for the null sender, which Postfix's pipe calls MAILER-DAEMON."""
    address = address.strip().removeprefix("<").removesuffix(">")
    return "" if address.upper() == "MAILER-DAEMON" else address


def settings(option: str | None, environment: Mapping[str, str]) -> Settings:
    """As mailgate/config finds them, without it. Raises OSError and ValueError."""
    socket = environment.get("MAILGATE_LMTP__SOCKET", "")
    folder = environment.get("MAILGATE_DATA_DIR", "")
    address = environment.get("MAILGATE_GATEWAY__ADDRESS", "")
    if not (socket and address):
        values = _file(option or environment.get("MAILGATE_CONFIG", ""))
        socket = socket or _text(values, "lmtp", "socket")
        folder = folder or str(values.get("data_dir") or "var")
        address = address or _text(values, "gateway", "address") or "support@example.com"
    return Settings(socket or os.path.join(folder, "mailgate.sock"), address.strip().lower())


def _file(named: str) -> Mapping[str, object]:
    import tomllib

    package = os.path.dirname(os.path.abspath(__file__))
    tried = [named] if named else [
        "config/mailgate.toml",
        os.path.join(package, "_data/config/mailgate.toml"),
        os.path.join(os.path.dirname(package), "config/mailgate.toml"),
    ]  # fmt: skip
    for path in tried:
        if named or os.path.isfile(path):
            with open(path, "rb") as file:
                return tomllib.load(file)
    return {}


def _text(values: Mapping[str, object], section: str, key: str) -> str:
    inner = values.get(section)
    return str(inner.get(key) or "") if isinstance(inner, Mapping) else ""


# ---------------------------------------------------------------- the envelope


def without_from_line(raw: bytes) -> tuple[bytes, bytes]:
    """The "From " line of a mailbox file that programs put in front (mbox), and the mail below it."""
    if not raw.startswith((b"From ", b">From ")):
        return b"", raw
    line, _, rest = raw.partition(b"\n")
    return line, rest


def envelope_fields(
    raw: bytes, wanted: Sequence[bytes] = (b"return-path", b"from", *_RECIPIENT_HEADERS)
) -> list[tuple[bytes, str]]:
    """The fields of the header that tell of the envelope: (name in lower case, value), in order."""
    head = raw[:MAX_HEADER].partition(b"\r\n\r\n")[0].replace(b"\r\n ", b" ").replace(b"\r\n\t", b" ")
    found = []
    for line in head.split(b"\r\n"):
        name, colon, value = line.partition(b":")
        if colon and (key := name.strip().lower()) in wanted:
            found.append((key, value.decode("utf-8", "surrogateescape").strip()))
    return found


def sender_of(fields: Sequence[tuple[bytes, str]], line: bytes, environment: Mapping[str, str]) -> str:
    """From SENDER, Return-Path, the line of the mailbox file, or the author; "" where nothing tells."""
    if "SENDER" in environment:
        told: str | None = environment["SENDER"]
    else:
        told = next((value for key, value in fields if key == b"return-path"), None)
    if told is None and line:
        told = line.partition(b" ")[2].split(b" ")[0].decode("utf-8", "surrogateescape").strip()
    if told is None or told == "-":
        told = _author(next((value for key, value in fields if key == b"from"), ""))
    address = bare(told)
    return address if writable(address) and " " not in address else ""


def _author(value: str) -> str:
    address = value.rpartition("<")[2].partition(">")[0].strip() if "<" in value else value.strip()
    return address if address.count("@") == 1 else ""


def recipients_of(
    fields: Sequence[tuple[bytes, str]], environment: Mapping[str, str], last: str
) -> tuple[str, ...]:
    """Candidates, the surest first; the listener takes the first that is one of ours, `last` for sure."""
    told = [environment.get(name, "") for name in _RECIPIENT_VARIABLES]
    if local := environment.get("LOCAL_PART", "") or environment.get("LOCAL", ""):
        local = f"{environment.get('LOCAL_PART_PREFIX', '')}{local}{environment.get('LOCAL_PART_SUFFIX', '')}"
        told.append(f"{local}@{environment.get('DOMAIN', '') or environment.get('HOST', '')}")
    for name in _RECIPIENT_HEADERS:
        told += [value for key, value in fields if key == name]
    found = dict.fromkeys(bare(each) for each in told)
    usable = [each for each in found if "@" in each.strip("@") and writable(each) and " " not in each]
    return (*usable[:20], last)
