"""The requests of 3CX's published examples, byte for byte, in every release."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.support import RELEASES
from threecx_node.simulator import Simulator

# A set, the body of a create, the body of an update, and the old name of the look-up by number.
KINDS: tuple[tuple[str, dict[str, Any], dict[str, Any], str], ...] = (
    ("Users", {}, {"FirstName": "Zoë"}, "GetByNumber"),
    ("Queues", {"AnnouncementInterval": 50}, {"Name": "Night line"}, "GetByNumber"),
    ("RingGroups", {"Name": "RG"}, {"RingTime": 33}, "GetByNumber"),
    ("Receptionists", {"Name": "IVR"}, {"Timeout": 9}, "GetByNumber"),
    ("Parkings", {"Number": "SP100"}, {}, "GetByNumber"),
    ("Fax", {}, {"OutboundCallerId": "+43512555099"}, "GetByNumber"),
    ("Trunks", {}, {"ExternalNumber": "+43512555000"}, "GetTrunkByNumber"),
)
BY_KEY = ("20.0.8", "20.0.9", "20.0.10")


@pytest.fixture(scope="module", params=RELEASES)
def api(request: pytest.FixtureRequest) -> Iterator[tuple[str, httpx.Client]]:
    """The release, and a client that logged in with a multipart form."""
    with Simulator(release=request.param) as pbx:
        form = {"client_id": pbx.client_id, "client_secret": pbx.client_secret}
        parts = {name: (None, value) for name, value in {**form, "grant_type": "client_credentials"}.items()}
        answer = httpx.post(f"{pbx.base_url}/connect/token", files=parts)
        assert answer.request.headers["content-type"].startswith("multipart/form-data")
        token = answer.json()
        assert token["token_type"] == "Bearer"
        assert token["expires_in"] == (3600 if request.param in ("20.0.9", "20.0.10") else 60)
        headers = {"Authorization": f"Bearer {token['access_token']}"}
        with httpx.Client(base_url=f"{pbx.base_url}/xapi/v1/", headers=headers) as client:
            yield request.param, client


def get(client: httpx.Client, target: str) -> httpx.Response:
    """Send a GET with the path and query exactly as written."""
    url = client.base_url.copy_with(raw_path=client.base_url.raw_path + target.encode("ascii"))
    return client.get(url)


@pytest.mark.parametrize("kind", KINDS, ids=[kind[0] for kind in KINDS])
def test_the_life_of_an_entity(
    api: tuple[str, httpx.Client], kind: tuple[str, dict[str, Any], dict[str, Any], str]
) -> None:
    release, client = api
    name, given, change, old_name = kind
    created = client.post(name, json=given)
    assert created.status_code == 201, created.text
    entity = created.json()
    number, path = entity["Number"], f"{name}({entity['Id']})"

    # Commas inside quotes, plain and encoded; encoded names of options.
    for query in ("$select=Id,Number", "$select=Id%2CNumber", "%24select=Id%2CNumber"):
        listed = get(client, f"{name}?{query}").json()["value"]
        assert {"Id": entity["Id"], "Number": number} in listed
    encoded = get(client, f"{name}?%24filter=Number+eq+%27{number}%27&%24count=true&%24top=1").json()
    assert (encoded["@odata.count"], encoded["value"][0]["Id"]) == (1, entity["Id"])

    keyed, called = f"{name}(Number='{number}')", f"{name}/Pbx.{old_name}(number='{number}')"
    good, bad = (keyed, called) if release in BY_KEY else (called, keyed)
    assert get(client, good).json()["Id"] == entity["Id"]
    assert get(client, good.replace("'", "%27")).json()["Id"] == entity["Id"]
    assert get(client, good.replace("'", "")).status_code in (400, 404)
    assert get(client, bad).status_code == 404

    assert client.patch(path, json={**change, "Number": number}).status_code == 204
    assert change.items() <= client.get(path).json().items()
    refused = client.patch(path, json={"Number": "100"})
    assert (refused.status_code, refused.json()["error"]["details"][0]["target"]) == (400, "Number")
    assert client.delete(path).status_code == 204
    assert client.get(path).status_code == 404


@pytest.mark.parametrize(
    ("function", "name"),
    [
        ("Fax/Pbx.InitFax()", "Fax"),
        ("Trunks/Pbx.InitTrunk(template='1cx.pv.xml')", "Trunks"),
        ("Trunks/Pbx.InitTrunk(template='generic.pv.xml')", "Trunks"),
        ("Trunks/Pbx.InitMasterBridge()", "Trunks"),
        ("Trunks/Pbx.InitSlaveBridge()", "Trunks"),
    ],
)
def test_creating_from_a_template(api: tuple[str, httpx.Client], function: str, name: str) -> None:
    release, client = api
    template = get(client, function).json()
    assert template["Id"] == 0
    assert "@odata.context" in template
    if name == "Trunks":
        template["AuthPassword"] = "aB3dE6gH9j" if release == "20.0.4" else {"Value": "aB3dE6gH9j"}
    created = client.post(name, json=template)
    assert created.status_code == 201, created.text
    entity = created.json()
    assert entity["Id"] > 0
    assert entity["Number"] == template["Number"]
    # An entity can be sent back as it was read.
    path = f"{name}({entity['Id']})"
    expanded = client.get(path, params={"$expand": "Groups"}).json()
    assert client.patch(path, json=expanded).status_code == 204
    # The number is now in use: a second template has another one.
    assert get(client, function).json()["Number"] != entity["Number"]
    assert client.delete(path).status_code == 204


def test_group_members(api: tuple[str, httpx.Client]) -> None:
    _, client = api
    group = client.post("Groups", json={"Name": "Group 1"}).json()
    user = client.post("Users", json={}).json()
    path, rights = f"Groups({group['Id']})", {"RoleName": "users"}
    members = [{"Number": user["Number"], "Rights": rights}]
    assert client.patch(path, json={"Members": members}).status_code == 204
    assert [each["Number"] for each in client.get(f"{path}/Members").json()["value"]] == [user["Number"]]
    assert client.delete(path).status_code == 400
    assert client.patch(path, json={"Members": []}).status_code == 204
    groups = [{"GroupId": group["Id"], "Rights": rights}]
    assert client.patch(f"Users({user['Id']})", json={"Groups": groups}).status_code == 204
    shown = client.get(f"Users({user['Id']})", params={"$expand": "Groups($expand=Rights)"}).json()["Groups"]
    assert [(each["GroupId"], each["Rights"]["RoleName"]) for each in shown] == [(group["Id"], "users")]
    assert client.patch(f"Users({user['Id']})", json={"Groups": []}).status_code == 204
    for gone in (f"Users({user['Id']})", path):
        assert client.delete(gone).status_code == 204


def test_system_information(api: tuple[str, httpx.Client]) -> None:
    release, client = api
    for target in ("SystemStatus", "LicenseStatus", "Defs/Pbx.GetSystemParameters()"):
        version = get(client, target).json().get("Version")
        assert version is None or version.startswith(f"{release}.")
    assert get(client, "SystemStatus/Pbx.SystemHealthStatus()").json()["Trunks"] is True
    health = get(client, "Defs?$select=Id")
    assert health.json()["Id"] == 1
    assert health.headers["x-3cx-version"].startswith(f"{release}.")
