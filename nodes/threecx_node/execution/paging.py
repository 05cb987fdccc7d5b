"""Which page comes next, until Return All or Limit is met.

`@odata.nextLink` is not reliable and a `$top` over 100 is refused, so pages are asked for by `$top` and `$skip`
until one is short. Pure: it sees what came and says what to ask for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..errors import ResponseError
from ..options import PAGE_SIZE

if TYPE_CHECKING:
    from collections.abc import Mapping


class Pages:
    """The state of one list. `limit` None is all; `skip` is where the user wants it to begin."""

    def __init__(self, limit: int | None, *, skip: int = 0, page_size: int = PAGE_SIZE) -> None:
        self._limit = limit
        self._skip = skip
        self._page_size = page_size
        self._last_first: Any = None
        self.received: list[Any] = []

    def query(self) -> Mapping[str, int]:
        """`$top` and `$skip` of the next page."""
        start = self._skip + len(self.received)
        return {"$top": self._wanted, **({"$skip": start} if start else {})}

    @property
    def _wanted(self) -> int:
        if self._limit is None:
            return self._page_size
        return max(0, min(self._page_size, self._limit - len(self.received)))

    def add(self, page: list[Any]) -> bool:
        """Takes a page; True when another is wanted."""
        wanted = self._wanted
        first = page[0] if page else None
        if self.received and first is not None and first == self._last_first:
            raise ResponseError(
                "the PBX sends the same page again: it does not heed $skip here",
                description="Use Limit with a number of 100 or less instead of Return All.",
                code="paging",
            )
        self._last_first = first
        self.received += page if self._limit is None else page[: self._limit - len(self.received)]
        if self._limit is not None and len(self.received) >= self._limit:
            return False
        # More than asked for: the set knows no $top and sent everything.
        return len(page) == wanted
