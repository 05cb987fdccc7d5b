"""Read the values of rows that a PBX returns; a value that is missing or of another type is empty."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any


def read_time(value: Any) -> datetime | None:
    """Return a time of the PBX in UTC, None where it has none."""
    if not isinstance(value, str):
        return None
    try:
        time = datetime.fromisoformat(value)
        # 3CX writes year 1 where there is none.
        if time.year == 1:
            return None
        return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def read_object(value: Any) -> Mapping[str, Any]:
    """Return an object of a row, an empty one where there is none."""
    return value if isinstance(value, Mapping) else {}


def read_objects(value: Any) -> list[Mapping[str, Any]]:
    """Return the objects in a list of a row, none where there is no list."""
    return [each for each in value if isinstance(each, Mapping)] if isinstance(value, list) else []


def read_text(value: Any) -> str:
    """Return a text of a row, empty where there is none."""
    return value if isinstance(value, str) else "" if value is None else str(value)


def read_number(value: Any) -> int:
    """Return an integer of a row, 0 where there is none."""
    return value if isinstance(value, int) and not isinstance(value, bool) else 0


def first_text(*values: Any) -> str:
    """Return the first text that is not empty."""
    return next((text for text in map(read_text, values) if text), "")
