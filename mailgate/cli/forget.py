"""`mailgate people forget`: a person's data removed, what is kept and why, and what is left to do by hand."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mailgate.cli.context import Session, session
from mailgate.cli.options import AsJson
from mailgate.errors import ConfigError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mailgate.store.forget import Report, Survey

SHOWN = 20  # numbers of tickets in one sentence
HEADERS = 65_536  # octets of a waiting mail that are looked at
AT_ONCE, SIZE = 50, 4 << 20

REMOVED = {
    "people": "name, language, account and flags of the person",
    "messages": "mails in the ledger: sender, subject, names, addresses, and what was read in them",
    "raw": "mails as they came in, with their files",
    "comments": "comments: words, quotes, signature and author",
    "titles": "titles of tickets that the person opened",
    "attachments": "files: their names and checksums; mailgate attachment take finds them no more",
    "history": "lines of histories that named the person or repeated his words",
    "recipients": "tickets whose updates the person received",
    "outbox": "mails to the person that were sent",
    "withdrawn": "mails to the person that had not been sent: withdrawn",
    "outbox_others": "mails to others that told of the person",
    "others_messages": "mails of others in the ledger: the address was taken out of their entries",
    "bounces": "reports that a mail to the person bounced",
    "images": "pictures that the person's mails repeat",
}
KEPT = {
    "messages": ("rows of the ledger: when each mail came, its size, checksum, Message-ID and outcome",
                 "the audit counts every accepted mail, and copies and answers of others are known by them"),
    "tickets": ("tickets, with status, category and devices", "they are the desk's record of its work"),
    "others_comments": ("comments of others that quote earlier mails, maybe words of this person",
                        "they are other people's words; `mailgate ticket N` shows them"),
    "others_raw": ("mails of others, as they came in, that name the address in To or Cc",
                   "they are other people's mails; they go when raw.keep_days is over"),
}  # fmt: skip
BEYOND = (
    "backups, logs, mail that has left (at the relay, with those who read it, in var/sent) and what a mail server in "
    "front keeps"
)


def forget(
    ctx: typer.Context,
    address: Annotated[str, typer.Argument(help="The mail address of the person.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: AsJson = False,
) -> None:
    """Remove a person's data, for good, and say what was kept and why."""
    from datetime import UTC, datetime

    from mailgate.cli.show import emit, say
    from mailgate.mail.address import normalise
    from mailgate.store import forget as store_forget

    run = session(ctx)
    wanted = normalise(address)
    if not wanted:
        raise UsageError(f"{address}: an address like ann@example.com is needed")
    if not yes and not sys.stdin.isatty():
        raise UsageError(
            f"this cannot be undone and nobody is here to ask: mailgate people forget {wanted} --yes"
        )
    _refuse_staff(run, wanted)
    with run.store(readonly=False) as store:
        with store.reading() as conn:
            if why := store_forget.refusal(conn, wanted):
                raise UsageError(_remove_first(why))
            found = store_forget.survey(conn, wanted)
        if not (found.empty or yes or _confirmed(found)):
            say("Nothing was changed.")
            raise typer.Exit(1)
        report = None
        if not found.empty:
            report = store_forget.forget(store, found, datetime.now(UTC), "shell", _progress)
        told = _told(run, wanted, found, report, store.empty_log())
    emit(told) if as_json else _show(told)


def _remove_first(why: str) -> str:
    return f"{why}: take the address out of the people file, run mailgate people sync, then forget it"


def _refuse_staff(run: Session, address: str) -> None:
    """Raises UsageError for an address that the settings or the people file name: it is not a customer's, or would
    come back at the next start."""
    from mailgate import people_file

    config = run.config
    if address in (
        *config.gateway.own_addresses,
        config.escalation.notify_list,
        config.escalation.notify_list_eu,
        config.gateway.operator,
    ):
        raise UsageError(f"{address} is an address of this desk, in the settings; it is nobody's data")
    try:
        known = people_file.load(config.people_file, config.people.free_mail, config.gateway.categories)
    except ConfigError:  # a broken file is loaded by nobody; the database knows who is staff
        return
    if address in {a.address for a in known.agents} | {team.address for team in known.teams}:
        raise UsageError(_remove_first(f"{address} is staff, by {config.people_file}"))
    if any(address in account.addresses for account in known.accounts):
        raise UsageError(_remove_first(f"{address} is given to an account by {config.people_file}"))


def _confirmed(found: Survey) -> bool:
    from mailgate.cli.show import say

    say(
        f"{found.address}: {len(found.mine)} mails, {len(found.tickets)} tickets, {len(found.mails)} mails to the person, "
        f"{len(found.others)} mails of others that name the address."
    )
    return typer.confirm("Remove this person's data for good?", default=False)


def _progress(done: int, whole: int) -> None:
    if sys.stderr.isatty():
        print(f"\r{done} of {whole}", end="" if done < whole else "\n", file=sys.stderr, flush=True)


def _told(
    run: Session, address: str, found: Survey, report: Report | None, log_empty: bool
) -> dict[str, Any]:
    """The shape of `--json`."""
    removed = report.removed if report else {}
    kept = report.kept if report else {}
    lines = [
        {"what": what, "count": kept[key], "why": why}
        for key, (what, why) in KEPT.items()
        if kept.get(key, 0)
    ]
    if report is not None:
        lines.append({"what": BEYOND, "count": None, "why": "mailgate cannot recall them"})
    to_do = list(_to_do(run, address, found, kept.get("sending", 0)))
    if not log_empty:
        to_do.append("older pages are still in mailgate.db-wal, which a reader holds: run this command again")
    return {
        "address": address,
        "placeholder": report.placeholder if report else "",
        "removed": {key: removed.get(key, 0) for key in REMOVED},
        "kept": lines,
        "to_do": to_do,
    }


def _to_do(run: Session, address: str, found: Survey, sending: int) -> Iterator[str]:
    if found.open_tickets:
        numbers = ", ".join(f"#{number}" for number in found.open_tickets[:SHOWN])
        more = f" and {len(found.open_tickets) - SHOWN} more" if len(found.open_tickets) > SHOWN else ""
        yield f"{numbers}{more} have nobody to answer now: mailgate set N assign ADDRESS, or set N status closed"
    if sending:
        yield f"{sending} mails to the person are being sent at this moment: run this command again"
    if waiting := _in_spool(run, address):
        yield f"{waiting} mails that wait in the spool name the address: run this command again when they are worked on"
    trust, users = run.config.trust, run.config.smtp.users
    named = [("trust.block", trust.block), ("trust.forms", trust.forms)]
    named += [(f"smtp.users.{name}", user.addresses) for name, user in users.items()]
    for key, values in named:
        if address in values:
            yield f"{key} in {run.config.source} names the address: it stays there until you take it out"


def _in_spool(run: Session, address: str) -> int:
    """How many mails without an outcome come from the address or name it in their headers."""
    from mailgate.spool import SpoolReader

    path = run.config.data_dir / "spool.db"
    if not path.exists():
        return 0
    reader, after, count = SpoolReader(path), 0, 0
    wanted = address.encode("utf-8", "replace")
    try:
        while rows := reader.take(after, AT_ONCE, SIZE):
            after = rows[-1].seq
            for row in rows:
                by_envelope = row.envelope.mail_from.lower() == address
                count += by_envelope or wanted in row.raw[:HEADERS].lower()
    finally:
        reader.close()
    return count


def _show(told: dict[str, Any]) -> None:
    from mailgate.cli.show import say

    if not told["placeholder"]:
        say(f"Nothing about {told['address']} is on record.")
    else:
        say(f"{told['address']} is {told['placeholder']} from now on, and nobody writes there.")
        say("Removed:")
        for key, count in told["removed"].items():
            if count:
                say(f"  {count} {REMOVED[key]}")
        say("Kept:")
        for line in told["kept"]:
            say(f"  {'' if line['count'] is None else str(line['count']) + ' '}{line['what']}: {line['why']}")
    if told["to_do"]:
        say("Left to do:")
        for line in told["to_do"]:
            say(f"  {line}")
