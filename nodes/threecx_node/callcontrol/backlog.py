"""Keep the changes that the consumer has not taken yet, in bounded memory.

As long as the consumer keeps up, each change is kept. Where it does not, successive changes of one participant become
one, and in the end `is_full` says that no more should be made.
"""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .changes import LegChange
    from .wire import Key

MERGE_FROM = 1_000
"""With so many changes waiting, successive ones of a participant are merged."""
FULL_FROM = 10_000
"""With so many, nothing more is read from the PBX until the consumer has taken some."""
_LONGEST_DIGITS = 1_000


class Backlog:
    """Changes in their order. `put` never waits, `take` does; one task takes them."""

    def __init__(self, *, merge_from: int = MERGE_FROM, full_from: int = FULL_FROM) -> None:
        self.merged = 0
        self._merge_from = merge_from
        self._full_from = full_from
        # Each entry is a list of one change, which a later one may replace.
        self._entries: deque[list[LegChange]] = deque()
        self._last: dict[Key, list[LegChange]] = {}
        self._taken = self._added = 0
        self._has_some = asyncio.Event()
        self._has_room = asyncio.Event()
        self._has_room.set()

    def __len__(self) -> int:
        return len(self._entries)

    @property
    def is_full(self) -> bool:
        """Return whether the consumer must take changes before more are made."""
        return len(self._entries) >= self._full_from

    @property
    def position(self) -> int:
        """The number of the last change that was put, for `was_taken`."""
        return self._added

    def was_taken(self, position: int) -> bool:
        """Return whether the consumer has taken all changes up to `position`."""
        return self._taken >= position

    def put(self, changes: Iterable[LegChange]) -> None:
        """Append changes."""
        for change in changes:
            self._put(change)
        if self._entries:
            self._has_some.set()
        if self.is_full:
            self._has_room.clear()

    def take_now(self) -> LegChange | None:
        """Return the oldest change, None where there is none."""
        if not self._entries:
            return None
        entry = self._entries.popleft()
        change = entry[0]
        key = (change.dn, change.participant_id)
        if self._last.get(key) is entry:
            del self._last[key]
        self._taken += 1
        if not self._entries:
            self._has_some.clear()
        if not self.is_full:
            self._has_room.set()
        return change

    async def wait_for_some(self) -> None:
        """Wait until there is a change."""
        await self._has_some.wait()

    async def wait_for_room(self) -> None:
        """Wait until the backlog is not full."""
        await self._has_room.wait()

    def _put(self, change: LegChange) -> None:
        key = (change.dn, change.participant_id)
        last = self._last.get(key)
        if last is not None and len(self._entries) >= self._merge_from:
            merged = merge(last[0], change)
            if merged is not None:
                last[0] = merged
                self.merged += 1
                return
        entry = [change]
        self._entries.append(entry)
        self._last[key] = entry
        self._added += 1


def merge(earlier: LegChange, later: LegChange) -> LegChange | None:
    """Return one change for two successive ones of a participant, None where both are needed."""
    if earlier.kind != later.kind or later.kind == "removed":
        return None
    if later.kind == "dtmf":
        digits = earlier.digits + later.digits
        return replace(later, digits=digits) if len(digits) <= _LONGEST_DIGITS else None
    return replace(later, previous=earlier.previous, inferred=earlier.inferred and later.inferred)
