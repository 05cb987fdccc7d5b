"""Prepare the last requests for the page: decoded addresses, outcomes, bodies with secrets masked."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import orjson

from .masking import escape_invisible, mask_text, mask_value

if TYPE_CHECKING:
    from ..instruments.recorder import RecordedRequest

# A longer body is cut, so that the page loads at once.
_SHOWN = 20_000
_SHOWN_TARGET = 500
# Control characters other than line breaks and tabs, which occur in binary files only.
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class RequestRow:
    """A request in the list. `outcome` is the error's text, the number of rows, or the size of the response."""

    number: int
    time: str
    moment: str
    method: str
    target: str
    status: int
    phrase: str
    milliseconds: str
    outcome: str

    @property
    def good(self) -> bool:
        """Return whether the response is a success."""
        return self.status < 400


@dataclass(frozen=True, slots=True)
class RequestDetail:
    """A request with its headers and bodies."""

    row: RequestRow
    raw_target: str
    headers: dict[str, str]
    body: str
    answer: str
    answer_type: str
    answer_size: str
    cut: bool


def build_row(seen: RecordedRequest) -> RequestRow:
    """Return the request as a line of the list."""
    moment = datetime.fromtimestamp(seen.at, UTC)
    target = unquote(seen.path) + (f"?{unquote(seen.query.replace('+', ' '))}" if seen.query else "")
    return RequestRow(
        seen.number,
        moment.astimezone().strftime("%H:%M:%S"),
        moment.isoformat(timespec="milliseconds"),
        seen.method,
        escape_invisible(target if len(target) <= _SHOWN_TARGET else f"{target[:_SHOWN_TARGET]}…"),
        seen.status,
        _find_phrase(seen.status),
        f"{seen.milliseconds:.1f}" if seen.milliseconds < 100 else f"{seen.milliseconds:.0f}",
        _summarize_outcome(seen),
    )


def build_detail(seen: RecordedRequest) -> RequestDetail:
    """Return the request in full."""
    return RequestDetail(
        build_row(seen),
        seen.path + (f"?{seen.query}" if seen.query else ""),
        dict(seen.headers),
        _format_body(seen.body),
        _format_body(seen.answer),
        seen.answer_type,
        _format_size(seen.answer_size),
        seen.answer_size > len(seen.answer) or len(seen.answer) > _SHOWN,
    )


def _find_phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""


def _summarize_outcome(seen: RecordedRequest) -> str:
    if not seen.answer:
        return ""
    payload = _parse_json(seen.answer)
    if not isinstance(payload, dict):
        return _format_size(seen.answer_size)
    error = payload.get("error")
    if seen.status >= 400 and error:
        message = error.get("message") if isinstance(error, dict) else payload.get("error_description")
        return escape_invisible(" ".join(str(message or error).split())[:300])
    rows = payload.get("value")
    if isinstance(rows, list):
        count = payload.get("@odata.count")
        shown = "1 row" if len(rows) == 1 else f"{len(rows):,} rows"
        return f"{shown} of {count:,}" if isinstance(count, int) else shown
    return _format_size(seen.answer_size)


def _format_body(raw: bytes) -> str:
    if not raw:
        return ""
    payload = _parse_json(raw)
    if isinstance(payload, dict | list):
        text = json.dumps(mask_value(payload), ensure_ascii=False, indent=2)
    else:
        text = raw.decode("utf-8", "replace")
        if _CONTROL.search(text):
            return f"({_format_size(len(raw))} of binary data)"
        text = mask_text(text)
    return escape_invisible(text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…")


def _parse_json(raw: bytes) -> Any:
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError:
        return None


def _format_size(size: int) -> str:
    if size < 1024:
        return f"{size} bytes"
    return f"{size / 1024:,.1f} KB" if size < 1024 * 1024 else f"{size / 1024 / 1024:,.1f} MB"
