"""`POST /v1/messages`: raw RFC 5322 with a bearer key. `POST /v1/inbound/…`: what a provider wraps around one.

202, to a provider 200, after the commit of the spool, as JSON with the id.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Sequence
from hashlib import sha256

import structlog
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from mailgate.config import Config
from mailgate.errors import Full, Permanent, Transient, Unavailable
from mailgate.model import Envelope
from mailgate.web import answers, body, envelope, keys, limits
from mailgate.web.answers import Refusal
from mailgate.web.provider import Provider

Accept = Callable[[Envelope, bytes], Awaitable[str]]

_TYPES = frozenset({"message/rfc822", "message/global"})  # RFC 2046 section 5.2.1, RFC 6532 section 3.7
# a field (RFC 5322 section 2.2) and the end of a line; before it perhaps the line of an mbox
_LOOKS_LIKE_MAIL = re.compile(
    rb"\s{0,100}(?:From [^\n]{0,1000}\n)?[!-9;-~]{1,200}[ \t]{0,100}:[^\n]{0,10000}\n"
)
PROVIDERS = frozenset({"mailgun", "sendgrid", "postmark", "ses"})
_NO_KEYS = answers.forbidden(
    "no_keys",
    'No key is set up: add keys = [{ name = "…", key = "16 characters at least" }] to [web] in mailgate.toml, and start anew',
)
_WRONG_KEY = "Send Authorization: Bearer KEY, with one of web.keys"
log = structlog.get_logger("mailgate.web")


class Messages:
    """Both endpoints; what they share is the memory for bodies and the way to the spool."""

    def __init__(self, config: Config, accept: Accept, providers: Sequence[Provider] = ()) -> None:
        """Raises ConfigError for a key that cannot be used."""
        self._limit, self._patience = config.smtp.max_size, config.web.timeout
        self._accept = accept
        self._keys = keys.load(config.web.keys)
        self._recipients = envelope.Recipients(config)
        self._room = body.Room(max(config.web.max_bytes_in_flight, 2 * self._limit))
        self._quota = limits.Quota(config.web.max_mails_per_key)
        self._taken = limits.Taken()
        self._lines = limits.Lines()
        self.providers = {provider.name: provider for provider in providers}

    async def post(self, request: Request) -> Response:
        """`POST /v1/messages`."""
        if not self._keys:
            raise _NO_KEYS
        key = keys.bearer(request.headers.get("authorization", ""), self._keys)
        if key is None:
            raise answers.unauthorised("Bearer", _WRONG_KEY)
        if request.headers.get("content-type", "").partition(";")[0].strip().lower() not in _TYPES:
            raise Refusal(415, "not_a_mail", "Send the mail as it is, with Content-Type: message/rfc822")
        sender, recipients = _said(request)
        ours, others = self._recipients.sort(recipients)
        told = envelope.make(sender, ours, key.name, key.addresses)
        self._quota.take(key.name)
        with self._room.claim(known=True) as claim:
            raw = await body.read(request, claim, self._limit, self._patience)
            if raw.strip() and not _LOOKS_LIKE_MAIL.match(raw):
                raise answers.NO_HEADER
            id = await self._take(told, raw)
        log.info("mail accepted", message=id, door="http", key=key.name, bytes=len(raw))
        answer: dict[str, object] = {"id": id}
        if others:
            answer["refused"] = others
        return JSONResponse(answer, 202)

    async def inbound(self, request: Request) -> Response:
        """`POST /v1/inbound/PROVIDER`. Mailgun and Postmark take 200 alone for a yes, and what is not set up yet can be."""
        name = request.path_params["provider"]
        provider = self.providers.get(name)
        if provider is None:
            if name in PROVIDERS:
                self._refused(name, "not set up in [web]")
                raise answers.set_up("not_set_up", "This provider is not set up: see [web] in mailgate.toml")
            raise Refusal(404, "not_found", "There is no such provider")
        try:
            id = await self._unwrapped(provider, request)
        except Refusal as e:
            self._refused(provider.name, e.code)
            if e.status in (400, 413):
                e = Refusal(provider.give_up, e.code, e.text)
            raise e from None
        return JSONResponse({"id": id} if id else {})

    def _refused(self, provider: str, why: str) -> None:
        if (more := self._lines.of(f"{provider} {why}")) is not None:
            log.warning("delivery refused", provider=provider, why=why, **more)

    async def _unwrapped(self, provider: Provider, request: Request) -> str:
        provider.greet(request.headers)
        with self._room.claim(known=provider.known) as claim:
            posted = await body.read(request, claim, provider.limit(self._limit), self._patience)
            delivery = await provider.unwrap(request.headers, posted)
            if delivery is None:
                return ""
            del posted
            digest = sha256(delivery.raw).digest()
            before = self._taken.before(provider.name, delivery.name, digest)
            if before:
                log.info("delivery came again", provider=provider.name, message=before)
                return before
            if len(delivery.raw) > self._limit:
                raise answers.TOO_LARGE
            told = self._envelope(delivery.mail_from, delivery.rcpt_to)
            with self._taken.alone(provider.name, delivery.name, digest):
                id = await self._take(told, delivery.raw)
                self._taken.add(provider.name, delivery.name, digest, id)
        log.info("mail accepted", message=id, door="http", provider=provider.name, bytes=len(delivery.raw))
        return id

    def _envelope(self, sender: str, recipients: Sequence[str]) -> Envelope:
        """What a provider says it is. It was told to post here: where it names no address of ours, the desk is meant, and
        a sender that is no address is nobody."""
        ours = tuple(dict.fromkeys(each for each in recipients[:100] if self._recipients.ours(each)))
        ours = ours or (self._recipients.default,)
        try:
            return envelope.make(sender, ours)
        except Refusal:
            return envelope.make("", ours)

    async def _take(self, told: Envelope, raw: bytes) -> str:
        """Hand over; the id. Raises Refusal: 400 or 503."""
        if not raw.strip(b"\r\n\t "):
            raise answers.EMPTY
        try:
            return await self._accept(told, raw)
        except Full as e:
            log.warning("mail not accepted", door="http", why=str(e))
            raise answers.FULL from e
        except (Transient, Unavailable) as e:
            log.warning("mail not accepted", door="http", why=str(e))
            raise answers.TROUBLE from e
        except Permanent as e:
            log.warning("mail refused", door="http", why=str(e))
            raise answers.NOT_TAKEN from e


def _said(request: Request) -> tuple[str, list[str]]:
    """Sender and recipients: X-Envelope-From and X-Envelope-To, or else `from` and `to` of the query."""
    headers = request.headers
    senders = headers.getlist("x-envelope-from") or request.query_params.getlist("from")
    found = headers.getlist("x-envelope-to") or request.query_params.getlist("to")
    if len(senders) > 1:
        raise answers.bad("bad_sender", "There is more than one sender")
    sender = envelope.addresses([_utf8(senders[0])])[:1] if senders else []
    return sender[0] if sender else "", envelope.addresses(map(_utf8, found))


def _utf8(value: str) -> str:
    """Starlette reads headers as Latin-1; an address beyond ASCII is UTF-8 (RFC 6531). What is none stays no address."""
    try:
        return value.encode("latin-1").decode("utf-8")
    except (UnicodeEncodeError, UnicodeDecodeError):
        return value
