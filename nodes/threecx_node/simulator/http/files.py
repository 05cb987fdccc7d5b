"""Build the files that clients download: CSV tables and a short WAV."""

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
class FileDownload:
    """A file with its media type and its name."""

    content: bytes
    media_type: str
    name: str


def build_csv(name: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> FileDownload:
    """Return a CSV file in UTF-8 with a header line."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(columns)
    for row in rows:
        writer.writerow([_format_cell(value) for value in row])
    return FileDownload(text.getvalue().encode(), "text/csv", name)


def slice_csv(file: FileDownload, skip: int, top: int | None) -> FileDownload:
    """Return the file with its header line and the rows that `$skip` and `$top` select."""
    header, *rows = csv.reader(io.StringIO(file.content.decode(), newline=""))
    return build_csv(file.name, header, rows[skip:] if top is None else rows[skip : skip + top])


def build_tone(name: str, seconds: float = 1.0) -> FileDownload:
    """Return a playable WAV file of telephone quality: a quiet tone of 425 Hz."""
    samples = [int(3000 * math.sin(2 * math.pi * 425 * i / _RATE)) for i in range(int(_RATE * seconds))]
    content = io.BytesIO()
    with wave.open(content, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(_RATE)
        out.writeframes(struct.pack(f"<{len(samples)}h", *samples))
    return FileDownload(content.getvalue(), "audio/x-wav", name)


def is_telephone_wav(content: bytes) -> bool:
    """Return whether a PBX can play the file: WAV with PCM, 8 kHz, 16 bit, mono."""
    try:
        with wave.open(io.BytesIO(content)) as sound:
            found = sound.getframerate(), sound.getsampwidth(), sound.getnchannels()
            return found == (_RATE, 2, 1) and sound.getnframes() > 0
    except (wave.Error, EOFError):
        return False


def _format_cell(value: Any) -> Any:
    if value is None:
        return ""
    return ("true" if value else "false") if isinstance(value, bool) else value
