"""Tasks as operations of the catalog. 3CX's document does not have them; they are listed and called as if it did."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .models import Operation, OperationVersion, Parameter, Returns
from .tasks import TASKS
from .tasks.task_model import EDM_TYPES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .models import Property
    from .tasks.task_model import Task, TaskParameter


def list_task_ids(document: Mapping[str, object]) -> tuple[str, ...]:
    """Return the IDs of the tasks all of whose operations are in `document`, the operations of a catalog."""
    return tuple(sorted(each.id for each in TASKS.values() if all(name in document for name in each.uses)))


def create_task_operation(
    task: Task, releases: tuple[str, ...], body: str | Mapping[str, Property] | None
) -> Operation:
    """Return a task as an operation; `releases` have all operations that it uses. `body` has the fields that it maps.

    Its only version has no request: `path` is empty, `method` says whether it only reads.
    """
    version = OperationVersion(
        method="GET" if task.effect == "read" else "POST",
        path="",
        parameters=tuple(_create_parameter(each) for each in task.parameters if each.type != "fields"),
        query=(),
        if_match=False,
        body=body,
        returns=Returns("collection" if task.is_list else "entity"),
        releases=releases,
        base_path="",
    )
    return Operation(
        task.id,
        task.resource,
        "task",
        task.name,
        task.action,
        releases,
        (version,),
        task.description,
        task=task,
    )


def _create_parameter(parameter: TaskParameter) -> Parameter:
    default = parameter.default
    return Parameter(
        parameter.name,
        EDM_TYPES[parameter.type],
        optional=not parameter.required,
        default=int(default) if isinstance(default, float) else default,
    )
