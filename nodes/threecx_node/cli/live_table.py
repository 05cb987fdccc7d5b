"""Show live calls as rows of a table that grows while the command runs."""

from __future__ import annotations

import io
import shutil
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table
from rich.text import Text

from ..values.safe_text import escape_control
from .event_texts import describe_document

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from ..callcontrol.call_events import CallEvent
    from ..callcontrol.changes import LegChange

# The names and widths of the columns; a last column, for notes, takes the rest.
_CALL_COLUMNS: Mapping[str, int] = {
    "time": 8, "event": 11, "direction": 9, "from": 16, "to": 16, "ext": 5, "via": 5,
}  # fmt: skip
_LEG_COLUMNS: Mapping[str, int] = {
    "time": 8, "change": 15, "dn": 6, "participant": 11, "call": 6, "status": 10, "party": 6, "number": 16,
}  # fmt: skip
_NOTES = "note"
_SHORTEST_NOTE = 8
# In a terminal that is narrower, columns are closer, and phone numbers are cut.
_WIDE = 100
_SHORT_NUMBER = 13
_NUMBER = 16


class LiveTable:
    """Renders one row at a time, with the same widths for all. `width` is that of the terminal."""

    def __init__(self, columns: Mapping[str, int], width: int | None = None) -> None:
        width = width or shutil.get_terminal_size((120, 24)).columns
        is_wide = width >= _WIDE
        self._padding = 2 if is_wide else 1
        widths = {
            name: size if is_wide or size < _NUMBER else _SHORT_NUMBER for name, size in columns.items()
        }
        used = sum(widths.values()) + self._padding * len(widths)
        self._columns = {**widths, _NOTES: max(_SHORTEST_NOTE, width - used)}
        self._buffer = io.StringIO()
        total = used + self._columns[_NOTES]
        self._console = Console(file=self._buffer, width=total, highlight=False, color_system=None)

    def render_head(self) -> bytes:
        """Return the names of the columns."""
        return self._render(list(self._columns))

    def render_row(self, values: Sequence[str]) -> bytes:
        """Return one row. Control characters are escaped, and what is too long is cut."""
        return self._render([escape_control(" ".join(value.split())) for value in values])

    def _render(self, cells: Sequence[str]) -> bytes:
        table = Table(box=None, show_header=False, padding=(0, self._padding, 0, 0), pad_edge=False)
        for width in self._columns.values():
            table.add_column(width=width, no_wrap=True, overflow="ellipsis")
        table.add_row(*(Text(cell) for cell in cells))
        self._console.print(table)
        lines = [line.rstrip() for line in self._buffer.getvalue().splitlines()]
        self._buffer.seek(0)
        self._buffer.truncate()
        return ("\n".join(lines) + "\n").encode("utf-8", "backslashreplace")


def make_call_table() -> LiveTable:
    """Return the table of events of calls."""
    return LiveTable(_CALL_COLUMNS)


def make_event_table(events: Sequence[str]) -> LiveTable:
    """Return the table of these events, of which some may be about records."""
    names = [each.removeprefix("call.") for each in events]
    return LiveTable({**_CALL_COLUMNS, "event": max(_CALL_COLUMNS["event"], *map(len, names))})


def make_leg_table() -> LiveTable:
    """Return the table of changes of legs."""
    return LiveTable(_LEG_COLUMNS)


def describe_event(event: CallEvent) -> list[str]:
    """Return the cells of an event, times in the time zone of this machine."""
    return describe_document(event.to_json())


def describe_change(change: LegChange) -> list[str]:
    """Return the cells of a change."""
    participant = change.participant
    return [
        _format_time(change.at),
        change.kind.replace("_", " "),
        change.dn,
        str(change.participant_id),
        str(participant.call_id) if participant else "",
        participant.status if participant and change.kind != "removed" else "",
        participant.party_dn if participant else "",
        change.digits or (participant.party_caller_id if participant else ""),
        "inferred" if change.inferred else "",
    ]


def _format_time(time: datetime) -> str:
    return time.astimezone().strftime("%H:%M:%S")
