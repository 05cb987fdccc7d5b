"""Sends a plan: a bounded number of requests at a time, one result per item.

Nothing here knows parameters or expressions: the plan has all that is needed.
"""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from ..advice import BY_WARNING, advise_on_filter
from ..catalog.call_control import DROP
from ..errors import JournalError, ResponseError, ThreeCxError
from ..messages import IN_MEMORY
from ..options import RESPONSE_FORMATS
from ..response.decode import decode
from ..response.wording import put_in_words
from ..transport.retry import RetryBudget
from .call_follower import CallFollower
from .call_items import exchange_drop
from .dry_run import describe_item
from .early_ends import cut_off, internal_error, stopped_list
from .item_run import Deliver, ItemRun
from .list_changes import ChangedLists
from .look_ups import fill_keys, find_keys
from .paging import ListReader, by_next_links
from .payloads import ResultBuilder
from .results import Result
from .same_deletes import SameDeletes
from .saving import SaveError, prepare_reception
from .settle import Settler
from .stored_lists import compare_with_stored

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping

    from ..catalog import Operation, OperationVersion
    from ..messages import HttpRequest, HttpResponse
    from ..response.payload import Payload
    from ..transport.client import PbxClient
    from ..transport.gate import Caller
    from ..transport.retry import Attempts
    from .journal import Journal
    from .plan import Plan, PlannedItem

    Send = Callable[[int, HttpRequest, Operation, OperationVersion], Awaitable[Payload]]


@dataclass(frozen=True, slots=True)
class Share:
    """The part of a PBX's time that runs share which belong to one batch: its place among others, and its repeats."""

    caller: Caller
    budget: RetryBudget


class BatchRun(ItemRun):
    """Sends the request of each item. `share` is that of the batch to which this run belongs, by default its own."""

    def __init__(
        self,
        plan: Plan,
        client: Callable[[], PbxClient],
        base_url: str,
        deliver: Deliver,
        stop: asyncio.Event,
        abort: asyncio.Event | None = None,
        journal: Journal | None = None,
        share: Share | None = None,
    ) -> None:
        super().__init__(plan, client, base_url, deliver, stop, abort, journal)
        # The requests that may have been sent, by the index of their item.
        self._under_way: dict[int, HttpRequest] = {}
        # The bound on the requests of lists at once. Other items send one request at a time.
        self._slots = asyncio.Semaphore(plan.options.concurrency)
        self._is_slotted = any(each.paging for each in plan.items)
        self._budget = share.budget if share else RetryBudget(plan.options.retry_time, stop=stop)
        self._caller: Caller | None = share.caller if share else None
        downloads, self._reception = prepare_reception(plan.options, len(plan.items))
        self._results = ResultBuilder(plan.operation, downloads, urlsplit(base_url).netloc)
        self._calls: CallFollower | None = None
        self._changes = ChangedLists(len(plan.items))
        self._same_deletes = SameDeletes()

    @property
    def notes(self) -> tuple[str, ...]:
        """Return sentences for the user about the batch that was run; none of them is an error."""
        return (*self._changes.notes, *self._same_deletes.notes)

    async def _show(self, ready: list[PlannedItem]) -> None:
        for each in ready:
            await self._finish(Result(each.index, request=describe_item(each, self._base_url)))

    def _list_cut_off(self) -> dict[int, ThreeCxError]:
        return {
            index: cut_off(request, self._base_url)
            for index, request in self._under_way.items()
            if index not in self._done
        }

    def _note_restored(self, planned: PlannedItem) -> None:
        self._same_deletes.find_first(planned.index, planned.request)

    def _note_result(self, result: Result) -> None:
        self._same_deletes.settle(result)

    async def _send_item(self, planned: PlannedItem) -> None:
        request = planned.request
        assert request is not None  # noqa: S101 (an item without a request has an error and is not sent)
        try:
            if self._recorder.has_journal and await self._settle(planned, request):
                return
            keys: Mapping[str, Any] = {}
            if planned.look_ups:
                keys = await find_keys(
                    planned.look_ups, partial(self._send, planned.index), self._client().host
                )
                request = fill_keys(self._plan.builder, request, keys)
            first = self._same_deletes.find_first(planned.index, request)
            if first is not None:
                same = await self._same_deletes.wait_for(first, planned.index)
                await self._recorder.announce(planned.index, request)
                await self._finish(same)
                return
            if planned.stored_lists is not None:
                complete = partial(fill_keys, self._plan.builder, keys=keys)
                exchange = partial(self._send, planned.index)
                await compare_with_stored(self._plan.comparison, planned.stored_lists, complete, exchange)
            self._under_way[planned.index] = request
            await self._exchange_item(planned, request)
        except JournalError as error:
            await self._fail(planned.index, error)
        except ThreeCxError as error:
            error.outcome_unknown |= isinstance(error, SaveError) and request.effect == "change"
            error.request = {"method": request.method, "url": request.url(self._base_url)}
            if planned.has_filter and error.http_code == 400 and error.code not in BY_WARNING:
                # Where 3CX names nothing else, a 400 is about the filter.
                error.description = advise_on_filter(error.message)
            await self._fail(planned.index, error)
        except Exception as error:  # noqa: BLE001 (an internal error of one item must not lose the others' results)
            was_sent = planned.index in self._under_way and request.effect == "change"
            await self._fail(planned.index, internal_error(error, is_unknown=was_sent))

    async def _settle(self, planned: PlannedItem, request: HttpRequest) -> bool:
        """Find out what became of a request of an earlier run; return whether the item has its result now."""
        earlier = self._recorder.find_ambiguous(planned.index, request)
        if earlier is None:
            return False
        outcome = None
        if earlier.request is not None:
            settler = self._make_settler(self._client(), self._budget.open())
            outcome = await settler.find_outcome(earlier.request)
        if outcome is False:
            return False
        if earlier.request is not None and outcome is not None:
            await self._finish(self._to_result(planned, earlier.request, outcome))
        else:
            api_url = self._base_url + request.base_path
            await self._finish(await self._recorder.restore_unknown(planned.index, api_url))
        return True

    async def _exchange_item(self, planned: PlannedItem, request: HttpRequest) -> None:
        """Send the item's request, or all pages of its list, and deliver what comes."""
        operation, version = self._plan.operation, self._plan.version
        if planned.responder is not None:
            operation, version = planned.responder, planned.responder.versions[0]
        paging, first = planned.paging, None
        if paging is None or planned.responder is not None:
            if self._recorder.has_journal:
                await self._recorder.announce(planned.index, request)
            if operation.id == DROP:
                first = await exchange_drop(partial(self._send, planned.index), request, self._plan)
            else:
                first = await self._send(planned.index, request, operation, version)
            # Of an API request the user decides how much of a counted list it reads.
            goes_on = first.kind == "collection" and (
                first.next_link is not None or (first.count is not None and planned.responder is None)
            )
            if planned.wait is not None:
                first = await self._follow_call(planned, request, first)
            if not goes_on:
                await self._finish(self._to_result(planned, request, first))
                return
            paging = paging or by_next_links(request, self._plan.options.max_items)

        async def exchange(page: HttpRequest) -> Payload:
            return await self._send(planned.index, page, operation, version)

        api_url = self._base_url + request.base_path
        reader = ListReader(request, paging, exchange, self._plan.options.concurrency, api_url)
        with self._changes.watch(planned.index, reader):
            await self._hand_over_list(planned, request, reader.read(first))

    async def _follow_call(self, planned: PlannedItem, request: HttpRequest, made: Payload) -> Payload:
        """Return the answer to the request that made a call, with what became of the call since."""

        async def keep(interim: Payload) -> None:
            await self._recorder.record_interim(self._to_result(planned, request, interim))

        client = self._client()
        self._calls = self._calls or CallFollower(self._plan, client, self._join(client), self._stop)
        followed = await self._calls.follow(planned, request, made, keep)
        self._recorder.forget_interim(planned.index)
        return followed

    async def _hand_over_list(
        self, planned: PlannedItem, request: HttpRequest, pages: AsyncGenerator[Payload]
    ) -> None:
        """Deliver a list page by page, or all its pages as one response.

        Where a page fails, those before it are delivered before its error is raised.
        """
        is_whole = planned.response_format != RESPONSE_FORMATS[0]
        waiting: list[Payload] = []
        is_first = True
        async with aclosing(pages):
            try:
                async for page in pages:
                    if waiting and not is_whole:
                        await self._hand_over_part(self._to_result(planned, request, *waiting, more=True))
                        waiting.clear()
                    waiting.append(page)
                    if self._is_stopped and not is_first:
                        raise stopped_list()
                    is_first = False
            except ThreeCxError:
                if waiting:
                    await self._hand_over_part(self._to_result(planned, request, *waiting, more=True))
                raise
        await self._finish(self._to_result(planned, request, *waiting))

    async def _hand_over_part(self, result: Result) -> None:
        await self._recorder.record(result)
        await self._hand_over(result)

    def _join(self, client: PbxClient) -> Caller:
        """Return the caller that all requests of the batch have: its share of the PBX."""
        if self._caller is None:
            options = self._plan.options
            self._caller = client.make_caller(is_short=options.interactive, traceparent=options.traceparent)
        return self._caller

    def _make_settler(self, client: PbxClient, attempts: Attempts, *, is_ambiguous: bool = False) -> Settler:
        plan, caller = self._plan, self._join(client)
        return Settler(client, plan.checker, plan.options.timeout, attempts, caller, is_ambiguous)

    @property
    def _send(self) -> Send:
        """Return what sends one request of an item. As an attribute it would keep the batch in memory after its end."""
        return self._exchange_in_slot if self._is_slotted else self._exchange

    async def _exchange_in_slot(
        self, index: int, request: HttpRequest, operation: Operation, version: OperationVersion
    ) -> Payload:
        async with self._slots:
            return await self._exchange(index, request, operation, version)

    async def _exchange(
        self, index: int, request: HttpRequest, operation: Operation, version: OperationVersion
    ) -> Payload:
        """Send one request of an item and return the content of its response."""
        client, attempts = self._client(), self._budget.open()
        if self._reception is not IN_MEMORY:
            request = replace(request, reception=self._reception)

        def read(response: HttpResponse) -> Payload:
            return decode(operation, version, response, client.host, request, self._plan.catalog)

        try:
            if self._recorder.has_journal and self._recorder.was_sent(index, request):
                return await self._make_settler(client, attempts, is_ambiguous=True).settle(request, read)
            try:
                timeout, caller = self._plan.options.timeout, self._join(client)
                return await client.exchange(request, read, timeout=timeout, attempts=attempts, caller=caller)
            except ThreeCxError as error:
                if not error.outcome_unknown:
                    raise
                return await self._make_settler(client, attempts).settle(request, read, error)
        except ResponseError as error:
            put_in_words(error, request.keys, request.body)
            raise
        finally:
            if attempts.count > 1:
                self._attempts[index] = max(attempts.count, self._attempts.get(index, 1))

    def _to_result(
        self, planned: PlannedItem, request: HttpRequest, *payloads: Payload, more: bool = False
    ) -> Result:
        attempts = self._attempts.get(planned.index, 1) if self._attempts else 1
        return self._results.build(planned, request, payloads, more=more, attempts=attempts)
