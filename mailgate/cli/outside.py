"""Checks that look outside the settings: ports, database, templates, people, relay. They change nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from mailgate.checks import ERROR, OK, WARNING, Finding, Look
from mailgate.cli import handing, mailboxes, our_name, readable, returned, stopped, web_door
from mailgate.cli.ports import ports
from mailgate.cli.way_out import breaker, delayed, relay
from mailgate.config import Config
from mailgate.errors import ConfigError
from mailgate.mail.alignment import aligned

if TYPE_CHECKING:
    from mailgate.people_file import PeopleFile


def looks() -> tuple[Look, ...]:
    settings = (readable.kept_from_others, ports, database, templates, people)
    return (
        *settings,
        our_name.certificate_name,
        handing.lmtp,
        mailboxes.imap,
        web_door.web,
        relay,
        breaker,
        delayed,
        own_checks,
        signing,
        sending,
        returned.staff,
        stopped.loops,
    )


def database(config: Config) -> Iterator[Finding]:
    from mailgate.cli.database import state

    yield state(config)


def templates(config: Config) -> Iterator[Finding]:
    from mailgate import render

    broken = render.check(config)
    for fault in broken:
        yield Finding(ERROR, "templates", fault, "correct it; mailgate templates check tries them alone")
    if not broken:
        yield Finding(OK, "templates", "each renders in each language")


def own_checks(config: Config) -> Iterator[Finding]:
    """Whether mailgate can check senders itself (4.1). Nobody is asked anything."""
    from mailgate import authenticate

    if not config.trust.own_checks:
        yield Finding(
            OK, "own checks", "off: only trusted headers, networks and logins authenticate a sender"
        )
        return
    try:
        authenticate.make(config)
    except ConfigError as e:
        level = ERROR if config.dns.zone_file or config.dns.nameservers else WARNING
        mend = "correct [dns]; until then all senders that nobody vouches for are unverified"
        yield Finding(level, "own checks", "; ".join(e.faults), mend)
    else:
        where = (
            config.dns.zone_file or ", ".join(map(str, config.dns.nameservers)) or "the servers of the host"
        )
        yield Finding(OK, "own checks", f"DKIM, DMARC and SPF by DNS: {where}")


def signing(config: Config) -> Iterator[Finding]:
    """The key that signs our mail can be read and used, and is for the domain that we write from."""
    from mailgate import authenticate

    dkim = config.dkim
    if not dkim.domain:
        yield Finding(OK, "dkim", "dkim.domain is not set: our mail leaves unsigned, the relay may sign it")
        return
    try:
        signer = authenticate.load_signer(dkim.domain, dkim.selector, Path(dkim.key_file))
    except ConfigError as e:
        mend = "without a key that can be used no mail is sent: correct [dkim], or leave it out"
        yield Finding(ERROR, "dkim", "; ".join(e.faults), mend)
        return
    ours = config.gateway.address.rpartition("@")[2]
    if not aligned(signer.domain, ours, False, authenticate.organisational):
        yield Finding(
            WARNING, "dkim", f"our mail comes from {ours} and is signed by {signer.domain}, which does not count for it (DMARC)",
            f"sign as {ours}",
        )  # fmt: skip
        return
    name = f"{signer.selector}._domainkey.{signer.domain}"
    yield Finding(
        OK, "dkim", f"our mail is signed ({signer.algorithm}); its public key belongs in DNS at {name}"
    )


def sending(config: Config) -> Iterator[Finding]:
    """Whether those whom we write to can know our mail: SPF, and the DKIM key that is to be found (T1, T27). Without an
    answer of DNS nothing is said."""
    if not config.relay.url:
        return
    from mailgate.authenticate import Outcome, Resolver, load_zone
    from mailgate.authenticate.network import NetworkResolver

    dns, domain = config.dns, config.gateway.address.rpartition("@")[2]
    try:
        resolver: Resolver = (
            load_zone(Path(dns.zone_file))
            if dns.zone_file
            else NetworkResolver([str(server) for server in dns.nameservers], dns.timeout)
        )
    except ConfigError as e:
        for fault in e.faults:
            yield Finding(ERROR, "dns", fault, "correct it")
        return

    def lacks(name: str, start: str) -> bool:
        answer = resolver.lookup(name, "TXT", dns.timeout)
        known = answer.outcome is not Outcome.TEMPORARY
        return known and not any(text.lower().startswith(start) for text in answer.records)

    if lacks(domain, "v=spf1"):
        yield Finding(
            WARNING, "dns", f"{domain} has no SPF record: others cannot tell our mail from a forger's, and may refuse it",
            "publish a TXT record that starts with v=spf1 and names the servers that send for it",
        )  # fmt: skip
    key = f"{config.dkim.selector}._domainkey.{config.dkim.domain}"
    if config.dkim.domain and lacks(key, ""):
        yield Finding(
            WARNING, "dns", f"there is no DKIM key at {key}: every signature of ours fails",
            "publish the public key there, or correct dkim.domain and dkim.selector",
        )  # fmt: skip


def people(config: Config) -> Iterator[Finding]:
    """The people file can be read, and every ticket finds a team."""
    from mailgate import people_file

    if config.people_missing:
        mend = "copy config/people.toml of mailgate there, or name a file in people.file"
        yield Finding(
            WARNING, "people", f"{config.people_file}: no such file, so there are no teams to tell", mend
        )
        return
    try:
        known = people_file.load(config.people_file, config.people.free_mail, config.gateway.categories)
    except ConfigError as e:
        for fault in e.faults:
            yield Finding(ERROR, "people", fault, "correct the people file, or people.file")
        return
    found = list(routing(config, known))
    yield from found
    if not any(finding.level == ERROR for finding in found):
        counted = f"{len(known.teams)} teams, {len(known.agents)} agents, {len(known.accounts)} accounts"
        yield Finding(OK, "people", f"{config.people_file}: {counted}")


def routing(config: Config, known: PeopleFile) -> Iterator[Finding]:
    """Rule 5.2: whom new tickets are told to."""
    own = config.gateway.own_addresses
    for team in known.teams:
        if team.address in own:
            yield Finding(
                ERROR,
                "people",
                f"team {team.name} has our own address {team.address}: our mail would come back",
                "give it another",
            )
    for agent in known.agents:
        if agent.address in own:
            yield Finding(
                ERROR, "people", f"the agent {agent.address} has our own address", "give him another"
            )
    if not known.teams:
        yield Finding(
            WARNING,
            "people",
            "there is no team: nobody is told of new tickets",
            "add a [[teams]] table to the people file",
        )
        return
    served = {category for team in known.teams for category in team.categories}
    for category in config.gateway.categories:
        if category not in served:
            yield Finding(
                WARNING, "people", f"no team serves the category {category}: its tickets go to {known.teams[0].name}, the first team",
                "add it to the categories of a team",
            )  # fmt: skip
    wanting = [
        account.name
        for account in known.accounts
        if account.eu_support and account.eu_support.lower() != "none"
    ]
    if wanting and not any(team.region == "eu" for team in known.teams):
        yield Finding(
            WARNING, "people", f"{', '.join(wanting)}: EU support is wanted and no team is in the EU: nobody is told of its tickets",
            'add a team with region = "eu"',
        )  # fmt: skip
