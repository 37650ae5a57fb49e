"""The DNS out of a file."""

from __future__ import annotations

from pathlib import Path

import pytest

from mailgate.authenticate.resolver import Kind, Outcome
from mailgate.authenticate.zone import ZoneResolver, load_zone
from mailgate.errors import ConfigError

FILE = """
"Acme.Example." = [{ MX = [20, "b.acme.example."] }, { MX = [10, "A.acme.example"] }, { TXT = "v=spf1 mx -all" }, { TXT = "other" }]
"a.acme.example" = [{ A = "192.0.2.1" }, { A = "192.0.2.2" }, { AAAA = "2001:db8::1" }]
"long.acme.example" = [{ TXT = ["one ", "text, ä"] }]
"alias.example" = [{ CNAME = "a.acme.example" }]
"dangling.example" = [{ CNAME = "nowhere.example" }]
"loop.example" = [{ CNAME = "pool.example" }]
"pool.example" = [{ CNAME = "loop.example" }]
"slow.example" = ["TIMEOUT"]
"half.example" = [{ TXT = "here" }, "TIMEOUT"]
"spf.example" = [{ SPF = "v=spf1 -all" }]
"both.example" = [{ SPF = "v=spf1 -all" }, { TXT = "v=spf1 +all" }]
"only.example" = [{ SPF = "v=spf1 -all" }, { TXT = "NONE" }]
"1.2.0.192.in-addr.arpa" = [{ PTR = "a.acme.example." }]
"""


@pytest.fixture(scope="module")
def zone(tmp_path_factory: pytest.TempPathFactory) -> ZoneResolver:
    path = tmp_path_factory.mktemp("zone") / "zone.toml"
    path.write_text(FILE, "utf-8")
    return load_zone(path)


@pytest.mark.parametrize(
    ("name", "kind", "records"),
    [
        ("acme.example", "MX", ("a.acme.example", "b.acme.example")),
        ("acme.example", "TXT", ("v=spf1 mx -all", "other")),
        ("a.acme.example", "A", ("192.0.2.1", "192.0.2.2")),
        ("a.acme.example", "AAAA", ("2001:db8::1",)),
        ("long.acme.example", "TXT", ("one text, Ã¤",)),
        ("alias.example", "A", ("192.0.2.1", "192.0.2.2")),
        ("half.example", "TXT", ("here",)),
        ("spf.example", "TXT", ("v=spf1 -all",)),
        ("both.example", "TXT", ("v=spf1 +all",)),
        ("1.2.0.192.in-addr.arpa", "PTR", ("a.acme.example",)),
    ],
)
def test_records(zone: ZoneResolver, name: str, kind: Kind, records: tuple[str, ...]) -> None:
    answer = zone.lookup(name, kind, 1)
    assert (answer.outcome, answer.records) == (Outcome.FOUND, records)
    assert answer.ttl > 0


@pytest.mark.parametrize(
    ("name", "kind", "outcome"),
    [
        ("nowhere.example", "A", Outcome.NXDOMAIN),
        ("x.acme.example", "A", Outcome.NXDOMAIN),
        ("dangling.example", "A", Outcome.NXDOMAIN),
        ("acme.example", "A", Outcome.NODATA),
        ("example", "A", Outcome.NODATA),  # something is below it
        ("arpa", "PTR", Outcome.NODATA),
        ("loop.example", "A", Outcome.NODATA),
        ("only.example", "TXT", Outcome.NODATA),
        ("slow.example", "A", Outcome.TEMPORARY),
        ("half.example", "A", Outcome.TEMPORARY),
    ],
)
def test_no_records(zone: ZoneResolver, name: str, kind: Kind, outcome: Outcome) -> None:
    answer = zone.lookup(name, kind, 1)
    assert (answer.outcome, answer.records) == (outcome, ())


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('"a.example" = [{ HINFO = "x" }]', "HINFO"),
        ('"a.example" = ["SERVFAIL"]', "SERVFAIL"),
        ('"a.example" = "TIMEOUT"', "list"),
        ('"a.example" = [{ A = 1 }]', "no text"),
        ('"a.example" = [{ MX = ["x", "mail.example"] }]', "a.example|invalid literal"),
        ('"a.example" = [{ TXT = [1] }]', "zone file"),
        ('"a.example" = 7', "zone file"),
        ("[a", "zone file"),
    ],
)
def test_a_file_of_another_form_is_a_fault(text: str, says: str, tmp_path: Path) -> None:
    path = tmp_path / "zone.toml"
    path.write_text(text, "utf-8")
    with pytest.raises(ConfigError, match=says) as caught:
        load_zone(path)
    assert str(path) in str(caught.value)


def test_a_missing_file_is_a_fault(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        load_zone(tmp_path / "missing.toml")
