"""Works through the items of a plan: a bounded number at a time, one result per item, in order of their readiness.

How one item is carried out is left to the classes that extend `ItemRun`. Nothing here knows parameters or expressions.
"""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from ..errors import GivenUpError, JournalError, ThreeCxError, UnreachableError
from .abort import AbortedError, run_until_aborted
from .early_ends import untried_result
from .recording import Recorder
from .results import Result

if TYPE_CHECKING:
    from ..transport.client import PbxClient
    from .journal import Journal
    from .plan import Plan, PlannedItem

Deliver = Callable[[Result], Awaitable[None]]


class ItemRun(ABC):
    """Carries out one plan. Every result goes to `deliver` as soon as it is there, a list page by page.

    Once `stop` is set no further item is begun and long lists end after the page under way. Once `abort` is set the
    requests under way are cut off too, and their items get results that say so. `journal` records what is sent and what
    became of it, and has what an earlier run left.
    """

    def __init__(
        self,
        plan: Plan,
        client: Callable[[], PbxClient],
        base_url: str,
        deliver: Deliver,
        stop: asyncio.Event,
        abort: asyncio.Event | None = None,
        journal: Journal | None = None,
    ) -> None:
        self._plan = plan
        self._client = client
        self._base_url = base_url
        self._deliver = deliver
        self._stop = stop
        self._abort = abort
        self._recorder = Recorder(journal)
        self._is_failed = self._has_error = False
        # Why further items are not tried: the PBX was given up.
        self._given_up: GivenUpError | None = None
        self._delivery_error: Exception | None = None
        # Items with a result, and items of whose lists a part was delivered.
        self._done, self._begun = set[int](), set[int]()
        # How often the request of an item was sent, by its index: of several requests, the most.
        self._attempts: dict[int, int] = {}

    @property
    def notes(self) -> tuple[str, ...]:
        """Return sentences for the user about the batch that was run; none of them is an error."""
        return ()

    async def run(self) -> None:
        """Deliver one result per item: errors of the plan first, then what is sent, then what was not tried.

        Raises what `deliver` raises, after the requests under way have ended.
        """
        for each in self._plan.items:
            if each.error is not None:
                await self._fail(each.index, each.error)
        ready = [each for each in self._plan.items if each.error is None]
        options = self._plan.options
        if options.prepare_only:
            for each in ready:
                await self._finish(Result(each.index))
        elif options.dry_run:
            await self._show(ready)
        elif not self._is_failed:
            await self._send_until_aborted(await self._restore(ready))
        await self._report_untried()
        await self._recorder.end()
        if self._delivery_error is not None:
            raise self._delivery_error

    # The classes that extend this one define these.

    @abstractmethod
    async def _send_item(self, planned: PlannedItem) -> None:
        """Carry out one item and deliver its result or its error."""

    @abstractmethod
    async def _show(self, ready: list[PlannedItem]) -> None:
        """Deliver, in a dry run, what would be sent for each item."""

    @abstractmethod
    def _list_cut_off(self) -> dict[int, ThreeCxError]:
        """Return the errors of the items whose requests an abort has cut off, by index."""

    @abstractmethod
    def _note_restored(self, planned: PlannedItem) -> None:
        """Take note of an item that an earlier run finished, before its results are delivered."""

    @abstractmethod
    def _note_result(self, result: Result) -> None:
        """Take note of a result that is delivered."""

    # The order of the work.

    async def _restore(self, ready: list[PlannedItem]) -> list[PlannedItem]:
        """Deliver what an earlier run recorded; return what remains, with the items to settle first."""
        finished, remaining = self._recorder.divide(ready)
        for index in finished:
            self._done.add(index)
            self._note_restored(self._plan.items[index])
            async for result in self._recorder.restore(index):
                await self._hand_over(result)
                self._note_result(result)
        return remaining

    async def _send_until_aborted(self, ready: list[PlannedItem]) -> None:
        """Send all items; if `abort` is set meanwhile, cut the requests off and report them."""
        try:
            await run_until_aborted(self._send_all(ready), self._abort)
        except AbortedError:
            self._stop.set()
            for result in self._recorder.known_results():
                await self._deliver_once(result)
            for index, error in sorted(self._list_cut_off().items()):
                if index not in self._done:
                    await self._fail(index, error)

    async def _send_all(self, ready: list[PlannedItem]) -> None:
        queue = iter(ready)

        async def work() -> None:
            for each in queue:
                if self._is_failed or self._is_stopped:
                    return
                await self._send_item(each)

        async with asyncio.TaskGroup() as group:
            for _ in range(min(self._plan.options.concurrency, len(ready))):
                group.create_task(work())

    async def _finish(self, result: Result) -> None:
        if self._attempts and result.index in self._attempts:
            result = replace(result, attempts=self._attempts.pop(result.index))
        if self._recorder.has_journal:
            await self._recorder.record(result)
            self._is_failed = self._is_failed or self._recorder.error is not None
        await self._deliver_once(result)

    async def _deliver_once(self, result: Result) -> None:
        """Deliver the last result of an item, unless it has one."""
        if self._recorder.has_journal:
            self._recorder.forget(result.index)
        self._note_result(result)
        if result.index not in self._done:
            self._done.add(result.index)
            await self._hand_over(result)

    async def _hand_over(self, result: Result) -> None:
        """Deliver a result. An error of `deliver` is the caller's, not the item's: it stops the batch."""
        if result.more:
            self._begun.add(result.index)
        if self._delivery_error is not None:
            return
        try:
            await self._deliver(result)
        except Exception as error:  # noqa: BLE001 (raised again when the requests under way have ended)
            self._delivery_error = error

    @property
    def _is_stopped(self) -> bool:
        return self._stop.is_set() or self._delivery_error is not None

    async def _fail(self, index: int, error: ThreeCxError) -> None:
        error.item_index = index
        is_first, self._has_error = not self._has_error, True
        is_final = isinstance(error, UnreachableError) and error.is_final
        is_pbx_failure = is_final or isinstance(error, JournalError)
        if is_pbx_failure or not self._plan.options.continue_on_fail:
            self._is_failed = True
        if isinstance(error, GivenUpError) and not error.outcome_unknown:
            self._given_up = error
            # The batch needs one error that says why; an item of which a part was delivered was tried.
            if not is_first and index not in self._begun:
                await self._finish(self._make_untried(index))
                return
        await self._finish(Result(index, error=error))

    async def _report_untried(self) -> None:
        for each in self._plan.items:
            if each.index not in self._done:
                await self._hand_over(self._make_untried(each.index))

    def _make_untried(self, index: int) -> Result:
        if self._given_up is not None:
            return untried_result(index, self._given_up.message, self._given_up.description)
        is_stopped = self._abort is not None and self._abort.is_set()
        why = "an earlier item failed" if self._is_failed and not is_stopped else "the batch was stopped"
        return untried_result(index, "the journal cannot be written" if self._recorder.error else why)
