"""The declarations of all tasks, by resource."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import call_log, calls, departments, forwarding, offboarding, queues, recordings, upserts, users
from .task_model import Task, TaskField, TaskParameter

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["TASKS", "Task", "TaskField", "TaskParameter"]

TASKS: Mapping[str, Task] = {
    each.id: each
    for each in (
        *forwarding.TASKS,
        *users.TASKS,
        *calls.TASKS,
        *offboarding.TASKS,
        *queues.TASKS,
        *departments.TASKS,
        *call_log.TASKS,
        *recordings.TASKS,
        *upserts.TASKS,
    )
}  # fmt: skip
"""All tasks by their IDs, in the order in which lists show them."""
