"""Carry out the items of a task's plan."""

from __future__ import annotations

from contextlib import aclosing
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from ..errors import NotAttemptedError, ThreeCxError
from ..execution.early_ends import cut_off, internal_error, stopped_list, stopped_task
from ..execution.item_run import ItemRun
from ..execution.results import Result
from .batch import SharedState
from .context import TaskContext
from .plan import PlannedTask
from .registry import CODES
from .requests import OperationRunner

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable, Mapping, Sequence

    from ..catalog.tasks import Task
    from ..execution.item_run import Deliver
    from ..execution.journal import Journal
    from ..execution.plan import Plan, PlannedItem
    from ..transport.client import PbxClient


class TaskRun(ItemRun):
    """Carries out one task for each item: a bounded number at a time, those of one entity in their order."""

    def __init__(
        self,
        plan: Plan,
        client: Callable[[], PbxClient],
        base_url: str,
        deliver: Deliver,
        stop: asyncio.Event,
        abort: asyncio.Event | None = None,
        journal: Journal | None = None,
        *,
        task: Task,
    ) -> None:
        super().__init__(plan, client, base_url, deliver, stop, abort, journal)
        self._task = task
        self._code = CODES[task.id]
        self._release = plan.release or plan.version.releases[-1]
        pbx = urlsplit(base_url).netloc
        self._runner = OperationRunner(plan.catalog, self._release, plan.options, client, base_url, pbx, stop)
        self._state = SharedState(
            [each.values for each in plan.items if isinstance(each, PlannedTask) and each.error is None]
        )
        self._contexts: dict[int, TaskContext] = {}

    async def _send_item(self, planned: PlannedItem) -> None:
        assert isinstance(planned, PlannedTask)  # noqa: S101 (the plan of a task has no others)
        async with self._state.turn(planned.order_key):
            if self._is_failed or self._is_stopped:
                return
            await self._carry_out(planned)

    async def _carry_out(self, planned: PlannedTask) -> None:
        index = planned.index
        if not self._task.is_repeatable and await self._report_unknown(index):
            return
        context = TaskContext(
            index,
            self._plan.catalog,
            self._release,
            self._plan.options,
            self._runner,
            self._state,
            self._recorder,
            self._stop,
        )
        self._contexts[index] = context
        try:
            items = await self._get_items(context, planned)
        except NotAttemptedError:
            # A stop came before its first change.
            await self._finish(self._make_untried(index))
        except ThreeCxError as error:
            await self._fail(index, _explain_half_done(error, context, self._base_url))
        except Exception as error:  # noqa: BLE001 (an internal error of one item must not lose the others' results)
            is_unknown = context.under_way is not None
            await self._fail(
                index,
                _explain_half_done(internal_error(error, is_unknown=is_unknown), context, self._base_url),
            )
        else:
            if context.attempts > 1:
                self._attempts[index] = context.attempts
            await self._finish(self._build_result(context, planned, items))
        # An abort has cancelled the task where this is not reached: its context says what it did.
        del self._contexts[index]

    async def _get_items(self, context: TaskContext, planned: PlannedTask) -> Sequence[Mapping[str, Any]]:
        """Return the items of an outcome, or the last ones of a list whose other parts are delivered then."""
        if self._code.run is not None:
            return (await self._code.run(context, planned.values)).items
        assert self._code.stream is not None  # noqa: S101 (the code of a task has one of the two)
        last: Sequence[Mapping[str, Any]] = []
        async with aclosing(self._code.stream(context, planned.values)) as parts:
            try:
                async for part in parts:
                    if last and part:
                        await self._hand_over_part(self._build_result(context, planned, last))
                    last = part or last
            except ThreeCxError as error:
                if last:
                    await self._hand_over_part(self._build_result(context, planned, last))
                    if isinstance(error, NotAttemptedError):
                        raise stopped_list() from error
                raise
        return last

    async def _hand_over_part(self, result: Result) -> None:
        part = replace(result, more=True)
        await self._recorder.record(part)
        await self._hand_over(part)

    def _build_result(
        self, context: TaskContext, planned: PlannedItem, items: Sequence[Mapping[str, Any]]
    ) -> Result:
        if context.is_dry_run and self._task.effect == "change":
            return Result(context.index, request={"requests": context.requests})
        paired = {"item": context.index}
        kept = planned.kept_fields
        shown = [{name: each[name] for name in kept if name in each} for each in items] if kept else items
        return Result(context.index, items=[{"json": each, "pairedItem": paired} for each in shown])

    async def _report_unknown(self, index: int) -> bool:
        """Report an item that an earlier run may have carried out, and that must not be done twice."""
        if not self._recorder.is_ambiguous(index):
            return False
        await self._finish(await self._recorder.restore_unknown(index, self._base_url))
        return True

    async def _show(self, ready: list[PlannedItem]) -> None:
        # A dry run reads, and sends no change.
        if not self._is_failed:
            await self._send_until_aborted(ready)

    def _list_cut_off(self) -> dict[int, ThreeCxError]:
        found = {}
        for index, context in self._contexts.items():
            request = context.under_way
            error = stopped_task() if request is None else cut_off(request, self._base_url)
            found[index] = _explain_half_done(error, context, self._base_url)
        return found

    def _note_restored(self, planned: PlannedItem) -> None:
        """Do nothing: each item has its own result."""

    def _note_result(self, result: Result) -> None:
        """Do nothing: no item takes the result of another."""


def _explain_half_done(error: ThreeCxError, context: TaskContext, base_url: str) -> ThreeCxError:
    """Return the error of a task that ended between its steps, which says what was done before and what is unknown.

    It has a request, because an error without one says that nothing was sent for the item.
    """
    if error.outcome_unknown and context.doing:
        error.message = f"{error.message.rstrip('.')}; it is not known whether {context.doing}"
    if context.done:
        error.message = f"{error.message.rstrip('.')} (done before: {'; '.join(context.done)})"
        error.description = f"{error.description} Run it again: it does only what remains.".strip()
        sent = context.last_change
        if error.request is None and sent is not None:
            error.request = {"method": sent.method, "url": sent.url(base_url)}
    return error
