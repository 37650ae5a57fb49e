"""DKIM signatures of our own mail: two verifiers agree about them."""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from pathlib import Path

import dkim
import pytest
from authenticate.world import MAIL, NOW, Keys, b64, lookups, openssl

from mailgate.authenticate import canonical, load_signer, sign
from mailgate.authenticate.dkim_verify import verify
from mailgate.authenticate.sign import OVERSIGNED, SIGNED, Signer, make_signer
from mailgate.config import Config
from mailgate.errors import ConfigError
from mailgate.mail.compose import compose
from mailgate.model import Address, Mail

NOTICE = compose(
    Mail(
        sender=Address("support@example.com", "Support"),
        to=Address("zoe@acme.example", "Zoë"),
        subject="[#7] Der Drucker läuft wieder",
        text="Hallo,\n\nes geht wieder.   \n\n\n-- \nSupport\n" + "ein langer Absatz " * 60,
        html="<p>Hallo,</p><p>es geht <b>wieder</b>.</p>",
        date=datetime(2026, 3, 2, 10, tzinfo=UTC),
        message_id="<abc@example.com>",
        in_reply_to="<1@acme.example>",
        references=("<1@acme.example>", "<2@acme.example>"),
        reply_to=Address("support+token@example.com", "Support"),
        leave_address="support+leave@example.com",
        language="de",
    )
)


def signer_of(keys: Keys, sort: str) -> Signer:
    key = getattr(keys, sort)
    return make_signer("example.com", "mg", key if key.startswith(b"-----") else base64.b64encode(key))


def verdicts(raw: bytes, keys: Keys, sort: str) -> tuple[bool, str]:
    """What dkimpy says, and what we say."""
    record = keys.record(getattr(keys, "rsa" if sort == "rsa_pkcs1" else sort))
    zone = {"mg._domainkey.example.com": [{"TXT": record}]}
    ours = verify(canonical.read(raw), lookups(zone), datetime.now(UTC).timestamp())
    return dkim.verify(raw, dnsfunc=lambda name, timeout=5: record.encode()), ours[0].result


@pytest.mark.parametrize("mail", [NOTICE, MAIL], ids=["notice", "plain"])
@pytest.mark.parametrize("sort", ["rsa", "rsa_pkcs1", "rsa_1024", "ed25519"])
def test_both_verifiers_accept_it(keys: Keys, sort: str, mail: bytes) -> None:
    raw = sign(mail, signer_of(keys, sort))
    assert raw.endswith(mail)
    assert raw.startswith(b"DKIM-Signature: v=1;")
    assert verdicts(raw, keys, sort) == (True, "pass")


def test_what_is_signed(keys: Keys) -> None:
    head = sign(NOTICE, signer_of(keys, "rsa")).partition(b"\r\nFrom:")[0].replace(b"\r\n", b"")
    tags = dict(piece.strip().split("=", 1) for piece in head.partition(b":")[2].decode().split(";"))
    names = [name.strip() for name in tags["h"].replace(" ", "").split(":")]
    assert names == [
        "from", "to", "subject", "date", "message-id", "reply-to", "references", "in-reply-to", "mime-version",
        "content-type", "auto-submitted", "list-unsubscribe", "from", "subject",
    ]  # fmt: skip
    assert (tags["a"], tags["c"].replace(" ", ""), tags["d"], tags["s"]) == (
        "rsa-sha256", "relaxed/relaxed", "example.com", "mg",
    )  # fmt: skip
    assert "l" not in tags
    assert set(OVERSIGNED) <= set(SIGNED)


@pytest.mark.parametrize(
    "change",
    [
        lambda raw: raw.replace(b"Subject:", b"Subject: x\r\nSubject:", 1),
        lambda raw: raw.replace(b"To:", b"Subject: x\r\nTo:", 1),
        lambda raw: b"From: x@example.com\r\n" + raw,
        lambda raw: raw.replace(b"Auto-Submitted: auto-generated", b"Auto-Submitted: no"),
        lambda raw: raw.replace(b"mailto:support+leave", b"mailto:eve"),
        lambda raw: raw + b"more\r\n",
    ],
)
def test_nothing_can_be_added_or_changed(keys: Keys, change: object) -> None:
    raw = sign(NOTICE, signer_of(keys, "rsa"))
    changed = change(raw)  # type: ignore[operator]
    assert changed != raw
    theirs, ours = verdicts(changed, keys, "rsa")
    assert (theirs, ours != "pass") == (False, True)


@pytest.mark.parametrize("raw", [b"To: a@b.example\r\n\r\nx", b"garbage\r\n\r\n"])
def test_a_mail_that_cannot_be_signed(keys: Keys, raw: bytes) -> None:
    with pytest.raises(ValueError, match="cannot be signed"):
        sign(raw, signer_of(keys, "rsa"))


# ---------------------------------------------------------------- the key


def test_every_usual_form_of_a_key_is_read(keys: Keys) -> None:
    pem = openssl("genpkey", "-algorithm", "ed25519")
    assert make_signer("example.com", "mg", pem).algorithm == "ed25519-sha256"
    assert make_signer("example.com", "mg", b64(keys.ed25519).encode() + b"\n").algorithm == "ed25519-sha256"
    for key in (keys.rsa, keys.rsa_pkcs1, keys.rsa.replace(b"\n", b"\r\n")):
        made = make_signer("Example.COM", "mg", key)
        assert (made.algorithm, made.domain) == ("rsa-sha256", "example.com")
        assert verdicts(sign(MAIL, made), keys, "rsa") == (True, "pass")
    raw = sign(MAIL, make_signer("example.com", "mg", pem))
    der = openssl("pkey", "-pubout", "-outform", "DER", data=pem)
    assert dkim.verify(
        raw, dnsfunc=lambda name, timeout=5: f"v=DKIM1; k=ed25519; p={b64(der[-32:])}".encode()
    )


def bad_keys(keys: Keys) -> dict[str, bytes]:
    encrypted = openssl("pkey", "-aes128", "-passout", "pass:secret", data=keys.rsa)
    other = openssl("genpkey", "-algorithm", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1")
    public = openssl("rsa", "-pubout", data=keys.rsa)
    return {
        "short": keys.rsa_512, "empty": b"", "text": b"no key\n", "encrypted": encrypted, "elliptic": other,
        "public": public, "half": keys.rsa[:400], "octets": bytes(range(256)), "seed of 31": b64(b"x" * 31).encode(),
    }  # fmt: skip


@pytest.mark.parametrize(
    "sort", ["short", "empty", "text", "encrypted", "elliptic", "public", "half", "octets", "seed of 31"]
)
def test_other_files_are_refused(keys: Keys, sort: str, tmp_path: Path) -> None:
    path = tmp_path / "key.pem"
    path.write_bytes(bad_keys(keys)[sort])
    path.chmod(0o600)
    with pytest.raises(ConfigError, match="key") as caught:
        load_signer("example.com", "mg", path)
    assert str(path) in str(caught.value)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(("mode", "refused"), [(0o600, False), (0o640, False), (0o644, True), (0o604, True)])
def test_a_key_that_everybody_can_read_is_refused(
    keys: Keys, mode: int, refused: bool, tmp_path: Path
) -> None:
    path = tmp_path / "key.pem"
    path.write_bytes(keys.rsa)
    path.chmod(mode)
    if refused:
        with pytest.raises(ConfigError, match="chmod o-rwx"):
            load_signer("example.com", "mg", path)
    else:
        assert load_signer("example.com", "mg", path).selector == "mg"


def test_a_missing_key_is_a_fault(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        load_signer("example.com", "mg", tmp_path / "missing.pem")


@pytest.mark.parametrize(
    ("domain", "selector"), [("", "mg"), ("example.com", ""), ("exa..mple", "mg"), ("example.com", "é")]
)
def test_names_are_checked(keys: Keys, domain: str, selector: str) -> None:
    with pytest.raises(ValueError, match="names"):
        make_signer(domain, selector, keys.rsa)


def test_the_key_is_not_shown(keys: Keys) -> None:
    shown = repr(signer_of(keys, "rsa"))
    assert "PRIVATE" not in shown
    assert keys.rsa.split(b"\n")[1].decode() not in shown


@pytest.mark.parametrize(
    ("section", "right"),
    [
        ({}, True),
        ({"domain": "example.com", "selector": "mg", "key_file": "key.pem"}, True),
        ({"domain": "example.com"}, False),
        ({"domain": "example.com", "selector": "mg"}, False),
        ({"key_file": "key.pem"}, False),
    ],
)
def test_the_three_settings_belong_together(section: dict[str, str], right: bool) -> None:
    if right:
        assert Config(_env_file=None, dkim=section).dkim.domain == section.get("domain", "")  # type: ignore[call-arg, arg-type]
        return
    with pytest.raises(ValueError, match="belong together"):
        Config(_env_file=None, dkim=section)  # type: ignore[call-arg, arg-type]


def test_mails_are_signed_for_now(keys: Keys) -> None:
    assert NOW > 0
    head = sign(MAIL, signer_of(keys, "ed25519")).partition(b"\r\nFrom")[0]
    made = next(piece for piece in head.split(b";") if piece.strip().startswith(b"t="))
    assert abs(int(made.strip()[2:]) - datetime.now(UTC).timestamp()) < 3600
