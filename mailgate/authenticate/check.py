"""Our own check of one mail (rule 4.1): DKIM and DMARC on every door, SPF where the internet itself spoke to us.

Laws: a pure function of envelope, bytes and DNS; one deadline for all of it; a result that DNS kept from us says so
(`temporary`), and the caller tries again for some minutes before it takes the mail for unverified.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from pathlib import Path

from mailgate.authenticate import canonical, dkim_verify, dmarc, spf_check
from mailgate.authenticate.cache import CachingResolver
from mailgate.authenticate.dkim_verify import Signature
from mailgate.authenticate.network import NetworkResolver
from mailgate.authenticate.resolver import Clock, Lookups, Resolver
from mailgate.authenticate.suffix import organisational
from mailgate.authenticate.zone import load_zone
from mailgate.config import Config
from mailgate.mail.alignment import aligned
from mailgate.model import AuthResult, Envelope, MethodResult

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_STRICT = ("quarantine", "reject")


@dataclass(frozen=True, slots=True)
class Checked:
    """What our own check found, in the form of what a trusted host would have told us."""

    auth: AuthResult
    temporary: bool = False  # DNS was in trouble where it mattered: another try may end otherwise


class Authenticator:
    """Checks mails, from any thread. `seconds` is the most that DNS may cost one mail; `upstreams` are our own mail
    servers, whose address says nothing about the sender; `reached` whether DNS has ever answered: on a host without DNS
    nothing is gained by asking again, so trouble is `temporary` only where it has."""

    def __init__(
        self,
        resolver: Resolver,
        upstreams: Iterable[Network] = (),
        seconds: float = 8.0,
        clock: Clock = time.monotonic,
        reached: Callable[[], bool] = lambda: True,
    ) -> None:
        self._resolver = resolver
        self._reached = reached
        self._upstreams = tuple(upstreams)
        self._seconds = seconds
        self._clock = clock

    def check(
        self, envelope: Envelope, raw: bytes, from_domain: str, told: Sequence[MethodResult] = ()
    ) -> Checked:
        """The results for the mail of this one From domain (A-labels; "" when there is no single From). What a trusted
        host has `told` of DKIM or SPF is not checked again, and stands first among the results. Never raises."""
        lookups = Lookups(self._resolver, self._seconds, self._clock)
        known, results = {result.method for result in told}, list(told)
        signatures: tuple[Signature, ...] = ()
        if "dkim" not in known:
            signatures = dkim_verify.verify(canonical.read(raw), lookups, envelope.received.timestamp())
            results += [MethodResult("dkim", each.result, each.domain) for each in signatures]
        if "spf" not in known and (ip := self._stranger(envelope)) is not None:
            sender = spf_check.check(ip, envelope.mail_from, envelope.helo, lookups)
            results.append(MethodResult("spf", sender.result, sender.domain))
        if not from_domain:
            return Checked(AuthResult(False, "no single From address", tuple(results)))
        identifiers = _identifiers(results)
        asked = any(result.method == "spf" for result in results)
        verdict = dmarc.evaluate(from_domain, identifiers, lookups, spf_asked=asked)
        results.append(MethodResult("dmarc", verdict.result, from_domain, verdict.policy))
        checked = _conclude(from_domain, identifiers, verdict, tuple(results), _trouble(signatures))
        if checked.temporary and not self._reached():
            how = f"{checked.auth.how}; no name server has answered since the start"
            return Checked(replace(checked.auth, how=how))
        return checked

    def _stranger(self, envelope: Envelope) -> Address | None:
        """The address that SPF is about: of an SMTP client that is no mail server of ours."""
        if envelope.door != "smtp":
            return None
        try:
            ip = ip_address(envelope.peer)
        except ValueError:
            return None
        ip = (ip.ipv4_mapped or ip) if isinstance(ip, IPv6Address) else ip
        return None if any(ip in network for network in self._upstreams) else ip


def make(config: Config) -> Authenticator | None:
    """The authenticator of the settings, None where `trust.own_checks` is off.

    Raises ConfigError for a zone file that cannot be read, or a host without name servers.
    """
    if not config.trust.own_checks:
        return None
    dns = config.dns
    if dns.zone_file:
        return Authenticator(load_zone(Path(dns.zone_file)), config.trust.upstreams, dns.deadline)
    network = NetworkResolver([str(server) for server in dns.nameservers], dns.timeout)
    resolver = CachingResolver(network, dns.cache_bytes)
    return Authenticator(resolver, config.trust.upstreams, dns.deadline, reached=lambda: network.answered)


def _identifiers(results: Iterable[MethodResult]) -> list[dmarc.Identifier]:
    """What passed, and what might have. The name of HELO counts for the null sender only (RFC 9989 §4.4.2)."""
    return [
        dmarc.Identifier(each.method, each.domain, sure=each.result == "pass")
        for each in results
        if each.method in ("dkim", "spf") and each.result in ("pass", "temperror")
    ]


def _conclude(
    from_domain: str,
    identifiers: Sequence[dmarc.Identifier],
    verdict: dmarc.Verdict,
    results: tuple[MethodResult, ...],
    trouble: str,
) -> Checked:
    if verdict.result == "pass":
        how = f"DMARC passes for {from_domain}: {verdict.by.upper()} of {verdict.domain}"
        return Checked(AuthResult(True, how, results))
    if verdict.result == "fail":
        strict = verdict.policy in _STRICT
        asked = f", where the domain asks to {verdict.policy}" if strict else ""
        how = f"DMARC fails for {from_domain}{asked}{trouble}"
        return Checked(AuthResult(False, how, results, dmarc_fail=strict))
    # Without a record any passing check that is aligned is enough (4.1); with one that we could not read, the same
    # domain and no other, which is aligned whatever the record says.
    strict = verdict.result != "none"
    near = [each for each in identifiers if aligned(each.domain, from_domain, strict, organisational)]
    for each in near:
        if each.sure:
            how = f"{each.method.upper()} passes for {each.domain}, aligned with {from_domain}"
            return Checked(AuthResult(True, how, results))
    temporary = verdict.result == "temperror" or any(not each.sure for each in near)
    if temporary:
        how = f"DNS did not answer all about {from_domain}{trouble}"
    else:
        how = f"no check passes that is aligned with {from_domain}{trouble}"
    return Checked(AuthResult(False, how, results), temporary)


def _trouble(signatures: Sequence[Signature]) -> str:
    """Why the first signature that does not pass does not, for whoever asks."""
    for each in signatures:
        if each.result != "pass":
            return f" (DKIM{' of ' + each.domain if each.domain else ''}: {each.why})"
    return ""
