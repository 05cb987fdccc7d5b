"""The results of all operations of the everyday node, tasks included, have the fields of the schemas in the package."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from tests.descriptor.committed import CATALOG
from tests.tasks.support import credential_of
from threecx_node import Executor, Item
from threecx_node.codegen.descriptor.everyday import NAME
from threecx_node.codegen.descriptor.output_schemas import build_schema
from threecx_node.descriptor import load_definition
from threecx_node.simulator import Simulator

Results = dict[str, list[dict[str, Any]]]
NODES = (NAME, "threeCx")
EVERYDAY = {
    choice["value"]
    for each in load_definition(node=NAME)["properties"]
    if each["name"] == "operation"
    for choice in each["options"]
}
SIMPLIFIED = {
    operation
    for node in NODES
    for each in load_definition(node=node)["properties"]
    if each["name"] == "simplify"
    for operation in each["displayOptions"]["show"]["operation"]
}
PERIOD = {"period": "last7Days", "limit": 5}
HOLIDAY = {"name": "Founders' day", "start": "2027-05-04"}


def entity(operation: str, **more: Any) -> Callable[[Results], dict[str, Any]]:
    """Return the parameters of an operation on the entity that another one returned."""
    return lambda found: {"Id": found[operation][0]["Id"], **more}


def phone(found: Results) -> dict[str, Any]:
    return {"mac": found["ListDeviceInfo"][0]["MAC"]}


def leg(found: Results) -> dict[str, Any]:
    """Return the parameter of an operation on the leg of a call that was listed last."""
    return {"call": found["ListParticipant"][0]["call"]}


# Each operation, after those that make what it needs.
STEPS: Sequence[tuple[str, Callable[[Results], dict[str, Any]] | dict[str, Any]]] = (
    ("GetFirstAvailableExtensionNumber", {}),
    ("CreateUser", {"body": {"Number": "190", "FirstName": "Ada", "EmailAddress": "ada@example.com"}}),
    ("UpsertUser", {"body": {"Number": "191", "FirstName": "Grace"}}),
    ("UpdateUser", entity("CreateUser", body={"LastName": "Lovelace"})),
    ("GetUser", entity("CreateUser")),
    ("ListUser", {}),
    ("ForwardUserCalls", {"user": "190", "when": "always", "to": "voicemail"}),
    ("SetUserStatus", {"user": "190", "status": "lunch"}),
    ("SendUserWelcomeEmail", {"user": "190"}),
    ("CreateGroup", {"body": {"Name": "Laboratory", "Language": "EN", "TimeZoneId": "51"}}),
    ("UpdateGroup", entity("CreateGroup", body={"Name": "Laboratories"})),
    ("GetGroup", entity("CreateGroup")),
    ("ListGroup", {}),
    ("AddUserToDepartment", {"user": "190", "department": "Laboratories"}),
    ("ListMembers", entity("CreateGroup")),
    ("RemoveUserFromDepartment", {"user": "190", "department": "Laboratories"}),
    ("CloseDepartment", {"department": "Laboratories", "until": "2099-12-24 18:00"}),
    ("OpenDepartment", {"department": "Laboratories"}),
    ("ResumeDepartmentSchedule", {"department": "Laboratories"}),
    ("AddHoliday", HOLIDAY),
    ("ListHoliday", {}),
    ("GetHoliday", entity("ListHoliday")),
    ("UpdateHoliday", entity("ListHoliday", body={"Name": "Founding day"})),
    ("DeleteHoliday", entity("ListHoliday")),
    ("GetOfficeHours", {}),
    ("UpdateOfficeHours", {"body": {"SystemLanguage": "EN"}}),
    ("CreateQueue", {"body": {"Number": "890", "Name": "Advice"}}),
    ("UpdateQueue", entity("CreateQueue", body={"Name": "Advice line"})),
    ("GetQueue", entity("CreateQueue")),
    ("ListQueue", {}),
    ("AddQueueAgent", {"queue": "890", "users": "190,191"}),
    ("ListAgents", entity("CreateQueue")),
    ("LogUserIntoQueues", {"user": "190"}),
    ("LogUserOutOfQueues", {"user": "190"}),
    ("RemoveQueueAgent", {"queue": "890", "users": "191"}),
    ("ResetQueueStatistics", entity("CreateQueue")),
    ("CreateRingGroup", {"body": {"Number": "891", "Name": "Workshop"}}),
    ("UpdateRingGroup", entity("CreateRingGroup", body={"Name": "Workshops"})),
    ("GetRingGroup", entity("CreateRingGroup")),
    ("ListRingGroup", {}),
    ("AddRingGroupMember", {"ringGroup": "891", "users": "190,191"}),
    ("ListRingGroupMembers", entity("CreateRingGroup")),
    ("RemoveRingGroupMember", {"ringGroup": "891", "users": "191"}),
    ("OffboardUser", {"user": "190", "removePhones": True}),
    ("DeleteRingGroup", entity("CreateRingGroup")),
    ("DeleteQueue", entity("CreateQueue")),
    ("DeleteGroup", entity("CreateGroup")),
    ("DeleteUser", entity("CreateUser")),
    ("UpsertContact", {"body": {"FirstName": "Alan", "PhoneNumber": "+49 30 5550177"}}),
    ("CreateContact", {"body": {"FirstName": "Konrad", "PhoneNumber": "+49 30 5550178"}}),
    ("UpdateContact", entity("CreateContact", body={"LastName": "Zuse"})),
    ("GetContact", entity("CreateContact")),
    ("ListContact", {}),
    ("CreateContactByNumber", {"body": {"number": "100", "contact": {"FirstName": "Mary"}}}),
    ("GetContactsByNumber", {"number": "100"}),
    ("DeleteContact", entity("CreateContact")),
    ("UpsertBlockedNumber", {"body": {"CallerId": "+49305550179"}}),
    ("CreateBlackListNumber", {"body": {"CallerId": "+49305550180", "Description": "Advertising"}}),
    ("UpdateBlackListNumber", entity("CreateBlackListNumber", body={"Description": "Spam"})),
    ("GetBlackListNumber", entity("CreateBlackListNumber")),
    ("ListBlackListNumber", {}),
    ("DeleteBlackListNumber", entity("CreateBlackListNumber")),
    ("CreateReceptionist", {"body": {"Number": "892", "Name": "Menu", "PromptFilename": "menu.wav"}}),
    ("UpdateReceptionist", entity("CreateReceptionist", body={"Name": "Main menu"})),
    ("GetReceptionist", entity("CreateReceptionist")),
    ("ListReceptionist", {}),
    ("DeleteReceptionist", entity("CreateReceptionist")),
    ("CreateCallFlowApp", {"body": {"Number": "893", "Name": "Callback"}}),
    ("UpdateCallFlowApp", entity("CreateCallFlowApp", body={"Name": "Callbacks"})),
    ("GetCallFlowApp", entity("CreateCallFlowApp")),
    ("ListCallFlowApp", {}),
    ("DeleteCallFlowApp", entity("CreateCallFlowApp")),
    ("ListDeviceInfo", {}),
    ("GetDeviceInfo", entity("ListDeviceInfo")),
    ("GetPhoneRegistrar", phone),
    ("ReprovisionPhone", phone),
    ("RebootPhone", phone),
    ("ListCalls", PERIOD),
    ("FindRecordings", PERIOD),
    ("DownloadRecording", lambda found: {"recId": found["FindRecordings"][0]["Id"]}),
    ("BulkRecordingsDelete", lambda found: {"body": {"ids": [found["FindRecordings"][0]["Id"]]}}),
    ("MakeCallFromExtension", {"fromExtension": "100", "to": "104", "waitFor": "ringing"}),
    ("ListActiveCall", {}),
    ("ListParticipant", {"dn": "104"}),
    ("AnswerParticipant", leg),
    ("TransferCall", lambda found: {**leg(found), "to": "103"}),
    ("HangUpCall", lambda found: {"call": found["MakeCallFromExtension"][0]["call"]}),
    ("PlaceCall", {"dn": "100", "body": {"destination": "104"}}),
    ("ListParticipant", {"dn": "104"}),
    ("GetCallControlDn", {"dn": "104"}),
    ("ListDnDevice", {"dn": "104"}),
    ("DivertParticipant", lambda found: {**leg(found), "body": {"destination": "103"}}),
    ("DropParticipant", lambda found: {"call": found["PlaceCall"][0]["call"]}),
    ("DropParticipant", lambda found: {"call": found["PlaceCall"][0]["call"]}),
    ("GetDialPlanScript", {}),
    ("GetMapUsersScript", {}),
)


@pytest.fixture(scope="module")
def found() -> Results:
    """Run the steps one after the other, as nodes do by default, and return the items of each operation."""

    async def main() -> Results:
        results: Results = {}
        async with Executor(credential_of(pbx)) as executor:
            for name, step in STEPS:
                parameters = step(results) if callable(step) else step
                shared = {"simplify": True} if name in SIMPLIFIED else {}
                [result] = (await executor.run(name, [Item({}, parameters)], shared)).results
                assert result.error is None, (name, result.error.one_line())
                results[name] = [dict(each["json"]) for each in result.items or ()]
        return results

    with Simulator(past_days=1) as pbx:
        return asyncio.run(main())


def test_each_operation_is_run() -> None:
    assert {name for name, _ in STEPS} >= EVERYDAY


@pytest.mark.parametrize("name", dict(STEPS))
def test_results_have_the_fields_of_the_schema(found: Results, name: str) -> None:
    schema = build_schema(CATALOG, CATALOG.operation(name))
    assert found[name], "a result is needed to compare it"
    for item in found[name]:
        assert {each for each in item if not each.startswith("@")} <= set(schema["properties"])
        Draft202012Validator(schema).validate(drop_empty(item))


def drop_empty(value: Any) -> Any:
    """Return a value without the fields that are null: n8n only shows types of fields, and all can be empty."""
    if isinstance(value, dict):
        return {name: drop_empty(each) for name, each in value.items() if each is not None}
    return [drop_empty(each) for each in value] if isinstance(value, list) else value
