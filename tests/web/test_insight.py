"""Health and metrics: what they say of a real spool and database, who may ask, and that a scrape is cheap."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import insert
from web.house import Web

from mailgate import counters, meter
from mailgate.config import Config
from mailgate.config import Spool as SpoolSettings
from mailgate.model import Envelope
from mailgate.spool import Spool
from mailgate.store import backlog
from mailgate.store.engine import Store
from mailgate.store.schema import outbox
from mailgate.web import health as health_module
from mailgate.web.health import Health
from mailgate.web.metrics import Metrics

pytestmark = pytest.mark.slow
Start = Callable[..., Web]
KEY = "a-metrics-key-of-32-characters.."


def envelope(door: str = "http") -> Envelope:
    return Envelope("", datetime.now(UTC), door, "bob@b.example", ("support@example.com",))


def accept(spool: Spool, door: str = "http") -> Any:
    done = threading.Event()
    answers: list[Any] = []

    def answer(value: Any) -> None:
        answers.append(value)
        done.set()

    spool.submit(envelope(door), b"Subject: x\r\n\r\ny\r\n", answer)
    assert done.wait(10)
    return answers[0]


@pytest.fixture
def node(tmp_path: Path) -> Iterator[Config]:
    """A node where all is well: database, spool, something that greets on the socket, a worker that beats."""
    config = Config(data_dir=tmp_path)
    store = Store(config.database_url)
    store.upgrade()
    store.close()
    spool = Spool(tmp_path / "spool.db", SpoolSettings())
    door = socket.socket(socket.AF_UNIX)
    door.bind(str(config.lmtp_socket))
    door.listen()
    threading.Thread(target=_greet, args=(door,), daemon=True).start()
    with meter.keeping(tmp_path, "desk"):
        counters.beat("work")
        meter.flush(tmp_path / "metrics/desk.json")
        yield config
    door.close()
    spool.close()


def _greet(door: socket.socket) -> None:
    while True:
        try:
            wire, _ = door.accept()
        except OSError:
            return
        wire.sendall(b"220 x LMTP\r\n")
        wire.close()


def wrong(config: Config) -> dict[str, str]:
    """What is not ready, and why."""
    health = Health(config)
    try:
        return {look.what: look.why for look in health.looks() if look.why}
    finally:
        health.close()


def test_all_is_well(node: Config) -> None:
    assert wrong(node) == {}


def test_nothing_is_there(tmp_path: Path) -> None:
    found = wrong(Config(data_dir=tmp_path))
    assert set(found) == {"database", "spool", "listener", "worker"}
    assert "no database yet" in found["database"]
    assert "no spool yet" in found["spool"]
    assert "nobody answers" in found["listener"]
    assert not (tmp_path / "spool.db").exists()  # a look makes nothing


def test_a_database_of_another_revision(node: Config) -> None:
    store = Store(node.database_url)
    with store.writing() as conn:
        conn.exec_driver_sql("UPDATE alembic_version SET version_num = '0001'")
    store.close()
    assert "mailgate db upgrade" in wrong(node)["database"]


@pytest.mark.parametrize(
    ("limits", "why"),
    [({"max_messages": 1}, "max_messages"), ({"min_free": 1 << 60}, "min_free")],
    ids=["messages", "disk"],
)
def test_a_full_spool(node: Config, limits: dict[str, int], why: str) -> None:
    spool = Spool(node.data_dir / "spool.db", SpoolSettings())
    assert isinstance(accept(spool), str)
    spool.close()
    full = Config(data_dir=node.data_dir, spool=limits)
    assert why in wrong(full)["spool"]


def test_a_worker_that_hangs(node: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    path = node.data_dir / "metrics/desk.json"
    held = json.loads(path.read_text())
    held["beats"]["work"] = time.time() - 300
    path.with_name("old.json").write_text(json.dumps(held))
    path.write_text(json.dumps(held))
    assert "300 seconds ago" in wrong(node)["worker"]


def test_looks_are_shared_for_a_moment(node: Config) -> None:
    clock = [0.0]
    health = Health(node, lambda: clock[0])
    first = health.looks()
    (node.data_dir / "metrics/desk.json").unlink()
    assert health.looks() is first
    clock[0] = health_module.CACHED_SECONDS
    assert health.looks() != first
    health.close()


# ---------------------------------------------------------------- over HTTP


def test_a_node_that_is_not_ready(web: Start) -> None:
    door = web()
    assert (door.ask("GET", "/healthz").status, door.ask("GET", "/healthz").json) == (200, {"status": "ok"})
    answer = door.ask("GET", "/readyz")
    assert answer.status == 503
    assert set(answer.json["checks"]) == {"database", "spool", "listener", "worker"}


@pytest.mark.parametrize("name", ["X-Forwarded-For", "Forwarded", "Via", "X-Real-IP"])
def test_who_comes_through_a_proxy_is_not_of_this_machine(web: Start, name: str) -> None:
    door = web()
    assert door.ask("GET", "/metrics", headers={name: "127.0.0.1"}).status == 403
    answer = door.ask("GET", "/readyz", headers={name: "127.0.0.1"})
    assert (answer.status, answer.json) == (503, {"status": "not ready"})


@pytest.mark.parametrize(
    ("given", "status"),
    [("", 403), (f"Bearer {KEY}", 200), (f"Bearer {KEY}x", 403)],
    ids=["none", "right", "wrong"],
)
def test_with_a_key_it_counts_and_nothing_else(web: Start, given: str, status: int) -> None:
    door = web(metrics_key=KEY)
    assert door.ask("GET", "/metrics", headers={"Authorization": given}).status == status


def test_metrics_can_be_read_by_prometheus(web: Start, node: Config) -> None:
    counters.count("accepted", "http", by=3)
    counters.count("refused", "smtp", "550 5.1.1")
    counters.gauge("imap_token_expires", 1.7e9, "main")
    meter.flush(node.data_dir / "metrics/desk.json")
    door = web()
    answer = door.ask("GET", "/metrics")
    assert answer.status == 200
    assert answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    found = {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(answer.body.decode())
        for sample in family.samples
    }
    assert found["mailgate_accepted_total", "http"] == 3
    assert found["mailgate_refused_total", "smtp", "550 5.1.1"] == 1
    assert found["mailgate_imap_token_expires", "main"] == 1.7e9
    assert found["mailgate_up", "spool"] == found["mailgate_up", "database"] == 1
    assert found["mailgate_spool_waiting",] == 0
    assert found["mailgate_outbox_waiting",] == 0
    assert "mailgate_last_beat", "work" in found


def test_metrics_without_a_database_say_so(tmp_path: Path) -> None:
    health = Health(Config(data_dir=tmp_path))
    text = Metrics(Config(data_dir=tmp_path), health).text()
    assert b'mailgate_up{part="database"} 0.0' in text
    assert b'mailgate_up{part="spool"} 0.0' in text


def test_the_page_is_kept_for_a_moment(node: Config) -> None:
    clock = [0.0]
    metrics = Metrics(node, Health(node), lambda: clock[0])
    before = metrics.text()
    counters.count("mail_failures")
    meter.flush(node.data_dir / "metrics/desk.json")
    assert metrics.text() == before
    clock[0] = 10.0
    assert b"mailgate_mail_failures_total 1.0" in metrics.text()


def test_the_spool_in_numbers(node: Config) -> None:
    spool = Spool(node.data_dir / "spool.db", SpoolSettings())
    for _ in range(3):
        accept(spool)
    health = Health(node)
    text = Metrics(node, health).text().decode()
    assert "mailgate_spool_waiting 3.0" in text
    assert "mailgate_spool_accepted_total 3.0" in text
    oldest = float(text.partition("\nmailgate_spool_oldest_seconds ")[2].split("\n")[0])
    assert 0 <= oldest < 60
    assert counters.numbers().counts["accepted", ("http",)] == 3
    health.close()
    spool.close()


def test_what_a_full_spool_refuses_is_counted(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool.db", SpoolSettings(max_messages=1))
    accept(spool, "imap")
    accept(spool, "imap")
    spool.close()
    assert counters.numbers().counts["refused", ("imap", "full")] == 1


def test_the_outbox_is_counted_by_its_index_and_no_further(tmp_path: Path) -> None:
    store = Store(f"sqlite:///{tmp_path / 'x.db'}")
    store.upgrade()
    now = datetime(2026, 1, 1, tzinfo=UTC)
    states = ["sent"] * 50 + ["waiting"] * 7 + ["sending", "held", "failed"]
    with store.writing() as conn:
        for number, state in enumerate(states):
            conn.execute(insert(outbox).values(**_row(number, state, now + timedelta(minutes=number))))
    with store.reading() as conn:
        found = backlog.owed(conn, 10_000)
        assert (found.waiting, found.oldest, found.due) == (
            8,
            now + timedelta(minutes=50),
            now + timedelta(minutes=50),
        )
        assert backlog.owed(conn, 3).waiting == 3
        plan = conn.exec_driver_sql(
            "EXPLAIN QUERY PLAN SELECT created, due FROM outbox WHERE state IN ('waiting', 'sending') LIMIT 5"
        ).all()
        assert "USING INDEX" in str(plan)
        assert "SCAN" not in str(plan)
        assert "B-TREE" not in str(plan)
    store.close()


def _row(number: int, state: str, at: datetime) -> dict[str, Any]:
    return {
        "id": number, "address": "a@b.example", "audience": "assignee", "template": "update", "context": {}, "inside": False,
        "private": False, "joinable": False, "tags": [], "message_id": f"<{number}@x>", "references": [], "created": at,
        "state": state, "due": at, "attempts": 0,
    }  # fmt: skip


# ---------------------------------------------------------------- the files between the processes


def test_counters_go_on_after_a_restart(tmp_path: Path) -> None:
    for expected in (1, 2, 3):
        counters.clear()
        with meter.keeping(tmp_path, "desk"):
            counters.count("outcomes", "ticket")
        assert meter.together(tmp_path).counts["outcomes", ("ticket",)] == expected


def test_processes_are_added_up(tmp_path: Path) -> None:
    for process in ("listen", "web"):
        counters.clear()
        with meter.keeping(tmp_path, process):
            counters.count("refused", "http", "full", by=2)
            counters.beat(process)
    found = meter.together(tmp_path)
    assert found.counts["refused", ("http", "full")] == 4
    assert set(found.beats) == {"listen", "web"}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "null",
        '{"at": 1}',
        '{"at":"x","counts":[[1]],"gauges":[],"beats":{}}',
        "\0" * 100,
        "x" * 2_000_000,
    ],
    ids=["empty", "torn", "list", "null", "parts", "shapes", "nul", "huge"],
)
def test_a_torn_file_costs_its_own_numbers(tmp_path: Path, text: str) -> None:
    with meter.keeping(tmp_path, "listen"):
        counters.count("mail_failures")
    (tmp_path / "metrics/desk.json").write_text(text)
    assert meter.together(tmp_path).counts["mail_failures", ()] == 1
    with meter.keeping(tmp_path, "desk"):
        pass


def test_gauges_of_a_process_that_is_gone_are_not_shown(tmp_path: Path) -> None:
    with meter.keeping(tmp_path, "imap"):
        counters.gauge("imap_connected", 1, "main")
    path = tmp_path / "metrics/imap.json"
    assert meter.together(tmp_path).gauges
    path.write_text(json.dumps(json.loads(path.read_text()) | {"at": time.time() - 100}))
    assert not meter.together(tmp_path).gauges


def test_a_folder_that_cannot_be_written_stops_nobody(tmp_path: Path) -> None:
    (tmp_path / "metrics").write_text("not a folder")
    with meter.keeping(tmp_path, "desk"):
        counters.count("mail_failures")
    assert meter.together(tmp_path).counts == {}


@pytest.mark.parametrize(
    ("name", "labels"),
    [("accepted", ()), ("accepted", ("a", "b")), ("imap_connected", ("a",))],
    ids=["few", "many", "kind"],
)
def test_a_counter_that_is_not_declared_is_a_bug(name: str, labels: tuple[str, ...]) -> None:
    with pytest.raises(ValueError):
        counters.count(name, *labels)
    with pytest.raises(KeyError):
        counters.count("nothing")


def test_many_threads_count_right() -> None:
    def work() -> None:
        for _ in range(2000):
            counters.count("accepted", "smtp")

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert counters.numbers().counts["accepted", ("smtp",)] == 16_000
