"""A PBX that is a set of lists: rows appear in any order, and queries are answered as 3CX answers them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from threecx_node.events.records.rows import Query
from threecx_node.values.clock import format_duration

Row = Mapping[str, Any]

START = datetime(2026, 3, 2, 8, tzinfo=UTC)
_KEYS = {
    "ListEventLog": "Id",
    "ListChatMessagesHistoryView": "MessageId",
    "ListRecording": "Id",
    "ListUser": "Id",
}


def write(time: datetime) -> str:
    """Write a time as 3CX does."""
    return time.isoformat(timespec="milliseconds").replace("+00:00", "Z")


@dataclass
class Lists:
    """The lists of a PBX, and which files of recordings are there. Implements RowReader."""

    release: str = "20.0.10"
    now: datetime = START
    ahead: timedelta = timedelta()
    rows: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    files: set[int] = field(default_factory=set)
    requests: list[Query] = field(default_factory=list)
    # Raises an error of a request.
    fail: Callable[[Query], None] = lambda _query: None

    def add(self, operation: str, row: Row) -> None:
        """Let a row appear."""
        self.rows.setdefault(operation, []).append(dict(row))

    async def find_release(self) -> str:
        return self.release

    async def has_file(self, recording: int) -> bool:
        return recording in self.files

    async def read(self, query: Query) -> Sequence[Row]:
        self.requests.append(query)
        self.fail(query)
        if query.operation == "ListLastCdrAndChatMessageTimestamp":
            return self._read_times()
        found = [row for row in self.rows.get(query.operation, ()) if _matches(query, row)]
        if query.order_by:
            name, _, direction = query.order_by.partition(" ")
            found.sort(key=lambda row: row[name], reverse=direction == "desc")
        return found[query.skip :][: query.top]

    def _read_times(self) -> list[Row]:
        calls = [row["StartTime"] for row in self.rows.get("GetCallLogData", ())]
        chats = [row["TimeSent"] for row in self.rows.get("ListChatMessagesHistoryView", ())]
        if not calls:
            return []
        return [{"LastCdrStartedAt": max(calls), "LastChatMessageTimeSent": max(chats, default=None)}]


def _matches(query: Query, row: Row) -> bool:
    period = query.parameters
    if period and not period["periodFrom"] <= row["StartTime"] <= period["periodTo"]:
        return False
    if query.equal and row[query.equal] not in query.equal_to:
        return False
    if query.where and not row["IsTranscribed"]:
        return False
    return not query.ranges or any(
        low <= row[query.key] and (high is None or row[query.key] <= high) for low, high in query.ranges
    )


def make_leg(
    call: str, number: int, start: datetime, seconds: int, *, answered: bool = True
) -> dict[str, Any]:
    """Return a row of the call log."""
    return {
        "CdrId": f"{call}-{number}",
        "SegmentId": number,
        "CallId": 1,
        "MainCallHistoryId": call,
        "CallHistoryId": call,
        "StartTime": write(start),
        "RingingDuration": "PT2.000000S",
        "TalkingDuration": format_duration(Decimal(seconds)) if answered else "PT0S",
        "Answered": answered,
        "Status": "Answered" if answered else "Unanswered",
        "Direction": "Inbound",
        "SourceDn": "10000",
        "SourceCallerId": "+4930123456",
        "SourceDisplayName": "",
        "SourceType": 1,
        "DestinationDn": "101",
        "DestinationCallerId": "101",
        "DestinationDisplayName": "Ada",
        "DestinationType": 0,
        "Recordings": [],
    }


def make_message(number: int, time: datetime) -> dict[str, Any]:
    """Return a chat message."""
    return {
        "MessageId": number,
        "ConversationId": 1,
        "Message": "Hello",
        "TimeSent": write(time),
        "IsExternal": True,
    }


def make_entry(number: int, time: datetime) -> dict[str, Any]:
    """Return an entry of the event log."""
    return {
        "Id": number,
        "EventId": 1,
        "Type": "Info",
        "Message": "Hello",
        "TimeGenerated": write(time),
        "Params": [],
    }


def make_recording(number: int, time: datetime) -> dict[str, Any]:
    """Return a recording that is not transcribed."""
    return {
        "Id": number,
        "RecordingUrl": f"101/{number}.wav",
        "StartTime": write(time - timedelta(minutes=1)),
        "EndTime": write(time),
        "CallType": "InboundExternal",
        "IsTranscribed": False,
        "Transcription": "",
    }
