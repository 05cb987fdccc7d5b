"""Follows the event log."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...values.row_values import read_number, read_text, read_time
from .id_source import begin_watch, read_new_rows
from .id_watch import IdWatch
from .rows import Query
from .source import Findings, write_time

if TYPE_CHECKING:
    from ..model.event import Event
    from .rows import Row
    from .source import Request

EVENT_LOG_NEW = "event_log.new"
OPERATION = "ListEventLog"
_KEY = "Id"
_WAIT, _LONGEST_WAIT = 10.0, 60.0


class EventLog:
    """The source of entries of the event log."""

    types = frozenset({EVENT_LOG_NEW})
    name = "eventLog"
    title = "the event log"
    right = "the role System Administrator or System Owner"

    def __init__(self) -> None:
        self._wait = _WAIT

    def forget(self) -> None:
        """Forget what is known besides the cursor."""
        self._wait = _WAIT

    def probe(self, release: str) -> Query:  # noqa: ARG002 (the same in all releases)
        """Return a query of one row."""
        return Query(OPERATION, select=(_KEY,), top=1)

    async def poll(self, request: Request) -> Findings:
        """Return the new entries. Raises ThreeCxError."""
        if request.cursor is None:
            return Findings((await begin_watch(request.reader, OPERATION, _KEY)).to_json(), _WAIT)
        watch = IdWatch.from_json(request.cursor)
        rows, has_more = await read_new_rows(request.reader, OPERATION, _KEY, watch)
        watch.take(read_number(row[_KEY]) for row in rows)
        self._wait = _WAIT if rows else min(_LONGEST_WAIT, self._wait * 1.5)
        events = [_build_event(request, row) for row in rows]
        return Findings(watch.to_json(), 0.0 if has_more else self._wait, events)


def _build_event(request: Request, row: Row) -> Event:
    entry_id = read_number(row[_KEY])
    entry = {
        "id": entry_id,
        "eventId": read_number(row.get("EventId")),
        "severity": read_text(row.get("Type")).casefold() or "info",
        "group": read_text(row.get("Group")),
        "groupName": read_text(row.get("GroupName")),
        "message": read_text(row.get("Message")),
        "source": read_text(row.get("Source")),
        "params": [read_text(each) for each in row.get("Params") or ()],
        "time": write_time(row.get("TimeGenerated")),
    }
    data = {"logEntry": {name: value for name, value in entry.items() if value not in ("", [])}}
    time = read_time(row.get("TimeGenerated")) or request.utc_now
    return request.build(EVENT_LOG_NEW, time, f"eventLog/{entry_id}", "eventLog", data)
