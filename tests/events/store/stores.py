"""Events, subscriptions and stores for the tests of stores."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from redis import Redis

from threecx_credentials import Credential, Secret
from threecx_node.events.model.event import Event
from threecx_node.events.model.filters import EventFilter
from threecx_node.events.model.subscription import PbxReference, Subscription
from threecx_node.events.store.event_store import (
    DeliveryResult,
    Outcome,
    PendingDelivery,
    Retention,
    StoredEvent,
)
from threecx_node.events.store.redis_store import RedisEventStore
from threecx_node.events.store.secret_box import SecretBox
from threecx_node.events.store.sqlite_store import KEY_NAME, SqliteEventStore

FEED = "feed-1"
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
API_KEY = "planted-api-key-5up3r"
WEBHOOK_SECRET = "whsec_cGxhbnRlZC13ZWJob29rLXNlY3JldA=="
URL = "https://n8n.example.com/webhook/planted-url-token"


class Clock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.now = NOON.timestamp()

    def __call__(self) -> float:
        return self.now


def make_event(number: int, *, name: str = "call.missed", key: str = "", **data: Any) -> Event:
    return Event(
        id=f"pbx.example.com:5001/{number}/{name}",
        type=name,
        time=NOON + timedelta(seconds=number),
        pbx="pbx.example.com:5001",
        order_key=key or f"call/{number}",
        data={"source": "live", "extension": "100", **data},
    )


def make_events(numbers: Iterable[int], **data: Any) -> list[Event]:
    return [make_event(number, **data) for number in numbers]


def make_subscription(
    name: str = "1",
    *,
    feed: str = FEED,
    events: tuple[str, ...] = ("call.missed",),
    extensions: tuple[str, ...] = (),
    with_credential: bool = False,
) -> Subscription:
    credential = Credential.of("https://pbx.example.com:5001", "client", API_KEY, ca_file="/etc/ca.pem")
    return Subscription(
        id=f"6f1c1f0e-0000-4000-8000-{name:0>12}",
        feed=feed,
        pbx=PbxReference(credential=credential) if with_credential else PbxReference(profile="main"),
        events=events,
        filter=EventFilter(extensions=extensions),
        url=URL,
        secret=Secret(WEBHOOK_SECRET),
        created_at=NOON,
        description="Ada's workflow",
        concurrency=1,
    )


def result_of(
    delivery: PendingDelivery, state: Outcome = "delivered", *, problem: str = "", minutes: int = 0
) -> DeliveryResult:
    return DeliveryResult(
        subscription_id=delivery.subscription_id,
        position=delivery.stored.position,
        event_id=delivery.stored.event.id,
        event_type=delivery.stored.event.type,
        state=state,
        time=NOON,
        next_at=NOON + timedelta(minutes=minutes) if state == "retry" else None,
        status_code=200 if state == "delivered" else 503,
        problem=problem,
    )


def ids_of(found: Sequence[StoredEvent | PendingDelivery]) -> list[int]:
    """Return the numbers of the events."""
    events = [(each.stored if isinstance(each, PendingDelivery) else each).event for each in found]
    return [int(each.id.split("/")[1]) for each in events]


def open_sqlite(
    folder: Path, *, clock: Clock | None = None, retention: Retention | None = None
) -> SqliteEventStore:
    return SqliteEventStore(folder / "state", clock=clock or Clock(), retention=retention)


def open_redis_store(
    client: Redis,
    folder: Path,
    *,
    retention: Retention | None = None,
    report: Callable[[str], None] | None = None,
) -> RedisEventStore:
    port = client.connection_pool.connection_kwargs["port"]
    box = SecretBox(folder / "state" / KEY_NAME)
    return RedisEventStore(f"redis://127.0.0.1:{port}/0", box, retention=retention, report=report)
