"""Metrics of events, deliveries and subscriptions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client import Counter, Gauge, Histogram
from prometheus_client.metrics_core import GaugeMetricFamily

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from prometheus_client import CollectorRegistry
    from prometheus_client.metrics_core import Metric

    from ..events.model.hub_observer import DeliveryEnd

# From a receiver beside the executor to one that is nearly given up.
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
STATES = ("active", "parked")


class EventMetrics:
    """Counts events by type and deliveries by result."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._events = Counter("threecx_events", "New events, by type.", ("type",), registry=registry)
        self._deliveries = Counter(
            "threecx_deliveries",
            "Attempts to deliver an event: delivered, retried (is sent again), or failed (was given up).",
            ("result",),
            registry=registry,
        )
        self._seconds = Histogram(
            "threecx_delivery_seconds",
            "Time of an attempt to deliver an event.",
            buckets=_SECONDS,
            registry=registry,
        )
        self._pending = Gauge(
            "threecx_deliveries_pending", "Events that wait to be delivered.", registry=registry
        )
        self._subscriptions = Gauge(
            "threecx_subscriptions", "Subscriptions; parked ones get nothing.", ("state",), registry=registry
        )
        self._readers = Gauge("threecx_event_readers", "Readers of /v1/events.", registry=registry)
        self._feeds = _FeedCollector()
        registry.register(self._feeds)

    def watch(
        self, list_feeds: Callable[[], Iterable[tuple[str, bool]]], count_readers: Callable[[], int]
    ) -> None:
        """Read the connections to PBXs, and the number of readers, when the metrics are asked for."""
        self._feeds.list_feeds = list_feeds
        self._readers.set_function(count_readers)

    def note_events(self, types: Sequence[str]) -> None:
        """Count new events."""
        for each in types:
            self._events.labels(each).inc()

    def note_delivery(self, result: DeliveryEnd, seconds: float) -> None:
        """Count an attempt to deliver an event."""
        self._deliveries.labels(result).inc()
        self._seconds.observe(seconds)

    def set_subscriptions(self, states: Sequence[str], pending: int) -> None:
        """Set the states of all subscriptions, and how many events wait for them."""
        for state in STATES:
            self._subscriptions.labels(state).set(states.count(state))
        self._pending.set(pending)


class _FeedCollector:
    """Reads the connections to PBXs when the metrics are asked for."""

    def __init__(self) -> None:
        self.list_feeds: Callable[[], Iterable[tuple[str, bool]]] = tuple

    def collect(self) -> Iterator[Metric]:
        """Yield the connections to PBXs for events."""
        connected = GaugeMetricFamily(
            "threecx_feed_connected",
            "1 for a PBX whose events come to this process, 0 while its connection is lost.",
            labels=("pbx",),
        )
        # Two clients of one PBX are one series, which is 0 where one of them is not connected.
        feeds: dict[str, bool] = {}
        for pbx, is_connected in self.list_feeds():
            feeds[pbx] = feeds.get(pbx, True) and is_connected
        for pbx, is_connected in feeds.items():
            connected.add_metric([pbx], is_connected)
        yield connected
