"""Read the call history for reports: caller, callee, trunk, queue, ringing and talking time."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from ...odata.literals import format_date_time

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ...odata.records import Entity
    from ...pbx.pbx import Pbx
    from .arguments import ReportArguments

_SECONDS = re.compile(r"PT(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)(?:\.\d+)?S)?")

# The history has no ringing time, so these are fixed: answered calls ring shorter than lost ones.
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
    """One call; times in seconds."""

    id: int
    start: str
    source: Party
    target: Party
    answered: bool
    ringing: int
    talking: int
    queue: str
    ring_group: str

    @property
    def inbound(self) -> bool:
        """Return whether the caller is external."""
        return not self.source.inside

    @property
    def outbound(self) -> bool:
        """Return whether an internal caller calls an external number."""
        return self.source.inside and not self.target.inside

    @property
    def direction(self) -> str:
        """The direction in the words of the call log."""
        return "Inbound" if self.inbound else "Outbound" if self.outbound else "Internal"

    @property
    def end_of_ringing(self) -> str:
        """The time at which the call was answered or given up."""
        moment = datetime.fromisoformat(self.start) + timedelta(seconds=self.ringing)
        return format_date_time(moment)


def list_calls(pbx: Pbx, arguments: ReportArguments) -> Iterator[ReportedCall]:
    """Yield the calls in the report's period, oldest first."""
    queues, ring_groups = (
        _map_first_lists(pbx, "Queues", "Agents"),
        _map_first_lists(pbx, "RingGroups", "Members"),
    )
    history = (record.value for record in pbx.store.table("CallHistoryView").values())
    rows = [row for row in history if arguments.covers(row["SegmentStartTime"])]
    rows.sort(key=lambda row: (row["SegmentStartTime"], row["SegmentId"]))
    for row in rows:
        yield _build_call(row, queues, ring_groups)


def format_duration(seconds: float) -> str:
    """Return seconds as a duration of the API."""
    return f"PT{round(seconds)}S"


def format_mean(seconds: int, count: int) -> str:
    """Return an average duration, 0 if there is nothing to average."""
    return format_duration(seconds / count if count else 0)


def _map_first_lists(pbx: Pbx, set_name: str, member: str) -> Mapping[str, str]:
    """Map each extension to the first queue or ring group that it is a member of."""
    found: dict[str, str] = {}
    for record in pbx.store.table(set_name).values():
        for entry in record.value[member]:
            found.setdefault(entry["Number"], record.value["Number"])
    return found


def _build_call(row: Entity, queues: Mapping[str, str], ring_groups: Mapping[str, str]) -> ReportedCall:
    answered = bool(row["CallAnswered"])
    source = _build_party(row, "Src")
    target = _build_party(row, "Dst")
    # Only external callers wait in queues.
    through = target.dn if not source.inside else ""
    return ReportedCall(
        id=row["SegmentId"],
        start=row["SegmentStartTime"],
        source=source,
        target=target,
        answered=answered,
        ringing=RINGS_ANSWERED if answered else RINGS_LOST,
        talking=_parse_seconds(row["CallTime"]) if answered else 0,
        queue=queues.get(through, ""),
        ring_group=ring_groups.get(through, ""),
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
