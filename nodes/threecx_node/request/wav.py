"""Check the format of a WAV file. The chunks that recorders and editors add are skipped, in any order."""

from __future__ import annotations

import struct

RATE = 8000
BITS = 16
_PCM = 0x0001
_EXTENSIBLE = 0xFFFE
_CODECS = {2: "ADPCM", 3: "floating point", 6: "A-law", 7: "µ-law", 0x11: "ADPCM", 0x31: "GSM", 0x55: "MP3"}
# A program that writes to a pipe does not know the size yet.
_UNKNOWN_SIZES = (0, 0x7FFFFFFF, 0xFFFFFFFF)
_OTHER_FORMATS = (
    (b"ID3", "MP3"),
    (b"\xff\xfb", "MP3"),
    (b"\xff\xf3", "MP3"),
    (b"\xff\xf2", "MP3"),
    (b"OggS", "Ogg"),
    (b"fLaC", "FLAC"),
    (b"\x1aE\xdf\xa3", "WebM"),
)


def explain_wav(content: bytes) -> str:
    """Return why `content` is not a WAV file of PCM, 8 kHz, 16 bit, mono; empty if it is one."""
    if content[:4] != b"RIFF" or content[8:12] != b"WAVE":
        return f"is not a WAV file{_guess_format(content)}"
    chunks = _find_chunks(content)
    if "fmt " not in chunks or chunks["fmt "][1] < 16:
        return "is a WAV file without a description of its format"
    if problem := _explain_format(content, *chunks["fmt "]):
        return problem
    if "data" not in chunks:
        return "is a WAV file without sound"
    start, size = chunks["data"]
    available = len(content) - start
    if available == 0:
        return "is a WAV file without sound"
    if size > available and size not in _UNKNOWN_SIZES:
        return f"is incomplete: {size} bytes of sound are announced, and {available} are there"
    return ""


def _find_chunks(content: bytes) -> dict[str, tuple[int, int]]:
    """Return the first position and the size of each chunk by its name, up to the sound."""
    chunks: dict[str, tuple[int, int]] = {}
    position = 12
    while position + 8 <= len(content) and "data" not in chunks:
        name = content[position : position + 4].decode("latin-1")
        (size,) = struct.unpack_from("<I", content, position + 4)
        chunks.setdefault(name, (position + 8, size))
        # A chunk of an odd size is padded.
        position += 8 + size + size % 2
    return chunks


def _explain_format(content: bytes, start: int, size: int) -> str:
    if start + size > len(content):
        return "is a WAV file without a description of its format"
    codec, channels, rate, _, _, bits = struct.unpack_from("<HHIIHH", content, start)
    if codec == _EXTENSIBLE and size >= 26:
        # The codec is at the beginning of the GUID of the format.
        (codec,) = struct.unpack_from("<H", content, start + 24)
    if (codec, channels, rate, bits) == (_PCM, 1, RATE, BITS):
        return ""
    name = "PCM" if codec == _PCM else _CODECS.get(codec, f"codec {codec}")
    layout = {1: "mono", 2: "stereo"}.get(channels, f"{channels} channels")
    return f"is a WAV file of {name}, {rate / 1000:g} kHz, {bits} bit, {layout}"


def _guess_format(content: bytes) -> str:
    name = "MP4" if content[4:8] == b"ftyp" else ""
    name = name or next((name for start, name in _OTHER_FORMATS if content.startswith(start)), "")
    return f", but {name}" if name else ""
