"""`/metrics` for Prometheus: what the processes counted (meter), and what spool and outbox hold right now.

Laws: a scrape costs the same with a million messages as with none: counters are kept where things happen, and tables are
asked by index for `MOST` rows at most; a part that cannot be read is left out and `mailgate_up` says so.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from threading import Lock

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from mailgate import meter
from mailgate.config import Config
from mailgate.counters import FAMILIES, Numbers
from mailgate.errors import MailgateError
from mailgate.store import backlog
from mailgate.web.health import Health

CACHED_SECONDS = 5.0
MOST = 10_000
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

Metric = CounterMetricFamily | GaugeMetricFamily


class Metrics(Collector):
    """One for the web process. Safe in several threads."""

    def __init__(self, config: Config, health: Health, now: Callable[[], float] = time.monotonic) -> None:
        self._config, self._health, self._now = config, health, now
        self._registry = CollectorRegistry(auto_describe=False)
        self._registry.register(self)
        self._lock = Lock()
        self._text, self._until = b"", -1.0

    def describe(self) -> list[Metric]:
        """Nothing is asked before the first scrape."""
        return []

    def text(self) -> bytes:
        """The whole page, at most `CACHED_SECONDS` old."""
        with self._lock:
            if self._now() >= self._until:
                self._text = generate_latest(self._registry)
                self._until = self._now() + CACHED_SECONDS
            return self._text

    def collect(self) -> Iterator[Metric]:
        yield from _counted(meter.together(self._config.data_dir))
        up = GaugeMetricFamily("mailgate_up", "1 where this part could be read", labels=["part"])
        for part, read in (("spool", self._spool), ("database", self._outbox)):
            try:
                found = read()
            except MailgateError:
                found = []
            up.add_metric([part], float(bool(found)))
            yield from found
        yield up

    def _spool(self) -> list[Metric]:
        spool = self._health.spool()
        if spool is None:
            return []
        now, found = datetime.now(UTC), spool.glance()
        return [
            _one("spool_waiting", "Mails accepted and not yet worked on", found.waiting),
            _one("spool_bytes", "Their bytes", found.bytes),
            _one("spool_oldest_seconds", "Age of the oldest of them", _age(found.oldest, now)),
            CounterMetricFamily(
                "mailgate_spool_accepted", "Mails accepted since the spool was made", found.accepted
            ),
        ]

    def _outbox(self) -> list[Metric]:
        now = datetime.now(UTC)
        with self._health.store().reading() as conn:
            owed = backlog.owed(conn, MOST)
        return [
            _one("outbox_waiting", f"Mails that we owe, counted up to {MOST}", owed.waiting),
            _one(
                "outbox_oldest_seconds",
                "Age of the oldest of them (of those counted)",
                _age(owed.oldest, now),
            ),
            _one("outbox_late_seconds", "How long the next of them is overdue", _age(owed.due, now)),
        ]


def _counted(numbers: Numbers) -> Iterator[Metric]:
    """The families that the processes keep, each with what there is of it."""
    for name, family in FAMILIES.items():
        values = numbers.counts if family.kind == "counter" else numbers.gauges
        kind = CounterMetricFamily if family.kind == "counter" else GaugeMetricFamily
        metric = kind(f"mailgate_{name}", family.help, labels=family.labels)
        for (found, labels), value in sorted(values.items()):
            if found == name:
                metric.add_metric(labels, value)
        yield metric
    beats = GaugeMetricFamily(
        "mailgate_last_beat", "When a role was last alive, in Unix time", labels=["role"]
    )
    for role, when in sorted(numbers.beats.items()):
        beats.add_metric([role], when)
    yield beats


def _one(name: str, help: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"mailgate_{name}", help, value)


def _age(since: datetime | None, now: datetime) -> float:
    return max(0.0, (now - since).total_seconds()) if since else 0.0
