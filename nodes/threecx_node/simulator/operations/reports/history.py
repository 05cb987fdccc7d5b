"""Read the call history for reports: caller, callee, trunk, queue, ringing and talking time.

A row of the history is a segment: what one call did at one destination. Rows of calls that happened in the simulator
have details in a table of their own. Rows of the seed have none: each of them is a call, and its queue is guessed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from ...odata.literals import format_date_time
from ...pbx.call_log import SEGMENTS, build_duration

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ...odata.records import Entity
    from ...pbx.pbx import Pbx
    from .arguments import ReportArguments

_SECONDS = re.compile(r"PT(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)(?:\.\d+)?S)?")

# Rows of the seed have no ringing time, so these are fixed: answered calls ring shorter than lost ones.
RINGS_ANSWERED = 6
RINGS_LOST = 20


@dataclass(frozen=True, slots=True)
class Party:
    """One end of a call: its DN (empty outside), its number, its name."""

    dn: str
    number: str
    name: str
    inside: bool


@dataclass(frozen=True, slots=True)
class ReportedCall:
    """One segment of a call; times in seconds. `call_id` and `history_id` are the same in all segments of a call.

    `counted` marks the segments that statistics count: where it was answered, or the last one of an unanswered call.
    `polled` marks those at which a queue or ring group rang without an answer.
    """

    id: int
    call_id: int
    history_id: str
    start: str
    source: Party
    target: Party
    answered: bool
    ringing: float
    talking: float
    queue: str
    ring_group: str
    direction: str
    status: str
    did: str = ""
    reason: str = ""
    indent: int = 0
    counted: bool = True
    polled: bool = False
    recording: int | None = None
    source_type: int = 0
    target_type: int = 0

    @property
    def inbound(self) -> bool:
        """Return whether the caller is external."""
        return not self.source.inside

    @property
    def outbound(self) -> bool:
        """Return whether an internal caller calls an external number."""
        return self.source.inside and not self.target.inside

    @property
    def call_type(self) -> str:
        """The direction, without the way through a queue."""
        return "Inbound" if self.inbound else "Outbound" if self.outbound else "Internal"

    @property
    def end_of_ringing(self) -> str:
        """The time at which the call was answered or given up."""
        moment = datetime.fromisoformat(self.start) + timedelta(seconds=self.ringing)
        return format_date_time(moment)


def list_calls(pbx: Pbx, arguments: ReportArguments) -> Iterator[ReportedCall]:
    """Yield the calls in the report's period, oldest first: one segment of each conversation or unanswered call."""
    return (segment for segment in list_segments(pbx, arguments) if segment.counted)


def list_segments(pbx: Pbx, arguments: ReportArguments) -> Iterator[ReportedCall]:
    """Yield all segments in the report's period, oldest first."""
    queues, ring_groups = (
        _map_first_lists(pbx, "Queues", "Agents"),
        _map_first_lists(pbx, "RingGroups", "Members"),
    )
    found = pbx.store.list_between("CallHistoryView", "SegmentStartTime", arguments.start, arguments.end)
    rows = [record.value for record in found]
    rows.sort(key=lambda row: (row["SegmentStartTime"], row["SegmentId"]))
    details = pbx.store.table(SEGMENTS)
    for row in rows:
        detail = details.get(row["SegmentId"])
        yield (
            _build_seeded_call(row, queues, ring_groups)
            if detail is None
            else _build_segment(row, detail.value)
        )


def format_duration(seconds: float) -> str:
    """Return seconds as a duration of the API; a measured time has six decimals."""
    return f"PT{seconds}S" if isinstance(seconds, int) else build_duration(seconds)


def format_mean(seconds: float, count: int) -> str:
    """Return an average duration in whole seconds, 0 if there is nothing to average."""
    return format_duration(round(seconds / count) if count else 0)


def _map_first_lists(pbx: Pbx, set_name: str, member: str) -> Mapping[str, str]:
    """Map each extension to the first queue or ring group that it is a member of."""
    found: dict[str, str] = {}
    for record in pbx.store.table(set_name).values():
        for entry in record.value[member]:
            found.setdefault(entry["Number"], record.value["Number"])
    return found


def _build_seeded_call(
    row: Entity, queues: Mapping[str, str], ring_groups: Mapping[str, str]
) -> ReportedCall:
    answered = bool(row["CallAnswered"])
    source = _build_party(row, "Src")
    target = _build_party(row, "Dst")
    # Only external callers wait in queues.
    through = target.dn if not source.inside else ""
    direction = "Inbound" if not source.inside else "Internal" if target.inside else "Outbound"
    return ReportedCall(
        id=row["SegmentId"],
        call_id=row["SegmentId"],
        history_id=str(row["SegmentId"]),
        start=row["SegmentStartTime"],
        source=source,
        target=target,
        answered=answered,
        ringing=RINGS_ANSWERED if answered else RINGS_LOST,
        talking=_parse_seconds(row["CallTime"]) if answered else 0,
        queue=queues.get(through, ""),
        ring_group=ring_groups.get(through, ""),
        direction=direction,
        status="Answered" if answered else "Unanswered",
    )


def _build_segment(row: Entity, detail: Entity) -> ReportedCall:
    return ReportedCall(
        id=row["SegmentId"],
        call_id=detail["CallId"],
        history_id=detail["HistoryId"],
        start=row["SegmentStartTime"],
        source=_build_party(row, "Src"),
        target=_build_party(row, "Dst"),
        answered=bool(row["CallAnswered"]),
        ringing=detail["Ringing"],
        talking=detail["Talking"],
        queue=detail["Queue"],
        ring_group=detail["RingGroup"],
        direction=detail["Direction"],
        status=detail["Status"],
        did=detail["Did"],
        reason=detail["Reason"],
        indent=detail["Indent"],
        counted=detail["Counted"],
        polled=detail["Polled"],
        recording=detail["Recording"],
        source_type=row["SrcDnType"],
        target_type=row["DstDnType"],
    )


def _build_party(row: Entity, end: str) -> Party:
    return Party(
        dn=row[f"{end}Dn"] or "",
        number=row[f"{end}CallerNumber"] or "",
        name=row[f"{end}DisplayName"] or "",
        inside=bool(row[f"{end}Internal"]),
    )


def _parse_seconds(text: str) -> int:
    match = _SECONDS.fullmatch(text)
    if match is None:
        return 0
    hours, minutes, rest = (int(part or 0) for part in match.groups())
    return hours * 3600 + minutes * 60 + rest
