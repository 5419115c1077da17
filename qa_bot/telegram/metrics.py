"""What is counted: for Prometheus to read and for /status to show. The only importer of prometheus_client."""

from __future__ import annotations

import math
import resource
import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics, generate_latest
from prometheus_client.samples import Sample

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
STATUSES: Final = ("answered", "not_found", "error")
_WINDOW: Final = 1000  # answers whose times are kept exactly
_KINDS: Final = 40  # different values of one label; a further one is counted as "other"
_SECONDS: Final = (0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1, 1.5, 2, 3, 5, 10, 30, 60, 300)

# A series for the birth of every series helps nobody; the switch is the whole process's.
disable_created_metrics()  # type: ignore[no-untyped-call]


@dataclass(frozen=True, slots=True)
class Latency:
    """Times from receipt to answer in milliseconds, of the last `count` answers; all 0 where there are none."""

    count: int
    p50: float
    p95: float
    p99: float


@dataclass(frozen=True, slots=True)
class Totals:
    """Since the start."""

    received: int
    duplicates: int
    answered: int  # not_found too: that is an answer
    refused: int
    sent: int
    errors: int
    floods: int


class Metrics:
    """Safe in any thread, and of bounded size whatever is counted."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._started = clock()
        self._lock = threading.Lock()
        self._times: deque[float] = deque(maxlen=_WINDOW)  # seconds
        self._labels: dict[str, set[str]] = {}
        self._registry = registry = CollectorRegistry()
        self._received = Counter("qa_bot_updates_received", "Updates from Telegram, new ones", registry=registry)
        self._duplicates = Counter("qa_bot_updates_duplicate", "Updates that had come before", registry=registry)
        self._answers = Counter("qa_bot_answers", "Questions, by how they ended", ["status"], registry=registry)
        self._refused = Counter("qa_bot_refused", "Questions that were not worked on", ["reason"], registry=registry)
        self._sent = Counter("qa_bot_messages_sent", "Messages that Telegram took", registry=registry)
        self._errors = Counter("qa_bot_errors", "What went wrong, by kind", ["kind"], registry=registry)
        self._floods = Counter("qa_bot_floods_told", "Times Telegram said 429", registry=registry)
        self._waiting = Gauge("qa_bot_waiting", "Questions that wait", registry=registry)
        self._generation = Gauge("qa_bot_index_generation", "Number of the index that answers", registry=registry)
        self._articles = Gauge("qa_bot_index_articles", "Articles in it", registry=registry)
        self._passages = Gauge("qa_bot_index_passages", "Passages in it", registry=registry)
        self._seconds = Histogram(
            "qa_bot_answer_seconds", "From receipt to answer", buckets=_SECONDS, registry=registry
        )
        Gauge("qa_bot_uptime_seconds", "Since the start", registry=registry).set_function(self.uptime)
        Gauge("qa_bot_memory_megabytes", "Resident memory", registry=registry).set_function(memory_mb)
        self._plain = {
            "received": self._received, "duplicate": self._duplicates, "sent": self._sent, "flood": self._floods,
        }  # fmt: skip
        for status in STATUSES:
            self._answers.labels(status)

    def count(self, name: str) -> None:
        """One more `received`, `duplicate`, `sent` or `flood`; any other name is a kind of error."""
        plain = self._plain.get(name)
        if plain is not None:
            plain.inc()
        else:
            self._errors.labels(self._bounded("kind", name)).inc()

    def answered(self, status: str, seconds: float) -> None:
        """A question ended as one of STATUSES, `seconds` after its receipt."""
        self._answers.labels(status if status in STATUSES else "error").inc()
        self._seconds.observe(max(0.0, seconds))
        with self._lock:
            self._times.append(max(0.0, seconds))

    def refused(self, reason: str) -> None:
        self._refused.labels(self._bounded("reason", reason)).inc()

    def waiting(self, questions: int) -> None:
        self._waiting.set(questions)

    def index(self, generation: int, articles: int, passages: int) -> None:
        self._generation.set(generation)
        self._articles.set(articles)
        self._passages.set(passages)

    def latency(self) -> Latency:
        with self._lock:
            times = sorted(self._times)
        return Latency(len(times), *(_percentile(times, share) * 1000 for share in (0.5, 0.95, 0.99)))

    def totals(self) -> Totals:
        ended = {sample.labels["status"]: int(sample.value) for sample in _samples(self._answers)}
        return Totals(
            received=_sum(self._received),
            duplicates=_sum(self._duplicates),
            answered=ended["answered"] + ended["not_found"],
            refused=_sum(self._refused),
            sent=_sum(self._sent),
            errors=_sum(self._errors) + ended["error"],
            floods=_sum(self._floods),
        )

    def uptime(self) -> float:
        """Seconds since the start."""
        return self._clock() - self._started

    def text(self) -> bytes:
        """What Prometheus reads; its type is CONTENT_TYPE."""
        return generate_latest(self._registry)

    def _bounded(self, label: str, value: str) -> str:
        with self._lock:
            known = self._labels.setdefault(label, set())
            if value in known or len(known) < _KINDS:
                known.add(value)
                return value
        return "other"


def memory_mb() -> float:
    """Resident memory of this process; where /proc is missing, the most that it was."""
    try:
        status = Path("/proc/self/status").read_text("ascii", errors="replace")
        return next(int(line.split()[1]) / 1024 for line in status.splitlines() if line.startswith("VmRSS:"))
    except (OSError, StopIteration):
        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # kilobytes; bytes on macOS
        return most / (1024 * 1024 if sys.platform == "darwin" else 1024)


def _percentile(times: list[float], share: float) -> float:
    """The smallest of the sorted `times` that at least `share` of them do not exceed; 0 where there are none."""
    return times[math.ceil(share * len(times)) - 1] if times else 0.0


def _sum(counter: Counter) -> int:
    return int(sum(sample.value for sample in _samples(counter)))


def _samples(counter: Counter) -> list[Sample]:
    return [sample for metric in counter.collect() for sample in metric.samples]
