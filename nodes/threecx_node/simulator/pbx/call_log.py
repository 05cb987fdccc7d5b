"""Turn an ended call into rows of the call history: one for each segment, with the details that reports need."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ..calls.models import (
    EXTENSION,
    EXTERNAL,
    FAX,
    PARKING,
    QUEUE,
    RECEPTIONIST,
    RING_GROUP,
    ROUTE_POINT,
    SPECIAL_MENU,
)
from ..odata.literals import format_date_time

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from ..calls.models import Call, Party, Segment
    from ..store.memory import MemoryStore

# The details of the rows that come from calls, by the ID of the segment.
SEGMENTS = "(call segments)"

# The kinds of DNs as numbers. The API documents name none: these are the simulator's own.
DN_TYPES: Mapping[str, int] = {
    EXTENSION: 0,
    EXTERNAL: 1,
    RING_GROUP: 2,
    QUEUE: 4,
    SPECIAL_MENU: 5,
    RECEPTIONIST: 6,
    FAX: 7,
    PARKING: 8,
    ROUTE_POINT: 14,
}
# The IDs of the participants of a call are counted within such a block.
_MOST_PARTIES = 100
_PEOPLE = frozenset({EXTENSION, EXTERNAL})
# Queues and ring groups pass calls on: they never answer one themselves, even if the caller hears music.
_SERVICES = frozenset({QUEUE, RING_GROUP})
_DIRECTIONS = {"inbound": "Inbound", "outbound": "Outbound", "internal": "Internal"}


def build_duration(seconds: float) -> str:
    """Return a measured time as an ISO 8601 duration with six decimals."""
    total = round(max(0.0, seconds) * 1_000_000)
    if not total:
        return "PT0S"
    minutes, rest = divmod(total, 60_000_000)
    hours, minutes = divmod(minutes, 60)
    parts = (f"{hours}H" if hours else "", f"{minutes}M" if minutes else "")
    return f"PT{''.join(parts)}{rest // 1_000_000}.{rest % 1_000_000:06d}S"


def build_history_row(call: Call, segment: Segment) -> dict[str, Any]:
    """Return the values of the row of a segment in the call history."""
    end = find_end(call, segment)
    return {
        "SegmentStartTime": format_date_time(segment.started),
        "SegmentEndTime": format_date_time(end),
        "CallTime": build_duration(_count_talking(call, segment)),
        "CallAnswered": is_answered(segment),
        **_describe_party("Src", segment.source),
        **_describe_party("Dst", find_destination(segment)),
        "SrcParticipantId": _number_party(call, segment.source),
        "DstParticipantId": _number_party(call, segment.destination),
    }


def _number_party(call: Call, party: Party) -> int:
    """Return an ID of a party that is the same in all segments of its call, and that no other call has."""
    parties = dict.fromkeys(
        (each.dn, each.number) for segment in call.segments for each in (segment.source, segment.destination)
    )
    return call.id * _MOST_PARTIES + list(parties).index((party.dn, party.number)) % _MOST_PARTIES


def find_last_call(store: MemoryStore) -> int:
    """Return the highest ID of the calls that have a record, 0 if there is none."""
    return max((record.value["CallId"] for record in store.table(SEGMENTS).values()), default=0)


def build_details(
    call: Call, segment: Segment, history_id: str, find_type: Callable[[str], str]
) -> dict[str, Any]:
    """Return what reports need of a segment besides its row in the history; `find_type` gets the type of a DN."""
    answered, is_counted = is_answered(segment), segment in list_counted(call.segments)
    service = segment.destination.dn if segment.destination.type in _SERVICES else segment.via
    kind = find_type(service) if service else ""
    queue = service if kind == QUEUE else ""
    picked_up = segment.answered if answered else None
    return {
        "CallId": call.id,
        "HistoryId": history_id,
        "Ringing": ((picked_up or find_end(call, segment)) - segment.started).total_seconds(),
        "Talking": _count_talking(call, segment),
        "Direction": "Inbound Queue"
        if queue and call.direction == "inbound"
        else _DIRECTIONS[call.direction],
        "Status": _choose_status(call, segment),
        "Queue": queue,
        "RingGroup": service if kind == RING_GROUP else "",
        "Did": call.did,
        "Reason": segment.reason,
        "Indent": 0 if segment is call.segments[0] else 1,
        "Counted": is_counted,
        "Polled": kind in _SERVICES and segment.destination.dn != service and not answered and not is_counted,
        "Recording": None,
    }


def list_counted(segments: Sequence[Segment]) -> list[Segment]:
    """Return the segments that statistics count: all conversations, or one segment of an unanswered call."""
    talks = [each for each in segments if is_answered(each) and each.destination.type in _PEOPLE]
    if talks or not segments:
        return talks
    services = [each for each in segments if each.destination.type in _SERVICES]
    people = [each for each in segments if each.destination.type in _PEOPLE]
    return (services or people or list(segments))[-1:]


def find_destination(segment: Segment) -> Party:
    """Return the destination as the records name it: a mailbox has the number of its extension."""
    party = segment.destination
    is_mailbox = party.type == SPECIAL_MENU and segment.via
    return replace(party, dn=segment.via, number=segment.via) if is_mailbox else party


def is_answered(segment: Segment) -> bool:
    """Return whether the destination answered: a person, a menu or a mailbox."""
    return segment.answered is not None and segment.destination.type not in _SERVICES


def find_end(call: Call, segment: Segment) -> datetime:
    """Return the time at which a segment ended."""
    return segment.ended or call.ended or segment.answered or segment.started


def _choose_status(call: Call, segment: Segment) -> str:
    if is_answered(segment):
        return "Answered"
    # The caller waited in a queue until an agent answered.
    number = segment.destination.dn
    if segment.destination.type == QUEUE and any(
        is_answered(each) and each.via == number for each in call.segments
    ):
        return "Waiting"
    return "Unanswered"


def _count_talking(call: Call, segment: Segment) -> float:
    if segment.answered is None or not is_answered(segment):
        return 0.0
    return (find_end(call, segment) - segment.answered).total_seconds()


def _describe_party(end: str, party: Party) -> dict[str, Any]:
    return {
        f"{end}Dn": party.dn,
        f"{end}DnType": DN_TYPES.get(party.type, 0),
        f"{end}CallerNumber": party.number,
        f"{end}DisplayName": party.name,
        f"{end}Internal": party.type != EXTERNAL,
        f"{end}External": party.type == EXTERNAL,
    }
