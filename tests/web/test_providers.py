"""The webhooks of mail providers: the raw mail comes out byte for byte, and only for who may post."""

from __future__ import annotations

import asyncio
import base64
import json
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import structlog
from web import signers
from web.house import Web
from web.signers import TOPIC, received

from mailgate.errors import Full
from mailgate.web import door, limits, ses
from mailgate.web.answers import Refusal
from mailgate.web.forms import fields

pytestmark = pytest.mark.slow
Start = Callable[..., Web]

RAW = b"From: bob@b.example\r\nSubject: =?utf-8?q?Caf=C3=A9?= & +1%41\r\n\r\nna\xc3\xafve = a+b & 100%\r\n.\r\n\xe2\x82\xac\r\n"
LATIN = b"From: bob@b.example\r\nContent-Type: text/plain; charset=latin1\r\n\r\ncaf\xe9 \x00\xff\r\n"
BASIC = {"user": "desk", "password": "a password of 20 ch."}
LOGIN = {"Authorization": "Basic " + base64.b64encode(b"desk:a password of 20 ch.").decode()}


def send(door: Web, provider: str, request: signers.Request, **headers: str) -> Any:
    body, given = request
    return door.ask("POST", f"/v1/inbound/{provider}", body, given | headers)


# ---------------------------------------------------------------- Mailgun


@pytest.mark.parametrize("form", [True, False], ids=["urlencoded", "multipart"])
@pytest.mark.parametrize("raw", [RAW, LATIN], ids=["utf-8", "latin-1"])
def test_mailgun(web: Start, form: bool, raw: bytes) -> None:
    mailgun = signers.Mailgun()
    door = web(mailgun={"signing_key": mailgun.key})
    answer = send(door, "mailgun/mime", mailgun.post(raw, at=time.time(), form=form))
    assert (answer.status, answer.json) == (200, {"id": "id-1"})
    envelope, taken = door.mails[0]
    assert taken == raw
    assert (envelope.door, envelope.mail_from, envelope.rcpt_to) == (
        "http",
        "bob@b.example",
        ("support+abc@example.com",),
    )
    assert (envelope.peer, envelope.auth_user) == ("", "")


@pytest.mark.parametrize(
    ("over", "code"),
    [
        ({"signature": "0" * 64}, "bad_signature"),
        ({"signature": ""}, "bad_signature"),
        ({"timestamp": "1700000000"}, "bad_signature"),
        ({"timestamp": "-5"}, "bad_signature"),
        ({"timestamp": "1e9"}, "bad_signature"),
        ({"token": "x"}, "bad_signature"),
    ],
    ids=["wrong", "none", "other time", "negative", "float", "token"],
)
def test_mailgun_forged(web: Start, over: dict[str, str], code: str) -> None:
    mailgun = signers.Mailgun()
    door = web(mailgun={"signing_key": mailgun.key})
    answer = send(door, "mailgun", mailgun.post(RAW, at=time.time(), **over))
    assert (answer.status, answer.code) == (403, code)
    assert not door.mails


@pytest.mark.parametrize(("ago", "status"), [(11 * 3600, 200), (13 * 3600, 403), (-60, 200), (-900, 403)])
def test_mailgun_old_and_early(web: Start, ago: float, status: int) -> None:
    mailgun = signers.Mailgun()
    door = web(mailgun={"signing_key": mailgun.key})
    assert send(door, "mailgun", mailgun.post(RAW, at=time.time() - ago)).status == status


def test_mailgun_replayed(web: Start) -> None:
    """The same delivery again is the same id and no second mail; its signature for another mail is a forgery."""
    mailgun = signers.Mailgun()
    door = web(mailgun={"signing_key": mailgun.key})
    now, token = time.time(), "a" * 50
    assert [send(door, "mailgun", mailgun.post(RAW, at=now, token=token)).json for _ in range(2)] == [
        {"id": "id-1"}
    ] * 2
    answer = send(door, "mailgun", mailgun.post(LATIN, at=now, token=token))
    assert (answer.status, answer.code) == (403, "replayed")
    assert len(door.mails) == 1


def test_mailgun_replayed_at_the_same_moment(web: Start) -> None:
    """While the first one is on its way to the spool, too: another mail is a forgery, the same one comes again later."""
    mailgun = signers.Mailgun()
    entered, go = threading.Event(), threading.Event()
    taken: list[bytes] = []

    async def accept(_envelope: Any, raw: bytes) -> str:
        taken.append(raw)
        entered.set()
        await asyncio.to_thread(go.wait, 20)
        return "id-1"

    door = web(accept=accept, mailgun={"signing_key": mailgun.key})
    now, token = time.time(), "a" * 50
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(send, door, "mailgun", mailgun.post(RAW, at=now, token=token))
        assert entered.wait(20)
        others = [send(door, "mailgun", mailgun.post(raw, at=now, token=token)) for raw in (LATIN, RAW)]
        go.set()
        assert first.result().json == {"id": "id-1"}
    assert [(answer.status, answer.code) for answer in others] == [(403, "replayed"), (503, "busy")]
    assert taken == [RAW]
    assert send(door, "mailgun", mailgun.post(RAW, at=now, token=token)).json == {"id": "id-1"}


def test_who_may_not_post_does_not_fill_the_log(web: Start) -> None:
    door = web(mailgun={"signing_key": signers.Mailgun().key}, ses={"topics": [TOPIC]})
    other = {"Type": "Notification", "TopicArn": "other"}
    with structlog.testing.capture_logs() as lines:
        for _ in range(limits.LINES + 20):
            assert send(door, "ses", (json.dumps(other).encode(), {})).code == "unknown_topic"
    assert len(lines) <= 2 * limits.LINES + 4


def test_the_lines_that_were_left_out_are_counted() -> None:
    clock = [0.0]
    lines = limits.Lines(lambda: clock[0])
    said = [lines.of("a") for _ in range(limits.LINES + 5)]
    assert said == [{}] * limits.LINES + [None] * 5
    assert lines.of("b") == {}, "each kind has its own"
    clock[0] = 3600.0
    assert [lines.of("a"), lines.of("a")] == [{"lines_left_out": 5}, {}]


def test_mailgun_tries_again_what_was_not_taken(web: Start) -> None:
    mailgun = signers.Mailgun()
    door = web(mailgun={"signing_key": mailgun.key})
    request = mailgun.post(RAW, at=time.time())
    door.failure = Full("no room")
    assert send(door, "mailgun", request).status == 503
    door.failure = None
    assert send(door, "mailgun", request).status == 200


def test_mailgun_without_the_raw_mail_comes_again_and_with_an_empty_one_never(web: Start) -> None:
    """A route to another address can be mended within its eight hours; 406 is what Mailgun takes for "never"."""
    mailgun = signers.Mailgun()
    door = web(mailgun={"signing_key": mailgun.key})
    body, headers = mailgun.post(RAW, at=time.time())
    answer = send(door, "mailgun", (body.replace(b"body-mime", b"body-plain"), headers))
    assert (answer.status, answer.code) == (503, "no_raw_mail")
    answer = send(door, "mailgun", mailgun.post(b"\r\n", at=time.time()))
    assert (answer.status, answer.code) == (406, "empty")


# ---------------------------------------------------------------- SendGrid


@pytest.mark.parametrize("raw", [RAW, LATIN], ids=["utf-8", "latin-1"])
def test_sendgrid_signed(web: Start, raw: bytes) -> None:
    sendgrid = signers.SendGrid()
    door = web(sendgrid={"public_key": sendgrid.public})
    answer = send(
        door, "sendgrid", sendgrid.post(raw, at=time.time(), to=("x@else.example", "support@example.com"))
    )
    assert (answer.status, answer.json) == (200, {"id": "id-1"})
    envelope, taken = door.mails[0]
    assert taken == raw
    assert (envelope.mail_from, envelope.rcpt_to) == ("bob@b.example", ("support@example.com",))


@pytest.mark.parametrize("what", ["body", "time", "signature", "key", "none"])
def test_sendgrid_forged(web: Start, what: str) -> None:
    sendgrid = signers.SendGrid()
    door = web(sendgrid={"public_key": signers.SendGrid().public if what == "key" else sendgrid.public})
    body, headers = sendgrid.post(RAW, at=time.time())
    name = "X-Twilio-Email-Event-Webhook-"
    if what == "body":
        body = body.replace(b"100%", b"101%")
    elif what == "time":
        headers[f"{name}Timestamp"] = str(int(time.time()) + 1)
    elif what == "signature":
        headers[f"{name}Signature"] = base64.b64encode(b"0" * 70).decode()
    elif what == "none":
        headers = {"Content-Type": headers["Content-Type"]}
    answer = send(door, "sendgrid", (body, headers))
    assert (answer.status, answer.code) == (403, "bad_signature")
    assert not door.mails


def test_sendgrid_old_and_again(web: Start) -> None:
    sendgrid = signers.SendGrid()
    door = web(sendgrid={"public_key": sendgrid.public})
    assert send(door, "sendgrid", sendgrid.post(RAW, at=time.time() - 74 * 3600)).code == "stale"
    assert send(door, "sendgrid", sendgrid.post(LATIN, at=time.time() - 72 * 3600)).json == {"id": "id-1"}, (
        "it tries for three days"
    )
    request = sendgrid.post(RAW, at=time.time())
    assert [send(door, "sendgrid", request).json for _ in range(2)] == [{"id": "id-2"}] * 2
    assert len(door.mails) == 2


def test_sendgrid_by_password(web: Start) -> None:
    """Of a 4xx it drops the mail: a password that was changed on one side alone must not cost one."""
    door = web(sendgrid=BASIC)
    request = signers.SendGrid().post(RAW, at=time.time())
    assert send(door, "sendgrid", request).status == 401
    wrong = send(door, "sendgrid", request, Authorization="Basic " + base64.b64encode(b"desk:old").decode())
    assert (wrong.status, wrong.code, wrong.headers["Retry-After"]) == (503, "bad_login", "600")
    assert not door.mails
    assert send(door, "sendgrid", request, **LOGIN).status == 200


def test_sendgrid_parsed_instead_of_raw(web: Start) -> None:
    body, headers = signers.multipart({"text": b"Help", "from": b"bob@b.example"})
    answer = send(web(sendgrid=BASIC), "sendgrid", (body, headers), **LOGIN)
    assert (answer.status, answer.code) == (503, "no_raw_mail")


# ---------------------------------------------------------------- Postmark


def test_postmark(web: Start) -> None:
    door = web(postmark=BASIC)
    answer = send(door, "postmark", signers.postmark(RAW), **LOGIN)
    assert (answer.status, answer.json) == (200, {"id": "id-1"})
    envelope, taken = door.mails[0]
    assert taken == RAW
    assert (envelope.mail_from, envelope.rcpt_to) == ("bob@b.example", ("support+abc@example.com",))


@pytest.mark.parametrize(
    "given",
    [
        "",
        "Basic",
        "Basic !!!",
        "Basic ZGVzaw==",
        "Basic " + base64.b64encode(b"desk:wrong").decode(),
        "Bearer x",
    ],
    ids=["none", "empty", "no base64", "no password", "wrong", "bearer"],
)
def test_postmark_without_the_password(web: Start, given: str) -> None:
    door = web(postmark=BASIC)
    answer = send(door, "postmark", signers.postmark(RAW), **({"Authorization": given} if given else {}))
    assert (answer.status, answer.headers["WWW-Authenticate"]) == (401, 'Basic realm="mailgate"')
    assert not door.mails


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"{", "bad_json"),
        (b"[]", "bad_json"),
        (b"[" * 100_000, "bad_json"),
        (b'{"RawEmail": "  "}', "empty"),
    ],
    ids=["broken", "list", "deep", "blank"],
)
def test_postmark_does_not_come_again_for_what_is_wrong(web: Start, body: bytes, code: str) -> None:
    """403 is what Postmark takes for "never"."""
    answer = send(web(postmark=BASIC), "postmark", (body, {"Content-Type": "application/json"}), **LOGIN)
    assert (answer.status, answer.code) == (403, code)


@pytest.mark.parametrize("body", [b"{}", b'{"RawEmail": 5}'], ids=["nothing", "number"])
def test_postmark_without_raw_mail_comes_again(web: Start, body: bytes) -> None:
    """The switch for it can be turned on within its ten hours."""
    answer = send(web(postmark=BASIC), "postmark", (body, {"Content-Type": "application/json"}), **LOGIN)
    assert (answer.status, answer.code) == (503, "no_raw_mail")


@pytest.mark.parametrize(
    "over",
    [
        {"OriginalRecipient": "hash@inbound.postmarkapp.example"},
        {"OriginalRecipient": "x\r\nRCPT TO:<y@z.example>"},
        {"OriginalRecipient": ""},
        {"OriginalRecipient": None},
    ],
    ids=["theirs", "crlf", "empty", "null"],
)
def test_a_provider_that_names_no_address_of_ours_means_the_desk(web: Start, over: dict[str, Any]) -> None:
    door = web(postmark=BASIC)
    over |= {"FromFull": {"Email": "no address\r\n"}}
    assert send(door, "postmark", signers.postmark(RAW, **over), **LOGIN).status == 200
    assert (door.mails[0][0].mail_from, door.mails[0][0].rcpt_to) == ("", ("support@example.com",))


# ---------------------------------------------------------------- Amazon


@pytest.fixture
def sns(monkeypatch: pytest.MonkeyPatch) -> signers.Sns:
    """SNS with its own key and certificate; what is fetched comes from it."""
    amazon = signers.Sns()
    monkeypatch.setattr(door, "Ses", lambda settings: ses.Ses(settings, fetch=amazon.fetch))
    return amazon


@pytest.mark.parametrize("version", ["1", "2"])
@pytest.mark.parametrize(("encoding", "raw"), [("BASE64", LATIN), ("UTF-8", RAW)])
def test_ses(web: Start, sns: signers.Sns, version: str, encoding: str, raw: bytes) -> None:
    door = web(ses={"topics": [TOPIC]})
    for number in (1, 2):
        answer = send(door, "ses", sns.post(received(raw, encoding), version=version))
        assert (answer.status, answer.json) == (200, {"id": f"id-{number}"})
    envelope, taken = door.mails[0]
    assert taken == raw
    assert (envelope.mail_from, envelope.rcpt_to) == ("bob@b.example", ("support+abc@example.com",))
    assert sns.fetched == [signers.CERTIFICATE_URL]  # once


@pytest.mark.parametrize(
    ("over", "code"),
    [
        ({"_Message": received(LATIN)}, "bad_signature"),
        ({"_Signature": base64.b64encode(b"0" * 256).decode()}, "bad_signature"),
        ({"_Signature": "no base64!"}, "bad_signature"),
        ({"_SignatureVersion": "3"}, "bad_signature"),
        ({"_SignatureVersion": "1"}, "bad_signature"),
        ({"_Subject": None}, "bad_signature"),
        ({"TopicArn": TOPIC + "2"}, "unknown_topic"),
        ({"Timestamp": "2020-01-01T00:00:00.000Z"}, "stale"),
        ({"Timestamp": "yesterday"}, "stale"),
    ],
    ids=["message", "signature", "base64", "version", "other version", "subject", "topic", "old", "no time"],
)
def test_ses_forged(web: Start, sns: signers.Sns, over: dict[str, Any], code: str) -> None:
    door = web(ses={"topics": [TOPIC]})
    answer = send(door, "ses", sns.post(received(RAW), **over))
    assert (answer.status, answer.code) == (403, code)
    assert not door.mails


@pytest.mark.parametrize(
    "url",
    [
        "https://sns.eu-west-1.amazonaws.com.evil.example/x.pem",
        "https://evil.example/sns.eu-west-1.amazonaws.com/x.pem",
        "https://sns.eu-west-1.amazonaws.com@evil.example/x.pem",
        "https://evil.example#@sns.eu-west-1.amazonaws.com/x.pem",
        "https://evil.example\\@sns.eu-west-1.amazonaws.com/x.pem",
        "https://sns.s3-us-west-2.amazonaws.com/x.pem",
        "https://sns.s3.amazonaws.com/x.pem",
        "https://bucket.s3.amazonaws.com/x.pem",
        "http://sns.eu-west-1.amazonaws.com/x.pem",
        "https://sns.eu-west-1.amazonaws.com:8443/x.pem",
        "https://sns.eu-west-1.amazonaws.com/x.pem?y",
        "https://sns.eu-west-1.amazonaws.com/?Action=x",
        "file:///etc/passwd.pem",
        "https://127.0.0.1/x.pem",
        "https://sns.eu-west-1.amazonaws.com\r\nX: /x.pem",
        "",
    ],
)
def test_a_certificate_from_elsewhere_is_never_fetched(web: Start, sns: signers.Sns, url: str) -> None:
    door = web(ses={"topics": [TOPIC]})
    answer = send(door, "ses", sns.post(received(RAW), SigningCertURL=url))
    if url.endswith("?y"):  # a query changes nothing of where it comes from
        assert answer.status in (200, 403)
    else:
        assert (answer.status, answer.code) == (403, "bad_certificate")
        assert sns.fetched == []


@pytest.mark.parametrize("days", [-10, 10], ids=["past", "future"])
def test_a_certificate_out_of_its_time(web: Start, monkeypatch: pytest.MonkeyPatch, days: int) -> None:
    sns = signers.Sns(valid_from=datetime.now(UTC) + timedelta(days=days), days=5)
    monkeypatch.setattr(door, "Ses", lambda settings: ses.Ses(settings, fetch=sns.fetch))
    assert send(web(ses={"topics": [TOPIC]}), "ses", sns.post(received(RAW))).code == "bad_signature"


def test_amazon_comes_again_while_the_certificate_cannot_be_fetched(web: Start, sns: signers.Sns) -> None:
    door = web(ses={"topics": [TOPIC]})
    sns.down = True
    request = sns.post(received(RAW))
    assert send(door, "ses", request).status == 503
    sns.down = False
    assert send(door, "ses", request).status == 200


def test_a_subscription_is_confirmed_for_our_topics_only(web: Start, sns: signers.Sns) -> None:
    door = web(ses={"topics": [TOPIC]})
    strange = sns.post("Confirm", kind="SubscriptionConfirmation", TopicArn=TOPIC + "x")
    assert send(door, "ses", strange).code == "unknown_topic"
    assert sns.fetched == []
    answer = send(door, "ses", sns.post("Confirm", kind="SubscriptionConfirmation"))
    assert (answer.status, answer.json) == (200, {})
    assert sns.fetched == [
        signers.CERTIFICATE_URL,
        "https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription",
    ]
    forged = sns.post("Confirm", kind="SubscriptionConfirmation", SubscribeURL="https://evil.example/")
    assert send(door, "ses", forged).status == 403
    assert len(sns.fetched) == 2
    assert send(door, "ses", sns.post("Gone", kind="UnsubscribeConfirmation")).status == 200
    assert len(sns.fetched) == 2
    assert not door.mails


@pytest.mark.parametrize(
    ("message", "status", "code"),
    [
        (json.dumps({"notificationType": "AMAZON_SES_SETUP_NOTIFICATION"}), 200, ""),
        (json.dumps({"notificationType": "Bounce"}), 200, ""),
        (received(RAW, content=None), 503, "no_raw_mail"),
        (received(RAW, content="***"), 400, "bad_content"),
        (received(RAW, receipt=[]), 200, ""),
        ("Hello", 400, "bad_json"),
    ],
    ids=["set-up", "bounce", "no content", "no base64", "odd receipt", "text"],
)
def test_other_messages_of_ses(web: Start, sns: signers.Sns, message: str, status: int, code: str) -> None:
    answer = send(web(ses={"topics": [TOPIC]}), "ses", sns.post(message))
    assert (answer.status, answer.code) == (status, code)


def test_the_same_message_of_sns_again_is_no_second_mail(web: Start, sns: signers.Sns) -> None:
    door = web(ses={"topics": [TOPIC]})
    request = sns.post(received(RAW))
    assert [send(door, "ses", request).json for _ in range(2)] == [{"id": "id-1"}] * 2
    assert len(door.mails) == 1


# ---------------------------------------------------------------- what all have in common


@pytest.mark.parametrize("provider", ["mailgun", "sendgrid", "postmark", "ses"])
def test_a_provider_that_is_not_set_up_keeps_its_mail(web: Start, provider: str) -> None:
    answer = send(web(), provider, (b"{}", {}))
    assert (answer.status, answer.code) == (503, "not_set_up")


def test_a_provider_that_nobody_knows(web: Start) -> None:
    answer = send(web(), "other", (b"{}", {}))
    assert (answer.status, answer.code) == (404, "not_found")


def test_a_mail_over_the_limit_does_not_come_again(web: Start) -> None:
    mailgun = signers.Mailgun()
    door = web(mailgun={"signing_key": mailgun.key}, smtp={"max_size": 65_536})
    answer = send(door, "mailgun", mailgun.post(RAW + b"x" * 65_536, at=time.time()))
    assert (answer.status, answer.code) == (406, "too_large")
    answer = send(door, "mailgun", mailgun.post(RAW + b"x" * 400_000, at=time.time()))
    assert (answer.status, answer.code) == (406, "too_large")


@pytest.mark.parametrize(
    ("kind", "body", "status"),
    [
        ("text/plain", b"x=y", 415),
        ("multipart/form-data", b"", 415),
        ("multipart/form-data; boundary=b", b"--b\r\nContent-Disposition: form-data; name=x\r\n\r\ny", 400),
        ("multipart/form-data; boundary=b", b"nothing", 400),
        ("multipart/form-data; boundary=b", b"--b\r\n" + b"A" * 5000 + b": x\r\n\r\ny\r\n--b--", 400),
        ("multipart/form-data; boundary=b", b"--b\r\nX: y\r\n\r\n\r\n" * 300 + b"--b--", 400),
        ("application/x-www-form-urlencoded", b"a=b&" * 300, 400),
    ],
    ids=["no form", "no boundary", "cut off", "no part", "long header", "many parts", "many fields"],
)
def test_forms_that_are_none(kind: str, body: bytes, status: int) -> None:
    with pytest.raises(Refusal) as raised:
        fields(kind, body)
    assert raised.value.status == status


def test_forms_are_linear(linear: Any) -> None:
    linear(
        lambda n: fields(
            "multipart/form-data; boundary=b",
            b'--b\r\nContent-Disposition: form-data; name="x"\r\n\r\n' + b"\r\n--" * n + b"\r\n--b--",
        ),
        400_000,
    )
    linear(lambda n: fields("application/x-www-form-urlencoded", b"x=" + b"%41+" * n), 400_000)
