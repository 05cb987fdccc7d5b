"""Legs become calls: each kind of call with the events that a person would name."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.callcontrol.leg_changes import (
    OUTSIDE,
    PBX,
    TRUNK,
    Listener,
    at,
    internal,
    leg,
    remove,
    update,
)
from threecx_node.callcontrol.changes import LegChange


@pytest.fixture
def listener() -> Listener:
    return Listener()


def test_an_answered_call_from_outside(listener: Listener) -> None:
    called: dict[str, Any] = {**TRUNK, "party_did": "+493055500", "party_caller_name": "Ada"}
    assert listener.play(update(leg("100", 7, "Ringing", **called))) == ["started 100", "ringing 100"]
    assert listener.play(update(leg("100", 7, "Connected", **called), 4)) == ["answered 100"]
    assert listener.play(remove("100", 7, 60)) == []
    assert listener.tracker.next_deadline == at(62)
    assert listener.wait(61.9) == []
    assert listener.wait(62) == ["ended 100"]
    assert not listener.tracker.next_deadline
    last = listener.events[-1]
    assert last.to_json() == {
        "id": f"{PBX}/1/call/ended",
        "type": "call.ended",
        "time": "2026-03-01T08:01:00.000Z",
        "inferred": False,
        "call": {"pbx": PBX, "dn": "100", "participantId": 7, "callId": 1},
        "direction": "inbound",
        "extension": "100",
        "extensions": ["100"],
        "externalNumber": OUTSIDE,
        "callerNumber": OUTSIDE,
        "callerName": "Ada",
        "calledNumber": "+493055500",
        "did": "+493055500",
        "startedAt": "2026-03-01T08:00:00.000Z",
        "answeredAt": "2026-03-01T08:00:04.000Z",
        "endedAt": "2026-03-01T08:01:00.000Z",
    }
    assert [event.id for event in listener.events] == [
        f"{PBX}/1/{part}" for part in ("call/started", "100.7/ringing", "call/answered", "call/ended")
    ]


def test_a_missed_call_from_outside(listener: Listener) -> None:
    listener.play(update(leg("100", 7, "Ringing", **TRUNK)), remove("100", 7, 20))
    assert listener.wait(22) == ["missed 100", "ended 100"]
    missed = listener.events[-2]
    assert (missed.time, missed.direction, missed.external_number) == (at(20), "inbound", OUTSIDE)


def test_a_call_to_outside_is_never_missed(listener: Listener) -> None:
    assert listener.play(update(leg("100", 7, "Dialing", **TRUNK))) == ["started 100"]
    listener.play(remove("100", 7, 20))
    assert listener.wait(22) == ["ended 100"]
    last = listener.events[-1]
    assert (last.direction, last.caller_number, last.called_number) == ("outbound", "100", OUTSIDE)


def test_an_answered_call_to_outside_with_its_trunk(listener: Listener) -> None:
    trunk = internal("100")
    done = listener.play(
        update(leg("100", 7, "Dialing", **TRUNK)),
        update(leg("10000", 8, "Ringing", **trunk)),
        update(leg("10000", 8, "Connected", **trunk), 5),
        update(leg("100", 7, "Connected", **TRUNK), 5),
        remove("100", 7, 6),
        remove("10000", 8, 6),
    )
    assert done == ["started 100", "answered 100"]
    assert listener.wait(8) == ["ended 100"]


def test_an_internal_call(listener: Listener) -> None:
    done = listener.play(
        update(leg("100", 7, "Dialing", **internal("101"))),
        update(leg("101", 8, "Ringing", **internal("100"))),
        update(leg("100", 7, "Connected", **internal("101")), 3),
        update(leg("101", 8, "Connected", **internal("100")), 3),
        remove("101", 8, 30),
        remove("100", 7, 30),
    )
    assert done == ["started 100", "ringing 101", "answered 101"]
    assert listener.wait(32) == ["ended 101"]
    last = listener.events[-1]
    assert (last.direction, last.caller_number, last.called_number) == ("internal", "100", "101")
    assert last.extensions == ("100", "101")


def test_an_internal_call_to_an_extension_that_is_not_monitored(listener: Listener) -> None:
    listener.play(update(leg("100", 7, "Dialing", **internal("199"))))
    assert listener.play(update(leg("100", 7, "Connected", **internal("199")), 3)) == ["answered 199"]


def test_an_internal_call_that_is_not_answered_is_missed(listener: Listener) -> None:
    listener.play(
        update(leg("100", 7, "Dialing", **internal("101"))),
        update(leg("101", 8, "Ringing", **internal("100"))),
        remove("101", 8, 30),
        remove("100", 7, 30),
    )
    assert listener.wait(32) == ["missed 101", "ended 101"]


def test_a_ring_group_rings_many_and_one_answers(listener: Listener) -> None:
    group: dict[str, Any] = {**TRUNK, "on_behalf_of_dn": "801", "on_behalf_of_type": "Wringgroup"}
    done = listener.play(
        *(update(leg(dn, number, "Ringing", **group)) for number, dn in enumerate(("100", "101", "102"), 7)),
        update(leg("101", 8, "Connected", **group), 4),
        remove("100", 7, 4),
        remove("102", 9, 4),
        remove("101", 8, 60),
    )
    assert done == ["started 100", "ringing 100", "ringing 101", "ringing 102", "answered 101"]
    assert listener.wait(62) == ["ended 101"]
    last = listener.events[-1]
    assert (last.ring_group, last.extensions) == ("801", ("100", "101", "102"))
    assert last.called_number == "801"


def test_a_queue_that_is_connected_does_not_answer_the_call(listener: Listener) -> None:
    agent: dict[str, Any] = {**TRUNK, "on_behalf_of_dn": "800", "on_behalf_of_type": "Wqueue"}
    done = listener.play(
        update(leg("800", 7, "Connected", **TRUNK)),
        update(leg("100", 8, "Ringing", **agent), 1),
        remove("100", 8, 15),
        # The second wave rings the same agent.
        update(leg("100", 9, "Ringing", **agent), 20),
        remove("100", 9, 35),
        remove("800", 7, 40),
    )
    assert done == ["started", "ringing 100", "ringing 100"]
    assert listener.wait(42) == ["missed 100", "ended 100"]
    assert listener.events[-1].queue == "800"


def test_a_queue_hands_the_call_to_an_agent(listener: Listener) -> None:
    done = listener.play(
        update(leg("800", 7, "Connected", **TRUNK)),
        update(leg("100", 8, "Ringing", **TRUNK), 1),
        update(leg("100", 8, "Connected", **TRUNK), 5),
        remove("800", 7, 5),
        remove("100", 8, 90),
    )
    assert done == ["started", "ringing 100", "answered 100"]
    assert listener.wait(92) == ["ended 100"]


def test_a_route_point_rings_and_does_not_answer(listener: Listener) -> None:
    done = listener.play(
        update(leg("900", 7, "Ringing", **TRUNK)),
        update(leg("900", 7, "Connected", **TRUNK), 1),
        remove("900", 7, 9),
    )
    assert done == ["started", "ringing 900"]
    assert listener.wait(11) == ["missed 900", "ended 900"]


def test_two_devices_of_an_extension_ring_once(listener: Listener) -> None:
    done = listener.play(
        update(leg("100", 7, "Ringing", device_id="sip:a", **TRUNK)),
        update(leg("100", 8, "Ringing", device_id="sip:b", **TRUNK)),
        update(leg("100", 8, "Connected", device_id="sip:b", **TRUNK), 3),
        remove("100", 7, 3),
    )
    assert done == ["started 100", "ringing 100", "answered 100"]


def transfer(**referred: Any) -> tuple[LegChange, ...]:
    return (
        update(leg("100", 7, "Connected", **TRUNK), 1),
        remove("100", 7, 30),
        update(leg("101", 8, "Ringing", **TRUNK, **referred), 31),
    )


def test_a_blind_transfer(listener: Listener) -> None:
    referred: dict[str, Any] = {"referred_by_dn": "100", "referred_by_type": "Wextension"}
    done = listener.play(*transfer(**referred))
    assert done == ["started 100", "answered 100", "ringing 101"]
    assert listener.events[-1].transferred_from == "100"
    assert listener.play(update(leg("101", 8, "Connected", **TRUNK), 35)) == ["transferred 101"]
    assert listener.events[-1].transferred_from == "100"
    listener.play(remove("101", 8, 50))
    assert listener.wait(52) == ["ended 101"]


def test_a_transfer_that_comes_back(listener: Listener) -> None:
    done = listener.play(
        *transfer(),
        remove("101", 8, 45),
        update(leg("100", 9, "Ringing", **TRUNK), 46),
        update(leg("100", 9, "Connected", **TRUNK), 48),
        update(leg("102", 10, "Connected", **TRUNK), 60),
    )
    assert done[2:] == ["ringing 101", "ringing 100"]


def test_an_attended_transfer_moves_a_leg_to_the_first_call(listener: Listener) -> None:
    done = listener.play(
        update(leg("100", 7, "Connected", **TRUNK), 1),
        update(leg("100", 8, "Dialing", 2, **internal("101")), 20),
        update(leg("101", 9, "Ringing", 2, **internal("100")), 20),
        update(leg("101", 9, "Connected", 2, **internal("100")), 25),
        update(leg("101", 9, "Connected", 1, **TRUNK), 30),
        remove("100", 7, 30),
        remove("100", 8, 30),
    )
    assert done[-3:] == ["ringing 101", "answered 101", "transferred 101"]
    assert listener.events[-1].call_id == 1
    assert listener.wait(32) == ["ended 101"]
    assert listener.events[-1].call_id == 2
    listener.play(remove("101", 9, 60))
    listener.wait(62)
    assert [event.type for event in listener.events if event.call_id == 1][-1] == "call.ended"


def test_a_divert_while_ringing(listener: Listener) -> None:
    done = listener.play(
        update(leg("100", 7, "Ringing", **TRUNK)),
        remove("100", 7, 3),
        update(leg("101", 8, "Ringing", **TRUNK), 3.2),
        update(leg("101", 8, "Connected", **TRUNK), 6),
    )
    assert done == ["started 100", "ringing 100", "ringing 101", "answered 101"]


def test_a_call_in_progress_is_inferred(listener: Listener) -> None:
    talking = update(leg("100", 7, "Connected", **TRUNK), inferred=True)
    assert listener.play(talking) == ["started 100", "answered 100"]
    assert all(event.inferred for event in listener.events)
    listener.play(remove("100", 7, 9, inferred=True))
    assert listener.wait(11) == ["ended 100"]
    assert listener.events[-1].inferred


def test_the_next_leg_may_come_late_if_time_was_not_advanced(listener: Listener) -> None:
    """The connection was lost during a transfer: the snapshot has the next leg."""
    listener.play(update(leg("100", 7, "Connected", **TRUNK)), remove("100", 7, 1))
    assert listener.play(update(leg("101", 8, "Connected", **TRUNK), 30, inferred=True)) == [
        "transferred 101"
    ]
    assert listener.wait(40) == []


def test_the_changes_after_a_long_silence_end_no_call_early(listener: Listener) -> None:
    """The connection was lost for minutes; the first changes are there, and the next leg is among the others."""
    listener.play(update(leg("100", 7, "Connected", **TRUNK)), remove("100", 7, 1))
    listener.play(update(leg("102", 8, "Ringing", 2, **TRUNK), 300, inferred=True))
    assert listener.wait(1) == []
    assert listener.play(update(leg("101", 9, "Connected", **TRUNK), 300, inferred=True)) == [
        "transferred 101"
    ]
    assert listener.wait(310) == []


def test_late_changes_do_not_revive_a_call(listener: Listener) -> None:
    listener.play(update(leg("100", 7, "Ringing", **TRUNK)), remove("100", 7, 3))
    assert listener.wait(5) == ["missed 100", "ended 100"]
    assert listener.play(update(leg("100", 7, "Connected", **TRUNK), 6)) == []
    # A leg that came after the end is not reported for as long as it is there.
    assert listener.play(update(leg("101", 8, "Ringing", **TRUNK), 6)) == []
    assert listener.play(update(leg("101", 8, "Connected", **TRUNK), 600)) == []
    assert listener.play(remove("101", 8, 601)) == []
    assert listener.wait(700) == []


def test_a_call_number_is_used_again_days_later(listener: Listener) -> None:
    listener.play(update(leg("100", 7, "Ringing", **TRUNK)), remove("100", 7, 3))
    listener.wait(5)
    days = 3 * 86_400
    again = update(leg("100", 7, "Ringing", **TRUNK), days)
    assert listener.play(again) == ["started 100", "ringing 100"]


def test_the_number_is_used_again_without_advance(listener: Listener) -> None:
    listener.play(update(leg("100", 7, "Ringing", **TRUNK)), remove("100", 7, 3))
    done = listener.play(update(leg("100", 8, "Ringing", **TRUNK), 2 * 86_400))
    assert done == ["missed 100", "ended 100", "started 100", "ringing 100"]


def test_a_removal_before_the_state(listener: Listener) -> None:
    assert listener.play(remove("100", 7)) == []
    done = listener.play(update(leg("100", 7, "Ringing", **TRUNK), 0.1))
    assert done == ["started 100", "ringing 100"]
    assert listener.wait(2.2) == ["missed 100", "ended 100"]


def test_an_answer_that_is_learnt_after_the_removal(listener: Listener) -> None:
    listener.play(update(leg("100", 7, "Ringing", **TRUNK)), remove("100", 7, 3))
    assert listener.play(update(leg("100", 7, "Connected", **TRUNK), 3.1)) == ["answered 100"]
    assert listener.wait(5) == ["ended 100"]


def test_an_inferred_removal_can_be_wrong(listener: Listener) -> None:
    listener.play(update(leg("100", 7, "Ringing", **TRUNK)), remove("100", 7, 3, inferred=True))
    assert listener.play(update(leg("100", 7, "Ringing", **TRUNK), 3.5)) == []
    assert listener.wait(10) == []
    assert listener.play(update(leg("100", 7, "Connected", **TRUNK), 11)) == ["answered 100"]


@pytest.mark.parametrize("grace", [0.0, 10.0])
def test_the_grace_is_an_option(grace: float) -> None:
    listener = Listener(grace=grace)
    listener.play(update(leg("100", 7, "Ringing", **TRUNK)), remove("100", 7, 3))
    assert listener.tracker.next_deadline == at(3 + grace)
    assert listener.wait(3 + grace) == ["missed 100", "ended 100"]


def test_a_clock_that_is_set_back_ends_calls_in_time(listener: Listener) -> None:
    listener.play(update(leg("100", 7, "Ringing", **TRUNK), 7200), remove("100", 7, 7201))
    # Without a change, an earlier time means that later changes may be missing.
    assert listener.wait(1) == []
    assert listener.tracker.next_deadline == at(7203)
    listener.play(update(leg("102", 8, "Ringing", 2, **TRUNK), 1))
    assert listener.tracker.next_deadline == at(3)
    assert listener.wait(3) == ["missed 100", "ended 100"]


def test_unknown_states_and_legs_without_a_call(listener: Listener) -> None:
    assert listener.play(update(leg("100", 7, "Ringing", 0, **TRUNK))) == []
    assert listener.play(update(leg("100", 8, "Parked", 2))) == ["started 100"]
    assert listener.events[-1].direction == "unknown"
    listener.play(remove("100", 8, 1))
    assert listener.wait(3) == ["ended 100"]


def test_memory_does_not_grow_with_the_number_of_calls(listener: Listener) -> None:
    largest = 0
    for number in range(1, 3001):
        listener.play(
            update(leg("100", number, "Ringing", number, **TRUNK), number),
            remove("100", number, number + 0.5),
        )
        listener.wait(number + 0.5)
        largest = max(largest, listener.tracker.size)
    listener.wait(3002.5)
    assert len(listener.events) == 4 * 3000
    # A call and a leg of each second of the last minute.
    assert largest < 200


def test_removals_that_never_come_do_not_fill_memory(
    listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("threecx_node.callcontrol.calls._MOST_CALLS", 10)
    for number in range(1, 101):
        listener.play(update(leg("100", number, "Ringing", number, **TRUNK), number / 100))
    assert listener.tracker.size < 100
    ended = [event for event in listener.events if event.type == "call.ended"]
    assert len(ended) == 90
    assert all(event.inferred for event in ended)
    assert listener.tracker.advance(at(1) + timedelta(days=2)) == []
