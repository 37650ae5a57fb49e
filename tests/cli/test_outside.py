"""`mailgate check`, the part that looks outside: relay, ports, people."""

from __future__ import annotations

import base64
import os
import socket
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import ports
import pytest
from sqlalchemy import insert
from work.peer import CUT, Peer, certify, with_tls

from mailgate import checks
from mailgate.checks import ERROR, OK, WARNING
from mailgate.cli import handing, outside, web_door
from mailgate.cli.ports import shared
from mailgate.cli.running import listening
from mailgate.config import Config
from mailgate.errors import ConfigError
from mailgate.locks import Lock
from mailgate.store import schema
from mailgate.store.engine import Store

SEED = base64.b64encode(bytes(32))


def config(**sections: Any) -> Config:
    return Config(**sections)


def levels(look: checks.Look, **sections: Any) -> list[str]:
    return [finding.level for finding in look(config(**sections))]


def only(look: checks.Look, **sections: Any) -> checks.Finding:
    found = [finding for finding in look(config(**sections)) if finding.level != OK]
    assert len(found) == 1
    return found[0]


OFFERS = "250-mx.example\r\n250 STARTTLS"
LOGIN = "smtp://bob:secret@127.0.0.1:{port}"


@pytest.mark.parametrize(
    ("script", "settings", "level", "said"),
    [
        pytest.param({}, {}, OK, "takes mail: peer", id="answers"),
        pytest.param({"GREETING": "554 go away"}, {}, ERROR, "554 go away", id="refuses"),
        pytest.param({"GREETING": CUT}, {}, ERROR, "does not take mail", id="hangs up"),
        pytest.param({}, {"starttls": "must"}, ERROR, "offers no STARTTLS", id="no STARTTLS where it must be"),
        pytest.param({"EHLO": OFFERS}, {"starttls": "must"}, ERROR, "certificate", id="a certificate of nobody"),
        pytest.param({"EHLO": [OFFERS, "250 mx.example"]}, {"ca": True, "starttls": "must"}, OK, "TLSv1", id="our own authority"),
        pytest.param({}, {"url": "smtps://127.0.0.1:{port}"}, ERROR, "TLS", id="TLS first where it is not"),
        pytest.param({"EHLO": "250-mx.example\r\n250 AUTH PLAIN"}, {"url": LOGIN}, OK, "logged in", id="a login"),
        pytest.param({"EHLO": "250-mx.example\r\n250 AUTH PLAIN", "AUTH": "535 5.7.8 wrong"}, {"url": LOGIN}, ERROR, "535 5.7.8 wrong",
                     id="a wrong password"),
        pytest.param({"EHLO": "250-mx.example\r\n250 AUTH XOAUTH2"}, {"url": LOGIN, "token_file": "/no/such"}, ERROR, "relay.token_file",
                     id="no token"),
    ],
)  # fmt: skip
def test_the_relay(
    tmp_path: Path, script: dict[str, Any], settings: dict[str, Any], level: str, said: str
) -> None:
    certificate = certify(tmp_path)
    peer = Peer(**script)
    with_tls(peer, certificate)
    url = settings.pop("url", "smtp://127.0.0.1:{port}").format(port=peer.port)
    if settings.pop("ca", False):
        settings["ca_file"] = str(certificate[0])
    found = list(outside.relay(config(relay={"url": url, **settings})))
    peer.close()
    assert [f.level for f in found] == [level], found
    assert said in found[0].what
    assert bool(found[0].mend) == (level == ERROR)
    assert "secret" not in found[0].what
    assert not any(line.startswith("MAIL") for line in peer.commands)


def test_a_relay_whose_name_nobody_knows() -> None:
    assert (
        "no host no-such-host.invalid"
        in only(outside.relay, relay={"url": "smtp://no-such-host.invalid"}).what
    )


def test_mail_that_waits_is_told_with_its_cause(tmp_path: Path) -> None:
    sections: dict[str, Any] = {"data_dir": tmp_path}
    assert levels(outside.delayed, **sections) == []
    store = Store(config(**sections).database_url)
    store.upgrade()
    row = {
        "address": "bob@b.example", "audience": "sender", "template": "update", "context": {}, "tags": [], "references": [],
        "created": datetime(2026, 3, 2, 9, 30, tzinfo=UTC), "due": datetime(2026, 3, 2, tzinfo=UTC), "state": "waiting",
    }  # fmt: skip
    with store.writing() as conn:
        for n in range(3):
            tried = (
                {"attempts": 2, "last_error": "refused" if n else "450 greylisted"}
                if n < 2
                else {"attempts": 0, "last_error": ""}
            )
            conn.execute(insert(schema.outbox), {**row, "id": n, "message_id": f"<{n}@x>", **tried})
    store.close()
    found = only(outside.delayed, **sections)
    assert found.level == WARNING
    assert "waiting for another attempt: 2," in found.what
    assert "since 2026-03-02 09:30 UTC: 1 × 450 greylisted; 1 × refused" in found.what


def test_a_relay_that_is_not_there(free_port: int) -> None:
    assert only(outside.relay, relay={"url": f"smtp://127.0.0.1:{free_port}"}).level == ERROR


def test_a_relay_that_is_ourselves() -> None:
    assert "circle" in only(outside.relay, relay={"url": "smtp://127.0.0.1:2525"}).what


@pytest.mark.parametrize("url", ["http://example.com", "smtp://", "smtp://host:99999", "example.com:25"])
def test_a_relay_url_that_is_none(url: str) -> None:
    assert only(outside.relay, relay={"url": url}).level == ERROR


@pytest.fixture
def free_port() -> int:
    return ports.free_port()


def test_a_port_that_another_program_holds(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        finding = only(outside.ports, data_dir=tmp_path, smtp={"port": other.getsockname()[1]})
    assert finding.level == ERROR
    assert "another program" in finding.what


def test_a_tls_port_that_another_program_holds(tmp_path: Path, free_port: int) -> None:
    (tmp_path / "tls").mkdir()
    with socket.create_server(("127.0.0.1", 0)) as other:
        tls = {"tls_port": other.getsockname()[1], "tls_cert": "a", "tls_key": "b"}
        finding = only(outside.ports, data_dir=tmp_path, smtp={"port": free_port, **tls})
    assert finding.level == ERROR
    assert finding.mend == "stop that program, or set smtp.tls_port"


@pytest.mark.parametrize("host", ["", ["127.0.0.1", "127.0.0.2"]], ids=str)
def test_each_host_is_looked_at(tmp_path: Path, free_port: int, host: Any) -> None:
    assert set(levels(outside.ports, data_dir=tmp_path, smtp={"port": free_port, "host": host})) == {OK}
    with socket.create_server(("127.0.0.1", free_port)):
        assert ERROR in levels(outside.ports, data_dir=tmp_path, smtp={"port": free_port, "host": host})


def test_a_free_port(tmp_path: Path, free_port: int) -> None:
    assert levels(outside.ports, data_dir=tmp_path, smtp={"port": free_port}) == [OK]


@pytest.mark.parametrize(
    ("sections", "said"),
    [
        ({"smtp": {"port": 2525}, "web": {"port": 2525}}, "smtp.port and web.port are both 2525"),
        ({"lmtp": {"enabled": True, "port": 8025}}, "lmtp.port and web.port are both 8025"),
        (
            {"smtp": {"port": 2424, "host": ""}, "lmtp": {"enabled": True}},
            "smtp.port and lmtp.port are both 2424",
        ),
        (
            {"smtp": {"tls_port": 8025, "tls_cert": "a", "tls_key": "b"}},
            "smtp.tls_port and web.port are both 8025",
        ),
        ({"lmtp": {"enabled": False, "port": 8025}}, ""),
        ({"web": {"enabled": False, "port": 2525}}, ""),
        ({"web": {"port": 2525, "host": "127.0.0.2"}}, ""),
        ({"smtp": {"port": 0}, "web": {"port": 0}}, ""),
    ],
)
def test_two_doors_of_ours_on_one_port(sections: dict[str, Any], said: str) -> None:
    found = list(shared(config(**sections)))
    assert [(each.level, said in each.what, bool(each.mend)) for each in found] == [
        (ERROR, True, True)
    ] * bool(said)


@pytest.mark.parametrize("door", ["smtp", "lmtp", "web"])
def test_a_host_that_nobody_knows_is_named_by_its_key(tmp_path: Path, door: str) -> None:
    settings = {"host": "no-such-host.invalid", "enabled": True}
    if door == "smtp":
        del settings["enabled"]
    look = {"smtp": outside.ports, "lmtp": handing.lmtp, "web": web_door.web}[door]
    found = [each for each in look(config(data_dir=tmp_path, **{door: settings})) if each.level == ERROR]
    assert [each.mend for each in found] == [f"set {door}.host to an address of this machine"]


def test_an_address_that_is_not_of_this_machine(tmp_path: Path) -> None:
    assert only(outside.ports, data_dir=tmp_path, smtp={"host": "192.0.2.1"}).level == ERROR


# ---- people


def people_file(tmp_path: Path, text: str) -> dict[str, Any]:
    path = tmp_path / "people.toml"
    path.write_text(text, "utf-8")
    return {"file": str(path)}


TEAM = '[[teams]]\nname = "support"\naddress = "team@example.com"\ncategories = ["general"]\n'


@pytest.mark.parametrize(
    ("text", "level", "said"),
    [
        pytest.param("", WARNING, "no team", id="no team"),
        pytest.param(TEAM.replace("team@", "support@"), ERROR, "come back", id="a team with our own address"),
        pytest.param(
            TEAM + '[[accounts]]\nname = "Acme"\neu_support = "AMS01"\n',
            WARNING,
            "EU",
            id="EU support without EU team",
        ),
        pytest.param(
            TEAM + '[[agents]]\naddress = "support@example.com"\nteams = ["support"]\n',
            ERROR,
            "own address",
            id="an agent with our own address",
        ),
        pytest.param(TEAM + "[[gadgets]]\n", ERROR, "gadgets", id="an unknown table"),
        pytest.param("[[teams]\n", ERROR, "TOML", id="not TOML"),
    ],
)
def test_people(text: str, level: str, said: str, tmp_path: Path) -> None:
    finding = only(outside.people, people=people_file(tmp_path, text))
    assert finding.level == level
    assert said in finding.what
    assert finding.mend


def test_a_category_that_no_team_serves(tmp_path: Path) -> None:
    finding = only(
        outside.people, people=people_file(tmp_path, TEAM), gateway={"categories": ["general", "billing"]}
    )
    assert (finding.level, "billing" in finding.what) == (WARNING, True)


def test_a_people_file_that_is_not_there(tmp_path: Path) -> None:
    assert only(outside.people, people={"file": str(tmp_path / "none.toml")}).level == ERROR


def test_the_shipped_people_are_fine() -> None:
    assert {finding.level for finding in outside.people(config())} == {OK}


# ---- our own gateway


def test_our_own_listener_on_the_port(tmp_path: Path) -> None:
    lock = Lock(tmp_path / "locks", "listen")
    with socket.create_server(("127.0.0.1", 0)) as ours:
        found = list(outside.ports(config(data_dir=tmp_path, smtp={"port": ours.getsockname()[1]})))
    assert [(f.level, "is running" in f.what) for f in found] == [(OK, True)]
    lock.release()
    assert not listening(config(data_dir=tmp_path))


def test_looking_does_not_take_the_lock(tmp_path: Path) -> None:
    assert not listening(config(data_dir=tmp_path))
    lock = Lock(tmp_path / "locks", "listen")
    assert listening(config(data_dir=tmp_path))
    lock.release()
    Lock(tmp_path / "locks", "listen").release()


@pytest.mark.parametrize("left", ["", "x\n", "999999999\n"])
def test_a_lock_that_nobody_holds(left: str, tmp_path: Path) -> None:
    (tmp_path / "locks").mkdir()
    (tmp_path / "locks" / "listen.lock").write_text(left)
    assert not listening(config(data_dir=tmp_path))
    assert os.listdir(tmp_path) == ["locks"]


@pytest.mark.parametrize(
    ("sections", "level", "said"),
    [
        ({"trust": {"own_checks": False}}, OK, "off"),
        ({"dns": {"nameservers": ["127.0.0.1"]}}, OK, "127.0.0.1"),
        ({"dns": {"zone_file": "none.toml"}}, ERROR, "cannot be read"),
    ],
)
def test_own_checks_of_senders(
    sections: dict[str, Any], level: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MAILGATE_DNS__ZONE_FILE")
    (finding,) = outside.own_checks(config(**sections))
    assert finding.level == level
    assert said in finding.what


def test_a_host_without_name_servers_is_worth_a_look(monkeypatch: pytest.MonkeyPatch) -> None:
    def none(_: Config) -> None:
        raise ConfigError(["dns.nameservers: the host names no server"])

    monkeypatch.delenv("MAILGATE_DNS__ZONE_FILE")
    monkeypatch.setattr("mailgate.authenticate.make", none)
    assert only(outside.own_checks).level == WARNING


@pytest.mark.parametrize(
    ("domain", "key", "level", "said"),
    [
        ("example.com", SEED, OK, "s1._domainkey.example.com"),
        ("mail.example.com", SEED, OK, "s1._domainkey.mail.example.com"),
        ("other.example", SEED, WARNING, "signed by other.example"),
        ("example.com", b"no key", ERROR, "private key"),
        ("example.com", None, ERROR, "cannot be read"),
        ("", None, OK, "unsigned"),
    ],
)
def test_signing(tmp_path: Path, domain: str, key: bytes | None, level: str, said: str) -> None:
    path = tmp_path / "dkim.key"
    if key is not None:
        path.write_bytes(key)
        path.chmod(0o600)
    section = {"domain": domain, "selector": "s1", "key_file": str(path)} if domain else {}
    (finding,) = outside.signing(config(dkim=section))
    assert finding.level == level
    assert said in finding.what
