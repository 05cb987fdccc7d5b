"""Create, update and delete entities, and the rules of the PBX."""

from __future__ import annotations

import httpx
import pytest

from tests.simulator.support import create, find, list_details
from threecx_node.simulator import Simulator
from threecx_node.simulator.calls.models import CallError


def test_create_returns_the_entity_and_its_address(pbx: Simulator, api: httpx.Client) -> None:
    answer = api.post("Users", json={"FirstName": "New", "LastName": "Person", "EmailAddress": "n@x.example"})
    assert answer.status_code == 201
    user = answer.json()
    assert answer.headers["location"] == f"{api.base_url}Users({user['Id']})"
    assert user["@odata.context"].endswith("$metadata#Users/$entity")
    assert user["Number"] == "125"
    assert user["DisplayName"] == "New Person"
    assert user["Enabled"] is True
    # Every field has a value of its type.
    listed = api.get("Users(Number='101')").json()
    assert user.keys() == listed.keys()
    assert api.get(answer.headers["location"]).json() == user
    assert pbx.state.count("Users") == 26


@pytest.mark.parametrize("content", [b"", b"{}"])
def test_create_accepts_an_empty_body(api: httpx.Client, content: bytes) -> None:
    answer = api.post("Users", content=content, headers={"content-type": "application/json"})
    assert answer.status_code == 201
    assert answer.json()["Number"] == "125"


def test_create_ignores_annotations_and_id_0(api: httpx.Client) -> None:
    template = api.get("Fax/Pbx.InitFax()").json()
    assert template["Id"] == 0
    assert template["Number"] == "803"
    template["Groups@odata.context"] = "x"
    fax = create(api, "Fax", **template)
    assert fax["Id"] > 0
    assert fax["Number"] == template["Number"]


def test_numbers_in_use(api: httpx.Client) -> None:
    for number in ("100", "101", "800", "GRP0001", "10000"):
        answer = api.post("Users", json={"Number": number})
        assert answer.json() == {
            "error": {
                "code": "",
                "message": "Number:\nWARNINGS.XAPI.ALREADY_IN_USE",
                "details": [{"code": "", "message": "WARNINGS.XAPI.ALREADY_IN_USE", "target": "Number"}],
            }
        }
        assert answer.status_code == 400


@pytest.mark.parametrize("number", ["a b", "1'2", "x/y", "1" * 51, "ü"])
def test_invalid_numbers(api: httpx.Client, number: str) -> None:
    assert list_details(api.post("Queues", json={"Number": number})) == [("Number", "WARNINGS.XAPI.INVALID")]


def test_numbers_are_reused_but_ids_are_not(api: httpx.Client) -> None:
    first = create(api, "Queues", Name="One")
    assert api.delete(f"Queues({first['Id']})").status_code == 204
    second = create(api, "Queues", Name="Two")
    assert second["Number"] == first["Number"]
    assert second["Id"] > first["Id"]


def test_patch_merges(api: httpx.Client) -> None:
    user = api.get("Users(Number='101')").json()
    answer = api.patch(
        f"Users({user['Id']})", json={"FirstName": "Augusta", "Hours": {"IgnoreHolidays": True}}
    )
    assert (answer.status_code, answer.content) == (204, b"")
    changed = api.get(f"Users({user['Id']})").json()
    assert changed.pop("FirstName") == "Augusta"
    assert changed.pop("DisplayName") == "Augusta Lindqvist"
    assert changed.pop("Hours") == {**user["Hours"], "IgnoreHolidays": True}
    assert changed.items() <= user.items()


def test_patch_replaces_collections(api: httpx.Client) -> None:
    queue = find(api, "Queues", "$filter=Number eq '800'&$expand=Agents,Managers")
    assert len(queue["Agents"]) == 8
    path = f"Queues({queue['Id']})"
    answer = api.patch(path, json={"Agents": [{"Number": "107", "SkillGroup": "1"}, {"Number": "101"}]})
    assert answer.status_code == 204
    after = api.get(f"{path}?$expand=Agents,Managers").json()
    assert [(a["Number"], a["Name"]) for a in after["Agents"]] == [
        ("107", "Grace Nakamura"),
        ("101", "Ada Lindqvist"),
    ]
    assert after["Agents"][0]["SkillGroup"] == "1"
    assert after["Managers"] == queue["Managers"]
    api.patch(path, json={"Agents": []})
    assert api.get(f"{path}/Agents").json()["value"] == []


def test_memberships_from_both_sides(api: httpx.Client) -> None:
    user = api.get("Users(Number='101')").json()
    sales = find(api, "Groups", "$filter=Name eq 'Sales'")
    support = find(api, "Groups", "$filter=Name eq 'Support'")
    groups = [
        {"GroupId": sales["Id"], "Rights": {"RoleName": "managers"}},
        {"GroupId": support["Id"], "Rights": {"RoleName": "users"}},
    ]
    assert api.patch(f"Users({user['Id']})", json={"Groups": groups}).status_code == 204
    members = api.get(f"Groups({sales['Id']})/Members?$expand=Rights&$filter=Number eq '101'").json()["value"]
    assert members[0]["Rights"]["RoleName"] == "managers"
    # From the group's side: the list becomes exactly the given one.
    answer = api.patch(f"Groups({support['Id']})", json={"Members": [{"Number": "102"}]})
    assert answer.status_code == 204
    names = [g["Name"] for g in api.get(f"Users({user['Id']})/Groups").json()["value"]]
    assert names == ["Sales"]
    ben = api.get("Users(Number='102')?$expand=Groups").json()
    assert [g["Name"] for g in ben["Groups"]] == ["Sales", "Support"]


def test_references_to_unknown_dns(api: httpx.Client) -> None:
    queue = find(api, "Queues", "$filter=Number eq '800'")
    answer = api.patch(f"Queues({queue['Id']})", json={"Name": "Changed", "Agents": [{"Number": "999"}]})
    assert list_details(answer) == [("Agents", "WARNINGS.XAPI.NON_EXISTENT_EXT_NUMBER")]
    # A refused change has no effect.
    assert find(api, "Queues", "$filter=Number eq '800'")["Name"] == "Support"
    answer = api.post("Users", json={"Groups": [{"GroupId": 999}]})
    assert list_details(answer) == [("Groups", "WARNINGS.XAPI.NOT_FOUND")]
    assert api.get("Users?$count=true&$top=0").json()["@odata.count"] == 25


def test_a_number_cannot_change(api: httpx.Client) -> None:
    user = api.get("Users(Number='101')").json()
    path = f"Users({user['Id']})"
    assert list_details(api.patch(path, json={"Number": "177"})) == [
        ("Number", "WARNINGS.XAPI.FORBIDDEN_CHANGE")
    ]
    assert list_details(api.patch(path, json={"Number": None})) == [
        ("Number", "WARNINGS.XAPI.FORBIDDEN_CHANGE")
    ]
    assert api.patch(path, json={"Number": "101", "FirstName": "Ada"}).status_code == 204
    assert list_details(api.patch(path, json={"Id": 1})) == [("Id", "WARNINGS.XAPI.FORBIDDEN_CHANGE")]
    assert api.patch(path, json={"Id": user["Id"]}).status_code == 204
    # An entity can be sent back as it was read.
    assert api.patch(path, json=api.get(path).json()).status_code == 204


def test_required_fields(api: httpx.Client) -> None:
    required = "WARNINGS.XAPI.REQUIRED"
    assert list_details(api.post("Holidays", json={})) == [("Name", required)]
    assert list_details(api.post("TenantProperties", json={"Value": "x"})) == [("Name", required)]
    assert list_details(api.post("BlackListNumbers", json={"CallerId": ""})) == [("CallerId", required)]
    answer = api.post("Contacts", json={"PhoneNumber": "+357"})
    assert list_details(answer)[0][1] == "WARNINGS.CONTACTS_SPECIFY_NAME_SURNAME_COMPANY"


def test_names_in_use(api: httpx.Client) -> None:
    in_use = "WARNINGS.XAPI.ALREADY_IN_USE"
    assert list_details(api.post("TenantProperties", json={"Name": "COMPANY", "Value": "x"})) == [
        ("Name", in_use)
    ]
    assert list_details(api.post("Groups", json={"Name": "Sales"})) == [("Name", in_use)]
    group = find(api, "Groups", "$filter=Name eq 'Support'")
    assert list_details(api.patch(f"Groups({group['Id']})", json={"Name": "Sales"})) == [("Name", in_use)]
    assert api.patch(f"Groups({group['Id']})", json={"Name": "Support"}).status_code == 204


def test_entities_with_string_keys(api: httpx.Client) -> None:
    answer = api.post("TenantProperties", json={"Name": "A/B 'c' ü%", "Value": "1"})
    assert answer.status_code == 201
    location = answer.headers["location"]
    assert location == f"{api.base_url}TenantProperties('A%2FB%20''c''%20%C3%BC%25')"
    assert api.patch(location, json={"Value": "2"}).status_code == 204
    assert api.get(location).json()["Value"] == "2"
    assert api.delete(location).status_code == 204
    assert api.get(location).status_code == 404
    listed = create(api, "BlackListNumbers", CallerId="+1999")
    assert api.get(f"BlackListNumbers('{listed['Id']}')").json()["CallerId"] == "+1999"


def test_delete(pbx: Simulator, api: httpx.Client) -> None:
    user = api.get("Users(Number='107')").json()
    answer = api.delete(f"Users({user['Id']})")
    assert (answer.status_code, answer.content) == (204, b"")
    assert api.delete(f"Users({user['Id']})").status_code == 404
    # No other entity refers to the user any more.
    assert "107" not in {peer["Number"] for peer in api.get("Peers").json()["value"]}
    queue = find(api, "Queues", "$filter=Number eq '800'&$expand=Agents")
    assert "107" not in {agent["Number"] for agent in queue["Agents"]}
    for group in pbx.state.entities("Groups"):
        assert "107" not in {member["Number"] for member in group["Members"]}


def test_refused_deletes(api: httpx.Client) -> None:
    sales = find(api, "Groups", "$filter=Name eq 'Sales'")
    default = find(api, "Groups", "$filter=IsDefault")
    owner = api.get("Users(Number='100')").json()
    fax = find(api, "Fax", "$top=1")
    for path, code in (
        (f"Groups({sales['Id']})", "WARNINGS.GROUP_WITH_MEMBERS_CANNOT_BE_DELETED"),
        (f"Groups({default['Id']})", "WARNINGS.GROUP_CANNOT_BE_DELETED"),
        (f"Users({owner['Id']})", "WARNINGS.USER_EXTENSION_CANNOT_BE_DELETED"),
        (f"Fax({fax['Id']})", "WARNINGS.FAX_SERVER_CANNOT_BE_DELETED"),
    ):
        answer = api.delete(path)
        assert answer.status_code == 400
        assert answer.json()["error"]["message"] == code
        assert api.get(path).status_code == 200
    empty = create(api, "Groups", Name="Empty")
    assert api.delete(f"Groups({empty['Id']})").status_code == 204


def test_update_of_singletons(api: httpx.Client) -> None:
    assert api.patch("VoicemailSettings", json={"Nope": 1}).status_code == 400
    before = api.get("ConferenceSettings").json()
    name = next(name for name, value in before.items() if isinstance(value, bool))
    assert api.patch("ConferenceSettings", json={name: not before[name]}).status_code == 204
    assert api.get("ConferenceSettings").json() == {**before, name: not before[name]}
    assert api.patch("MyUser", json={"FirstName": "Olga"}).status_code == 204
    assert api.get("Users(Number='100')").json()["FirstName"] == "Olga"


def test_a_missing_entity_is_404_with_any_request(api: httpx.Client) -> None:
    assert api.delete("CallFlowApps(99999)", headers={"If-Match": '"x"'}).status_code == 404
    assert api.patch("CallFlowApps(99999)", content=b"{", headers={"content-type": "x/y"}).status_code == 404


def test_one_default_group(api: httpx.Client) -> None:
    default = find(api, "Groups", "$filter=IsDefault eq true")
    for path in (f"Groups({default['Id']})", "MyGroup"):
        assert api.patch(path, json={"IsDefault": False}).status_code == 204
    assert create(api, "Groups", Name="Another", IsDefault=True)["IsDefault"] is False
    assert find(api, "Groups", "$filter=IsDefault eq true")["Id"] == default["Id"]
    assert api.get("MyGroup").json()["Id"] == default["Id"]


def test_a_disabled_user_has_no_registered_device(pbx: Simulator, api: httpx.Client) -> None:
    user = api.get("Users(Number='101')").json()
    assert user["IsRegistered"] is True
    assert pbx.calls.devices("101")
    api.patch(f"Users({user['Id']})", json={"Enabled": False})
    assert api.get("Users(Number='101')").json()["IsRegistered"] is False
    assert pbx.calls.devices("101") == []
    with pytest.raises(CallError, match="The user 101 is disabled, so no device can register"):
        pbx.calls.register("101", "Yealink SIP-T46S")
    api.patch(f"Users({user['Id']})", json={"Enabled": True})
    assert api.get("Users(Number='101')").json()["IsRegistered"] is True
    assert pbx.calls.devices("101")
