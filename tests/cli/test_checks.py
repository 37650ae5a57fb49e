"""`mailgate check`: each thing that can be wrong is found, named, and said how to mend."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from mailgate import checks
from mailgate.checks import ERROR, OK, WARNING
from mailgate.cli import outside, readable
from mailgate.config import Config
from mailgate.errors import ConfigError, Unavailable


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in [name for name in os.environ if name.startswith("MAILGATE_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


def config(**sections: Any) -> Config:
    return Config(**sections)


def levels(look: checks.Look, **sections: Any) -> list[str]:
    return [finding.level for finding in look(config(**sections))]


def only(look: checks.Look, **sections: Any) -> checks.Finding:
    found = [finding for finding in look(config(**sections)) if finding.level != OK]
    assert len(found) == 1
    return found[0]


@pytest.mark.parametrize(
    ("version", "level"),
    [
        ((3, 11, 14), WARNING),
        ((3, 11, 15), OK),
        ((3, 12, 0), WARNING),
        ((3, 13, 12), OK),
        ((3, 14, 2), WARNING),
        ((3, 15, 0), OK),
    ],
)
def test_python_with_known_holes(version: tuple[int, int, int], level: str) -> None:
    assert checks.python_finding(version).level == level


@pytest.mark.parametrize(
    ("section", "level"),
    [
        pytest.param({"networks": ["0.0.0.0/0"]}, ERROR, id="all of IPv4"),
        pytest.param({"networks": ["::/0"]}, ERROR, id="all of IPv6"),
        pytest.param({"upstreams": ["0.0.0.0/0"]}, ERROR, id="anybody's Authentication-Results"),
        pytest.param({"networks": ["128.0.0.0/1"]}, ERROR, id="half of IPv4"),
        pytest.param({"networks": ["2000::/3"]}, ERROR, id="all of IPv6 that is in use"),
        pytest.param({"networks": ["::ffff:0:0/96"]}, ERROR, id="all of IPv4, written as IPv6"),
        pytest.param({"networks": ["64.0.0.0/2"]}, WARNING, id="a quarter of IPv4"),
        pytest.param({"networks": ["8.0.0.0/8"]}, WARNING, id="a public /8"),
        pytest.param({"upstreams": ["8.0.0.0/7"]}, WARNING, id="many upstreams"),
        pytest.param({"networks": ["2001::/16"]}, WARNING, id="many owners of IPv6"),
    ],
)
def test_networks_that_trust_too_many(section: dict[str, Any], level: str) -> None:
    finding = only(checks.networks, trust=section)
    assert finding.level == level
    assert finding.mend


def test_the_shipped_networks_are_fine() -> None:
    assert levels(checks.networks) == []
    private = [
        "10.0.0.0/8",
        "192.168.0.0/16",
        "172.16.0.0/12",
        "fc00::/7",
        "fd00::/8",
        "203.0.112.0/20",
        "::1/128",
    ]
    for key in ("networks", "upstreams"):
        assert levels(checks.networks, trust={key: private}) == []


@pytest.mark.parametrize("key", ["notify_list", "notify_list_eu"])
def test_the_notify_list_may_not_be_ourselves(key: str) -> None:
    finding = only(checks.addresses, escalation={key: "support@example.com"})
    assert finding.level == ERROR
    assert key in finding.what


def test_a_relay_without_authserv_id_is_worth_a_look() -> None:
    off = {"own_checks": False}
    assert only(checks.addresses, relay={"url": "smtp://127.0.0.1:25"}, trust=off).about == "trust"
    assert levels(checks.addresses, relay={"url": "smtp://127.0.0.1:25"}) == [OK]
    assert levels(
        checks.addresses,
        relay={"url": "smtp://127.0.0.1:25"},
        trust={"authserv_ids": ["mx.example.com"], **off},
    ) == [OK]


@pytest.mark.parametrize(
    ("sections", "mode", "level"),
    [
        pytest.param({"relay": {"url": "smtp://u:secret@h:587"}}, 0o644, WARNING, id="relay password"),
        pytest.param(
            {"database": {"url": "postgresql+psycopg://u:secret@h/d"}},
            0o640,
            WARNING,
            id="database password, group",
        ),
        pytest.param(
            {"smtp": {"users": {"p": {"password": "12345678", "addresses": ["p@example.com"]}}}},
            0o604,
            WARNING,
            id="login",
        ),
        pytest.param({"relay": {"url": "smtp://u:secret@h:587"}}, 0o600, None, id="for its owner alone"),
        pytest.param({"relay": {"url": "smtp://h:587"}}, 0o644, None, id="no password in it"),
    ],
)
def test_passwords_in_a_file_that_others_read(
    sections: dict[str, Any], mode: int, level: str | None, tmp_path: Path
) -> None:
    path = tmp_path / "mailgate.toml"
    path.touch()
    path.chmod(mode)
    assert levels(checks.secrets, source=path, **sections) == ([level] if level else [])


KEYS = {
    "DKIM": lambda path: {"dkim": {"domain": "example.com", "selector": "s", "key_file": str(path)}},
    "certificate": lambda path: {"smtp": {"tls_cert": "cert.pem", "tls_key": str(path)}},
}


@pytest.mark.parametrize("sections", KEYS.values(), ids=KEYS)
@pytest.mark.parametrize(("mode", "level"), [(0o644, WARNING), (0o640, None), (0o600, None)])
def test_keys_that_the_world_reads(sections: Any, mode: int, level: str | None, tmp_path: Path) -> None:
    path = tmp_path / "key.pem"
    path.touch()
    path.chmod(mode)
    assert levels(checks.secrets, **sections(path)) == ([level] if level else [])
    assert levels(checks.secrets, **sections(tmp_path / "none")) == []


@pytest.mark.parametrize(
    ("name", "mode", "folder", "level"),
    [
        ("mailgate.db", 0o644, 0o755, WARNING),
        ("spool.db", 0o604, 0o755, WARNING),
        ("sent", 0o755, 0o755, WARNING),
        ("mailgate.db", 0o640, 0o755, None),
        ("mailgate.db", 0o644, 0o700, None),
        ("mailgate.db", 0o644, 0o750, None),
        ("../people.toml", 0o606, 0o700, ERROR),
        ("../mailgate.toml", 0o602, 0o700, ERROR),
        ("../people.toml", 0o644, 0o700, None),
        ("../people.toml", 0o664, 0o700, None),
    ],
)
def test_what_others_on_this_machine_may_do(name: str, mode: int, folder: int, level: str | None) -> None:
    """Mail, keys and what gives powers; a folder that nobody else may enter keeps what is in it."""
    with TemporaryDirectory() as made:  # pytest's own folder is closed to others
        os.chmod(made, 0o755)
        data, source = Path(made, "data"), Path(made, "mailgate.toml")
        data.mkdir()
        path = data / name
        path.mkdir() if name == "sent" else path.touch()
        path.chmod(mode)
        data.chmod(folder)
        people = {"file": str(Path(made, "people.toml"))}
        found = list(readable.kept_from_others(config(data_dir=data, source=source, people=people)))
        data.chmod(0o700)
    assert [each.level for each in found] == ([level] if level else [])
    assert all("chmod" in each.mend for each in found)


def test_a_check_is_of_use_only_where_it_is_made() -> None:
    """Each look that there is, is taken by `mailgate check`."""
    taken = {look.__name__ for look in outside.looks()}
    assert taken >= {"sending", "signing", "kept_from_others", "relay", "people"}
    said = {finding.about for finding in checks.everything(config(), {})}
    assert said >= {"python", "sqlite", "addresses", "data_dir"}


PEOPLE = """
[[teams]]
name = "support"
address = "team@corp.example"
categories = ["general"]
[[accounts]]
name = "Acme"
domains = ["acme.example"]
"""


@pytest.mark.parametrize(
    ("address", "relay", "level"),
    [
        pytest.param("support@corp.example", "smtp://h:25", WARNING, id="where our people are"),
        pytest.param("support@acme.example", "smtp://h:25", WARNING, id="where a customer's people are"),
        pytest.param("support@tickets.corp.example", "smtp://h:25", None, id="a domain of its own"),
        pytest.param("support@other.example", "smtp://h:25", None, id="another domain"),
        pytest.param("support@corp.example", "", None, id="a trial: no mail leaves"),
    ],
)
def test_a_domain_that_others_trust(address: str, relay: str, level: str | None, tmp_path: Path) -> None:
    """T1."""
    people = tmp_path / "people.toml"
    people.write_text(PEOPLE)
    sections = {"gateway": {"address": address}, "relay": {"url": relay}, "people": {"file": str(people)}}
    found = list(checks.domain(config(**sections)))
    assert [f.level for f in found] == ([level] if level else [])
    assert all("tickets." in f.mend for f in found)
    (tmp_path / "people.toml").write_text("[[teams]]\nnam = 1\n")
    assert list(checks.domain(config(**sections))) == [], (
        "of a people file that is broken another check tells"
    )


@pytest.mark.parametrize(
    ("zone", "dkim", "missing"),
    [
        pytest.param('"example.com" = [{TXT = "v=spf1 -all"}]', False, [], id="SPF"),
        pytest.param('"example.com" = [{TXT = "other"}]', False, ["SPF"], id="no SPF"),
        pytest.param("", True, ["SPF", "DKIM"], id="nothing at all"),
        pytest.param('"example.com" = [{TXT = "v=spf1 -all"}]\n"s._domainkey.example.com" = [{TXT = "v=DKIM1; p=x"}]', True, [], id="both"),
        pytest.param('"example.com" = [{TXT = "v=spf1 -all"}]', True, ["DKIM"], id="a key that nobody finds"),
        pytest.param('"example.com" = ["TIMEOUT"]\n"s._domainkey.example.com" = ["TIMEOUT"]', True, [], id="DNS is away"),
    ],
)  # fmt: skip
def test_what_we_send_can_be_known_as_ours(zone: str, dkim: bool, missing: list[str], tmp_path: Path) -> None:
    path = tmp_path / "zone.toml"
    path.write_text(zone)
    sections: dict[str, Any] = {"relay": {"url": "smtp://h:25"}, "dns": {"zone_file": str(path)}}
    if dkim:
        sections["dkim"] = {"domain": "example.com", "selector": "s", "key_file": "k"}
    found = list(outside.sending(config(**sections)))
    assert [f.level for f in found] == [WARNING] * len(missing)
    assert all(word in f.what and f.mend for word, f in zip(missing, found, strict=True))
    sections["relay"] = {"url": ""}
    assert list(outside.sending(config(**sections))) == [], "a trial: no mail leaves"


def test_a_zone_file_that_is_none_is_a_fault(tmp_path: Path) -> None:
    sections = {"relay": {"url": "smtp://h:25"}, "dns": {"zone_file": str(tmp_path / "none")}}
    assert [f.level for f in outside.sending(config(**sections))] == [ERROR]


def test_a_misspelt_variable_is_named() -> None:
    found = list(checks.variables({"MAILGATE_SMTP__PROT": "25", "MAILGATE_SMTP__PORT": "25", "HOME": "/"}))
    assert [(f.level, "MAILGATE_SMTP__PROT" in f.what) for f in found] == [(WARNING, True)]


def test_the_data_folder(tmp_path: Path) -> None:
    assert levels(checks.data_folder, data_dir=tmp_path) == [OK]
    assert levels(checks.data_folder, data_dir=tmp_path / "not" / "yet") == [OK]
    file = tmp_path / "file"
    file.touch()
    assert levels(checks.data_folder, data_dir=file) == [ERROR]
    assert levels(checks.data_folder, data_dir=file / "below") == [ERROR]
    assert not (tmp_path / "not").exists(), "a check makes nothing"


def test_a_data_folder_without_room(tmp_path: Path) -> None:
    finding = only(checks.data_folder, data_dir=tmp_path, spool={"min_free": 1 << 60})
    assert finding.level == ERROR
    assert "452" in finding.what


def test_a_certificate_needs_its_key(tmp_path: Path) -> None:
    assert only(checks.certificate, smtp={"tls_cert": "cert.pem"}).level == ERROR
    assert only(checks.certificate, smtp={"tls_cert": "cert.pem", "tls_key": "key.pem"}).level == ERROR
    assert levels(checks.certificate) == []


def test_logins_in_the_clear_are_worth_a_look() -> None:
    users = {"p": {"password": "12345678", "addresses": ["p@example.com"]}}
    assert levels(checks.certificate, smtp={"users": users, "host": "0.0.0.0"}) == [WARNING]
    assert levels(checks.certificate, smtp={"users": users}) == []


def test_every_fault_of_a_configuration_is_a_finding() -> None:
    assert [f.what for f in checks.faults(ConfigError(["one", "two"]))] == ["one", "two"]


def test_a_check_that_breaks_does_not_hide_the_next() -> None:
    def broken(_config: Config) -> Iterator[checks.Finding]:
        raise ValueError("oops")
        yield

    def unavailable(_config: Config) -> Iterator[checks.Finding]:
        raise Unavailable("gone")
        yield

    def fine(_config: Config) -> Iterator[checks.Finding]:
        yield checks.Finding(OK, "fine", "it is")

    found = list(checks.everything(config(), {}, [broken, unavailable, fine]))
    assert [(f.level, f.about) for f in found][-3:] == [
        (ERROR, "broken"),
        (ERROR, "unavailable"),
        (OK, "fine"),
    ]
