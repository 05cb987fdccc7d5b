"""Runs one operation for a batch of items: one result per item, in order.

A batch has two halves. First every item becomes a request, so that a mistake in the last item stops the batch
before the first is sent. Then the requests go out, a bounded number at a time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from threecx_credentials.fields import MASK

from ..advice import BAD_FILTER, BY_STATUS, advice_for
from ..catalog import Catalog, Operation, load_catalog
from ..errors import (
    LoginError,
    NotAttemptedError,
    ParameterError,
    ThreeCxError,
    UnknownNameError,
    UnreachableError,
)
from ..messages import HttpRequest
from ..options import Options
from ..request.odata import expanded, query_string
from ..response.decode import Payload, decode
from ..response.items import to_items
from ..transport.client import PbxClient
from ..values.json import loads
from .paging import Pages
from .plan import ENTITY_KEY, Preparation, Prepared
from .results import Batch, Item, Result

if TYPE_CHECKING:
    from threecx_credentials import Credential, TokenStore

    from ..parameters.resolve import Resolved

__all__ = ["Batch", "Executor", "Item", "Options", "Result", "execute"]

# Failures of the PBX as a whole: every further item would meet the same, and a refused login repeated a thousand
# times gets this machine's address onto 3CX's blocklist.
_HOPELESS = frozenset(
    {"connection_refused", "unreachable", "dns", "tls", "tls_self_signed", "tls_handshake", "not_3cx"}
)
_VERSION_PROBE = HttpRequest("GET", "/Defs", "$select=Id")

OnResult = Callable[[Result], None]


async def execute(
    operation: str,
    items: Sequence[Item | Mapping[str, Any]],
    parameters: Mapping[str, Any] | None = None,
    *,
    credential: Credential,
    options: Options | None = None,
    catalog: Catalog | None = None,
) -> Batch:
    """Runs `operation` for `items` on one PBX and closes its connections.

    `parameters` are shared by all items and may hold expressions (`={{ $json.Id }}`). To run several batches on
    one PBX keep an Executor. Raises UsageError; an item's own error is in its result.
    """
    async with Executor(credential, catalog=catalog) as executor:
        return await executor.run(operation, items, parameters, options=options)


class Executor:
    """Runs batches on one PBX with one pool of connections and one token. An async context manager."""

    def __init__(
        self,
        credential: Credential,
        *,
        catalog: Catalog | None = None,
        token_store: TokenStore | None = None,
        client: Callable[[Credential, Options], PbxClient] | None = None,
    ) -> None:
        self.credential = credential
        self.catalog = catalog or load_catalog()
        self._token_store = token_store
        self._make_client = client or self._default_client
        self._client: PbxClient | None = None

    async def __aenter__(self) -> Executor:
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        if self._client is not None:
            await self._client.aclose()

    async def run(
        self,
        operation: str,
        items: Sequence[Item | Mapping[str, Any]],
        parameters: Mapping[str, Any] | None = None,
        *,
        options: Options | None = None,
        on_result: OnResult | None = None,
        stop: asyncio.Event | None = None,
    ) -> Batch:
        """One result per item, in order; `on_result` sees each as soon as it is there.

        Once `stop` is set no further request goes out; those under way end and are told. Raises UsageError
        where operation, parameters or options are wrong: then nothing was sent.
        """
        options = options or Options()
        found = self.catalog.operation(operation)
        listed = [item if isinstance(item, Item) else Item(item) for item in items]
        if not listed:
            return Batch([])
        try:
            release = await self._release(found, options)
        except UnreachableError as error:
            return _Run.unreachable(error, len(listed), on_result)
        preparation = Preparation(self.catalog, found, release, options)
        # Expressions may wait for V8: in a thread, so that other batches of this process go on.
        prepared = await asyncio.to_thread(lambda: list(preparation.prepare(listed, parameters or {})))
        for each in prepared:
            # Of every item, not of the first alone: one that asks for a dry run makes the whole batch one.
            if each.resolved.batch:
                options = options.with_batch_parameters(each.resolved.batch)
        run = _Run(self, preparation, options, on_result, stop or asyncio.Event(), len(listed))
        return await run.finish(prepared)

    def client(self, options: Options) -> PbxClient:
        """The PBX's client, made on first use."""
        if self._client is None:
            self._client = self._make_client(self.credential, options)
        return self._client

    def _default_client(self, credential: Credential, options: Options) -> PbxClient:
        limits = options.limits
        return PbxClient(
            credential,
            connections=limits.concurrency,
            connect_timeout=limits.connect_timeout,
            token_store=self._token_store,
        )

    async def _release(self, operation: Operation, options: Options) -> str | None:
        """The release whose form the requests take: the PBX's own, else the one asked for, else the newest."""
        if options.release is not None:
            self.catalog.check_release(options.release)
        known = self._client.version if self._client else None
        unsent = options.dry_run or options.prepare_only
        if known is None and options.release is None and len(operation.versions) > 1 and not unsent:
            # This operation looks different in other releases, and nothing tells yet which one answers.
            client = self.client(options)
            await client.send(_VERSION_PROBE, timeout=options.limits.timeout)
            known = client.version
        release = (self.catalog.release_of(known) if known else None) or options.release
        if release is not None and release not in operation.releases:
            there = f"{operation.releases[0]} to {operation.releases[-1]}"
            raise UnknownNameError(
                f"3CX {release} has no operation {operation.id}", description=f"It exists in {there}."
            )
        return release if release is not None else operation.releases[-1]


class _Run:
    """The second half of one batch: the sending."""

    def __init__(
        self,
        executor: Executor,
        preparation: Preparation,
        options: Options,
        on_result: OnResult | None,
        stop: asyncio.Event,
        size: int,
    ) -> None:
        self._executor = executor
        self._preparation = preparation
        self._options = options
        self._on_result = on_result
        self._results: list[Result | None] = [None] * size
        self._stop = stop
        self._failed = False

    @staticmethod
    def unreachable(error: UnreachableError, size: int, on_result: OnResult | None) -> Batch:
        """A batch that ended before it began: the first item has the error, the others were not tried."""
        error.item_index = 0
        first = Result(0, error=error)
        if on_result is not None:
            on_result(first)
        return Batch([first, *(_not_tried(index, "an earlier item failed") for index in range(1, size))])

    async def finish(self, prepared: Sequence[Prepared]) -> Batch:
        """All results: what cannot be sent fails at once, the rest is sent (or shown, in a dry run)."""
        for each in prepared:
            if each.error is not None:
                self._fail(each.index, each.error)
        ready = [each for each in prepared if each.error is None]
        if self._options.prepare_only:
            for each in ready:
                self._done(Result(each.index))
        elif self._options.dry_run:
            for each in ready:
                self._done(Result(each.index, request=self._described(each)))
        elif not self._failed:
            await self._send_all(ready)
        why = "an earlier item failed" if self._failed else "the batch was stopped"
        return Batch([each or _not_tried(index, why) for index, each in enumerate(self._results)])

    async def _send_all(self, ready: Sequence[Prepared]) -> None:
        queue = iter(ready)

        async def worker() -> None:
            for each in queue:
                if self._failed or self._stop.is_set():
                    return
                await self._send_one(each)

        async with asyncio.TaskGroup() as group:
            for _ in range(min(self._options.limits.concurrency, len(ready))):
                group.create_task(worker())

    async def _send_one(self, prepared: Prepared) -> None:
        request = prepared.request
        try:
            resolved = await self._look_up(prepared.resolved)
            if request is None:
                request = self._preparation.build(resolved)
            payload = await self._fetch(request, resolved)
            items = to_items(
                self._preparation.operation,
                self._preparation.shape,
                payload,
                prepared.index,
                keys=request.keys,
                binary_property=resolved.binary_property,
                fields=self._fields(resolved),
            )
        except ThreeCxError as error:
            if request is not None:
                error.request = {"method": request.method, "url": self._url(request.target)}
                # Where nothing better is known about a 400, the filter is what it is about.
                if error.description == BY_STATUS[400] and "$filter" in prepared.resolved.values.query:
                    error.description = BAD_FILTER
            self._fail(prepared.index, error)
        except Exception as error:  # noqa: BLE001 (one item's fault of ours must not cost the others their results)
            self._fail(prepared.index, _fault(error))
        else:
            self._done(Result(prepared.index, items=items))

    async def _look_up(self, resolved: Resolved) -> Resolved:
        """`resolved` with the IDs of what was named by number."""
        client = self._executor.client(self._options)
        for name, request in self._preparation.look_up(resolved):
            answer = await client.send(request, timeout=self._options.limits.timeout)
            payload = decode(self._preparation.operation, self._preparation.shape, answer, client.host)
            found = payload.value.get(ENTITY_KEY) if payload.kind == "entity" else None
            if found is None:
                raise ParameterError(f"{name}: the PBX told no ID for that number", field=name)
            resolved = self._preparation.with_key(resolved, name, found)
        return resolved

    async def _fetch(self, request: HttpRequest, resolved: Resolved) -> Payload:
        """The answer's payload; of a list that takes `$top`, all pages that are wanted."""
        if not self._preparation.shape.is_paged:
            return await self._exchange(request)
        pages = self._pages(resolved)
        while True:
            payload = await self._exchange(_page(request, pages))
            if payload.kind != "collection":
                return payload
            if not pages.add(payload.value):
                return Payload("collection", pages.received, payload.count)

    def _pages(self, resolved: Resolved) -> Pages:
        return Pages(resolved.limit, skip=resolved.skip, page_size=self._options.limits.page_size)

    async def _exchange(self, request: HttpRequest) -> Payload:
        client = self._executor.client(self._options)
        answer = await client.send(request, timeout=self._options.limits.timeout)
        return decode(self._preparation.operation, self._preparation.shape, answer, client.host)

    def _fields(self, resolved: Resolved) -> tuple[str, ...]:
        """What Simplify keeps; where the user chose the fields, the choice stands, and so does what was expanded."""
        query = resolved.values.query
        if not resolved.simplify or "$select" in query or not self._preparation.simple_fields:
            return ()
        return (*self._preparation.simple_fields, *expanded(query.get("$expand")))

    def _done(self, result: Result) -> None:
        self._results[result.index] = result
        if self._on_result is not None:
            self._on_result(result)

    def _fail(self, index: int, error: ThreeCxError) -> None:
        error.item_index = index
        hopeless = isinstance(error, LoginError) or error.code in _HOPELESS
        if hopeless or not self._options.continue_on_fail:
            self._failed = True
        self._done(Result(index, error=error))

    def _described(self, prepared: Prepared) -> dict[str, Any]:
        """The request that would be sent, as a dry run shows it, without the token."""
        if prepared.request is None:
            described = [
                self._described_request(each) for _, each in self._preparation.look_up(prepared.resolved)
            ]
            shape = self._preparation.shape
            return {**described[0], "then": {"method": shape.method, "url": self._url(shape.path)}}
        request = prepared.request
        if self._preparation.shape.is_paged:
            request = _page(request, self._pages(prepared.resolved))
        return self._described_request(request)

    def _described_request(self, request: HttpRequest) -> dict[str, Any]:
        return {
            "method": request.method,
            "url": self._url(request.target),
            "headers": {**request.headers, "Authorization": f"Bearer {MASK}"},
            "body": None if request.body is None else loads(request.body),
        }

    def _url(self, target: str) -> str:
        return self._executor.credential.api_url + target


def _not_tried(index: int, why: str) -> Result:
    error = NotAttemptedError(
        f"not tried, because {why}", description=advice_for(None, "not_attempted"), item_index=index
    )
    return Result(index, error=error)


def _fault(error: Exception) -> ThreeCxError:
    """A fault of ours as an item's error; the kind of exception alone, since its words may hold anything."""
    where = error.__traceback__
    while where is not None and where.tb_next is not None:
        where = where.tb_next
    place = f" ({where.tb_frame.f_code.co_name}, line {where.tb_lineno})" if where is not None else ""
    return ThreeCxError(
        f"the executor failed inside: {type(error).__name__}{place}",
        description="Look at the PBX for whether this item was carried out, and report this.",
        code="bug",
    )


def _page(request: HttpRequest, pages: Pages) -> HttpRequest:
    query = "&".join(part for part in (request.query, query_string(pages.query())) if part)
    return replace(request, query=query)
