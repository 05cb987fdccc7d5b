"""Carry out single operations of the catalog for a task, as a batch of one item each."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ..execution.plan import Planner
from ..execution.results import Item, Result
from ..execution.run import BatchRun, Share
from ..messages import IF_MATCH
from ..transport.retry import RetryBudget

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Mapping, Sequence

    from ..catalog import Catalog
    from ..execution.journal import Journal
    from ..options import Options
    from ..transport.client import PbxClient


class OperationRunner:
    """Runs operations for the items of one batch: they have one share of the PBX, and one budget of repeats."""

    def __init__(
        self,
        catalog: Catalog,
        release: str,
        options: Options,
        client: Callable[[], PbxClient],
        base_url: str,
        pbx: str,
        stop: asyncio.Event,
    ) -> None:
        self._catalog = catalog
        self._release = release
        # A task that changes something compares what it has read itself.
        self._options = replace(
            options, dry_run=False, verify=False, prepare_only=False, continue_on_fail=False, max_deletes=None
        )
        self._client = client
        self._base_url = base_url
        self._pbx = pbx
        self._planners: dict[str, Planner] = {}
        self._budget = RetryBudget(options.retry_time, stop=stop)
        self._share: Share | None = None

    async def run(
        self,
        operation: str,
        parameters: Mapping[str, Any],
        journal: Journal,
        stop: asyncio.Event,
        *,
        if_match: str = "",
        dry_run: bool = False,
    ) -> Result:
        """Return the result of one operation with `parameters`, which are values; with `dry_run` its request."""
        planner = self._find_planner(operation)
        plan = planner.plan([Item({}, parameters)], {})
        [planned] = plan.items
        if if_match and planned.request is not None:
            request = replace(planned.request, headers={**planned.request.headers, IF_MATCH: if_match})
            plan = replace(plan, items=[replace(planned, request=request)])
        if dry_run:
            plan = replace(plan, options=replace(plan.options, dry_run=True))
        collector = _Collector()
        run = BatchRun(
            plan,
            self._client,
            self._base_url,
            collector.add,
            stop,
            journal=journal,
            share=None if dry_run else self._join(),
        )
        await run.run()
        return collector.result

    async def pages(
        self, operation: str, parameters: Mapping[str, Any], journal: Journal, stop: asyncio.Event
    ) -> AsyncGenerator[Sequence[Mapping[str, Any]]]:
        """Yield the items of one operation that reads a list, a page at a time. Raises ThreeCxError.

        The PBX is asked for more only when a page has been taken. Leaving the iteration cuts off what is under way.
        """
        plan = self._find_planner(operation).plan([Item({}, parameters)], {})
        queue: asyncio.Queue[Result | BaseException] = asyncio.Queue(maxsize=1)
        run = BatchRun(
            plan, self._client, self._base_url, queue.put, stop, journal=journal, share=self._join()
        )

        async def produce() -> None:
            try:
                await run.run()
            except Exception as error:  # noqa: BLE001 (raised where the pages are taken)
                await queue.put(error)

        task = asyncio.create_task(produce(), name="threecx-pages")
        try:
            is_last = False
            while not is_last:
                result = await queue.get()
                if isinstance(result, BaseException):
                    raise result
                if result.items:
                    yield result.items
                if result.error is not None:
                    raise result.error
                is_last = not result.more
            await task
        finally:
            task.cancel()
            await asyncio.wait({task})

    def _find_planner(self, operation: str) -> Planner:
        if (found := self._planners.get(operation)) is None:
            declared = self._catalog.operation(operation)
            found = Planner(self._catalog, declared, self._release, self._options, self._pbx)
            self._planners[operation] = found
        return found

    def _join(self) -> Share:
        if self._share is None:
            caller = self._client().make_caller(
                is_short=self._options.interactive, traceparent=self._options.traceparent
            )
            self._share = Share(caller, self._budget)
        return self._share


class _Collector:
    """Collects the result of one item; the parts of a long list become one."""

    def __init__(self) -> None:
        self._items: list[Mapping[str, Any]] = []
        self.result = Result(0)

    async def add(self, result: Result) -> None:
        """Take a result, or a part of one."""
        if result.items:
            self._items.extend(result.items)
        self.result = replace(result, items=self._items if result.items is not None else None)
