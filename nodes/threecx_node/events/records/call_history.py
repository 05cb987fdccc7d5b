"""Follows the call history of releases before 20.0.6: rows with IDs that grow, and no ID of their call.

The legs of one call have a participant in common, the caller for example, so that they are put together by it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...call_records.call_rows import read_history_row, read_participants
from ...call_records.groups import Groups
from ...values.row_values import read_number
from .call_report import CALL_TYPES, build_call_events
from .id_source import begin_watch, read_new_rows
from .id_watch import IdWatch
from .rows import Query
from .source import Findings

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .rows import Row
    from .source import Request

OPERATION = "ListCallHistoryView"
_KEY = "SegmentId"
_SETTLE = 5.0
_WAIT, _LONGEST_WAIT = 5.0, 30.0


class CallHistory:
    """The source of the events of calls, before release 20.0.6."""

    types = CALL_TYPES
    name = "callHistory"
    title = "the call history"
    right = "the role System Owner"

    def __init__(self) -> None:
        # Calls that are not reported yet: the IDs of their rows, and since when they are the same.
        self._pending: dict[int, tuple[frozenset[int], float]] = {}
        self._wait = _WAIT

    def forget(self) -> None:
        """Forget what is known besides the cursor."""
        self._pending.clear()

    def probe(self, release: str) -> Query:  # noqa: ARG002 (the same in all releases)
        """Return a query of one row."""
        return Query(OPERATION, select=(_KEY,), top=1)

    async def poll(self, request: Request) -> Findings:
        """Return the events of the calls that are complete. Raises ThreeCxError."""
        reader = request.reader
        if request.cursor is None:
            self.forget()
            return Findings((await begin_watch(reader, OPERATION, _KEY)).to_json(), _WAIT)
        watch = IdWatch.from_json(request.cursor)
        rows, has_more = await read_new_rows(reader, OPERATION, _KEY, watch)
        findings = Findings({}, 0.0)
        pending: dict[int, tuple[frozenset[int], float]] = {}
        for group in group_rows(rows):
            ids = frozenset(read_number(row[_KEY]) for row in group)
            first = min(ids)
            known, since = self._pending.get(first, (frozenset(), request.now))
            if known != ids or request.now - since < _SETTLE:
                pending[first] = (ids, since if known == ids else request.now)
                continue
            watch.take(ids)
            legs = [leg for row in group if (leg := read_history_row(row, str(first))) is not None]
            findings.events += build_call_events(request, legs) if legs else ()
        self._pending = pending
        is_busy = bool(pending or findings.events or has_more)
        self._wait = _WAIT if is_busy else min(_LONGEST_WAIT, self._wait * 1.5)
        findings.cursor, findings.wait = watch.to_json(), self._wait
        findings.events.sort(key=lambda event: event.time)
        return findings


def group_rows(rows: Iterable[Row]) -> list[list[Row]]:
    """Return the rows of each call: those that have a participant in common."""
    groups: Groups[Row] = Groups()
    for row in rows:
        groups.add(row, read_participants(row))
    return list(groups)
