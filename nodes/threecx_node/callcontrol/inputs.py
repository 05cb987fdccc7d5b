"""Check what a caller of the client gives: numbers, IDs and data that are sent to the PBX."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any, TypeVar

from ..errors import InputError
from ..values.call_inputs import (
    LONGEST_RING,
    MOST_DATA_BYTES,
    read_attached_data,
    read_destination,
    read_ring_time,
)
from ..values.coerce import CoercionError
from ..values.json import dumps

if TYPE_CHECKING:
    from collections.abc import Callable

Value = TypeVar("Value")

_LONGEST_SEGMENT = 255
_LONGEST_ID = 18


def check_segment(name: str, value: Any, advice: str) -> str:
    """Return a DN or an ID of a device as a text that can be a part of a path. Raises InputError."""
    text = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    if not isinstance(text, str) or not text.strip():
        raise InputError(f"{name} is missing", description=advice, field=name)
    text = text.strip()
    # A path with "." or ".." is another path.
    if text in (".", "..") or len(text) > _LONGEST_SEGMENT or not text.isprintable():
        raise InputError(f"{name} cannot be used: {text[:40]!a}", description=advice, field=name)
    return text


def check_participant(value: Any) -> str:
    """Return the ID of a participant as a text of digits. Raises InputError."""
    text = str(value).strip() if isinstance(value, (int, str)) and not isinstance(value, bool) else ""
    if not (text.isascii() and text.isdigit() and len(text) <= _LONGEST_ID):
        raise InputError(
            f"participantId is not a whole number: {str(value)[:40]!a}",
            description="Use the ID of a participant, as ListParticipant returns it.",
            field="participantId",
        )
    return text


def check_destination(value: Any) -> str:
    """Return the number to call. Raises InputError."""
    return _read("destination", read_destination, value, "Set it to an extension or a telephone number.")


def make_body(
    *,
    destination: str | None = None,
    reason: str | None = None,
    timeout: float | None = None,
    attached_data: Any = None,
) -> bytes:
    """Return the JSON body of an action. Raises InputError for values that cannot be sent."""
    body: dict[str, Any] = {}
    if reason:
        body["reason"] = reason
    if destination is not None:
        body["destination"] = destination
    if timeout is not None:
        body["timeout"] = _read("timeout", _read_timeout, timeout, "Set it, or leave it out.")
    if attached_data is not None:
        advice = 'Give names and values, such as {"customer": "4711"}.'
        body["attacheddata"] = dict(_read("attachedData", read_attached_data, attached_data, advice))
    try:
        # NaN and infinity would else become null.
        json.dumps(attached_data, allow_nan=False)
        content = dumps(body)
    except (ValueError, TypeError, RecursionError) as error:
        raise InputError(
            "attachedData contains a value that JSON does not have",
            description="Give texts, numbers, true, false, null, lists and objects.",
            field="attachedData",
        ) from error
    if len(content) > MOST_DATA_BYTES:
        raise InputError(
            f"attachedData is larger than {MOST_DATA_BYTES // 1024} KB",
            description="Attach a key of your own, and store the data elsewhere.",
            field="attachedData",
        )
    return content


def _read_timeout(value: Any) -> int:
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if not is_number or not math.isfinite(value) or not 0 < value <= LONGEST_RING:
        raise CoercionError(f"a number of seconds from 1 to {LONGEST_RING:,}", value)
    return read_ring_time(max(1, round(value)))


def _read(name: str, read: Callable[[Any], Value], value: Any, advice: str) -> Value:
    try:
        return read(value)
    except CoercionError as error:
        raise InputError(f"{name}: {error}", description=error.advice or advice, field=name) from error
