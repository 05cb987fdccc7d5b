"""Arguments of reports as a PBX was seen to read them: what does not exist is a 404, and some may not be empty."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

PERIOD = "periodFrom=2026-03-01T00:00:00Z,periodTo=2026-03-31T00:00:00Z"
DATES = "startDt=2026-03-01T00:00:00Z,endDt=2026-03-31T00:00:00Z"
WAIT = "waitInterval='0:00:0'"
LOGINS = "ReportAgentLoginHistory/Pbx.GetAgentLoginHistoryData"
ACTIVITY = "ReportUserActivity/Pbx.GetUserActivity"
INTERVALS = f"{WAIT},includeQueueCalls=true,callArea=0,groupingType=0"


def rows(answer: httpx.Response) -> list[Any]:
    assert answer.status_code == 200, answer.text
    found: list[Any] = answer.json()["value"]
    return found


@pytest.mark.parametrize(
    "path",
    [
        f"ReportAbandonedQueueCalls/Pbx.GetAbandonedQueueCallsData({PERIOD},queueDns='999',{WAIT})",
        f"ReportQueuePerformanceOverview/Pbx.GetQueuePerformanceOverviewData({PERIOD},queueDns='800,999',{WAIT})",
        f"ReportDetailedQueueStatistics/Pbx.GetDetailedQueueStatisticsData(queueDnStr='101',{DATES},{WAIT})",
        f"ReportExtensionStatisticsByGroup/Pbx.GetExtensionStatisticsByGroupData(groupNumber='GRP9999',{PERIOD},callArea=0)",
        f"ReportCallCostByExtensionGroup/Pbx.GetCallCostByExtensionGroupData({PERIOD},groupFilter='Sales',callClass=0)",
        f"ReportRingGroupStatistics/Pbx.GetRingGroupStatisticsData({PERIOD},ringGroupDns='800')",
        f"{ACTIVITY}(clientTimeZone='UTC',{PERIOD},groupNumber='GRP9999',extensionDns='',{INTERVALS})",
        f"ReportAbandonedQueueCalls/Pbx.DownloadAbandonedQueueCalls({PERIOD},queueDns='999',{WAIT},clientTimeZone='UTC')",
    ],
)
def test_a_report_on_nothing_is_not_found(api: httpx.Client, path: str) -> None:
    assert api.get(path).status_code == 404


@pytest.mark.parametrize(
    "path",
    [
        f"ReportAbandonedQueueCalls/Pbx.GetAbandonedQueueCallsData({PERIOD},queueDns='',{WAIT})",
        f"ReportAgentsInQueueStatistics/Pbx.GetAgentsInQueueStatisticsData(queueDnStr='',{DATES},{WAIT})",
        f"ReportAgentsInQueueStatistics/Pbx.DownloadAgentsInQueueStatistics(queueDnStr='',{DATES},{WAIT})",
    ],
)
def test_a_report_that_needs_a_queue_is_not_found(api: httpx.Client, path: str) -> None:
    assert api.get(path).status_code == 404
    assert api.get(path.replace("''", "'800'", 1)).status_code == 200


def test_a_report_that_needs_a_group_has_no_rows(api: httpx.Client) -> None:
    by_group = "ReportExtensionStatisticsByGroup/Pbx.GetExtensionStatisticsByGroupData"
    cost = "ReportCallCostByExtensionGroup/Pbx.GetCallCostByExtensionGroupData"
    [default] = api.get("Groups?$filter=IsDefault eq true").json()["value"]
    assert default["Number"] == "GRP0000"
    for number, path in (
        ("", f"{by_group}(groupNumber='',{PERIOD},callArea=0)"),
        ("GRP0000", f"{by_group}(groupNumber='GRP0000',{PERIOD},callArea=0)"),
    ):
        assert bool(rows(api.get(path))) == bool(number)
    assert rows(api.get(f"{cost}({PERIOD},groupFilter='',callClass=0)")) == []


def test_an_empty_argument_means_all_elsewhere(api: httpx.Client) -> None:
    overview = "ReportQueuePerformanceOverview/Pbx.GetQueuePerformanceOverviewData"
    queues = {row["QueueDn"] for row in rows(api.get(f"{overview}({PERIOD},queueDns='',{WAIT})"))}
    assert len(queues) > 1
    assert (
        api.get(f"{LOGINS}(clientTimeZone='+08:00',{DATES},queueDnStr='',agentDnStr='')").status_code == 200
    )
    activity = f"{ACTIVITY}(clientTimeZone='UTC',{PERIOD},groupNumber='',extensionDns='',{INTERVALS})"
    assert rows(api.get(activity))


@pytest.mark.parametrize(
    ("zone", "logins", "activity"),
    [
        ("+08:00", 200, 200),
        ("-03:30", 200, 200),
        ("UTC", 200, 200),
        ("Asia%2FTaipei", 404, 200),
        ("America%2FArgentina%2FBuenos_Aires", 404, 200),
        ("", 404, 404),
        ("+8", 404, 404),
        ("+25:00", 404, 404),
        ("nowhere", 404, 404),
    ],
)
def test_client_time_zones(api: httpx.Client, zone: str, logins: int, activity: int) -> None:
    path = f"{LOGINS}(clientTimeZone='{zone}',{DATES},queueDnStr='800',agentDnStr='')"
    assert api.get(path).status_code == logins
    path = f"{ACTIVITY}(clientTimeZone='{zone}',{PERIOD},groupNumber='',extensionDns='101',{INTERVALS})"
    assert api.get(path).status_code == activity
