"""A response can be returned as the PBX sent it: its body as one item, with headers and status if wanted."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest

from tests.execution.test_paging import ListPbx, read
from tests.support import FakePbx
from threecx_credentials import Credential
from threecx_node import Executor, Options
from threecx_node.simulator import Simulator

BODY = {"responseFormat": "body"}
USER = 20


def to_pbx(pbx: Simulator) -> Credential:
    return Credential.of(pbx.base_url, pbx.client_id, pbx.client_secret)


async def ask(pbx: Simulator, operation: str, parameters: dict[str, Any], *, fails: bool = False) -> Any:
    async with Executor(to_pbx(pbx)) as executor:
        [result] = (await executor.run(operation, [{}], parameters, options=Options())).results
    if fails:
        return result.error
    assert result.error is None, result.error.one_line()
    return [each["json"] for each in result.items or ()]


@pytest.mark.parametrize("parameters", [{"options": BODY}, {"responseFormat": "Body"}])
def test_a_list_as_one_item(threecx_simulator: Simulator, parameters: dict[str, Any]) -> None:
    query = {"$select": "Id", "$skip": 1, "limit": 2}
    [body] = asyncio.run(ask(threecx_simulator, "ListUser", {**query, **parameters}))
    assert set(body) == {"@odata.context", "value"}
    assert len(body["value"]) == 2
    [counted] = asyncio.run(
        ask(threecx_simulator, "ListUser", {**query, "options": {**BODY, "includeCount": "true"}})
    )
    assert counted["value"] == body["value"]
    assert counted["@odata.count"] > 2


@pytest.mark.parametrize("counts", [True, False])
def test_a_list_in_pages_as_one_item(counts: bool) -> None:
    batch = read(ListPbx(250, counts=counts), {"returnAll": True, **BODY})
    [result] = batch.results
    assert result.items is not None
    assert result.items == [
        {"json": {"value": [{"Id": number} for number in range(250)]}, "pairedItem": {"item": 0}}
    ]


def test_an_entity_a_deletion_and_a_value(threecx_simulator: Simulator) -> None:
    pbx = threecx_simulator
    [user] = asyncio.run(ask(pbx, "GetUser", {"Id": USER, "simplify": True, **BODY}))
    assert "@odata.context" in user
    assert len(user) > 20
    assert asyncio.run(ask(pbx, "UpdateUser", {"Id": USER, "Mobile": "1", **BODY})) == [{}]
    assert asyncio.run(ask(pbx, "DeleteUser", {"Id": USER, **BODY})) == [{}]


def test_headers_and_status(threecx_simulator: Simulator) -> None:
    pbx = threecx_simulator
    [full] = asyncio.run(ask(pbx, "GetUser", {"Id": USER, "responseFormat": "full"}))
    assert full["body"]["Id"] == USER
    assert (full["statusCode"], full["statusMessage"]) == (200, "OK")
    assert full["headers"]["content-type"].startswith("application/json")
    [empty] = asyncio.run(ask(pbx, "UpdateUser", {"Id": USER, "Mobile": "1", "responseFormat": "full"}))
    assert (empty["statusCode"], "body" in empty) == (204, False)


def test_a_file_has_its_content_in_each_format(threecx_simulator: Simulator) -> None:
    async def ask_items(wanted: str) -> Any:
        async with Executor(to_pbx(threecx_simulator)) as executor:
            parameters = {"responseFormat": wanted, "binaryProperty": "file", "clientTimeZone": "UTC"}
            batch = await executor.run("DownloadAuditLog", [{}], parameters, options=Options())
        [result] = batch.results
        assert result.error is None, result.error.one_line()
        return result.items

    assert asyncio.run(ask_items("items"))[0]["binary"]["file"]["data"]
    # n8n's HTTP Request node returns a CSV file as a text.
    [text] = asyncio.run(ask_items("body"))
    assert text["json"]["file"].startswith("Action,")
    [full] = asyncio.run(ask_items("full"))
    assert (full["json"]["file"], full["json"]["statusCode"]) == (text["json"]["file"], 200)


def test_a_file_other_than_text_stays_binary() -> None:
    headers = {"content-type": "audio/x-wav", "content-disposition": "attachment; filename=a.wav"}
    pbx = FakePbx(lambda _: httpx.Response(200, content=b"RIFF", headers=headers))

    async def ask_items() -> Any:
        async with pbx.executor() as executor:
            return await executor.run("DownloadRecording", [{}], {"recId": 1, "responseFormat": "full"})

    [result] = asyncio.run(ask_items()).results
    assert result.items is not None
    assert result.items[0]["binary"]["data"]["fileName"] == "a.wav"
    assert result.items[0]["json"]["statusCode"] == 200


def test_an_unknown_format_is_refused(threecx_simulator: Simulator) -> None:
    error = asyncio.run(ask(threecx_simulator, "ListUser", {"responseFormat": "xml"}, fails=True))
    assert 'responseFormat: expected one of items, body, full, got "xml"' in error.one_line()
    assert not [each for each in threecx_simulator.requests if each.path.startswith("/xapi")]


def test_a_bare_list_becomes_an_item_per_element() -> None:
    pbx = FakePbx(lambda _: httpx.Response(200, json=[{"a": 1}, 5]))

    async def ask_items() -> Any:
        async with pbx.executor() as executor:
            return await executor.run("ApiRequest", [{}], {"path": "/callcontrol", **BODY})

    [result] = asyncio.run(ask_items()).results
    assert [each["json"] for each in result.items or ()] == [{"a": 1}, {"value": 5}]
