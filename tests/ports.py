"""Free ports, for programs that must be told one."""

from __future__ import annotations

import random
import socket

# below what Linux gives to connections (ip_local_port_range): none of another test takes it before its program does
_LOWEST, _HIGHEST = 15_000, 32_000


def free_port() -> int:
    """A port that nobody uses, on any address."""
    chance = random.SystemRandom()
    for _ in range(200):
        port = chance.randint(_LOWEST, _HIGHEST)
        with socket.socket() as sock:
            try:
                sock.bind(("", port))
            except OSError:
                continue
            return port
    raise AssertionError("no port is free")
