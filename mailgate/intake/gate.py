"""What all connections of the door share: who is inside, whose bytes are on their way, what each network has used up.

Laws: known peers (our own networks, relays in front) are never counted one by one, and a part of everything is kept
for them; nothing here grows with the number of those who knock (threat T14).
"""

from __future__ import annotations

from collections import Counter

from mailgate.config import Smtp
from mailgate.intake.policy import Peer
from mailgate.intake.rates import Rates

LINES_PER_HOUR = 60  # of the log, for one network of strangers
_DOTS = 65_536  # room for the dots of transparency, which are held and do not count as size


class Gate:
    """The counters of one listener."""

    def __init__(self, smtp: Smtp, connections: int | None = None) -> None:
        """`connections`: the most at one time, where fewer than smtp.max_connections can be had."""
        self._connections = connections or smtp.max_connections
        self._for_strangers = self._connections - self._connections // 10
        self._per_client = smtp.max_connections_per_client
        self._per_network = smtp.max_connections_per_network
        self.max_bytes = smtp.max_bytes_in_flight
        one_mail = min(smtp.max_size + _DOTS, self.max_bytes)
        self._bytes_for_strangers = max(self.max_bytes - self.max_bytes // 4, one_mail)
        # One network must not close the door to all others with a few large mails that never end.
        self._bytes_per_network = max(self.max_bytes // 4, one_mail)
        self.inside = 0
        self.in_flight = 0
        self.unsaid = 0  # lines left out of the log
        self._clients: Counter[str] = Counter()
        self._networks: Counter[str] = Counter()
        self._held: Counter[str] = Counter()
        self.mails = Rates(smtp.max_mails_per_network)
        self.faults = Rates(smtp.max_faults_per_network)
        self._lines = Rates(LINES_PER_HOUR)

    def enter(self, peer: Peer) -> bool:
        """Let one in; False when there are too many, in all, of its address or of its network."""
        if self.inside >= (self._for_strangers if peer.network else self._connections):
            return False
        if peer.network:
            if (
                self._clients[peer.client] >= self._per_client
                or self._networks[peer.network] >= self._per_network
            ):
                return False
            self._clients[peer.client] += 1
            self._networks[peer.network] += 1
        self.inside += 1
        return True

    def leave(self, peer: Peer) -> None:
        """One that `enter` let in has gone."""
        self.inside -= 1
        if peer.network:
            _add(self._clients, peer.client, -1)
            _add(self._networks, peer.network, -1)

    def hold(self, peer: Peer, change: int) -> None:
        """So many bytes more (or fewer, below zero) of a mail of this peer are in memory."""
        self.in_flight += change
        if peer.network and change:
            _add(self._held, peer.network, change)

    def full(self, peer: Peer, more: int = 0) -> bool:
        """Whether there is no room for the mail that a peer sends, or for `more` bytes that it announces."""
        if not peer.network:
            return self.in_flight + more > self.max_bytes
        return (
            self.in_flight + more > self._bytes_for_strangers
            or self._held[peer.network] + more > self._bytes_per_network
        )

    @property
    def crowded(self) -> bool:
        """More than half of the room is taken: less patience with mails that crawl in."""
        return self.inside * 2 > self._connections or self.in_flight * 2 > self.max_bytes

    def may_log(self, peer: Peer, now: float) -> bool:
        """Whether a line about this peer still goes into the log; `unsaid` counts those that do not."""
        if not peer.network or self._lines.take(peer.network, now):
            return True
        self.unsaid += 1
        return False


def _add(counts: Counter[str], key: str, change: int) -> None:
    counts[key] += change
    if not counts[key]:
        del counts[key]
