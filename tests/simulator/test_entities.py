"""Create, update, delete: what a PBX makes of what it is sent, and how it refuses."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from threecx_node.simulator import Simulator


def created(api: httpx.Client, path: str, **values: Any) -> dict[str, Any]:
    answer = api.post(path, json=values)
    assert answer.status_code == 201, answer.text
    body: dict[str, Any] = answer.json()
    return body


def problems(answer: httpx.Response, status: int = 400) -> list[tuple[str, str]]:
    assert answer.status_code == status, answer.text
    error = answer.json()["error"]
    return [(detail["target"], detail["message"]) for detail in error.get("details", [])]


def find(api: httpx.Client, path: str, query: str) -> dict[str, Any]:
    found: list[dict[str, Any]] = api.get(f"{path}?{query}").json()["value"]
    assert len(found) == 1
    return found[0]


def test_create_answers_201_with_the_entity_and_its_address(pbx: Simulator, api: httpx.Client) -> None:
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


def test_create_tolerates_annotations_and_id_0(api: httpx.Client) -> None:
    template = api.get("Fax/Pbx.InitFax()").json()
    assert template["Id"] == 0
    assert template["Number"] == "803"
    template["Groups@odata.context"] = "x"
    fax = created(api, "Fax", **template)
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
def test_numbers_that_no_pbx_has(api: httpx.Client, number: str) -> None:
    assert problems(api.post("Queues", json={"Number": number})) == [("Number", "WARNINGS.XAPI.INVALID")]


def test_a_freed_number_is_given_again_an_id_never(api: httpx.Client) -> None:
    first = created(api, "Queues", Name="One")
    assert api.delete(f"Queues({first['Id']})").status_code == 204
    second = created(api, "Queues", Name="Two")
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


def test_patch_replaces_collections_whole(api: httpx.Client) -> None:
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


def test_memberships_are_one_thing_seen_from_two_sides(api: httpx.Client) -> None:
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
    # From the group's side: the list becomes exactly this.
    answer = api.patch(f"Groups({support['Id']})", json={"Members": [{"Number": "102"}]})
    assert answer.status_code == 204
    names = [g["Name"] for g in api.get(f"Users({user['Id']})/Groups").json()["value"]]
    assert names == ["Sales"]
    ben = api.get("Users(Number='102')?$expand=Groups").json()
    assert [g["Name"] for g in ben["Groups"]] == ["Sales", "Support"]


def test_entries_that_name_nobody(api: httpx.Client) -> None:
    queue = find(api, "Queues", "$filter=Number eq '800'")
    answer = api.patch(f"Queues({queue['Id']})", json={"Name": "Changed", "Agents": [{"Number": "999"}]})
    assert problems(answer) == [("Agents", "WARNINGS.XAPI.NON_EXISTENT_EXT_NUMBER")]
    # Nothing of a refused change happens.
    assert find(api, "Queues", "$filter=Number eq '800'")["Name"] == "Support"
    answer = api.post("Users", json={"Groups": [{"GroupId": 999}]})
    assert problems(answer) == [("Groups", "WARNINGS.XAPI.NOT_FOUND")]
    assert api.get("Users?$count=true&$top=0").json()["@odata.count"] == 25


def test_a_number_cannot_change(api: httpx.Client) -> None:
    user = api.get("Users(Number='101')").json()
    path = f"Users({user['Id']})"
    assert problems(api.patch(path, json={"Number": "177"})) == [("Number", "WARNINGS.XAPI.FORBIDDEN_CHANGE")]
    assert problems(api.patch(path, json={"Number": None})) == [("Number", "WARNINGS.XAPI.FORBIDDEN_CHANGE")]
    assert api.patch(path, json={"Number": "101", "FirstName": "Ada"}).status_code == 204
    assert problems(api.patch(path, json={"Id": 1})) == [("Id", "WARNINGS.XAPI.FORBIDDEN_CHANGE")]
    assert api.patch(path, json={"Id": user["Id"]}).status_code == 204
    # What was read can be sent back as it is.
    assert api.patch(path, json=api.get(path).json()).status_code == 204


@pytest.mark.parametrize("content", [b"", b"null", b"[]", b"{", b'"x"', b"5", b"\xff", b"{'a':1}"])
def test_a_malformed_patch(api: httpx.Client, content: bytes) -> None:
    user = api.get("Users(Number='101')").json()
    headers = {"content-type": "application/json"}
    answer = api.patch(f"Users({user['Id']})", content=content, headers=headers)
    assert answer.status_code == 400
    message = answer.json()["error"]["message"]
    assert message == "The input was not valid.\n\ndelta:\nThe delta field is required."


@pytest.mark.parametrize("content", [b"null", b"[]", b"{", b"\xff", b'{"FirstName": NaN}', b"[" * 100_000])
def test_a_malformed_post(api: httpx.Client, content: bytes) -> None:
    answer = api.post("Users", content=content, headers={"content-type": "application/json"})
    assert answer.status_code == 400
    assert answer.json()["error"]["message"].startswith("The input was not valid.")


@pytest.mark.parametrize(
    "content_type", ["text/plain", "application/xml", "", "application/x-www-form-urlencoded"]
)
def test_wrong_content_type(api: httpx.Client, content_type: str) -> None:
    user = api.get("Users(Number='101')").json()
    for method, path in (
        ("PATCH", f"Users({user['Id']})"),
        ("POST", "Users"),
        ("POST", "Users/Pbx.MakeCall"),
    ):
        answer = api.request(
            method, path, content=b'{"FirstName":"X"}', headers={"content-type": content_type}
        )
        assert answer.status_code == 415
    answer = api.patch(
        f"Users({user['Id']})",
        content=b'{"FirstName":"X"}',
        headers={"content-type": "Application/JSON; charset=utf-8; odata.metadata=none"},
    )
    assert answer.status_code == 204


@pytest.mark.parametrize(
    ("values", "target"),
    [
        ({"Colour": "red"}, "Colour"),
        ({"firstName": "x"}, "firstName"),
        ({"FirstName": 5}, "FirstName"),
        ({"FirstName": ["x"]}, "FirstName"),
        ({"Enabled": "true"}, "Enabled"),
        ({"Enabled": 1}, "Enabled"),
        ({"PinProtectTimeout": "5"}, "PinProtectTimeout"),
        ({"PinProtectTimeout": 5.5}, "PinProtectTimeout"),
        ({"PinProtectTimeout": True}, "PinProtectTimeout"),
        ({"PinProtectTimeout": 2**31}, "PinProtectTimeout"),
        ({"PinProtectTimeout": 10**30}, "PinProtectTimeout"),
        ({"QueueStatus": "Sleeping"}, "QueueStatus"),
        ({"QueueStatus": 1}, "QueueStatus"),
        ({"TranscriptionMode": "Voicemail, Sleeping"}, "TranscriptionMode"),
        ({"Hours": "always"}, "Hours"),
        ({"Hours": {"Typ": "AllHours"}}, "Hours/Typ"),
        ({"Hours": {"Type": None}}, "Hours/Type"),
        ({"Hours": {"Periods": [{"Start": "25:00:00"}]}}, "Hours/Periods/0/Start"),
        ({"Tags": "MS"}, "Tags"),
        ({"Tags": [None]}, "Tags/0"),
        ({"Tags": ["MS", "Nope"]}, "Tags/1"),
        ({"Groups": {}}, "Groups"),
        ({"Groups": [5]}, "Groups/0"),
        ({"Blfs": "x" * 20481}, "Blfs"),
    ],
)
def test_values_that_do_not_fit(
    pbx: Simulator, api: httpx.Client, values: dict[str, Any], target: str
) -> None:
    before = pbx.state.entities("Users")
    user = before[1]
    for answer in (api.patch(f"Users({user['Id']})", json=values), api.post("Users", json=values)):
        assert [name for name, _ in problems(answer)] == [target]
        assert f"{target}:\n" in answer.json()["error"]["message"]
    assert pbx.state.entities("Users") == before


def test_values_that_fit(api: httpx.Client) -> None:
    holiday = created(api, "Holidays", Name="Trip", Day=31, Month=12, TimeOfStartDate="PT8H30M", Group=None)
    assert holiday["TimeOfStartDate"] == "PT8H30M"
    assert problems(api.post("Holidays", json={"Name": "x", "Day": 256})) == [
        ("Day", "WARNINGS.XAPI.OUT_OF_THE_RANGE")
    ]
    assert (
        problems(api.post("Holidays", json={"Name": "x", "TimeOfStartDate": "8:30"}))[0][0]
        == "TimeOfStartDate"
    )
    flags = created(api, "Users", TranscriptionMode="Voicemail,Recordings")
    assert flags["TranscriptionMode"] == "Voicemail, Recordings"
    for given, stored in (
        ("2030-01-02T03:04:05+02:00", "2030-01-02T01:04:05.000Z"),
        ("2030-01-02T03:04:05.1234567Z", "2030-01-02T03:04:05.123Z"),
    ):
        address = created(api, "Blocklist", IPAddrMask=given, ExpiresAt=given)
        assert address["ExpiresAt"] == stored
    for bad in ("2030-01-02", "2030-01-02T03:04:05", "0001-01-01T00:00:00+14:00", "soon"):
        assert (
            problems(api.post("Blocklist", json={"IPAddrMask": bad, "ExpiresAt": bad}))[0][0] == "ExpiresAt"
        )


def test_required_fields(api: httpx.Client) -> None:
    required = "WARNINGS.XAPI.REQUIRED"
    assert problems(api.post("Holidays", json={})) == [("Name", required)]
    assert problems(api.post("TenantProperties", json={"Value": "x"})) == [("Name", required)]
    assert problems(api.post("BlackListNumbers", json={"CallerId": ""})) == [("CallerId", required)]
    answer = api.post("Contacts", json={"PhoneNumber": "+357"})
    assert problems(answer)[0][1] == "WARNINGS.CONTACTS_SPECIFY_NAME_SURNAME_COMPANY"


def test_names_in_use(api: httpx.Client) -> None:
    in_use = "WARNINGS.XAPI.ALREADY_IN_USE"
    assert problems(api.post("TenantProperties", json={"Name": "COMPANY", "Value": "x"})) == [
        ("Name", in_use)
    ]
    assert problems(api.post("Groups", json={"Name": "Sales"})) == [("Name", in_use)]
    group = find(api, "Groups", "$filter=Name eq 'Support'")
    assert problems(api.patch(f"Groups({group['Id']})", json={"Name": "Sales"})) == [("Name", in_use)]
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
    listed = created(api, "BlackListNumbers", CallerId="+1999")
    assert api.get(f"BlackListNumbers('{listed['Id']}')").json()["CallerId"] == "+1999"


def test_delete(pbx: Simulator, api: httpx.Client) -> None:
    user = api.get("Users(Number='107')").json()
    answer = api.delete(f"Users({user['Id']})")
    assert (answer.status_code, answer.content) == (204, b"")
    assert api.delete(f"Users({user['Id']})").status_code == 404
    # Nobody mentions the user any more.
    assert "107" not in {peer["Number"] for peer in api.get("Peers").json()["value"]}
    queue = find(api, "Queues", "$filter=Number eq '800'&$expand=Agents")
    assert "107" not in {agent["Number"] for agent in queue["Agents"]}
    for group in pbx.state.entities("Groups"):
        assert "107" not in {member["Number"] for member in group["Members"]}


def test_deletes_that_are_refused(api: httpx.Client) -> None:
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
    empty = created(api, "Groups", Name="Empty")
    assert api.delete(f"Groups({empty['Id']})").status_code == 204


def test_singletons_are_updated(api: httpx.Client) -> None:
    assert api.patch("VoicemailSettings", json={"Nope": 1}).status_code == 400
    before = api.get("ConferenceSettings").json()
    name = next(name for name, value in before.items() if isinstance(value, bool))
    assert api.patch("ConferenceSettings", json={name: not before[name]}).status_code == 204
    assert api.get("ConferenceSettings").json() == {**before, name: not before[name]}
    assert api.patch("MyUser", json={"FirstName": "Olga"}).status_code == 204
    assert api.get("Users(Number='100')").json()["FirstName"] == "Olga"


def test_etags_of_call_flow_apps(pbx: Simulator, api: httpx.Client) -> None:
    first = pbx.state.entities("CallFlowApps")[0]
    path = f"CallFlowApps({first['Id']})"
    answer = api.get(path)
    tag = answer.headers["etag"]
    assert answer.json()["@odata.etag"] == tag
    assert api.get("CallFlowApps").json()["value"][0]["@odata.etag"] == tag
    assert api.get(f"{path}?$select=Id").json()["@odata.etag"] == tag
    assert api.get(path).headers["etag"] == tag

    changed = api.patch(path, json={"Name": "Changed"}, headers={"If-Match": tag})
    assert changed.status_code == 204
    new_tag = changed.headers["etag"]
    assert new_tag != tag
    assert api.get(path).headers["etag"] == new_tag

    for stale in (tag, '"nonsense"', "nonsense"):
        for method in ("DELETE", "PATCH"):
            refused = api.request(method, path, json={"Name": "x"}, headers={"If-Match": stale})
            assert refused.status_code == 412
            assert "If-Match" in refused.json()["error"]["message"]
    assert api.get(path).json()["Name"] == "Changed"

    assert api.patch(path, json={"Name": "Again"}, headers={"If-Match": "*"}).status_code == 204
    assert api.patch(path, json={"Name": "And again"}).status_code == 204
    last = api.get(path).headers["etag"]
    assert api.delete(path, headers={"If-Match": f'"other", {last}'}).status_code == 204
    assert api.get(path).status_code == 404


def test_if_match_on_entities_without_etag(api: httpx.Client) -> None:
    contact = created(api, "Contacts", FirstName="A")
    path = f"Contacts({contact['Id']})"
    assert api.delete(path, headers={"If-Match": 'W/"1"'}).status_code == 412
    assert api.delete(path, headers={"If-Match": "*"}).status_code == 204


def test_a_missing_entity_is_404_whatever_is_sent(api: httpx.Client) -> None:
    assert api.delete("CallFlowApps(99999)", headers={"If-Match": '"x"'}).status_code == 404
    assert api.patch("CallFlowApps(99999)", content=b"{", headers={"content-type": "x/y"}).status_code == 404


def test_state_gives_copies(pbx: Simulator, api: httpx.Client) -> None:
    taken = pbx.state.entities("Users")[0]
    taken["FirstName"] = "Mallory"
    taken["Hours"]["Type"] = "Never"
    assert api.get("Users(Number='100')").json()["FirstName"] == "Olivia"
    assert pbx.state.get("Users", taken["Id"])["Hours"]["Type"] == "OfficeHours"  # type: ignore[index]
    assert pbx.state.get("Users", 99999) is None


def test_reset_puts_the_seed_back(pbx: Simulator, api: httpx.Client) -> None:
    before = pbx.state.entities("CallFlowApps")
    tag = api.get(f"CallFlowApps({before[0]['Id']})").headers["etag"]
    for app in before:
        assert api.delete(f"CallFlowApps({app['Id']})").status_code == 204
    assert pbx.state.entities("CallFlowApps") == []
    pbx.state.reset()
    assert pbx.state.entities("CallFlowApps") == before
    # The same ids, but no old ETag fits.
    path = f"CallFlowApps({before[0]['Id']})"
    assert api.delete(path, headers={"If-Match": tag}).status_code == 412


def test_the_default_group_stays_the_only_one(api: httpx.Client) -> None:
    default = find(api, "Groups", "$filter=IsDefault eq true")
    for path in (f"Groups({default['Id']})", "MyGroup"):
        assert api.patch(path, json={"IsDefault": False}).status_code == 204
    assert created(api, "Groups", Name="Another", IsDefault=True)["IsDefault"] is False
    assert find(api, "Groups", "$filter=IsDefault eq true")["Id"] == default["Id"]
    assert api.get("MyGroup").json()["Id"] == default["Id"]
