"""`mailgate explain`: what would happen to a mail and why, or what happened to a stored one."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mailgate.cli.context import Session, session
from mailgate.cli.exits import EX_NOINPUT
from mailgate.errors import MailgateError, NotFound

if TYPE_CHECKING:
    from mailgate.explain import Options

LARGEST = 268_435_456  # bytes of one file; a mail over smtp.max_size never gets in, but a file may still be looked at
BATCH_FILES, BATCH_BYTES = 32, 4_194_304  # what is handed to the parser processes at once


def explain(
    ctx: typer.Context,
    files: Annotated[
        list[str], typer.Argument(metavar="FILE…", help="Mail files, - for stdin, or ids of stored messages.")
    ],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
    mail_from: Annotated[
        str | None, typer.Option("--from", help="Envelope sender; default: the Return-Path header.")
    ] = None,
    rcpt_to: Annotated[
        list[str] | None, typer.Option("--to", help="Envelope recipient; may be repeated.")
    ] = None,
    peer: Annotated[
        str, typer.Option("--peer", help="IP address of the client, as if it came by SMTP.")
    ] = "",
    dns: Annotated[
        bool, typer.Option("--dns", help="Ask the host's name servers for SPF, DKIM and DMARC.")
    ] = False,
    html: Annotated[
        str,
        typer.Option(
            "--html", metavar="PAGE", help="Write a page to look at: kept, cut and left out in colours."
        ),
    ] = "",
) -> None:
    """Say what would happen to mails, and why; nothing is changed."""
    from mailgate.cli.explain_view import show
    from mailgate.cli.show import emit_line
    from mailgate.explain import Options

    _check_peer(peer)
    options = Options(mail_from, tuple(rcpt_to or ()), peer, dns)
    failed = False
    with _page(html) as page:
        for number, explanation in enumerate(_explanations(session(ctx), files, options)):
            failed |= "error" in explanation
            if as_json:
                emit_line(explanation)
            elif not html:
                show(explanation, first=number == 0)
            page(explanation)
    if failed:
        raise typer.Exit(EX_NOINPUT)


@contextmanager
def _page(path: str) -> Iterator[Callable[[Mapping[str, Any]], None]]:
    """Takes explanations for the page at `path`, which appears only when it is whole; "" takes and writes nothing."""
    if not path:
        yield lambda _: None
        return
    from mailgate.cli.page import Page

    with Page(path) as page:
        yield page.add
    print(f"{path}: {page.count} mails" if page.count != 1 else f"{path}: 1 mail", file=sys.stderr)


def _check_peer(peer: str) -> None:
    from ipaddress import ip_address

    from mailgate.errors import UsageError

    try:
        if peer:
            ip_address(peer)
    except ValueError:
        raise UsageError(f"--peer {peer}: an IP address like 192.0.2.1 is needed") from None


def _explanations(run: Session, files: Sequence[str], options: Options) -> Iterator[dict[str, Any]]:
    """One for each file, in order; a file that cannot be read gives its error."""
    from mailgate.cli.explaining import Explainer

    with ExitStack() as stack:
        explainer = stack.enter_context(Explainer(run.config, options))
        batch: list[tuple[str, bytes]] = []
        for name in files:
            try:
                found = explainer.stored(name) if not os.path.exists(name) and name != "-" else None
                raw = b"" if found else read(name)
            except MailgateError as e:
                yield from explainer.explain(batch)
                batch = []
                yield {"file": name, "error": str(e)}
                continue
            if found is not None:
                yield from explainer.explain(batch)
                batch = []
                yield found
                continue
            batch.append((name, raw))
            if len(batch) >= BATCH_FILES or sum(len(each) for _, each in batch) >= BATCH_BYTES:
                yield from explainer.explain(batch)
                batch = []
        yield from explainer.explain(batch)


def read(name: str) -> bytes:
    """The bytes of a mail file. Raises NotFound with the cause."""
    if name == "-":
        return sys.stdin.buffer.read(LARGEST)
    try:
        descriptor = os.open(name, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with open(descriptor, "rb") as file:
            facts = os.fstat(descriptor)
            if not stat.S_ISREG(facts.st_mode):
                raise NotFound(f"{name}: not a file")
            if facts.st_size > LARGEST:
                raise NotFound(f"{name}: {facts.st_size} bytes; at most {LARGEST} can be explained")
            return file.read(LARGEST)
    except OSError as e:
        raise NotFound(f"{name}: cannot be read: {e.strerror}") from e
