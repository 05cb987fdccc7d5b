"""Check what a caller of the client gives: numbers, IDs and data that are sent to the PBX."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..errors import InputError
from ..values.json import dumps

MOST_DATA_BYTES = 64 * 1024
LONGEST_NUMBER = 255
LONGEST_TIMEOUT = 3600


def check_segment(name: str, value: str | int, advice: str) -> str:
    """Return a DN or an ID of a device as a text that can be a part of a path. Raises InputError."""
    text = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    if not isinstance(text, str) or not text.strip():
        raise InputError(f"{name} is missing", description=advice, field=name)
    text = text.strip()
    # A path with "." or ".." is another path.
    if text in (".", "..") or len(text) > LONGEST_NUMBER or not text.isprintable():
        raise InputError(f"{name} cannot be used: {text[:40]!a}", description=advice, field=name)
    return text


def check_participant(value: int | str) -> str:
    """Return the ID of a participant as a text of digits. Raises InputError."""
    text = str(value).strip() if isinstance(value, (int, str)) and not isinstance(value, bool) else ""
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise InputError(
            f"participantId is not a whole number: {str(value)[:40]!a}",
            description="Use the ID of a participant, as ListParticipant returns it.",
            field="participantId",
        )
    return text


def check_destination(value: str | int) -> str:
    """Return the number to call. Raises InputError."""
    return check_segment("destination", value, "Set it to an extension or a telephone number.")


def make_body(
    *,
    destination: str | None = None,
    reason: str | None = None,
    timeout: float | None = None,
    attached_data: Mapping[str, Any] | None = None,
) -> bytes:
    """Return the JSON body of an action. Raises InputError for values that cannot be sent."""
    body: dict[str, Any] = {}
    if reason:
        body["reason"] = reason
    if destination is not None:
        body["destination"] = destination
    if timeout is not None:
        is_number = isinstance(timeout, (int, float)) and not isinstance(timeout, bool)
        if not is_number or not 0 < timeout <= LONGEST_TIMEOUT:
            raise InputError(
                f"timeout is not a number of seconds from 1 to {LONGEST_TIMEOUT:,}",
                description="Set the seconds that the call may ring, or leave it out.",
                field="timeout",
            )
        body["timeout"] = max(1, round(timeout))
    if attached_data is not None:
        if not isinstance(attached_data, Mapping):
            raise InputError(
                "attachedData is not an object",
                description='Give names and values, such as {"customer": "4711"}.',
                field="attachedData",
            )
        body["attacheddata"] = dict(attached_data)
    try:
        content = dumps(body)
    except (ValueError, TypeError) as error:
        raise InputError(
            "attachedData contains a value that JSON does not have",
            description="Give texts, numbers, true, false, null, lists and objects.",
            field="attachedData",
        ) from error
    if len(content) > MOST_DATA_BYTES:
        raise InputError(
            f"attachedData is larger than {MOST_DATA_BYTES // 1024} KB",
            description="Attach a key of your own, and keep the data elsewhere.",
            field="attachedData",
        )
    return content
