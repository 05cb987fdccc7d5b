"""The events of the service: its hub, its readers, and their end."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING

from ..errors import ConfigurationError, EventStoreError
from ..events.hub import EventHub
from .log import log
from .problems import ProblemError
from .requests import find_profile

if TYPE_CHECKING:
    from threecx_credentials import Credential, TokenStore

    from ..events.model.subscription import PbxReference
    from ..events.store.event_store import EventStore
    from .config import ServiceConfig
    from .event_log import EventObserver

# Readers of /v1/events at once: each one takes a connection, and reads the store for each event.
MAX_READERS = 100
# Seconds between two attempts to start where the store cannot be used.
_START_AGAIN = 15.0


class EventService:
    """The hub of a service, if it has a store of events, from `start` to `aclose`."""

    def __init__(self, config: ServiceConfig, token_store: TokenStore, observer: EventObserver) -> None:
        self._config = config
        self._observer = observer
        self._store = config.events
        self._readers = 0
        self._starting: asyncio.Task[None] | None = None
        self._ending: asyncio.Task[None] | None = None
        self._error: EventStoreError | None = None
        self.ending = asyncio.Event()
        """Set when readers must leave."""
        self._hub: EventHub | None = None
        if config.events is not None:
            self._hub = EventHub(
                config.events,
                find_credential=self._find_credential,
                token_store=token_store,
                catalog=config.catalog,
                allowed_webhooks=config.allowed_webhooks,
                observer=observer,
            )

    @property
    def hub(self) -> EventHub:
        """Return the hub. Raise ProblemError where there is none, and EventStoreError where it cannot run."""
        if self._hub is None:
            raise ProblemError(
                404, "this executor has no events", "Start it with threecx serve.", "no_events"
            )
        if self.ending.is_set():
            raise ProblemError(503, "the executor is stopping", "Send the request again.", "stopping")
        if self._error is not None:
            raise self._error
        return self._hub

    @property
    def store(self) -> EventStore:
        """Return the store. Raise ProblemError and EventStoreError, as `hub` does."""
        _ = self.hub
        assert self._store is not None  # noqa: S101 (a hub has a store)
        return self._store

    @property
    def is_busy(self) -> bool:
        """Return whether deliveries are under way."""
        is_ending = self._ending is not None and not self._ending.done()
        return is_ending or (self._hub is not None and self._hub.is_busy)

    def list_feeds(self) -> list[tuple[str, bool]]:
        """Return host and port of each PBX whose events come to this process, and whether it is connected."""
        return [] if self._hub is None or self._error is not None else self._hub.list_feeds()

    def count_readers(self) -> int:
        """Return the number of readers of /v1/events."""
        return self._readers

    async def count(self) -> tuple[list[str], int]:
        """Return the state of each subscription, and how many events wait; nothing where the store cannot be used."""
        if self._store is None:
            return [], 0
        try:
            records = await self._store.list_subscriptions()
            counts = [await self._store.count_deliveries(each.subscription.id) for each in records]
        except EventStoreError:
            return [], 0
        return [each.state for each in records], sum(each.pending for each in counts)

    async def start(self) -> None:
        """Start the hub; where its store cannot be used, start it later. The service runs in either case."""
        if self._hub is None:
            return
        if not await self._try_start(self._hub):
            error = self._error
            assert error is not None  # noqa: S101 (the reason)
            log.error(
                "events are not available: %s", error.one_line(), extra={"fields": {"code": error.code}}
            )
            self._starting = asyncio.create_task(self._start_later(self._hub), name="threecx-events")

    def begin_end(self) -> None:
        """Let readers leave, and begin no delivery; those under way have the grace period of the service."""
        self.ending.set()
        self._observer.end()
        if self._starting is not None:
            self._starting.cancel()
        if self._hub is not None and self._ending is None:
            self._hub.stop()
            self._ending = asyncio.create_task(
                self._hub.aclose(self._config.grace), name="threecx-events-end"
            )

    def abort(self) -> None:
        """Cut off the deliveries under way; they are made again after the next start."""
        if self._ending is not None:
            self._ending.cancel()

    async def aclose(self) -> None:
        """End the hub, and close the store."""
        self.begin_end()
        if self._ending is not None:
            with suppress(asyncio.CancelledError):
                await self._ending
        if self._store is not None:
            await self._store.aclose()

    async def remove(self, subscription_id: str) -> bool:
        """Remove a subscription; return whether it existed.

        Subscriptions whose secrets cannot be read can be removed too: the key is lost, and they stop the hub.
        """
        if self._hub is None or self._store is None or self._error is None:
            return await self.hub.remove(subscription_id)
        existed = await self._store.remove_subscription(subscription_id)
        await self._try_start(self._hub)
        return existed

    def enter_reader(self) -> None:
        """Count a reader. Raise ProblemError where there are too many."""
        if self._readers >= MAX_READERS:
            raise ProblemError(
                503,
                f"{MAX_READERS} readers of events are connected",
                "Close some, or use subscriptions.",
                "too_many_readers",
            )
        self._readers += 1

    def leave_reader(self) -> None:
        """Count a reader no longer."""
        self._readers -= 1

    async def _start_later(self, hub: EventHub) -> None:
        while self._error is not None:
            await asyncio.sleep(_START_AGAIN)
            if self._error is not None and await self._try_start(hub):
                log.info("events are available", extra={"fields": {}})

    async def _try_start(self, hub: EventHub) -> bool:
        """Start the hub; return whether its store can be used."""
        try:
            await hub.start()
        except EventStoreError as error:
            self._error = error
            return False
        self._error = None
        return True

    def _find_credential(self, reference: PbxReference) -> Credential:
        """Return the credential of a subscription. Raise ConfigurationError where it may not be used any more."""
        if reference.profile is not None:
            return find_profile(reference.profile, self._config.profiles)
        if reference.credential is None:
            raise ConfigurationError(
                "the subscription has no PBX", description="Remove it, and add it again."
            )
        self._config.access.check(reference.credential)
        return reference.credential
