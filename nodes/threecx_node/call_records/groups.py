"""Puts rows together that have a key in common: the legs of one call."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Iterator

Row = TypeVar("Row")


class Groups(Generic[Row]):
    """Rows by their keys: two rows with a key in common, or each with one of a third row, are in one group."""

    def __init__(self) -> None:
        self._groups: dict[int, tuple[list[Row], set[Hashable]]] = {}
        self._of_key: dict[Hashable, int] = {}
        self._next = 0

    def add(self, row: Row, keys: Iterable[Hashable]) -> None:
        """Add a row; one without a key is a group of its own."""
        added = set(keys)
        found = sorted({self._of_key[key] for key in added if key in self._of_key})
        if not found:
            self._groups[self._next] = ([], set())
            found, self._next = [self._next], self._next + 1
        # The first of the groups takes the others in.
        first, *others = found
        rows, known = self._groups[first]
        for other in others:
            more, more_keys = self._groups.pop(other)
            rows += more
            added |= more_keys
        rows.append(row)
        known |= added
        self._of_key.update(dict.fromkeys(added, first))

    def take(self, is_complete: Callable[[list[Row]], bool]) -> list[list[Row]]:
        """Remove the groups that are complete, and return them in the order of their first rows."""
        found = [number for number, (rows, _) in self._groups.items() if is_complete(rows)]
        taken = []
        for number in found:
            rows, keys = self._groups.pop(number)
            for key in keys:
                del self._of_key[key]
            taken.append(rows)
        return taken

    def __iter__(self) -> Iterator[list[Row]]:
        """Yield the rows of each group, in the order of the first rows."""
        yield from (rows for rows, _ in self._groups.values())
