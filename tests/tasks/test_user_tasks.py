"""Forward Calls, Add to and Remove from Department, and Send Welcome Email, on a simulator."""

from __future__ import annotations

from typing import Any

import pytest

from tests.tasks.support import do, do_again, list_changes, plan, read, refuse
from threecx_node.simulator import Simulator

FORWARD, ADD, REMOVE = "ForwardUserCalls", "AddUserToDepartment", "RemoveUserFromDepartment"
WELCOME = "SendUserWelcomeEmail"
NUMBER = "+43512555010"


def rule_of(pbx: Simulator, name: str, number: str = "112") -> dict[str, Any]:
    [user] = read(pbx, "GetUserByNumber", number=number, **{"$expand": "ForwardingProfiles"})
    return next(each for each in user["ForwardingProfiles"] if each["Name"] == name)


def memberships(pbx: Simulator, number: str = "112") -> dict[str, str]:
    [user] = read(pbx, "GetUserByNumber", number=number, **{"$expand": "Groups($expand=Rights)"})
    return {each["Name"]: each["Rights"]["RoleName"] for each in user["Groups"]}


def target(destination: dict[str, Any]) -> tuple[str, str, str]:
    return destination["To"], destination["Number"], destination["External"]


@pytest.mark.parametrize(
    ("given", "stored"),
    [
        ({"to": "number", "number": "+43 512 555-010"}, ("External", "", NUMBER)),
        ({"to": "Extension", "extension": 115}, ("Extension", "115", "")),
        ({"to": "voicemail"}, ("VoiceMail", "112", "")),
        ({"to": "mobile"}, ("External", "", "+35799555112")),
        ({"to": "queue", "queue": "800"}, ("Queue", "800", "")),
        ({"to": "ring group", "ringGroup": "810"}, ("RingGroup", "810", "")),
    ],
)
def test_each_destination(
    threecx_simulator: Simulator, given: dict[str, Any], stored: tuple[str, str, str]
) -> None:
    pbx = threecx_simulator
    done = do(pbx, FORWARD, user="112", when="no answer", **given)
    assert (done["action"], done["changed"]) == ("updated", ["ForwardingProfiles"])
    assert done["destination"] == stored[1] or stored[2]
    route = rule_of(pbx, "Available")["AvailableRoute"]
    assert target(route["NoAnswerInternal"]) == target(route["NoAnswerExternal"]) == stored
    assert route["BusyExternal"]["To"] == "None"
    do_again(pbx, FORWARD, user="112", when="noAnswer", **given)


def test_always_sets_the_status_and_calls_go_there(threecx_simulator: Simulator) -> None:
    pbx = threecx_simulator
    done = do(pbx, FORWARD, user="112", when="always", to="extension", extension="115")
    assert done["changed"] == ["ForwardingProfiles", "CurrentProfileName"]
    [user] = read(pbx, "GetUserByNumber", number="112")
    assert user["CurrentProfileName"] == "Away"
    route = rule_of(pbx, "Away")["AwayRoute"]
    assert (route["AllHoursInternal"], route["AllHoursExternal"]) == (True, True)
    do(pbx, "MakeCallFromExtension", fromExtension="100", to="112", waitFor="ringing")
    assert {each["status"] for each in read(pbx, "ListParticipant", dn="115")} == {"Ringing"}


def test_options_of_a_forwarding(threecx_simulator: Simulator) -> None:
    pbx = threecx_simulator
    do(
        pbx,
        FORWARD,
        user="112",
        when="noAnswer",
        to="voicemail",
        calls="external",
        ringTime=35,
        status="lunch",
    )
    rule = rule_of(pbx, "Custom 1")
    assert rule["NoAnswerTimeout"] == 35
    assert rule["AvailableRoute"]["NoAnswerExternal"]["To"] == "VoiceMail"
    assert rule["AvailableRoute"]["NoAnswerInternal"]["To"] == "None"
    done = do(pbx, FORWARD, user="112", when="noAnswer", to="end call", calls="external", status="lunch")
    assert done["destination"] == ""
    assert rule_of(pbx, "Custom 1")["AvailableRoute"]["NoAnswerExternal"]["To"] == "None"


def test_a_dry_run_of_a_forwarding(threecx_simulator: Simulator) -> None:
    [request] = plan(threecx_simulator, FORWARD, user="112", when="busy", to="voicemail")
    assert request["method"] == "PATCH"
    rule = request["body"]["ForwardingProfiles"][0]
    assert rule["AvailableRoute"]["BusyInternal"]["To"] == "VoiceMail"


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"when": "busy", "to": "number"}, "number is required, but it is missing"),
        ({"when": "busy", "to": "number", "number": "Ada"}, "number: expected an outside number"),
        ({"when": "busy", "to": "extension", "extension": "999"}, 'extension: there is no user "999"'),
        ({"when": "busy", "to": "queue", "queue": "810"}, 'queue: there is no queue "810"'),
        ({"when": "busi", "to": "mobile"}, "Did you mean 'Busy'?"),
        ({"when": "busy", "to": "mobile", "ringTime": 0}, "ringTime: expected a number from 1 to 3,600"),
    ],
)
def test_bad_input_of_a_forwarding(threecx_simulator: Simulator, given: dict[str, Any], says: str) -> None:
    assert says in refuse(threecx_simulator, FORWARD, user="112", **given)


def test_a_user_without_a_mobile_number(threecx_simulator: Simulator) -> None:
    pbx = threecx_simulator
    read(pbx, "UpdateUser", Id=20, body={"Mobile": ""})
    error = refuse(pbx, FORWARD, user="112", when="busy", to="mobile")
    assert "to: user 112 has no mobile number" in error


def test_departments(threecx_simulator: Simulator) -> None:
    pbx = threecx_simulator
    assert memberships(pbx) == {"Support": "users"}
    done = do(pbx, ADD, user="112", department="sales")
    assert done == {
        "action": "updated", "changed": ["Groups"], "user": "112", "department": "Sales", "role": "users",
    }  # fmt: skip
    assert memberships(pbx) == {"Support": "users", "Sales": "users"}
    do_again(pbx, ADD, user="112", department="GRP0001")
    again = do(pbx, ADD, user="112", department="Sales", role="Department Owner")
    assert (again["action"], again["role"]) == ("updated", "group_owners")
    assert memberships(pbx) == {"Support": "users", "Sales": "group_owners"}
    # The primary department is replaced by another one.
    done = do(pbx, REMOVE, user="112", department="Support")
    assert done["changed"] == ["Groups", "PrimaryGroupId"]
    assert memberships(pbx) == {"Sales": "group_owners"}
    do_again(pbx, REMOVE, user="112", department="Support")
    error = refuse(pbx, REMOVE, user="112", department="Sales")
    assert "department: Sales is the only department of user 112" in error


def test_bad_input_of_departments(threecx_simulator: Simulator) -> None:
    pbx = threecx_simulator
    assert 'there is no department "Sails"' in refuse(pbx, ADD, user="112", department="Sails")
    assert "Did you mean 'Manager'?" in refuse(pbx, ADD, user="112", department="Sales", role="Managr")
    [request] = plan(pbx, ADD, user="112", department="GRP0001")
    assert request["body"]["Groups"][-1] == {"GroupId": 2, "Rights": {"RoleName": "users"}}


def test_the_welcome_email(threecx_simulator: Simulator) -> None:
    pbx = threecx_simulator
    [user] = read(pbx, "GetUserByNumber", number="112")
    done = do(pbx, WELCOME, user=user["EmailAddress"].upper())
    assert done == {"action": "sent", "user": "112", "email": user["EmailAddress"]}
    assert list_changes(pbx) == ["POST /xapi/v1/Users(20)/Pbx.SendWelcomeEmail"]
    read(pbx, "UpdateUser", Id=20, body={"EmailAddress": ""})
    assert "user 112 has no e-mail address" in refuse(pbx, WELCOME, user="112")
