"""The call history as reports see it: who called whom, through which trunk and queue, how long it rang."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from ...literals import format_date_time

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ...pbx import Pbx
    from ...state import Entity
    from .arguments import Arguments

_SECONDS = re.compile(r"PT(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)(?:\.\d+)?S)?")

# The history does not say how long a call rang; who answers does so soon, who does not lets it ring on.
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
        """From outside."""
        return not self.source.inside

    @property
    def outbound(self) -> bool:
        """To the outside."""
        return self.source.inside and not self.target.inside

    @property
    def direction(self) -> str:
        """As the call log calls it."""
        return "Inbound" if self.inbound else "Outbound" if self.outbound else "Internal"

    @property
    def end_of_ringing(self) -> str:
        """When it was answered or given up."""
        moment = datetime.fromisoformat(self.start) + timedelta(seconds=self.ringing)
        return format_date_time(moment)


def calls_in(pbx: Pbx, arguments: Arguments) -> Iterator[ReportedCall]:
    """The calls of the report's period, oldest first."""
    queues, ring_groups = _first_lists(pbx, "Queues", "Agents"), _first_lists(pbx, "RingGroups", "Members")
    history = (record.value for record in pbx.store.table("CallHistoryView").values())
    rows = [row for row in history if arguments.covers(row["SegmentStartTime"])]
    rows.sort(key=lambda row: (row["SegmentStartTime"], row["SegmentId"]))
    for row in rows:
        yield _call(row, queues, ring_groups)


def duration(seconds: float) -> str:
    """Seconds as the API writes them."""
    return f"PT{round(seconds)}S"


def mean(seconds: int, count: int) -> str:
    """An average duration; nothing of nothing is 0."""
    return duration(seconds / count if count else 0)


def _first_lists(pbx: Pbx, set_name: str, member: str) -> Mapping[str, str]:
    """Through which queue or ring group an extension gets its calls: the first that it is in."""
    found: dict[str, str] = {}
    for record in pbx.store.table(set_name).values():
        for entry in record.value[member]:
            found.setdefault(entry["Number"], record.value["Number"])
    return found


def _call(row: Entity, queues: Mapping[str, str], ring_groups: Mapping[str, str]) -> ReportedCall:
    answered = bool(row["CallAnswered"])
    source = _party(row, "Src")
    target = _party(row, "Dst")
    # Only who calls from outside waits in queues.
    through = target.dn if not source.inside else ""
    return ReportedCall(
        id=row["SegmentId"],
        start=row["SegmentStartTime"],
        source=source,
        target=target,
        answered=answered,
        ringing=RINGS_ANSWERED if answered else RINGS_LOST,
        talking=_seconds(row["CallTime"]) if answered else 0,
        queue=queues.get(through, ""),
        ring_group=ring_groups.get(through, ""),
    )


def _party(row: Entity, end: str) -> Party:
    return Party(
        dn=row[f"{end}Dn"] or "",
        number=row[f"{end}CallerNumber"] or "",
        name=row[f"{end}DisplayName"] or "",
        inside=bool(row[f"{end}Internal"]),
    )


def _seconds(text: str) -> int:
    match = _SECONDS.fullmatch(text)
    if match is None:
        return 0
    hours, minutes, rest = (int(part or 0) for part in match.groups())
    return hours * 3600 + minutes * 60 + rest
