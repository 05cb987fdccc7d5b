"""Follows trunks: whether each is registered."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...values.row_values import read_number, read_text
from .rows import Query
from .snapshot import Snapshot
from .source import Findings

if TYPE_CHECKING:
    from .rows import Row
    from .snapshot import Change
    from .source import Request

TRUNK_DOWN, TRUNK_UP = "trunk.down", "trunk.up"
OPERATION = "ListTrunk"
_STATE = ("IsOnline",)
_WAIT = 15.0


class Trunks:
    """The source of trunks that lose and regain their registration."""

    types = frozenset({TRUNK_DOWN, TRUNK_UP})
    name = "trunks"
    title = "trunks"
    right = "the role System Administrator or System Owner"

    def forget(self) -> None:
        """Forget nothing: all that is known is in the cursor."""

    def probe(self, release: str) -> Query:  # noqa: ARG002 (the same in all releases)
        """Return a query of one row."""
        return Query(OPERATION, select=("Id",), top=1)

    async def poll(self, request: Request) -> Findings:
        """Return the changes of registrations; a trunk that is new or has gone is not one. Raises ThreeCxError."""
        rows = await request.reader.read(Query(OPERATION, select=("Id", "Number", "IsOnline", "Gateway")))
        trunks = {
            str(row["Id"]): row
            for row in rows
            if read_number(row.get("Id")) and isinstance(row.get("IsOnline"), bool)
        }
        if request.cursor is None:
            snapshot = Snapshot(f"{request.utc_now:%Y%m%dT%H%M%S}")
            snapshot.begin(trunks, _STATE)
            return Findings(snapshot.to_json(), _WAIT)
        snapshot = Snapshot.from_json(request.cursor)
        changes = snapshot.compare(trunks, _STATE)
        events = [
            event
            for each in changes
            if each.kind == "updated"
            and (event := _build_event(request, each, trunks[each.key])).type in request.types
        ]
        return Findings(snapshot.to_json(), _WAIT, events)


def _build_event(request: Request, change: Change, row: Row) -> Any:
    gateway = row.get("Gateway") or {}
    trunk = {
        "id": int(change.key),
        "number": read_text(row.get("Number")),
        "name": read_text(gateway.get("Name")),
        "host": read_text(gateway.get("Host")),
        "isOnline": row["IsOnline"],
    }
    state, key = ("up" if row["IsOnline"] else "down"), f"trunks/{change.key}"
    data = {"trunk": {name: value for name, value in trunk.items() if value != ""}}
    return request.build(f"trunk.{state}", request.utc_now, f"{key}/{state}/{change.mark}", key, data)
