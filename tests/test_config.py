"""The settings: where they come from, and what a wrong one says."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from mailgate.config import Config, find, load, resource, unknown_variables
from mailgate.errors import ConfigError
from mailgate.model import Severity


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in [name for name in os.environ if name.startswith("MAILGATE_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "mailgate.toml"
    path.write_text(text, "utf-8")
    return path


def test_the_shipped_file_loads_and_says_the_defaults() -> None:
    shipped = load(resource("config/mailgate.toml"))
    assert shipped.model_copy(update={"source": None}) == Config(_env_file=None)  # type: ignore[call-arg]


@pytest.mark.parametrize(
    ("variable", "value", "key", "expected"),
    [
        ("MAILGATE_DATA_DIR", "/tmp/elsewhere", "data_dir", Path("/tmp/elsewhere")),
        ("MAILGATE_SMTP__PORT", "2626", "smtp.port", 2626),
        ("MAILGATE_RELAY__URL", "smtp://127.0.0.1:2526", "relay.url", "smtp://127.0.0.1:2526"),
        ("MAILGATE_GATEWAY__ADDRESS", "Help@Example.ORG", "gateway.address", "help@example.org"),
        ("MAILGATE_TRUST__NETWORKS", "[]", "trust.networks", []),
        ("MAILGATE_TRUST__AUTHSERV_IDS", '["mx.example.com"]', "trust.authserv_ids", ["mx.example.com"]),
        (
            "MAILGATE_ESCALATION__WAIT",
            '{"outage": 1, "degraded": 2, "question": 3}',
            "escalation.wait",
            {Severity.OUTAGE: 1, Severity.DEGRADED: 2, Severity.QUESTION: 3},
        ),
    ],
)
def test_the_environment_goes_over_the_file(
    variable: str, value: str, key: str, expected: object, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = written(tmp_path, 'data_dir = "here"\n[smtp]\nport = 1\nhost = "127.0.0.2"\n')
    monkeypatch.setenv(variable, value)
    found: object = load(path)
    for part in key.split("."):
        found = getattr(found, part)
    assert found == expected
    assert load(path).smtp.host == "127.0.0.2", "one key from the environment leaves its section alone"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[smtp]\nport = 99999\n", ["smtp.port", "99999", "65535"]),
        ("[smtp]\nprot = 25\n", ["smtp.prot", "no such key"]),
        ('[gateway]\naddress = "nobody"\n', ["gateway.address", "nobody", "support@example.com"]),
        ('[gateway]\naddress = "a-very-long-name@example.com"\n', ["gateway.address", "13 characters"]),
        ('[gateway]\ndefault_category = "x"\n', ["gateway", "'x'", "general"]),
        ('[trust]\nnetworks = ["300.0.0.0/8"]\n', ["trust.networks.0", "300.0.0.0/8"]),
        ("[escalation]\nwait = { outage = 1 }\n", ["escalation", "degraded, question"]),
        ('[trust]\ndmarc_fail = "drop"\n', ["trust.dmarc_fail", "drop", "quarantine"]),
        ("[smtp\n", ["not valid TOML"]),
    ],
)
def test_a_wrong_value_is_named_with_what_is_allowed(text: str, says: list[str], tmp_path: Path) -> None:
    path = written(tmp_path, text)
    with pytest.raises(ConfigError) as caught:
        load(path)
    assert len(caught.value.faults) == 1
    for words in (str(path), *says):
        assert words in str(caught.value)


def test_all_faults_come_at_once(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        load(written(tmp_path, '[smtp]\nport = -1\n[worker]\nparsers = 0\n[gateway]\nlanguage = "xx"\n'))
    assert len(caught.value.faults) == 3


def test_a_wrong_variable_is_named_and_a_secret_is_not_shown(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("MAILGATE_SMTP__PORT", "many")
    path = written(tmp_path, '[smtp.users.printer]\npassword = "short"\naddresses = []\n')
    with pytest.raises(ConfigError) as caught:
        load(path)
    assert "MAILGATE_SMTP__PORT" in str(caught.value)
    assert "'short'" not in str(caught.value)


def test_a_variable_that_is_not_json_is_a_fault_not_a_traceback(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("MAILGATE_TRUST__NETWORKS", "[nonsense")
    with pytest.raises(ConfigError, match="JSON"):
        load(written(tmp_path, ""))


def test_the_order_of_search(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert find() == resource("config/mailgate.toml")
    (tmp_path / "config").mkdir()
    local = tmp_path / "config" / "mailgate.toml"
    local.write_text("")
    assert find() == Path("config/mailgate.toml")
    named = written(tmp_path, "")
    monkeypatch.setenv("MAILGATE_CONFIG", str(named))
    assert find() == named
    assert find(local) == local
    with pytest.raises(ConfigError, match="--config"):
        find("missing.toml")


def test_a_folder_that_may_not_be_looked_into_is_named(tmp_path: Path) -> None:
    """As a user who may not: an alias that runs as nobody, a shell in /root."""
    closed = tmp_path / "closed"
    closed.mkdir()
    (closed / "mailgate.toml").touch()
    closed.chmod(0)
    root = os.geteuid() == 0
    try:
        if root:
            os.seteuid(65534)
        with pytest.raises(ConfigError, match="may not look there"):
            find(closed / "mailgate.toml")
    finally:
        if root:
            os.seteuid(0)
        closed.chmod(0o700)


def test_the_people_file_lies_beside_the_config_unless_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = written(tmp_path, "")
    assert load(path).people_file == tmp_path / "people.toml"
    monkeypatch.setenv("MAILGATE_PEOPLE__FILE", "/etc/people.toml")
    assert load(path).people_file == Path("/etc/people.toml")


def test_misspelt_variables_are_found() -> None:
    environment = {
        "MAILGATE_SMPT__PORT": "1",
        "MAILGATE_SMTP__PROT": "1",
        "MAILGATE_SMTP__PORT": "1",
        "PATH": "",
    }
    assert unknown_variables(environment) == ["MAILGATE_SMPT__PORT", "MAILGATE_SMTP__PROT"]
