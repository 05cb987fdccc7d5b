"""Build the results of items that end otherwise than by a response of the PBX."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..advice import UNKNOWN_OUTCOME, advice_for
from ..errors import ItemError, NotAttemptedError, ThreeCxError
from .results import Result

if TYPE_CHECKING:
    from ..messages import HttpRequest


def untried_result(index: int, why: str, description: str = "") -> Result:
    """Return the result of an item that was not tried; `description` says what to do, by default to send it again."""
    description = description or advice_for(None, "not_attempted")
    error = NotAttemptedError(f"not tried, because {why}", description=description, item_index=index)
    return Result(index, error=error)


def stopped_list() -> ThreeCxError:
    """Return the error of a list that a stop has ended."""
    return ThreeCxError(
        "only a part of the list was read, because the batch was stopped",
        description="Run the batch again to read the whole list.",
        code="stopped",
    )


def cut_off(request: HttpRequest, base_url: str) -> ThreeCxError:
    """Return the error of a request that an abort has ended."""
    is_unknown = request.effect == "change"
    return ThreeCxError(
        "the request was cut off, because the batch was stopped at once",
        description=UNKNOWN_OUTCOME if is_unknown else "Run the batch again.",
        code="stopped",
        request={"method": request.method, "url": request.url(base_url)},
        outcome_unknown=is_unknown,
    )


def stopped_task() -> ThreeCxError:
    """Return the error of a task that an abort has ended while nothing was sent."""
    return ThreeCxError(
        "the task was cut off, because the batch was stopped at once",
        description="Run the batch again.",
        code="stopped",
    )


def internal_error(error: Exception, *, is_unknown: bool) -> ThreeCxError:
    """Return an internal error as an item's error: its kind and place alone, since its message may contain secrets.

    `is_unknown` says that a change may have been sent before.
    """
    return ThreeCxError(
        _describe_internal(error),
        description="Check in 3CX whether this item was carried out, and report this error.",
        code="bug",
        outcome_unknown=is_unknown,
    )


def unplanned(error: Exception) -> ItemError:
    """Return an internal error that came while an item was planned, before anything was sent for it."""
    return ItemError(
        _describe_internal(error),
        description="Report this error; nothing was sent for it.",
        code="bug",
    )


def _describe_internal(error: Exception) -> str:
    frame = error.__traceback__
    while frame is not None and frame.tb_next is not None:
        frame = frame.tb_next
    place = f" ({frame.tb_frame.f_code.co_name}, line {frame.tb_lineno})" if frame is not None else ""
    return f"internal error in the executor: {type(error).__name__}{place}"
