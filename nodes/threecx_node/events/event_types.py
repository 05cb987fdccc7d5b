"""The types of events: one table, from which schemas, samples, filters, documentation and choices are made."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

from ..catalog.nearest import nearest_hint
from ..errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Group = Literal["calls", "records", "system"]
Source = Literal["live", "records", "both"]
FilterField = Literal["extensions", "direction", "number", "group", "severity"]

_CALL_FILTERS: tuple[FilterField, ...] = ("extensions", "direction", "number", "group")
_CALL_CONTROL = "Call Control; the client reports the extensions that it monitors"
_CALL_LOG = "call log (role System Owner, or System Administrator with the permission to see reports)"
_RECORDINGS = "recordings, besides the call log (role System Owner)"
_ADMIN = "System Administrator"


@dataclass(frozen=True, slots=True, kw_only=True)
class EventType:
    """A type of events.

    `source` is where its events come from: live calls (Call Control), records (the XAPI), or live calls where they can
    be had, else records. `right` is what the API client needs. `filters` are the fields of a filter that apply to it.
    """

    name: str
    group: Group
    title: str
    description: str
    source: Source
    right: str
    filters: tuple[FilterField, ...] = ()


_TYPES = (
    EventType(
        name="call.started",
        group="calls",
        title="Call started",
        description="A call has begun: it rings, or is being dialed",
        source="live",
        right=_CALL_CONTROL,
        filters=_CALL_FILTERS,
    ),
    EventType(
        name="call.ringing",
        group="calls",
        title="Call ringing",
        description="An extension rings; a call to several extensions rings once for each",
        source="live",
        right=_CALL_CONTROL,
        filters=_CALL_FILTERS,
    ),
    EventType(
        name="call.answered",
        group="calls",
        title="Call answered",
        description="A person answered the call; queues and digital receptionists do not count",
        source="live",
        right=_CALL_CONTROL,
        filters=_CALL_FILTERS,
    ),
    EventType(
        name="call.transferred",
        group="calls",
        title="Call transferred",
        description="An answered call went to another extension",
        source="live",
        right=_CALL_CONTROL,
        filters=_CALL_FILTERS,
    ),
    EventType(
        name="call.missed",
        group="calls",
        title="Call missed",
        description="A call that came in ended before a person answered it",
        source="both",
        right=f"Call Control, else {_CALL_LOG}",
        filters=_CALL_FILTERS,
    ),
    EventType(
        name="call.ended",
        group="calls",
        title="Call ended",
        description="A call is over, answered or not",
        source="live",
        right=_CALL_CONTROL,
        filters=_CALL_FILTERS,
    ),
    EventType(
        name="call.logged",
        group="records",
        title="Call logged",
        description="A finished call is in the call log, with all its legs",
        source="records",
        right=_CALL_LOG,
        filters=_CALL_FILTERS,
    ),
    EventType(
        name="recording.ready",
        group="records",
        title="Recording ready",
        description="The recording of a call can be downloaded",
        source="records",
        right=_RECORDINGS,
        filters=_CALL_FILTERS,
    ),
    EventType(
        name="transcription.ready",
        group="records",
        title="Transcription ready",
        description="A recording is transcribed, with summary and sentiment where 3CX has them",
        source="records",
        right=_RECORDINGS,
        filters=_CALL_FILTERS,
    ),
    EventType(
        name="voicemail.new",
        group="records",
        title="Voicemail received",
        description="A caller left a voicemail",
        source="records",
        right=_CALL_LOG,
        filters=_CALL_FILTERS,
    ),
    EventType(
        name="chat.new",
        group="records",
        title="Chat message received",
        description="A chat message was sent: live chat, SMS, or between extensions",
        source="records",
        right="chat history (role System Owner)",
        filters=("extensions", "number", "group"),
    ),
    EventType(
        name="event_log.new",
        group="system",
        title="Event log entry added",
        description="3CX wrote an entry to its event log",
        source="records",
        right=_ADMIN,
        filters=("group", "severity"),
    ),
    EventType(
        name="trunk.down",
        group="system",
        title="Trunk down",
        description="A SIP trunk lost its registration",
        source="records",
        right=_ADMIN,
    ),
    EventType(
        name="trunk.up",
        group="system",
        title="Trunk up",
        description="A SIP trunk is registered again",
        source="records",
        right=_ADMIN,
    ),
    EventType(
        name="backup.finished",
        group="system",
        title="Backup finished",
        description="A new backup is available",
        source="records",
        right=_ADMIN,
    ),
    EventType(
        name="user.created",
        group="system",
        title="User created",
        description="A user was added",
        source="records",
        right=_ADMIN,
        filters=("extensions",),
    ),
    EventType(
        name="user.updated",
        group="system",
        title="User updated",
        description="A user was changed",
        source="records",
        right=_ADMIN,
        filters=("extensions",),
    ),
    EventType(
        name="user.deleted",
        group="system",
        title="User deleted",
        description="A user was deleted",
        source="records",
        right=_ADMIN,
        filters=("extensions",),
    ),
)

EVENT_TYPES: Mapping[str, EventType] = MappingProxyType({each.name: each for each in _TYPES})


def find_type(name: str) -> EventType:
    """Return the type with that name. Raises ConfigurationError, which suggests the nearest name."""
    found = EVENT_TYPES.get(name)
    if found is None:
        known = tuple(EVENT_TYPES)
        raise ConfigurationError(
            f"there are no events {name!r}",
            description=nearest_hint(name, known) or f"Choose from {', '.join(known)}.",
            code="unknown_event",
            field="events",
        )
    return found


def find_types(names: Sequence[str]) -> tuple[EventType, ...]:
    """Return the types with these names, each once. Raises ConfigurationError for an unknown name, and for none."""
    found = {name: find_type(name) for name in names}
    if not found:
        raise ConfigurationError(
            "no events are chosen",
            description=f"Choose at least one of {', '.join(EVENT_TYPES)}.",
            code="no_events",
            field="events",
        )
    return tuple(found.values())
