"""The simulator takes prompts as a PBX does: multipart, WAV for telephones, one entry for each name."""

from __future__ import annotations

import httpx
import pytest

from tests.simulator.support import list_details
from tests.sounds import chunk, fmt, telephone_wav, wav
from threecx_node.simulator import Simulator

SOUND = telephone_wav()
WRONG_FORMAT = [("file", "WARNINGS.SUPPORTED_MEDIA_FORMAT_WAV")]


def list_prompts(api: httpx.Client) -> list[str]:
    return sorted(each["Filename"] for each in api.get("CustomPrompts").json()["value"])


@pytest.mark.parametrize("path", ["customPrompts", "CustomPrompts"])
def test_an_uploaded_prompt_is_in_the_list(api: httpx.Client, path: str) -> None:
    for content in (SOUND, telephone_wav(1600)):
        answer = api.post(path, files={"file": ("Größe.wav", content, "audio/wav")})
        assert answer.status_code == 200
        assert answer.json()["value"] == "Größe.wav"
    assert list_prompts(api) == ["Größe.wav", "closed.wav"]
    assert api.delete("CustomPrompts('Gr%C3%B6%C3%9Fe.wav')").status_code == 204


@pytest.mark.parametrize(
    "content",
    [b"", b"text", SOUND[:40], wav(chunk(b"fmt ", fmt(rate=44100)), chunk(b"data", b"\0\0"))],
)
def test_a_prompt_that_cannot_be_played_is_refused(api: httpx.Client, content: bytes) -> None:
    answer = api.post("customPrompts", files={"file": ("closed.wav", content, "audio/wav")})
    assert list_details(answer) == WRONG_FORMAT


def test_a_prompt_with_a_bad_name_is_refused(api: httpx.Client) -> None:
    for name in ("../x.wav", ".wav"):
        answer = api.post("customPrompts", files={"file": (name, SOUND, "audio/wav")})
        assert list_details(answer) == [("file", "WARNINGS.XAPI.INVALID_FILE_NAME")]


def test_a_prompt_that_is_not_multipart_is_refused(api: httpx.Client) -> None:
    assert api.post("customPrompts", json={"file": "x"}).status_code == 415
    assert api.post("customPrompts", content=SOUND, headers={"content-type": "audio/wav"}).status_code == 415
    form = {"content-type": "multipart/form-data"}
    assert api.post("customPrompts", content=SOUND, headers=form).status_code == 400
    broken = {"content-type": "multipart/form-data; boundary=x"}
    assert api.post("customPrompts", content=b"no parts", headers=broken).status_code == 400
    missing = api.post("customPrompts", files={"other": ("a.wav", SOUND)})
    assert list_details(missing) == [("file", "WARNINGS.XAPI.REQUIRED")]
    many = api.post("customPrompts", files=[("file", ("a.wav", SOUND))] * 40)
    assert many.status_code == 400
    assert list_prompts(api) == ["closed.wav"]


def test_a_prompt_over_the_limit_is_refused(api: httpx.Client) -> None:
    big = telephone_wav(6 * 1024 * 1024)
    assert api.post("customPrompts", files={"file": ("big.wav", big)}).status_code == 413
    assert list_prompts(api) == ["closed.wav"]


def test_an_upload_needs_a_token_and_a_role(anyone: httpx.Client, pbx: Simulator) -> None:
    files = {"file": ("closed.wav", SOUND, "audio/wav")}
    assert anyone.post("/xapi/v1/customPrompts", files=files).status_code == 401
    with Simulator(role="User") as other:
        headers = {"Authorization": f"Bearer {other.token()}"}
        answer = httpx.post(f"{other.base_url}/xapi/v1/customPrompts", files=files, headers=headers)
        assert answer.status_code == 403
    del pbx
