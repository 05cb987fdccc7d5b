"""Define the sources of records: one poll of a source, and its findings."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol

from ...callcontrol.call_events import format_time
from ...values.row_values import read_number, read_time
from ..model.event import Event

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .rows import Query, RowReader

Cursor = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Request:
    """One poll of a source.

    `types` are those of its events that are wanted. `cursor` is what the poll before returned, None for the first one,
    which reports nothing. `has_times` says that the PBX names the times of the last call and the last chat message, and
    `is_changed` whether by them there may be anything new. `is_urgent` says that an event waits, so that late rows are
    looked for now. `now` are seconds that only grow, and `utc_now` is the time here.
    """

    reader: RowReader
    release: str
    pbx: str
    types: frozenset[str]
    cursor: Mapping[str, Any] | None
    has_times: bool
    is_changed: bool
    now: float
    utc_now: datetime
    is_urgent: bool = False

    def build(
        self, event_type: str, time: datetime, key: str, order_key: str, data: Mapping[str, Any]
    ) -> Event:
        """Return an event; `key` is its ID without the PBX. Fields that are not known are left out."""
        known = {name: value for name, value in data.items() if value is not None and value not in ("", [])}
        return Event(
            id=f"{self.pbx}/{key}",
            type=event_type,
            time=time,
            pbx=self.pbx,
            order_key=order_key,
            data={"source": "records", **known},
        )


@dataclass(slots=True)
class Findings:
    """The new events of a source, its cursor, and the seconds until it should be polled again."""

    cursor: Cursor
    wait: float
    events: list[Event] = field(default_factory=list)


class Source(Protocol):
    """A kind of records. `types` are its events, `title` names its records, `right` is what a client needs for them."""

    types: frozenset[str]
    name: str
    title: str
    right: str

    def probe(self, release: str) -> Query:
        """Return a query of one row that shows whether the client may read the records."""

    async def poll(self, request: Request) -> Findings:
        """Return what is new. Raises ThreeCxError where the records cannot be read."""

    def forget(self) -> None:
        """Forget what is known besides the cursor."""


def write_time(value: Any) -> str:
    """Return a time of the PBX as events contain it, empty where there is none."""
    time = value if isinstance(value, datetime) else read_time(value)
    return "" if time is None else format_time(time)


def read_ids(rows: Sequence[Mapping[str, Any]], key: str) -> list[int]:
    """Return the IDs of rows; a row without one is left out."""
    return [each[key] for each in rows if read_number(each.get(key))]
