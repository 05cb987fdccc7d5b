"""Values that name another entity: a PBX refuses a name of nothing with a code and the property, and so it is here."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.simulator.support import create, find, list_details
from threecx_node.simulator import Simulator
from threecx_node.simulator.pbx.references import REFERENCES

NOT_FOUND = "WARNINGS.XAPI.NOT_FOUND"
NO_NUMBER = "WARNINGS.XAPI.NON_EXISTENT_EXT_NUMBER"
NO_ZONE = "WARNINGS.XAPI.INVALID_TIMEZONE"

UNKNOWN = {"To": "Extension", "Number": "999"}
PEER = {"Number": "999"}
LOCATION = {"Id": "moon", "FriendlyName": "Moon"}
AGENT = {"Action": "Transfer", "Number": "999"}
RIGHTS = {"RoleName": "kings"}
USER = "PATCH Users(Number='101')"
HOLIDAY = {"Name": "H", "IsRecurrent": True, "Day": 1, "Month": 5, "DayEnd": 1, "MonthEnd": 5}

# Schema and property (the reference), request, body, target of the detail, its code.
TABLE: list[tuple[str, str, Any, str, str]] = [
    ("AgentRoutingAction.Number", USER, {"AgentSettings": {"SpamAction": AGENT}}, "AgentSettings/SpamAction/Number",
     NO_NUMBER),
    ("AgentRoutingDirectory.Number", USER, {"AgentSettings": {"RoutingDirectory": [PEER]}},
     "AgentSettings/RoutingDirectory/0/Number", NO_NUMBER),
    ("AgentSettings.PhonebookOverride", USER, {"AgentSettings": {"PhonebookOverride": PEER}},
     "AgentSettings/PhonebookOverride", NO_NUMBER),
    ("CallParkingSettings.AutoPickupForwardDN", "PATCH CallParkingSettings", {"AutoPickupForwardDN": "999"},
     "AutoPickupForwardDN", NO_NUMBER),
    ("CustomQueueRingtone.Queue", USER,
     {"Phones": [{"Id": 1, "MacAddress": "001565AA0009", "Settings": {"CustomQueueRingtones": [{"Queue": "101"}]}}]},
     "Phones/0/Settings/CustomQueueRingtones/0/Queue", NO_NUMBER),
    ("Destination.Number", "POST Queues", {"Name": "Q", "ForwardNoAnswer": UNKNOWN}, "ForwardNoAnswer/Number",
     NO_NUMBER),
    ("Destination.Number", "POST RingGroups", {"Name": "R", "HolidaysRoute": {"Route": {**UNKNOWN, "To": "VoiceMail"}}},
     "HolidaysRoute/Route/Number", NO_NUMBER),
    ("Destination.Number", "PATCH Groups(Name='Sales')", {"CustomOperator": {**UNKNOWN, "To": "Queue"}},
     "CustomOperator/Number", NO_NUMBER),
    ("Destination.Number", "POST InboundRules",
     {"RuleName": "r", "TrunkDN": {"Number": "10000"}, "OutOfOfficeHoursDestination": {**UNKNOWN, "To": "IVR"}},
     "OutOfOfficeHoursDestination/Number", NO_NUMBER),
    ("Destination.Number", USER,
     {"ForwardingProfiles": [{"Id": 1, "Name": "Available", "AvailableRoute": {"BusyInternal": UNKNOWN}}]},
     "ForwardingProfiles/0/AvailableRoute/BusyInternal/Number", NO_NUMBER),
    ("Destination.Number", USER, {"ForwardingExceptions": [{"Id": 0, "Destination": UNKNOWN}]},
     "ForwardingExceptions/0/Destination/Number", NO_NUMBER),
    ("Destination.Number", "PATCH HotelServices", {"NoAnswerDestination": UNKNOWN}, "NoAnswerDestination/Number",
     NO_NUMBER),
    ("Destination.Number", "POST Users/Pbx.BulkUpdate",
     {"ids": [], "user": {"ForwardingExceptions": [{"Destination": UNKNOWN}]}},
     "user/ForwardingExceptions/0/Destination/Number", NO_NUMBER),
    ("DeviceLine.Number", "POST Fxs", {"MacAddress": "001565BB0009", "FxsLines": [{"Key": 1, "Number": "999"}]},
     "FxsLines/0/Number", NO_NUMBER),
    ("EmergencyGeoTrunkLocation.Location", "PATCH Trunks(Number='10000')",
     {"EmergencyGeoLocations": [{"Id": "1", "ProviderUri": "sip:1", "Location": LOCATION}]},
     "EmergencyGeoLocations/0/Location", NOT_FOUND),
    ("EmergencyGeoTrunkLocation.TrunkDn", "PATCH Trunks(Number='10000')",
     {"EmergencyGeoLocations": [
         {"Id": "1", "ProviderUri": "sip:1", "Location": {"Id": "office", "FriendlyName": "O"}, "TrunkDn": "101"}
     ]}, "EmergencyGeoLocations/0/TrunkDn", NO_NUMBER),
    ("EmergencyNotificationsSettings.EmergencyDNPrompt", "PATCH EmergencyNotificationsSettings",
     {"EmergencyDNPrompt": PEER}, "EmergencyDNPrompt", NO_NUMBER),
    ("Fxs.Group", "POST Fxs", {"MacAddress": "001565BB0009", "Group": "GRP9999"}, "Group", NOT_FOUND),
    ("FxsProvisioning.SbcName", "POST Fxs", {"MacAddress": "001565BB0009", "Provisioning": {"SbcName": "cellar"}},
     "Provisioning/SbcName", NOT_FOUND),
    ("GeneralSettingsForPbx.OperatorExtension", "PATCH GeneralSettingsForPbx", {"OperatorExtension": "999"},
     "OperatorExtension", NO_NUMBER),
    ("Group.TimeZoneId", "POST Groups", {"Name": "G", "TimeZoneId": "Asia/Taipei"}, "TimeZoneId", NO_ZONE),
    ("Holiday.Group", "POST Holidays", {**HOLIDAY, "Group": "GRP9999"}, "Group", NOT_FOUND),
    ("HotelServices.HotelGroups", "PATCH HotelServices", {"HotelGroups": ["Guests"]}, "HotelGroups/0", NOT_FOUND),
    ("InboundRule.TrunkDN", "POST InboundRules", {"RuleName": "r", "TrunkDN": {"Number": "101"}}, "TrunkDN", NO_NUMBER),
    ("InboundRule.TrunkDN", "POST InboundRules", {"RuleName": "r", "TrunkDN": {"Id": 9999}}, "TrunkDN", NO_NUMBER),
    ("MultiEditUserData.EmergencyLocationId", "POST Users/Pbx.MultiUserUpdate",
     {"ids": [], "user": {"EmergencyLocationId": "moon"}}, "user/EmergencyLocationId", NOT_FOUND),
    ("OfficeHours.TimeZoneId", "PATCH OfficeHours", {"TimeZoneId": "9999"}, "TimeZoneId", NO_ZONE),
    ("OutboundRoute.TrunkId", "POST OutboundRules", {"Name": "r", "Prefix": "0", "Routes": [{"TrunkId": 9999}]},
     "Routes/0/TrunkId", NOT_FOUND),
    ("OutboundRoute.TrunkName", "POST OutboundRules", {"Name": "r", "Routes": [{}, {"TrunkName": "No Carrier"}]},
     "Routes/1/TrunkName", NOT_FOUND),
    ("OutboundRule.GroupIds", "POST OutboundRules", {"Name": "r", "GroupIds": [9999]}, "GroupIds/0", NOT_FOUND),
    ("OutboundRule.GroupNames", "POST OutboundRules", {"Name": "r", "GroupNames": ["Nowhere"]}, "GroupNames/0",
     NOT_FOUND),
    ("PhoneSettings.SbcName", USER, {"Phones": [{"Id": 1, "Settings": {"SbcName": "cellar"}}]},
     "Phones/0/Settings/SbcName", NOT_FOUND),
    ("Receptionist.InvalidKeyForwardDN", "POST Receptionists", {"Name": "I", "InvalidKeyForwardDN": "999"},
     "InvalidKeyForwardDN", NO_NUMBER),
    ("Receptionist.TimeoutForwardDN", "POST Receptionists",
     {"Name": "I", "TimeoutForwardDN": "999", "TimeoutForwardType": "Queue"}, "TimeoutForwardDN", NO_NUMBER),
    ("ReceptionistForward.ForwardDN", "POST Receptionists",
     {"Name": "I", "Forwards": [{"Id": 1, "Input": "1", "ForwardDN": "999", "ForwardType": "Extension"}]},
     "Forwards/0/ForwardDN", NO_NUMBER),
    ("Rights.RoleName", "POST Users", {"FirstName": "A", "Groups": [{"Name": "Sales", "Rights": RIGHTS}]},
     "Groups/0/Rights/RoleName", NOT_FOUND),
    ("Rights.RoleName", "POST Groups", {"Name": "G", "Rights": [RIGHTS]}, "Rights/0/RoleName", NOT_FOUND),
    ("Rights.RoleName", "POST Groups", {"Name": "G", "Members": [{"Number": "101", "GroupRights": RIGHTS}]},
     "Members/0/GroupRights/RoleName", NOT_FOUND),
    ("Sbc.Group", "POST Sbcs", {"Name": "s", "Group": "GRP9999"}, "Group", NOT_FOUND),
    ("Sbc.PhoneUserId", "POST Sbcs", {"Name": "s", "PhoneUserId": 9999}, "PhoneUserId", NOT_FOUND),
    ("ScheduledReport.DN", "POST ScheduledReports", {"Name": "r", "DN": "800,999"}, "DN", NO_NUMBER),
    ("SetRoute.TrunkId", "POST Trunks/Pbx.SetRoutes",
     {"routes": {"Id": 1, "Routes": [{"DID": "+1", "TrunkId": 9999}]}}, "routes/Routes/0/TrunkId", NOT_FOUND),
    ("User.EmergencyLocationId", USER, {"EmergencyLocationId": "moon"}, "EmergencyLocationId", NOT_FOUND),
    ("User.PrimaryGroupId", USER, {"PrimaryGroupId": 9999}, "PrimaryGroupId", NOT_FOUND),
    ("Weblink.DN", "POST WebsiteLinks", {"Link": "l", "DN": PEER}, "DN", NO_NUMBER),
    ("Weblink.Group", "POST WebsiteLinks", {"Link": "l", "Group": "GRP9999"}, "Group", NOT_FOUND),
    # Lists of DNs, memberships and the profile of a user have rules of their own.
    ("Queue.Agents", "POST Queues", {"Name": "Q", "Agents": [PEER]}, "Agents", NO_NUMBER),
    ("Queue.Agents", "POST Queues", {"Name": "Q", "Agents": [{"Number": "800"}]}, "Agents", NO_NUMBER),
    ("Queue.Managers", "POST Queues", {"Name": "Q", "Managers": [PEER]}, "Managers", NO_NUMBER),
    ("RingGroup.Members", "POST RingGroups", {"Name": "R", "Members": [{"Number": "10000"}]}, "Members", NO_NUMBER),
    ("Group.Members", "POST Groups", {"Name": "G", "Members": [PEER]}, "Members", NO_NUMBER),
    ("ServicePrincipal.Peers", "POST ServicePrincipals", {"Peers": [PEER]}, "Peers", NO_NUMBER),
    ("Trunk.ReceiveExtensions", "PATCH Trunks(Number='10000')", {"ReceiveExtensions": [PEER]}, "ReceiveExtensions",
     NO_NUMBER),
    ("User.Groups", USER, {"Groups": [{"GroupId": 9999}]}, "Groups", NOT_FOUND),
    ("User.CurrentProfileName", USER, {"CurrentProfileName": "On holiday"}, "CurrentProfileName", NOT_FOUND),
    ("User.CurrentProfileName", "POST Users", {"FirstName": "A", "CurrentProfileName": "DND"}, "CurrentProfileName",
     NOT_FOUND),
]  # fmt: skip


def send(api: httpx.Client, request: str, body: Any) -> httpx.Response:
    """Send a row's request; a name in place of a key is looked up."""
    method, _, path = request.partition(" ")
    if method == "PATCH" and "(" in path:
        name, _, rest = path.partition("(")
        field, _, value = rest.rstrip(")").partition("=")
        path = f"{name}({find(api, name, f'$filter={field} eq {value}')['Id']})"
    return api.request(method, path, json=body)


@pytest.mark.parametrize(
    ("request_", "body", "target", "code"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE]
)
def test_a_reference_to_nothing_is_refused(
    pbx: Simulator, api: httpx.Client, request_: str, body: Any, target: str, code: str
) -> None:
    assert list_details(send(api, request_, body)) == [(target, code)]
    set_name = request_.partition(" ")[2].partition("(")[0].partition("/")[0]
    if request_.startswith("POST") and "Pbx." not in request_:
        assert body.get("Name") not in [
            each.get("Name") for each in pbx.state.entities(set_name) if body.get("Name")
        ]


def test_the_table_has_every_reference() -> None:
    tested = {tuple(f"Pbx.{row[0]}".rsplit(".", 1)) for row in TABLE}
    assert tested >= REFERENCES.keys()


def test_references_to_something_are_taken(api: httpx.Client) -> None:
    trunk = find(api, "Trunks", "$filter=Number eq '10000'")
    sales = find(api, "Groups", "$filter=Name eq 'Sales'")
    rule = create(
        api,
        "OutboundRules",
        Name="r",
        Routes=[{"TrunkId": trunk["Id"]}, {"TrunkId": -1}],
        GroupIds=[sales["Id"]],
    )
    assert rule["Routes"][0]["TrunkName"] == "Island Telecom"
    create(api, "InboundRules", RuleName="r", TrunkDN={"Id": trunk["Id"]},
           OfficeHoursDestination={"To": "External", "External": "+4930", "Number": "+4930"})  # fmt: skip
    create(api, "Receptionists", Name="I", TimeoutForwardType="EndCall", TimeoutForwardDN="none")
    create(api, "Holidays", **HOLIDAY, Group=sales["Number"])
    for name in ("Away", "Custom 1"):
        assert send(api, USER, {"CurrentProfileName": name}).status_code == 204
    ours = [{"Id": 1, "Name": "At sea"}]
    assert send(api, USER, {"CurrentProfileName": "At sea", "ForwardingProfiles": ours}).status_code == 204
    zones = api.get("Defs?$expand=TimeZones").json()["TimeZones"]
    assert len(zones) > 20
    for zone in zones[:3]:
        assert api.patch("OfficeHours", json={"TimeZoneId": zone["Id"]}).status_code == 204


def test_what_was_read_can_be_written_back(api: httpx.Client) -> None:
    for name in (
        "Users",
        "Queues",
        "RingGroups",
        "Receptionists",
        "Groups",
        "InboundRules",
        "Trunks",
        "Holidays",
    ):
        entity = api.get(f"{name}?$top=1&$skip=1" if name == "Users" else f"{name}?$top=1").json()["value"][0]
        expand = api.get(f"{name}({entity['Id']})?$expand=*").json()
        for body in (entity, expand):
            answer = api.patch(f"{name}({entity['Id']})", json=body)
            assert answer.status_code == 204, f"{name}: {answer.text}"
