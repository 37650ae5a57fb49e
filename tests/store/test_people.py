"""The people file, and the store made to say what it says."""

from __future__ import annotations

import copy
import threading
from pathlib import Path
from typing import Any

import pytest

from mailgate import config, people_file
from mailgate.errors import ConfigError
from mailgate.store import people, roster

EXAMPLE = config.resource("config/people.toml")
BASE: dict[str, Any] = {
    "teams": [{"name": "support", "address": "team@example.com", "categories": ["general"]}],
    "agents": [{"address": "ana@example.com", "name": "Ana", "teams": ["support"]}],
    "accounts": [{"name": "Acme", "domains": ["acme.example"]}],
}


def load(tmp_path: Path, text: str, **more: Any) -> people_file.PeopleFile:
    file = tmp_path / "people.toml"
    file.write_text(text, "utf-8")
    return people_file.load(file, **more)


def test_the_example_is_right() -> None:
    settings = config.Config()
    found = people_file.load(EXAMPLE, settings.people.free_mail, settings.gateway.categories)
    assert [t.region for t in found.teams] == ["", "eu"]
    assert any(agent.supervisor for agent in found.agents)
    assert "fr" in {account.language for account in found.accounts}


def test_values_come_out_in_normal_form(tmp_path: Path) -> None:
    found = load(
        tmp_path,
        """
        [[teams]]
        name = " support "
        address = "Team@Example.COM"
        [[accounts]]
        name = "Bücher"
        domains = ["BÜCHER.example", "bücher.example"]
        """,
    )
    assert found.teams == (people_file.TeamEntry("support", "team@example.com", ()),)
    assert found.accounts[0].domains == ("xn--bcher-kva.example",)


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        (("tems",), [], "tems: no such key"),
        (("teams", 0, "adress"), "x", r"teams\[1\].adress: no such key"),
        (("teams", 0, "name"), "", r"teams\[1\].name.*empty"),
        (("teams", 0, "name"), "a\nb", "one line"),
        (("teams", 0, "address"), "nobody", "an address like"),
        (("teams", 0, "address"), "a b@example.com", "an address like"),
        (("teams", 0, "address"), "a@exa mple.com", "a domain like"),
        (("teams", 0, "address"), "a@" + "x" * 260, "an address like"),
        (("teams", 0, "region"), "us", "'', 'eu' is allowed"),
        (("teams", 0, "language"), "pl", "is allowed"),
        (("teams", 0, "categories"), "general", "a list of texts"),
        (("teams", 0, "categories"), ["billing"], "gateway.categories has only general"),
        (("teams",), "support", r"write it as \[\[teams\]\]"),
        (("agents", 0, "teams"), ["sales"], "no such team; .*support"),
        (("agents", 0, "teams"), [], "at least one"),
        (("agents", 0, "supervisor"), "yes", "true or false"),
        (("agents", 0, "name"), 7, "a text of one line"),
        (("accounts", 0, "domains"), ["gmail.com"], "people.free_mail"),
        (("accounts", 0, "domains"), ["-"], "a domain like"),
        (("accounts", 0, "domains"), ["a..b"], "a domain like"),
        (("accounts", 0, "addresses"), [1], "a list of texts"),
    ],
    ids=str,
)
def test_a_fault_names_place_found_and_allowed(path: tuple[Any, ...], value: Any, words: str) -> None:
    values: Any = copy.deepcopy(BASE)
    inner = values
    for step in path[:-1]:
        inner = inner[step]
    inner[path[-1]] = value
    with pytest.raises(ConfigError, match=words) as caught:
        people_file.check(values, "p.toml", ["gmail.com"], ["general"])
    assert all(fault.startswith("p.toml: ") for fault in caught.value.faults)


@pytest.mark.parametrize(
    ("table", "extra"),
    [
        ("teams", {"name": "support", "address": "other@example.com"}),
        ("agents", {"address": "ANA@example.com", "teams": ["support"]}),
        ("accounts", {"name": "Acme"}),
        ("accounts", {"name": "Other", "domains": ["ACME.example"]}),
    ],
)
def test_twice_is_a_fault(table: str, extra: dict[str, Any]) -> None:
    values = copy.deepcopy(BASE)
    values[table].append(extra)
    with pytest.raises(ConfigError, match="twice"):
        people_file.check(values, "p.toml")


def test_all_faults_at_once(tmp_path: Path) -> None:
    text = '[[teams]]\nname = ""\naddress = "x"\ncolour = 1\n[[agents]]\naddress = "y"\nteams = ["z"]\n'
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, text)
    assert len(caught.value.faults) == 5


@pytest.mark.parametrize("text", ["[[teams", "x = \x00"])
def test_what_is_no_toml(tmp_path: Path, text: str) -> None:
    with pytest.raises(ConfigError, match="not valid TOML"):
        load(tmp_path, text)


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"cannot be read.*people\.file"):
        people_file.load(tmp_path / "none.toml")


# -- sync


def sync(store: Any, values: dict[str, Any], **more: Any) -> people.SyncReport:
    with store.writing() as conn:
        return people.sync(conn, people_file.check(values, "p.toml"), **more)


def shown(store: Any) -> dict[str, Any]:
    with store.reading() as conn:
        return {p["address"]: p for p in roster.people(conn)}


def test_loading_twice_changes_nothing(store: Any) -> None:
    first = sync(store, BASE)
    assert (first.teams_added, first.agents_added, first.accounts_added) == (
        ("support",),
        ("ana@example.com",),
        ("Acme",),
    )
    before = shown(store)
    assert sync(store, BASE) == people.SyncReport()
    assert shown(store) == before
    assert before["ana@example.com"]["teams"] == ["support"]


def test_who_is_gone_is_an_ordinary_person(store: Any) -> None:
    sync(store, BASE)
    report = sync(store, BASE | {"agents": []})
    assert report.agents_removed == ("ana@example.com",)
    ana = shown(store)["ana@example.com"]
    assert (ana["agent"], ana["supervisor"], ana["teams"]) == (False, False, [])
    assert sync(store, BASE).agents_added == ("ana@example.com",)


def test_a_team_that_is_gone_keeps_its_tickets(desk: Any) -> None:
    number = desk.land(desk.opening()).ticket
    report = sync(desk.store, BASE | {"teams": [{"name": "new", "address": "new@example.com"}], "agents": []})
    assert (report.teams_added, report.teams_removed) == (("new",), ("support", "support-eu"))
    assert desk.ticket(number).team == "support"
    assert [team.name for team in desk.ask().teams] == ["new"]


def test_people_move_with_their_domain(desk: Any) -> None:
    desk.land(desk.opening("joe@acme.example"))
    moved = BASE | {"accounts": [{"name": "Acme"}, {"name": "Other", "domains": ["acme.example"]}]}
    assert sync(desk.store, moved).moved == ("joe@acme.example",)
    assert desk.ask(sender="joe@acme.example").people["joe@acme.example"].account == "Other"
    gone = BASE | {"accounts": []}
    assert sync(desk.store, gone).accounts_removed == ("Acme", "Other")
    assert desk.ask(sender="joe@acme.example").people["joe@acme.example"].account == ""


def test_a_customer_becomes_an_agent(desk: Any) -> None:
    desk.land(desk.opening("joe@acme.example"))
    sync(
        desk.store,
        BASE | {"agents": [{"address": "joe@acme.example", "teams": ["support"], "supervisor": True}]},
    )
    joe = desk.ask(sender="joe@acme.example").people["joe@acme.example"]
    assert (joe.agent, joe.supervisor, joe.name, joe.teams) == (True, True, "Joe", ("support",))


def test_the_order_of_teams_is_the_files(store: Any) -> None:
    teams = [{"name": n, "address": f"{n}@example.com"} for n in ("b", "a", "c")]
    sync(store, {"teams": teams})
    sync(store, {"teams": teams[::-1]})
    with store.reading() as conn:
        from mailgate.store.directory import directory

        assert [team.name for team in directory(conn).teams] == ["c", "a", "b"]


def test_workers_make_the_same_people_at_once(desk: Any) -> None:
    faults: list[Exception] = []
    start = threading.Barrier(4)

    def work() -> None:
        try:
            start.wait(10)
            for n in range(10):
                desk.land(desk.opening(f"new{n}@acme.example"))
        except Exception as e:
            faults.append(e)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    assert sum(a.startswith("new") for a in shown(desk.store)) == 10
    assert desk.rows("SELECT count(*) AS n FROM tickets")[0].n == 40
