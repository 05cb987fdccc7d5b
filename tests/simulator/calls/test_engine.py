"""Calls between extensions: who rings, who answers, what listeners hear."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.simulator.calls.support import ring
from threecx_node.simulator import Simulator
from threecx_node.simulator.calls.engine import CallEngine
from threecx_node.simulator.calls.models import CallError, Change


def test_a_call_is_made_answered_and_dropped(calls: CallEngine, changes: list[Change]) -> None:
    outcome = calls.make_call("103", "104")
    assert (outcome.final_status, outcome.reason) == ("success", "None")
    caller, callee = calls.participants("103")[0], calls.participants("104")[0]
    assert (caller.status, caller.party_dn, caller.party_caller_name) == ("Dialing", "104", "Dmitri Volkov")
    assert (callee.status, callee.party_dn, callee.party_dn_type) == ("Ringing", "103", "Wextension")
    assert caller.call_id == callee.call_id
    calls.act("104", callee.id, "answer")
    assert (caller.status, callee.status) == ("Connected", "Connected")
    calls.act("103", caller.id, "drop")
    assert not calls.participants("103") + calls.participants("104")
    assert not calls.calls()
    assert [(each.kind, each.dn) for each in changes] == [
        ("upsert", "103"),
        ("upsert", "104"),
        ("upsert", "104"),
        ("upsert", "103"),
        ("remove", "103"),
        ("remove", "104"),
        ("call_ended", ""),
    ]


def test_the_phone_that_does_not_answer_stops_ringing(calls: CallEngine) -> None:
    calls.make_call("103", "101")
    phone, app = calls.participants("101")
    assert phone.device_id != app.device_id
    with pytest.raises(CallError) as refused:
        calls.act("101", phone.id, "answer")
    assert refused.value.status == 422
    calls.act("101", app.id, "answer")
    assert calls.participants("101") == [app]


def test_an_error_in_a_listener_does_not_harm_the_call(
    calls: CallEngine, changes: list[Change], caplog: pytest.LogCaptureFixture
) -> None:
    def fail(change: Change) -> None:
        raise RuntimeError(change.kind)

    remove = calls.add_listener(fail)
    calls.make_call("103", "104")
    remove()
    assert [each.kind for each in changes] == ["upsert", "upsert"]
    assert "a listener failed on the change upsert of 104" in caplog.text


def test_ids_go_on_after_a_restart(tmp_path: Path) -> None:
    calls, legs = [], []
    for _ in range(2):
        with Simulator(data=tmp_path / "office.sqlite", manual_clock=True) as pbx:
            call = pbx.calls.internal("103", "104")
            calls.append(call.id)
            legs += [leg.id for leg in call.legs]
    assert (len(set(calls)), len(set(legs))) == (2, 4)


def test_no_answer_ends_the_call(calls: CallEngine) -> None:
    calls.make_call("103", "104", timeout=7)
    calls.clock.advance(6.9)
    assert ring(calls, "104")
    calls.clock.advance(0.1)
    assert calls.calls() == []
    assert [call.reason for call in calls.list_finished()][-1] == "NoAnswer"


def test_destinations_that_cannot_ring_are_outcomes(calls: CallEngine) -> None:
    assert calls.make_call("103", "105").reason == "PhoneNotRegistered"
    assert calls.make_call("105", "103").reason == "PhoneNotRegistered"
    calls.make_call("104", "106")
    calls.act("106", ring(calls, "106").id, "answer")
    busy = calls.make_call("103", "106")
    assert (busy.final_status, busy.reason) == ("rejected", "PhoneBusy")


@pytest.mark.parametrize(
    ("dn", "destination", "device", "status"),
    [
        ("799", "101", None, 404),
        ("103", "799", None, 424),
        ("103", "101", "sip:x", 404),
        ("103", "", None, 424),
    ],
)
def test_calls_that_are_refused(
    calls: CallEngine, dn: str, destination: str, device: str | None, status: int
) -> None:
    with pytest.raises(CallError) as refused:
        calls.make_call(dn, destination, device_id=device)
    assert refused.value.status == status


def test_a_device_that_registers_again_has_another_id(calls: CallEngine) -> None:
    (old,) = calls.devices("103")
    new = calls.reregister(old.device_id)
    assert calls.devices("103") == [new]
    for device_id, status in ((old.device_id, 404), (new.device_id, 424)):
        if status == 424:
            calls.unregister(device_id)
        with pytest.raises(CallError) as refused:
            calls.make_call("103", "104", device_id=device_id)
        assert refused.value.status == status
