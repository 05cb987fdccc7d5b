"""Runs operations and tasks for a batch of items on one PBX: one result per item, in order.

Everything that is not a task is run by the executor of single operations.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from ..execution import executor as single
from ..execution.results import Batch, Item, Result
from ..options import DEFAULT_CONNECTIONS, Options

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from threecx_credentials import Credential

    from ..catalog import Catalog, Operation
    from ..execution.executor import Control
    from ..execution.item_run import Deliver, ItemRun
    from ..execution.plan import Plan, Planner

__all__ = ["Batch", "Executor", "Item", "Options", "Result", "execute"]


async def execute(
    operation: str,
    items: Sequence[Item | Mapping[str, Any]],
    parameters: Mapping[str, Any] | None = None,
    *,
    credential: Credential,
    options: Options | None = None,
    catalog: Catalog | None = None,
) -> Batch:
    """Run `operation` for `items` on one PBX, close its connections, and return one result per item.

    `parameters` are shared by all items and may contain expressions (`={{ $json.Id }}`). To run several batches on
    one PBX keep an Executor. Raises UsageError; an item's own error is in its result.
    """
    connections = max(DEFAULT_CONNECTIONS, options.concurrency if options else 0)
    async with Executor(credential, connections=connections, catalog=catalog) as executor:
        return await executor.run(operation, items, parameters, options=options)


class Executor(single.Executor):
    """Runs batches of operations and of tasks on one PBX; see the executor of single operations."""

    def _make_planner(self, operation: Operation, release: str, options: Options) -> Planner:
        if operation.task is None:
            return super()._make_planner(operation, release, options)
        from .plan import TaskPlanner

        pbx = urlsplit(self.credential.base_url).netloc
        return TaskPlanner(self.catalog, operation, operation.task, release, options, pbx)

    def _make_run(self, plan: Plan, deliver: Deliver, control: Control) -> ItemRun:
        if plan.operation.task is None:
            return super()._make_run(plan, deliver, control)
        from .run import TaskRun

        return TaskRun(
            plan,
            lambda: self.client,
            self.credential.base_url,
            deliver,
            control.stop,
            control.abort,
            control.journal,
            task=plan.operation.task,
        )
