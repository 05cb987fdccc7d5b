"""A subscription: the events that a receiver gets, and where they are sent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ...errors import ConfigurationError

if TYPE_CHECKING:
    from datetime import datetime

    from threecx_credentials import Credential, Secret

    from .event import Event
    from .filters import EventFilter


@dataclass(frozen=True, slots=True, kw_only=True)
class PbxReference:
    """The PBX of a subscription: the name of a profile, or a full credential."""

    profile: str | None = None
    credential: Credential | None = None

    def __post_init__(self) -> None:
        if (self.profile is None) == (self.credential is None):
            raise ConfigurationError(
                "a subscription needs either a profile or a credential",
                description='Send {"pbx": {"profile": "NAME"}} or a full credential.',
                field="pbx",
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """The wish of a receiver for events of one PBX.

    `feed` is the key of the connection that it shares with other subscriptions. `events` are names of types. `secret`
    signs the deliveries to `url`, of which up to `concurrency` are under way at once; None is the default of the hub.
    """

    id: str
    feed: str
    pbx: PbxReference
    events: tuple[str, ...]
    filter: EventFilter
    url: str
    secret: Secret
    created_at: datetime
    description: str = ""
    concurrency: int | None = None

    def wants(self, event: Event) -> bool:
        """Return whether the receiver gets an event."""
        return event.type in self.events and self.filter.matches(event)
