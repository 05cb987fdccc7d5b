"""Reads a list page by page, until Return All or Limit is satisfied; pages overlap where the list can be counted.

`@odata.nextLink` is not reliable and a `$top` over 100 is refused, so pages are requested by `$top` and `$skip`. The
first page asks for `$count`; then the others are requested at once, and their order is kept. A list that cannot be
counted is read one page after the other until a page is short.
"""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from ..errors import ResponseError
from ..options import PAGE_SIZE
from ..request.odata import query_string

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping

    from ..catalog import Catalog, OperationVersion
    from ..messages import HttpRequest
    from ..response.decode import Payload

_COUNTED = frozenset({"$count", "$top", "$skip"})


@dataclass(frozen=True, slots=True)
class Paging:
    """How one list is read: `limit` results (None: all) after the first `skip`, in pages of `page_size`.

    `can_count` says that the operation takes `$count`, `$top` and `$skip`. `order_by` is the sort order that keeps
    pages from overlapping in content, empty where the user chose one or the operation takes none.
    """

    limit: int | None
    skip: int = 0
    page_size: int = PAGE_SIZE
    can_count: bool = False
    order_by: str = ""

    @property
    def has_several_pages(self) -> bool:
        """Return whether more than one page may be needed."""
        return self.limit is None or self.limit > self.page_size

    @property
    def first_top(self) -> int:
        """Return the `$top` of the first page."""
        return self.page_size if self.limit is None else min(self.limit, self.page_size)


def page_options(catalog: Catalog, version: OperationVersion, query: Mapping[str, Any]) -> dict[str, Any]:
    """Return `can_count` and `order_by` of a list, by what the operation takes and the user's own `query`."""
    options: dict[str, Any] = {"can_count": set(version.query) >= _COUNTED}
    key = catalog.entity_key(version)
    if key and "$orderby" in version.query and "$orderby" not in query:
        options["order_by"] = key
    return options


def first_page(request: HttpRequest, paging: Paging) -> HttpRequest:
    """Return the request of the first page."""
    options: dict[str, Any] = {}
    if paging.has_several_pages:
        if paging.order_by:
            options["$orderby"] = paging.order_by
        if paging.can_count and "$count=" not in request.query:
            options["$count"] = True
    return _with_query(request, options, paging.skip, paging.first_top)


def _next_page(request: HttpRequest, paging: Paging, skip: int, top: int) -> HttpRequest:
    options = {"$orderby": paging.order_by} if paging.order_by else {}
    return _with_query(request, options, skip, top)


def _with_query(request: HttpRequest, options: Mapping[str, Any], skip: int, top: int) -> HttpRequest:
    query = query_string({**options, "$top": top, **({"$skip": skip} if skip else {})})
    return replace(request, query=f"{request.query}&{query}" if request.query else query)


class ListReader:
    """Reads the pages of one list, in order.

    `exchange` sends one request and gives its payload; `ahead` is how many pages are requested before the first of
    them is taken.
    """

    def __init__(
        self,
        request: HttpRequest,
        paging: Paging,
        exchange: Callable[[HttpRequest], Awaitable[Payload]],
        ahead: int,
    ) -> None:
        self._request = request
        self._paging = paging
        self._exchange = exchange
        self._ahead = max(1, ahead)
        self._first_row: Any = None

    async def read(self) -> AsyncGenerator[Payload]:
        """Yield each page, at least one. Raises ResponseError where the PBX ignores `$skip`."""
        paging = self._paging
        first = await self._exchange(first_page(self._request, paging))
        if first.kind != "collection":
            yield first
            return
        rows = first.value
        if paging.limit is not None and len(rows) > paging.limit:
            # More than was asked for: the list ignores $top and returned everything.
            rows = rows[: paging.limit]
        yield replace(first, value=rows)
        if not rows or not paging.has_several_pages:
            return
        self._first_row = rows[0]
        if first.count is not None and paging.can_count:
            async for page in self._read_counted(len(rows), first.count):
                yield page
        elif len(rows) == paging.first_top:
            async for page in self._read_until_short(len(rows)):
                yield page

    async def _read_counted(self, received: int, count: int) -> AsyncGenerator[Payload]:
        """Yield the rest of a list of `count` entities, several pages at once."""
        paging = self._paging
        left = count - paging.skip - received
        if paging.limit is not None:
            left = min(left, paging.limit - received)
        # A server may cap a page below what was asked for: then its own page size is used.
        size = min(received, paging.page_size)
        start, end = paging.skip + received, paging.skip + received + left
        windows = iter([(skip, min(size, end - skip)) for skip in range(start, end, size)])
        tasks: deque[asyncio.Task[Payload]] = deque()
        try:
            while True:
                while len(tasks) < self._ahead and (window := next(windows, None)) is not None:
                    tasks.append(asyncio.create_task(self._read_window(*window)))
                if not tasks:
                    return
                yield await tasks[0]
                tasks.popleft()
        finally:
            await _cancel(tasks)

    async def _read_window(self, skip: int, size: int) -> Payload:
        """Return the entities from `skip` on, `size` of them unless the list has become shorter meanwhile."""
        rows: list[Any] = []
        while True:
            page = await self._exchange(
                _next_page(self._request, self._paging, skip + len(rows), size - len(rows))
            )
            if page.kind != "collection":
                return page
            self._refuse_repetition(page)
            rows += page.value[: size - len(rows)]
            if not page.value or len(rows) == size:
                return replace(page, value=rows)

    async def _read_until_short(self, received: int) -> AsyncGenerator[Payload]:
        """Yield the rest of a list that cannot be counted, one page after the other."""
        paging = self._paging
        while True:
            top = paging.page_size if paging.limit is None else min(paging.page_size, paging.limit - received)
            if top <= 0:
                return
            page = await self._exchange(_next_page(self._request, paging, paging.skip + received, top))
            if page.kind != "collection":
                yield page
                return
            self._refuse_repetition(page)
            yield replace(page, value=page.value[:top] if paging.limit is not None else page.value)
            received += len(page.value)
            if len(page.value) != top:
                return

    def _refuse_repetition(self, page: Payload) -> None:
        if page.value and page.value[0] == self._first_row:
            raise ResponseError(
                "the PBX returned the same page twice; this list ignores $skip",
                description="Set Limit to 100 or less instead of using Return All.",
                code="paging",
            )


async def _cancel(tasks: deque[asyncio.Task[Payload]]) -> None:
    for task in tasks:
        task.cancel()
    # Errors of the other pages are not reported: the first error ended the list.
    await asyncio.gather(*tasks, return_exceptions=True)
