"""Hubs for tests: a store in a folder, and the credentials of simulators."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from threecx_credentials import Credential, MemoryTokenStore, Secret
from threecx_node.errors import ConfigurationError
from threecx_node.events.delivery.signature import make_secret
from threecx_node.events.hub import EventHub
from threecx_node.events.model.feed_key import make_feed_key
from threecx_node.events.model.filters import EventFilter
from threecx_node.events.model.subscription import PbxReference, Subscription
from threecx_node.events.store.event_store import EventStore
from threecx_node.events.store.sqlite_store import SqliteEventStore
from threecx_node.simulator import Simulator


def credential_of(pbx: Simulator) -> Credential:
    return Credential.of(pbx.base_url, pbx.client_id, pbx.client_secret)


def subscribe(
    credential: Credential, url: str, *events: str, secret: str = "", **fields: Any
) -> Subscription:
    return Subscription(
        id=str(uuid.uuid4()),
        feed=make_feed_key(credential),
        pbx=PbxReference(credential=credential),
        events=events or ("call.started", "call.ringing", "call.answered", "call.missed", "call.ended"),
        filter=fields.pop("filter", EventFilter()),
        url=url,
        secret=Secret(secret or make_secret()),
        created_at=datetime.now(UTC),
        **fields,
    )


def find_credential(reference: PbxReference) -> Credential:
    if reference.credential is None:
        raise ConfigurationError(f"the profile {reference.profile} does not exist", code="unknown_profile")
    return reference.credential


async def until(condition: Callable[[], object], seconds: float = 30) -> None:
    """Wait until a condition is true, for things that announce no change."""
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 (a hub announces it by no event)
            await asyncio.sleep(0.02)


async def until_connected(hub: EventHub) -> None:
    """Wait until all feeds of a hub are connected."""
    await until(lambda: hub.list_feeds() and all(connected for _, connected in hub.list_feeds()))


async def until_counted(hub: EventHub, subscription: Subscription, **counts: int) -> None:
    """Wait until the numbers of the deliveries of a subscription are as expected."""
    async with asyncio.timeout(30):
        while True:
            status = await hub.describe(subscription)
            if all(getattr(status, name) == count for name, count in counts.items()):
                return
            await asyncio.sleep(0.02)


async def until_problem(hub: EventHub, subscription: Subscription, code: str) -> None:
    """Wait until a subscription has a problem with a code."""
    async with asyncio.timeout(30):
        while True:
            if code in {each.code for each in (await hub.describe(subscription)).problems}:
                return
            await asyncio.sleep(0.02)


async def until_polled(store: EventStore, feed: str) -> None:
    """Wait until records were polled for the first time: only later ones become events."""
    async with asyncio.timeout(30):
        while True:
            if await store.load_cursor(feed, "records"):
                return
            await asyncio.sleep(0.05)


@asynccontextmanager
async def running_hub(folder: Path, **options: Any) -> AsyncIterator[EventHub]:
    """Run a hub on the store in a folder."""
    store = SqliteEventStore(folder)
    hub = EventHub(store, find_credential=find_credential, token_store=MemoryTokenStore(), **options)
    await hub.start()
    try:
        yield hub
    finally:
        await hub.aclose()
        await store.aclose()
