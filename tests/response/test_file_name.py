"""Names of downloaded files: RFC 6266, without a path, and one of the operation where the server gives none."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support import FakePbx, run
from threecx_node.response.file_name import make_file_name, read_file_name

NAMES = {
    "both, the extended one wins": (
        "filename=\"_J_rg.wav\"; filename*=UTF-8''%5BJ%C3%B6rg%5D.wav",
        "[Jörg].wav",
    ),
    "both, in the other order": (
        "filename*=UTF-8''%5BJ%C3%B6rg%5D.wav; filename=\"_J_rg.wav\"",
        "[Jörg].wav",
    ),
    "lower case and a language": ("FileName=a.wav; FileName*=utf-8'de'%E2%82%AC.csv", "€.csv"),
    "Latin-1": ("filename*=ISO-8859-1''%A3.csv", "£.csv"),
    "an unknown charset": ("filename*=klingon''a.csv", "a.csv"),
    "quoted": (r'filename="a \"b\"; c.wav"', 'a "b"; c.wav'),
    "a token": ("filename=a.wav", "a.wav"),
    "UTF-8 as it is": ('filename="Jörg.wav"', "Jörg.wav"),
    "a mail header": ('filename="=?utf-8?B?SsO2cmcud2F2?="', "Jörg.wav"),
    "a path": ('filename="../../etc/passwd"', "passwd"),
    "an encoded path": ("filename*=UTF-8''..%2F..%2Fetc%2Fpasswd", "passwd"),
    "a path of Windows": (r'filename="C:\\Windows\\x.zip"', "x.zip"),
    "an encoded line break": ("filename*=UTF-8''a%0D%0Ab.wav", "a__b.wav"),
    "an encoded end": ("filename*=UTF-8''a%00b.wav", "ab.wav"),
    "another direction": ("filename*=UTF-8''a%E2%80%AEvaw.exe", "a_vaw.exe"),
    "dots": ('filename=".."', ""),
    "empty": ('filename=""', ""),
    "none": ("", ""),
}


@pytest.mark.parametrize(("parameters", "name"), NAMES.values(), ids=NAMES)
def test_the_name_of_a_download(parameters: str, name: str) -> None:
    assert read_file_name(f"attachment; {parameters}") == name


def test_a_long_name_keeps_its_ending() -> None:
    name = read_file_name(f'attachment; filename="{"x" * 5000}.wav"')
    assert len(name) == 200
    assert name.endswith("x.wav")


@given(st.text(max_size=60))
def test_no_header_gives_a_path(text: str) -> None:
    for name in (
        read_file_name(f'attachment; filename="{text}"'),
        read_file_name(text),
        read_file_name(f"; {text}"),
    ):
        assert not {"/", "\\", "\n", "\r", "\x00"} & set(name)
        assert name not in (".", "..")


@pytest.mark.parametrize(
    ("keys", "media_type", "name"),
    [
        ({"recId": 12}, "audio/x-wav", "DownloadRecording-12.wav"),
        ({"recId": 12}, "audio/wav", "DownloadRecording-12.wav"),
        (
            {"a": "x/../y", "b": "2026-03-01T08:00:00Z"},
            "text/csv",
            "DownloadRecording-x_.._y-2026-03-01T08_00_00Z.csv",
        ),
        ({"a": "x" * 500}, "application/zip", "DownloadRecording.zip"),
        ({}, "application/octet-stream", "DownloadRecording"),
        ({}, "application/x-unheard-of", "DownloadRecording"),
    ],
)
def test_a_download_without_a_name(keys: dict[str, Any], media_type: str, name: str) -> None:
    assert make_file_name("DownloadRecording", keys, media_type) == name


def test_the_result_of_a_download_has_its_name() -> None:
    headers = {"content-type": "audio/x-wav"}
    pbx = FakePbx(lambda _: httpx.Response(200, content=b"RIFF", headers=headers))
    [result] = run(pbx, "DownloadRecording", [{}], {"recId": 12}).results
    [item] = result.items or ()
    assert item["json"]["fileName"] == item["binary"]["data"]["fileName"] == "DownloadRecording-12.wav"
    assert item["binary"]["data"]["fileExtension"] == "wav"
