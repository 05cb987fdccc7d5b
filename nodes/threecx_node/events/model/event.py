"""An event: the form in which it is journaled, sent to subscribers, and read again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from ...callcontrol.call_events import format_time
from ...errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ...callcontrol.call_events import CallEvent

SCHEMA_VERSION = 1
"""The version of the form of events. A field that is added leaves it; one that is removed or redefined raises it."""

# The fields that every event has. `data` contains all others.
_ENVELOPE = ("schemaVersion", "id", "type", "time", "pbx")


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One event of one PBX.

    `id` is the same each time the same event is reported, also by another listener or after a restart. `time` is in
    UTC. `pbx` is host and port of the PBX. Events with one `order_key`, such as those of one call, are delivered in
    their order. `data` contains all other fields, as JSON.
    """

    id: str
    type: str
    time: datetime
    pbx: str
    data: Mapping[str, Any]
    order_key: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return the event as JSON, as subscribers receive it."""
        return {
            "schemaVersion": SCHEMA_VERSION,
            "id": self.id,
            "type": self.type,
            "time": format_time(self.time.astimezone(UTC)),
            "pbx": self.pbx,
            **self.data,
        }

    @classmethod
    def from_json(cls, document: Mapping[str, Any], order_key: str = "") -> Event:
        """Return the event of a document that `to_json` has made. Raises InputError where it is another.

        The order key is not a part of the document: only the journal needs it.
        """
        texts = {name: document.get(name) for name in ("id", "type", "time", "pbx")}
        for name, value in texts.items():
            if not isinstance(value, str) or not value:
                raise InputError(
                    f"the event has no {name}", description="Write events as Event.to_json does."
                )
        if document.get("schemaVersion") != SCHEMA_VERSION:
            raise InputError(
                f"the event has schemaVersion {document.get('schemaVersion')!r}, not {SCHEMA_VERSION}",
                description="It was written by another version of threecx-node. Use the same version everywhere.",
            )
        data = {name: value for name, value in document.items() if name not in _ENVELOPE}
        return cls(
            id=document["id"],
            type=document["type"],
            time=_parse_time(document["time"]),
            pbx=document["pbx"],
            order_key=order_key,
            data=data,
        )


def from_call_event(event: CallEvent) -> Event:
    """Return an event of a live call in the form of all events."""
    document = event.to_json()
    data = {name: value for name, value in document.items() if name not in _ENVELOPE}
    return Event(
        id=event.id,
        type=event.type,
        time=event.time,
        pbx=event.pbx,
        order_key=f"call/{event.call_id}",
        data={"source": "live", **data},
    )


def _parse_time(text: str) -> datetime:
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        time = None
    if time is None or time.tzinfo is None:
        raise InputError(
            f"the time {text!r} of the event is not valid",
            description="Write it as 2026-03-01T08:00:00.000Z.",
        )
    return time.astimezone(UTC)
