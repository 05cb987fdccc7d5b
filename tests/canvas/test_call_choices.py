"""The extensions and phones that a canvas offers for a call, on a simulated PBX."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from typing import Any

import httpx
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


async def search(credential: Credential) -> SearchPage:
    async with Executor(credential) as executor:
        return await search_entities(executor, "PlaceCall", "dn", None, None)


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
    assert {"name": "Ada Lindqvist (101)", "value": "101"} in find(pbx, "dn").results
    # The route point of the API client has no name.
    assert {"name": "900 (route point)", "value": "900"} in find(pbx, "dn").results
    queue = {"name": "Support (800, queue)", "value": "800"}
    for text in ("QUEUE 800", "support", "Support (800, queue)"):
        assert find(pbx, "dn", text).results == [queue]
    assert find(pbx, None).results == find(pbx, "dn").results
    assert find(pbx, "dn", "nothing like this").results == []
    assert find(pbx, "dn", cursor="1000").results == []


def test_extensions_without_the_right_to_read_names() -> None:
    """A client that may only control calls gets the numbers."""
    with Simulator() as pbx:
        headers = {"Authorization": f"Bearer {pbx.token()}"}
        with httpx.Client(base_url=f"{pbx.base_url}/xapi/v1/", headers=headers) as api:
            peers = [{"Number": "101"}, {"Number": "800"}]
            rights = {"Number": "950", "CallControlEnabled": True, "XAPIEnabled": False, "Peers": peers}
            created = api.post("ServicePrincipals", json=rights).json()["Id"]
            key = api.post(f"ServicePrincipals({created})/Pbx.GenerateAppToken").json()["value"]
        found = asyncio.run(search(Credential.of(pbx.base_url, "950", key))).results
    assert {"name": "101 (extension)", "value": "101"} in found
    assert {"name": "800 (queue)", "value": "800"} in found


def test_names_of_many_extensions(monkeypatch: pytest.MonkeyPatch) -> None:
    """More numbers than a URL can have are read with all others."""
    monkeypatch.setattr("threecx_node.canvas.call_choices._MOST_ASKED", 3)
    with Simulator() as pbx:
        assert {"name": "Ada Lindqvist (101)", "value": "101"} in find(pbx, "dn").results
        assert all("$filter" not in each.query for each in pbx.requests if each.path == "/xapi/v1/Peers")


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
