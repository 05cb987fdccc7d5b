"""The types of events: one table, from which schemas, samples, filters, documentation and choices are made."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal

from ...catalog.nearest import nearest_hint
from ...errors import ConfigurationError
from . import call_fields as calls
from . import record_fields as records
from .event import SCHEMA_VERSION
from .event_fields import integer, text, time

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .event_fields import Field

Group = Literal["calls", "records", "system"]
GROUP_TITLES: Mapping[Group, str] = {"calls": "Calls", "records": "Records", "system": "System"}
Source = Literal["live", "records", "both"]
FilterField = Literal["extensions", "direction", "number", "group", "severity"]


@dataclass(frozen=True, slots=True, kw_only=True)
class EventType:
    """A type of events.

    `source` is where its events come from: live calls (Call Control), records (the XAPI), or live calls where they can
    be had, else records. `right` is what the API client needs. `filters` are the fields of a filter that apply to it.
    `fields` are those besides the fields of every event, and `examples` the values in the sample that differ from those
    of the fields.
    """

    name: str
    group: Group
    title: str
    description: str
    source: Source
    right: str
    fields: tuple[Field, ...]
    filters: tuple[FilterField, ...] = ()
    examples: Mapping[str, Any] = field(default_factory=dict)


COMMON_FIELDS = (
    integer("schemaVersion", "The version of the form of events", SCHEMA_VERSION, required=True),
    text(
        "id",
        "The ID of the event: the same each time the same event is sent, by which a receiver recognizes repeats",
        f"{calls.EXAMPLE_PBX}/1001/call/started",
        required=True,
    ),
    text("type", "The name of the type", "call.started", required=True),
    time("time", "When it happened, in UTC", "2026-03-01T08:00:00.000Z", required=True),
    text("pbx", "Host and port of the PBX", calls.EXAMPLE_PBX, required=True),
)
"""The fields of every event, before those of its type."""

_CALL_FILTERS: tuple[FilterField, ...] = ("extensions", "direction", "number", "group")
_RECORDING_FILTERS: tuple[FilterField, ...] = ("extensions", "direction", "number")
_CALL_CONTROL = "Call Control in Admin > Integrations > API, for the extensions that the client monitors"
_OWNER = "the role System Owner"
_RECORDINGS = "the role System Owner, and the right to recordings"
_ADMINISTRATOR = "the role System Administrator or System Owner"

# Fields of a call in the call log, and of a call that was recorded.
_LOGGED = (
    calls.SOURCE,
    calls.DIRECTION,
    *(each for each in calls.CALL_PARTIES if each is not calls.DID),
    calls.STARTED_AT,
    calls.ANSWERED_AT,
    calls.ENDED_AT,
)
_RECORDED = (
    calls.SOURCE,
    calls.DIRECTION,
    *(each for each in calls.CALL_PARTIES if each not in (calls.QUEUE, calls.RING_GROUP)),
    calls.STARTED_AT,
    calls.ENDED_AT,
)
# One form for both sources: the handle is present while the call is live, the call log's entry afterwards.
_MISSED = (
    calls.SOURCE,
    replace(calls.INFERRED, is_required=True),
    calls.CALL,
    calls.DIRECTION_OF_MISSED,
    *calls.CALL_PARTIES,
    calls.STARTED_AT,
    calls.ENDED_AT,
    replace(calls.CALL_LOG, is_required=False, is_in_sample=False),
)
_TRUNK_UP = {**records.TRUNK.make_example(), "isOnline": True}


def _of_call(event: str, minutes: str) -> dict[str, Any]:
    """Return the values of an event of the call in all samples, `minutes` such as 02:20 after the hour."""
    return {"id": f"{calls.EXAMPLE_PBX}/1001/{event}", "time": f"2026-03-01T08:{minutes}.000Z"}


def _of_record(record: str, minutes: str) -> dict[str, Any]:
    """Return the values of an event of a record, `minutes` such as 02:20 after the hour."""
    return {
        "id": f"{calls.EXAMPLE_PBX}/{record}",
        "time": f"2026-03-01T08:{minutes}.000Z",
        "source": "records",
    }


_TYPES = (
    EventType(
        name="call.started",
        group="calls",
        title="Call started",
        description="A call has begun: it rings, or is being dialed",
        source="live",
        right=_CALL_CONTROL,
        fields=calls.LIVE_CALL,
        filters=_CALL_FILTERS,
        examples=_of_call("call/started", "00:00"),
    ),
    EventType(
        name="call.ringing",
        group="calls",
        title="Call ringing",
        description="An extension rings; a call to several extensions rings once for each",
        source="live",
        right=_CALL_CONTROL,
        # A call that was answered rings again where it is transferred.
        fields=(
            *calls.LIVE_CALL,
            calls.TRANSFERRED_FROM,
            replace(calls.ANSWERED_AT, is_in_sample=False),
        ),
        filters=_CALL_FILTERS,
        examples=_of_call("100.8106/ringing", "00:00"),
    ),
    EventType(
        name="call.answered",
        group="calls",
        title="Call answered",
        description="A person answered the call; queues and digital receptionists do not count",
        source="live",
        right=_CALL_CONTROL,
        fields=(*calls.LIVE_CALL, calls.ANSWERED_AT),
        filters=_CALL_FILTERS,
        examples=_of_call("call/answered", "00:08"),
    ),
    EventType(
        name="call.transferred",
        group="calls",
        title="Call transferred",
        description="An answered call went to another extension",
        source="live",
        right=_CALL_CONTROL,
        fields=(*calls.LIVE_CALL, calls.TRANSFERRED_FROM, calls.ANSWERED_AT),
        filters=_CALL_FILTERS,
        examples=_of_call("100.8106/transferred", "01:10"),
    ),
    EventType(
        name="call.missed",
        group="calls",
        title="Call missed",
        description="A call that came in ended before a person answered it",
        source="both",
        right=f"{_CALL_CONTROL}; where there is none, and for calls while nothing was connected, {_OWNER}",
        fields=_MISSED,
        filters=_CALL_FILTERS,
        examples={**_of_call("call/missed", "00:20"), "endedAt": "2026-03-01T08:00:20.000Z"},
    ),
    EventType(
        name="call.ended",
        group="calls",
        title="Call ended",
        description="A call is over, answered or not",
        source="live",
        right=_CALL_CONTROL,
        fields=(*calls.LIVE_CALL, calls.ANSWERED_AT, calls.ENDED_AT),
        filters=_CALL_FILTERS,
        examples=_of_call("call/ended", "02:20"),
    ),
    EventType(
        name="call.logged",
        group="records",
        title="Call logged",
        description="A finished call is in the call log, with all its legs",
        source="records",
        right=_OWNER,
        fields=(*_LOGGED, calls.CALL_LOG),
        filters=_CALL_FILTERS,
        examples=_of_record("callLog/00000000-01dc-a95c-0000-000000000001/logged", "02:20"),
    ),
    EventType(
        name="recording.ready",
        group="records",
        title="Recording ready",
        description="The recording of a call can be downloaded",
        source="records",
        right=_RECORDINGS,
        fields=(*_RECORDED, records.RECORDING),
        filters=_RECORDING_FILTERS,
        examples=_of_record("recordings/501/ready", "02:20"),
    ),
    EventType(
        name="transcription.ready",
        group="records",
        title="Transcription ready",
        description="A recording is transcribed, with summary and sentiment where 3CX has them",
        source="records",
        right=_RECORDINGS,
        fields=(*_RECORDED, records.RECORDING, records.TRANSCRIPTION),
        filters=_RECORDING_FILTERS,
        examples=_of_record("recordings/501/transcribed", "02:20"),
    ),
    EventType(
        name="voicemail.new",
        group="records",
        title="Voicemail received",
        description="A caller reached the voicemail of an extension, as the call log shows it",
        source="records",
        right=_OWNER,
        fields=(*_LOGGED, calls.INFERRED, records.VOICEMAIL),
        filters=_CALL_FILTERS,
        examples={
            **_of_record("callLog/00000000-01dc-a95c-0000-000000000001/voicemail", "00:32"),
            "inferred": True,
        },
    ),
    EventType(
        name="chat.new",
        group="records",
        title="Chat message received",
        description="A chat message was sent: live chat, SMS, or between extensions",
        source="records",
        right=_OWNER,
        fields=(
            calls.SOURCE,
            calls.EXTENSION,
            calls.EXTENSIONS,
            calls.EXTERNAL_NUMBER,
            calls.QUEUE,
            records.CHAT,
        ),
        filters=("extensions", "number", "group"),
        examples=_of_record("chats/9001", "00:00"),
    ),
    EventType(
        name="event_log.new",
        group="system",
        title="Event log entry added",
        description="3CX wrote an entry to its event log",
        source="records",
        right=_ADMINISTRATOR,
        fields=(calls.SOURCE, records.LOG_ENTRY),
        filters=("group", "severity"),
        examples=_of_record("eventLog/4711", "00:00"),
    ),
    EventType(
        name="trunk.down",
        group="system",
        title="Trunk down",
        description="A SIP trunk lost its registration",
        source="records",
        right=_ADMINISTRATOR,
        fields=(calls.SOURCE, records.TRUNK),
        examples=_of_record("trunks/21/down/20260301T080000Z-1", "00:00"),
    ),
    EventType(
        name="trunk.up",
        group="system",
        title="Trunk up",
        description="A SIP trunk is registered again",
        source="records",
        right=_ADMINISTRATOR,
        fields=(calls.SOURCE, replace(records.TRUNK, example=_TRUNK_UP)),
        examples=_of_record("trunks/21/up/20260301T080500Z-1", "05:00"),
    ),
    EventType(
        name="backup.finished",
        group="system",
        title="Backup finished",
        description="A new backup is available",
        source="records",
        right=_ADMINISTRATOR,
        fields=(calls.SOURCE, records.BACKUP),
        examples=_of_record("backups/backup-20260301.zip/20260301T080000Z", "00:00"),
    ),
    EventType(
        name="user.created",
        group="system",
        title="User created",
        description="A user was added",
        source="records",
        right=_ADMINISTRATOR,
        fields=(calls.SOURCE, calls.EXTENSION, records.USER),
        filters=("extensions",),
        examples=_of_record("users/35/created/20260301T080000Z-1", "00:00"),
    ),
    EventType(
        name="user.updated",
        group="system",
        title="User updated",
        description="A user was changed",
        source="records",
        right=_ADMINISTRATOR,
        fields=(calls.SOURCE, calls.EXTENSION, records.UPDATED_USER),
        filters=("extensions",),
        examples=_of_record("users/35/updated/20260301T080000Z-1", "00:00"),
    ),
    EventType(
        name="user.deleted",
        group="system",
        title="User deleted",
        description="A user was deleted",
        source="records",
        right=_ADMINISTRATOR,
        fields=(calls.SOURCE, calls.EXTENSION, records.DELETED_USER),
        filters=("extensions",),
        examples=_of_record("users/35/deleted/20260301T080000Z-1", "00:00"),
    ),
)

EVENT_TYPES: Mapping[str, EventType] = MappingProxyType({each.name: each for each in _TYPES})

TEST_TYPE = EventType(
    name="test",
    group="system",
    title="Test",
    description="A test delivery: nothing happened in 3CX",
    source="records",
    right="none",
    fields=(text("subscription", "The ID of the subscription", "3f0e1a52-7d0b-4a3e-9d5e-0c2f6f1f6b1d"),),
    examples={"id": "test/3f0e1a52-7d0b-4a3e-9d5e-0c2f6f1f6b1d/20260301T080000Z"},
)
"""The type of test deliveries, which cannot be chosen."""


def find_type(name: str) -> EventType:
    """Return the type with that name. Raises ConfigurationError, which suggests the nearest name."""
    found = EVENT_TYPES.get(name)
    if found is None:
        raise _make_unknown(name, name)
    return found


def find_typed(name: str) -> EventType:
    """Return the type with a name as people type it: `missed` is `call.missed`. Raises as `find_type` does."""
    full = name if "." in name else f"call.{name}"
    found = EVENT_TYPES.get(full)
    if found is None:
        raise _make_unknown(name, full)
    return found


def _make_unknown(name: str, full: str) -> ConfigurationError:
    known = tuple(EVENT_TYPES)
    return ConfigurationError(
        f"there are no events {name!r}",
        description=nearest_hint(full, known) or f"Choose from {', '.join(known)}.",
        code="unknown_event",
        field="events",
    )


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
