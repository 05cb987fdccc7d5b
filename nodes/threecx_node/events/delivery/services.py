"""The services that all feeds of a hub share, as one object."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from threecx_credentials import TokenStore

    from ...catalog import Catalog
    from ..model.clock import Clock
    from ..model.hub_observer import HubObserver
    from ..store.event_store import EventStore
    from .sender import Sender


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedServices:
    """The services of feeds: `jitter` returns a number from 0 to 1, by which waits differ."""

    store: EventStore
    sender: Sender
    clock: Clock
    observer: HubObserver
    token_store: TokenStore | None = None
    catalog: Catalog | None = None
    jitter: Callable[[], float] = random.random
