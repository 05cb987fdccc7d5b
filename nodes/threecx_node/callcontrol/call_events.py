"""The events of calls: the form in which they are shown, sent on and stored."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, get_args

if TYPE_CHECKING:
    from datetime import datetime

CallEventType = Literal[
    "call.started", "call.ringing", "call.answered", "call.transferred", "call.missed", "call.ended"
]
CALL_EVENT_TYPES: tuple[CallEventType, ...] = get_args(CallEventType)

Direction = Literal["inbound", "outbound", "internal", "unknown"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CallEvent:
    """One event of one call.

    `id` is the same each time the same event is reported, also by another listener or after a restart. `dn` and
    `participant_id` name the leg of the event. `extension` is the extension that the event is about, `extensions` are
    all that have taken part in the call so far. `external_number` is the number of the party outside. `queue` and
    `ring_group` are those through which the call came. `inferred` is set where no message of the PBX reported the
    event, as for calls that were in progress already, and for calls that ended while the connection was lost; `time`
    is then the time at which that was noticed. All texts are empty where their value is not known.
    """

    id: str
    type: CallEventType
    time: datetime
    pbx: str
    inferred: bool
    call_id: int
    dn: str
    participant_id: int
    direction: Direction = "unknown"
    extension: str = ""
    extensions: tuple[str, ...] = ()
    external_number: str = ""
    caller_number: str = ""
    caller_name: str = ""
    called_number: str = ""
    did: str = ""
    queue: str = ""
    ring_group: str = ""
    transferred_from: str = ""
    started_at: datetime | None = None
    answered_at: datetime | None = None
    ended_at: datetime | None = None

    @property
    def call(self) -> dict[str, Any]:
        """Return the handle of the leg, which operations on live calls take."""
        return {
            "pbx": self.pbx,
            "dn": self.dn,
            "participantId": self.participant_id,
            "callId": self.call_id,
        }

    def to_json(self) -> dict[str, Any]:
        """Return the event as JSON, times in UTC. A value that is not known is left out."""
        known = {
            "direction": self.direction,
            "extension": self.extension,
            "extensions": list(self.extensions),
            "externalNumber": self.external_number,
            "callerNumber": self.caller_number,
            "callerName": self.caller_name,
            "calledNumber": self.called_number,
            "did": self.did,
            "queue": self.queue,
            "ringGroup": self.ring_group,
            "transferredFrom": self.transferred_from,
            "startedAt": self.started_at and format_time(self.started_at),
            "answeredAt": self.answered_at and format_time(self.answered_at),
            "endedAt": self.ended_at and format_time(self.ended_at),
        }
        return {
            "id": self.id,
            "type": self.type,
            "time": format_time(self.time),
            "inferred": self.inferred,
            "call": self.call,
            **{name: value for name, value in known.items() if value},
        }


def format_time(time: datetime) -> str:
    """Return a time in UTC as `2026-03-01T08:00:00.000Z`."""
    return f"{time.replace(tzinfo=None).isoformat(timespec='milliseconds')}Z"
