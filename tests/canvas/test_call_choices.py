"""The extensions and phones that a canvas offers for a call, on a simulated PBX."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from threecx_credentials import Credential
from threecx_node.canvas.list_search import SearchPage, search_entities
from threecx_node.canvas.resource_mapping import describe_body_fields
from threecx_node.catalog import load_catalog
from threecx_node.errors import InputError, ResponseError, UnknownNameError
from threecx_node.execution.executor import Executor
from threecx_node.simulator import Simulator


@pytest.fixture(scope="module")
def pbx() -> Iterator[Simulator]:
    with Simulator() as running:
        yield running


def find(
    pbx: Simulator,
    parameter: str | None,
    text: str = "",
    parameters: Mapping[str, Any] | None = None,
    cursor: str | None = None,
) -> SearchPage:
    async def search() -> SearchPage:
        credential = Credential.of(pbx.base_url, pbx.client_id, pbx.client_secret)
        async with Executor(credential) as executor:
            return await search_entities(
                executor, "PlaceCall", parameter, text, cursor, parameters=parameters
            )

    return asyncio.run(search())


def test_extensions(pbx: Simulator) -> None:
    assert {"name": "101 (extension)", "value": "101"} in find(pbx, "dn").results
    assert find(pbx, "dn", "QUEUE 800").results == [{"name": "800 (queue)", "value": "800"}]
    assert find(pbx, None).results == find(pbx, "dn").results
    assert find(pbx, "dn", "nothing like this").results == []
    assert find(pbx, "dn", cursor="1000").results == []


def test_phones_of_the_chosen_extension(pbx: Simulator) -> None:
    devices = [(each.user_agent, each.device_id) for each in pbx.calls.devices("101")]
    assert len(devices) == 2
    found = find(pbx, "deviceId", parameters={"dn": "101"}).results
    assert found == [{"name": f"{agent} ({device})", "value": device} for agent, device in devices]
    assert find(pbx, "deviceId", devices[1][0], parameters={"dn": "101"}).results == [found[1]]
    assert find(pbx, "deviceId", parameters={"dn": "110"}).results == []


def test_phones_of_no_extension(pbx: Simulator) -> None:
    with pytest.raises(InputError, match="the extension is not chosen yet"):
        find(pbx, "deviceId", parameters={"dn": " "})
    with pytest.raises(ResponseError) as caught:
        find(pbx, "deviceId", parameters={"dn": "999"})
    assert caught.value.http_code == 404


def test_a_parameter_without_a_list(pbx: Simulator) -> None:
    with pytest.raises(UnknownNameError, match="participantId of PlaceCall: 3CX has no list"):
        find(pbx, "participantId")


def test_fields_of_a_new_call() -> None:
    fields = describe_body_fields(load_catalog(), "PlaceCall", None)
    assert [(each["displayName"], each["type"], each["required"]) for each in fields] == [
        ("Destination", "string", True),
        ("Attached Data", "object", False),
        ("Ring Timeout (Seconds)", "number", False),
        ("Wait For", "options", False),
        ("Wait Timeout (Seconds)", "number", False),
    ]
    assert max(len(each["displayName"]) for each in fields) <= 22
    [shown] = [each for each in fields if each.get("shown")]
    assert [each["value"] for each in shown["options"]] == ["answered", "ended", "nothing", "ringing"]
