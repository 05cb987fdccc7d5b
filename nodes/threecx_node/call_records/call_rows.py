"""Reads rows of the call log and the call history: one leg of a call each."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from ..callcontrol.call_events import format_time
from ..values.clock import parse_duration
from ..values.row_values import first_text, read_number, read_objects, read_text, read_time

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..callcontrol.call_events import Direction

    Row = Mapping[str, Any]

# The kinds of DNs as numbers. The documents of 3CX do not name them; these are the ones that were seen.
EXTENSION, OUTSIDE, RING_GROUP, QUEUE, MAILBOX = 0, 1, 2, 4, 5
_PARTICIPANTS = ("SrcParticipantId", "DstParticipantId")
# Dialed before the number of an extension, this reaches its voicemail.
_MAILBOX_PREFIX = "*4"
_DIRECTIONS: Mapping[str, Direction] = {
    "inbound": "inbound",
    "inbound queue": "inbound",
    "outbound": "outbound",
    "internal": "internal",
}


@dataclass(frozen=True, slots=True)
class Party:
    """One end of a leg: its DN, its number, its name and the kind of the DN."""

    dn: str
    number: str
    name: str
    kind: int

    @property
    def extension(self) -> str:
        """Return the number of the extension, empty where the party is none."""
        return self.dn if self.kind == EXTENSION else ""

    @property
    def is_person(self) -> bool:
        """Return whether the party is a person: neither a queue or a menu, nor a mailbox."""
        return self.kind in (EXTENSION, OUTSIDE)


@dataclass(frozen=True, slots=True)
class LegRow:
    """One leg of a call; durations in seconds. `call` is the same in all legs of a call."""

    call: str
    id: str
    started: datetime
    ring: float
    talk: float
    answered: bool
    source: Party
    target: Party
    direction: Direction
    call_id: int = 0
    status: str = ""
    reason: str = ""
    recordings: tuple[int, ...] = ()

    @property
    def ended(self) -> datetime:
        """Return when the leg ended."""
        return self.started + timedelta(seconds=self.ring + self.talk)

    def to_json(self) -> dict[str, Any]:
        """Return the leg as events contain it."""
        leg = {
            "id": self.id,
            "startedAt": format_time(self.started),
            "direction": self.direction,
            "status": self.status,
            "answered": self.answered,
            "sourceNumber": self.source.dn,
            "sourceName": self.source.name,
            "sourceCallerId": self.source.number,
            "destinationNumber": self.target.dn,
            "destinationName": self.target.name,
            "destinationCallerId": self.target.number,
            "reason": self.reason,
            "ringingSeconds": self.ring,
            "talkingSeconds": self.talk,
            "recordingIds": list(self.recordings),
        }
        return {name: value for name, value in leg.items() if value not in ("", [])}


def read_log_row(row: Row, default_start: datetime) -> LegRow | None:
    """Return a leg of the call log (`Pbx.CallLogData`), None for a row without any ID.

    A row without a time starts at `default_start`.
    """
    leg_id = first_text(row.get("CdrId"), row.get("SegmentId") or None)
    call = first_text(row.get("MainCallHistoryId"), row.get("CallHistoryId"), row.get("CallId") or None)
    if not (call or leg_id):
        return None
    target = _read_party(row, "Destination", "CallerId", "Type")
    recordings = [read_number(each.get("Id")) for each in read_objects(row.get("Recordings"))]
    recordings += [read_number(row.get(name)) for name in ("SrcRecId", "DstRecId")]
    return LegRow(
        call=call or leg_id,
        id=leg_id or call,
        started=read_time(row.get("StartTime")) or default_start,
        ring=read_seconds(row.get("RingingDuration")),
        talk=read_seconds(row.get("TalkingDuration")),
        answered=bool(row.get("Answered")),
        source=_read_party(row, "Source", "CallerId", "Type"),
        target=target,
        direction=_DIRECTIONS.get(
            first_text(row.get("Direction"), row.get("CallType")).casefold(), "unknown"
        ),
        call_id=read_number(row.get("CallId")),
        status=read_text(row.get("Status")),
        reason=read_text(row.get("Reason")),
        recordings=tuple(dict.fromkeys(each for each in recordings if each)),
    )


def read_history_row(row: Row, call: str) -> LegRow | None:
    """Return a leg of the call history of earlier releases (`Pbx.CallHistoryView`), None for one without a time."""
    start, end = read_time(row.get("SegmentStartTime")), read_time(row.get("SegmentEndTime"))
    if start is None:
        return None
    talk = read_seconds(row.get("CallTime"))
    seconds = (end - start).total_seconds() if end is not None else talk
    is_outside, calls_outside = bool(row.get("SrcExternal")), bool(row.get("DstExternal"))
    return LegRow(
        call=call,
        id=read_text(row.get("SegmentId")),
        started=start,
        ring=max(0.0, round(seconds - talk, 6)),
        talk=talk,
        answered=bool(row.get("CallAnswered")),
        source=_read_party(row, "Src", "CallerNumber", "DnType"),
        target=_read_party(row, "Dst", "CallerNumber", "DnType"),
        direction="inbound" if is_outside else "outbound" if calls_outside else "internal",
        recordings=tuple(
            dict.fromkeys(each for name in ("SrcRecId", "DstRecId") if (each := read_number(row.get(name))))
        ),
    )


def read_participants(row: Row) -> set[int]:
    """Return the IDs of the participants of a row of the call history: legs of one call have one in common."""
    return {read_number(row.get(name)) for name in _PARTICIPANTS} - {0}


def read_seconds(value: Any) -> float:
    """Return the seconds of a duration, 0 where there is none."""
    found = parse_duration(value) if isinstance(value, str) else None
    return 0.0 if found is None else float(found)


def _read_party(row: Row, end: str, number: str, kind: str) -> Party:
    value = row.get(f"{end}{kind}")
    found = value if isinstance(value, int) and not isinstance(value, bool) else -1
    dn = read_text(row.get(f"{end}Dn"))
    if found == MAILBOX:
        dn = dn.removeprefix(_MAILBOX_PREFIX)
    return Party(dn, read_text(row.get(f"{end}{number}")), read_text(row.get(f"{end}DisplayName")), found)
