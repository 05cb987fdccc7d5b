"""Reads rows of the Configuration API for the sources of records: one request for a page, and long lists by paging."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, Protocol

from ...errors import ResponseError, TransportError
from ...execution.results import Item
from ...messages import HttpRequest, Reception, RequestValues
from ...options import PAGE_SIZE, Options
from ...request.build import RequestBuilder
from ...request.odata import literal
from ...response.decode import decode

if TYPE_CHECKING:
    from ...catalog import Operation
    from ...execution.executor import Executor
    from ...messages import HttpResponse
    from ...transport.gate import Caller

Row = Mapping[str, Any]

# The next poll comes soon anyway, so that little time is spent on repeats.
_RETRY_TIME = 5.0
_TIMEOUT = 30.0
# A list that is longer is read in parts, by the sources themselves.
_MOST_ROWS = 300_000
_DOWNLOAD = "DownloadRecording"
# The first bytes of a file show that it is there.
_FIRST_BYTES = 16 * 1024
_MISSING = frozenset({404, 410})
_INCOMPLETE = "paging"


@dataclass(frozen=True, slots=True)
class Query:
    """Which rows of an operation are read.

    `ranges` are bounds of the integer `key`, both included, an upper one of None is open; rows in any of them are
    wanted. `equal_to` are texts of which the property `equal` has one. `where` is one more condition. `skip` rows are
    left out. `top` is the most that are wanted of one request, None for all. With `may_be_short`, a list with fewer
    rows than the PBX counts is not an error: rows that are missing are found later.
    """

    operation: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    select: tuple[str, ...] = ()
    key: str = ""
    ranges: tuple[tuple[int, int | None], ...] = ()
    equal: str = ""
    equal_to: tuple[str, ...] = ()
    where: str = ""
    order_by: str = ""
    skip: int = 0
    top: int | None = None
    may_be_short: bool = False

    @property
    def filter(self) -> str:
        """Return the `$filter`, empty where all rows are wanted."""
        ranges = " or ".join(_write_range(self.key, *each) for each in self.ranges)
        texts = " or ".join(f"{self.equal} eq {_quote(each)}" for each in self.equal_to)
        parts = [each for each in (ranges, texts, self.where) if each]
        return " and ".join(f"({each})" for each in parts) if len(parts) > 1 else "".join(parts)


def _write_range(key: str, low: int, high: int | None) -> str:
    if high is None:
        return f"{key} ge {literal('Int64', low)}"
    if low == high:
        return f"{key} eq {literal('Int64', low)}"
    return f"({key} ge {literal('Int64', low)} and {key} le {literal('Int64', high)})"


def _quote(text: str) -> str:
    # The whole filter is percent-encoded later.
    doubled = text.replace("'", "''")
    return f"'{doubled}'"


class RowReader(Protocol):
    """The access to a PBX that the sources need. Each method raises ThreeCxError where the PBX cannot be read.

    `ahead` is how far the clock of the PBX is ahead of the one here, as far as that is known.
    """

    ahead: timedelta

    async def find_release(self) -> str:
        """Return the release of the PBX, as the catalog names it."""

    async def read(self, query: Query) -> Sequence[Row]:
        """Return the rows of a query: by one request where `top` is set, or where there are few."""

    async def has_file(self, recording: int) -> bool:
        """Return whether the file of a recording can be downloaded."""


class PbxReader:
    """Reads rows of the PBX of an executor, within its limits and with its token."""

    def __init__(self, executor: Executor) -> None:
        self.ahead = timedelta()
        self._executor = executor
        self._builders: dict[tuple[str, str], RequestBuilder] = {}
        self._caller: Caller | None = None

    async def find_release(self) -> str:
        """Return the release of the PBX, the newest known one where it names none."""
        client, catalog = self._executor.client, self._executor.catalog
        if client.version is None:
            probe = HttpRequest("GET", "/Defs", "$select=Id", operation="version")
            await client.send(probe, timeout=_TIMEOUT, retry_time=_RETRY_TIME, caller=self._get_caller())
        return (catalog.release_of(client.version) if client.version else None) or catalog.newest

    async def read(self, query: Query) -> Sequence[Row]:
        """Return the rows of a query. Raises ThreeCxError."""
        if query.top is not None:
            return (await self._read_page(query, query.top))[0]
        rows, count = await self._read_page(query, PAGE_SIZE, count=True)
        is_whole = len(rows) < PAGE_SIZE and (count is None or count <= query.skip + len(rows))
        return rows if is_whole else await self._read_all(query)

    async def has_file(self, recording: int) -> bool:
        """Return whether the file of a recording can be downloaded; of the file only the beginning is read."""
        builder = await self._get_builder(_DOWNLOAD)
        request = builder.build(RequestValues({"recId": recording}))
        request = replace(
            request,
            headers={**request.headers, "Range": "bytes=0-0"},
            reception=Reception(max_bytes=_FIRST_BYTES),
            operation=_DOWNLOAD,
        )
        try:
            answer = await self._send(request)
        except TransportError as error:
            # The file has begun to arrive, and is longer than what is read of it.
            if error.code == "response_too_large":
                return True
            raise
        if answer.status in _MISSING:
            return False
        decode(builder.operation, builder.version, answer, self._executor.client.host, request)
        return True

    async def _read_page(
        self, query: Query, top: int, *, count: bool = False
    ) -> tuple[Sequence[Row], int | None]:
        builder = await self._get_builder(query.operation)
        options = _list_options(query, builder.operation)
        options |= {"$top": top, **({"$skip": query.skip} if query.skip else {})}
        options |= {"$count": True} if count and "$count" in builder.version.query else {}
        request = builder.build(RequestValues(query.parameters, options))
        answer = await self._send(request)
        host = self._executor.client.host
        payload = decode(builder.operation, builder.version, answer, host, request, self._executor.catalog)
        if payload.kind != "collection":
            raise ResponseError(f"{query.operation} returned something other than a list")
        return [each for each in payload.value if isinstance(each, Mapping)], payload.count

    async def _read_all(self, query: Query) -> Sequence[Row]:
        options = _list_options(query, self._executor.catalog.operation(query.operation))
        skip = {"$skip": query.skip} if query.skip else {}
        batch = await self._executor.run(
            query.operation,
            [Item({}, {**query.parameters, **options, **skip, "returnAll": True})],
            options=Options(retry_time=_RETRY_TIME, timeout=_TIMEOUT, max_items=_MOST_ROWS),
        )
        result = batch.results[0]
        rows = [each["json"] for each in result.items or ()]
        # A list that ends with a full page has no end: it ignores `$skip`.
        is_short = query.may_be_short and bool(len(rows) % PAGE_SIZE)
        if result.error is not None and not (is_short and result.error.code == _INCOMPLETE):
            raise result.error
        return rows

    async def _send(self, request: HttpRequest) -> HttpResponse:
        answer = await self._executor.client.send(
            request, timeout=_TIMEOUT, retry_time=_RETRY_TIME, caller=self._get_caller()
        )
        with suppress(KeyError, ValueError, TypeError):
            # It is in whole seconds.
            self.ahead = parsedate_to_datetime(answer.headers["date"]) - datetime.now(UTC)
        return answer

    def _get_caller(self) -> Caller:
        # One caller for all polls: they have one share of the PBX beside the batches.
        if self._caller is None:
            self._caller = self._executor.client.make_caller()
        return self._caller

    async def _get_builder(self, name: str) -> RequestBuilder:
        release = await self.find_release()
        if (found := self._builders.get((name, release))) is None:
            catalog = self._executor.catalog
            found = self._builders[name, release] = RequestBuilder(catalog, catalog.operation(name), release)
        return found


def _list_options(query: Query, operation: Operation) -> dict[str, Any]:
    options: dict[str, Any] = {}
    if query.select:
        options["$select"] = list(query.select)
    if query.filter:
        options["$filter"] = query.filter
    if query.order_by:
        options["$orderby"] = query.order_by
    known = operation.version().query
    return {name: value for name, value in options.items() if name in known}
