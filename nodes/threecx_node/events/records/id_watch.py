"""Follows rows whose IDs grow: which of them are new, also where one appears after a row with a higher ID.

Rows get their IDs when they are begun and appear when they are written, so that the IDs between the new rows are
waited for. Times play no part.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

MOST_GAPS = 64
"""The IDs that are waited for; the highest ones, where there are more."""


@dataclass(slots=True)
class IdWatch:
    """The IDs that have been reported: all up to `highest`, but for the `gaps`."""

    highest: int = 0
    gaps: set[int] = field(default_factory=set)

    @classmethod
    def begin(cls, newest: Collection[int]) -> IdWatch:
        """Return a watch that takes all rows so far as reported; `newest` are the highest IDs there are."""
        if not newest:
            return cls()
        highest = max(newest)
        first = max(1, highest - MOST_GAPS + 1)
        return cls(highest, set(range(first, highest)) - set(newest))

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> IdWatch:
        """Return the watch that `to_json` has stored."""
        return cls(int(stored["highest"]), {int(each) for each in stored.get("gaps", ())})

    def to_json(self) -> dict[str, Any]:
        """Return the watch as JSON of a bounded size."""
        return {"highest": self.highest, "gaps": sorted(self.gaps)}

    @property
    def ranges(self) -> tuple[tuple[int, int | None], ...]:
        """Return the IDs that are not reported yet, as ranges whose ends are included."""
        return (*join_ids(self.gaps), (self.highest + 1, None))

    def is_new(self, row_id: int) -> bool:
        """Return whether the row of an ID has not been reported yet."""
        return row_id > self.highest or row_id in self.gaps

    def take(self, row_ids: Iterable[int]) -> None:
        """Take these rows as reported."""
        for each in sorted(row_ids):
            if each > self.highest:
                self.gaps.update(range(max(self.highest + 1, each - MOST_GAPS), each))
                self.highest = each
            else:
                self.gaps.discard(each)
        if len(self.gaps) > MOST_GAPS:
            self.gaps = set(sorted(self.gaps)[-MOST_GAPS:])


def join_ids(ids: Iterable[int]) -> list[tuple[int, int | None]]:
    """Return IDs as ranges whose ends are included: `[(1, 3), (7, 7)]` for 1, 2, 3 and 7."""
    found: list[tuple[int, int]] = []
    for each in sorted(ids):
        if found and each <= found[-1][1] + 1:
            found[-1] = (found[-1][0], each)
        else:
            found.append((each, each))
    return list(found)
