"""The hub of events: one feed per PBX, shared by all subscriptions, and the deliveries to their receivers."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from .hub_observer import HubObserver, NoObserver

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence

    from threecx_credentials import Credential, TokenStore

    from ..catalog import Catalog
    from .status import FeedProblem, SubscriptionStatus, TestDelivery
    from .store import EventStore
    from .subscription import PbxReference, Subscription


class EventHub:
    """Runs the feeds that subscriptions and readers want, and delivers their events.

    `find_credential` returns the credential of a PBX, and raises ConfigurationError where a profile does not exist
    any more. `token_store` is that of the executors of the same process, so that they and the feeds share one access
    token per client. `allowed_webhooks` are the hosts that may get deliveries; empty: all, except the addresses that
    are never allowed. Use it within one event loop.
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
    ) -> None:
        self._store = store
        self._find_credential = find_credential
        self._token_store = token_store
        self._catalog = catalog
        self._allowed = tuple(allowed_webhooks)
        self._observer = observer or NoObserver()

    async def start(self) -> None:
        """Begin to run the feeds of the stored subscriptions, in tasks. Raises EventStoreError."""
        raise NotImplementedError

    def stop(self) -> None:
        """Begin nothing new: no delivery and no request to a PBX."""
        raise NotImplementedError

    @property
    def is_busy(self) -> bool:
        """Return whether deliveries are under way."""
        raise NotImplementedError

    async def aclose(self, grace: float = 0.0) -> None:
        """End all feeds; deliveries under way have `grace` seconds to end."""
        raise NotImplementedError

    async def check(self, credential: Credential, types: frozenset[str]) -> tuple[FeedProblem, ...]:
        """Return why events of these types would not come from a PBX, within a few seconds."""
        raise NotImplementedError

    async def add(self, subscription: Subscription) -> SubscriptionStatus:
        """Store a subscription and begin to deliver. Raises EventStoreError, and ConfigurationError for its URL."""
        raise NotImplementedError

    async def remove(self, subscription_id: str) -> bool:
        """Remove a subscription and its deliveries; return whether it existed."""
        raise NotImplementedError

    async def test(self, subscription_id: str) -> TestDelivery:
        """Send a signed message of type "test" to a receiver, once. Raises EventStoreError."""
        raise NotImplementedError

    async def resume(self, subscription_id: str) -> None:
        """Begin again to deliver to a parked subscription, first what has been waiting."""
        raise NotImplementedError

    async def describe(self, subscription: Subscription) -> SubscriptionStatus:
        """Return the state of a subscription."""
        raise NotImplementedError

    @asynccontextmanager
    async def reading(self, reference: PbxReference, types: frozenset[str]) -> AsyncIterator[str]:
        """Run the feed of a PBX for a reader of these types until the context ends; return the key of the feed.

        Raises the error of the login where the PBX does not accept the credential.
        """
        del reference, types
        yield ""
        raise NotImplementedError

    def list_feeds(self) -> list[tuple[str, bool]]:
        """Return host and port of each PBX whose feed runs in this process, and whether it is connected."""
        raise NotImplementedError
