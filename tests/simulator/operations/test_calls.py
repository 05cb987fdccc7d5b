"""The responses of functions and actions."""

from __future__ import annotations

import csv
import io
import wave
from typing import Any

import httpx

from threecx_node.simulator import Simulator


def value(answer: httpx.Response) -> Any:
    assert answer.status_code == 200, answer.text
    return answer.json()["value"]


def test_batch_delete_returns_200_with_failures(pbx: Simulator, api: httpx.Client) -> None:
    ids = {user["Number"]: user["Id"] for user in pbx.state.entities("Users")}
    answer = api.post("Users/Pbx.BatchDelete", json={"ids": [ids["101"], ids["100"], 99999, ids["102"]]})
    assert value(answer) == [
        {"Error": "WARNINGS.USER_EXTENSION_CANNOT_BE_DELETED", "ExtensionNumber": "100"},
        {"Error": "WARNINGS.XAPI.NOT_FOUND", "ExtensionNumber": ""},
    ]
    assert answer.json()["@odata.context"].endswith("$metadata#Collection(Pbx.UserDeleteError)")
    assert {user["Number"] for user in pbx.state.entities("Users")}.isdisjoint({"101", "102"})
    assert pbx.state.count("Users") == 23
    assert api.post("Users/Pbx.BatchDelete", json={}).status_code == 400
    assert api.post("Users/Pbx.BatchDelete", json={"ids": ["1"]}).status_code == 400
    assert api.post("Users/Pbx.BatchDelete", json={"id": [1]}).status_code == 400


def test_make_and_drop_a_call(pbx: Simulator, api: httpx.Client) -> None:
    history = pbx.state.count("CallHistoryView")
    made = api.post("Users/Pbx.MakeCall", json={"dn": "101", "destination": "102"})
    assert made.status_code == 200
    call_id = made.json()["Result"]["CallId"]
    assert made.json()["@odata.context"].endswith("$metadata#Pbx.CallControlResultResponse")
    (active,) = api.get("ActiveCalls").json()["value"]
    assert (active["Id"], active["Caller"], active["Callee"]) == (
        call_id,
        "101 Ada Lindqvist",
        "102 Ben Okafor",
    )
    assert api.get("SystemStatus").json()["CallsActive"] == 1
    assert api.post(f"ActiveCalls({call_id})/Pbx.DropCall").status_code == 200
    assert api.get("ActiveCalls").json()["value"] == []
    assert api.post(f"ActiveCalls({call_id})/Pbx.DropCall").status_code == 404
    (row,) = api.get("CallHistoryView?$orderby=SegmentStartTime desc&$top=1").json()["value"]
    assert (row["SrcDn"], row["DstDn"], row["DstInternal"]) == ("101", "102", True)
    assert pbx.state.count("CallHistoryView") == history + 1


def test_an_invalid_call(api: httpx.Client) -> None:
    answer = api.post("Users/Pbx.MakeCall", json={"dn": "999", "destination": "102"})
    assert answer.json()["error"]["details"][0] == {
        "code": "",
        "message": "WARNINGS.XAPI.NON_EXISTENT_EXT_NUMBER",
        "target": "dn",
    }
    answer = api.post("Users/Pbx.MakeCall", json={"dn": "101"})
    assert answer.json()["error"]["message"] == "destination:\nWARNINGS.XAPI.REQUIRED"


def test_first_available_numbers(api: httpx.Client) -> None:
    def first(path: str) -> str:
        answer = api.get(path)
        assert answer.status_code == 200
        return str(answer.json()["Number"])

    extension = "Users/Pbx.GetFirstAvailableExtensionNumber()"
    assert first(extension) == "125"
    api.post("Users", json={"Number": "125"})
    assert first(extension) == "126"
    assert first("Queues/Pbx.GetFirstAvailableQueueNumber()") == "803"
    assert first("Trunks/Pbx.GetFirstAvailableTrunkNumber()") == "10002"
    assert api.get(extension.removesuffix("()")).status_code == 404


def test_a_trunk_from_a_template(api: httpx.Client) -> None:
    template = api.get("Trunks/Pbx.InitTrunk(template='generic.pv.xml')")
    assert template.status_code == 200
    made = api.post("Trunks", json=template.json())
    assert made.status_code == 201
    assert made.json()["Gateway"]["TemplateFilename"] == "generic.pv.xml"
    assert api.get("Trunks/Pbx.InitTrunk(template='none')").status_code == 404
    bridge = api.get("Trunks/Pbx.InitMasterBridge()").json()
    assert api.post("Trunks", json=bridge).status_code == 201


def test_system_functions(api: httpx.Client) -> None:
    assert api.get("SystemStatus/Pbx.SystemHealthStatus()").json()["Trunks"] is True
    assert value(api.get("Defs/Pbx.HasSystemOwner()")) is True
    assert api.get("Defs/Pbx.GetLicenseParameters()").json()["ProductCode"] == "3CXENT"
    assert api.get("Defs/Pbx.GetSystemParameters()").json()["Version"].startswith("20.0.10.")
    assert api.get("SystemStatus/Pbx.GetVersionType()").status_code == 200
    assert len(value(api.get("SystemStatus/Pbx.SystemExtensions()"))) == 7
    parameter = api.get("Parameters/Pbx.GetParameterByName(name='MAXLIMIT')").json()
    assert parameter["Value"] == "50"
    assert api.get("Parameters/Pbx.GetParameterByName(name='NOPE')").status_code == 404
    contacts = value(api.get("Contacts/Pbx.GetContactsByNumber(number='%2B12025550114')?$select=FirstName"))
    assert contacts == [{"FirstName": "Ivy"}]
    (template,) = value(api.get("CrmTemplates/Pbx.GeCrmtTemplates()"))
    assert api.get(f"CrmTemplates('{template['Name']}')").json()["Name"] == template["Name"]
    rules = value(api.get("OutboundRules/Pbx.GetEmergencyOutboundRules()?$select=Name"))
    assert rules == [{"Name": "Emergency"}]


def test_backups(pbx: Simulator, api: httpx.Client) -> None:
    answer = api.post("Backups/Pbx.Backup", json={"description": {"Name": "before/update"}})
    assert answer.status_code == 204
    path = "Backups('before%2Fupdate.zip')"
    assert "before/update.zip" in {backup["FileName"] for backup in pbx.state.entities("Backups")}
    assert api.post(f"{path}/Pbx.Restore", json={"password": "x"}).status_code == 204
    assert api.delete(path).status_code == 204
    assert api.post(f"{path}/Pbx.Restore", json={}).status_code == 404
    assert api.post("Backups/Pbx.Backup", json={"description": {}}).status_code == 400
    assert value(api.get("Backups/Pbx.GetLocalBackupSize()")) == 3 * 48 * 2**20
    assert api.post("Backups/Pbx.PurgeLocalBackups").status_code == 204
    assert pbx.state.count("Backups") == 0


def test_settings_are_stored(api: httpx.Client) -> None:
    before = api.get("Backups/Pbx.GetBackupSettings()").json()
    answer = api.post("Backups/Pbx.SetBackupSettings", json={"settings": {"Rotation": 9}})
    assert answer.status_code == 204
    assert api.get("Backups/Pbx.GetBackupSettings()").json() == {**before, "Rotation": 9}
    assert api.post("Backups/Pbx.SetBackupSettings", json={"settings": {"Nope": 9}}).status_code == 400


def test_bulk_deletes(pbx: Simulator, api: httpx.Client) -> None:
    ids = [rule["Id"] for rule in pbx.state.entities("BlackListNumbers")]
    answer = api.post("BlackListNumbers/Pbx.BulkNumbersDelete", json={"ids": [*ids, "unknown"]})
    assert answer.status_code == 404
    assert pbx.state.count("BlackListNumbers") == len(ids)
    assert api.post("BlackListNumbers/Pbx.BulkNumbersDelete", json={"ids": [*ids, ids[0]]}).status_code == 204
    assert pbx.state.count("BlackListNumbers") == 0


def test_services_and_rules(api: httpx.Client) -> None:
    options = {"options": {"ServiceNames": ["IVR"]}}
    assert api.post("Services/Pbx.Stop", json=options).status_code == 204
    states = {one["Name"]: one["Status"] for one in api.get("Services").json()["value"]}
    assert states["IVR"] == "Stopped"
    assert set(states.values()) == {"Stopped", "Running"}
    assert api.post("Services/Pbx.Stop", json={"options": {"ServiceNames": ["Nope"]}}).status_code == 404
    last = api.get("OutboundRules?$orderby=Priority desc").json()["value"][0]
    assert api.post("OutboundRules/Pbx.MoveUpDown", json={"id": last["Id"], "up": True}).status_code == 204
    assert api.get("OutboundRules?$orderby=Priority").json()["value"][0]["Name"] == last["Name"]


def test_properties_of_dns(api: httpx.Client) -> None:
    body = {"dnNumber": "101", "property": {"Name": "CRM ID", "Value": "7"}}
    assert api.post("DNProperties/Pbx.CreateDNProperty", json=body).status_code == 204
    assert api.post("DNProperties/Pbx.CreateDNProperty", json=body).status_code == 400
    body["property"] = {"Name": "CRM ID", "Value": "8"}
    assert api.post("DNProperties/Pbx.UpdateDNProperty", json=body).status_code == 204
    path = "DNProperties/Pbx.GetDNPropertyByName(name='CRM%20ID',dnNumber='101')"
    assert api.get(path).json()["Value"] == "8"
    assert len(value(api.get("DNProperties/Pbx.GetPropertiesByDn(dnNumber='101')"))) == 1
    gone = {"dnNumber": "101", "propertyName": "CRM ID"}
    assert api.post("DNProperties/Pbx.DeleteDNProperty", json=gone).status_code == 204
    assert api.get(path).status_code == 404


def test_a_recording_is_a_wav(pbx: Simulator, api: httpx.Client) -> None:
    recording = pbx.state.entities("Recordings")[0]
    answer = api.get(f"Recordings/Pbx.DownloadRecording(recId={recording['Id']})")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "audio/x-wav"
    assert answer.headers["content-disposition"].startswith('attachment; filename="recording-1.wav"')
    with wave.open(io.BytesIO(answer.content)) as sound:
        assert sound.getnframes() == sound.getframerate() == 8000
    missing = api.get("Recordings/Pbx.DownloadRecording(recId=9999)")
    assert missing.json()["error"]["message"] == "recId:\nWARNINGS.XAPI.FILE_NOT_FOUND"


def test_exports_are_csv(api: httpx.Client) -> None:
    answer = api.get("Users/Pbx.ExportExtensions()")
    assert answer.headers["content-type"] == "text/csv"
    assert "extensions.csv" in answer.headers["content-disposition"]
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert len(rows) == 25
    assert rows[12]["LastName"] == "O'Brien"
    calls = list(csv.DictReader(io.StringIO(api.get("CallHistoryView/Pbx.DownloadCallHistory()").text)))
    some = api.get("CallHistoryView/Pbx.DownloadCallHistory()?$top=2&$skip=1").text
    assert list(csv.DictReader(io.StringIO(some))) == calls[1:3]
    assert len(calls) == 40


def test_a_report_is_a_csv_with_its_columns(api: httpx.Client) -> None:
    name = "ReportRingGroupStatistics/Pbx.DownloadRingGroupStatistics"
    good = f"{name}(periodFrom=2026-03-01T00:00:00Z,periodTo=2026-03-02T00:00:00.000Z,ringGroupDns='810')"
    answer = api.get(good)
    assert answer.headers["content-type"] == "text/csv"
    assert "RingGroupDn" in answer.text.splitlines()[0]
    # Arguments may be encoded and in any order, but all are required, with the right types.
    swapped = f"{name}(ringGroupDns='810',periodFrom=2026-03-01T00%3A00%3A00Z,periodTo=2026-03-02T00:00:00Z)"
    assert api.get(swapped).status_code == 200
    for bad in (
        good.replace("'810'", "810"),
        good.replace(",ringGroupDns='810'", ""),
        good.replace("2026-03-01T00:00:00Z", "yesterday"),
        good.replace("2026-03-01T00:00:00Z", "2026-03-01T00:00:00+02:00"),
        good.replace("2026-03-01T00:00:00Z", "2026-13-01T00:00:00Z"),
        good.replace("2026-03-01T00:00:00Z", "'2026-03-01T00:00:00Z'"),
    ):
        assert api.get(bad).status_code == 404


def test_duration_arguments_of_reports(api: httpx.Client) -> None:
    name = "ReportQueuePerformanceTotals/Pbx.DownloadQueuePerformanceTotals"
    when = "periodFrom=2026-03-01T00:00:00Z,periodTo=2026-03-02T00:00:00Z"
    assert api.get(f"{name}({when},queueDns='',waitInterval='0:00:0')").status_code == 200
    for bad in ("''", "'PT0S'", "'soon'"):
        assert api.get(f"{name}({when},queueDns='',waitInterval={bad})").status_code == 404
