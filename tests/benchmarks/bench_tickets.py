"""Mail to ticket, sustained: real processes, SMTP in, SQLite, until the ledger holds every mail.

    python tests/benchmarks/bench_tickets.py [--mails 3000] [--connections 10] [--runs 3] [--believed device header own]

8 kB mails of text and HTML, half of them replies in a known thread (2.4). The roles listen and work,send,tick run as
`mailgate serve` runs them; the relay is a port on which nobody listens, so notifications are decided, stored and stay
queued. The baseline does what the least gateway would do, without SMTP and rules: stdlib parse, one commit a mail.

Senders are believed in one of three ways (4.1): `device`, the client's network is trusted; `header`, the mail came through a
server of ours that wrote Authentication-Results; `own`, SPF, DKIM (RSA, 2048 bits) and DMARC checked by mailgate for mail of
97 domains, out of a zone file, the first round of all keys and records before the clock starts.
"""

from __future__ import annotations

import argparse
import base64
import contextlib
import email
import os
import random
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import psutil
from pysqlite3 import dbapi2 as sqlite

from mailgate.authenticate.sign import make_signer, sign

ROOT = Path(__file__).resolve().parent.parent.parent
TO = "support@example.com"
WORDS = (
    "the", "printer", "in", "room", "four", "says", "paper", "jam", "but", "there", "is", "none", "and", "we", "have",
    "tried", "to", "switch", "it", "off", "then", "on", "again",
)  # fmt: skip


DOMAINS = 97
WAYS = ("device", "header", "own")
SELECTOR = "bench"
WARM_UP = 100  # mails before the clock starts: the figure is of a gateway that runs
DISTANCE = 500  # mails between a mail and the reply to it, or half of all


def corpus(count: int, seed: int = 1) -> list[tuple[str, bytes]]:
    """(sender, mail) in the order of sending: new mails and replies in turn, once there are mails to reply to."""
    choice = random.Random(seed)
    mails = []
    distance = min(DISTANCE, count // 2)
    firsts = [*range(distance), *range(distance, count - distance, 2)]
    waiting = iter(firsts)
    for n in range(count):
        new = n < distance or (n < count - distance and (n - distance) % 2 == 0)
        first = n if new else next(waiting)
        sender = f"user{first % 997}@customer{first % DOMAINS}.example"
        mails.append((sender, _mail(choice, n, first, sender, reply=not new)))
    return mails


def _mail(choice: random.Random, n: int, first: int, sender: str, *, reply: bool) -> bytes:
    lines = [" ".join(choice.choices(WORDS, k=12)) for _ in range(34)]
    text = "\r\n".join(lines) + f"\r\nCase {n}\r\n"
    html = "<html><body>" + "".join(f"<p style='color:#333'>{line}</p>\r\n" for line in lines)
    html += (
        "<table>"
        + "<tr><td>row</td><td>cell</td></tr>\r\n" * 48
        + f"</table><p>Case {n}</p></body></html>\r\n"
    )
    if reply:
        text += "\r\nOn Mon, 2 Nov 2026 at 10:00, Support wrote:\r\n" + "".join(
            f"> {line}\r\n" for line in lines[:12]
        )
    answered = f"In-Reply-To: <{first}.bench@customer.example>\r\n" if reply else ""
    return (
        f"From: User {first} <{sender}>\r\nTo: Support <{TO}>\r\nCc: friend{first % 50}@customer{first % 97}.example\r\n"
        f"Subject: {'Re: ' if reply else ''}Paper jam number {first}\r\nMessage-ID: <{n}.bench@customer.example>\r\n"
        f"{answered}Date: Mon, 02 Nov 2026 10:00:00 +0000\r\nMIME-Version: 1.0\r\n"
        'Content-Type: multipart/alternative; boundary="b0"\r\n\r\n--b0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n'
        f"{text}\r\n--b0\r\nContent-Type: text/html; charset=utf-8\r\n\r\n{html}\r\n--b0--\r\n"
    ).encode()


def believed(mails: Sequence[tuple[str, bytes]], way: str, key: bytes) -> list[tuple[str, bytes]]:
    """The mails as they come to be believed in this way."""
    if way == "own":
        signers = {n: make_signer(f"customer{n}.example", SELECTOR, key) for n in range(DOMAINS)}
        return [(sender, sign(data, signers[_domain(sender)])) for sender, data in mails]
    if way == "header":
        stamp = (
            "Authentication-Results: mx.example.com;\r\n\tspf=pass smtp.mailfrom={0};\r\n\tdkim=pass header.d={0};\r\n"
            "\tdmarc=pass (p=reject) header.from={0}\r\nReceived: from mail.{0} (mail.{0} [192.0.2.25])\r\n"
            "\tby mx.example.com with ESMTPS id 4Xq; Mon, 02 Nov 2026 10:00:00 +0000\r\n"
        )
        return [(s, stamp.format(s.rpartition("@")[2]).encode() + data) for s, data in mails]
    return list(mails)


def _domain(sender: str) -> int:
    return int(sender.partition("@customer")[2].partition(".")[0])


def zone(key: bytes) -> str:
    """What DNS says of the customers' domains, as `dns.zone_file`."""
    packed = subprocess.run(
        ["openssl", "rsa", "-pubout", "-outform", "DER"], input=key, capture_output=True, check=True
    ).stdout
    record = f"v=DKIM1; k=rsa; p={base64.b64encode(packed).decode()}"
    texts = ", ".join(f'"{record[n : n + 200]}"' for n in range(0, len(record), 200))
    lines = []
    for n in range(DOMAINS):
        name = f"customer{n}.example"
        lines += [
            f'"{name}" = [{{ TXT = "v=spf1 include:spf.{name} -all" }}]',
            f'"spf.{name}" = [{{ TXT = "v=spf1 ip4:127.0.0.0/8 -all" }}]',
            f'"_dmarc.{name}" = [{{ TXT = "v=DMARC1; p=reject" }}]',
            f'"{SELECTOR}._domainkey.{name}" = [{{ TXT = [{texts}] }}]',
        ]
    return "\n".join(lines)


# ---------------------------------------------------------------- the gateway


def settings(folder: Path, way: str, key: bytes) -> str:
    """The sections of the settings that decide who is believed."""
    if way == "own":
        (folder / "zone.toml").write_text(zone(key))
        limits = "[smtp]\nmax_mails_per_network = 0\n"
        return f'{limits}[trust]\nnetworks = []\nupstreams = []\n[dns]\nzone_file = "{folder}/zone.toml"\n'
    names = 'authserv_ids = ["mx.example.com"]\n' if way == "header" else ""
    return f"[trust]\nown_checks = false\n{names}"  # no name server is asked


@contextlib.contextmanager
def gateway(folder: Path, port: int, way: str, key: bytes) -> Iterator[dict[str, psutil.Process]]:
    (folder / "people.toml").write_text(
        '[[teams]]\nname = "support"\naddress = "team@example.com"\ncategories = ["general"]\n'
    )
    (folder / "mailgate.toml").write_text(settings(folder, way, key))
    environment = {key: value for key, value in os.environ.items() if not key.startswith("MAILGATE_")} | {
        "PYTHONPATH": str(ROOT),
        "MAILGATE_CONFIG": str(folder / "mailgate.toml"),
        "MAILGATE_DATA_DIR": str(folder / "var"),
        "MAILGATE_SMTP__PORT": str(port),
        "MAILGATE_RELAY__URL": "smtp://127.0.0.1:9",
        "MAILGATE_GATEWAY__ACK_LIMIT": "1000000",
        "MAILGATE_LOG__LEVEL": "error",
    }
    started: dict[str, subprocess.Popen[bytes]] = {}
    try:
        for name, roles in (("listen", ["listen"]), ("desk", ["work", "send", "tick"])):
            ours, theirs = os.pipe()
            command = [
                sys.executable,
                "-m",
                "mailgate",
                "serve",
                *(word for role in roles for word in ("--role", role)),
            ]
            ready = {"_MAILGATE_READY_FD": str(theirs)}
            started[name] = subprocess.Popen(command, env=environment | ready, cwd=folder, pass_fds=(theirs,))
            os.close(theirs)
            if not os.read(ours, 100):
                raise RuntimeError(f"{name} does not start")
            os.close(ours)
        yield {name: psutil.Process(process.pid) for name, process in started.items()}
    finally:
        for process in started.values():
            process.terminate()
        for process in started.values():
            process.wait(30)


def send(port: int, mails: Sequence[tuple[str, bytes]], connections: int) -> None:
    """All mails over so many connections, shared out in turn: a reply leaves long after its mail."""
    failures: list[BaseException] = []

    def one(mine: Sequence[tuple[str, bytes]]) -> None:
        try:
            with socket.create_connection(("127.0.0.1", port)) as sock:
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                file = sock.makefile("rb")
                file.readline()
                sock.sendall(b"EHLO bench\r\n")
                while file.readline()[3:4] == b"-":
                    pass
                for sender, data in mine:
                    sock.sendall(f"MAIL FROM:<{sender}>\r\nRCPT TO:<{TO}>\r\nDATA\r\n".encode())
                    for wanted in (b"250", b"250", b"354"):
                        expect(file.readline(), wanted)
                    sock.sendall(data + b".\r\n")
                    expect(file.readline(), b"250")
                sock.sendall(b"QUIT\r\n")
        except BaseException as e:
            failures.append(e)

    threads = [threading.Thread(target=one, args=(mails[n::connections],)) for n in range(connections)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]


def expect(line: bytes, code: bytes) -> None:
    if not line.startswith(code):
        raise RuntimeError(f"{code!r} expected, {line!r} came")


def cpu(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def await_ledger(folder: Path, wanted: int) -> None:
    """Until the ledger holds so many mails."""
    deadline = time.perf_counter() + 300
    path = folder / "var" / "mailgate.db"
    with contextlib.closing(sqlite.connect(f"file:{path}?mode=ro", uri=True)) as db:
        while (landed := db.execute("SELECT count(*) FROM messages").fetchone()[0]) < wanted:
            if time.perf_counter() > deadline:
                raise TimeoutError(f"{landed} of {wanted} mails landed")
            time.sleep(0.02)


def measure(
    mails: Sequence[tuple[str, bytes]], connections: int, way: str = "device", key: bytes = b""
) -> dict[str, float]:
    with tempfile.TemporaryDirectory(prefix="mailgate-bench-") as name:
        folder = Path(name)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = int(free.getsockname()[1])
        with gateway(folder, port, way, key) as processes:
            send(port, mails[:WARM_UP], connections)
            await_ledger(folder, WARM_UP)
            time.sleep(3)  # the templates are compiled once, at the first mail that goes out
            watched = {**processes, **{f"parser {n}": p for n, p in enumerate(processes["desk"].children())}}
            before = {name: cpu(process) for name, process in watched.items()}
            own = time.process_time()
            started = time.perf_counter()
            send(port, mails[WARM_UP:], connections)
            accepted = time.perf_counter() - started
            await_ledger(folder, len(mails))
            took = time.perf_counter() - started
            with contextlib.closing(
                sqlite.connect(f"file:{folder / 'var' / 'mailgate.db'}?mode=ro", uri=True)
            ) as db:
                outcomes = dict(
                    db.execute("SELECT outcome, count(*) FROM messages GROUP BY outcome").fetchall()
                )
                owed = db.execute("SELECT count(*) FROM outbox").fetchone()[0]
                unverified = db.execute(
                    "SELECT count(*) FROM people WHERE NOT authenticated_before AND address LIKE 'user%'"
                ).fetchone()[0]
            timed = len(mails) - WARM_UP
            used = {name: (cpu(process) - before[name]) / timed * 1000 for name, process in watched.items()}
        assert outcomes == {"ticket": len(mails) // 2, "comment": len(mails) // 2}, outcomes
        assert not unverified, f"{unverified} senders were not believed"
        parsers = sum(value for name, value in used.items() if name.startswith("parser"))
        return {
            "rate": timed / took, "accept": timed / accepted, "owed": owed, "listen": used["listen"],
            "desk": used["desk"], "parsers": parsers, "client": (time.process_time() - own) / timed * 1000,
        }  # fmt: skip


# ---------------------------------------------------------------- the baseline


def baseline(mails: Sequence[tuple[str, bytes]]) -> float:
    """Mails/s of the least that could be called a gateway: one process, no SMTP, no rules, no mail owed."""
    with tempfile.TemporaryDirectory(prefix="mailgate-bench-") as folder:
        db = sqlite.connect(f"{folder}/baseline.db", isolation_level=None)
        db.execute("PRAGMA journal_mode=WAL")
        db.execute("PRAGMA synchronous=FULL")
        db.execute("CREATE TABLE ticket (id INTEGER PRIMARY KEY, subject TEXT, sender TEXT)")
        db.execute("CREATE TABLE message (id TEXT PRIMARY KEY, ticket INTEGER, body TEXT, raw BLOB)")
        started = time.perf_counter()
        for _, raw in mails:
            message = email.message_from_bytes(raw)
            parts = {
                part.get_content_type(): part.get_payload(decode=True)
                for part in message.walk()
                if not part.is_multipart()
            }
            body = parts["text/plain"].decode("utf-8", "replace")  # type: ignore[union-attr]
            db.execute("BEGIN IMMEDIATE")
            known = db.execute(
                "SELECT ticket FROM message WHERE id = ?", (message["In-Reply-To"],)
            ).fetchone()
            if known is None:
                values = (str(message["Subject"]), str(message["From"]))
                known = (db.execute("INSERT INTO ticket (subject, sender) VALUES (?, ?)", values).lastrowid,)
            db.execute(
                "INSERT INTO message VALUES (?, ?, ?, ?)", (str(message["Message-ID"]), known[0], body, raw)
            )
            db.execute("COMMIT")
        took = time.perf_counter() - started
        db.close()
    return len(mails) / took


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--mails", type=int, default=3000)
    parser.add_argument("--connections", type=int, default=10)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--believed", nargs="+", choices=WAYS, default=list(WAYS))
    options = parser.parse_args()
    plain = corpus(options.mails - options.mails % 2)
    size = sum(len(data) for _, data in plain) / len(plain)
    print(
        f"mail to ticket: {len(plain)} mails of {size / 1000:.1f} kB, half replies, {options.connections} connections, SQLite FULL"
    )
    key = subprocess.run(["openssl", "genrsa", "2048"], capture_output=True, check=True).stdout
    mails = {way: believed(plain, way, key) for way in options.believed}
    runs: dict[str, list[dict[str, float]]] = {way: [] for way in mails}
    bases = []
    for _ in range(options.runs):  # in turn: the machine may be another one in a minute
        bases.append(baseline(plain))
        for way, these in mails.items():
            runs[way].append(measure(these, options.connections, way, key))
    base = statistics.median(bases)
    print(
        f"  baseline           {base:7.0f} mails/s   stdlib compat32 parse, one commit a mail, nothing else"
    )
    middles = {}
    for way, these_runs in runs.items():
        rates = [run["rate"] for run in these_runs]
        middles[way] = middle = sorted(these_runs, key=lambda run: run["rate"])[len(these_runs) // 2]
        print(
            f"  believed: {way:8} {middle['rate']:7.0f} mails/s   ({min(rates):.0f} to {max(rates):.0f})"
            f"   aim: 600   ratio {middle['rate'] / base:.2f}   accepted meanwhile {middle['accept']:.0f} mails/s"
        )
        print(
            "    CPU ms a mail    "
            + "  ".join(f"{name} {middle[name]:.2f}" for name in ("listen", "parsers", "desk", "client"))
            + f"  on {os.cpu_count()} cores;  {middle['owed']:.0f} notifications queued (relay down)"
        )
    if "device" in middles:
        for way in [way for way in middles if way != "device"]:
            print(f"  {way} / device      {middles[way]['rate'] / middles['device']['rate']:7.2f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
