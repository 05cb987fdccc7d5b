"""Rows and files as they are read from a PBX: few requests, and lists that are counted wrongly."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from tests.support import FakePbx, odata_error
from threecx_node.errors import ResponseError
from threecx_node.events.records.rows import PbxReader, Query

VERSION = {"x-3cx-version": "20.0.10.100"}
PERIOD = {"periodFrom": "2026-03-01T00:00:00Z", "periodTo": "2026-03-02T00:00:00Z"}


def read(
    answer: Callable[[httpx.Request], httpx.Response], ask: Callable[[PbxReader], Any]
) -> tuple[Any, FakePbx]:
    def respond(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/Defs"):
            return httpx.Response(200, json={"value": []}, headers=VERSION)
        response = answer(request)
        response.headers.update(VERSION)
        return response

    pbx = FakePbx(respond)

    async def main() -> Any:
        async with pbx.executor() as executor:
            return await ask(PbxReader(executor))

    return asyncio.run(main()), pbx


def test_a_short_list_takes_one_request() -> None:
    found, pbx = read(
        lambda _request: httpx.Response(200, json={"@odata.count": 1, "value": [{"Id": 7}]}),
        lambda reader: reader.read(Query("ListTrunk", select=("Id",))),
    )
    assert found == [{"Id": 7}]
    assert pbx.targets[1:] == ["GET /Trunks?$select=Id&$top=100&$count=true"]


@pytest.mark.parametrize("may_be_short", [True, False])
def test_a_list_that_is_counted_wrongly(may_be_short: bool) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        rows = [] if "skip" in str(request.url) else [{"CdrId": "a"}, {"CdrId": "b"}]
        return httpx.Response(200, json={"@odata.count": 9, "value": rows})

    query = Query("GetCallLogData", PERIOD, may_be_short=may_be_short)
    if may_be_short:
        found, _ = read(answer, lambda reader: reader.read(query))
        assert found == [{"CdrId": "a"}, {"CdrId": "b"}]
    else:
        with pytest.raises(ResponseError, match="the list is not complete"):
            read(answer, lambda reader: reader.read(query))


def test_of_a_file_only_the_beginning_is_read() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        assert request.headers["range"] == "bytes=0-0"
        # A server may ignore the range.
        headers = {"content-type": "audio/x-wav", "content-disposition": "attachment; filename=a.wav"}
        return httpx.Response(200, content=b"\0" * 1_000_000, headers=headers)

    found, pbx = read(answer, lambda reader: reader.has_file(7))
    assert found is True
    assert pbx.targets[1:] == ["GET /Recordings/Pbx.DownloadRecording(recId=7)"]


def test_a_file_that_is_not_there() -> None:
    found, _ = read(lambda _request: odata_error(404, "no file"), lambda reader: reader.has_file(7))
    assert found is False
    with pytest.raises(ResponseError) as caught:
        read(lambda _request: odata_error(403, "no right"), lambda reader: reader.has_file(7))
    assert caught.value.http_code == 403
