"""Reads the new rows of a list whose IDs grow: chat messages, entries of the event log, recordings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...options import PAGE_SIZE
from .id_watch import MOST_GAPS, IdWatch
from .rows import Query
from .source import read_ids

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from .rows import Row, RowReader

# Pages of one poll. A long backlog is reported in parts, and each part is stored before the next is read.
_MOST_PAGES = 20


async def begin_watch(reader: RowReader, operation: str, key: str) -> IdWatch:
    """Return a watch that takes all rows so far as known."""
    query = Query(operation, select=(key,), order_by=f"{key} desc", top=MOST_GAPS)
    return IdWatch.begin(read_ids(await reader.read(query), key))


async def read_new_rows(
    reader: RowReader, operation: str, key: str, watch: IdWatch
) -> tuple[list[Row], bool]:
    """Return the rows that are not reported yet, by their IDs, and whether there are more.

    `watch` stays as it is.
    """
    seen = IdWatch(watch.highest, set(watch.gaps))
    rows: dict[int, Mapping[str, Any]] = {}
    ranges = seen.ranges
    for _ in range(_MOST_PAGES):
        query = Query(operation, key=key, ranges=ranges, order_by=key, top=PAGE_SIZE)
        page = await reader.read(query)
        ids = read_ids(page, key)
        rows |= {each[key]: each for each in page if each.get(key) in ids and seen.is_new(each[key])}
        if len(page) < PAGE_SIZE or not ids:
            return [rows[each] for each in sorted(rows)], False
        # A page is in the order of the IDs, so that the next begins after it: rows that come meanwhile move no page.
        last = max(ids)
        ranges = tuple((max(low, last + 1), high) for low, high in ranges if high is None or high > last)
    return [rows[each] for each in sorted(rows)], True
