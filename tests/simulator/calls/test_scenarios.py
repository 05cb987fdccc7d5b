"""Every scenario, by hand and by the clock: who takes part, and what the call leaves behind."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from threecx_node.simulator.calls.engine import SCENARIOS, CallEngine
from threecx_node.simulator.calls.handle import CallHandle
from threecx_node.simulator.calls.models import CallError, Change

NUMBER = "+43512555010"
PAIR = {"caller": "103", "callee": "104"}
QUEUE = {"number": NUMBER, "queue": "801"}
TARGET = {"number": NUMBER, "to": "103", "target": "104"}
# Arguments, whether a person answered, why it ended, and the destinations of its segments with their reasons.
CASES: dict[str, tuple[dict[str, str | int], bool, str, list[tuple[str, str]]]] = {
    "internal": ({**PAIR}, True, "HungUp", [("104", "HungUp")]),
    "outbound": ({"caller": "103", "number": "+4930123456"}, True, "HungUp", [("+4930123456", "HungUp")]),
    "inbound": ({"number": NUMBER, "did": "+35725555100"}, True, "HungUp", [
        ("820", "Routed"), ("801", "Routed"), ("101", "HungUp"), ("102", "AnsweredElsewhere"),
    ]),
    "ring_group": ({"number": NUMBER, "group": "810"}, True, "HungUp", [
        ("114", "HungUp"), ("115", "AnsweredElsewhere"),
    ]),
    "queue": ({**QUEUE, "waves": 2}, True, "HungUp", [
        ("801", "Routed"), ("101", "NoAnswer"), ("102", "NoAnswer"), ("101", "HungUp"), ("102", "AnsweredElsewhere"),
    ]),
    "abandoned": ({**QUEUE}, False, "Abandoned", [
        ("801", "Abandoned"), ("101", "Abandoned"), ("102", "Abandoned"),
    ]),
    "receptionist": ({"number": NUMBER, "menu": "820", "keys": "1"}, True, "HungUp", [
        ("820", "Routed"), ("801", "Routed"), ("101", "HungUp"), ("102", "AnsweredElsewhere"),
    ]),
    "voicemail": ({"number": NUMBER, "to": "103"}, False, "HungUp", [("103", "Diverted"), ("*4", "HungUp")]),
    "transfer": ({**TARGET}, True, "HungUp", [("103", "Transferred"), ("104", "HungUp")]),
    "attended_transfer": ({**TARGET}, True, "HungUp", [("103", "Transferred"), ("104", "HungUp")]),
    "divert": ({**TARGET}, True, "HungUp", [("103", "Diverted"), ("104", "HungUp")]),
    "busy": ({**PAIR}, False, "PhoneBusy", [("104", "PhoneBusy")]),
    "no_answer": ({**PAIR}, False, "NoAnswer", [("104", "NoAnswer")]),
    "two_devices": ({"caller": "103", "callee": "106"}, True, "HungUp", [("106", "HungUp")]),
}  # fmt: skip


def run_by_hand(_calls: CallEngine, handle: CallHandle) -> None:
    while handle.step():
        pass


def run_by_clock(calls: CallEngine, handle: CallHandle) -> None:
    handle.play()
    calls.clock.advance(300)
    assert handle.skipped == []


def test_all_scenarios_are_here() -> None:
    assert tuple(CASES) == SCENARIOS


@pytest.mark.parametrize("run", [run_by_hand, run_by_clock])
@pytest.mark.parametrize("name", SCENARIOS)
def test_scenario(calls: CallEngine, changes: list[Change], name: str, run: Callable[..., object]) -> None:
    arguments, answered, reason, segments = CASES[name]
    handle = calls.begin(name, arguments)
    run(calls, handle)
    call = handle.call
    assert (call.answered is not None, call.reason) == (answered, reason)
    assert [(each.destination.number, each.reason) for each in call.segments] == segments
    assert all(each.ended is not None for each in call.segments)
    assert handle.is_ended
    assert not calls.calls()
    upserts = {each.participant_id for each in changes if each.kind == "upsert"}
    removed = [each.participant_id for each in changes if each.kind == "remove"]
    assert sorted(upserts) == sorted(removed)
    ended = [each.data.id for each in changes if each.kind == "call_ended"]
    assert call.id in ended
    assert len(set(ended)) == len(ended)


def test_members_of_a_group_ring_for_one_call(calls: CallEngine) -> None:
    handle = calls.ring_group(NUMBER, "810")
    first, second = calls.participants("114")[0], calls.participants("115")[0]
    assert first.call_id == second.call_id == handle.id
    assert (first.on_behalf_of_dn, first.on_behalf_of_type) == ("810", "Wringgroup")
    assert (first.party_caller_id, first.party_caller_name) == (NUMBER, "Greta Moser")
    assert (first.originated_by_dn, first.originated_by_type) == ("10000", "Wexternalline")
    handle.answer("115")
    assert not calls.participants("114")


def test_a_did_is_shown(calls: CallEngine) -> None:
    handle = calls.inbound(NUMBER, did="+35725555100")
    assert calls.participants("820")[0].party_did == "+35725555100"
    handle.press("2")
    assert {leg.on_behalf_of_dn for leg in calls.participants("107")} == {"800"}
    assert (handle.call.did, handle.call.external_number) == ("+35725555100", NUMBER)


def test_an_agent_in_a_call_is_not_rung(calls: CallEngine) -> None:
    calls.internal("101", "104").answer()
    calls.queue(NUMBER, "801")
    assert [leg.status for leg in calls.participants("101")] == ["Connected"]
    assert calls.participants("102")


def test_a_queue_gives_up_after_its_longest_wait(calls: CallEngine) -> None:
    handle = calls.queue(NUMBER, "801")
    calls.clock.advance(1801)
    assert handle.call.reason == "NoAnswer"
    assert len(handle.call.segments) > 100


def test_keys_are_heard(calls: CallEngine, changes: list[Change]) -> None:
    handle = calls.inbound(NUMBER, to="900")
    handle.answer("900")
    handle.press("12#")
    leg = calls.participants("900")[0]
    (heard,) = [each for each in changes if each.kind == "dtmf"]
    assert (heard.dn, heard.participant_id, heard.data) == ("900", leg.id, "12#")
    with pytest.raises(CallError):
        handle.press("1x")


def test_a_menu_ends_the_call_without_keys(calls: CallEngine) -> None:
    handle = calls.inbound(NUMBER, to="820")
    handle.press("9")
    assert not handle.is_ended
    calls.clock.advance(10)
    assert handle.call.reason == "NoAnswer"


def test_a_refusing_extension_is_busy(calls: CallEngine) -> None:
    calls.refuse_calls("104")
    assert calls.internal("103", "104").call.reason == "PhoneBusy"
    calls.refuse_calls("104", refuse=False)
    assert not calls.internal("103", "104").is_ended


def test_what_is_not_possible_now(calls: CallEngine) -> None:
    handle = calls.internal("103", "104")
    for action in (handle.complete_transfer, lambda: handle.answer("107"), lambda: handle.press("1")):
        with pytest.raises(CallError) as refused:
            action()
        assert refused.value.status == 422
    handle.hang_up()
    with pytest.raises(CallError, match="has ended"):
        handle.answer()


def test_the_pbx_calls_an_extension(calls: CallEngine) -> None:
    call = calls.system_call("103")
    calls.get_handle(call.id).answer("103")
    assert calls.participants("103")[0].party_caller_name == "PBX"
    calls.end(call.id)
    assert call.ended is not None
