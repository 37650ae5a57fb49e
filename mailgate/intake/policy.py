"""What the SMTP door takes and from whom: the settings, compiled once."""

from __future__ import annotations

import hashlib
import secrets
import ssl
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from mailgate.config import Config, Network
from mailgate.intake import grammar, replies
from mailgate.intake.certificate import Certificate

ROLE_ADDRESSES = frozenset({"postmaster", "abuse"})  # RFC 5321 §4.5.1, RFC 2142
AUTH_ERROR_WEIGHT = 3  # a wrong password counts as this many errors
# Whom one owner has, as a rule: an IPv4 address or an IPv6 /64; and whom a hoster or a site has (RFC 6177).
_CLIENT_BITS = {4: 32, 6: 64}
_NETWORK_BITS = {4: 24, 6: 48}


@dataclass(frozen=True, slots=True)
class Peer:
    """The other end of a connection."""

    host: str  # its address; an IPv4 client of a dual-stack socket as IPv4, "" on a unix socket
    trusted: bool  # in trust.networks: a device or program of our own
    upstream: bool  # in trust.upstreams: a relay in front of us, which hands on what others wrote
    loopback: bool
    client: str  # under which name it counts as one client, "" when it is not counted
    network: str  # and its network; "" when it is not counted

    @property
    def known(self) -> bool:
        return self.trusted or self.upstream


class Policy:
    """The settings of the door, ready for use at each command."""

    def __init__(self, config: Config) -> None:
        """Raises ConfigError when the certificate cannot be used."""
        smtp = config.smtp
        self.smtp = smtp
        self.hostname = smtp.hostname or config.gateway.message_domain
        self.networks: list[Network] = config.trust.networks
        self.upstreams: list[Network] = config.trust.upstreams
        self._own = {grammar.mailbox(address) for address in config.gateway.own_addresses}
        self._domains = {domain for _, domain in self._own}
        self.certificate = Certificate(smtp.tls_cert, smtp.tls_key) if smtp.tls_cert else None
        name = self.hostname.encode("ascii", "replace")
        self.greeting = b"220 %b ESMTP mailgate\r\n" % name
        self.helo = b"250 %b\r\n" % name
        self._ehlo = {
            (tls, auth): self._extensions(tls, auth) for tls in (False, True) for auth in (False, True)
        }
        self.peer = lru_cache(maxsize=1024)(self._peer)

    @property
    def tls(self) -> ssl.SSLContext | None:
        """For connections that begin now; None without a certificate."""
        return self.certificate.context if self.certificate is not None else None

    def is_proxy(self, host: str) -> bool:
        """Whether connections from this address start with a PROXY header."""
        if not self.smtp.proxies:
            return False
        try:
            address = _plain(host)
        except ValueError:
            return False
        return any(address in network for network in self.smtp.proxies)

    def behind(self, proxy: str, client: str) -> Peer:
        """The client that a proxy names, "" for none. Loopback of another machine is a program there, and none of ours."""
        peer = self.peer(client) if client else None
        if peer is None or (peer.loopback and not self.peer(proxy).loopback):
            return self.unnamed(proxy)
        return peer

    def unnamed(self, proxy: str) -> Peer:
        """A client that its proxy does not name: a stranger without an address, counted under the proxy's."""
        return Peer("", trusted=False, upstream=False, loopback=False, client=proxy, network=proxy)

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
        # An unknown name costs the same time as a known one, a longer password the same as a shorter one.
        secret = known.password.encode() if known else b"\0" + password
        same = secrets.compare_digest(hashlib.sha256(secret).digest(), hashlib.sha256(password).digest())
        return (name, tuple(known.addresses)) if same and known else None

    def _peer(self, host: str) -> Peer:
        try:
            address = _plain(host)
        except ValueError:
            return Peer(host, trusted=False, upstream=False, loopback=False, client="", network="")
        trusted = any(address in network for network in self.networks)
        upstream = any(address in network for network in self.upstreams)
        client, network = (
            "" if trusted or upstream else str(ip_network((address, bits[address.version]), strict=False)[0])
            for bits in (_CLIENT_BITS, _NETWORK_BITS)
        )
        return Peer(str(address), trusted, upstream, address.is_loopback, client, network)

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


def _plain(host: str) -> IPv4Address | IPv6Address:
    """An address without its zone, IPv4 as IPv4. Raises ValueError."""
    address: IPv4Address | IPv6Address = ip_address(host.partition("%")[0])
    return (address.ipv4_mapped or address) if isinstance(address, IPv6Address) else address
