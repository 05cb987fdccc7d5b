"""A file is checked before it is uploaded: its name, its size and its format."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sounds import chunk, fmt, telephone_wav, wav
from threecx_node.catalog import load_catalog
from threecx_node.errors import ParameterError
from threecx_node.messages import FileContent, HttpRequest, RequestValues
from threecx_node.request.build import RequestBuilder
from threecx_node.request.wav import explain_wav

CATALOG = load_catalog()
FORMAT = chunk(b"fmt ", fmt())
SOUND = chunk(b"data", b"\0\0" * 80)
# The codec of an extensible format is at the beginning of a GUID.
EXTENSION = b"\x16\0\x10\0\x04\0\0\0\x01\0" + b"\0\0\0\0\x10\0\x80\0\0\xaa\0\x38\x9b\x71"


def upload(name: str, content: bytes, **options: Any) -> HttpRequest:
    builder = RequestBuilder(CATALOG, CATALOG.operation("UploadPrompt"), **options)
    return builder.build(RequestValues(file=FileContent(name, content)))


def test_the_file_of_an_upload_is_the_only_part() -> None:
    request = upload("closed.wav", telephone_wav())
    assert (request.method, request.base_path, request.target) == ("POST", "/xapi/v1", "/customPrompts")
    assert request.body is None
    assert request.part is not None
    assert (request.part.field, request.part.file.name, request.part.file.media_type) == (
        "file", "closed.wav", "audio/wav",
    )  # fmt: skip


@pytest.mark.parametrize(
    "content",
    [
        wav(FORMAT, SOUND),
        wav(chunk(b"JUNK", b"x" * 27), FORMAT, chunk(b"LIST", b"INFO"), SOUND, chunk(b"id3 ", b"x")),
        wav(chunk(b"fmt ", fmt(rest=b"\0\0")), chunk(b"fact", b"\0" * 4), SOUND),
        wav(chunk(b"fmt ", fmt(codec=0xFFFE, rest=EXTENSION)), SOUND),
        # A program that writes to a pipe does not know the size.
        wav(FORMAT, chunk(b"data", b"\0\0" * 80, size=0xFFFFFFFF)),
        wav(FORMAT, chunk(b"data", b"\0\0" * 80, size=0)),
    ],
)
def test_a_prompt_that_3cx_can_play(content: bytes) -> None:
    assert explain_wav(content) == ""


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"ID3\x03" + b"x" * 50, "not a WAV file, but MP3"),
        (b"\xff\xfb\x90" + b"x" * 50, "but MP3"),
        (b"OggS" + b"x" * 50, "but Ogg"),
        (b"\0\0\0\x20ftypM4A " + b"x" * 50, "but MP4"),
        (b"text", "is not a WAV file"),
        (b"RIFF\x04\0\0\0WAVE", "without a description of its format"),
        (wav(chunk(b"fmt ", b"x")), "without a description of its format"),
        (wav(chunk(b"fmt ", fmt()[:14], size=16))[:-2], "without a description of its format"),
        (wav(FORMAT), "without sound"),
        (wav(FORMAT, chunk(b"data", b"")), "without sound"),
        (wav(FORMAT, SOUND)[:-40], "is incomplete: 160 bytes of sound are announced, and 120 are there"),
        (wav(chunk(b"fmt ", fmt(rate=44100, channels=2)), SOUND), "of PCM, 44.1 kHz, 16 bit, stereo"),
        (wav(chunk(b"fmt ", fmt(bits=8)), SOUND), "of PCM, 8 kHz, 8 bit, mono"),
        (wav(chunk(b"fmt ", fmt(codec=7, bits=8)), SOUND), "of µ-law, 8 kHz, 8 bit, mono"),
        (wav(chunk(b"fmt ", fmt(channels=6)), SOUND), "16 bit, 6 channels"),
        (wav(chunk(b"fmt ", fmt(codec=0x999)), SOUND), "of codec 2457"),
    ],
)
def test_a_prompt_that_3cx_cannot_play_is_refused(content: bytes, problem: str) -> None:
    with pytest.raises(ParameterError, match=r"closed\.wav") as caught:
        upload("closed.wav", content)
    assert problem in caught.value.message
    assert "PCM, 8 kHz, 16 bit, mono" in caught.value.description
    assert caught.value.field == "file"


@pytest.mark.parametrize(
    "name", ["", "closed.mp3", "a/b.wav", "..\\b.wav", ".wav", "a\r\nb.wav", "x" * 252 + ".wav"]
)
def test_a_prompt_needs_a_usable_name(name: str) -> None:
    with pytest.raises(ParameterError, match="name") as caught:
        upload(name, telephone_wav())
    assert "fileName" in caught.value.description


def test_a_prompt_over_the_size_limit_is_refused() -> None:
    with pytest.raises(ParameterError, match="larger than the limit of 10000000 bytes"):
        upload("closed.wav", telephone_wav(5_000_000))
    with pytest.raises(ParameterError, match="larger than the limit of 1000 bytes") as caught:
        upload("closed.wav", telephone_wav(), max_body_bytes=1000)
    assert "max_body_bytes" in caught.value.description
    with pytest.raises(ParameterError, match="empty"):
        upload("closed.wav", b"")


def test_an_upload_without_a_file_is_refused() -> None:
    builder = RequestBuilder(CATALOG, CATALOG.operation("UploadPrompt"))
    with pytest.raises(ParameterError, match="file is required"):
        builder.build(RequestValues())
    with pytest.raises(ParameterError, match="takes no file"):
        RequestBuilder(CATALOG, CATALOG.operation("GetDefs")).build(
            RequestValues(file=FileContent("a", b"b"))
        )


def test_the_format_of_a_wav_is_read_in_bounded_time() -> None:
    many_chunks = wav(*[chunk(b"JUNK", b"")] * 100_000, FORMAT, SOUND)
    assert explain_wav(many_chunks) == ""
