"""The effects of functions and actions on other parts of the API."""

from __future__ import annotations

import csv
import io
import zipfile
from typing import Any

import httpx
import pytest

from threecx_node.catalog import load_catalog
from threecx_node.simulator import Simulator

MAC = "00:15:65:AA:00:01"
PERIOD = "periodFrom=2026-03-01T00:00:00Z,periodTo=2026-04-01T00:00:00Z"
DAYS = "startDt=2026-03-01T00:00:00Z,endDt=2026-04-01T00:00:00Z"


def value(answer: httpx.Response) -> Any:
    assert answer.status_code == 200, answer.text
    return answer.json()["value"]


def done(answer: httpx.Response) -> None:
    assert answer.status_code == 204, answer.text
    assert answer.content == b""


def refused(answer: httpx.Response, status: int = 400) -> tuple[str, str]:
    assert answer.status_code == status, answer.text
    detail = answer.json()["error"]["details"][0]
    return detail["target"], detail["message"]


def user_id(pbx: Simulator, number: str) -> int:
    return int(next(user["Id"] for user in pbx.state.entities("Users") if user["Number"] == number))


def test_every_operation_has_a_handler() -> None:
    from threecx_node.simulator.odata.release_model import load_model
    from threecx_node.simulator.operations import perform  # noqa: F401 - importing registers
    from threecx_node.simulator.operations.dispatch import find_handler, list_handled_operations
    from threecx_node.simulator.pbx.pbx import load_router

    catalog = load_catalog()
    checked = set()
    for release in catalog.releases:
        for route in load_router(load_model(catalog, release)).routes():
            if route.operation.kind in ("function", "action"):
                assert find_handler(route) is not None, route.operation.id
                checked.add(route.operation.id)
    assert len(checked) > 340
    assert list_handled_operations() <= set(catalog.operation_ids)


def test_a_missing_parameter_is_required(api: httpx.Client) -> None:
    answer = api.post("Users/Pbx.UpgradePhone", json={"mac": MAC})
    assert answer.status_code == 400
    problems = {detail["target"]: detail["message"] for detail in answer.json()["error"]["details"]}
    assert problems == dict.fromkeys(("useragent", "version"), "WARNINGS.XAPI.REQUIRED")
    nested = api.post("Defs/Pbx.SendEmail", json={"sendEmail": {"Template": "welcome"}})
    assert refused(nested) == ("sendEmail/Destination", "WARNINGS.XAPI.REQUIRED")


def test_restoring_a_backup(pbx: Simulator, api: httpx.Client) -> None:
    ada = user_id(pbx, "101")
    contents = {"EncryptBackup": True, "EncryptBackupPassword": {"Value": "s3cret"}}
    done(api.post("Backups/Pbx.Backup", json={"description": {"Name": "before", "Contents": contents}}))
    assert api.get("Backups('before.zip')/Pbx.GetBackupExtras()").json()["IsEncrypted"] is True
    done(api.delete(f"Users({ada})"))
    done(api.patch(f"Users({user_id(pbx, '102')})", json={"FirstName": "Benjamin"}))
    calls = pbx.state.count("CallHistoryView")
    done(api.post("PurgeCalls", json={"period": {"All": True}}))
    wrong = api.post("Backups('before.zip')/Pbx.Restore", json={"password": "other"})
    assert refused(wrong) == ("password", "WARNINGS.XAPI.INVALID_PASSWORD")
    done(api.post("Backups('before.zip')/Pbx.Restore", json={"password": "s3cret"}))
    assert api.get(f"Users({ada})").json()["Number"] == "101"
    assert api.get("Users(Number='102')").json()["FirstName"] == "Ben"
    # A backup contains the history only if its options say so.
    assert pbx.state.count("CallHistoryView") == 0
    done(api.post("Backups('office-2026-03-02.zip')/Pbx.Restore", json={}))
    assert pbx.state.count("CallHistoryView") == calls
    assert "before.zip" in {backup["FileName"] for backup in pbx.state.entities("Backups")}
    noted = [entry["Operation"] for entry in pbx.state.entities("(actions)")]
    assert noted == ["Backup", "PurgeCalls", "Restore", "Restore"]


def test_purges_by_period(pbx: Simulator, api: httpx.Client) -> None:
    done(api.post("PurgeCalls", json={"period": {"All": False, "Stop": "2026-03-02T12:00:00Z"}}))
    left = [row["SegmentStartTime"] for row in pbx.state.entities("CallHistoryView")]
    assert 0 < len(left) < 40
    assert min(left) > "2026-03-02T12:00:00.000Z"
    done(api.post("PurgeChats", json={"period": {"All": True}}))
    assert pbx.state.count("ChatHistoryView") == pbx.state.count("ChatMessagesHistoryView") == 0


def test_recordings(pbx: Simulator, api: httpx.Client) -> None:
    ids = [recording["Id"] for recording in pbx.state.entities("Recordings")]
    done(api.post("Recordings/Pbx.BulkRecordingsArchive", json={"ids": ids[:2]}))
    done(api.post("Recordings/Pbx.TranscribeRecordings", json={"ids": ids[2:3]}))
    missing = api.post("Recordings/Pbx.BulkRecordingsArchive", json={"ids": [ids[3], 9999]})
    assert refused(missing, 404) == ("Id", "WARNINGS.XAPI.NOT_FOUND")
    found = {recording["Id"]: recording for recording in pbx.state.entities("Recordings")}
    assert [found[each]["IsArchived"] for each in ids] == [True, True, False, False, False]
    assert found[ids[2]]["IsTranscribed"]
    assert found[ids[2]]["Transcription"]
    done(api.post("Recordings/Pbx.PurgeArchive"))
    assert {recording["Id"] for recording in pbx.state.entities("Recordings")} == set(ids[2:])
    done(api.post("Recordings/Pbx.PurgeLocal"))
    assert pbx.state.count("Recordings") == 0


def test_agent_logins(pbx: Simulator, api: httpx.Client) -> None:
    agent = user_id(pbx, "106")
    for status in ("LoggedOut", "LoggedIn", "LoggedOut"):
        done(api.patch(f"Users({agent})", json={"QueueStatus": status}))
    stored = pbx.state.get("Users", agent)
    assert stored is not None
    assert stored["QueueStatus"] == "LoggedOut"
    days = "startDt=2020-01-01T00:00:00Z,endDt=2099-01-01T00:00:00Z"
    report = "ReportAgentLoginHistory/Pbx.GetAgentLoginHistoryData"
    rows = value(api.get(f"{report}(clientTimeZone='UTC',{days},queueDnStr='800',agentDnStr='106')"))
    assert [(row["AgentNo"], row["loggedInDt"] is None, row["LoggedOutDt"] is None) for row in rows] == [
        ("106", True, False),
        ("106", False, False),
    ]


def test_reports_count_the_history(pbx: Simulator, api: httpx.Client) -> None:
    history = pbx.state.entities("CallHistoryView")
    to_support = [row for row in history if row["DstDn"] in ("106", "107")]
    answered = sum(row["CallAnswered"] for row in to_support)
    totals = "ReportQueuePerformanceTotals/Pbx.GetQueuePerformanceTotalsData"
    (row,) = value(api.get(f"{totals}({PERIOD},queueDns='800',waitInterval='0:00:0')"))
    assert (row["QueueDn"], row["QueueReceivedCount"]) == ("800", len(to_support))
    assert (row["ExtensionAnsweredCount"], row["ExtensionDroppedCount"]) == (
        answered,
        len(to_support) - answered,
    )
    abandoned = "ReportAbandonedQueueCalls/Pbx.GetAbandonedQueueCallsData"
    lost = value(api.get(f"{abandoned}({PERIOD},queueDns='800',waitInterval='0:00:0')"))
    assert len(lost) == len(to_support) - answered > 0
    assert value(api.get(f"{abandoned}({PERIOD},queueDns='800',waitInterval='0:01:0')")) == []
    inbound = value(api.get(f"ReportInboundCalls/Pbx.GetInboundCalls({PERIOD},trunkDns='',callsType=0)"))
    assert len(inbound) == 40
    assert {row["TrunkName"] for row in inbound} == {"Island Telecom"}
    outside = PERIOD.replace("2026", "2019")
    assert value(api.get(f"ReportInboundCalls/Pbx.GetInboundCalls({outside},trunkDns='',callsType=0)")) == []
    statistics = "ReportExtensionStatistics/Pbx.GetExtensionStatisticsData"
    (ada,) = value(api.get(f"{statistics}({PERIOD},extensionFilter='101',callArea=0)"))
    to_ada = [row for row in history if row["DstDn"] == "101"]
    assert ada["InboundAnsweredCount"] == sum(row["CallAnswered"] for row in to_ada) > 0


def test_a_report_as_a_file_has_the_same_rows(api: httpx.Client) -> None:
    given = f"({PERIOD},trunkDns='10000',callsType=1"
    rows = value(api.get(f"ReportInboundCalls/Pbx.GetInboundCalls{given})?$top=5"))
    file = api.get(f"ReportInboundCalls/Pbx.DownloadGetInboundCalls{given},clientTimeZone='UTC')")
    assert file.headers["content-type"] == "text/csv"
    lines = list(csv.DictReader(io.StringIO(file.text)))
    assert len(lines) > 30
    assert [line["CdrId"] for line in lines[:5]] == [row["CdrId"] for row in rows]


def test_a_call_is_in_the_call_log(api: httpx.Client) -> None:
    made = api.post("Users/Pbx.MakeCall", json={"dn": "101", "destination": "+12025550114"}).json()
    assert api.post(f"ActiveCalls({made['Result']['CallId']})/Pbx.DropCall").status_code == 200
    when = "periodFrom=2026-04-01T00:00:00Z,periodTo=2099-01-01T00:00:00Z"
    rows = value(api.get(f"ReportOutboundCalls/Pbx.GetOutboundCalls({when},trunkDns='',callsType=0)"))
    assert [(row["SourceDn"], row["DestinationCalleeId"]) for row in rows] == [("101", "+12025550114")]


def test_routes_of_numbers(pbx: Simulator, api: httpx.Client) -> None:
    ada = user_id(pbx, "101")
    trunk = next(trunk["Id"] for trunk in pbx.state.entities("Trunks") if trunk["Number"] == "10000")
    route = {"DID": "+35725555101", "DisplayName": "Ada", "TrunkId": trunk}
    done(api.post("Trunks/Pbx.SetRoutes", json={"routes": {"Id": ada, "Routes": [route]}}))
    assert value(api.post("Defs/Pbx.GetRoutes", json={"ids": [ada]})) == [{"Id": ada, "Routes": [route]}]
    did = api.get("DidNumbers?$filter=Number eq '%2B35725555101'&$expand=RoutingRule").json()["value"][0]
    assert did["RoutingRule"]["OfficeHoursDestination"]["Number"] == "101"
    done(api.post("Trunks/Pbx.SetRoutes", json={"routes": {"Id": ada, "Routes": []}}))
    assert value(api.post("Defs/Pbx.GetRoutes", json={"ids": [ada]}))[0]["Routes"] == []
    unknown = {"routes": {"Id": ada, "Routes": [{**route, "DID": "+1"}]}}
    assert refused(api.post("Trunks/Pbx.SetRoutes", json=unknown))[1] == "WARNINGS.XAPI.NOT_FOUND"


def test_phones_by_their_mac_address(api: httpx.Client) -> None:
    for spelled in (MAC, "001565aa0001", "00-15-65-aa-00-01"):
        assert api.get(f"Users/Pbx.GetPhoneRegistrar(mac='{spelled}')").json()["Model"] == "T46S"
        done(api.post("Users/Pbx.RebootPhone", json={"mac": spelled}))
    for bad, code in (("00:15:65:AA:FF:FF", "NOT_FOUND"), ("phone", "INVALID")):
        assert refused(api.post("Users/Pbx.RebootPhone", json={"mac": bad})) == (
            "mac",
            f"WARNINGS.XAPI.{code}",
        )
    upgrade = {"mac": MAC, "useragent": "Yealink", "version": "99.1"}
    done(api.post("Users/Pbx.UpgradePhone", json=upgrade))
    assert api.get(f"Users/Pbx.GetPhoneRegistrar(mac='{MAC}')").json()["FirmwareVersion"] == "99.1"


def test_the_journal_has_no_secrets(pbx: Simulator, api: httpx.Client) -> None:
    done(api.post("Users/Pbx.RebootPhone", json={"mac": MAC}))
    refused(api.post("Users/Pbx.RebootPhone", json={"mac": "phone"}))
    done(api.post("LicenseStatus/Pbx.ReplaceLicenseKey", json={"licenseKey": "AAAA-BBBB-CCCC-DDDD"}))
    noted = pbx.state.entities("(actions)")
    assert [entry["Operation"] for entry in noted] == ["RebootPhone", "ReplaceLicenseKey"]
    assert [entry["Body"] for entry in noted] == [{"mac": MAC}, {"licenseKey": "***"}]
    logs = "startDate=2026-04-01T00:00:00Z,endDate=2099-01-01T00:00:00Z,extension='',call='',severity=''"
    lines = value(api.get(f"ActivityLog/Pbx.GetLogs({logs})"))
    assert [line["Message"].split()[0] for line in lines] == ["RebootPhone", "ReplaceLicenseKey"]
    done(api.post("ActivityLog/Pbx.PurgeLogs"))
    assert [entry["Operation"] for entry in pbx.state.entities("(actions)")] == ["PurgeLogs"]


def test_licence_and_partner(api: httpx.Client) -> None:
    done(api.post("LicenseStatus/Pbx.ReplaceLicenseKey", json={"licenseKey": "AAAA-BBBB-CCCC-DDDD"}))
    info = {"licenseParams": {"CompanyName": "New name", "Email": "owner@office.example"}}
    done(api.post("LicenseStatus/Pbx.EditLicenseInfo", json=info))
    done(api.post("LicenseStatus/Pbx.LinkPartner", json={"resellerId": "77"}))
    status = api.get("LicenseStatus").json()
    assert (status["LicenseKey"], status["CompanyName"]) == ("AAAA-BBBB-CCCC-DDDD", "New name")
    assert (status["EMail"], status["ResellerName"]) == ("owner@office.example", "Partner 77")
    done(api.post("LicenseStatus/Pbx.UnlinkPartner"))
    assert api.get("LicenseStatus").json()["ResellerName"] == ""
    wrong = api.post("LicenseStatus/Pbx.ReplaceLicenseKey", json={"licenseKey": "none"})
    assert refused(wrong) == ("licenseKey", "WARNINGS.XAPI.INVALID")


def test_updates(api: httpx.Client) -> None:
    found = api.get("GetUpdates()").json()
    wanted = found["Entries"][0]["Guid"]
    assert found["Entries"][0]["OutOfDate"] is True
    before = sum(count["Count"] for count in api.get("GetUpdatesStats()").json()["PerPage"])
    done(api.post("InstallUpdates", json={"install": {"Key": found["Key"], "Entries": [wanted]}}))
    assert api.get("GetUpdates()").json()["Entries"][0]["OutOfDate"] is False
    assert sum(count["Count"] for count in api.get("GetUpdatesStats()").json()["PerPage"]) == before - 1


def test_vector_stores(api: httpx.Client) -> None:
    created = api.post("AISettings/Pbx.CreateVectorStore", json={"model": {"Name": "Manuals"}}).json()
    store = created["Id"]
    files = {"model": {"VectorId": store, "FileIds": ["a", "b", "c"]}}
    done(api.post("AISettings/Pbx.AddVectorStoreFiles", json=files))
    page = api.get(f"AISettings/Pbx.GetVectorStoreFiles(id='{store}',limit=2,after='')").json()
    assert ([item["Id"] for item in page["Items"]], page["HasMore"]) == (["a", "b"], True)
    page = api.get(
        f"AISettings/Pbx.GetVectorStoreFiles(id='{store}',limit=2,after='{page['LastId']}')"
    ).json()
    assert ([item["Id"] for item in page["Items"]], page["HasMore"]) == (["c"], False)
    gone = api.post(
        "AISettings/Pbx.BatchDeleteFiles", json={"model": {"VectorId": store, "FileIds": ["a", "x"]}}
    )
    assert [(row["FileName"], row["Status"]) for row in value(gone)] == [("a", "deleted"), ("x", "failed")]
    assert api.get(f"AISettings/Pbx.GetVectorStore(id='{store}')").json()["FilesTotal"] == 2
    done(api.post("AISettings/Pbx.DeleteVectorStore", json={"id": store}))
    assert api.get(f"AISettings/Pbx.GetVectorStore(id='{store}')").status_code == 404


def test_contacts_of_a_source(pbx: Simulator, api: httpx.Client) -> None:
    contact = {"FirstName": "Cleo", "ContactType": "Google"}
    api.post("Contacts", json=contact)
    own = api.post("Contacts/Pbx.CreateContactByNumber", json={"number": "101", "contact": contact})
    assert own.status_code == 200
    found = value(api.get("Contacts/Pbx.GetContactsByNumber(number='101')"))
    assert [each["Id"] for each in found] == [own.json()["Id"]]
    done(api.post("Contacts/Pbx.DeletePersonalContactsByType", json={"contactSource": "Google"}))
    assert [c["Id"] for c in pbx.state.entities("Contacts") if c["Id"] == own.json()["Id"]] == []
    assert pbx.state.count("Contacts") == 7
    done(api.post("Contacts/Pbx.DeleteContactsByType", json={"contactSource": "Google"}))
    assert pbx.state.count("Contacts") == 6


def test_bulk_changes_of_users(pbx: Simulator, api: httpx.Client) -> None:
    ids = [user_id(pbx, number) for number in ("101", "102")]
    change = {"ids": ids, "user": {"HideInPhonebook": True, "Number": "999"}}
    done(api.post("Users/Pbx.MultiUserUpdate", json=change))
    for each in ids:
        user = api.get(f"Users({each})").json()
        assert user["HideInPhonebook"] is True
        assert user["Number"] in ("101", "102")
    before = pbx.state.get("Users", ids[0])
    options = {"SipAuth": True, "VoicemailPIN": True}
    done(api.post("Users/Pbx.RegeneratePasswords", json={"Ids": ids[:1], "opts": options}))
    after = pbx.state.get("Users", ids[0])
    assert before is not None
    assert after is not None
    assert before["AuthPassword"] != after["AuthPassword"]
    assert before["AccessPassword"] == after["AccessPassword"]


def test_sounds(pbx: Simulator, api: httpx.Client) -> None:
    ada = user_id(pbx, "101")
    recording = {"dn": "101", "filename": "holiday"}
    done(api.post(f"Users({ada})/Pbx.MakeCallUserRecordGreeting", json=recording))
    (call,) = api.get("ActiveCalls").json()["value"]
    assert call["Callee"] == "101 Ada Lindqvist"
    file = api.get(f"Users/Pbx.DownloadGreeting(userId={ada},fileName='holiday.wav')")
    assert file.headers["content-type"] == "audio/x-wav"
    assert file.content[:4] == b"RIFF"
    both = {"ids": [ada, user_id(pbx, "102")]}
    shared = value(api.post("Users/Pbx.GetMultiEditGreetings", json=both))
    assert [greeting["Filename"] for greeting in shared] == ["greeting.wav"]
    done(api.post("Users/Pbx.MultiDeleteGreeting", json={**both, "filename": "greeting.wav"}))
    assert value(api.post("Users/Pbx.GetMultiEditGreetings", json=both)) == []
    done(
        api.post("Playlists/Pbx.DeletePlaylistFile", json={"playlistKey": "Waiting", "fileName": "rain.wav"})
    )
    assert api.get("Playlists('Waiting')").json()["Files"] == ["river.wav"]


def test_copied_prompt_set(pbx: Simulator, api: httpx.Client) -> None:
    first = pbx.state.entities("PromptSets")[0]["Id"]
    copied = api.post(f"PromptSets({first})/Pbx.Copy", json={"overrides": {"PromptSetName": "Ours"}}).json()
    assert (copied["PromptSetName"], copied["PromptSetType"]) == ("Ours", "Custom")
    done(api.post(f"PromptSets({copied['Id']})/Pbx.SetActive"))
    assert api.get("PromptSets/Pbx.GetActive()").json()["Id"] == copied["Id"]


def test_call_costs(pbx: Simulator, api: httpx.Client) -> None:
    twice = {"costs": [{"Prefix": "1", "Rate": 1}, {"Prefix": "1", "Rate": 2}]}
    assert refused(api.post("CallCostSettings/Pbx.UpdateCost", json=twice))[1] == "WARNINGS.XAPI.DUPLICATE"
    done(api.post("CallCostSettings/Pbx.UpdateCost", json={"costs": [{"Prefix": "1", "Rate": 0.5}]}))
    assert [cost["Prefix"] for cost in pbx.state.entities("CallCostSettings")] == ["1"]


@pytest.mark.parametrize(
    "provider", ["Microsoft365Integration/Pbx.GetM365Users", "GoogleSettings/Pbx.GetGoogleUsers"]
)
def test_pages_of_external_accounts(api: httpx.Client, provider: str) -> None:
    found: list[str] = []
    token = ""
    for _ in range(10):
        page = api.post(provider, json={"options": {"Count": 10, "NextPageToken": token}}).json()
        found += [account["Email"] for account in page["Users"]]
        token = page["NextPageToken"]
        if not token:
            break
    assert len(found) == len(set(found)) == 25
    only = api.post(provider, json={"options": {"Count": 10, "Search": "ada."}}).json()["Users"]
    assert [account["Name"] for account in only] == ["Ada Lindqvist"]


def test_a_new_key_of_the_main_client(pbx: Simulator, api: httpx.Client, anyone: httpx.Client) -> None:
    principal = pbx.state.entities("ServicePrincipals")[0]["Id"]
    key = value(api.post(f"ServicePrincipals({principal})/Pbx.GenerateAppToken"))
    form = {"grant_type": "client_credentials", "client_id": pbx.client_id}
    for secret, status in ((pbx.client_secret, 401), (key, 200)):
        answer = anyone.post("/connect/token", data={**form, "client_secret": secret})
        assert answer.status_code == status
    # `token()` needs no secret.
    headers = {"Authorization": f"Bearer {pbx.token()}"}
    assert anyone.get("/xapi/v1/Users?$top=1", headers=headers).status_code == 200


def test_download_of_a_backup(pbx: Simulator, api: httpx.Client) -> None:
    for name, contents in (
        ("plain", {}),
        ("sealed", {"EncryptBackup": True, "EncryptBackupPassword": {"Value": "x"}}),
    ):
        done(api.post("Backups/Pbx.Backup", json={"description": {"Name": name, "Contents": contents}}))
    links = {each["FileName"]: each["DownloadLink"] for each in value(api.get("Backups"))}
    held = {}
    for name in ("plain.zip", "sealed.zip"):
        answer = httpx.get(
            pbx.base_url + links[name], headers={"Authorization": api.headers["Authorization"]}
        )
        assert (answer.status_code, answer.headers["content-type"]) == (200, "application/zip")
        assert f'filename="{name}"' in answer.headers["content-disposition"]
        archive = zipfile.ZipFile(io.BytesIO(answer.content))
        assert archive.testzip() is None
        held[name] = set(archive.namelist())
    assert held == {"plain.zip": {"backup.json", "tables.json"}, "sealed.zip": {"backup.json"}}
    assert httpx.get(pbx.base_url + links["plain.zip"]).status_code == 401
    for method, path, status in (("GET", "/backups/none.zip", 404), ("GET", "/backups/..%2f..%2fetc", 404),
                                 ("DELETE", links["plain.zip"], 405)):  # fmt: skip
        asked = httpx.request(
            method, pbx.base_url + path, headers={"Authorization": api.headers["Authorization"]}
        )
        assert asked.status_code == status
        assert asked.json()["error"]["message"]
