"""Keep the journal of events, the subscriptions and their deliveries in Redis, for several executors.

The journal of a feed is a stream. Everything that must happen together is a script, which Redis runs as a whole. The
executors share the key with which secrets are encrypted: `THREECX_EVENT_KEY`.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections import deque
from typing import TYPE_CHECKING, Any

from ...errors import EventStoreError
from ...values.json import dumps, loads
from . import redis_scripts as scripts
from .event_store import DeliveryCounts, PendingDelivery, Retention, StoredEvent, SubscriptionRecord
from .positions import (
    NO_JOURNAL,
    format_position,
    make_journal_name,
    parse_position,
    read_number,
    refuse_position,
)
from .redis_connection import PREFIX, RedisConnection
from .redis_lease import RedisLease
from .redis_watch import StreamWatch, key_of_log
from .secret_box import name_sealed
from .stored_form import (
    Wish,
    decode_attempt,
    decode_event,
    decode_subscription,
    digest_id,
    encode_event,
    encode_result,
    encode_subscription,
    to_time,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from ..model.event import Event
    from ..model.subscription import Subscription
    from .event_store import Cursor, DeliveryAttempt, DeliveryResult, Lease, State
    from .secret_box import SecretBox

KEPT_EVENTS = 100_000
# Redis may lose its last writes when it is restarted: so many events of each feed can be appended again.
_RECENT = 1_000
_MOST_TRIES = 5
# Seconds after which old events are dropped, also those of feeds to which nothing is appended.
_TIDY_EVERY = 3600.0
_MOST_RESULTS = 200


class RedisEventStore:
    """An EventStore in the Redis at `url`. Raise ConfigurationError if the URL or the package cannot be used."""

    def __init__(
        self,
        url: str,
        box: SecretBox,
        *,
        report: Callable[[str], None] | None = None,
        retention: Retention | None = None,
    ) -> None:
        self._redis = RedisConnection(url, report)
        self._box = box
        self._retention = retention or Retention(events=KEPT_EVENTS)
        self._tokens: dict[str, str] = {}
        self._wishes: dict[str, list[tuple[str, Wish]]] | None = None
        self._version = "0"
        self._recent: dict[str, deque[Event]] = {}
        self._last: dict[str, int] = {}
        self._tidy_at = time.monotonic() + _TIDY_EVERY
        self._watch = StreamWatch(self._redis)

    async def append(
        self, feed: str, events: Sequence[Event], *, cursor: Cursor | None = None
    ) -> list[StoredEvent]:
        """Journal the events that are new with their deliveries, and save the cursor."""
        stored = await self._append(feed, events, cursor, self._tokens.get(feed, ""))
        if stored:
            self._recent.setdefault(feed, deque(maxlen=_RECENT)).extend(each.event for each in stored)
            self._last[feed] = read_number(stored[-1].position)
        return stored

    async def _append_again(self, feed: str) -> None:
        """Append the last events of a feed again, after Redis has lost some; those that it has are not doubled."""
        self._last.pop(feed, None)
        await self._append(feed, list(self._recent[feed]), None, "")

    async def _append(
        self, feed: str, events: Sequence[Event], cursor: Cursor | None, token: str
    ) -> list[StoredEvent]:
        encoded = [(digest_id(each.id), encode_event(each)) for each in events]
        where = (cursor.source, dumps(dict(cursor.value))) if cursor else ("", "")
        kept = self._retention
        for _ in range(_MOST_TRIES):
            wishes = (await self._load_wishes()).get(feed, [])
            rows = [
                (digest, document, ",".join(id_ for id_, wish in wishes if wish.wants(event)))
                for event, (digest, document) in zip(events, encoded, strict=True)
            ]
            status, *answer = await self._redis.run(
                scripts.APPEND,
                PREFIX,
                feed,
                make_journal_name(),
                token,
                self._version,
                self._last.get(feed, ""),
                kept.days,
                kept.id_weeks,
                kept.events,
                *where,
                *(part for row in rows for part in row),
            )
            if status == b"ok":
                self._watch.note(feed)
                journal, *numbers = answer
                return [
                    StoredEvent(format_position(journal.decode(), int(number)), events[index])
                    for index, number in zip(numbers[::2], numbers[1::2], strict=True)
                ]
            if status == b"lease":
                raise EventStoreError(
                    "another executor runs this feed now, because this one did not reach Redis in time",
                    code="lease_lost",
                )
            if status == b"lost":
                await self._append_again(feed)
            else:
                # A subscription was added or removed meanwhile.
                self._wishes = None
        raise EventStoreError("the subscriptions in Redis change all the time", description="Try again.")

    async def _load_wishes(self) -> dict[str, list[tuple[str, Wish]]]:
        """Return the subscriptions of each feed, which are read again when the version has changed."""
        if self._wishes is None:
            # The version first: what changes afterwards is noticed.
            self._version = (
                await self._redis.ask(self._redis.client.get(f"{PREFIX}version")) or b"0"
            ).decode()
            found: dict[str, list[tuple[str, Wish]]] = {}
            for subscription_id, fields in await self._load_all():
                wish = Wish(fields[b"public"])
                found.setdefault(fields[b"feed"].decode(), []).append((subscription_id, wish))
            self._wishes = found
        return self._wishes

    async def read(self, feed: str, *, after: str | None, limit: int) -> list[StoredEvent]:
        """Return at most `limit` events after a position. Raise PositionGoneError or InputError."""
        if after is not None:
            # Also without a journal to compare it with.
            parse_position(after, after.partition("-")[0])
        start = "-" if after is None else f"{after.rpartition('-')[2]}-1"
        async with self._redis.client.pipeline() as pipeline:
            pipeline.hmget(f"{PREFIX}feed:{feed}:meta", ["journal", "gone", "newest"])
            pipeline.xrange(key_of_log(feed), start, "+", limit)
            (journal, gone, newest), entries = await self._redis.ask(pipeline.execute())
        if after is not None:
            number = parse_position(after, (journal or b"").decode())
            if not int(gone) <= number <= int(newest):
                refuse_position()
        name = (journal or NO_JOURNAL.encode()).decode()
        return [
            StoredEvent(format_position(name, int(key.partition(b"-")[0])), decode_event(fields[b"d"]))
            for key, fields in entries
        ]

    async def newest_position(self, feed: str) -> str:
        """Return the position of the newest event."""
        journal, newest = await self._redis.run(scripts.OPEN_JOURNAL, PREFIX, feed, make_journal_name())
        return format_position(journal.decode(), int(newest))

    async def wait_for_events(self, feed: str, after: str, timeout: float) -> bool:
        """Return whether there are events after a position, at the latest after `timeout` seconds."""
        until = time.monotonic() + timeout
        async with self._watch.watching(feed):
            while True:
                signal = self._watch.expect(feed)
                if await self.read(feed, after=after, limit=1):
                    return True
                left = until - time.monotonic()
                if left <= 0:
                    return False
                await self._watch.wait(signal, left)

    async def load_cursor(self, feed: str, source: str) -> Mapping[str, Any] | None:
        """Return the cursor of a source."""
        found = await self._redis.ask(self._redis.client.hget(f"{PREFIX}feed:{feed}:cursors", source))
        return None if found is None else loads(found)

    async def add_subscription(self, subscription: Subscription) -> None:
        """Store a subscription. Raise EventStoreError where its ID exists, or the key is not that of the others."""
        async with self._redis.client.pipeline() as pipeline:
            pipeline.zcard(f"{PREFIX}subscriptions")
            pipeline.get(f"{PREFIX}key-check")
            count, check = await self._redis.ask(pipeline.execute())
        new_check: bytes = b""
        if count and check:
            await asyncio.to_thread(self._box.open, check)
        else:
            new_check = await asyncio.to_thread(self._box.seal, {}, may_create=True)
        public, hidden = encode_subscription(subscription)
        sealed = self._box.seal(hidden, may_create=False)
        arguments = (subscription.feed, public, sealed)
        added = await self._change(scripts.ADD, subscription.id, new_check, *arguments)
        if not added:
            raise EventStoreError(
                f"there is already a subscription {subscription.id}", description="Choose another ID."
            )

    async def get_subscription(self, subscription_id: str) -> SubscriptionRecord | None:
        """Return a subscription."""
        fields = await self._redis.ask(self._redis.client.hgetall(_key(subscription_id)))
        return self._read_record(fields) if fields else None

    async def list_subscriptions(self, feed: str | None = None) -> list[SubscriptionRecord]:
        """Return the subscriptions of one feed or of all."""
        found = {
            id_: fields for id_, fields in await self._load_all() if feed in (None, fields[b"feed"].decode())
        }
        try:
            return [self._read_record(each) for each in found.values()]
        except EventStoreError as error:
            raise name_sealed(error, list(found)) from error

    async def remove_subscription(self, subscription_id: str) -> bool:
        """Remove a subscription and its deliveries."""
        return bool(await self._change(scripts.REMOVE, subscription_id))

    async def subscriptions_version(self) -> int:
        """Return a number that changes with the subscriptions."""
        if time.monotonic() >= self._tidy_at:
            self._tidy_at = time.monotonic() + _TIDY_EVERY
            await self._drop_old()
        return int(await self._redis.ask(self._redis.client.get(f"{PREFIX}version")) or 0)

    async def set_state(self, subscription_id: str, state: State, reason: str = "") -> None:
        """Park a subscription, or make it active."""
        await self._change(scripts.SET_STATE, subscription_id, state, reason, "0")

    async def resume(self, subscription_id: str) -> None:
        """Make a subscription active and its deliveries due."""
        await self._change(scripts.SET_STATE, subscription_id, "active", "", "1")

    async def pending_deliveries(
        self, subscription_id: str, *, after: str | None, limit: int
    ) -> list[PendingDelivery]:
        """Return deliveries that are to be made, in the order of their positions."""
        # Numbers of a feed are not used again, whatever became of its journal.
        start = read_number(after) if after else 0
        *parts, journal, resumed = await self._redis.run(
            scripts.PENDING, PREFIX, subscription_id, start, limit
        )
        since = float(resumed or 0)
        return [
            _read_pending(subscription_id, journal.decode(), row, since)
            for row in zip(*(parts[column::4] for column in range(4)), strict=True)
        ]

    async def record_deliveries(self, results: Sequence[DeliveryResult]) -> None:
        """Record the results of attempts."""
        for start in range(0, len(results), _MOST_RESULTS):
            rows = [
                (
                    each.subscription_id,
                    read_number(each.position),
                    each.state,
                    (each.next_at or each.time).timestamp(),
                    encode_result(each),
                )
                for each in results[start : start + _MOST_RESULTS]
            ]
            parts = (part for row in rows for part in row)
            await self._redis.run(scripts.RECORD, PREFIX, self._retention.attempts, *parts)

    async def list_deliveries(self, subscription_id: str, limit: int) -> list[DeliveryAttempt]:
        """Return the newest attempts."""
        name = f"{_key(subscription_id)}:attempts"
        found: list[bytes] = await self._redis.ask(self._redis.client.lrange(name, 0, limit - 1))
        pairs = [each.partition(b" ") for each in found]
        return [decode_attempt(subscription_id, result, int(number)) for number, _, result in pairs]

    async def count_deliveries(self, subscription_id: str) -> DeliveryCounts:
        """Return the counts of a subscription."""
        async with self._redis.client.pipeline() as pipeline:
            pipeline.zcard(f"{_key(subscription_id)}:pending")
            pipeline.hmget(_key(subscription_id), ["delivered", "failed", "dropped"])
            pending, counts = await self._redis.ask(pipeline.execute())
        return DeliveryCounts(pending, *(int(each or 0) for each in counts))

    def lease(self, feed: str) -> Lease:
        """Return the lease of a feed: a key that its holder renews."""
        return RedisLease(self._redis, feed, self._tokens)

    async def announce_wants(self, feed: str, process: str, types: frozenset[str], seconds: float) -> None:
        """Store which types are read by the readers of a process."""
        names = ",".join(sorted(types))
        await self._redis.run(scripts.ANNOUNCE, PREFIX, feed, process, seconds, names)

    async def list_wants(self, feed: str) -> frozenset[str]:
        """Return the types that are read by the readers of all processes."""
        found: list[bytes] = await self._redis.run(scripts.ANNOUNCED, PREFIX, feed)
        return frozenset(name for types in found for name in types.decode().split(",") if name)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._watch.aclose()
        await self._redis.aclose()

    async def _drop_old(self) -> None:
        """Drop what is too old in all feeds, as each append does in its feed."""
        feeds: set[bytes] = await self._redis.ask(self._redis.client.smembers(f"{PREFIX}feeds"))
        for feed in feeds:
            await self._append(feed.decode(), (), None, "")

    async def _change(self, script: str, subscription_id: str, *arguments: str | bytes) -> Any:
        """Run a script that changes a subscription, and the version with it."""
        self._wishes = None
        return await self._redis.run(script, PREFIX, subscription_id, secrets.randbits(48), *arguments)

    async def _load_all(self) -> list[tuple[str, dict[bytes, bytes]]]:
        """Return ID and fields of all subscriptions, in the order of their creation."""
        ids: list[bytes] = await self._redis.ask(self._redis.client.zrange(f"{PREFIX}subscriptions", 0, -1))
        async with self._redis.client.pipeline() as pipeline:
            for each in ids:
                pipeline.hgetall(_key(each.decode()))
            found = await self._redis.ask(pipeline.execute())
        return [(id_.decode(), fields) for id_, fields in zip(ids, found, strict=True) if fields]

    def _read_record(self, fields: Mapping[bytes, bytes]) -> SubscriptionRecord:
        subscription = decode_subscription(fields[b"public"], self._box.open(fields[b"sealed"]))
        delivered, failed, dropped = (int(fields[name]) for name in (b"delivered", b"failed", b"dropped"))
        state: State = "parked" if fields[b"state"] == b"parked" else "active"
        resumed = fields.get(b"resumed", b"").decode()
        reason = fields[b"reason"].decode()
        return SubscriptionRecord(subscription, state, reason, delivered, failed, dropped, resumed)


def _key(subscription_id: str) -> str:
    return f"{PREFIX}subscription:{subscription_id}"


def _read_pending(
    subscription_id: str, journal: str, row: tuple[bytes, bytes, bytes, bytes], since: float
) -> PendingDelivery:
    """Return a delivery; one that was journaled before the subscription was resumed is due since then."""
    number, document, at, tries = row
    attempts, _, next_at = tries.partition(b" ")
    due = to_time(max(float(at), since))
    return PendingDelivery(
        subscription_id,
        StoredEvent(format_position(journal or NO_JOURNAL, int(number)), decode_event(document)),
        int(attempts or 0),
        due,
        to_time(float(next_at)) if next_at else due,
    )
