"""Format log lines, as text for people or as JSON for programs.

No line contains the message of an exception, because that may contain secrets and data of items: its class and its
traceback are enough to find a bug.
"""

from __future__ import annotations

import json
import logging
import traceback
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from .values.safe_text import escape_control

if TYPE_CHECKING:
    from collections.abc import Mapping


def make_formatter(*, is_json: bool) -> logging.Formatter:
    """Return the formatter of log lines in JSON, or as text."""
    if is_json:
        return _JsonFormatter()
    return _TextFormatter("%(asctime)s %(levelname)s %(message)s", "%Y-%m-%dT%H:%M:%S%z")


def make_json_line(moment: float, level: str, message: str, fields: Mapping[str, Any]) -> str:
    """Return a log line as JSON; `moment` is in seconds since 1970, and fields without a value are left out."""
    time = datetime.fromtimestamp(moment, UTC).isoformat(timespec="milliseconds")
    line = {"time": time, "level": level.lower(), "message": message, **fields}
    written = json.dumps({key: value for key, value in line.items() if value is not None}, default=str)
    # The one control character that JSON in ASCII leaves as it is.
    return written.replace("\x7f", "\\u007f")


class _TextFormatter(logging.Formatter):
    """Formats the class of an exception and its traceback, but not its message; a message cannot begin another line."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 (the base class's name)
        """Return the line of a record, with control characters as escapes."""
        return escape_control(super().formatMessage(record))

    def formatException(self, ei: Any) -> str:  # noqa: N802 (the base class's name)
        """Return the tracebacks of an exception and of those that caused it."""
        return "\n".join(_format_traceback(ei[1])) if ei[1] is not None else ""


class _JsonFormatter(logging.Formatter):
    """Formats a record as one line of JSON; its attribute `fields` has what the message says, by name."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        fields: dict[str, Any] = {"logger": record.name, **getattr(record, "fields", {})}
        if record.exc_info and record.exc_info[1] is not None:
            fields["traceback"] = "\n".join(_format_traceback(record.exc_info[1]))
        return make_json_line(record.created, record.levelname, record.getMessage(), fields)


def _format_traceback(error: BaseException) -> list[str]:
    """Return the tracebacks with the outermost exception last, as Python prints them."""
    inner = [*error.exceptions] if isinstance(error, BaseExceptionGroup) else []
    before = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if before is not None:
        inner.append(before)
    lines = [line for each in inner for line in _format_traceback(each)]
    frames = "".join(traceback.format_tb(error.__traceback__))
    return [*lines, f"Traceback (most recent call last):\n{frames}{type(error).__qualname__}"]
