"""Records of calls: active calls, rows of the call log, events; with a clock that the test turns."""

from __future__ import annotations

import httpx
import pytest

from tests.simulator.pbx.records import CALLER, PERIOD, answer, hang_up, read_log
from tests.support import RELEASES
from threecx_node.simulator import Simulator
from threecx_node.simulator.odata.errors import ODataError
from threecx_node.simulator.pbx.call_log import build_duration

pytestmark = pytest.mark.usefixtures("turned_by_hand")


def test_a_call_from_ringing_to_its_end(pbx: Simulator, api: httpx.Client) -> None:
    made = api.post("Users/Pbx.MakeCall", json={"dn": "101", "destination": "102"}).json()
    assert (made["FinalStatus"], made["Result"]["DN"], made["Result"]["Status"]) == (
        "Success",
        "101",
        "Dialing",
    )
    (active,) = api.get("ActiveCalls").json()["value"]
    assert (active["Id"], active["Status"]) == (made["Result"]["CallId"], "Ringing")
    pbx.calls.clock.advance(4)
    answer(pbx, "102")
    (talking,) = api.get("ActiveCalls").json()["value"]
    assert (talking["Id"], talking["Status"], talking["Callee"]) == (
        active["Id"],
        "Talking",
        "102 Ben Okafor",
    )
    assert talking["EstablishedAt"] == active["EstablishedAt"] < talking["LastChangeStatus"]
    assert talking["ServerNow"] == talking["LastChangeStatus"]
    pbx.calls.clock.advance(65.25)
    assert api.get("SystemStatus").json()["CallsActive"] == 1

    assert api.post(f"ActiveCalls({active['Id']})/Pbx.DropCall").status_code == 200

    assert api.get("ActiveCalls").json()["value"] == []
    assert pbx.calls.calls() == []
    (row,) = read_log(api)
    assert row == {**row, "SourceDn": "101", "DestinationDn": "102", "Status": "Answered", "Answered": True}
    assert row == {**row, "RingingDuration": "PT4.000000S", "TalkingDuration": "PT1M5.250000S"}
    assert (row["Direction"], row["CallType"], row["CallId"]) == ("Internal", "Internal", active["Id"])
    assert row["CallHistoryId"] == row["MainCallHistoryId"] != ""
    (segment,) = api.get("CallHistoryView?$orderby=SegmentId desc&$top=1").json()["value"]
    assert (segment["SegmentId"], segment["CallTime"]) == (row["SegmentId"], "PT1M5.250000S")
    assert segment["SegmentStartTime"] == row["StartTime"] == active["EstablishedAt"]


def test_both_apis_see_the_same_calls(pbx: Simulator, api: httpx.Client) -> None:
    made = api.post("Users/Pbx.MakeCall", json={"dn": "103", "destination": "104"}).json()["Result"]
    (leg,) = pbx.calls.participants("103")
    assert (leg.id, leg.call_id, leg.device_id) == (made["Id"], made["CallId"], made["DeviceId"])
    outcome = pbx.calls.make_call("106", CALLER)
    assert outcome.leg is not None
    assert [call["Id"] for call in api.get("ActiveCalls").json()["value"]] == [
        leg.call_id,
        outcome.leg.call_id,
    ]
    pbx.calls.act("106", outcome.leg.id, "drop")
    assert [call["Id"] for call in api.get("ActiveCalls").json()["value"]] == [leg.call_id]
    assert api.post(f"ActiveCalls({outcome.leg.call_id})/Pbx.DropCall").status_code == 404


def test_a_call_that_cannot_be_made(pbx: Simulator, api: httpx.Client) -> None:
    failed = api.post("Users/Pbx.MakeCall", json={"dn": "105", "destination": "102"}).json()
    assert (failed["FinalStatus"], failed["Reason"], failed["Result"]) == (
        "Failed",
        "PhoneNotRegistered",
        None,
    )
    refused = api.post("Users/Pbx.MakeCall", json={"dn": "101", "destination": "no number"})
    assert refused.status_code == 400
    assert refused.json()["error"]["details"][0]["target"] == "destination"
    assert pbx.state.count("ActiveCalls") == 0


def test_an_unanswered_call(pbx: Simulator, api: httpx.Client) -> None:
    pbx.calls.make_call("103", "104")
    pbx.calls.clock.advance(3)
    hang_up(pbx, "103")
    (row,) = read_log(api)
    assert (row["Status"], row["Answered"], row["TalkingDuration"]) == ("Unanswered", False, "PT0S")
    assert row["RingingDuration"] == "PT3.000000S"
    event = pbx.state.entities("EventLogs")[-1]
    assert (event["Type"], event["Source"]) == ("Warning", "Call Manager")
    assert "from 103 Carla Rossi to 104 Dmitri Volkov was not answered" in event["Message"]
    pbx.calls.clock.advance(3600)
    assert pbx.state.count("Recordings") == 5


def test_an_outbound_call(pbx: Simulator, api: httpx.Client) -> None:
    pbx.calls.make_call("103", CALLER)
    answer(pbx, "10000")
    assert api.get("ActiveCalls").json()["value"][0]["Callee"] == f"{CALLER} Ivy Stone"
    pbx.calls.clock.advance(10)
    hang_up(pbx, "103")
    (row,) = read_log(api)
    assert (row["Direction"], row["DestinationDn"], row["DestinationCallerId"]) == (
        "Outbound",
        "10000",
        CALLER,
    )
    (outbound,) = api.get(
        f"ReportOutboundCalls/Pbx.GetOutboundCalls({PERIOD},trunkDns='',callsType=0)"
    ).json()["value"]
    assert outbound["CallDuration"] == "PT10.000000S"
    pbx.calls.clock.advance(10)
    assert pbx.state.entities("Recordings")[-1]["CallType"] == "OutboundExternal"


def test_a_call_through_a_queue(pbx: Simulator, api: httpx.Client) -> None:
    pbx.calls.inbound(CALLER, to="801")
    pbx.calls.clock.advance(5)
    (active,) = api.get("ActiveCalls").json()["value"]
    assert (active["Caller"], active["Callee"]) == (f"{CALLER} Ivy Stone", "801 Sales")
    assert active["Status"] == "Ringing"
    answer(pbx, "102")
    assert api.get("ActiveCalls").json()["value"][0]["Callee"] == "102 Ben Okafor"
    pbx.calls.clock.advance(30)
    hang_up(pbx, "102")
    rows = read_log(api)
    assert {row["Direction"] for row in rows} == {"Inbound Queue"}
    assert {row["SourceCallerId"] for row in rows} == {CALLER}
    assert len({row["CallHistoryId"] for row in rows}) == len({row["MainCallHistoryId"] for row in rows}) == 1
    assert len({row["CallId"] for row in rows}) == 1
    assert {(row["DestinationDn"], row["Status"]) for row in rows} == {
        ("801", "Waiting"), ("101", "Unanswered"), ("102", "Answered")
    }  # fmt: skip
    assert [row["Indent"] for row in rows] == [0, *[1] * (len(rows) - 1)]
    # Agents at which the queue rang for nothing are hidden on demand.
    assert {row["DestinationDn"] for row in read_log(api, hide=True)} == {"801", "102"}
    (totals,) = api.get(
        f"ReportQueuePerformanceTotals/Pbx.GetQueuePerformanceTotalsData({PERIOD},queueDns='801',waitInterval='0:00:0')"
    ).json()["value"]
    assert (totals["QueueReceivedCount"], totals["ExtensionAnsweredCount"]) == (1, 1)


def test_a_call_that_left_its_queue(pbx: Simulator, api: httpx.Client) -> None:
    pbx.calls.inbound(CALLER, to="801")
    pbx.calls.clock.advance(7)
    hang_up(pbx, "10000")
    rows = {row["DestinationDn"]: row["Status"] for row in read_log(api)}
    assert rows == {"801": "Unanswered", "101": "Unanswered", "102": "Unanswered"}
    (lost,) = api.get(
        f"ReportAbandonedQueueCalls/Pbx.GetAbandonedQueueCallsData({PERIOD},queueDns='801',waitInterval='0:00:0')"
    ).json()["value"]
    assert (lost["CallerId"], lost["WaitTime"]) == (CALLER, "PT7.000000S")


def test_a_call_to_a_ring_group(pbx: Simulator, api: httpx.Client) -> None:
    pbx.calls.inbound(CALLER, to="810")
    pbx.calls.clock.advance(2)
    answer(pbx, "115")
    hang_up(pbx, "115")
    assert {(row["DestinationDn"], row["Status"], row["Direction"]) for row in read_log(api)} == {
        ("114", "Unanswered", "Inbound"), ("115", "Answered", "Inbound")
    }  # fmt: skip
    assert [row["DestinationDn"] for row in read_log(api, hide=True)] == ["115"]
    # A call that no member answers is not hidden as a whole.
    pbx.calls.inbound(CALLER, to="810")
    hang_up(pbx, "10000")
    assert [row["Status"] for row in read_log(api, hide=True)] == ["Answered", "Unanswered"]
    path = f"ReportRingGroupStatistics/Pbx.GetRingGroupStatisticsData({PERIOD},ringGroupDns='810')"
    (statistics,) = api.get(path).json()["value"]
    assert (statistics["RingGroupReceivedCount"], statistics["RingGroupAnsweredCount"]) == (2, 1)


def test_a_call_through_a_menu(pbx: Simulator, api: httpx.Client) -> None:
    pbx.calls.receptionist(CALLER, "820", keys="1").play()
    seen = []
    for _ in range(60):
        seen += pbx.state.entities("ActiveCalls")
        pbx.calls.clock.advance(2)
    assert {active["Status"] for active in seen} == {"Talking", "Ringing"}
    rows = read_log(api)
    assert [(row["DestinationDn"], row["DestinationType"]) for row in rows[:2]] == [("820", 6), ("801", 4)]
    assert (rows[0]["Status"], rows[0]["Direction"]) == ("Answered", "Inbound")
    # Only the conversation counts, and not the menu as a second answer.
    inbound = api.get(f"ReportInboundCalls/Pbx.GetInboundCalls({PERIOD},trunkDns='',callsType=0)")
    assert [row["DestinationDn"] for row in inbound.json()["value"]] == ["101"]


def test_a_transferred_call(pbx: Simulator, api: httpx.Client) -> None:
    pbx.calls.inbound(CALLER, to="101")
    talking = answer(pbx, "101")
    pbx.calls.clock.advance(5)
    pbx.calls.act("101", talking.id, "transferto", destination="104")
    pbx.calls.clock.advance(2)
    assert api.get("ActiveCalls").json()["value"][0]["Status"] == "Transferring"
    answer(pbx, "104")
    pbx.calls.clock.advance(9)
    hang_up(pbx, "104")
    rows = read_log(api)
    assert [(row["DestinationDn"], row["Status"], row["TalkingDuration"]) for row in rows] == [
        ("101", "Answered", "PT5.000000S"),
        ("104", "Answered", "PT9.000000S"),
    ]
    assert len({row["CallHistoryId"] for row in rows}) == 1
    pbx.calls.clock.advance(10)
    assert [each["ToDn"] for each in pbx.state.entities("Recordings")[5:]] == ["101", "104"]


def test_a_restart_of_the_services_ends_calls(pbx: Simulator, api: httpx.Client) -> None:
    pbx.calls.make_call("103", "104")
    assert api.post("Services/Pbx.RestartOperatingSystem").status_code == 204
    assert pbx.calls.calls() == []
    assert api.get("ActiveCalls").json()["value"] == []
    assert len(read_log(api)) == 1


def test_the_time_of_the_latest_call(pbx: Simulator, api: httpx.Client) -> None:
    (before,) = api.get("LastCdrAndChatMessageTimestamp").json()["value"]
    pbx.calls.make_call("103", "104")
    (during,) = api.get("LastCdrAndChatMessageTimestamp").json()["value"]
    hang_up(pbx, "103")
    (after,) = api.get("LastCdrAndChatMessageTimestamp").json()["value"]
    assert before == during
    assert after["LastCdrStartedAt"] == read_log(api)[0]["StartTime"] > before["LastCdrStartedAt"]


def test_purged_calls(pbx: Simulator, api: httpx.Client) -> None:
    pbx.calls.make_call("103", "104")
    hang_up(pbx, "103")
    assert api.post("PurgeCalls", json={"period": {"All": True}}).status_code == 204
    assert read_log(api) == []
    assert pbx.state.entities("(call segments)") == []


@pytest.mark.parametrize("release", RELEASES)
def test_every_release(release: str) -> None:
    with Simulator(release=release) as pbx:
        pbx.calls.clock.manual = True
        pbx.calls.inbound(CALLER, to="801")
        pbx.calls.clock.advance(1)
        answer(pbx, "101")
        pbx.calls.clock.advance(1)
        hang_up(pbx, "101")
        pbx.calls.clock.advance(60)
        headers = {"Authorization": f"Bearer {pbx.token()}"}
        with httpx.Client(base_url=f"{pbx.base_url}/xapi/v1/", headers=headers) as api:
            is_old = release in ("20.0.4", "20.0.5")
            for name in ("GetCallLogData",) if is_old else ("GetCallLogData", "GetOldCallLogData"):
                answered = [row for row in read_log(api, name) if row["Answered"]]
                assert [(row["DestinationDn"], row["TalkingDuration"]) for row in answered] == [
                    ("101", "PT1.000000S")
                ]
            assert ("CallHistoryId" in answered[0]) == (not is_old)
            assert api.get("Recordings?$count=true&$top=1").json()["@odata.count"] == 6
            assert pbx.requests[-1].status == 200


def test_a_row_that_cannot_be_stored(
    pbx: Simulator, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The loss is logged; the calls and their clock go on."""

    def fail(_changes: object) -> None:
        raise ODataError(507, "The data file cannot be written: full.")

    with monkeypatch.context() as patch:
        patch.setattr(pbx._pbx.store, "_persist", fail)
        pbx.calls.make_call("103", "104")
        answer(pbx, "104")
        hang_up(pbx, "103")
        pbx.calls.clock.advance(60)
    assert "was not recorded" in caplog.text
    assert pbx.calls.calls() == []
    assert pbx.state.count("CallHistoryView") == 40
    pbx.calls.make_call("103", "104")
    assert pbx.state.count("ActiveCalls") == 1


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "PT0S"), (-1, "PT0S"), (0.5, "PT0.500000S"), (59.9999999, "PT1M0.000000S"), (61, "PT1M1.000000S"),
        (3600, "PT1H0.000000S"), (3725.000001, "PT1H2M5.000001S"), (90000, "PT25H0.000000S"),
    ],
)  # fmt: skip
def test_durations(seconds: float, text: str) -> None:
    assert build_duration(seconds) == text
