"""Files that downloads give: CSV tables and a short WAV."""

from __future__ import annotations

import csv
import io
import math
import struct
import wave
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_RATE = 8000


@dataclass(frozen=True, slots=True)
class FileAnswer:
    """A file with its media type and its name."""

    content: bytes
    media_type: str
    name: str


def csv_file(name: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> FileAnswer:
    """A CSV in UTF-8 with a header line."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(columns)
    for row in rows:
        writer.writerow([_cell(value) for value in row])
    return FileAnswer(text.getvalue().encode(), "text/csv", name)


def csv_part(file: FileAnswer, skip: int, top: int | None) -> FileAnswer:
    """The file with its header line and the rows that `$skip` and `$top` leave."""
    header, *rows = csv.reader(io.StringIO(file.content.decode(), newline=""))
    return csv_file(file.name, header, rows[skip:] if top is None else rows[skip : skip + top])


def tone_file(name: str, seconds: float = 1.0) -> FileAnswer:
    """A telephone-quality WAV of a quiet tone: something that players can play."""
    samples = [int(3000 * math.sin(2 * math.pi * 425 * i / _RATE)) for i in range(int(_RATE * seconds))]
    content = io.BytesIO()
    with wave.open(content, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(_RATE)
        out.writeframes(struct.pack(f"<{len(samples)}h", *samples))
    return FileAnswer(content.getvalue(), "audio/x-wav", name)


def _cell(value: Any) -> Any:
    if value is None:
        return ""
    return ("true" if value else "false") if isinstance(value, bool) else value
