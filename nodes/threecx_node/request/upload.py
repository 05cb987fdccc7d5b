"""Check a file before it is uploaded: name, size and content."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..errors import ParameterError
from ..messages import FileContent, FilePart
from ..values.safe_text import clean_name
from .wav import explain_wav

if TYPE_CHECKING:
    from ..catalog import Upload

WAV = "audio/wav"
_LONGEST_NAME = 255
_SUFFIXES = {WAV: ".wav"}


def build_part(upload: Upload, file: FileContent, max_body_bytes: int) -> FilePart:
    """Return the part of a multipart body. Raises ParameterError that names the file and how to fix it."""
    limit = min(upload.max_bytes or max_body_bytes, max_body_bytes)
    if problem := _find_name_problem(file.name, _SUFFIXES.get(upload.media_type, "")):
        raise ParameterError(
            f"{upload.name}: {problem}",
            field=upload.name,
            description="Give another name with fileName; nothing was sent for this file.",
        )
    if not file.content:
        raise _refuse(upload, f"{file.name} is empty", "Choose another file")
    if len(file.content) > limit:
        remedy = "Shorten the file" if limit == upload.max_bytes else "Raise the limit (max_body_bytes)"
        raise _refuse(upload, f"{file.name} is larger than the limit of {limit} bytes", remedy)
    if upload.media_type == WAV and (problem := explain_wav(file.content)):
        raise _refuse(
            upload,
            f"{file.name} {problem}",
            "3CX takes WAV files of PCM, 8 kHz, 16 bit, mono. "
            "Convert it: ffmpeg -i INPUT -ar 8000 -ac 1 -c:a pcm_s16le OUTPUT.wav",
        )
    return FilePart(upload.name, FileContent(file.name, file.content, upload.media_type or file.media_type))


def _refuse(upload: Upload, problem: str, remedy: str) -> ParameterError:
    return ParameterError(
        f"{upload.name}: {problem}",
        field=upload.name,
        description=f"{remedy}; nothing was sent for it.",
    )


def _find_name_problem(name: str, suffix: str) -> str:
    if not name:
        return "the file has no name"
    if len(name.encode("utf-8", "replace")) > _LONGEST_NAME:
        return f"the name of the file is longer than {_LONGEST_NAME} bytes"
    if any(letter in '/\\"' or not letter.isprintable() for letter in name) or clean_name(name) != name:
        return f"{name!r} cannot be the name of a file on the PBX"
    if suffix and not name.lower().endswith(suffix):
        return f"the name {name!r} does not end in {suffix}"
    return ""
