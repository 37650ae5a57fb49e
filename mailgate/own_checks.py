"""Our own checks of senders (4.1): for which mails, several at once, and nobody's mail waits for another's DNS.

Laws: no check is made for a mail of whose sender a trusted host, a login or a trusted network has told enough, and none
of what such a host has checked; a check that takes long goes on while other mail lands; what is remembered is bounded,
everything else is left to the spool.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from datetime import timedelta

import structlog

from mailgate import authenticate
from mailgate.authenticate import Authenticator, Checked
from mailgate.config import Config
from mailgate.errors import ConfigError
from mailgate.model import AuthResult, Envelope, MethodResult, ParsedMessage
from mailgate.rules import trust

THREADS = 16
MAX_OPEN = 256  # checks that were begun and are not yet used
PATIENCE_SECONDS = 0.5  # for the checks of a batch; answers that are at hand take a few milliseconds
RETRY_SECONDS = 30.0  # after trouble of DNS
CROWDED_SECONDS = 5.0  # after a look that found MAX_OPEN checks open

Mail = tuple[Envelope, bytes, ParsedMessage]
log = structlog.get_logger("mailgate.own_checks")


class OwnCheck:
    """One mail's check, where one is needed. Safe in several threads."""

    def __init__(self, config: Config, authenticator: Authenticator | None, why_not: str = "") -> None:
        """`why_not` is said of each mail that would have been checked, were there an authenticator."""
        self.config, self.why_not = config, why_not
        self._authenticator = authenticator

    @property
    def asks(self) -> bool:
        """Whether DNS is asked at all."""
        return self._authenticator is not None

    def known(self, mail: Mail) -> tuple[AuthResult, bool]:
        """What is known of a sender without DNS, and whether a check counts beside it."""
        envelope, _, parsed = mail
        known = trust.authenticate(envelope, parsed, self.config, authenticate.organisational)
        return known, trust.undecided(known, parsed)

    def check(self, mail: Mail, known: AuthResult) -> Checked:
        """What our check finds; its words name each result. Takes `dns.deadline` at most. Never raises."""
        envelope, raw, parsed = mail
        if self._authenticator is None:
            return Checked(_unchecked(known, self.why_not))
        domain = parsed.sender.address.rpartition("@")[2] if parsed.sender else ""
        try:
            given = trust.told(known.results, envelope)
            checked = self._authenticator.check(envelope, raw, domain, given)
        except Exception as e:
            log.error("own check failed", message=envelope.id, exc_info=e)
            return Checked(_unchecked(known, f"{type(e).__name__}: {e}"))
        return replace(checked, auth=replace(checked.auth, how=_told(checked.auth, given)))

    def auth(self, mail: Mail) -> AuthResult:
        """Whether the sender is who he says (4.1), by our own check where it is needed; without a second try."""
        known, undecided = self.known(mail)
        return self.check(mail, known).auth if undecided else known


def _unchecked(known: AuthResult, why: str) -> AuthResult:
    return replace(known, how=f"{known.how}; mailgate did not check it ({why})")


def _told(auth: AuthResult, given: Sequence[MethodResult]) -> str:
    """How it was found, with each result, apart those that a trusted host gave."""
    parts = [auth.how]
    ours = auth.results[len(given) :]
    for who, results in (("a trusted host", given), ("own check", ours)):
        words = (" ".join(filter(None, (f"{r.method}={r.result}", r.domain))) for r in results)
        parts += [f"[{who}: {', '.join(words)}]"] if results else []
    return " ".join(parts)


def make(config: Config) -> OwnCheck:
    """The check that the settings ask for.

    A host without name servers is no fault as long as none were named: mail is taken and its senders are unverified.
    Raises ConfigError for a zone file that cannot be read.
    """
    if not config.trust.own_checks:
        return OwnCheck(config, None, "trust.own_checks is off")
    try:
        return OwnCheck(config, authenticate.make(config))
    except ConfigError as e:
        if config.dns.zone_file or config.dns.nameservers:
            raise
        return OwnCheck(config, None, "; ".join(e.faults))


@dataclass(frozen=True, slots=True)
class Wait:
    """No result yet: the mail stays in the spool for so many seconds; 0 = until its check, which goes on, has ended."""

    seconds: float


class OwnChecks:
    """The checks of a worker's mails. `results` and `waits` are called by one thread at a time."""

    def __init__(
        self,
        own: OwnCheck,
        patience: float = PATIENCE_SECONDS,
        most: int = MAX_OPEN,
        retry: float = RETRY_SECONDS,
    ) -> None:
        self._own, self._patience, self._most, self._retry = own, patience, most, retry
        self._retry_for = timedelta(seconds=own.config.dns.retry_for)
        self._executor = ThreadPoolExecutor(THREADS, thread_name_prefix="check")
        self._open: dict[str, Future[Checked]] = {}
        self.closed = False

    def waits(self, id: str) -> bool:
        """Whether the check of this mail was begun and still goes on."""
        return id in self._open and not self._open[id].done()

    def results(
        self, mails: Sequence[Mail], age: Callable[[Envelope], timedelta]
    ) -> list[AuthResult | Wait | None]:
        """For each mail in order whether its sender is who he says, or that it has to wait; None where that cannot
        be told. `age`: how long ago a mail was accepted; after `dns.retry_for` none waits for DNS any longer."""
        begun = [self._begin(mail, age(mail[0]) >= self._retry_for) for mail in mails]
        wait([each for each in begun if isinstance(each, Future)], self._patience)
        return [
            self._end(mail[0], each, age) if isinstance(each, Future) else each
            for mail, each in zip(mails, begun, strict=True)
        ]

    def _begin(self, mail: Mail, late: bool) -> Future[Checked] | AuthResult | Wait | None:
        id = mail[0].id
        if id in self._open:
            return self._open[id]
        try:
            known, undecided = self._own.known(mail)
        except Exception as e:
            log.error("own check failed", message=id, exc_info=e)
            return None
        if not undecided:
            return known
        if not self._own.asks:
            return self._own.check(mail, known).auth
        if len(self._open) >= self._most:
            return _unchecked(known, "DNS is too slow") if late else Wait(CROWDED_SECONDS)
        try:
            future = self._executor.submit(self._own.check, mail, known)
        except RuntimeError:  # closed meanwhile
            return Wait(0)
        self._open[id] = future
        return future

    def _end(
        self, envelope: Envelope, future: Future[Checked], age: Callable[[Envelope], timedelta]
    ) -> AuthResult | Wait:
        if not future.done() or future.cancelled():
            return Wait(0)
        del self._open[envelope.id]
        checked = future.result()
        if checked.temporary and age(envelope) < self._retry_for:
            log.info("sender not checked yet", message=envelope.id, why=checked.auth.how)
            return Wait(self._retry)
        return checked.auth

    def close(self) -> None:
        """Begin nothing new. What is asked of DNS already ends by itself, within `dns.deadline`."""
        self.closed = True
        self._executor.shutdown(wait=False, cancel_futures=True)
