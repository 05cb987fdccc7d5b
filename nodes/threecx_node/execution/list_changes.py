"""Notice that a list changed while its pages were read, and leave out the entities that came twice.

Pages are read by `$skip`: where an entity is added meanwhile, the entities after it move to the next page and come
again; where one is removed, an entity moves to a page that was read already, and is missed.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from contextlib import contextmanager
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Protocol, TypeGuard

if TYPE_CHECKING:
    from collections.abc import Iterator

_LARGEST = 2**63 - 1
_KEYS = frozenset({int, str})


class _SeenKeys:
    """The keys of a list that came. Those that come in ascending order, as most do, take eight bytes each."""

    def __init__(self) -> None:
        self._ascending = array("q")
        self._others: set[int | str] = set()

    def add(self, page: set[int | str]) -> set[int | str]:
        """Add the keys of a page, and return those that came before."""
        if _are_numbers(page) and self._are_next(page):
            self._ascending.extend(sorted(page))
            return set()
        repeated = {key for key in page if self._has(key)}
        others = page - repeated
        numbers = sorted(key for key in others if isinstance(key, int) and self._is_next(key))
        self._ascending.extend(numbers)
        self._others.update(others.difference(numbers))
        return repeated

    def _are_next(self, page: set[int]) -> bool:
        """Return whether all keys follow the ascending ones, as almost always; takes no step per key in Python."""
        last = self._ascending[-1] if self._ascending else -_LARGEST - 1
        return min(page) > last and max(page) <= _LARGEST

    def _is_next(self, key: int) -> bool:
        return key <= _LARGEST and (not self._ascending or key > self._ascending[-1]) and key >= -_LARGEST

    def _has(self, key: int | str) -> bool:
        if key in self._others:
            return True
        if isinstance(key, str) or not self._ascending or key > self._ascending[-1]:
            return False
        place = bisect_left(self._ascending, key)
        return self._ascending[place] == key


def _are_numbers(keys: set[int | str]) -> TypeGuard[set[int]]:
    return set(map(type, keys)) == {int}


def read_keys(rows: list[Any], name: str) -> list[Any]:
    """Return the property `name` of each entity of a page, None where it has none."""
    try:
        # In one go: this is done for every page, and a page has up to 100 entities.
        return list(map(itemgetter(name), rows))
    except (KeyError, TypeError):
        return [row.get(name) if isinstance(row, dict) else None for row in rows]


def are_keys(values: list[Any]) -> TypeGuard[list[int | str]]:
    """Return whether all values are numbers or texts, so that they can identify entities."""
    return _KEYS.issuperset(map(type, values))


class ListChanges:
    """Watches the pages of one list. `key` is the property that identifies an entity, empty where there is none."""

    def __init__(self, key: str) -> None:
        self._key = key
        self._seen = _SeenKeys()
        self._repeats = 0
        self._first_count: int | None = None
        self._last_count: int | None = None

    def note_count(self, count: int | None) -> None:
        """Take note of the number of all entities that a page reports, None where it reports none."""
        if count is not None:
            self._first_count = count if self._first_count is None else self._first_count
            self._last_count = count

    def drop_repeats(self, rows: list[Any]) -> list[Any]:
        """Return the entities that have not come before, by their keys."""
        if not self._key:
            return rows
        keys = read_keys(rows, self._key)
        known = keys if are_keys(keys) else [key for key in keys if isinstance(key, (int, str))]
        page = set(known)
        if len(page) < len(known):
            # A property with equal values in one response identifies no entity.
            self._key = ""
            self._seen = _SeenKeys()
            return rows
        repeated = self._seen.add(page)
        if not repeated:
            return rows
        self._repeats += len(repeated)
        return [row for row, key in zip(rows, keys, strict=True) if key not in repeated]

    def describe(self) -> str:
        """Return what changed, empty where nothing is known to have changed."""
        found = []
        if self._first_count != self._last_count:
            found.append(
                f"it had {self._first_count:,} entities at first and {self._last_count:,} at the end"
            )
        if self._repeats:
            counted = "1 entity" if self._repeats == 1 else f"{self._repeats:,} entities"
            found.append(f"{counted} came twice and {'was' if self._repeats == 1 else 'were'} left out")
        return ", ".join(found)


class Watched(Protocol):
    """The part of a reader of lists that is used."""

    @property
    def change(self) -> str:
        """Return how the list changed, empty where it is not known to have changed."""


class ChangedLists:
    """The lists that changed while they were read, by the index of their item, in a batch of `size` items."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._changes: dict[int, str] = {}

    @contextmanager
    def watch(self, index: int, reader: Watched) -> Iterator[None]:
        """Take note of the change of a list when the block ends."""
        try:
            yield
        finally:
            if change := reader.change:
                self._changes[index] = change

    @property
    def notes(self) -> tuple[str, ...]:
        """Return the note about these lists, nothing without one."""
        if not self._changes:
            return ()
        first, *others = sorted(self._changes)
        item = f" of item {first}" if self._size > 1 else ""
        more = f", and so did {len(others):,} other lists" if others else ""
        return (
            f"The list{item} changed while it was read: {self._changes[first]}{more}. Entities may be missing; "
            "read it again to be sure",
        )
