"""Metrics of the service, for Prometheus: requests to PBXs, their limits and circuit breakers, batches and events.

Labels are operations of the catalog, methods, classes of status, results, and the hosts of PBXs in use: their number is
bounded, and none contains a secret or an item's data.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector
from prometheus_client.exposition import choose_encoder
from prometheus_client.metrics_core import GaugeMetricFamily

from .. import __version__
from ..errors import NotAttemptedError
from ..transport.breaker import BreakerState
from ..transport.gates import list_gates
from .event_metrics import EventMetrics

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from prometheus_client.metrics_core import Metric

    from ..execution.results import Result
    from ..messages import HttpRequest

_NO_RESPONSE = "none"
# From a response of a PBX in the same rack to a report of minutes.
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300)
_METHODS = frozenset({"GET", "POST", "PATCH", "PUT", "DELETE"})


class Metrics:
    """Counts what the service does, as the observer of its clients. `count_batches` returns how many batches run."""

    def __init__(self, count_batches: Callable[[], int]) -> None:
        self._registry = CollectorRegistry()
        self._requests = self._make_counter(
            "threecx_requests", "Requests to PBXs, each attempt counted.", "operation", "status"
        )
        self._retries = self._make_counter("threecx_retries", "Requests that were sent again.", "operation")
        self._token_requests = self._make_counter(
            "threecx_token_requests", "Token requests to PBXs.", "status"
        )
        self._seconds = Histogram(
            "threecx_request_seconds",
            "Time from a request to the end of its response.",
            ("method",),
            buckets=_SECONDS,
            registry=self._registry,
        )
        self._items = self._make_counter("threecx_items", "Items of batches, by their result.", "result")
        batches = Gauge("threecx_batches", "Batches that are running.", registry=self._registry)
        batches.set_function(count_batches)
        info = Gauge("threecx_info", "Version of the executor.", ("version",), registry=self._registry)
        info.labels(__version__).set(1)
        ProcessCollector(registry=self._registry)
        self._registry.register(_GateCollector())
        self.events = EventMetrics(self._registry)

    def note_attempt(self, request: HttpRequest, status: int, seconds: float) -> None:
        """Count an attempt."""
        self._requests.labels(_name_operation(request), _classify(status)).inc()
        method = request.method if request.method in _METHODS else "other"
        self._seconds.labels(method).observe(seconds)

    def note_retry(self, request: HttpRequest) -> None:
        """Count a request that is sent again."""
        self._retries.labels(_name_operation(request)).inc()

    def note_token_request(self, status: int, seconds: float) -> None:
        """Count a token request."""
        del seconds
        self._token_requests.labels(_classify(status)).inc()

    def note_results(self, results: Iterable[Result]) -> None:
        """Count the items of a batch that has ended."""
        for each in results:
            self._items.labels(_name_result(each)).inc()

    def expose(self, accept: str) -> tuple[bytes, str]:
        """Return all metrics and their media type, in the form that the header Accept asks for."""
        encode, media_type = choose_encoder(accept)
        return encode(self._registry), media_type

    def _make_counter(self, name: str, text: str, *labels: str) -> Counter:
        return Counter(name, text, labels, registry=self._registry)


class _GateCollector:
    """Reads the state of each PBX in use when the metrics are asked for."""

    def collect(self) -> Iterator[Metric]:
        """Yield the metrics of the PBXs in use."""
        labels = ("pbx",)
        limit = GaugeMetricFamily(
            "threecx_pbx_limit", "Requests that a PBX gets at a time, as adapted to it.", labels=labels
        )
        under_way = GaugeMetricFamily(
            "threecx_pbx_requests_under_way", "Requests that are under way.", labels=labels
        )
        waiting = GaugeMetricFamily("threecx_pbx_queue", "Requests that wait to be sent.", labels=labels)
        breaker = GaugeMetricFamily(
            "threecx_pbx_breaker_state",
            "1 for the state of the circuit breaker; open while the PBX is given up, half_open while it is tried.",
            labels=("pbx", "state"),
        )
        for gate in list_gates():
            limit.add_metric([gate.host], gate.limit.limit)
            under_way.add_metric([gate.host], gate.under_way)
            waiting.add_metric([gate.host], gate.waiting)
            for state in BreakerState:
                breaker.add_metric([gate.host, state.value], state is gate.breaker.state)
        yield from (limit, under_way, waiting, breaker)


def _name_operation(request: HttpRequest) -> str:
    return request.operation or "other"


def _classify(status: int) -> str:
    return f"{status // 100}xx" if 100 <= status < 600 else _NO_RESPONSE


def _name_result(result: Result) -> str:
    error = result.error
    if error is None:
        return "done"
    if isinstance(error, NotAttemptedError):
        return "not_tried"
    return "unknown" if error.outcome_unknown else "failed"
