"""What the SMTP door takes and from whom: the settings compiled once, and the counters that all connections share."""

from __future__ import annotations

import secrets
import ssl
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address

from mailgate.config import Config, Network
from mailgate.errors import ConfigError
from mailgate.intake import grammar, replies

ROLE_ADDRESSES = frozenset({"postmaster", "abuse"})  # RFC 5321 §4.5.1, RFC 2142
AUTH_ERROR_WEIGHT = 3  # a wrong password counts as this many errors


@dataclass(frozen=True, slots=True)
class Peer:
    """The other end of a connection."""

    host: str  # its address; an IPv4 client of a dual-stack socket as IPv4, "" on a unix socket
    trusted: bool  # in trust.networks
    loopback: bool
    client: str  # under which name it counts as one client, "" when it is not counted


class Gate:
    """How many are inside, in all and of one client, and how many bytes of mail are on their way to the spool."""

    def __init__(self, connections: int, per_client: int, bytes_in_flight: int) -> None:
        self._connections = connections
        self._per_client = per_client
        self.max_bytes = bytes_in_flight
        self.inside = 0
        self.in_flight = 0
        self._clients: Counter[str] = Counter()

    def enter(self, client: str) -> bool:
        """Let one in; False when there are too many. `client` "" is not counted on its own."""
        if self.inside >= self._connections or (client and self._clients[client] >= self._per_client):
            return False
        self.inside += 1
        if client:
            self._clients[client] += 1
        return True

    def leave(self, client: str) -> None:
        """One that `enter` let in has gone."""
        self.inside -= 1
        if client:
            self._clients[client] -= 1
            if not self._clients[client]:
                del self._clients[client]

    @property
    def crowded(self) -> bool:
        """More than half of the room is taken: no more patience with crawlers."""
        return self.inside * 2 > self._connections or self.in_flight * 2 > self.max_bytes


class Policy:
    """The settings of the door, ready for use at each command."""

    def __init__(self, config: Config) -> None:
        """Raises ConfigError when the certificate cannot be used."""
        smtp = config.smtp
        self.smtp = smtp
        self.hostname = smtp.hostname or config.gateway.message_domain
        self.networks: list[Network] = config.trust.networks
        self._own = {grammar.mailbox(address) for address in config.gateway.own_addresses}
        self._domains = {domain for _, domain in self._own}
        self.tls = _tls_context(smtp.tls_cert, smtp.tls_key) if smtp.tls_cert else None
        name = self.hostname.encode("ascii", "replace")
        self.greeting = b"220 %b ESMTP mailgate\r\n" % name
        self.helo = b"250 %b\r\n" % name
        self._ehlo = {
            (tls, auth): self._extensions(tls, auth) for tls in (False, True) for auth in (False, True)
        }
        self.peer = lru_cache(maxsize=1024)(self._peer)

    def ehlo(self, *, tls_offered: bool, auth_offered: bool) -> bytes:
        """The reply to EHLO."""
        return self._ehlo[tls_offered, auth_offered]

    def recipient(self, address: str) -> bytes:
        """The refusal of a forward path, b"" when mail to it is taken (with or without "+token")."""
        local, domain = grammar.mailbox(address)
        if not local:
            return replies.BAD_RECIPIENT
        if local in ROLE_ADDRESSES and (domain in self._domains or not domain):
            return b""
        if domain not in self._domains:
            return replies.NO_RELAY if domain else replies.NO_SUCH_USER
        if (local, domain) in self._own or (local.partition("+")[0], domain) in self._own:
            return b""
        return replies.NO_SUCH_USER

    def login(self, user: bytes, password: bytes) -> tuple[str, tuple[str, ...]] | None:
        """Login name and the From addresses it may use; None when name or password is wrong."""
        name = user.decode("utf-8", "replace")
        known = self.smtp.users.get(name)
        # An unknown name costs the same time as a known one.
        secret = known.password.encode() if known else b"\0" + password
        if secrets.compare_digest(secret, password) and known:
            return name, tuple(known.addresses)
        return None

    def _peer(self, host: str) -> Peer:
        try:
            address: IPv4Address | IPv6Address = ip_address(host.partition("%")[0])
        except ValueError:
            return Peer(host, trusted=False, loopback=False, client="")
        if isinstance(address, IPv6Address):
            address = address.ipv4_mapped or address
        trusted = any(address in network for network in self.networks)
        client = str(address)
        if isinstance(address, IPv6Address):  # one subscriber has a /64
            client = str(IPv6Address(int(address) >> 64 << 64))
        return Peer(str(address), trusted, address.is_loopback, "" if trusted else client)

    def _extensions(self, tls: bool, auth: bool) -> bytes:
        lines = [self.hostname, "PIPELINING", f"SIZE {self.smtp.max_size}"]
        lines += ["STARTTLS"] * (tls and self.tls is not None)
        lines += ["AUTH PLAIN LOGIN"] * (auth and bool(self.smtp.users))
        lines += [
            "ENHANCEDSTATUSCODES",
            "8BITMIME",
            "SMTPUTF8",
            f"LIMITS RCPTMAX={self.smtp.max_recipients}",
        ]  # RFC 9422
        text = "".join(f"250-{line}\r\n" for line in lines[:-1]) + f"250 {lines[-1]}\r\n"
        return text.encode("ascii", "replace")


def _tls_context(certificate: str, key: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_cert_chain(certificate, key or None)
    except (OSError, ssl.SSLError) as e:
        text = f"smtp.tls_cert, smtp.tls_key: found {certificate!r}, {key!r}; a PEM certificate and its key are needed: {e}"
        raise ConfigError([text]) from e
    return context
