"""Get Many recordings: what the PBX cannot filter is filtered here, and each item can be downloaded."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any

import pytest

from tests.tasks.support import do, read, refuse, run_task
from threecx_node.simulator import Simulator


@pytest.fixture(scope="module")
def pbx() -> Iterator[Simulator]:
    with Simulator(past_days=1) as simulator:
        yield simulator


def find(pbx: Simulator, **parameters: Any) -> list[dict[str, Any]]:
    [result] = run_task(
        pbx, "FindRecordings", [{}], {"period": "last7Days", "returnAll": True, **parameters}, time_zone="UTC"
    )
    assert result.error is None, result.error.one_line()
    return [dict(each["json"]) for each in result.items or ()]


@pytest.mark.slow
def test_recordings_of_a_period(pbx: Simulator) -> None:
    found = find(pbx)
    stored = read(pbx, "ListRecording", returnAll=True)
    first = min(each["StartTime"] for each in found)
    assert {each["Id"] for each in found} == {each["Id"] for each in stored if each["StartTime"] >= first}
    assert [each["StartTime"] for each in found] == sorted(
        (each["StartTime"] for each in found), reverse=True
    )
    assert all(each["DurationSeconds"] > 0 for each in found)
    assert find(pbx, returnAll=False, limit=2) == found[:2]
    day = found[0]["StartTime"][:10]
    of_day = find(pbx, period="custom", **{"from": day, "to": day})
    assert of_day == [each for each in found if each["StartTime"].startswith(day)]
    assert find(pbx, period="custom", **{"from": "2001-01-01", "to": "2001-01-02"}) == []


def test_filters(pbx: Simulator) -> None:
    found = find(pbx)
    for direction, kind in (
        ("internal", "Local"),
        ("inbound", "InboundExternal"),
        ("outbound", "OutboundExternal"),
    ):
        assert find(pbx, direction=direction) == [each for each in found if each["CallType"] == kind]
    extension = next(each["FromDn"] for each in found if each["CallType"] == "Local")
    other = next(each["ToDn"] for each in found if each["CallType"] == "InboundExternal")
    wanted = {extension, other}
    assert find(pbx, extension=f"{extension}, {other}") == [
        each for each in found if wanted & {each["FromDn"], each["ToDn"]}
    ]
    assert find(pbx, extension=[*(str(number) for number in range(1000, 1030)), extension]) == [
        each for each in found if extension in (each["FromDn"], each["ToDn"])
    ]
    number = next(each["FromCallerNumber"] for each in found if each["CallType"] == "InboundExternal")
    written = f"00{number[1:3]} (0){number[3:6]}-{number[6:]}"
    assert find(pbx, number=written) == [
        each for each in found if number in (each["FromCallerNumber"], each["ToCallerNumber"])
    ]
    longest = max(each["DurationSeconds"] for each in found)
    assert {each["DurationSeconds"] for each in find(pbx, minSeconds=longest)} == {longest}
    transcribed = find(pbx, onlyTranscribed=True)
    assert transcribed == [each for each in found if each["Transcription"]]


@pytest.mark.slow
def test_an_earlier_release_has_no_mark_of_transcriptions() -> None:
    with Simulator(past_days=1, release="20.0.6") as pbx:
        found = find(pbx)
        assert found
        assert find(pbx, onlyTranscribed=True) == [each for each in found if each["Transcription"]]


def test_each_item_can_be_downloaded(pbx: Simulator) -> None:
    items = find(pbx, returnAll=False, limit=3)
    results = run_task(pbx, "DownloadRecording", items, {"recId": "={{ $json.Id }}"})
    assert len(results) == 3
    for each in results:
        assert each.items is not None
        assert base64.b64decode(each.items[0]["binary"]["data"]["data"]).startswith(b"RIFF")


def test_bad_input(pbx: Simulator) -> None:
    assert "x' or Id gt 0\" is not a telephone number" in refuse(
        pbx, "FindRecordings", number="x' or Id gt 0"
    )
    assert "minSeconds: expected a number" in refuse(pbx, "FindRecordings", minSeconds="long")
    assert "to is before from" in refuse(
        pbx, "FindRecordings", period="custom", **{"from": "2026-03-02", "to": "2026-02-01"}
    )
    assert "there is no user" in refuse(pbx, "FindRecordings", extension="O'Brien")


def test_simplify_keeps_ten_fields() -> None:
    with Simulator(past_days=1) as pbx:
        given: dict[str, Any] = {"period": "last7Days", "limit": 1}
        assert len(do(pbx, "FindRecordings", **given)) > 20
        simplified = do(pbx, "FindRecordings", **given, simplify=True)
        assert len(simplified) == 10
        assert list(simplified)[:3] == ["Id", "StartTime", "DurationSeconds"]
        assert "legs" in do(pbx, "ListCalls", **given)
        assert len(do(pbx, "ListCalls", **given, simplify=True)) == 10
        chosen = {"output": "selectedFields", "outputFieldNames": "ID,callid"}
        assert list(do(pbx, "ListCalls", **given, **chosen)) == ["id", "callId"]
