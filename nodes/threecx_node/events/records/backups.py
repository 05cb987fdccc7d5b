"""Follows backups: a new one is reported when its file does not grow any more."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from ...values.row_values import read_number, read_text, read_time
from .rows import Query
from .source import Findings, write_time

if TYPE_CHECKING:
    from .rows import Row
    from .source import Request

BACKUP_FINISHED = "backup.finished"
OPERATION = "ListBackups"
_WAIT, _GROWS = 60.0, 10.0
# The backups that are remembered: the latest ones, if a PBX has more.
_MOST = 1_000


class Backups:
    """The source of new backups."""

    types = frozenset({BACKUP_FINISHED})
    name = "backups"
    title = "backups"
    right = "the role System Administrator or System Owner"

    def forget(self) -> None:
        """Forget nothing: all that is known is in the cursor."""

    def probe(self, release: str) -> Query:  # noqa: ARG002 (the same in all releases)
        """Return a query of one row."""
        return Query(OPERATION, select=("FileName",), top=1)

    async def poll(self, request: Request) -> Findings:
        """Return the backups that have finished. Raises ThreeCxError."""
        rows = await request.reader.read(Query(OPERATION))
        backups = {_make_key(row): row for row in rows if read_text(row.get("FileName"))}
        latest = sorted(backups, key=lambda key: (write_time(backups[key].get("CreationTime")), key))[-_MOST:]
        if request.cursor is None:
            return Findings({"known": latest, "growing": {}}, _WAIT)
        known, sizes = set(request.cursor["known"]), dict(request.cursor["growing"])
        events, growing = [], {}
        for key in latest:
            if key in known:
                continue
            size = read_number(backups[key].get("Size"))
            if size and sizes.get(key) == size:
                known.add(key)
                events.append(_build_event(request, key, backups[key]))
            else:
                growing[key] = size
        cursor = {"known": [each for each in latest if each in known], "growing": growing}
        return Findings(cursor, _GROWS if growing else _WAIT, events)


def _make_key(row: Row) -> str:
    # A file that is written again has another time.
    time = read_time(row.get("CreationTime"))
    return (
        f"{quote(read_text(row['FileName']), safe='')}/{time:%Y%m%dT%H%M%S}"
        if time
        else quote(row["FileName"])
    )


def _build_event(request: Request, key: str, row: Row) -> Any:
    time = read_time(row.get("CreationTime"))
    backup = {
        "id": row["FileName"],
        "fileName": row["FileName"],
        "size": read_number(row.get("Size")),
        "createdAt": write_time(time),
    }
    data = {"backup": {name: value for name, value in backup.items() if value != ""}}
    return request.build(BACKUP_FINISHED, time or request.utc_now, f"backups/{key}", "backups", data)
