"""Reading: mails/s on one core, from bytes to everything the rules may know, and what each step costs.

    python tests/benchmarks/bench_read.py [--mails 200] [--runs 5]

The mix: 8 kB of text and HTML in three languages, 30 % of them replies with a quote and a signature, 20 % with a PDF of
60 kB, 5 % with a file of 1 MB. mailgate parses, decodes, hashes every file, converts HTML where it is the text, splits
reply, quote and signature, guesses the language and sorts out machines and bounces. The baselines only parse with the
standard library and decode headers, bodies and files: `compat32` is its fast way, `policy.default` the documented one.
CPU time of this process, the readers in turn, the best of the rounds for each.
"""

from __future__ import annotations

import argparse
import base64
import email
import email.header
import email.policy
import email.utils
import random
import sys
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from mailgate.config import Config
from mailgate.mail import body, language, mime, reply
from mailgate.mail import parse as parse_module
from mailgate.mail.attachments import Files
from mailgate.mail.letterhead import Letterhead
from mailgate.model import Envelope
from mailgate.rules import classify

AIM = 5
SENTENCES = {
    "en": (
        "Since this morning the printer on the second floor has not answered any more.",
        "We have already restarted it twice and checked the cable, without any change.",
        "Could you please tell us whether you see the same messages on your side?",
        "The log of the controller is attached, and the serial number is at the end.",
    ),
    "fr": (
        "Depuis ce matin l'imprimante du deuxième étage ne répond plus du tout.",
        "Nous l'avons déjà redémarrée deux fois et vérifié le câble, sans résultat.",
        "Pourriez-vous nous dire si vous voyez les mêmes messages de votre côté ?",
        "Le journal du contrôleur est joint, et le numéro de série se trouve à la fin.",
    ),
    "de": (
        "Seit heute Morgen antwortet der Drucker im zweiten Stock nicht mehr.",
        "Wir haben ihn schon zweimal neu gestartet und das Kabel geprüft, ohne Erfolg.",
        "Können Sie uns bitte sagen, ob Sie dieselben Meldungen bei sich sehen?",
        "Das Protokoll der Steuerung liegt bei, die Seriennummer steht am Ende.",
    ),
}
ATTRIBUTIONS = {
    "en": "On Mon, Nov 2, 2026 at 10:00 AM Support <support@example.com> wrote:",
    "fr": "Le lun. 2 nov. 2026 à 10:00, Support <support@example.com> a écrit :",
    "de": "Am Mo., 2. Nov. 2026 um 10:00 Uhr schrieb Support <support@example.com>:",
}


def corpus(count: int, seed: int = 1) -> list[bytes]:
    """The mix, in an order that the seed fixes."""
    choice = random.Random(seed)
    return [_mail(choice, n) for n in range(count)]


def _mail(choice: random.Random, n: int) -> bytes:
    tongue = choice.choice(tuple(SENTENCES))
    lines = choice.choices(SENTENCES[tongue], k=30)
    below = ["", "--", "Claire Martin", "Globex, +33 1 23 45 67 89"]
    quote = [f"> {line}" for line in lines[:10]]
    is_reply = n % 10 < 3
    text = [*lines, *(["", ATTRIBUTIONS[tongue], *quote] if is_reply else []), *below]
    marked = "\r\n".join(
        f'<p class="MsoNormal" style="margin:0cm;font-family:Calibri">{line}<o:p></o:p></p>'
        for line in [*lines, *below]
    )
    html = f'<html><head><style>p {{color:#333}}</style></head><body lang="{tongue}"><div>{marked}</div></body></html>'
    if is_reply:
        html = html.replace(
            "</body>", f'<blockquote type="cite">{"<br>".join(lines[:10])}</blockquote></body>'
        )
    attached = b""
    if n % 20 == 19:
        attached = _file("application/zip", "log.zip", b"PK\x03\x04" + choice.randbytes(1_000_000))
    elif n % 5 == 2:
        attached = _file("application/pdf", "Übersicht.pdf", b"%PDF-1.7\n" + choice.randbytes(60_000))
    subject = "Re: imprimante du deuxième étage" if is_reply else "L'imprimante ne répond plus"
    head = (
        "Return-Path: <claire@globex.example>\r\nReceived: from mail.globex.example (mail.globex.example [192.0.2.1])\r\n"
        "\tby mx.example.com with ESMTPS id 4Cq; Mon, 02 Nov 2026 10:00:00 +0000\r\n"
        f"From: =?utf-8?Q?Claire_Martin?= <claire{n % 97}@globex.example>\r\nTo: Support <support@example.com>\r\n"
        f"Cc: Paul <paul@globex.example>, it@partner.example\r\nSubject: {_word(subject)}\r\n"
        f"Message-ID: <{n}.bench@globex.example>\r\nDate: Mon, 02 Nov 2026 10:00:00 +0000\r\nMIME-Version: 1.0\r\n"
        "X-Mailer: Bench 1.0\r\nContent-Language: fr\r\n"
    ).encode()
    words = (
        b'Content-Type: multipart/alternative; boundary="inner"\r\n\r\n'
        b"--inner\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
        + "\r\n".join(text).encode()
        + b"\r\n--inner\r\nContent-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
        + html.encode()
        + b"\r\n--inner--\r\n"
    )
    if not attached:
        return head + words
    return (
        head
        + b'Content-Type: multipart/mixed; boundary="outer"\r\n\r\n--outer\r\n'
        + words
        + b"--outer\r\n"
        + attached
        + b"--outer--\r\n"
    )


def _word(text: str) -> str:
    return email.header.Header(text, "utf-8").encode()


def _file(content_type: str, name: str, data: bytes) -> bytes:
    """An attachment part, its lines ending in CRLF as on the wire."""
    return (
        f"Content-Type: {content_type}\r\nContent-Transfer-Encoding: base64\r\n"
        f"Content-Disposition: attachment; filename*=utf-8''{email.utils.quote(_percent(name))}\r\n\r\n"
    ).encode() + base64.encodebytes(data).replace(b"\n", b"\r\n")


def _percent(name: str) -> str:
    return "".join(chr(byte) if byte < 128 else f"%{byte:02X}" for byte in name.encode())


# ---------------------------------------------------------------- the readers


def ours(raw: bytes) -> None:
    """Everything up to the kind of mail."""
    classify.classify(ENVELOPE, parse_module.parse(raw), CONFIG)


def compat32(raw: bytes) -> None:
    message = email.message_from_bytes(raw)
    for name in ("from", "to", "cc", "subject"):
        for piece, declared in email.header.decode_header(message[name] or ""):
            if isinstance(piece, bytes):
                piece.decode(declared or "ascii", "replace")
    email.utils.getaddresses([message["from"], message["to"], message["cc"]])
    for part in message.walk():
        if not part.is_multipart():
            part.get_filename()
            content: Any = part.get_payload(decode=True)
            if part.get_content_maintype() == "text":
                content.decode(part.get_content_charset("utf-8"), "replace")


def documented(raw: bytes) -> None:
    message: Any = email.message_from_bytes(raw, policy=email.policy.default)
    for name in ("from", "to", "cc", "subject"):
        str(message[name])
    text = message.get_body(("plain", "html"))
    if text is not None:
        text.get_content()
    for part in message.iter_attachments():
        part.get_filename()
        part.get_content()


CONFIG = Config()
ENVELOPE: Envelope


def cost(read: Callable[[bytes], None], mails: Sequence[bytes]) -> float:
    """Seconds of CPU for all mails."""
    began = time.process_time()
    for raw in mails:
        read(raw)
    return time.process_time() - began


# ---------------------------------------------------------------- the steps

STEPS: tuple[tuple[str, Any, str], ...] = (
    ("MIME structure", mime, "split"),
    ("bodies: decoding, HTML", body, "read"),
    ("files: decoding, hashes, type", Files, "__init__"),
    ("header fields", Letterhead, "__init__"),
    ("addresses", Letterhead, "addresses"),
    ("sender", Letterhead, "sender"),
    ("reply, quote, signature", reply, "split"),
    ("language", language, "guess"),
    ("kind of mail", classify, "classify"),
)


def shares(mails: Sequence[bytes]) -> dict[str, float]:
    """Seconds in each step, measured in a pass of its own: a step inside another is taken from the outer one."""
    spent = dict.fromkeys([name for name, _, _ in STEPS], 0.0)
    running: list[float] = []  # seconds of inner steps, one entry for each step that is under way

    def timed(name: str, step: Callable[..., Any]) -> Callable[..., Any]:
        def run(*values: Any, **named: Any) -> Any:
            running.append(0.0)
            began = time.perf_counter()
            try:
                return step(*values, **named)
            finally:
                took = time.perf_counter() - began
                spent[name] += took - running.pop()
                if running:
                    running[-1] += took

        return run

    kept = [(owner, attribute, getattr(owner, attribute)) for _, owner, attribute in STEPS]
    try:
        for (name, owner, attribute), (_, _, step) in zip(STEPS, kept, strict=True):
            setattr(owner, attribute, timed(name, step))
        began = time.perf_counter()
        for raw in mails:
            ours(raw)
        whole = time.perf_counter() - began
    finally:
        for owner, attribute, step in kept:
            setattr(owner, attribute, step)
    return spent | {"everything else": whole - sum(spent.values())}


def main() -> int:
    global ENVELOPE
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--mails", type=int, default=200)
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args()
    ENVELOPE = Envelope("bench", datetime(2026, 11, 2, 10, 0, tzinfo=UTC), "smtp", "claire@globex.example",
                        ("support@example.com",))  # fmt: skip
    mails = corpus(options.mails)
    size = sum(map(len, mails)) / len(mails)
    print(f"parse and read: {len(mails)} mails of {size / 1000:.0f} kB on average, one core")
    best: dict[str, float] = {}
    for _ in range(options.runs):
        for name, read in (("mailgate", ours), ("policy.default", documented), ("compat32", compat32)):
            took = cost(read, mails)
            best[name] = min(took, best.get(name, took))
    for name, took in best.items():
        ratio = (
            ""
            if name == "mailgate"
            else f"   mailgate is {took / best['mailgate']:.1f} x as fast (aim: {AIM})"
        )
        print(
            f"  {name:16s} {len(mails) / took:7.0f} mails/s   {took / len(mails) * 1e6:6.0f} us a mail{ratio}"
        )
    small = [raw for raw in mails if len(raw) < 20_000]
    print(
        f"  of it, on the {len(small)} mails without a file {cost(ours, small) / len(small) * 1e6:.0f} us a mail; steps, all mails:"
    )
    spent = shares(mails)
    whole = sum(spent.values())
    for name, took in sorted(spent.items(), key=lambda item: -item[1]):
        print(f"    {name:32s} {took / whole * 100:5.1f} %   {took / len(mails) * 1e6:6.0f} us a mail")
    return 0


if __name__ == "__main__":
    sys.exit(main())
