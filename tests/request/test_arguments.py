"""Arguments of reports: which may be empty, which have a default, and the names of numbers."""

from __future__ import annotations

from typing import Any

import pytest

from threecx_node.catalog import load_catalog
from threecx_node.errors import ParameterError
from threecx_node.messages import RequestValues
from threecx_node.request.build import RequestBuilder
from threecx_node.values.undefined import UNDEFINED

CATALOG = load_catalog()
PERIOD = {"periodFrom": "2026-03-01T00:00:00Z", "periodTo": "2026-03-02T00:00:00Z"}
DATES = {"startDt": "2026-03-01T00:00:00Z", "endDt": "2026-03-02T00:00:00Z"}
CALL_LOGS = ("GetCallLogData", "GetOldCallLogData", "DownloadCallLog")


def build(operation: str, release: str | None = None, **values: Any) -> str:
    zone = {"clientTimeZone": "+08:00"} if operation.startswith("Download") else {}
    builder = RequestBuilder(CATALOG, CATALOG.operation(operation), release)
    return builder.build(RequestValues({**zone, **values})).path


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
    operation: str, name: str, others: dict[str, str], empty: Any
) -> None:
    with pytest.raises(ParameterError, match=f"{name} is required"):
        build(operation, **others, **{name: empty})
    with pytest.raises(ParameterError, match=f"{name} is required"):
        build(operation, **others)
    assert f"{name}='800'" in build(operation, **others, **{name: "800"})


def test_an_argument_that_may_be_empty_is_optional() -> None:
    assert "queueDns=''" in build("GetQueuePerformanceOverviewData", **PERIOD)
    assert "queueDnStr='',agentDnStr=''" in build(
        "GetAgentLoginHistoryData", **DATES, clientTimeZone="+08:00"
    )
