"""Fields of a body as a canvas has them: in groups, as chosen entities, and as entries that were filled in."""

from __future__ import annotations

from typing import Any

import pytest

from tests.parameters.test_resolve import resolved, sent
from threecx_node.errors import BodyError, ItemError, UnknownNameError


def test_fields_of_groups_and_shown_fields_are_one_body() -> None:
    given = {
        "Number": "100",
        "FirstName": "Ada",
        "additionalFields": {"Enabled": True},
        "voicemailFields": {"VMPIN": "4711", "vmEnabled": "false"},
    }
    expected = {"Number": "100", "FirstName": "Ada", "Enabled": True, "VMPIN": "4711", "VMEnabled": False}
    assert sent("CreateUser", given) == expected
    as_text = {**given, "additionalFields": '{"Enabled": true}'}
    assert sent("CreateUser", as_text) == expected


@pytest.mark.parametrize("empty", [{}, None])
def test_group_without_fields(empty: Any) -> None:
    assert sent("UpdateUser", {"Id": 5, "FirstName": "Ada", "additionalFields": empty}) == {
        "FirstName": "Ada"
    }


def test_added_field_that_is_empty_clears_it() -> None:
    assert sent("UpdateUser", {"Id": 5, "additionalFields": {"OutboundCallerID": ""}}) == {
        "OutboundCallerID": ""
    }


@pytest.mark.parametrize("value", ["28", 28])
def test_chosen_entity(value: Any) -> None:
    department = {"__rl": True, "mode": "list", "value": value}
    assert sent("UpdateUser", {"Id": 5, "PrimaryGroupId": department}) == {"PrimaryGroupId": 28}


def test_a_new_user_becomes_a_member_of_the_chosen_department() -> None:
    chosen = {"__rl": True, "mode": "list", "value": "28"}
    given = {"Number": "130", "PrimaryGroupId": chosen}
    groups = [{"GroupId": 28, "Rights": {"RoleName": "users"}}]
    assert sent("CreateUser", given) == {"Number": "130", "PrimaryGroupId": 28, "Groups": groups}
    assert "Groups" not in sent("CreateUser", {**given, "PrimaryGroupId": {**chosen, "value": ""}})
    # Where it is not a choice of a canvas, only what is set is sent.
    assert sent("CreateUser", {**given, "PrimaryGroupId": 28}) == {"Number": "130", "PrimaryGroupId": 28}
    own = [{"GroupId": 30}]
    for order in ({"Groups": own, **given}, {**given, "Groups": own}):
        assert sent("CreateUser", order)["Groups"] == own


def test_entity_that_was_not_chosen_is_not_sent() -> None:
    department = {"__rl": True, "mode": "list", "value": ""}
    assert sent("UpdateUser", {"Id": 5, "FirstName": "Ada", "PrimaryGroupId": department}) == {
        "FirstName": "Ada"
    }


def test_entries() -> None:
    agents = {"values": [{"Number": "100", "SkillGroup": ""}, {"Number": "101", "SkillGroup": "2"}]}
    body = sent("CreateQueue", {"Number": "800", "Agents": agents})
    assert body["Agents"] == [{"Number": "100"}, {"Number": "101", "SkillGroup": "2"}]
    destination = {"values": {"To": "External", "Number": "", "External": "+49 30 5550100"}}
    body = sent("CreateQueue", {"Number": "800", "additionalFields": {"ForwardNoAnswer": destination}})
    assert body["ForwardNoAnswer"] == {"To": "External", "External": "+49 30 5550100"}


@pytest.mark.parametrize(
    ("group", "error", "words"),
    [
        ({"additionalFields": 7}, BodyError, "additionalFields: expected an object of fields, got 7"),
        ({"additionalFields": "{"}, BodyError, "additionalFields is not valid JSON"),
        ({"additionalFields": {"FirstNam": "x"}}, UnknownNameError, "'FirstNam'"),
        ({"additionalFields": {"Id": 7}}, BodyError, "additionalFields contains Id"),
        ({"additionalFields": {"dryRun": True}}, BodyError, "additionalFields contains dryRun"),
    ],
)
def test_wrong_group(group: dict[str, Any], error: type[ItemError], words: str) -> None:
    with pytest.raises(error) as caught:
        resolved("UpdateUser", {"Id": 5, **group})
    assert words in caught.value.message


def test_operation_without_body_has_no_groups() -> None:
    with pytest.raises(UnknownNameError, match="additionalFields"):
        resolved("DeleteUser", {"Id": 5, "additionalFields": {"FirstName": "Ada"}})


def locate(value: Any, mode: str = "list") -> dict[str, Any]:
    return {"__rl": True, "mode": mode, "value": value}


def test_entities_that_were_chosen_in_entries() -> None:
    entries = [{"Number": locate("101"), "SkillGroup": "2"}, {"Number": locate("102", "id")}]
    agents = [{"Number": "101", "SkillGroup": "2"}, {"Number": "102"}]
    assert sent("CreateQueue", {"Number": "850", "Agents": {"values": entries}})["Agents"] == agents
    # A workflow that was stored with texts sends the same.
    as_texts = [{"Number": "101", "SkillGroup": "2"}, {"Number": "102", "SkillGroup": ""}]
    assert sent("CreateQueue", {"Number": "850", "Agents": {"values": as_texts}})["Agents"] == agents


@pytest.mark.parametrize("value", ["", None])
def test_an_entity_that_was_not_chosen_in_an_entry(value: Any) -> None:
    route = {"values": {"To": "External", "Number": locate(value), "External": "+4930"}}
    given = {"Id": 33, "additionalFields": {"ForwardNoAnswer": route}}
    assert sent("UpdateQueue", given) == {"ForwardNoAnswer": {"To": "External", "External": "+4930"}}


def test_a_prompt_that_was_chosen() -> None:
    given = {"Id": 33, "announcementFields": {"GreetingFile": locate("closed.wav")}}
    assert sent("UpdateQueue", given) == {"GreetingFile": "closed.wav"}
    assert sent("UpdateQueue", {"Id": 33, "announcementFields": {"GreetingFile": "closed.wav"}}) == {
        "GreetingFile": "closed.wav"
    }


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (["10000", 10001], "10000,10001"),
        ([], ""),
        ("10000,10001", "10000,10001"),
        # Refused later as what it is.
        ([True], [True]),
        ([{"Number": "1"}], [{"Number": "1"}]),
    ],
)
def test_several_numbers_that_were_chosen(given: Any, expected: Any) -> None:
    """Several trunks of a list are one text for 3CX; a text of a stored workflow stays as it is."""
    assert resolved("GetInboundCalls", {"trunkDns": given}).values.parameters["trunkDns"] == expected


def test_one_number_that_was_chosen() -> None:
    for given in (locate("GRP0001"), locate("GRP0001", "id"), "GRP0001"):
        found = resolved("GetExtensionStatisticsByGroupData", {"groupNumber": given}).values
        assert found.parameters["groupNumber"] == "GRP0001"
    assert resolved("DeleteUser", {"Id": [1]}).values.parameters["Id"] == [1]
