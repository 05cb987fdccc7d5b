"""Paths: keys, literals, existing and unknown paths."""

from __future__ import annotations

import socket
from typing import Any

import httpx
import pytest

from threecx_node.simulator import Simulator


def exactly(pbx: Simulator, target: bytes, method: bytes = b"GET") -> tuple[int, bytes]:
    """Send a request target exactly as given, which HTTP clients do not do."""
    host, port = pbx.base_url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=5) as connection:
        connection.sendall(
            method + b" " + target + b" HTTP/1.1\r\nHost: " + host.encode() + b"\r\nAuthorization: Bearer "
            + pbx.token().encode() + b"\r\nConnection: close\r\n\r\n"
        )  # fmt: skip
        received = b""
        while chunk := connection.recv(65536):
            received += chunk
    return int(received.split(b" ", 2)[1]), received


def error_of(answer: httpx.Response) -> dict[str, Any]:
    error: dict[str, Any] = answer.json()["error"]
    assert error["code"] == ""
    assert isinstance(error["message"], str)
    return error


def test_list(api: httpx.Client) -> None:
    answer = api.get("Users")
    assert answer.status_code == 200
    assert answer.headers["x-3cx-version"].startswith("20.0.10.")
    assert answer.headers["content-type"].startswith("application/json")
    body = answer.json()
    assert body["@odata.context"] == f"{api.base_url}$metadata#Users"
    assert len(body["value"]) == 25
    assert {"FirstName", "Hours", "Tags"} <= body["value"][0].keys()
    assert not {"Groups", "Phones", "ForwardingProfiles"} & body["value"][0].keys()


def test_the_seed_is_a_small_office(pbx: Simulator) -> None:
    counts = {
        "Users": 25,
        "CallFlowApps": 8,
        "Queues": 3,
        "RingGroups": 2,
        "Receptionists": 2,
        "Trunks": 2,
        "Backups": 3,
    }
    assert {name: pbx.state.count(name) for name in counts} == counts
    for name in ("Groups", "Contacts", "Holidays", "Parameters", "TenantProperties", "BlackListNumbers"):
        assert pbx.state.count(name) > 1


def test_ids_and_numbers_are_unique_over_all_dns(api: httpx.Client) -> None:
    peers = api.get("Peers").json()["value"]
    assert len({peer["Id"] for peer in peers}) == len(peers) > 40
    assert len({peer["Number"] for peer in peers}) == len(peers)
    owner = next(peer for peer in peers if peer["Number"] == "100")
    assert owner["Type"] == "Extension"


def test_key(pbx: Simulator, api: httpx.Client) -> None:
    user = pbx.state.entities("Users")[3]
    answer = api.get(f"Users({user['Id']})")
    assert answer.status_code == 200
    body = answer.json()
    assert body["@odata.context"] == f"{api.base_url}$metadata#Users/$entity"
    assert body["Number"] == user["Number"]
    assert api.get(f"Users(Id={user['Id']})").json() == body


def test_string_keys() -> None:
    with Simulator() as pbx:
        status, received = exactly(pbx, b"/xapi/v1/TenantProperties('O''Brien%20%26%20S%C3%B6hne%2F1')")
        assert status == 200
        assert b'"Value":"wholesale"' in received
        # The same key with every character encoded that may be.
        target = b"/xapi/v1/TenantProperties%28%27O%27%27Brien%20%26%20S%C3%B6hne%2F1%27%29"
        assert exactly(pbx, target)[0] == 200


@pytest.mark.parametrize(
    ("target", "status"),
    [
        (b"TenantProperties('O'Brien%20%26%20S%C3%B6hne%2F1')", 404),  # the apostrophe is not doubled
        (b"TenantProperties('O''Brien%20%26%20S%C3%B6hne/1')", 404),  # the slash splits the path
        (b"TenantProperties(COMPANY)", 400),
        (b"TenantProperties(\"COMPANY\")", 400),
        (b"TenantProperties(5)", 400),
        (b"TenantProperties('COMPANY)", 404),
        (b"TenantProperties()", 404),
        (b"TenantProperties('')", 404),
        (b"TenantProperties('%FF')", 400),
        (b"CallFlowApps()", 404),
        (b"CallFlowApps('5')", 400),
        (b"CallFlowApps(x)", 400),
        (b"CallFlowApps(1.5)", 400),
        (b"CallFlowApps(0x10)", 400),
        (b"CallFlowApps(2147483648)", 400),
        (b"CallFlowApps(-1)", 404),
        (b"CallFlowApps(99999)", 404),
        (b"CallFlowApps(5", 404),
        (b"CallFlowApps(1,2)", 404),
        (b"Users(Number=102)", 400),
        (b"Users(Number='999')", 404),
        (b"Users(Number='800')", 404),  # a queue's
        (b"Users/5", 404),
        (b"users", 404),
        (b"NoSuchSet", 404),
        (b"..%2f..%2fetc%2fpasswd", 404),
        (b"../../../etc/passwd", 404),
        (b"Users(5)/../Groups", 404),
        (b"Users(5)/NoSuchNavigation", 404),
        (b"Users%00", 404),
        (b"Trunks/Pbx.InitTrunk(template=generic)", 404),
        (b"Trunks/Pbx.InitTrunk()", 404),
        (b"Trunks/Pbx.InitTrunk(wrong='x')", 404),
    ],
)  # fmt: skip
def test_invalid_paths(running: Simulator, target: bytes, status: int) -> None:
    given, received = exactly(running, b"/xapi/v1/" + target)
    assert given == status, received
    assert b'"error":{"code":"","message":"' in received


def test_bytes_that_no_path_contains(running: Simulator) -> None:
    for target in (b"TenantProperties('caf\xc3\xa9')", b"Users(\x01)"):
        assert exactly(running, b"/xapi/v1/" + target)[0] == 400


def test_not_found_names_the_key(api: httpx.Client) -> None:
    answer = api.get("CallFlowApps(99999)")
    assert answer.status_code == 404
    assert answer.json() == {
        "error": {
            "code": "",
            "message": "Id:\nWARNINGS.XAPI.NOT_FOUND",
            "details": [{"code": "", "message": "WARNINGS.XAPI.NOT_FOUND", "target": "Id"}],
        }
    }
    assert error_of(api.get("TenantProperties('nothing')"))["details"][0]["target"] == "Name"


def test_get_by_number(api: httpx.Client) -> None:
    answer = api.get("Users(Number='102')?$select=Id,Number")
    assert answer.json()["Number"] == "102"
    assert api.get("Queues(Number='800')").json()["Name"] == "Support"
    assert api.get("Peers(Number='810')").json()["Type"] == "RingGroup"
    assert api.get("Users/Pbx.GetByNumber(number='102')").status_code == 404


def test_get_by_number_in_old_releases() -> None:
    with Simulator(release="20.0.7") as pbx:
        headers = {"Authorization": f"Bearer {pbx.token()}"}
        with httpx.Client(base_url=f"{pbx.base_url}/xapi/v1/", headers=headers) as client:
            assert client.get("Users/Pbx.GetByNumber(number='102')").json()["Number"] == "102"
            assert client.get("Trunks/Pbx.GetTrunkByNumber(number='10000')").json()["Number"] == "10000"
            assert client.get("Parkings/Pbx.GetByNumber(number='SP11')").json()["Number"] == "SP11"
            assert client.get("Users(Number='102')").status_code == 404


def test_nested_lists(api: httpx.Client) -> None:
    user = api.get("Users(Number='107')").json()
    groups = api.get(f"Users({user['Id']})/Groups").json()["value"]
    assert [group["Name"] for group in groups] == ["Support"]
    members = api.get(f"Groups({groups[0]['GroupId']})/Members?$filter=Number eq '107'").json()["value"]
    assert members[0]["MemberName"] == "Grace Nakamura"
    queue = api.get("Queues(Number='800')").json()
    agents = api.get(f"Queues({queue['Id']})/Agents?$top=2&$count=true").json()
    assert agents["@odata.count"] == 8
    assert [agent["Number"] for agent in agents["value"]] == ["106", "107"]
    assert api.get("Users(99999)/Groups").status_code == 404
    assert [codec["RfcName"] for codec in api.get("Defs/Codecs").json()["value"]] == ["PCMA", "opus"]


def test_singletons(api: httpx.Client) -> None:
    status = api.get("SystemStatus").json()
    assert status["@odata.context"] == f"{api.base_url}$metadata#SystemStatus"
    assert status["ExtensionsTotal"] == 25
    assert api.get("Defs?$select=Id").json() == {
        "@odata.context": f"{api.base_url}$metadata#Defs(Id)",
        "Id": 1,
    }
    assert api.get("MyUser").json()["Number"] == "100"
    assert api.get("MyGroup").json()["Name"] == "DEFAULT"
    assert api.get("MyGroup/Members").json()["value"][0]["Number"] == "100"


def test_methods_that_a_path_does_not_accept(api: httpx.Client) -> None:
    answer = api.put("Users", json={})
    assert answer.status_code == 405
    assert answer.headers["allow"] == "GET, POST"
    error_of(answer)
    assert api.delete("SystemStatus").status_code == 405
    assert api.get("Services/Pbx.Stop").status_code == 405


def test_paths_outside_the_api(anyone: httpx.Client) -> None:
    for path in ("/", "/xapi", "/xapi/v10", "/xapi/v2/Users", "/webclient", "/%2e%2e/etc/passwd"):
        answer = anyone.get(path)
        assert answer.status_code == 404, path
        error_of(answer)
    answer = anyone.get("/connect/token")
    assert answer.status_code == 405
    error_of(answer)


def test_derived_sets(api: httpx.Client) -> None:
    dids = api.get("DidNumbers?$expand=RoutingRule").json()["value"]
    assert len(dids) == 3
    assert dids[0]["RoutingRule"]["RuleName"] == "Main number"
    assert dids[1]["RoutingRule"] is None
    peer = api.get("Peers(Number='107')?$expand=MemberOf").json()
    assert peer["MemberOf"][0]["Name"] == "Support"
    assert peer["MemberOf"][0]["RoleName"] == "users"
