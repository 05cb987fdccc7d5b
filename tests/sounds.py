"""WAV files for tests, put together chunk by chunk."""

from __future__ import annotations

import struct

PCM = 1


def fmt(codec: int = PCM, channels: int = 1, rate: int = 8000, bits: int = 16, rest: bytes = b"") -> bytes:
    """The content of a chunk that describes the format."""
    block = channels * bits // 8
    return struct.pack("<HHIIHH", codec, channels, rate, rate * block, block, bits) + rest


def chunk(name: bytes, content: bytes, size: int | None = None) -> bytes:
    length = len(content) if size is None else size
    return name + struct.pack("<I", length) + content + b"\0" * (len(content) % 2)


def wav(*chunks: bytes) -> bytes:
    body = b"WAVE" + b"".join(chunks)
    return chunk(b"RIFF", body)


def telephone_wav(samples: int = 800) -> bytes:
    """A file that 3CX takes: PCM, 8 kHz, 16 bit, mono."""
    return wav(chunk(b"fmt ", fmt()), chunk(b"data", b"\0\0" * samples))
