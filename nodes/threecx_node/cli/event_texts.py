"""The cells of an event in a table, from its JSON: an event of a live call, or of a record."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

# The object that an event of a record has, and the fields of it that say most, the best one first.
_RECORDS = (
    "transcription", "recording", "voicemail", "chat", "logEntry", "trunk", "backup", "user", "callLog",
)  # fmt: skip
_TEXTS = ("summary", "message", "text", "name", "displayName", "fileName", "number", "id")
_LONGEST_TEXT = 200


def describe_document(event: Mapping[str, Any]) -> list[str]:
    """Return the cells of an event, times in the time zone of this machine."""
    direction = _text(event, "direction")
    return [
        _format_time(_read_time(event, "time")),
        _text(event, "type").removeprefix("call."),
        "" if direction == "unknown" else direction,
        _text(event, "callerNumber"),
        _text(event, "calledNumber"),
        _text(event, "extension"),
        _text(event, "queue") or _text(event, "ringGroup"),
        ", ".join(_list_notes(event)),
    ]


def _list_notes(event: Mapping[str, Any]) -> list[str]:
    notes = []
    answered, ended = _read_time(event, "answeredAt"), _read_time(event, "endedAt")
    if event.get("type") == "call.ended" and answered and ended:
        notes.append(f"after {_format_seconds((ended - answered).total_seconds())}")
    if moved_by := _text(event, "transferredFrom"):
        notes.append(f"by {moved_by}")
    if event.get("type") in ("call.started", "call.ringing") and (name := _text(event, "callerName")):
        notes.append(name)
    if record := _describe_record(event):
        notes.append(record)
    if event.get("inferred"):
        notes.append("inferred")
    return notes


def _describe_record(event: Mapping[str, Any]) -> str:
    record = next((event[name] for name in _RECORDS if isinstance(event.get(name), dict)), None)
    if record is None:
        return ""
    found = next((record[name] for name in _TEXTS if record.get(name)), "")
    return str(found)[:_LONGEST_TEXT]


def _text(event: Mapping[str, Any], name: str) -> str:
    value = event.get(name)
    return "" if value is None else str(value)


def _read_time(event: Mapping[str, Any], name: str) -> datetime | None:
    try:
        return datetime.fromisoformat(_text(event, name))
    except ValueError:
        return None


def _format_time(time: datetime | None) -> str:
    return time.astimezone().strftime("%H:%M:%S") if time else ""


def _format_seconds(seconds: float) -> str:
    minutes, rest = divmod(max(0, round(seconds)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
