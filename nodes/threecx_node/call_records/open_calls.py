"""Puts the legs of a long list together to calls while it is read, page by page.

No order of the log can be relied on, and sorting it drops rows. Where the rows come in the order in which the legs
began, calls that are far from the present rows are complete and need not stay in memory.
"""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

from .groups import Groups
from .recorded_call import RecordedCall

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Sequence
    from datetime import datetime

    from .call_rows import LegRow

LONGEST_LEG = timedelta(hours=4)
"""The longest time from the beginning of a leg to its end, for which legs of the same call are waited."""


class OpenCalls:
    """The calls of a list that may get more legs; they come out in the order in which their first rows came."""

    def __init__(self) -> None:
        self._groups: Groups[LegRow] = Groups()
        self._last: datetime | None = None
        # The orders that the rows so far can have.
        self._is_rising = self._is_falling = True

    def add(self, legs: Sequence[tuple[LegRow, Iterable[Hashable]]]) -> list[RecordedCall]:
        """Take the legs of a page, each with its keys, and return the calls that are complete now.

        Legs of one call have a key in common.
        """
        if not legs:
            return []
        for leg, keys in legs:
            self._groups.add(leg, keys)
        self._note_order([leg.started for leg, _ in legs])
        if self._is_rising and not self._is_falling:
            before = legs[0][0].started - LONGEST_LEG
            return self._take(lambda call: max(leg.ended for leg in call) < before)
        if self._is_falling and not self._is_rising:
            after = legs[0][0].started + LONGEST_LEG
            return self._take(lambda call: min(leg.started for leg in call) > after)
        return []

    def close(self) -> list[RecordedCall]:
        """Return the calls that are left when the list has ended."""
        return self._take(lambda call: True)  # noqa: ARG005 (each of them)

    def _note_order(self, times: Sequence[datetime]) -> None:
        following = [*([self._last] if self._last else []), *times]
        self._last = times[-1]
        self._is_rising = self._is_rising and all(first <= second for first, second in pairwise(following))
        self._is_falling = self._is_falling and all(first >= second for first, second in pairwise(following))

    def _take(self, is_complete: Callable[[Sequence[LegRow]], bool]) -> list[RecordedCall]:
        return [RecordedCall.of(legs) for legs in self._groups.take(is_complete)]
