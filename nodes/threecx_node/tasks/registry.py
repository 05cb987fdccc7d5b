"""The code of each task by its ID, which its declaration has too."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import (
    call_log,
    calls,
    departments,
    forwarding,
    holidays,
    offboarding,
    queues,
    recordings,
    upserts,
    users,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .code import TaskCode

CODES: Mapping[str, TaskCode] = {
    **calls.CODES,
    **forwarding.CODES,
    **users.CODES,
    **offboarding.CODES,
    **queues.CODES,
    **departments.CODES,
    **holidays.CODES,
    **call_log.CODES,
    **recordings.CODES,
    **upserts.CODES,
}
