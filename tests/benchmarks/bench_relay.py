"""Delivery: mails a second from the outbox into a sink, over 1 and 10 connections, beside a bare smtplib loop.

The sink is a process of its own that answers at once and keeps nothing. The courier does all that it does in earnest: it
claims, renders and composes each mail, writes its bytes, the attempt and the outcome to SQLite with synchronous=FULL.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import resource
import smtplib
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import structlog
import uvloop
from ports import free_port
from servers import await_greeting
from sqlalchemy import func, insert, select
from structlog.testing import capture_logs

from mailgate.config import Config
from mailgate.courier import Courier
from mailgate.relay.smtp import SmtpRelay
from mailgate.render import Renderer
from mailgate.store import schema
from mailgate.store.engine import Store

MAILS = int(os.environ.get("BENCH_MAILS", "3000"))
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "3"))
READERS = 3  # people who are told of the same event
CONNECTIONS = (1, 10)


_SAID = {
    b"EHLO": b"250-sink\r\n250 SIZE 50000000\r\n",
    b"DATA": b"354 go\r\n",
    b"QUIT": b"221 bye\r\n",
}


class Sink(asyncio.Protocol):
    """Says yes to everything."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.wire, self.rest, self.in_mail = transport, b"", False
        transport.write(b"220 sink\r\n")  # type: ignore[attr-defined]

    def data_received(self, data: bytes) -> None:
        self.rest += data
        out = []
        while self.rest:
            if self.in_mail:
                found = self.rest.find(b"\r\n.\r\n")
                if found < 0:
                    break
                self.rest, self.in_mail = self.rest[found + 5 :], False
                out.append(b"250 2.0.0 taken\r\n")
                continue
            line, end, rest = self.rest.partition(b"\r\n")
            if not end:
                break
            self.rest, verb = rest, line[:4].upper()
            self.in_mail = verb == b"DATA"
            out.append(_SAID.get(verb, b"250 ok\r\n"))
        if out:
            self.wire.write(b"".join(out))  # type: ignore[attr-defined]


async def _serve(port: int) -> None:
    server = await asyncio.get_running_loop().create_server(Sink, "127.0.0.1", port)
    await server.serve_forever()


@contextlib.contextmanager
def sink() -> Iterator[int]:
    port = free_port()
    process = subprocess.Popen([sys.executable, __file__, str(port)])
    try:
        await_greeting(port)
        yield port
    finally:
        process.terminate()
        process.wait(30)


def owe(store: Store, count: int) -> None:
    """So many mails to different people, with the words of an update: each event is told to some of them, and says
    something else than the others."""
    from mailgate.render.check import samples

    context = samples()["update"]["full"]
    now = datetime.now(UTC)
    row = {
        "audience": "recipient", "template": "update", "language": "en", "tags": [], "references": [], "created": now,
        "due": now, "state": "waiting",
    }  # fmt: skip

    def told(n: int) -> dict[str, Any]:
        ticket = context["ticket"] | {"number": 1000 + n, "title": f"{context['ticket']['title']} {n}"}
        comments = [{**one, "text": f"{one['text']}\nNo. {n}"} for one in context["comments"]]
        return {**context, "ticket": ticket, "comments": comments}

    def of(n: int) -> dict[str, Any]:
        own = f"support+{n:032x}@example.com"
        return {
            **row, "id": n, "context": told(n // READERS), "address": f"p{n}@customer.example", "message_id": f"<{n}@example.com>",
            "reply_to": own, "return_path": own, "leave_address": own,
        }  # fmt: skip

    with store.writing() as conn:
        conn.execute(insert(schema.outbox), [of(n) for n in range(count)])


def used() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def courier(port: int, connections: int, folder: Path) -> tuple[float, float, bytes]:
    """(mails a second, CPU ms a mail, one of the mails)."""
    config = Config(data_dir=folder, relay={"url": f"smtp://127.0.0.1:{port}", "threads": connections})  # type: ignore[arg-type]
    store = Store(config.database_url)
    store.upgrade()
    owe(store, MAILS)
    relay = SmtpRelay(config.relay, "bench.example.com")
    sender = Courier(config, store, Renderer(config), relay)
    begin, cpu = time.monotonic(), used()
    with capture_logs():
        while sender.step(0.25):
            pass
    seconds, cpu = time.monotonic() - begin, used() - cpu
    with store.reading() as conn:
        sent = conn.scalar(select(func.count()).where(schema.outbox.c.state == "sent"))
        mail = bytes(conn.scalar(select(schema.outbox.c.mail).limit(1)) or b"")
    assert sent == MAILS, f"{sent} of {MAILS} were sent"
    sender.close()
    relay.close()
    store.close()
    return MAILS / seconds, cpu / MAILS * 1000, mail


def relay_alone(port: int, connections: int, mail: bytes) -> float:
    """The way out without outbox and courier."""
    from mailgate.config import Relay

    relay = SmtpRelay(Relay(url=f"smtp://127.0.0.1:{port}", max_per_connection=10**6), "bench.example.com")

    def send(count: int) -> None:
        for n in range(count):
            assert relay.send(mail, "support@example.com", f"p{n}@customer.example").kind == "sent"

    found = _shared(connections, send)
    relay.close()
    return found


def bare(port: int, connections: int, mail: bytes) -> float:
    """The baseline: one sendmail after another over a kept connection."""

    def send(count: int) -> None:
        with smtplib.SMTP("127.0.0.1", port, local_hostname="bench.example.com") as smtp:
            for n in range(count):
                smtp.sendmail("support@example.com", f"p{n}@customer.example", mail)

    return _shared(connections, send)


def _shared(threads: int, work: object) -> float:
    begin = time.monotonic()
    running = [threading.Thread(target=work, args=(MAILS // threads,)) for _ in range(threads)]  # type: ignore[arg-type]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()
    return MAILS // threads * threads / (time.monotonic() - begin)


def main() -> None:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    print(f"{MAILS} mails a round, median of {ROUNDS} interleaved rounds (least and most)\n")
    print(
        "| connections | courier, mails/s | CPU ms a mail | relay alone | bare smtplib | courier ÷ smtplib |"
    )
    print("| ---: | ---: | ---: | ---: | ---: | ---: |")
    with sink() as port:
        for connections in CONNECTIONS:
            rows = []
            for _ in range(ROUNDS):
                with tempfile.TemporaryDirectory() as folder:
                    rate, cpu, mail = courier(port, connections, Path(folder))
                rows.append((rate, cpu, relay_alone(port, connections, mail), bare(port, connections, mail)))
            rate, cpu, alone, base = (statistics.median(column) for column in zip(*rows, strict=True))
            least, most = min(row[0] for row in rows), max(row[0] for row in rows)
            print(
                f"| {connections} | {rate:,.0f} ({least:,.0f}–{most:,.0f}) | {cpu:.2f} | {alone:,.0f} | {base:,.0f} "
                f"| {rate / base:.2f} |", flush=True,
            )  # fmt: skip
    print(f"\na mail has {len(mail):,} bytes")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        uvloop.run(_serve(int(sys.argv[1])))
    else:
        main()
