"""Uploads in batches: the file of each item, dry runs, and what is repeated."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.sounds import telephone_wav
from tests.support import FakePbx, run
from threecx_node.errors import InputError, ThreeCxError
from threecx_node.execution.results import Item
from threecx_node.messages import FileContent
from threecx_node.options import Options

SOUND = telephone_wav()
BASE64 = base64.b64encode(SOUND).decode()


def pbx_that_answers(*statuses: int) -> FakePbx:
    left = list(statuses)

    def answer(_request: httpx.Request) -> httpx.Response:
        status = left.pop(0) if len(left) > 1 else left[0]
        return httpx.Response(status, json={"value": "closed.wav"} if status == 200 else None)

    return FakePbx(answer)


def error_of(parameters: Mapping[str, Any], item: Item | None = None) -> ThreeCxError:
    pbx = pbx_that_answers(200)
    [result] = run(pbx, "UploadPrompt", [item or Item({})], parameters).results
    assert result.error is not None
    assert not pbx.requests
    return result.error


@pytest.mark.parametrize(
    "file",
    [
        FileContent("closed.wav", SOUND),
        {"fileName": "closed.wav", "data": BASE64},
        {"fileName": "closed.wav", "data": SOUND, "mimeType": "audio/x-wav"},
    ],
)
def test_an_upload_takes_a_file_in_several_forms(file: Any) -> None:
    pbx = pbx_that_answers(200)
    [result] = run(pbx, "UploadPrompt", [{}], {"file": file}).results
    assert result.items == [{"json": {"value": "closed.wav"}, "pairedItem": {"item": 0}}]
    [request] = pbx.requests
    assert request.url.path == "/xapi/v1/customPrompts"
    assert request.headers["content-type"].startswith("multipart/form-data; boundary=")
    assert b'name="file"; filename="closed.wav"' in request.content
    assert SOUND in request.content


def test_an_upload_takes_a_path_and_bytes(tmp_path: Path) -> None:
    path = tmp_path / "closed.wav"
    path.write_bytes(SOUND)
    pbx = pbx_that_answers(200)
    # A shared path is read once; an item's own may differ.
    own = Item({}, {"file": SOUND, "fileName": "open.wav"})
    assert run(pbx, "UploadPrompt", [{}, own, Item({}, {"file": path})], {"file": path}).exit_code == 0
    names = sorted(each.content.partition(b'filename="')[2].partition(b'"')[0] for each in pbx.requests)
    assert names == [b"closed.wav", b"closed.wav", b"open.wav"]


def test_an_upload_takes_the_binary_data_of_the_item() -> None:
    pbx = pbx_that_answers(200)
    binary = {"sound": {"fileName": "closed.wav", "mimeType": "audio/wav", "data": BASE64}}
    items = [Item({}, binary=binary), Item({}, binary={"sound": {"data": BASE64}})]
    parameters = {"binaryPropertyName": "sound", "fileName": "={{ $json.name || '' }}"}
    batch = run(pbx, "UploadPrompt", items, parameters, options=Options(continue_on_fail=True))
    assert [each.error and each.error.message for each in batch.results] == [
        None,
        "file: the file has no name",
    ]


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({}, "file is required, but no file is given"),
        ({"file": "closed.wav"}, 'file: expected a file, got "closed.wav"'),
        ({"file": 5}, "file: expected a file, got"),
        ({"file": {"fileName": "a.wav", "data": "no base64!"}}, "file.data is not Base64"),
        ({"file": {"fileName": "a.wav"}}, "file.data: expected Base64"),
        ({"file": {"fileName": 5, "data": BASE64}}, "file.fileName: expected a text"),
        (
            {"file": {"fileName": "a.wav", "data": "A" * 14_000_000}},
            "a.wav is larger than the limit of 10000000",
        ),
        ({"file": SOUND, "fileName": 5}, "fileName: expected a text"),
        ({"binaryPropertyName": "other"}, 'the item has no binary data "other"'),
    ],
)
def test_an_upload_of_something_else_is_refused(parameters: dict[str, Any], message: str) -> None:
    error = error_of(parameters)
    assert message in error.message
    assert error.description


def test_a_path_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    for path in (tmp_path / "missing.wav", tmp_path):
        with pytest.raises(InputError, match=f"cannot read {path}"):
            run(pbx_that_answers(200), "UploadPrompt", [{}], {"file": path})
    assert "cannot read" in error_of({}, Item({}, {"file": tmp_path / "missing.wav"})).message
    # A file without an end is read up to the limit.
    assert "larger than the limit" in error_of({}, Item({}, {"file": Path("/dev/zero")})).message


def test_a_dry_run_of_an_upload_shows_name_and_size() -> None:
    pbx = pbx_that_answers(200)
    file = FileContent("closed.wav", SOUND)
    [result] = run(pbx, "UploadPrompt", [{}], {"file": file}, options=Options(dry_run=True)).results
    assert result.request is not None
    assert result.request["headers"]["Content-Type"] == "multipart/form-data"
    described = {"fileName": "closed.wav", "mimeType": "audio/wav", "fileSize": len(SOUND)}
    assert result.request["body"] == {"file": described}
    assert not pbx.requests


def test_an_upload_without_a_response_is_not_repeated() -> None:
    for status in (408, 500, 502, 503, 504, 520):
        pbx = pbx_that_answers(status)
        [result] = run(pbx, "UploadPrompt", [{}], {"file": FileContent("closed.wav", SOUND)}).results
        assert result.error is not None
        assert result.error.outcome_unknown
        assert len(pbx.requests) == 1


def test_an_upload_that_was_not_taken_is_repeated() -> None:
    pbx = pbx_that_answers(429, 401, 200)
    assert run(pbx, "UploadPrompt", [{}], {"file": FileContent("closed.wav", SOUND)}).exit_code == 0
    assert [SOUND in each.content for each in pbx.requests] == [True, True, True]
    answers = iter(
        [httpx.Response(503, headers={"retry-after": "4"}), httpx.Response(200, json={"value": "a"})]
    )
    pbx = FakePbx(lambda _: next(answers))
    [result] = run(pbx, "UploadPrompt", [{}], {"file": FileContent("closed.wav", SOUND)}).results
    assert (result.error, result.attempts, pbx.waits) == (None, 2, [4.0])
    assert all(SOUND in each.content for each in pbx.requests)


@pytest.mark.parametrize("content", [b'{"value": "clo', b"<html>Welcome</html>", b""])
def test_an_upload_whose_response_is_unusable_is_unknown(content: bytes) -> None:
    media_type = "text/html" if content.startswith(b"<") else "application/json"
    pbx = FakePbx(lambda _: httpx.Response(200, content=content, headers={"content-type": media_type}))
    [result] = run(pbx, "UploadPrompt", [{}], {"file": FileContent("closed.wav", SOUND)}).results
    assert result.error is not None
    assert result.error.outcome_unknown
    assert len(pbx.requests) == 1
