"""The journal of events and the subscriptions to them: the interface of its stores, and the values that they keep."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Protocol

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Mapping, Sequence
    from datetime import datetime
    from types import TracebackType

    from ..model.event import Event
    from ..model.subscription import Subscription

KEPT_DAYS = 7
"""How long events are kept, delivered or not. A day is counted only while the clock of the store runs."""
KEPT_ID_WEEKS = 5
"""How long the IDs of events are kept, in full weeks: an event that comes again within them is not journaled again."""
State = Literal["active", "parked"]
Outcome = Literal["delivered", "retry", "dead"]


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """An event of the journal. Readers give `position` back to continue after it; only the store can read it."""

    position: str
    event: Event


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a source of a feed continues: JSON that only the source reads."""

    source: str
    value: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class SubscriptionRecord:
    """A subscription as it is stored. `dropped` events were not delivered before the journal had to drop them.

    `resumed` is another text after each resume, so that the process that delivers notices it.
    """

    subscription: Subscription
    state: State = "active"
    reason: str = ""
    delivered: int = 0
    failed: int = 0
    dropped: int = 0
    resumed: str = ""


@dataclass(frozen=True, slots=True)
class PendingDelivery:
    """A delivery that is still to be made. `attempts` have failed; `first_due` is when the event was journaled."""

    subscription_id: str
    stored: StoredEvent
    attempts: int
    first_due: datetime
    next_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryResult:
    """The result of one attempt of a delivery. `next_at` is set for a retry; `problem` contains no secret."""

    subscription_id: str
    position: str
    event_id: str
    event_type: str = ""
    state: Outcome
    time: datetime
    next_at: datetime | None = None
    status_code: int | None = None
    problem: str = ""


@dataclass(frozen=True, slots=True)
class DeliveryAttempt:
    """An attempt that was made: its result, and its number for this event."""

    result: DeliveryResult
    attempt: int


@dataclass(frozen=True, slots=True)
class DeliveryCounts:
    """How many events of a subscription wait, were delivered, were given up, and were dropped by the journal."""

    pending: int = 0
    delivered: int = 0
    failed: int = 0
    dropped: int = 0


class Lease(Protocol):
    """The right of one process to run a feed; `async with` waits for it, and gives it back.

    A process that ends in any way loses it within seconds, and another one takes over. `lost` is set when it is lost
    earlier, as when the store cannot be reached: the holder must then stop the feed.
    """

    @property
    def held(self) -> bool:
        """Return whether this process runs the feed."""

    @property
    def lost(self) -> asyncio.Event:
        """The signal that the lease is lost."""

    async def __aenter__(self) -> Lease:
        """Wait until no other process has the lease, and take it."""

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Give the lease back."""


class EventStore(Protocol):
    """Keeps events, subscriptions and deliveries. All methods but `lease` raise EventStoreError if it cannot be used.

    Nothing is stored where one raises, except where the connection to a remote store was lost: what was sent may have
    arrived. `append` and `record_deliveries` can be repeated then.
    """

    async def append(
        self, feed: str, events: Sequence[Event], *, cursor: Cursor | None = None
    ) -> list[StoredEvent]:
        """Journal the events that are new, and return them; one whose ID is known is dropped.

        In the same transaction, the cursor is saved, and a pending delivery is made for each subscription of the feed
        that an event matches.
        """

    async def read(self, feed: str, *, after: str | None, limit: int) -> list[StoredEvent]:
        """Return at most `limit` events after a position, None for the oldest that are kept.

        Raise PositionGoneError where events after the position are no longer kept.
        """

    async def newest_position(self, feed: str) -> str:
        """Return the position of the newest event; that of the beginning where there was none yet."""

    async def wait_for_events(self, feed: str, after: str, timeout: float) -> bool:
        """Return whether there are events after a position: at once if so, else after at most `timeout` seconds."""

    async def load_cursor(self, feed: str, source: str) -> Mapping[str, Any] | None:
        """Return the cursor of a source, None where there is none."""

    async def add_subscription(self, subscription: Subscription) -> None:
        """Store a subscription, which is active. It gets the events that are journaled from now on."""

    async def get_subscription(self, subscription_id: str) -> SubscriptionRecord | None:
        """Return a subscription, None where there is none."""

    async def list_subscriptions(self, feed: str | None = None) -> list[SubscriptionRecord]:
        """Return the subscriptions of one feed or of all, in the order of their creation."""

    async def remove_subscription(self, subscription_id: str) -> bool:
        """Remove a subscription and its deliveries. Return whether there was one."""

    async def subscriptions_version(self) -> int:
        """Return a number that changes when a process adds, removes, parks or resumes a subscription."""

    async def set_state(self, subscription_id: str, state: State, reason: str = "") -> None:
        """Park a subscription, or make it active. New events wait for it in both states."""

    async def resume(self, subscription_id: str) -> None:
        """Make a subscription active, and its deliveries due now, as if none had been tried."""

    async def pending_deliveries(
        self, subscription_id: str, *, after: str | None, limit: int
    ) -> list[PendingDelivery]:
        """Return at most `limit` deliveries that are to be made, due or not, in the order of their positions."""

    async def record_deliveries(self, results: Sequence[DeliveryResult]) -> None:
        """Record what became of attempts. Results of deliveries that are not pending any more are left out."""

    async def list_deliveries(self, subscription_id: str, limit: int) -> list[DeliveryAttempt]:
        """Return the newest attempts, the newest one first."""

    async def count_deliveries(self, subscription_id: str) -> DeliveryCounts:
        """Return how many deliveries wait, succeeded, were given up, and were dropped; zeros where there are none."""

    def lease(self, feed: str) -> Lease:
        """Return the lease of a feed, which is not taken yet."""

    async def announce_wants(self, feed: str, process: str, types: frozenset[str], seconds: float) -> None:
        """Let the process that runs a feed know which types the readers of another one want, for so long."""

    async def list_wants(self, feed: str) -> frozenset[str]:
        """Return the types that readers of all processes want."""

    async def aclose(self) -> None:
        """Finish what is being written, and close files and connections."""


@dataclass(frozen=True, slots=True)
class Retention:
    """How much a store keeps: `events` are for each feed, `attempts` for each subscription."""

    days: int = KEPT_DAYS
    id_weeks: int = KEPT_ID_WEEKS
    attempts: int = 1_000
    events: int = 500_000
