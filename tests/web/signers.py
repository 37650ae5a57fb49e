"""Providers of mail as their documents describe them: they wrap a mail, and sign with keys made here."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509.oid import NameOID

TOPIC = "arn:aws:sns:eu-west-1:123456789012:mail-in"
CERTIFICATE_URL = "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-0123456789abcdef.pem"

Request = tuple[bytes, dict[str, str]]


def multipart(fields: dict[str, bytes]) -> Request:
    """RFC 7578."""
    parts = b"".join(
        b'--xYzZY\r\nContent-Disposition: form-data; name="%b"\r\n\r\n%b\r\n' % (name.encode(), value)
        for name, value in fields.items()
    )
    return parts + b"--xYzZY--\r\n", {"Content-Type": "multipart/form-data; boundary=xYzZY"}


class Mailgun:
    """https://documentation.mailgun.com: "Receiving, forwarding and storing messages", "Securing webhooks"."""

    def __init__(self) -> None:
        self.key = secrets.token_hex(16)

    def post(self, raw: bytes, *, at: float, token: str = "", form: bool = True, **over: str) -> Request:
        token = token or secrets.token_hex(25)
        stamp = str(int(at))
        signature = hmac.new(self.key.encode(), (stamp + token).encode(), hashlib.sha256).hexdigest()
        fields: dict[str, Any] = {
            "recipient": "support+abc@example.com",
            "sender": "bob@b.example",
            "from": "Bob <bob@b.example>",
            "subject": "Trouble",
            "body-mime": raw,
            "timestamp": stamp,
            "token": token,
            "signature": signature,
        } | over
        if form:
            return urlencode(fields).encode(), {"Content-Type": "application/x-www-form-urlencoded"}
        return multipart({k: v if isinstance(v, bytes) else v.encode() for k, v in fields.items()})


class SendGrid:
    """https://docs.sendgrid.com: "Inbound Parse", raw; "Security policies", signed."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        der = self._key.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        self.public = base64.b64encode(der).decode()

    def post(self, raw: bytes, *, at: float, to: tuple[str, ...] = ("support@example.com",)) -> Request:
        envelope = json.dumps({"to": list(to), "from": "bob@b.example"}).encode()
        body, headers = multipart(
            {"headers": b"X: y", "to": b"x", "email": raw, "envelope": envelope, "charsets": b"{}"}
        )
        stamp = str(int(at))
        signature = self._key.sign(stamp.encode() + body, ec.ECDSA(hashes.SHA256()))
        return body, headers | {
            "X-Twilio-Email-Event-Webhook-Signature": base64.b64encode(signature).decode(),
            "X-Twilio-Email-Event-Webhook-Timestamp": stamp,
        }


def postmark(raw: bytes, **over: Any) -> Request:
    """https://postmarkapp.com/developer/webhooks/inbound-webhook."""
    posted = {
        "FromName": "Bob",
        "From": "bob@b.example",
        "FromFull": {"Email": "bob@b.example", "Name": "Bob", "MailboxHash": ""},
        "To": "support@example.com",
        "OriginalRecipient": "support+abc@example.com",
        "MessageID": "22c74902-a0c1-4511-804f-341342852c90",
        "TextBody": "Help",
        "Attachments": [],
        "RawEmail": raw.decode(),
    } | over
    return json.dumps(posted).encode(), {"Content-Type": "application/json; charset=utf-8"}


class Sns:
    """https://docs.aws.amazon.com/sns: "Verifying the signatures of Amazon SNS messages"; SES: "Contents of notifications"."""

    def __init__(self, *, valid_from: datetime | None = None, days: int = 30) -> None:
        self._key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sns.amazonaws.com")])
        begin = valid_from or datetime.now(UTC) - timedelta(days=1)
        made = x509.CertificateBuilder(
            name, name, self._key.public_key(), 1, begin, begin + timedelta(days=days)
        )
        self.certificate = made.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
        self.fetched: list[str] = []
        self.down = False

    def fetch(self, url: str) -> bytes:
        """What stands behind an address."""
        self.fetched.append(url)
        if self.down:
            raise OSError("no route to host")
        return self.certificate

    def post(self, message: str, *, kind: str = "Notification", version: str = "2", **over: Any) -> Request:
        """`over`: keys that are changed before it is signed; those with a leading "_" after it."""
        told: dict[str, Any] = {
            "Type": kind,
            "MessageId": secrets.token_hex(16),
            "TopicArn": TOPIC,
            "Subject": "Amazon SES Email Receipt Notification",
            "Message": message,
            "Timestamp": datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "SignatureVersion": version,
            "SigningCertURL": CERTIFICATE_URL,
        }
        if kind != "Notification":
            told |= {
                "Token": "t" * 64,
                "SubscribeURL": "https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription",
            }
            del told["Subject"]
        told |= {key: value for key, value in over.items() if not key.startswith("_")}
        signed = [
            "Message",
            "MessageId",
            *(["Subject"] if "Subject" in told and kind == "Notification" else []),
        ]
        signed += ["SubscribeURL"] if kind != "Notification" else []
        signed += ["Timestamp", *(["Token"] if kind != "Notification" else []), "TopicArn", "Type"]
        text = "".join(f"{key}\n{told[key]}\n" for key in signed)
        digest = hashes.SHA256() if version == "2" else hashes.SHA1()
        told["Signature"] = base64.b64encode(
            self._key.sign(text.encode(), padding.PKCS1v15(), digest)
        ).decode()
        told |= {key[1:]: value for key, value in over.items() if key.startswith("_")}
        return json.dumps(told).encode(), {
            "Content-Type": "text/plain; charset=UTF-8",
            "x-amz-sns-message-type": kind,
        }


def received(raw: bytes, encoding: str = "BASE64", **over: Any) -> str:
    """The message of SES inside."""
    told = {
        "notificationType": "Received",
        "receipt": {
            "recipients": ["support+abc@example.com"],
            "spamVerdict": {"status": "PASS"},
            "action": {"type": "SNS", "topicArn": TOPIC, "encoding": encoding},
        },
        "mail": {
            "source": "bob@b.example",
            "messageId": "o3vrnil0e2ic28tr",
            "destination": ["support@example.com"],
        },
        "content": base64.b64encode(raw).decode() if encoding == "BASE64" else raw.decode(),
    } | over
    return json.dumps(told)
