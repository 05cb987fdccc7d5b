"""The calls of past days in the history of a new PBX."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from threecx_node.errors import ConfigurationError
from threecx_node.simulator import Simulator

# The seed has calls of its own, of some days before this one.
OWN_CALLS_END = "2026-04"


@pytest.fixture(scope="module")
def pbx() -> Simulator:
    """A PBX with yesterday's calls; it is not started."""
    return Simulator(past_days=1)


def rows(pbx: Simulator, name: str, moment: str) -> list[dict[str, Any]]:
    """Return the rows of a set that are of yesterday, the first day that was played, by their time."""
    calls = [each["SegmentStartTime"] for each in pbx.state.entities("CallHistoryView")]
    yesterday = min(each for each in calls if each > OWN_CALLS_END)[:10]
    return [each for each in pbx.state.entities(name) if each[moment].startswith(yesterday)]


def count_calls(pbx: Simulator) -> int:
    return len(rows(pbx, "CallHistoryView", "SegmentStartTime"))


def test_yesterday_has_calls_of_each_kind(pbx: Simulator) -> None:
    calls = rows(pbx, "CallHistoryView", "SegmentStartTime")
    assert len(calls) > 100
    answered = Counter(each["CallAnswered"] for each in calls)
    assert answered[True] > 30
    assert answered[False] > 10
    events = [each["Message"] for each in rows(pbx, "EventLogs", "TimeGenerated")]
    assert any(each.startswith("Voicemail for") for each in events)
    assert any("was not answered" in each for each in events)


def test_recordings_are_ready(pbx: Simulator) -> None:
    recordings = rows(pbx, "Recordings", "StartTime")
    assert len(recordings) > 20
    assert all(each["IsTranscribed"] for each in recordings)


def test_no_call_is_in_the_future_or_under_way(pbx: Simulator) -> None:
    now = datetime.now(UTC).isoformat()
    assert max(each["SegmentStartTime"] for each in pbx.state.entities("CallHistoryView")) < now
    assert pbx.state.entities("ActiveCalls") == []
    assert pbx.calls.calls() == []


def test_new_calls_have_new_ids(pbx: Simulator) -> None:
    ids = [int(each["Params"][0]) for each in pbx.state.entities("EventLogs") if "Call " in each["Message"]]
    assert pbx.calls.internal("101", "102").id > max(ids)


def test_a_reset_plays_them_again_and_a_listener_sees_none() -> None:
    pbx = Simulator(past_days=1)
    before = count_calls(pbx)
    seen: list[object] = []
    pbx.calls.add_listener(seen.append)
    pbx.state.reset()
    assert count_calls(pbx) == before
    assert seen == []


def test_a_data_file_keeps_them(tmp_path: Path) -> None:
    with Simulator(past_days=1, data=tmp_path / "pbx.sqlite3") as pbx:
        before = len(pbx.state.entities("CallHistoryView"))
    with Simulator(past_days=1, data=tmp_path / "pbx.sqlite3") as pbx:
        assert len(pbx.state.entities("CallHistoryView")) == before


def test_an_office_without_people_has_none() -> None:
    assert Simulator(seed="empty", past_days=2).state.entities("Recordings") == []


@pytest.mark.parametrize("days", [-1, 32])
def test_the_number_of_days_is_bounded(days: int) -> None:
    with pytest.raises(ConfigurationError, match="past_days must be 0 to 31"):
        Simulator(past_days=days)
