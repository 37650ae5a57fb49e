"""What `mailgate check` looks at: each check is a function of the settings that gives findings and changes nothing.

A finding says what is so and, where it is not right, how to mend it. An error keeps the gateway from working or
makes it unsafe; a warning is worth a look.
"""

from __future__ import annotations

import os
import shutil
import ssl
import stat
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from ipaddress import ip_network
from pathlib import Path
from urllib.parse import urlsplit

from mailgate import config as settings
from mailgate.config import Config
from mailgate.errors import ConfigError, MailgateError
from mailgate.intake import validity

ERROR, WARNING, OK = "error", "warning", "ok"

# The first release of each Python branch without the known holes in `email`, `ssl` and `smtplib`.
SAFE_PYTHON = {(3, 11): 15, (3, 12): 13, (3, 13): 12, (3, 14): 3}
# SQLite 3.7.0 to 3.51.2 can lose a commit when two connections write and checkpoint at once (sqlite.org/wal.html).
WAL_RESET_FIXED = (3, 51, 3)
WAL_RESET_BACKPORTS = {(3, 44): 6, (3, 50): 7}
WIDE_PREFIX = {4: 8, 6: 18}  # a public network as short as this is no single owner's
WHOLE_PREFIX = {4: 1, 6: 3}  # half of IPv4; 2000::/3 is all that is given out of IPv6
MAPPED = ip_network("::ffff:0:0/96")  # all of IPv4, as IPv6 writes it (RFC 4291 section 2.5.5.2)
CERTIFICATE_DAYS = 14  # before it ends; who renews by a program does so a month before
_NEW_CERTIFICATE = "put a new one in its place, which is in use within seconds"
REPLY_TOKEN_ROOM = 64  # octets of a local part, RFC 5321 section 4.5.3.1.1


Look = Callable[[Config], Iterator["Finding"]]


@dataclass(frozen=True, slots=True)
class Finding:
    """`level` is error, warning or ok; `about` the thing looked at; `mend` what to do, "" where all is well."""

    level: str
    about: str
    what: str
    mend: str = ""


def faults(error: ConfigError) -> list[Finding]:
    """A configuration that cannot be read, one finding for each fault."""
    return [
        Finding(ERROR, "configuration", fault, "correct it and run mailgate check again")
        for fault in error.faults
    ]


def everything(
    config: Config, environment: Mapping[str, str], outside: Sequence[Look] = ()
) -> Iterator[Finding]:
    """All checks in order, `outside` (database, ports, relay …) last. A check that breaks is a finding too, and the
    next ones still run."""
    yield Finding(OK, "configuration", f"read from {config.source}")
    yield from variables(environment)
    for look in (
        python,
        sqlite,
        secrets,
        addresses,
        domain,
        networks,
        certificate,
        data_folder,
        *outside,
    ):
        try:
            yield from look(config)
        except MailgateError as e:
            yield Finding(ERROR, look.__name__.replace("_", " "), str(e), "see the message")
        except Exception as e:  # noqa: BLE001  (one broken check must not hide the others)
            yield Finding(
                ERROR,
                look.__name__.replace("_", " "),
                f"could not be looked at: {type(e).__name__}: {e}",
                "report it",
            )


def variables(environment: Mapping[str, str]) -> Iterator[Finding]:
    for name in settings.unknown_variables(environment):
        yield Finding(
            WARNING,
            "environment",
            f"{name} names no key",
            "mend its spelling or remove it; it changes nothing now",
        )


def python(_config: Config) -> Iterator[Finding]:
    yield python_finding(sys.version_info[:3])


def python_finding(version: tuple[int, int, int]) -> Finding:
    name = ".".join(map(str, version))
    first_safe = SAFE_PYTHON.get(version[:2])
    if first_safe is not None and version[2] < first_safe:
        wanted = f"{version[0]}.{version[1]}.{first_safe}"
        return Finding(
            WARNING, "python", f"Python {name} has known holes in its mail library",
            f"mailgate has guards of its own against them; still, use {wanted} or later when you can",
        )  # fmt: skip
    return Finding(OK, "python", f"Python {name}")


def sqlite(_config: Config) -> Iterator[Finding]:
    """Of the driver: the spool is SQLite, whatever the database is."""
    from mailgate.store import sqlite_driver

    yield sqlite_finding(tuple(sqlite_driver.driver().sqlite_version_info))


def sqlite_finding(version: tuple[int, int, int]) -> Finding:
    name = ".".join(map(str, version))
    backport = WAL_RESET_BACKPORTS.get(version[:2])
    if version >= WAL_RESET_FIXED or (backport is not None and version[2] >= backport):
        return Finding(OK, "sqlite", f"SQLite {name}")
    return Finding(
        ERROR, "sqlite", f"SQLite {name} can lose a commit when two connections write at once (the WAL-reset fault)",
        "pip install 'pysqlite3>=0.6.1', which brings a SQLite without it",
    )  # fmt: skip


def secrets(config: Config) -> Iterator[Finding]:
    """A file with passwords or keys is for its owner alone."""
    holding = (
        bool(config.smtp.users)
        or config.web.holds_secrets
        or any(_has_password(url) for url in (config.relay.url, config.database.url))
    )
    files = {
        "passwords": config.source if holding else None,
        "the key of our DKIM signatures": Path(config.dkim.key_file) if config.dkim.key_file else None,
        **{f"the secret of {what}": Path(file) for what, file in config.web.secret_files},
        "the key of our certificate": Path(config.smtp.tls_key) if config.smtp.tls_key else None,
    }
    for what, path in files.items():
        if path is None or not path.is_file():
            continue
        # with 0640 a group of the machine's shares a key; what the world may read is no secret
        bits = stat.S_IRGRP | stat.S_IROTH if what == "passwords" else stat.S_IROTH
        if path.stat().st_mode & bits:
            about = "configuration" if what == "passwords" else "secrets"
            yield Finding(WARNING, about, f"{path} holds {what} and others may read it", f"chmod 600 {path}")


def _has_password(url: str) -> bool:
    try:
        return bool(urlsplit(url).password)
    except ValueError:
        return False


def addresses(config: Config) -> Iterator[Finding]:
    gateway = config.gateway
    local = gateway.address.partition("@")[0]
    yield Finding(OK, "addresses", f"mail is taken for {', '.join(gateway.own_addresses)}")
    if len(local) > 13:
        yield Finding(
            ERROR, "addresses", f"{gateway.address} leaves no room for signed reply addresses ({REPLY_TOKEN_ROOM} octets in all)",
            "use an address with at most 13 characters before the @",
        )  # fmt: skip
    for key, value in (
        ("notify_list", config.escalation.notify_list),
        ("notify_list_eu", config.escalation.notify_list_eu),
    ):
        if value and value in gateway.own_addresses:
            yield Finding(
                ERROR,
                "addresses",
                f"escalation.{key} is {value}, which is our own address",
                "our mail would come back to us; name another",
            )
    if config.relay.url and not config.trust.authserv_ids and not config.trust.own_checks:
        yield Finding(
            WARNING, "trust", "trust.authserv_ids is empty and trust.own_checks off, so no sender from outside is ever authenticated",
            "name the authserv-id under which your mail server writes Authentication-Results, or set own_checks to true",
        )  # fmt: skip


def domain(config: Config) -> Iterator[Finding]:
    """The Ticket Trick (T1): who gets mail for an address of the main domain looks like one of its owners to the services
    that go by domains. Told where mail is sent out for real, and of the domain that people work under."""
    own = config.gateway.address.rpartition("@")[2]
    if config.relay.url and own in _domains_of_staff(config):
        yield Finding(
            WARNING, "domain", f"{config.gateway.address} is on {own}, the domain of our own people: services that let in whoever "
            "can read mail there may let in who has a ticket",
            f"take mail on a domain of its own, like support@tickets.{own}",
        )  # fmt: skip


def _domains_of_staff(config: Config) -> frozenset[str]:
    from mailgate import people_file

    listed = [config.escalation.notify_list, config.escalation.notify_list_eu]
    try:
        known = people_file.load(config.people_file, config.people.free_mail, config.gateway.categories)
    except ConfigError:  # another check tells of it
        pass
    else:
        listed += [team.address for team in known.teams] + [agent.address for agent in known.agents]
        listed += [f"@{name}" for account in known.accounts for name in account.domains]
    return frozenset(address.rpartition("@")[2] for address in listed if address)


def networks(config: Config) -> Iterator[Finding]:
    """Private ranges (RFC 1918, RFC 4193) and loopback may be as wide as they are."""
    power = {"networks": "write as anybody", "upstreams": "say of any sender that he is who he claims to be"}
    for key, what in power.items():
        for network in getattr(config.trust, key):
            if network.prefixlen <= WHOLE_PREFIX[network.version] or network == MAPPED:
                much = "the whole internet" if network.prefixlen in (0, 3, 96) else "half of the internet"
                yield Finding(
                    ERROR, "trust", f"trust.{key} holds {network}, {much}: anybody could {what}",
                    "list only your own networks",
                )  # fmt: skip
            elif network.prefixlen <= WIDE_PREFIX[network.version] and not network.is_private:
                yield Finding(
                    WARNING, "trust", f"trust.{key} holds {network}, {network.num_addresses:.1e} addresses of the public "
                    f"internet: whoever has one of them could {what}",
                    "list only your own networks",
                )  # fmt: skip


def certificate(config: Config) -> Iterator[Finding]:
    cert, key = config.smtp.tls_cert, config.smtp.tls_key
    if not cert and not key:
        if config.smtp.users and not {"127.0.0.1", "::1", "localhost"}.issuperset(config.smtp.hosts):
            yield Finding(
                WARNING,
                "smtp",
                "logins are configured without a certificate: passwords travel in the clear",
                "set smtp.tls_cert and smtp.tls_key",
            )
        return
    if not (cert and key):
        yield Finding(
            ERROR, "smtp", "only one of smtp.tls_cert and smtp.tls_key is set", "set both, or neither"
        )
        return
    try:
        left = (validity.until(cert, key) - datetime.now(UTC)).days
    except ssl.SSLCertVerificationError as e:
        what = f"the certificate {cert} is not valid: {e.verify_message}"
        yield Finding(ERROR, "smtp", what, _NEW_CERTIFICATE)
    except (OSError, ssl.SSLError, ValueError) as e:
        yield Finding(
            ERROR,
            "smtp",
            f"the certificate {cert} with key {key} cannot be used: {e}",
            "name a PEM chain and its key in smtp.tls_cert and smtp.tls_key, readable by mailgate",
        )
    else:
        level, mend = (OK, "") if left > CERTIFICATE_DAYS else (WARNING, _NEW_CERTIFICATE)
        yield Finding(level, "smtp", f"TLS with {cert}, which ends in {left} days", mend)


def data_folder(config: Config) -> Iterator[Finding]:
    """Writable, or makeable, and with room; nothing is created."""
    folder = config.data_dir
    place = folder if folder.exists() else _nearest(folder)
    if not place.is_dir() or not os.access(place, os.W_OK | os.X_OK):
        yield Finding(
            ERROR,
            "data_dir",
            f"{folder} cannot be written",
            f"make {place} a folder that the user of mailgate may write, or set data_dir",
        )
        return
    free = shutil.disk_usage(place).free
    if free < config.spool.min_free:
        yield Finding(
            ERROR, "data_dir", f"{folder}: {free} bytes free, less than spool.min_free ({config.spool.min_free}): mail is refused with 452",
            "make room on the disk",
        )  # fmt: skip
    elif free < 4 * config.spool.min_free:
        yield Finding(
            WARNING, "data_dir", f"{folder}: only {free // 1_048_576} MiB free", "make room on the disk soon"
        )
    else:
        yield Finding(OK, "data_dir", f"{folder} can be written, {free // 1_048_576} MiB free")


def _nearest(folder: Path) -> Path:
    """The closest folder above that exists: there the new one would be made."""
    return next((parent for parent in folder.absolute().parents if parent.exists()), Path("/"))
