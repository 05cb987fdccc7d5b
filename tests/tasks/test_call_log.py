"""Get Many calls: rows of the log become calls, the newest first, in the days of the workflow."""

from __future__ import annotations

import asyncio
import random
import re
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, cast
from zoneinfo import ZoneInfo

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support import FakePbx, credential
from tests.tasks.support import do, read, refuse, run_task
from threecx_node import Executor, Result
from threecx_node.catalog.tasks.call_log import TASKS
from threecx_node.errors import ResponseError
from threecx_node.simulator import Simulator
from threecx_node.tasks.call_log import list_calls
from threecx_node.tasks.context import TaskContext
from threecx_node.tasks.values import read_values
from threecx_node.values.row_values import read_time

BERLIN = ZoneInfo("Europe/Berlin")
# A custom period ends now: its parts do not depend on the time of the day.
PARAMETERS = {"period": "custom", "from": "2020-01-01", "returnAll": True}
NOW = datetime(2026, 11, 26, 15, 30, tzinfo=UTC)


def write(time: datetime) -> str:
    return time.astimezone(UTC).isoformat().replace("+00:00", "Z")


def make_row(
    call: str,
    number: int,
    started: datetime,
    *,
    target: str = "100",
    seconds: int = 60,
    answered: bool = True,
) -> dict[str, Any]:
    return {
        "MainCallHistoryId": call,
        "CdrId": f"{call}/{number}",
        "StartTime": write(started),
        "RingingDuration": "PT5S",
        "TalkingDuration": f"PT{seconds}S" if answered else "PT0S",
        "Answered": answered,
        "Direction": "Inbound",
        "SourceDn": "10000",
        "SourceType": 1,
        "SourceCallerId": "+49305550100",
        "DestinationDn": target,
        "DestinationType": 0,
    }


@dataclass
class Log:
    """The context of a task whose PBX has a log; it counts the rows that are read."""

    rows: list[dict[str, Any]]
    release: str = "20.0.10"
    time_zone: Any = BERLIN
    # The calls of the time before an upgrade to 20.0.6.
    old_rows: list[dict[str, Any]] = field(default_factory=list)
    old_error: int = 0
    read_rows: int = 0
    asked: list[tuple[str, str]] = field(default_factory=list)

    def now(self) -> datetime:
        return NOW.astimezone(self.time_zone)

    async def pages(
        self, operation: str, parameters: Mapping[str, Any]
    ) -> AsyncGenerator[list[dict[str, Any]]]:
        assert operation in ("GetCallLogData", "GetOldCallLogData")
        assert "$orderby" not in parameters
        first, last = parameters["periodFrom"], parameters["periodTo"]
        is_old = operation == "GetOldCallLogData"
        if not is_old:
            self.asked.append((first, last))
        found = [
            each
            for each in (self.old_rows if is_old else self.rows)
            if _is_between(each["StartTime"], first, last)
        ]
        for at in range(0, len(found), 100):
            self.read_rows += len(found[at : at + 100])
            yield found[at : at + 100]

    async def read(self, operation: str, parameters: Mapping[str, Any]) -> list[dict[str, Any]]:
        assert operation == "GetOldCallLogData"
        assert parameters["limit"] == 1
        if self.old_error:
            raise ResponseError("refused", http_code=self.old_error)
        async with aclosing(self.pages(operation, parameters)) as pages:
            async for page in pages:
                return page[:1]
        return []


def _is_between(time: str, first: str, last: str) -> bool:
    start, begin, end = (read_time(each) for each in (time, first, last))
    assert start is not None
    assert begin is not None
    assert end is not None
    return begin <= start <= end


def list_all(log: Log, **parameters: Any) -> list[dict[str, Any]]:
    task = TASKS[0]
    values = read_values(task, {"returnAll": True, **parameters}, None, log.time_zone, "pbx")

    async def main() -> list[dict[str, Any]]:
        return [each async for part in list_calls(cast("TaskContext", log), values) for each in part]

    return asyncio.run(main())


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(
            # Four legs of an hour: the last leg begins when the longest call whose legs are read has lasted so long.
            st.integers(0, 14 * 24 * 60),
            st.lists(st.integers(1, 60), min_size=1, max_size=5),
            st.booleans(),
        ),
        max_size=40,
    ),
    st.sampled_from(["today", "yesterday", "last7Days", "thisMonth"]),
    st.integers(0, 2),
)
def test_calls_are_whole_whatever_the_order_of_the_log(
    calls: list[tuple[int, list[int], bool]], period: str, order: int
) -> None:
    rows, wanted = [], []
    midnight = NOW.astimezone(BERLIN).replace(hour=0, minute=0)
    starts = {
        "today": midnight,
        "yesterday": midnight - timedelta(days=1),
        "last7Days": midnight - timedelta(days=6),
        "thisMonth": midnight.replace(day=1),
    }
    end = midnight if period == "yesterday" else NOW + timedelta(minutes=1)
    for number, (minutes, legs, answered) in enumerate(calls):
        began = NOW - timedelta(minutes=minutes)
        started = began
        for part, length in enumerate(legs):
            rows.append(make_row(f"call-{number}", part, started, seconds=length * 60, answered=answered))
            started += timedelta(minutes=length if answered else 1)
        if starts[period] <= began < end:
            wanted.append((began, f"call-{number}", len(legs)))
    if order == 2:
        random.Random(1).shuffle(rows)  # noqa: S311 (an order)
    else:
        rows.sort(key=lambda row: row["StartTime"], reverse=bool(order))
    found = list_all(Log(rows), period=period)
    times = [each["startedAt"] for each in found]
    assert times == sorted(times, reverse=True)
    assert sorted((each["id"], len(each["legs"])) for each in found) == sorted(each[1:] for each in wanted)


def test_a_limit_reads_the_latest_days_alone() -> None:
    rows = [
        make_row(f"call-{number}", 0, NOW - timedelta(minutes=1 + number * 10))
        for number in range(10 * 24 * 6)
    ]
    log = Log(rows)
    found = list_all(log, period="custom", **{"from": "2026-11-10"}, returnAll=False, limit=3)
    assert [each["id"] for each in found] == ["call-0", "call-1", "call-2"]
    assert log.read_rows < 500
    log = Log(rows)
    assert len(list_all(log, period="custom", **{"from": "2026-11-18"})) == len(
        [row for row in rows if row["StartTime"] >= "2026-11-17T23:00"]
    )
    # Each row is read once, but for those on the border of two parts.
    assert log.read_rows <= len(rows) + 20


def test_a_call_belongs_to_the_day_on_which_it_began() -> None:
    midnight = datetime(2026, 11, 26, tzinfo=BERLIN)
    rows = [
        make_row("before", 1, midnight - timedelta(minutes=5), seconds=600),
        make_row("before", 2, midnight + timedelta(minutes=5)),
        make_row("after", 1, midnight),
    ]
    [today] = list_all(Log(rows), period="today")
    assert (today["id"], len(today["legs"])) == ("after", 1)
    [yesterday] = list_all(Log(rows), period="yesterday")
    assert (yesterday["id"], len(yesterday["legs"])) == ("before", 2)
    # In UTC, the call is of today.
    assert [each["id"] for each in list_all(Log(rows, time_zone=ZoneInfo("UTC")), period="today")] == []


def test_a_date_alone_is_the_whole_day() -> None:
    rows = [make_row(f"day-{day}", 0, datetime(2026, 10, day, 12, tzinfo=BERLIN)) for day in (24, 25, 26, 27)]
    found = list_all(Log(rows), period="custom", **{"from": "2026-10-25", "to": "2026-10-26"})
    assert [each["id"] for each in found] == ["day-26", "day-25"]
    found = list_all(Log(rows), period="custom", **{"from": "2026-10-25", "to": "2026-10-26T00:00:00"})
    assert [each["id"] for each in found] == ["day-25"]


def test_filters() -> None:
    rows = [
        make_row("answered", 0, NOW - timedelta(minutes=1)),
        make_row("missed", 0, NOW - timedelta(minutes=2), answered=False),
        make_row("other", 0, NOW - timedelta(minutes=3), target="101") | {"SourceCallerId": "0305550199"},
        make_row("internal", 0, NOW - timedelta(minutes=4))
        | {"Direction": "Internal", "SourceDn": "102", "SourceType": 0, "SourceCallerId": "102"},
    ]

    def find(**parameters: Any) -> list[str]:
        return [each["id"] for each in list_all(Log(rows), **parameters)]

    assert find() == ["answered", "missed", "other", "internal"]
    assert find(onlyMissed=True) == ["missed"]
    assert find(answered="unanswered") == ["missed"]
    assert find(answered="Answered", direction="Internal") == ["internal"]
    assert find(extension="101, 102") == ["other", "internal"]
    assert find(extension=[100]) == ["answered", "missed", "internal"]
    assert find(number="0049 (0)30 / 555-01 00") == ["answered", "missed"]
    assert find(number="*5550199") == ["other"]
    assert find(number="+49*", onlyMissed="true") == ["missed"]


def test_what_a_call_has() -> None:
    [found] = list_all(Log([make_row("one", 0, NOW - timedelta(minutes=9), answered=False)]))
    assert list(found) == [each.name for each in TASKS[0].returns]
    assert {name: value for name, value in found.items() if name not in ("legs", "startedAt", "endedAt")} == {
        "id": "one",
        "callId": None,
        "answeredAt": None,
        "direction": "inbound",
        "answered": False,
        "missed": True,
        "extension": "100",
        "extensions": ["100"],
        "externalNumber": "+49305550100",
        "callerNumber": "+49305550100",
        "callerName": None,
        "calledNumber": "100",
        "queue": None,
        "ringGroup": None,
        "durationSeconds": 5.0,
        "ringingSeconds": 5.0,
        "talkingSeconds": 0,
        "recordingIds": [],
    }


@pytest.mark.slow
@pytest.mark.parametrize(
    ("release", "source"),
    [("20.0.4", "CallHistoryView"), ("20.0.6", "ReportCallLogData")],
)
def test_all_releases(release: str, source: str) -> None:
    with Simulator(past_days=1, release=release) as pbx:
        results = run_task(
            pbx, "ListCalls", [{}], {"period": "last7Days", "returnAll": True}, time_zone="Europe/Berlin"
        )
        assert results[0].error is None, results[0].error.one_line()
        calls = [each["json"] for each in results[0].items or ()]
        asked = {each.path.split("/")[3] for each in pbx.requests if each.path.startswith("/xapi")}
        assert asked - {"Defs"} == {source}
        rows = read(pbx, "ListCallHistoryView", returnAll=True)
        assert {leg["id"] for call in calls for leg in call["legs"]} <= {
            str(row["SegmentId"]) for row in rows
        }
        assert any(call["missed"] for call in calls)
        assert any(len(call["legs"]) > 1 for call in calls)
        starts = [call["startedAt"] for call in calls]
        assert starts == sorted(starts, reverse=True)
        assert len({call["id"] for call in calls}) == len(calls)
        newest = do(pbx, "ListCalls", period="last7Days", limit=1)
        assert newest["id"] == calls[0]["id"]
        missed = run_task(
            pbx, "ListCalls", [{}], {"period": "last7Days", "onlyMissed": True, "returnAll": True}
        )
        assert [each["json"]["id"] for each in missed[0].items or ()] == [
            call["id"] for call in calls if call["missed"]
        ]


def open_pbx(rows: list[dict[str, Any]]) -> httpx.MockTransport:
    """Return a PBX with a log of one page at most for each period."""

    def answer(request: httpx.Request) -> httpx.Response:
        if not (period := re.findall(r"period(?:From|To)=([^,)]+)", request.url.path)):
            return httpx.Response(200, json={"value": []})
        found = [each for each in rows if _is_between(each["StartTime"], *period)]
        return httpx.Response(200, json={"value": [] if "$skip" in request.url.params else found})

    return httpx.MockTransport(FakePbx(answer))


def make_rows() -> list[dict[str, Any]]:
    """Return the calls of forty days, which are read in several parts."""
    now = datetime.now(UTC)
    return [make_row(f"call-{number}", 0, now - timedelta(hours=1 + 6 * number)) for number in range(160)]


def test_long_lists_come_in_parts() -> None:
    rows, found = make_rows(), list[list[str]]()

    async def main() -> None:
        async with Executor(credential(), transport=open_pbx(rows)) as executor:
            async for result in executor.stream("ListCalls", [{}], PARAMETERS):
                assert result.error is None
                found.append([each["json"]["id"] for each in result.items or ()])

    asyncio.run(main())
    assert len(found) > 1
    assert [each for part in found for each in part] == [row["MainCallHistoryId"] for row in rows]


def test_a_stop_ends_a_list_after_a_part() -> None:
    rows = make_rows()

    async def main() -> None:
        stop = asyncio.Event()
        parts: list[int] = []

        async def take(result: Result) -> None:
            parts.append(len(result.items or ()))
            stop.set()

        async with Executor(credential(), transport=open_pbx(rows)) as executor:
            batch = await executor.run("ListCalls", [{}], PARAMETERS, on_part=take, stop=stop)
        assert 0 < sum(parts) < len(rows)
        assert batch.results[0].error is not None
        assert batch.results[0].error.code == "stopped"

    asyncio.run(main())


def test_bad_input_is_refused_before_anything_is_read(threecx_simulator: Simulator) -> None:
    pbx = threecx_simulator
    assert "period: expected one of Today, Yesterday" in refuse(pbx, "ListCalls", period="tomorow")
    assert "onlyMissed and answered contradict" in refuse(
        pbx, "ListCalls", onlyMissed=True, answered="answered"
    )
    assert "'x' is not a telephone number" in refuse(pbx, "ListCalls", number="x")
    assert "from: expected" in refuse(pbx, "ListCalls", period="custom", **{"from": "2026-02-30"})
    assert "limit: expected a number" in refuse(pbx, "ListCalls", limit=0)
    assert "direction: expected one of Any" in refuse(pbx, "ListCalls", direction="in")
    assert [each for each in pbx.requests if "ReportCallLogData" in each.path] == []
    assert "from is missing" in refuse(pbx, "ListCalls", period="custom")
    assert 'extension: there is no user "ada@nowhere' in refuse(
        pbx, "ListCalls", extension="ada@nowhere.example"
    )


def test_calls_before_an_upgrade_are_listed_too() -> None:
    """An upgrade to 20.0.6 keeps the earlier calls in a log of their own; a call may be in both."""
    upgrade = NOW - timedelta(days=3)
    new = [make_row("new", 1, upgrade + timedelta(hours=5)), make_row("both", 1, upgrade)]
    old = [make_row("both", 1, upgrade), make_row("old", 1, upgrade - timedelta(days=1))]
    log = Log(new, old_rows=old)
    found = list_all(log, period="last7Days")
    assert [each["id"] for each in found] == ["new", "both", "old"]
    assert [len(each["legs"]) for each in found] == [1, 1, 1]
    # Of a period without earlier calls, the other log is read once.
    log = Log(new, old_rows=old)
    assert [each["id"] for each in list_all(log, period="today")] == []
    assert log.read_rows == 0


@pytest.mark.parametrize("status", [404, 405, 501])
def test_a_pbx_without_the_log_before_an_upgrade(status: int) -> None:
    log = Log([make_row("new", 1, NOW - timedelta(hours=1))], old_error=status)
    assert [each["id"] for each in list_all(log, period="today")] == ["new"]


def test_a_log_before_an_upgrade_that_cannot_be_read() -> None:
    """The calls of a period are complete, or there is an error."""
    with pytest.raises(ResponseError, match="refused"):
        list_all(Log([], old_error=403), period="today")
