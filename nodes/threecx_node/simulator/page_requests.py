"""The last requests as the page shows them: readable addresses, what came of them, bodies without secrets."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import orjson

from .masking import masked, masked_text, readable

if TYPE_CHECKING:
    from .recorder import SeenRequest

# A body is shown up to here: enough to read, and a page that loads at once.
_SHOWN = 20_000
_SHOWN_TARGET = 500
# Everything but line breaks and tabs that has no picture; a file's bytes are nothing to read.
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class RequestRow:
    """A request in the list. `outcome` is the error's text, the number of rows, or the answer's size."""

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
        """Whether the client got what it wanted."""
        return self.status < 400


@dataclass(frozen=True, slots=True)
class RequestDetail:
    """A request with everything that is known of it."""

    row: RequestRow
    raw_target: str
    headers: dict[str, str]
    body: str
    answer: str
    answer_type: str
    answer_size: str
    cut: bool


def row_of(seen: SeenRequest) -> RequestRow:
    """The request as a line of the list."""
    moment = datetime.fromtimestamp(seen.at, UTC)
    target = unquote(seen.path) + (f"?{unquote(seen.query.replace('+', ' '))}" if seen.query else "")
    return RequestRow(
        seen.number,
        moment.astimezone().strftime("%H:%M:%S"),
        moment.isoformat(timespec="milliseconds"),
        seen.method,
        readable(target if len(target) <= _SHOWN_TARGET else f"{target[:_SHOWN_TARGET]}…"),
        seen.status,
        _phrase(seen.status),
        f"{seen.milliseconds:.1f}" if seen.milliseconds < 100 else f"{seen.milliseconds:.0f}",
        _outcome(seen),
    )


def detail_of(seen: SeenRequest) -> RequestDetail:
    """The request in full."""
    return RequestDetail(
        row_of(seen),
        seen.path + (f"?{seen.query}" if seen.query else ""),
        dict(seen.headers),
        _body(seen.body),
        _body(seen.answer),
        seen.answer_type,
        _size(seen.answer_size),
        seen.answer_size > len(seen.answer) or len(seen.answer) > _SHOWN,
    )


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""


def _outcome(seen: SeenRequest) -> str:
    if not seen.answer:
        return ""
    payload = _json(seen.answer)
    if not isinstance(payload, dict):
        return _size(seen.answer_size)
    error = payload.get("error")
    if seen.status >= 400 and error:
        message = error.get("message") if isinstance(error, dict) else payload.get("error_description")
        return readable(" ".join(str(message or error).split())[:300])
    rows = payload.get("value")
    if isinstance(rows, list):
        count = payload.get("@odata.count")
        shown = "1 row" if len(rows) == 1 else f"{len(rows):,} rows"
        return f"{shown} of {count:,}" if isinstance(count, int) else shown
    return _size(seen.answer_size)


def _body(raw: bytes) -> str:
    if not raw:
        return ""
    payload = _json(raw)
    if isinstance(payload, dict | list):
        text = json.dumps(masked(payload), ensure_ascii=False, indent=2)
    else:
        text = raw.decode("utf-8", "replace")
        if _CONTROL.search(text):
            return f"({_size(len(raw))} that are no text)"
        text = masked_text(text)
    return readable(text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…")


def _json(raw: bytes) -> Any:
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError:
        return None


def _size(size: int) -> str:
    if size < 1024:
        return f"{size} bytes"
    return f"{size / 1024:,.1f} KB" if size < 1024 * 1024 else f"{size / 1024 / 1024:,.1f} MB"
