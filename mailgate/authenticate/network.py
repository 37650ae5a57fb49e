"""DNS itself, over dnspython: the resolver of production (RFC 1035, EDNS of RFC 6891; TCP where UDP was cut).

Laws: every question ends within its seconds; the search list of the host is never used; when all name servers are
silent, questions fail at once for a while instead of costing each mail its whole deadline.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence

import dns.exception
import dns.message
import dns.name
import dns.rdatatype
import dns.resolver
from dns.rdtypes.ANY.MX import MX
from dns.rdtypes.ANY.TXT import TXT

from mailgate.authenticate.resolver import LATER, NOWHERE, Answer, Clock, Kind, Outcome
from mailgate.errors import ConfigError

PAYLOAD = 1232  # octets of UDP that no path fragments (DNS flag day 2020)
TRIES = 2  # of one server within the seconds of a question
SILENT_AFTER = 3  # timeouts in a row, with no answer between them
SILENCE = 5.0  # seconds
PROBE = 1.0  # seconds; any recursive server knows the root by heart
MAX_RECORDS = 1000  # of one answer


class NetworkResolver:
    """Asks recursive name servers; with none named, those of the host (/etc/resolv.conf).

    `timeout` is the most that one question may cost, in seconds. Raises ConfigError where the host names no server.
    """

    def __init__(
        self,
        nameservers: Sequence[str] = (),
        timeout: float = 2.0,
        port: int = 53,
        clock: Clock = time.monotonic,
    ) -> None:
        try:
            self._resolver = dns.resolver.Resolver(configure=not nameservers)
        except dns.exception.DNSException as e:
            raise ConfigError(
                ["dns.nameservers: the host names no server in /etc/resolv.conf; name one here"]
            ) from e
        if nameservers:
            self._resolver.nameservers = list(nameservers)
        self._resolver.port = port
        self._resolver.use_edns(0, 0, PAYLOAD)
        self._resolver.cache = None  # ours stands above
        self._resolver.timeout = timeout / TRIES  # UDP is lost now and then
        self._timeout = timeout
        self._clock = clock
        self._lock = threading.Lock()
        self._timeouts = 0
        self._silent_until = float("-inf")
        self.answered = False  # whether any server has ever given an answer

    def lookup(self, name: str, kind: Kind, seconds: float) -> Answer:
        begin = self._clock()
        if begin < self._silent_until:
            return LATER
        try:
            answer = self._ask(_qname(name), kind, min(seconds, self._timeout))
        except dns.resolver.LifetimeTimeout:
            if seconds >= self._timeout:  # whoever was in a hurry has learnt nothing
                self._timed_out(seconds - (self._clock() - begin))
            return LATER
        except dns.resolver.NXDOMAIN as e:
            answer = Answer(Outcome.NXDOMAIN, ttl=_negative_ttl(e))
        except dns.resolver.YXDOMAIN:
            answer = NOWHERE
        except dns.exception.DNSException:  # SERVFAIL, REFUSED, a broken answer
            answer = LATER
        self._timeouts = 0
        self.answered |= answer is not LATER
        return answer

    def _ask(self, qname: dns.name.Name, kind: str, seconds: float) -> Answer:
        found = self._resolver.resolve(
            qname, kind, search=False, raise_on_no_answer=False, lifetime=max(seconds, 0.001)
        )
        ttl = float(found.chaining_result.minimum_ttl)
        if found.rrset is None:
            return Answer(Outcome.NODATA, ttl=ttl)
        return Answer(Outcome.FOUND, _records(list(found.rrset)[:MAX_RECORDS]), ttl)

    def _timed_out(self, left: float) -> None:
        """Silent zones are their own fault; silent name servers are ours, and then nobody knows the root either."""
        with self._lock:
            self._timeouts += 1
            if self._timeouts < SILENT_AFTER or left < PROBE:
                return
            self._timeouts = 0
        try:
            self._resolver.resolve(
                dns.name.root, "NS", search=False, raise_on_no_answer=False, lifetime=PROBE
            )
        except dns.resolver.LifetimeTimeout:
            self._timeouts = SILENT_AFTER
            self._silent_until = self._clock() + SILENCE
        except dns.exception.DNSException:
            return


def _qname(name: str) -> dns.name.Name:
    """By labels: dnspython's own reader would take a backslash for an escape."""
    return dns.name.Name([*(label.encode("ascii") for label in name.split(".")), b""])


def _records(rrset: Sequence[object]) -> tuple[str, ...]:
    """In one order whatever the server's was, so that a mail is judged the same twice."""
    return tuple(text for _, text in sorted(map(_record, rrset)))


def _record(record: object) -> tuple[int, str]:
    if isinstance(record, TXT):
        return 0, b"".join(record.strings).decode("latin-1")
    if isinstance(record, MX):
        return record.preference, _text(record.exchange)
    target = getattr(record, "target", None)
    return 0, _text(target) if target is not None else str(record)


def _text(name: dns.name.Name) -> str:
    return b".".join(name.labels[:-1]).decode("latin-1").lower()


def _negative_ttl(error: dns.resolver.NXDOMAIN) -> float:
    """RFC 2308 §5: what the SOA in the authority section says; 0 without one."""
    try:
        response = error.response(error.qnames()[0])  # type: ignore[no-untyped-call]
        return float(response.resolve_chaining().minimum_ttl) if response.authority else 0.0
    except (dns.exception.DNSException, KeyError, IndexError, TypeError):
        return 0.0
