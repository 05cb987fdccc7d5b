"""The parts of the poller of records: IDs that grow, snapshots, remembered calls, legs of calls."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.events.records.rows import START, Lists, make_entry, make_leg
from threecx_node.call_records.call_rows import read_history_row, read_log_row
from threecx_node.catalog import load_catalog
from threecx_node.errors import LoginError, ResponseError, TransportError
from threecx_node.events.records import seen_calls
from threecx_node.events.records.call_history import group_rows
from threecx_node.events.records.id_watch import MOST_GAPS, IdWatch, join_ids
from threecx_node.events.records.poller import PollResult, RecordPoller
from threecx_node.events.records.problem import describe_problem
from threecx_node.events.records.rows import Query
from threecx_node.events.records.seen_calls import SeenCalls
from threecx_node.events.records.snapshot import Snapshot


def open_poller(pbx: Lists, seconds: list[float] | None = None) -> RecordPoller:
    time = seconds or [0.0]
    executor = cast("Any", SimpleNamespace(catalog=load_catalog()))
    return RecordPoller(
        executor,
        "pbx.example",
        reader=pbx,
        clock=lambda: time[0],
        utc_now=lambda: START + timedelta(seconds=time[0]),
    )


def poll(poller: RecordPoller, types: set[str], cursor: Any) -> PollResult:
    return asyncio.run(poller.poll(frozenset(types), cursor))


def test_ids_that_are_left_out_are_waited_for() -> None:
    watch = IdWatch.begin([7, 5, 4])
    assert (watch.highest, watch.gaps) == (7, {1, 2, 3, 6})
    assert watch.ranges == ((1, 3), (6, 6), (8, None))
    assert [each for each in range(1, 10) if watch.is_new(each)] == [1, 2, 3, 6, 8, 9]
    watch.take([9, 6])
    assert watch.ranges == ((1, 3), (8, 8), (10, None))
    assert IdWatch.from_json(json.loads(json.dumps(watch.to_json()))) == watch
    watch.take([10_000])
    assert len(watch.gaps) == MOST_GAPS
    assert min(watch.gaps) == 10_000 - MOST_GAPS
    assert IdWatch.begin([]).ranges == ((1, None),)


def test_filters() -> None:
    assert join_ids([3, 1, 2, 7]) == [(1, 3), (7, 7)]
    query = Query(
        "ListRecording", key="Id", ranges=((1, 3), (7, 7), (9, None)), where="IsTranscribed eq true"
    )
    assert query.filter == "((Id ge 1 and Id le 3) or Id eq 7 or Id ge 9) and (IsTranscribed eq true)"
    assert Query("X", equal="Name", equal_to=("O'Brien", "b")).filter == "Name eq 'O''Brien' or Name eq 'b'"
    assert Query("X").filter == ""


def test_a_snapshot_of_10000_users_is_bounded() -> None:
    names = tuple(f"Field{index}" for index in range(10))
    rows: dict[str, dict[str, Any]] = {
        str(key): {name: f"{name} of {key}" for name in names} for key in range(10_000)
    }
    snapshot = Snapshot("20260302T080000")
    snapshot.begin(rows, names)
    snapshot.labels = {key: f"1{key}" for key in rows}
    assert len(json.dumps(snapshot.to_json())) < 430_000
    assert snapshot.compare(rows, names) == []
    rows["7"] = {**rows["7"], "Field3": "other"}
    before = Snapshot.from_json(json.loads(json.dumps(snapshot.to_json())))
    [change] = snapshot.compare(rows, names)
    assert (change.kind, change.key, change.fields) == ("updated", "7", ("Field3",))
    assert before.labels == snapshot.labels
    # The same change that is found again has the same ID, and another one of the same entry a different ID.
    assert before.compare(rows, names) == [change]
    rows["7"] = {**rows["7"], "Field3": "Field3 of 7"}
    [back] = snapshot.compare(rows, names)
    rows["7"] = {**rows["7"], "Field3": "other"}
    [again] = snapshot.compare(rows, names)
    assert len({change.mark, back.mark, again.mark}) == 3


def test_an_entry_has_gone_when_it_is_missing_twice() -> None:
    snapshot = Snapshot("born")
    snapshot.begin({"1": {"A": 1}, "2": {"A": 2}}, ("A",))
    assert snapshot.compare({"1": {"A": 1}}, ("A",)) == []
    assert snapshot.has_missing
    assert snapshot.compare({"1": {"A": 1}, "2": {"A": 2}}, ("A",)) == []
    assert not any(each.endswith("-") for each in snapshot.entries.values())
    assert snapshot.compare({"1": {"A": 1}}, ("A",)) == []
    [gone] = snapshot.compare({"1": {"A": 1}}, ("A",))
    assert (gone.kind, gone.key) == ("deleted", "2")


def test_remembered_calls_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seen_calls, "MOST_CALLS", 4_000)
    seen = SeenCalls()
    for number in range(4_100):
        seen.add(f"call-{number}", START + timedelta(seconds=10 * number))
    assert len(seen) <= 4_000
    assert "call-4000" in seen
    assert "call-1" not in seen
    stored = SeenCalls(json.loads(json.dumps(seen.to_json())))
    assert "call-4000" in stored
    stored.forget_before(START + timedelta(hours=11))
    assert "call-4000" in stored
    assert len(stored) < len(seen)


def test_rows_without_values() -> None:
    assert read_log_row({}, START) is None
    leg = read_log_row(
        {"CdrId": "a", "StartTime": None, "RingingDuration": None, "TalkingDuration": "soon"}, START
    )
    assert leg is not None
    assert (leg.started, leg.ring, leg.talk, leg.direction, leg.call) == (START, 0, 0, "unknown", "a")
    assert read_history_row({"SegmentId": 1, "SegmentStartTime": "0001-01-01T00:00:00Z"}, "1") is None


def test_legs_of_earlier_releases_are_put_together() -> None:
    def row(number: int, source: int, target: int) -> dict[str, Any]:
        return {"SegmentId": number, "SrcParticipantId": source, "DstParticipantId": target}

    groups = group_rows(
        [row(1, 10, 11), row(2, 20, 21), row(3, 10, 12), row(4, 12, 30), row(5, 0, 0), row(6, 0, 0)]
    )
    assert sorted(sorted(each["SegmentId"] for each in group) for group in groups) == [
        [1, 3, 4],
        [2],
        [5],
        [6],
    ]


def test_a_long_backlog_comes_in_parts() -> None:
    pbx, seconds = Lists(), [0.0]
    pbx.add("ListEventLog", make_entry(1, START))
    poller = open_poller(pbx, seconds)
    cursor = poll(poller, {"event_log.new"}, None).cursor
    for number in range(2, 4_502):
        pbx.add("ListEventLog", make_entry(number, START))
    found: list[str] = []
    sizes: list[int] = []
    while not sizes or sizes[-1]:
        seconds[0] += 60
        result = poll(poller, {"event_log.new"}, cursor)
        cursor = result.cursor
        found += [event.id for event in result.events]
        sizes.append(len(result.events))
        assert result.next_after == 1.0 or len(result.events) < 2_000
    assert sizes == [2_000, 2_000, 500, 0]
    assert found == [f"pbx.example/eventLog/{number}" for number in range(2, 4_502)]


def test_a_wrong_time_of_the_pbx_hides_no_later_call() -> None:
    pbx, seconds = Lists(), [0.0]
    pbx.add("GetCallLogData", make_leg("first", 1, START, 10))
    poller = open_poller(pbx, seconds)
    cursor = poll(poller, {"call.logged"}, None).cursor
    pbx.add("GetCallLogData", make_leg("future", 2, START + timedelta(days=300), 10))
    reported: list[str] = []
    for number in range(3, 6):
        pbx.add("GetCallLogData", make_leg(f"call-{number}", number, START + timedelta(minutes=number), 10))
        for _ in range(12):
            seconds[0] += 30
            result = poll(poller, {"call.logged"}, cursor)
            cursor = result.cursor
            reported += [str(event.data["callLog"]["id"]) for event in result.events]
    assert sorted(reported) == ["call-3", "call-4", "call-5", "future"]


def test_types_that_are_not_wanted_any_more_begin_later() -> None:
    pbx, seconds = Lists(), [0.0]
    poller = open_poller(pbx, seconds)
    cursor = poll(poller, {"event_log.new", "chat.new"}, None).cursor
    assert {*cursor} == {"version", "eventLog", "chats"}
    cursor = poll(poller, {"chat.new"}, cursor).cursor
    assert {*cursor} == {"version", "chats"}
    pbx.add("ListEventLog", make_entry(1, START))
    seconds[0] += 60
    result = poll(poller, {"event_log.new", "chat.new"}, cursor)
    assert result.events == []
    pbx.add("ListEventLog", make_entry(2, START))
    seconds[0] += 60
    assert [event.id for event in poll(poller, {"event_log.new"}, result.cursor).events] == [
        "pbx.example/eventLog/2"
    ]


def test_a_report_that_is_not_filtered_is_read_by_its_windows() -> None:
    def fail(query: Query) -> None:
        if query.equal:
            raise ResponseError("no filters here", http_code=500)

    pbx, seconds = Lists(fail=fail), [0.0]
    poller = open_poller(pbx, seconds)
    cursor = poll(poller, {"call.logged"}, None).cursor
    pbx.add("GetCallLogData", make_leg("a", 1, START, 10))
    reported: list[str] = []
    for _ in range(4):
        seconds[0] += 10
        result = poll(poller, {"call.logged"}, cursor)
        assert result.problems == []
        cursor = result.cursor
        reported += [event.id for event in result.events]
    assert reported == ["pbx.example/callLog/a/logged"]


@pytest.mark.parametrize("rows", [0, 1])
def test_users_that_are_not_visible_any_more_have_not_gone(rows: int) -> None:
    pbx, seconds = Lists(), [0.0]
    for number in range(1, 4):
        pbx.add("ListUser", {"Id": number, "Number": f"10{number}"})
    poller = open_poller(pbx, seconds)
    cursor = poll(poller, {"user.deleted"}, None).cursor
    pbx.rows["ListUser"] = pbx.rows["ListUser"][:rows]
    events: list[Any] = []
    for _ in range(5):
        seconds[0] += 700
        result = poll(poller, {"user.deleted"}, cursor)
        cursor = result.cursor
        events += result.events
    if rows:
        assert [each.data["user"]["number"] for each in events] == ["102", "103"]
    else:
        assert events == []
        assert [each.message for each in result.problems] == [
            "users cannot be read: the list of users is empty"
        ]


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.booleans(), st.booleans()), max_size=12))
def test_each_change_of_a_trunk_is_reported_once(polls: list[tuple[bool, bool]]) -> None:
    """Poll with the trunk in any state; the result of some polls is lost, as when the executor is ended."""
    pbx, seconds = Lists(), [0.0]
    trunk: dict[str, Any] = {"Id": 21, "Number": "10000", "IsOnline": True, "Gateway": {"Name": "Telecom"}}
    pbx.add("ListTrunk", trunk)
    poller = open_poller(pbx, seconds)
    types = {"trunk.down", "trunk.up"}
    cursor = poll(poller, types, None).cursor
    known, expected, journal = True, [], []
    for is_online, is_stored in polls:
        pbx.rows["ListTrunk"][0]["IsOnline"] = is_online
        seconds[0] += 15
        result = poll(poller, types, cursor)
        if is_stored:
            cursor = json.loads(json.dumps(result.cursor))
            journal += [(event.id, event.type) for event in result.events]
            expected += ["trunk.up" if is_online else "trunk.down"] if is_online != known else []
            known = is_online
    assert [event_type for _, event_type in journal] == expected
    assert len({event_id for event_id, _ in journal}) == len(journal)


def test_a_source_with_an_unknown_row_stops_no_other() -> None:
    pbx, seconds = Lists(), [0.0]
    poller = open_poller(pbx, seconds)
    types = {"trunk.down", "event_log.new"}
    pbx.add("ListTrunk", {"Id": 21, "Number": "10000", "IsOnline": True})
    cursor = poll(poller, types, None).cursor
    pbx.rows["ListTrunk"] = [{"Id": 21, "Number": "10000", "IsOnline": False, "Gateway": "a text"}]
    pbx.add("ListEventLog", make_entry(1, START))
    seconds[0] += 60
    result = poll(poller, types, cursor)
    assert [event.type for event in result.events] == ["event_log.new"]
    [problem] = result.problems
    assert (problem.types, problem.code) == (("trunk.down",), "record_internal")
    pbx.rows["ListTrunk"][0]["Gateway"] = {}
    seconds[0] += 60
    again = poll(poller, types, result.cursor)
    assert [event.type for event in again.events] == ["trunk.down"]
    assert again.problems == []


def test_problems_are_one_line_with_advice() -> None:
    forbidden = describe_problem(
        {"chat.new"}, "the chat history", ResponseError("no", http_code=403), "the role X"
    )
    assert forbidden.message == "the API client may not read the chat history (403)"
    assert (forbidden.is_final, "the role X" in forbidden.advice) == (True, True)
    login = describe_problem({"b", "a"}, "the PBX", LoginError("refused", description="Check the key."))
    assert (login.types, login.code, login.advice, login.is_final) == (
        ("a", "b"),
        "login",
        "Check the key.",
        True,
    )
    away = describe_problem({"a"}, "the PBX", TransportError("gone", code="timeout"))
    assert (away.code, away.message, away.is_final) == ("timeout", "gone", False)
