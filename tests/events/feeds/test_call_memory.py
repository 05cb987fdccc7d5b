"""The calls that were begun and not ended, missed calls that two sources report, and calls whose IDs come again."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from threecx_node.events.feeds.call_memory import CallMemory
from threecx_node.events.model.event import Event

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def live(name: str, call_id: int = 7, *, minutes: float = 0, **data: Any) -> Event:
    time = NOON + timedelta(minutes=minutes)
    call = {"pbx": "pbx:5001", "dn": "100", "participantId": 1, "callId": call_id}
    known = {"direction": "inbound", "externalNumber": "+49301", "extension": "100", "inferred": False}
    return Event(
        id=f"pbx:5001/{call_id}/call/{name}",
        type=f"call.{name}",
        time=time,
        pbx="pbx:5001",
        order_key=f"call/{call_id}",
        data={"source": "live", "call": call, **known, **data},
    )


def logged(number: str, *, minutes: float = 0) -> Event:
    ended = NOON + timedelta(minutes=minutes)
    return Event(
        id=f"pbx:5001/callLog/{number}/missed",
        type="call.missed",
        time=ended,
        pbx="pbx:5001",
        order_key=f"calls/{number}",
        data={
            "source": "records",
            "externalNumber": number,
            "startedAt": (ended - timedelta(seconds=20)).isoformat(),
            "endedAt": ended.isoformat(),
        },
    )


def remember(*events: Event) -> CallMemory:
    memory = CallMemory()
    for event in events:
        memory.apply(event)
    # As another process reads it.
    return CallMemory.from_json(json.loads(json.dumps(memory.to_json())))


def test_calls_that_are_not_seen_any_more_end() -> None:
    memory = remember(
        live("started", 1),
        live("ringing", 1),
        live("started", 2),
        live("answered", 2, answeredAt="2026-03-01T12:00:00.000Z"),
        live("started", 3),
        live("started", 4, direction="outbound"),
        live("started", 5),
        live("ended", 5),
    )
    ends = memory.end_others({3}, NOON + timedelta(hours=1))
    assert [each.id.removeprefix("pbx:5001/") for each in ends] == [
        *("1/call/missed", "1/call/ended", "2/call/ended", "4/call/ended")
    ]
    assert all(each.data["inferred"] and each.data["endedAt"] == "2026-03-01T13:00:00.000Z" for each in ends)
    assert [each.order_key for each in ends] == ["call/1", "call/1", "call/2", "call/4"]
    for event in ends:
        memory.apply(event)
    assert memory.end_others({3}, NOON) == []


def test_a_call_whose_id_comes_again_gets_a_name() -> None:
    memory = remember(live("started"), live("ended"))
    again = live("started", minutes=1)
    assert memory.is_another_call(again)
    renamed = memory.give_new_name(memory.rename(again))
    assert renamed.id == "pbx:5001/7@20260301T120100000/call/started"
    memory.apply(renamed)
    assert memory.rename(live("ended", minutes=2)).id == "pbx:5001/7@20260301T120100000/call/ended"
    # A snapshot shows the call again after a restart.
    memory = remember(live("started"), live("ended"), renamed)
    assert memory.rename(live("started", minutes=3, inferred=True)).id == renamed.id
    # Another call is in progress under the same ID after the PBX has restarted.
    other = memory.rename(live("started", minutes=9, externalNumber="+49409"))
    assert other.id == "pbx:5001/7@20260301T120900000/call/started"


def test_a_call_that_was_ended_too_early_stays_the_same() -> None:
    memory = remember(live("started"), live("ended"))
    assert not memory.is_another_call(live("started", minutes=2, inferred=True))
    assert memory.is_another_call(live("started", minutes=2, inferred=True, externalNumber="+49409"))
    assert memory.is_another_call(live("started", minutes=60, inferred=True))


def test_a_missed_call_that_the_other_source_reported_is_known() -> None:
    times: dict[str, Any] = {"startedAt": "2026-03-01T11:59:45.000Z", "endedAt": "2026-03-01T12:00:02.000Z"}
    memory = remember(live("missed", externalNumber="030 5550100", **times))
    assert memory.missed.has_twin(logged("+49305550100"))
    assert not memory.missed.has_twin(logged("+49305550199"))
    assert not memory.missed.has_twin(logged("+49305550100", minutes=5))
    memory = remember(logged("+49305550100"))
    assert memory.missed.has_twin(live("missed", externalNumber="030 5550100", **times))
    # The same source reports two calls.
    assert not memory.missed.has_twin(logged("+49305550100"))
