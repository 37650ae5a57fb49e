"""What hostile and huge mails cost to read (threat T19): processor seconds and peak memory, each mail in a process of its own.

    python tests/benchmarks/bench_limits.py [--one NAME] [--size 26214400]

The first rows are those at which the standard library's parser took seconds or fell over. The aim is a result within one
second of CPU and 300 MB of memory, Python and the mail itself included; past `SECONDS` or `MEMORY` the process is killed.
"""

from __future__ import annotations

import argparse
import base64
import json
import random
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent.parent
AIM_SECONDS, AIM_MEGABYTES = 1.0, 300
SECONDS = 4  # of CPU for one mail: far over the aim, since a busy machine counts more for the same work
MEMORY = 1 << 30  # bytes of address space
MIB = 1 << 20
BIG = 25 * MIB

H = b"From: a@b.example\r\nMessage-ID: <x@b.example>\r\nSubject: s\r\nDate: Mon, 2 Nov 2026 10:00:00 +0000\r\n"
MULTI = H + b"Content-Type: multipart/mixed; boundary=a\r\n\r\n"
HTML = H + b"Content-Type: text/html; charset=utf-8\r\n\r\n"
FILE = H + b"Content-Type: a/b; name=f\r\nContent-Transfer-Encoding: base64\r\n\r\n"
PLAIN = H + b"Content-Type: text/plain\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
TNEF = H + b"Content-Type: application/ms-tnef\r\n\r\n\x78\x9f\x3e\x22\0\0"
SMIME = H + b"Content-Type: application/pkcs7-mime\r\nContent-Transfer-Encoding: base64\r\n\r\n"
CLEAR = (
    b"-----BEGIN PGP SIGNED MESSAGE-----\r\n\r\n" + b"- x\r\n" * 20_000 + b"-----BEGIN PGP SIGNATURE-----\r\n"
)
LINE = b"The printer in room four says paper jam but there is none.\r\n"


def _times(piece: bytes, size: int = BIG) -> bytes:
    return piece * (size // len(piece))


def _nested(count: int) -> bytes:
    return b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (n, n) for n in range(count)
    )


def _copied(count: int) -> bytes:
    copies = b",\r\n ".join(b"User %d <u%d@b.example>" % (n, n) for n in range(count))
    return H + b"Cc: " + copies + b"\r\n\r\nhi"


def _attached(size: int) -> bytes:
    return base64.encodebytes(random.Random(1).randbytes(size)).replace(b"\n", b"\r\n")


def _der(content: bytes) -> bytes:
    return b"\x30\x80" * 20_000 + content


MAILS: dict[str, Callable[[], bytes]] = {
    # the table of T19
    "40,000 semicolons in Content-Type": lambda: H + b"Content-Type: text/plain" + b";" * 40_000 + b"\r\n\r\nhi",
    "100,000 To lines": lambda: H + b"To: user@b.example\r\n" * 100_000 + b"\r\nhi",
    "To with 6,666 addresses": lambda: H + b"To: " + b", ".join(b"u%d@b.example" % n for n in range(6_666)) + b"\r\n\r\nhi",
    "20,000 Cc addresses, folded": lambda: _copied(20_000),
    "2,000 open parentheses in To": lambda: H + b"To: " + b"(" * 2_000 + b"\r\n\r\nhi",
    "200,000 colons in From": lambda: b"From: " + b":" * 200_000 + b"\r\n\r\nhi",
    "20,000 parameters": lambda: H + b"Content-Type: text/plain" + b"".join(b"; p%d=v" % n for n in range(20_000)) + b"\r\n\r\nhi",
    "10,000 encoded words in Subject": lambda: H + b"Subject: " + b"=?utf-8?q?a?= " * 10_000 + b"\r\n\r\nhi",
    "message/rfc822 nested 1,000": lambda: H + b"Content-Type: message/rfc822\r\n\r\n" * 1_000 + b"hi",
    "multipart nested 300": lambda: H + _nested(300) + b"\r\ntext",
    "multipart nested 2,000": lambda: H + _nested(2_000) + b"\r\ntext",
    "300,000 empty parts": lambda: MULTI + b"--a\r\n\r\n" * 300_000,
    "300,000 delimiters in 25 MB": lambda: MULTI + (b"--a\r\n\r\n" + b"x" * 70 + b"\r\n") * 300_000,
    "10 MB of bare CR": lambda: b"\r" * (10 * MIB),
    "10 MB of bare LF": lambda: b"\n" * (10 * MIB),
    # by size
    "100,000 lines": lambda: H + b"\r\n" + LINE * 100_000,
    "100,000 quoted lines": lambda: H + b"\r\n" + b"> " * 3 + (b"> > " + LINE) * 100_000,
    "25 MB of text": lambda: H + b"\r\n" + _times(LINE),
    "25 MB in one line": lambda: H + b"\r\n" + _times(b"word "),
    "25 MB of damaged UTF-8": lambda: H + b"Content-Type: text/plain; charset=utf-8\r\n\r\n" + _times(b"\xff\xfe\xc3 "),
    "25 MB of quoted-printable": lambda: PLAIN + _times(b"=C3=A4=\r\n"),
    "a file of 18 MB in base64": lambda: MULTI + b"--a\r\n\r\nhi\r\n--a\r\n" + FILE[len(H) :] + _attached(18 * MIB) + b"--a--\r\n",
    "25 MB of broken base64": lambda: FILE + _times(b"QQ==!\r\n"),
    "25 MB of HTML": lambda: HTML + _times(b"<div><p>word <b>bold</b></p></div>\r\n"),
    "1 MB of nested tables": lambda: HTML + _times(b"<table><tr><td>x", MIB),
    "1 MB of long tags": lambda: HTML + _times(b"<p " + b" ".join(b"a%d=1" % n for n in range(600)) + b">x", MIB),
    "1 MB of links": lambda: HTML + _times(b'<a href="https://b.example/x">here</a> ', MIB),
    "1 MB of nested quotes in HTML": lambda: HTML + _times(b"<blockquote>x", MIB),
    "1,000 files of 20 kB": lambda: MULTI + (b"--a\r\n" + FILE[len(H) :] + _attached(18_000) + b"\r\n") * 999 + b"--a--",
    "25 MB of near delimiters": lambda: MULTI + b"--a\r\n\r\nhi" + _times(b"\r\n--ab"),
    "25 MB of uuencode beginnings": lambda: H + b"\r\n" + _times(b"begin 644 a\r\nM" + b"A" * 60 + b"\r\n"),
    "10 MB of winmail.dat attributes": lambda: TNEF + _times(b"\x02\x02\x90" + b"\0" * 8, 10 * MIB),
    "a deep S/MIME wrapper": lambda: SMIME + base64.encodebytes(_der(b"")),
    "64 clear signatures of 100 kB": lambda: H + b"\r\n" + CLEAR * 64,
    "25 MB of flowed text": lambda: H + b"Content-Type: text/plain; format=flowed\r\n\r\n" + _times(b"> word \r\n"),
    "5 MB of text/enriched": lambda: H + b"Content-Type: text/enriched\r\n\r\n" + _times(b"<bold><excerpt>a\r\n", 5 * MIB),
    "25 MB without a header": lambda: _times(b"a"),
}  # fmt: skip


def read_one(name: str) -> None:
    """Parse one mail under the limits and print what it cost, as JSON."""
    sys.path.insert(0, str(ROOT))
    from mailgate.mail.parse import parse

    raw = MAILS[name]()
    begin = time.process_time()
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (int(begin) + 1 + SECONDS,) * 2)
    parsed = parse(raw)
    seconds = time.process_time() - begin
    # ru_maxrss would count what the parent held when it forked
    status = Path("/proc/self/status").read_text()
    peak = int(status.partition("VmHWM:")[2].split()[0]) / 1024
    print(
        json.dumps(
            {
                "seconds": round(seconds, 3), "peak_mib": round(peak), "size": len(raw), "text": len(parsed.full_text),
                "attachments": len(parsed.attachments), "defects": list(parsed.defects), "fallback": not parsed.headers and len(raw) > 0
                and any("could not be read (" in defect for defect in parsed.defects),
            }
        )
    )  # fmt: skip


def measure(name: str) -> tuple[dict[str, Any], int]:
    """(what `read_one` printed, the exit code) of a child that reads one mail."""
    command = [sys.executable, str(Path(__file__).resolve()), "--one", name]
    run = subprocess.run(command, capture_output=True, text=True, timeout=300)
    return (json.loads(run.stdout) if run.returncode == 0 else {"error": run.stderr[-500:]}), run.returncode


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--one", choices=MAILS, metavar="NAME")
    name = arguments.parse_args().one
    if name:
        read_one(name)
        return
    print(f"{'mail':36} {'MB':>6} {'CPU s':>7} {'peak MiB':>9}")
    worst = [0.0, 0.0]
    for each in MAILS:
        found, code = measure(each)
        if code:
            print(f"{each:36} killed or failed ({code}): {found['error']}")
            continue
        cpu, peak, size = (float(found[key]) for key in ("seconds", "peak_mib", "size"))
        worst = [max(worst[0], cpu), max(worst[1], peak)]
        mark = "" if cpu <= AIM_SECONDS and peak <= AIM_MEGABYTES else "  over the aim"
        print(f"{each:36} {size / 1e6:6.1f} {cpu:7.3f} {peak:9.0f}{mark}")
    print(
        f"worst: {worst[0]:.2f} s, {worst[1]:.0f} MiB; the aim is {AIM_SECONDS:.0f} s and {AIM_MEGABYTES} MiB"
    )


if __name__ == "__main__":
    main()
