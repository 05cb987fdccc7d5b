"""Reads a list page by page, until Return All or Limit is satisfied; pages overlap where the list can be counted.

A `$top` over 100 is refused, so pages are requested by `$top` and `$skip`. The first page asks for `$count`; then the
others are requested at once, and their order is kept. Where a page has a next link, the link is followed instead.

Neither count, next link nor the size of a page is reliable, so a list ends only with an empty page. A list that ends
before its count is an error: it is never silently too short.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections import deque
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from ..errors import ResponseError
from ..options import DEFAULT_MAX_ITEMS, PAGE_SIZE
from ..request.odata import query_string
from ..values.json import dumps
from .list_changes import ListChanges, are_keys, read_keys
from .next_link import NextLinks, endless_list

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Collection, Coroutine, Mapping

    from ..catalog import Catalog, OperationVersion
    from ..messages import HttpRequest
    from ..response.decode import Payload

# Pages in a row of which all entities have come before.
_MOST_BARREN_PAGES = 20
_COUNTED = frozenset({"$count", "$top", "$skip"})


@dataclass(frozen=True, slots=True)
class Paging:
    """How one list is read: `limit` results (None: all) after the first `skip`, in pages of `page_size`.

    `can_skip` says that the operation takes `$top` and `$skip`; without them only next links lead on. `can_count` says
    that the operation takes `$count`, `$top` and `$skip`. `order_by` is the sort order that keeps pages from
    overlapping in content, empty where the user chose one or the operation takes none. `key` is the property that is
    the key of an entity, empty where there is none. `max_items` bounds a list without a limit.
    """

    limit: int | None
    skip: int = 0
    page_size: int = PAGE_SIZE
    can_skip: bool = True
    can_count: bool = False
    order_by: str = ""
    key: str = ""
    max_items: int = DEFAULT_MAX_ITEMS

    @property
    def has_several_pages(self) -> bool:
        """Return whether more than one page may be needed."""
        return self.limit is None or self.limit > self.page_size

    @property
    def first_top(self) -> int:
        """Return the `$top` of the first page."""
        return self.page_size if self.limit is None else min(self.limit, self.page_size)


def by_next_links(request: HttpRequest, max_items: int) -> Paging:
    """Return how the list of an operation without paging is read: in one response, and by next links if it has any.

    An API request may have `$top` and `$skip` of its own.
    """
    given = dict(re.findall(r"(?:^|&)\$(top|skip)=(\d+)(?=&|$)", request.query))
    limit = int(given["top"]) if "top" in given else None
    return Paging(limit=limit, skip=int(given.get("skip", 0)), can_skip=False, max_items=max_items)


def page_options(catalog: Catalog, version: OperationVersion, query: Mapping[str, Any]) -> dict[str, Any]:
    """Return `can_count`, `order_by` and `key` of a list, by what the operation takes and the user's own `query`."""
    options: dict[str, Any] = {"can_count": set(version.query) >= _COUNTED}
    key = catalog.entity_key(version)
    if len(version.template.segments) == 1:
        # An entity set. No path addresses an active call by its key, but each has an ID.
        options["key"] = key or "Id"
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


def _next_page(
    request: HttpRequest, paging: Paging, skip: int, top: int, *, count: bool = False
) -> HttpRequest:
    # All pages have the order of the first.
    options: dict[str, Any] = {}
    if paging.order_by and paging.has_several_pages:
        options["$orderby"] = paging.order_by
    if count and paging.can_count and "$count=" not in request.query:
        options["$count"] = True
    return _with_query(request, options, skip, top)


def _with_query(request: HttpRequest, options: Mapping[str, Any], skip: int, top: int) -> HttpRequest:
    query = query_string({**options, "$top": top, **({"$skip": skip} if skip else {})})
    return replace(request, query=f"{request.query}&{query}" if request.query else query)


class ListReader:
    """Reads the pages of one list, in order.

    `exchange` sends one request and gives its payload; `ahead` is how many pages are requested before the first of
    them is taken. `api_url` is the base URL of the API, which next links must lead to.
    """

    def __init__(
        self,
        request: HttpRequest,
        paging: Paging,
        exchange: Callable[[HttpRequest], Coroutine[Any, Any, Payload]],
        ahead: int,
        api_url: str,
    ) -> None:
        self._request = request
        self._paging = paging
        self._exchange = exchange
        self._ahead = max(1, ahead)
        self._links = NextLinks(request, api_url)
        self._link: str | None = None
        self._changes = ListChanges(paging.key)
        # The entities that came, by which the next page is found, and those without the ones that came twice.
        self._received = 0
        self._kept = 0
        self._is_over = False
        self._barren_pages = 0
        # The number of entities by the last response that had one, else None.
        self._count: int | None = None
        # The `$top` of the last request by `$skip`, and how many entities it and the links after it gave.
        self._top = paging.first_top
        self._since_skip = 0
        self._first_rows: list[Any] = []
        self._digests: set[bytes] = set()
        # The page after the announced ones, requested together with them, and its `$skip`.
        self._page_after: tuple[int, asyncio.Task[Payload]] | None = None

    @property
    def change(self) -> str:
        """Return how the list changed while it was read; empty if it is not known to have changed."""
        return self._changes.describe()

    async def read(self, first: Payload | None = None) -> AsyncGenerator[Payload]:
        """Yield each page, at least one. `first` is the first page where the caller has read it.

        Entities that come twice are left out, by their keys. Raises ResponseError where the list cannot be read to its
        end: a next link to another address, a page that comes twice, fewer entities than the PBX counts, more entities
        than `max_items`.
        """
        async with aclosing(self._read(first)) as pages:
            async for page in pages:
                yield page
                if self._is_over:
                    raise _too_many(self._paging.max_items)

    async def _read(self, first: Payload | None) -> AsyncGenerator[Payload]:
        page = first or await self._exchange(first_page(self._request, self._paging))
        if page.kind != "collection":
            yield page
            return
        self._first_rows = self._identify(page)
        self._is_repeated(page)
        yield self._take(page)
        if page.value or self._link is not None:
            try:
                if self._link is None and self._announced > 0:
                    async with aclosing(self._read_announced(len(page.value))) as pages:
                        async for following in pages:
                            yield following
                async with aclosing(self._read_on()) as pages:
                    async for following in pages:
                        yield following
            finally:
                if self._page_after is not None:
                    await _cancel([self._page_after[1]])
        self._check_count()

    async def _read_announced(self, first_size: int) -> AsyncGenerator[Payload]:
        """Yield the entities that the count announces, several pages at once. Ends early where a page is too short."""
        # A server may cap a page below what was asked for: then its own page size is used.
        size = min(first_size, self._paging.page_size)
        start = self._offset
        end = start + self._announced
        skips = iter(range(start, end, size))
        has_page_after = self._paging.limit is None or self._kept + end - start < self._paging.limit
        tasks: deque[asyncio.Task[Payload]] = deque()
        try:
            while True:
                while len(tasks) < self._ahead and (skip := next(skips, None)) is not None:
                    tasks.append(asyncio.create_task(self._read_window(skip, min(size, end - skip))))
                if has_page_after and self._page_after is None and len(tasks) < self._ahead:
                    # The count may be too low. This request does not wait until the others have ended.
                    self._page_after = end, asyncio.create_task(self._exchange(self._page_at(end)))
                if not tasks:
                    return
                wanted = min(size, end - self._offset)
                page = await tasks[0]
                tasks.popleft()
                if page.value and ((taken := self._take(page)).value or self._is_over):
                    yield taken
                if len(page.value) < wanted:
                    return
        finally:
            await _cancel(tasks)

    async def _read_window(self, skip: int, size: int) -> Payload:
        """Return the entities from `skip` on, `size` of them unless the list has become shorter meanwhile."""
        rows: list[Any] = []
        while True:
            request = _next_page(self._request, self._paging, skip + len(rows), size - len(rows))
            page = _require_list(await self._exchange(request))
            if self._begins_again(page):
                raise _repeated_page()
            rows += page.value[: size - len(rows)]
            if not page.value or len(rows) == size:
                return replace(page, value=rows)

    async def _read_on(self) -> AsyncGenerator[Payload]:
        """Yield the rest of the list, one page after the other, until the limit is reached or a page is empty."""
        while not self._is_satisfied:
            if self._link is not None:
                page = _require_list(await self._exchange(self._links.follow(self._link)))
                self._links.check_progress(len(page.value))
                if self._is_repeated(page):
                    raise endless_list()
            elif self._paging.can_skip:
                page = _require_list(await self._request_next())
                self._note_count(page)
                if self._is_repeated(page):
                    if self._is_complete:
                        # The list ignores $skip, and its first page was all of it.
                        return
                    raise _repeated_page()
                if not page.value and page.next_link is None:
                    return
                self._top, self._since_skip = self._next_top, 0
            else:
                return
            page = self._take(page)
            if page.value or self._is_over:
                yield page

    async def _request_next(self) -> Payload:
        """Return the page at the current offset, which may be requested already."""
        after, self._page_after = self._page_after, None
        if after is not None and after[0] == self._offset:
            return await after[1]
        if after is not None:
            await _cancel([after[1]])
        return await self._exchange(self._page_at(self._offset))

    def _page_at(self, skip: int) -> HttpRequest:
        return _next_page(self._request, self._paging, skip, self._next_top, count=True)

    @property
    def _offset(self) -> int:
        return self._paging.skip + self._received

    @property
    def _next_top(self) -> int:
        paging = self._paging
        return paging.page_size if paging.limit is None else min(paging.page_size, paging.limit - self._kept)

    @property
    def _announced(self) -> int:
        """Return how many entities count and limit still announce; 0 where the list is not counted."""
        if self._count is None or not self._paging.can_count:
            return 0
        left = self._count - self._offset
        return left if self._paging.limit is None else min(left, self._paging.limit - self._kept)

    @property
    def _is_satisfied(self) -> bool:
        return self._paging.limit is not None and self._kept >= self._paging.limit

    @property
    def _is_complete(self) -> bool:
        """Return whether nothing says that the list goes on: no count, no page of just the requested size."""
        if self._count is not None:
            return self._count <= self._offset
        return self._since_skip != self._top

    def _take(self, page: Payload) -> Payload:
        """Count the entities of a page, and return it with those that are new, cut to the limit.

        A list may ignore `$top`.
        """
        self._note_count(page)
        self._link = page.next_link
        self._since_skip += len(page.value)
        rows = self._changes.drop_repeats(page.value)
        self._barren_pages = 0 if rows or not page.value else self._barren_pages + 1
        if self._barren_pages > _MOST_BARREN_PAGES:
            raise _repeated_page()
        paging = self._paging
        if paging.limit is not None:
            rows = rows[: paging.limit - self._kept]
        elif self._received + len(page.value) > paging.max_items:
            self._is_over = True
            rows = rows[: max(0, paging.max_items - self._kept)]
        self._received += len(page.value)
        self._kept += len(rows)
        return replace(page, value=rows)

    def _note_count(self, page: Payload) -> None:
        self._count = self._count if page.count is None else page.count
        self._changes.note_count(page.count)

    def _begins_again(self, page: Payload) -> bool:
        """Return whether the page has the entities of the first page, or the first of them."""
        rows = self._identify(page)
        return bool(rows) and rows[: len(self._first_rows)] == self._first_rows[: len(rows)]

    def _identify(self, page: Payload) -> list[Any]:
        """Return the keys of the entities, or the entities where a key is missing or comes twice.

        Other values, such as the duration of a call, may change between two requests.
        """
        keys = read_keys(page.value, self._paging.key)
        return keys if are_keys(keys) and len(set(keys)) == len(keys) else page.value

    def _is_repeated(self, page: Payload) -> bool:
        """Return whether the page was received before, and remember it."""
        if not page.value:
            return False
        digest = hashlib.blake2b(dumps(self._identify(page)), digest_size=16).digest()
        is_repeated = digest in self._digests or (bool(self._digests) and self._begins_again(page))
        self._digests.add(digest)
        return is_repeated

    def _check_count(self) -> None:
        """Raise ResponseError where the PBX counts more entities than it returned."""
        query = self._request.query
        is_cut = not self._paging.can_skip and ("$top=" in query or "$skip=" in query)
        if self._is_satisfied or is_cut or self._count is None or self._count <= self._offset:
            return
        raise ResponseError(
            f"the list is not complete: the PBX counts {self._count - self._paging.skip} entities, "
            f"but returned {self._received}",
            description="Run the operation again, or read the list in parts, with a $filter for each of them.",
            code="paging",
        )


def _require_list(page: Payload) -> Payload:
    if page.kind != "collection":
        raise ResponseError(
            "the PBX returned something other than a list for the next page of the list",
            description="Run the operation again, or read the list in parts, with a $filter for each of them.",
            code="paging",
        )
    return page


def _too_many(max_items: int) -> ResponseError:
    return ResponseError(
        f"the list has more than {max_items:,} entities, the limit where no other is set",
        description="The entities before it are in the result. Set a limit or a $filter, or raise --max-items, "
        "maxItems or max_items.",
        code="too_many_items",
    )


def _repeated_page() -> ResponseError:
    return ResponseError(
        "the PBX returned the same page twice; this list ignores $skip",
        description="Set Limit to 100 or less instead of using Return All.",
        code="paging",
    )


async def _cancel(tasks: Collection[asyncio.Task[Payload]]) -> None:
    for task in tasks:
        task.cancel()
    # Errors of the other pages are not reported: the first error ended the list.
    await asyncio.gather(*tasks, return_exceptions=True)
