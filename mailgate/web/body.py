"""Bodies of requests: read piece by piece, within limits of size, time and memory.

Laws: what is over its limit is not kept; a client that crawls is cut off; all bodies together stay within
`web.max_bytes_in_flight`, of which half at most is for clients that have not yet shown who they are.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from starlette.requests import ClientDisconnect, Request

from mailgate.web import answers

MIN_RATE = 500  # bytes a second, after `patience`; as smtp.min_rate


class Room:
    """The memory that bodies may take, counted."""

    def __init__(self, size: int) -> None:
        self.size, self.taken = size, 0

    @contextmanager
    def claim(self, *, known: bool) -> Iterator[Claim]:
        """A part of it, given back at the end. `known`: the client has shown a key."""
        claim = Claim(self, self.size if known else self.size // 2)
        try:
            yield claim
        finally:
            self.taken -= claim.held


class Claim:
    """What one request holds."""

    def __init__(self, room: Room, most: int) -> None:
        self.room, self.most, self.held = room, most, 0

    def grow(self, size: int) -> None:
        """Raises Refusal (503) when there is no room."""
        if self.room.taken + size > self.most:
            raise answers.CROWDED
        self.room.taken += size
        self.held += size


async def read(request: Request, claim: Claim, limit: int, patience: float) -> bytes:
    """The whole body, of `limit` bytes at most, that comes without a silence of `patience` seconds.

    Raises Refusal: 400, 408, 411, 413 or 503.
    """
    headers = request.headers
    length = headers.get("content-length", "")
    if not length and "transfer-encoding" not in headers:
        raise answers.NO_LENGTH  # without either there is no body (RFC 9112 section 6.3)
    if length and int(length) > limit:  # h11 lets digits through alone, and few of them
        raise answers.TOO_LARGE
    chunks: list[bytes] = []
    size, loop = 0, asyncio.get_running_loop()
    begun = loop.time()
    stream = request.stream()
    while True:
        left = begun + patience + size / MIN_RATE - loop.time()
        try:
            async with asyncio.timeout(min(patience, left)):
                chunk = await anext(stream, None)
        except TimeoutError as e:
            raise answers.TOO_SLOW from e
        except ClientDisconnect as e:
            raise answers.bad("cut_off", "The body ended before its length") from e
        if chunk is None:
            return b"".join(chunks)
        size += len(chunk)
        if size > limit:
            raise answers.TOO_LARGE
        claim.grow(len(chunk))
        chunks.append(chunk)
