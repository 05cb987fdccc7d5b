"""Arguments of reports: which may be empty, which have a default, and the names of numbers."""

from __future__ import annotations

from datetime import UTC, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from threecx_node.catalog import load_catalog
from threecx_node.errors import ParameterError
from threecx_node.messages import RequestValues
from threecx_node.request.build import RequestBuilder
from threecx_node.values.undefined import UNDEFINED

CATALOG = load_catalog()
PERIOD: dict[str, Any] = {"periodFrom": "2026-03-01T00:00:00Z", "periodTo": "2026-03-02T00:00:00Z"}
DATES: dict[str, Any] = {"startDt": "2026-03-01T00:00:00Z", "endDt": "2026-03-02T00:00:00Z"}
CALL_LOGS = ("GetCallLogData", "GetOldCallLogData", "DownloadCallLog")


def build(operation: str, release: str | None = None, zone: tzinfo = UTC, **values: Any) -> str:
    builder = RequestBuilder(CATALOG, CATALOG.operation(operation), release, time_zone=zone)
    return builder.build(RequestValues(values)).path


@pytest.mark.parametrize("operation", CALL_LOGS)
def test_p_calls_are_hidden_by_default(operation: str) -> None:
    path = build(operation, **PERIOD)
    assert "hidePcalls=true" in path
    assert "sourceType=0,sourceFilter='',destinationType=0,destinationFilter='',callsType=0" in path
    assert "callTimeFilterType=0,callTimeFilterFrom='0%3A00%3A0',callTimeFilterTo='0%3A00%3A0'" in path
    assert "hidePcalls=false" in build(operation, **PERIOD, hidePcalls=False)


@pytest.mark.parametrize("nothing", [None, UNDEFINED, ""])
def test_a_default_does_not_replace_a_value_of_nothing(nothing: Any) -> None:
    with pytest.raises(ParameterError, match="hidePcalls is required"):
        build("GetCallLogData", **PERIOD, hidePcalls=nothing)


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        ("all", 0),
        ("Answered", 1),
        (" UNANSWERED ", 2),
        (0, 0),
        (2, 2),
        ("1", 1),
        # A number that only a newer 3CX knows.
        (7, 7),
    ],
)
def test_calls_are_chosen_by_name_or_number(given: Any, sent: int) -> None:
    assert f"callsType={sent}," in build("GetCallLogData", **PERIOD, callsType=given)
    assert f"callsType={sent})" in build("GetInboundCalls", **PERIOD, callsType=given)


def test_an_unknown_name_of_calls_names_the_known_ones() -> None:
    with pytest.raises(ParameterError, match="callsType: expected all, answered, unanswered or a number"):
        build("GetCallLogData", **PERIOD, callsType="missed")


def test_other_named_numbers() -> None:
    assert "callArea=2" in build("GetExtensionStatisticsData", **PERIOD, callArea="external")
    assert "sourceType=0" in build("GetCallLogData", **PERIOD, sourceType="all")
    assert "sourceType=3" in build("GetCallLogData", **PERIOD, sourceType=3)


@pytest.mark.parametrize("empty", ["", None, UNDEFINED])
@pytest.mark.parametrize(
    ("operation", "name", "others"),
    [
        ("GetAbandonedQueueCallsData", "queueDns", PERIOD),
        ("DownloadAbandonedQueueCalls", "queueDns", PERIOD),
        ("GetAgentsInQueueStatisticsData", "queueDnStr", DATES),
        ("DownloadAgentsInQueueStatistics", "queueDnStr", DATES),
        ("GetExtensionStatisticsByGroupData", "groupNumber", PERIOD),
        ("DownloadExtensionStatisticsByGroup", "groupNumber", PERIOD),
        ("GetCallCostByExtensionGroupData", "groupFilter", {**PERIOD, "callClass": 0}),
        ("DownloadCallCostByExtensionGroup", "groupFilter", {**PERIOD, "callClass": 0}),
    ],
)
def test_an_argument_that_fails_when_empty_is_required(
    operation: str, name: str, others: dict[str, Any], empty: Any
) -> None:
    with pytest.raises(ParameterError, match=f"{name} is required"):
        build(operation, **others, **{name: empty})
    with pytest.raises(ParameterError, match=f"{name} is required"):
        build(operation, **others)
    assert f"{name}='800'" in build(operation, **{**others, name: "800"})


def test_an_argument_that_may_be_empty_is_optional() -> None:
    assert "queueDns=''" in build("GetQueuePerformanceOverviewData", **PERIOD)
    assert "queueDnStr='',agentDnStr=''" in build(
        "GetAgentLoginHistoryData", **DATES, clientTimeZone="+08:00"
    )


@pytest.mark.parametrize("given", [{}, {"clientTimeZone": ""}, {"clientTimeZone": None}])
@pytest.mark.parametrize(
    ("day", "zone", "offset"),
    [
        ("2026-07-01", "Europe/Berlin", "%2B02%3A00"),
        ("2026-01-01T12:00:00", "Europe/Berlin", "%2B01%3A00"),
        ("2026-01-01", "America/St_Johns", "-03%3A30"),
        ("2026-01-01", "UTC", "%2B00%3A00"),
    ],
)
def test_the_time_zone_of_a_report_is_that_of_the_batch(
    day: str, zone: str, offset: str, given: dict[str, Any]
) -> None:
    """A report groups its rows by the offset at the beginning of its period."""
    values: dict[str, Any] = {
        "startDt": day,
        "endDt": "2026-12-31",
        "queueDnStr": "",
        "agentDnStr": "",
        **given,
    }
    path = build("GetAgentLoginHistoryData", zone=ZoneInfo(zone), **values)
    assert f"clientTimeZone='{offset}'" in path


def test_a_time_zone_that_is_given_stays() -> None:
    path = build("GetAgentLoginHistoryData", zone=ZoneInfo("Europe/Berlin"), **DATES, clientTimeZone="+08:00")
    assert "clientTimeZone='%2B08%3A00'" in path


def test_the_time_zone_of_a_report_without_a_period() -> None:
    assert "clientTimeZone='%2B05%3A30'" in build("DownloadAuditLog", zone=ZoneInfo("Asia/Kolkata"))


def test_the_length_of_rows_by_name() -> None:
    activity: dict[str, Any] = {**PERIOD, "waitInterval": "0:00:0", "includeQueueCalls": True, "callArea": 0}
    for given in ("hour", 0, UNDEFINED):
        values = {**activity, "groupNumber": "", "extensionDns": "", "groupingType": given}
        if given is UNDEFINED:
            del values["groupingType"]
        assert "groupingType=0" in build("GetUserActivity", **values)


def test_a_period_that_begins_beyond_the_calendar_of_the_zone() -> None:
    dates = {
        "startDt": "9999-12-31T23:59:59Z",
        "endDt": "9999-12-31T23:59:59Z",
        "queueDnStr": "",
        "agentDnStr": "",
    }
    path = build("GetAgentLoginHistoryData", zone=ZoneInfo("Europe/Berlin"), **dates)
    assert "9999-12-31T23:59:59" in path
