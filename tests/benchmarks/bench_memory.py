"""Benchmark (c): memory of the listener while many uploads of a trusted network stand still in the middle of DATA.

    .venv/bin/python tests/benchmarks/bench_memory.py [--connections 500] [--size 200000]

Prints the resident memory idle, with as many idle connections, with the stalled uploads, and after they were finished; every one of
them must then be answered 250. The aim is less than 256 MiB.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from servers import RECIPIENT, Running, python_server

LIMIT = 256 * 1024 * 1024


def resident(server: Running) -> int:
    return sum(process.memory_info().rss for process in server.processes())


async def begin(port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    await reader.readline()
    return reader, writer


async def stall(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, size: int) -> None:
    writer.write(f"HELO bench\r\nMAIL FROM:<a@example.org>\r\nRCPT TO:<{RECIPIENT}>\r\nDATA\r\n".encode())
    for _ in range(4):
        await reader.readline()
    writer.write((b"x" * 76 + b"\r\n") * (size // 78))
    await writer.drain()


async def finish(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
    writer.write(b".\r\nQUIT\r\n")
    reply = await reader.readline()
    writer.close()
    return reply.startswith(b"250")


async def run(server: Running, connections: int, size: int) -> bool:
    def show(label: str) -> int:
        rss = resident(server)
        print(f"{label:<40} {rss / 1048576:7.1f} MiB", flush=True)
        return rss

    idle = show("listener, nobody there")
    open_ = [await begin(server.port) for _ in range(connections)]
    many = show(f"{connections} idle connections")
    print(f"{'':<40} {(many - idle) / connections / 1024:7.1f} KiB each")
    await asyncio.gather(*(stall(*pair, size) for pair in open_))
    await asyncio.sleep(1)
    peak = show(f"{connections} uploads stalled at {size} bytes")
    good = sum(await asyncio.gather(*(finish(*pair) for pair in open_)))
    last = show(f"all finished, {good} answered 250")
    verdict = max(peak, last) < LIMIT and good == connections
    print(f"{'under 256 MiB' if verdict else 'OVER the limit of 256 MiB, or not all accepted'}")
    return verdict


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--connections", type=int, default=500)
    parser.add_argument("--size", type=int, default=200_000)
    options = parser.parse_args()
    with (
        tempfile.TemporaryDirectory(prefix="mailgate-bench-") as folder,
        python_server("ours", Path(folder)) as server,
    ):
        good = asyncio.run(run(server, options.connections, options.size))
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
