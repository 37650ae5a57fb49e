"""Amazon SES through SNS: a receipt rule with an SNS action, subscribed to by https.

Laws: a message counts when its topic is in `web.ses.topics` and its signature holds, by a certificate that was fetched from
sns.REGION.amazonaws.com and from nowhere else; nothing else that a message names is fetched, but the address that confirms a
subscription to such a topic, on such a host.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import re
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, build_opener

import structlog

from mailgate import config as settings
from mailgate.errors import Permanent, Transient
from mailgate.web import answers, signatures
from mailgate.web.limits import Lines
from mailgate.web.provider import Delivery, Now, fresh, inner, mapping, text

Fetch = Callable[[str], bytes]  # raises OSError

# Strict on the region: `sns.s3-us-west-2.amazonaws.com` would be somebody's bucket.
_HOST = re.compile(r"sns\.[a-z]{2}(?:-[a-z]{3,10}){1,2}-[0-9]{1,2}\.amazonaws\.com(?:\.cn)?")
_OF_SUBSCRIPTION = ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type")
_SIGNED = {
    "Notification": ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"),
    "SubscriptionConfirmation": _OF_SUBSCRIPTION,
    "UnsubscribeConfirmation": _OF_SUBSCRIPTION,
}
_LONGEST_ANSWER = 65_536
_CERTIFICATES = 16
_SECONDS = 10.0
log = structlog.get_logger("mailgate.web")


class _NoRedirect(HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        return None


def fetch(url: str) -> bytes:
    """GET over https, without following redirects. Raises OSError."""
    opener = build_opener(_NoRedirect)
    with opener.open(url, timeout=_SECONDS) as answer:
        return bytes(answer.read(_LONGEST_ANSWER))


class Ses:
    name, known, give_up = "ses", False, 400

    def __init__(self, ses: settings.Ses, now: Now = time.time, fetch: Fetch = fetch) -> None:
        """Raises ConfigError."""
        signatures.require("web.ses")
        self._topics, self._now, self._fetch = frozenset(ses.topics), now, fetch
        self._certificates: OrderedDict[str, bytes] = OrderedDict()
        self._lines = Lines()

    def limit(self, mail: int) -> int:
        return 1_048_576  # SNS carries 256 KiB at most, which JSON inside of JSON makes longer

    def greet(self, headers: Mapping[str, str]) -> None:
        """The signature is in the body."""

    async def unwrap(self, headers: Mapping[str, str], body: bytes) -> Delivery | None:
        message = mapping(body)
        kind, topic = text(message.get("Type")), text(message.get("TopicArn"))
        if kind not in _SIGNED:
            raise answers.bad("not_sns", "This is no message of SNS; turn raw delivery off")
        if topic not in self._topics:  # before anything is fetched for whoever posts
            if (more := self._lines.of("topic")) is not None:
                log.warning(
                    "SNS message of a topic that is not in web.ses.topics", topic=topic, type=kind, **more
                )
            raise answers.forbidden("unknown_topic", "This topic is not in web.ses.topics")
        await self._check(message, kind)
        fresh(_moment(text(message.get("Timestamp"))), self._now)
        if kind == "Notification":
            return _delivery(text(message.get("Message")), text(message.get("MessageId")))
        log.warning("SNS subscription", type=kind, topic=topic)
        if kind == "SubscriptionConfirmation":
            await self._get(text(message.get("SubscribeURL")), "the address that confirms")
        return None

    async def _check(self, message: Mapping[str, Any], kind: str) -> None:
        version = text(message.get("SignatureVersion"))
        if version not in ("1", "2"):
            raise answers.forbidden("bad_signature", "The signature is missing")
        certificate = await self._certificate(text(message.get("SigningCertURL")))
        try:
            signature = base64.b64decode(text(message.get("Signature")), validate=True)
            right = signatures.rsa_verifier(certificate, version)(_canonical(message, kind), signature)
        except (binascii.Error, ValueError, Permanent) as e:
            raise answers.forbidden("bad_signature", "The signature cannot be checked") from e
        if not right:
            raise answers.forbidden("bad_signature", "The signature is wrong")

    async def _certificate(self, url: str) -> bytes:
        if url not in self._certificates:
            if not urlsplit_safe(url)[1].endswith(".pem"):
                raise answers.forbidden("bad_certificate", "The certificate is not one of SNS")
            self._certificates[url] = await self._get(url, "the certificate")
            while len(self._certificates) > _CERTIFICATES:
                self._certificates.popitem(last=False)
        return self._certificates[url]

    async def _get(self, url: str, what: str) -> bytes:
        """From Amazon's SNS alone. Raises Refusal (403) for another host, Transient when it does not answer."""
        if not _HOST.fullmatch(urlsplit_safe(url)[0]):
            raise answers.forbidden("bad_certificate", "The address is not one of SNS")
        try:
            return await asyncio.to_thread(self._fetch, url)
        except OSError as e:
            raise Transient(f"SNS: {what} could not be fetched: {type(e).__name__}: {e}") from e


def urlsplit_safe(url: str) -> tuple[str, str]:
    """Host and path of a plain https address; "" and "" for one with a port, a user, or what two readers would read apart."""
    if not re.fullmatch(r"https://[a-z0-9.-]{1,100}/[!-~]{0,2000}", url) or "\\" in url or "#" in url:
        return "", ""
    parts = urlsplit(url)
    return parts.netloc, parts.path


def _canonical(message: Mapping[str, Any], kind: str) -> bytes:
    """What SNS signs: name and value of each key, a line each; Subject only where there is one."""
    lines = []
    for key in _SIGNED[kind]:
        value = message.get(key)
        if key == "Subject" and value is None:
            continue
        lines.append(f"{key}\n{text(value)}\n")
    return "".join(lines).encode("utf-8", "replace")


def _moment(value: str) -> float:
    try:
        return datetime.fromisoformat(value).timestamp()
    except (ValueError, OverflowError):
        return float("nan")


def _delivery(message: str, id: str) -> Delivery | None:
    """The mail inside SES's own JSON."""
    told = mapping(message)
    receipt, mail = inner(told.get("receipt")), inner(told.get("mail"))
    if text(told.get("notificationType")) != "Received":
        return None  # SES also tells of its set-up (AMAZON_SES_SETUP_NOTIFICATION), of bounces and complaints
    content = text(told.get("content"))
    if not content:
        raise answers.set_up("no_raw_mail", "There is no content: use the SNS action of the receipt rule")
    raw = content.encode("utf-8", "replace")
    if text(inner(receipt.get("action")).get("encoding")).upper() == "BASE64":
        try:
            raw = base64.b64decode(content, validate=True)
        except (binascii.Error, ValueError) as e:
            raise answers.bad("bad_content", "The content is no base64") from e
    to = receipt.get("recipients")
    recipients = tuple(text(each) for each in to if text(each)) if isinstance(to, list) else ()
    return Delivery(text(mail.get("source")), recipients, raw, id)
