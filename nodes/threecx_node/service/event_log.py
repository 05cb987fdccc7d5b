"""Log lines about subscriptions and feeds, and the observer of the hub, which also counts.

No line contains a secret, the path of a webhook's URL, or data of an event.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from ..values.safe_text import escape_control
from .log import log

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..events.model.hub_observer import DeliveryEnd
    from ..events.model.subscription import Subscription
    from .event_metrics import EventMetrics

_MAX_LENGTH = 200


def log_subscription(action: str, subscription: Subscription, pbx: str) -> None:
    """Log that a subscription was added or resumed. Of its URL, the line contains the host alone."""
    host = escape_control(urlsplit(subscription.url).netloc.rpartition("@")[2][:_MAX_LENGTH])
    name = escape_control(pbx[:_MAX_LENGTH])
    events = ", ".join(subscription.events)
    fields = {
        "subscription": subscription.id,
        "action": action,
        "pbx": name,
        "events": list(subscription.events),
        "host": host,
    }
    log.info(
        "subscription %s %s: %s of %s for %s", subscription.id, action, events, name, host,
        extra={"fields": fields},
    )  # fmt: skip


def log_removed(subscription_id: str) -> None:
    """Log that a subscription was removed."""
    fields = {"subscription": subscription_id, "action": "removed"}
    log.info("subscription %s removed", subscription_id, extra={"fields": fields})


class EventObserver:
    """Counts what the hub does, and logs what an operator must know."""

    def __init__(self, metrics: EventMetrics) -> None:
        self._metrics = metrics
        self._connected: dict[str, bool] = {}
        self._has_ended = False

    def end(self) -> None:
        """Log no more lost connections, because the service closes them itself."""
        self._has_ended = True

    def note_events(self, types: Sequence[str]) -> None:
        """Count new events."""
        self._metrics.note_events(types)

    def note_delivery(self, result: DeliveryEnd, seconds: float) -> None:
        """Count an attempt to deliver an event."""
        self._metrics.note_delivery(result, seconds)

    def note_parked(self, subscription_id: str, reason: str) -> None:
        """Log that a subscription gets no more deliveries."""
        why = escape_control(reason[:_MAX_LENGTH])
        fields = {"subscription": subscription_id, "action": "parked", "reason": why}
        log.warning(
            "subscription %s parked: %s. POST /v1/subscriptions/%s/resume delivers what waits",
            subscription_id, why.rstrip("."), subscription_id, extra={"fields": fields},
        )  # fmt: skip

    def note_receiver(self, subscription_id: str, problem: str) -> None:
        """Log that a receiver fails, or that it is there again."""
        why = escape_control(problem[:_MAX_LENGTH])
        action = "failing" if problem else "delivering"
        fields = {"subscription": subscription_id, "action": action, "reason": why}
        if problem:
            log.warning(
                "subscription %s: its receiver fails, events wait: %s", subscription_id, why,
                extra={"fields": fields},
            )  # fmt: skip
        else:
            log.info(
                "subscription %s: its receiver is there again", subscription_id, extra={"fields": fields}
            )

    def note_feed(self, feed_name: str, connected: bool) -> None:
        """Log that the connection to a PBX is there or lost, once for each change."""
        if self._has_ended or self._connected.get(feed_name) is connected:
            return
        self._connected[feed_name] = connected
        name = escape_control(feed_name[:_MAX_LENGTH])
        fields = {"pbx": name, "action": "connected" if connected else "disconnected"}
        if connected:
            log.info("events of %s: connected", name, extra={"fields": fields})
        else:
            log.warning("events of %s: not connected; trying again", name, extra={"fields": fields})
