"""Recognise what the Call Control API answers to an action: a result, its acceptance, or that a call has failed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .json import loads

_FIELDS = ("finalstatus", "reason", "reasontext", "result")
# Accepted, and no content: statuses whose response may say nothing more.
_MAY_BE_EMPTY = frozenset({202, 204})
# A request that cannot be carried out in this state, and one that depends on something that failed.
_FAILED_STATUSES = frozenset({422, 424})
_FAILED_REASONS = frozenset({"noanswer", "phonebusy", "phonenotregistered"})
_FAILED = frozenset({"failed", "rejected", "-1", "0"})


def is_accepted(status: int, content: bytes) -> bool:
    """Return whether a response without a body says that an action was accepted."""
    return status in _MAY_BE_EMPTY and not content


def is_result(document: Any) -> bool:
    """Return whether a document is the result of an action, and not that of another server."""
    return isinstance(document, Mapping) and any(name in document for name in _FIELDS)


def read_failed_call(status: int, content: bytes) -> dict[str, Any] | None:
    """Return the result in an error that says how a new call has failed, None for any other error.

    Busy, not answered and not registered are results of a call.
    """
    if status not in _FAILED_STATUSES:
        return None
    try:
        document = loads(content)
    except (ValueError, RecursionError):
        return None
    if not isinstance(document, Mapping):
        return None
    final, reason = (str(document.get(name)).strip().lower() for name in ("finalstatus", "reason"))
    return dict(document) if final in _FAILED and reason in _FAILED_REASONS else None
