"""The hub of events: one feed per PBX, shared by all subscriptions, and the deliveries to their receivers."""

from __future__ import annotations

import asyncio
import logging
import random
import secrets
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING

from ..callcontrol.call_events import format_time
from ..errors import ConfigurationError, EventStoreError, UnknownNameError
from ..transport.webhooks import WebhookClient
from .delivery.sender import Sender
from .delivery.services import FeedServices
from .delivery.target_address import check_target, parse_allowed
from .feeds.checks import Checker, log_in
from .feeds.feed import Feed
from .feeds.monitoring import describe_unmonitored
from .feeds.problems import pick_problems
from .feeds.wants import Wants
from .model.clock import Clock
from .model.event_types import TEST_TYPE, find_type
from .model.feed_key import make_feed_key
from .model.hub_observer import HubObserver, NoObserver
from .model.samples import make_sample
from .model.status import FeedProblem, SubscriptionStatus, TestDelivery

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence

    from threecx_credentials import Credential, TokenStore

    from ..catalog import Catalog
    from .model.subscription import PbxReference, Subscription
    from .store.event_store import EventStore, SubscriptionRecord

log = logging.getLogger("threecx_node.events")

# Seconds between two looks at what other processes have changed.
_LOOK = 1.0


class EventHub:
    """Runs the feeds that subscriptions and readers want, and delivers their events.

    `find_credential` returns the credential of a PBX, and raises ConfigurationError where a profile does not exist
    any more. `token_store` is that of the executors of the same process, so that they and the feeds share one access
    token per client. `allowed_webhooks` are the hosts that may get deliveries; empty: all, except the addresses that
    are never allowed. `linger` is the time in seconds for which a feed goes on after a reader has left, so that a
    reader that comes back finds in the journal what has happened meanwhile. Use it within one event loop.
    """

    def __init__(
        self,
        store: EventStore,
        *,
        find_credential: Callable[[PbxReference], Credential],
        token_store: TokenStore | None = None,
        catalog: Catalog | None = None,
        allowed_webhooks: Sequence[str] = (),
        observer: HubObserver | None = None,
        linger: float = 120.0,
        clock: Clock | None = None,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        parse_allowed(allowed_webhooks)
        self._store = store
        self._find_credential = find_credential
        self._allowed = tuple(allowed_webhooks)
        self._webhooks = WebhookClient()
        self._clock = clock or Clock()
        self._sender = Sender(self._webhooks, self._clock, self._allowed)
        self._services = FeedServices(
            store=store,
            sender=self._sender,
            clock=self._clock,
            observer=observer or NoObserver(),
            token_store=token_store,
            catalog=catalog,
            jitter=jitter,
        )
        self._checker = Checker(self._clock, token_store, catalog)
        self._feeds: dict[str, Feed] = {}
        self._wants = Wants(store, linger)
        # Why a subscription has no feed, by its ID.
        self._missing: dict[str, FeedProblem] = {}
        self._lock = asyncio.Lock()
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._version: int | None = None

    async def start(self) -> None:
        """Begin to run the feeds of the stored subscriptions, in tasks. Raises EventStoreError."""
        await self._refresh()
        self._task = asyncio.create_task(self._watch())

    def stop(self) -> None:
        """Begin nothing new: no delivery and no request to a PBX."""
        for feed in self._feeds.values():
            feed.stop()

    @property
    def is_busy(self) -> bool:
        """Return whether deliveries are under way."""
        return any(feed.is_busy for feed in self._feeds.values())

    async def aclose(self, grace: float = 0.0) -> None:
        """End all feeds; deliveries under way have `grace` seconds to end."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        self.stop()
        feeds = list(self._feeds.values())
        self._feeds.clear()
        await asyncio.gather(*(feed.aclose(grace) for feed in feeds))
        await self._webhooks.aclose()

    async def check(
        self, credential: Credential, types: frozenset[str], extensions: Sequence[str] = (), group: str = ""
    ) -> tuple[FeedProblem, ...]:
        """Return why events of these types would not come from a PBX, within a few seconds.

        `extensions` and `group` are those of the filter.
        """
        return await self._checker.check(credential, types, extensions, group)

    async def add(self, subscription: Subscription) -> SubscriptionStatus:
        """Store a subscription and begin to deliver. Raises EventStoreError, and ConfigurationError for its URL."""
        check_target(subscription.url, self._allowed)
        await self._store.add_subscription(subscription)
        await self._refresh()
        return await self.describe(subscription)

    async def remove(self, subscription_id: str) -> bool:
        """Remove a subscription and its deliveries; return whether it existed. Raises EventStoreError."""
        existed = await self._store.remove_subscription(subscription_id)
        await self._refresh()
        return existed

    async def test(self, subscription_id: str, event: str = "") -> TestDelivery:
        """Send a signed message of type "test" to a receiver, once; with `event` a sample of that type.

        Raises EventStoreError and UnknownNameError, and ConfigurationError for an unknown type.
        """
        record = await self._get(subscription_id)
        subscription = record.subscription
        message_id = f"test_{secrets.token_hex(16)}"
        document = {
            **make_sample(find_type(event) if event else TEST_TYPE),
            "time": format_time(self._clock.now()),
        }
        if not event:
            stamp = self._clock.now().strftime("%Y%m%dT%H%M%SZ")
            document |= {
                "id": f"{TEST_TYPE.name}/{subscription.id}/{stamp}",
                "pbx": self._find_pbx(subscription),
                "subscription": subscription.id,
            }
        end = self._sender.check(subscription) or await self._sender.send(subscription, message_id, document)
        if end.is_delivered and record.state == "active":
            # The receiver is there: what waits for its next attempt, which may be minutes, comes now.
            with suppress(EventStoreError, UnknownNameError):
                await self.resume(subscription_id)
        return TestDelivery(
            delivered=end.is_delivered,
            status_code=end.status_code,
            problem=end.problem,
            advice=end.advice,
        )

    async def resume(self, subscription_id: str) -> None:
        """Deliver at once what waits, and begin again if the subscription is parked. Raises EventStoreError."""
        await self._get(subscription_id)
        await self._store.resume(subscription_id)
        await self._refresh()

    async def describe(self, subscription: Subscription) -> SubscriptionStatus:
        """Return the state of a subscription. Raises EventStoreError, and UnknownNameError where it was removed."""
        record = await self._get(subscription.id)
        counts = await self._store.count_deliveries(subscription.id)
        feed = self._feeds.get(subscription.feed)
        problems = await feed.list_problems() if feed is not None else ()
        monitored = await feed.list_monitored() if feed is not None else None
        missing = self._missing.get(subscription.id)
        return SubscriptionStatus(
            state=record.state,
            state_reason=record.reason,
            problems=(
                *((missing,) if missing is not None else ()),
                *pick_problems(problems, subscription.events),
                *describe_unmonitored(monitored, subscription.events, subscription.filter.extensions),
            ),
            pending=counts.pending,
            delivered=counts.delivered,
            failed=counts.failed,
        )

    @asynccontextmanager
    async def reading(self, reference: PbxReference, types: frozenset[str]) -> AsyncIterator[str]:
        """Run the feed of a PBX for a reader of these types until the context ends; return the key of the feed.

        Raises the error of the login where the PBX does not accept the credential.
        """
        credential = self._find_credential(reference)
        key = make_feed_key(credential)
        feed = self._feeds.get(key)
        is_known = reference.profile is not None or (
            feed is not None and feed.credential.client_secret == credential.client_secret
        )
        if not is_known:
            await log_in(credential, token_store=self._services.token_store, catalog=self._services.catalog)
        with self._wants.reading(key, credential, types):
            await self._refresh()
            yield key

    def list_feeds(self) -> list[tuple[str, bool]]:
        """Return host and port of each PBX whose feed runs in this process, and whether it is connected."""
        return [(feed.pbx, feed.is_connected) for feed in self._feeds.values() if feed.is_running]

    async def _get(self, subscription_id: str) -> SubscriptionRecord:
        record = await self._store.get_subscription(subscription_id)
        if record is None:
            raise UnknownNameError(
                f"the subscription {subscription_id} does not exist",
                description="`threecx subscriptions list` shows all of them.",
                code="unknown_subscription",
            )
        return record

    def _find_pbx(self, subscription: Subscription) -> str:
        feed = self._feeds.get(subscription.feed)
        return feed.pbx if feed is not None else ""

    async def _watch(self) -> None:
        """Follow what other processes change, until the task is cancelled."""
        while True:
            await self._clock.wait(self._wake, _LOOK)
            self._wake.clear()
            try:
                await self._wants.announce()
                version = await self._store.subscriptions_version()
                if version != self._version or self._wants.is_changed:
                    await self._refresh()
                else:
                    await self._update_wants()
            except EventStoreError as error:
                log.debug("%s", error.one_line())
            except Exception:
                log.exception("the hub of events: internal error")

    async def _refresh(self) -> None:
        """Run the feeds that are wanted, and no others."""
        async with self._lock:
            self._version = await self._store.subscriptions_version()
            records = await self._store.list_subscriptions()
            by_feed: dict[str, list[SubscriptionRecord]] = {}
            for each in records:
                by_feed.setdefault(each.subscription.feed, []).append(each)
            self._missing.clear()
            wanted = self._wants.list_local()
            credentials = {key: self._choose(key, by_feed.get(key, [])) for key in {*by_feed, *wanted}}
            for key, feed in list(self._feeds.items()):
                if credentials.get(key) != feed.credential:
                    del self._feeds[key]
                    await feed.aclose()
            for key, credential in credentials.items():
                if credential is None:
                    continue
                feed = self._feeds.get(key) or Feed(key, credential, self._services)
                types = {name for each in by_feed.get(key, ()) for name in each.subscription.events}
                feed.update(
                    by_feed.get(key, ()),
                    frozenset(types) | wanted.get(key, frozenset()),
                )
                if key not in self._feeds:
                    self._feeds[key] = feed
                    feed.start()

    async def _update_wants(self) -> None:
        """Take over what readers of other processes want."""
        for key, feed in list(self._feeds.items()):
            if feed.is_running:
                feed.update_wants(await self._store.list_wants(key))

    def _choose(self, key: str, records: Sequence[SubscriptionRecord]) -> Credential | None:
        """Return the credential of a feed: that of its newest subscription that has one."""
        found: Credential | None = None
        for record in reversed(records):
            subscription = record.subscription
            try:
                credential = self._find_credential(subscription.pbx)
            except ConfigurationError as error:
                self._missing[subscription.id] = _describe_missing(subscription, error)
                continue
            if make_feed_key(credential) != key:
                self._missing[subscription.id] = _describe_missing(subscription, _make_other_pbx_error())
                continue
            found = found or credential
        return found or self._wants.find_credential(key)


def _make_other_pbx_error() -> ConfigurationError:
    return ConfigurationError(
        "the profile of this subscription now names another PBX or another client",
        description="Remove the subscription and add it again.",
        code="profile_changed",
    )


def _describe_missing(subscription: Subscription, error: ConfigurationError) -> FeedProblem:
    return FeedProblem(
        events=subscription.events,
        code=error.code,
        message=error.message,
        advice=error.description,
        is_final=True,
    )
