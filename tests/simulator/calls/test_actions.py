"""The actions on a participant, with the states in which each is allowed."""

from __future__ import annotations

import pytest

from tests.simulator.calls.support import refuse, ring
from threecx_node.simulator.calls.engine import CallEngine
from threecx_node.simulator.calls.models import Change, Leg

NUMBER = "+43512555010"


@pytest.fixture
def ringing(calls: CallEngine) -> Leg:
    """A leg of 103 that rings for a call from outside."""
    calls.inbound(NUMBER, to="103")
    return ring(calls, "103")


@pytest.fixture
def connected(calls: CallEngine, ringing: Leg) -> Leg:
    """The same leg, answered."""
    calls.act("103", ringing.id, "answer")
    return ringing


def dns(calls: CallEngine) -> list[tuple[str, str]]:
    """Return DN and status of all participants of the only call."""
    (call,) = calls.calls()
    return [(leg.dn, leg.status) for leg in call.legs.values()]


def test_states(calls: CallEngine, ringing: Leg) -> None:
    trunk = calls.participants("10000")[0]
    assert trunk.status == "Dialing"
    for action in ("answer", "divert", "routeto", "transferto"):
        assert refuse(calls, "10000", trunk.id, action, destination="104") == 422
    assert refuse(calls, "103", ringing.id, "transferto", destination="104") == 422
    calls.act("103", ringing.id, "answer")
    assert refuse(calls, "103", ringing.id, "answer") == 422
    assert refuse(calls, "103", ringing.id, "divert", destination="104") == 422


@pytest.mark.parametrize(
    ("destination", "reason", "status"),
    [
        ("", "", 422),
        ("103", "", 422),
        ("799", "", 424),
        ("GRP0001", "", 424),
        ("10000", "", 200),
        ("104", "Whim", 422),
        ("not a number", "", 424),
        ("104\n", "", 424),
        ("*4799", "", 424),
    ],
)
def test_destinations(calls: CallEngine, ringing: Leg, destination: str, reason: str, status: int) -> None:
    if status == 200:
        calls.act("103", ringing.id, "divert", destination=destination, reason=reason)
    else:
        assert refuse(calls, "103", ringing.id, "divert", destination=destination, reason=reason) == status
        assert ring(calls, "103") is ringing


def test_whose_participant(calls: CallEngine, ringing: Leg) -> None:
    assert refuse(calls, "104", ringing.id, "drop") == 403
    assert refuse(calls, "799", ringing.id, "drop") == 404
    assert refuse(calls, "103", 1, "drop") == 404
    assert refuse(calls, "103", ringing.id, "hold") == 404
    calls.act("103", ringing.id, "drop")
    assert refuse(calls, "103", ringing.id, "drop") == 404


def test_divert_removes_the_leg_before_the_next_rings(
    calls: CallEngine, ringing: Leg, changes: list[Change]
) -> None:
    calls.act("103", ringing.id, "divert", destination="104")
    assert dns(calls) == [("10000", "Dialing")]
    calls.clock.advance(1)
    diverted = ring(calls, "104")
    assert (diverted.referred_by_dn, diverted.referred_by_type) == ("103", "Wextension")
    assert diverted.party_dn_type == "Wexternalline"
    assert [(each.kind, each.dn) for each in changes] == [("remove", "103"), ("upsert", "104")]


def test_transfer_comes_back_when_it_fails(calls: CallEngine, connected: Leg) -> None:
    calls.act("103", connected.id, "transferto", destination="104")
    assert dns(calls) == [("10000", "Connected")]
    calls.clock.advance(1)
    assert ring(calls, "104").referred_by_dn == "103"
    calls.clock.advance(25)
    returned = ring(calls, "103")
    assert returned.id != connected.id
    calls.act("103", returned.id, "answer")
    assert dns(calls) == [("10000", "Connected"), ("103", "Connected")]


def test_transfer_succeeds(calls: CallEngine, connected: Leg) -> None:
    calls.act("103", connected.id, "transferto", destination="104")
    calls.clock.advance(1)
    calls.act("104", ring(calls, "104").id, "answer")
    assert dns(calls) == [("10000", "Connected"), ("104", "Connected")]
    assert calls.participants("10000")[0].party_dn == "104"


def test_routeto_while_ringing(calls: CallEngine, ringing: Leg) -> None:
    calls.act("103", ringing.id, "routeto", destination="104")
    assert dns(calls) == [("10000", "Dialing"), ("103", "Ringing"), ("104", "Ringing")]
    calls.act("104", ring(calls, "104").id, "answer")
    assert dns(calls) == [("10000", "Connected"), ("104", "Connected")]


def test_routeto_fails_and_the_participant_stays(calls: CallEngine, ringing: Leg) -> None:
    calls.act("103", ringing.id, "routeto", destination="104", timeout=5)
    calls.clock.advance(19)
    assert dns(calls) == [("10000", "Dialing"), ("103", "Ringing")]
    calls.act("103", ringing.id, "answer")
    assert dns(calls) == [("10000", "Connected"), ("103", "Connected")]


def test_routeto_while_connected(calls: CallEngine, connected: Leg) -> None:
    calls.act("103", connected.id, "routeto", destination="104")
    assert dns(calls) == [("10000", "Connected"), ("103", "Connected"), ("104", "Ringing")]
    calls.act("104", ring(calls, "104").id, "answer")
    assert dns(calls) == [("10000", "Connected"), ("104", "Connected")]


@pytest.mark.parametrize("state", ["Ringing", "Connected"])
def test_dropping_cancels_a_route(calls: CallEngine, ringing: Leg, state: str) -> None:
    if state == "Connected":
        calls.act("103", ringing.id, "answer")
    calls.act("103", ringing.id, "routeto", destination="104")
    calls.act("103", ringing.id, "drop")
    assert not calls.calls()
    assert not calls.participants("104")


def test_a_later_route_replaces_an_earlier_one(calls: CallEngine, ringing: Leg) -> None:
    calls.act("103", ringing.id, "routeto", destination="104")
    calls.act("103", ringing.id, "routeto", destination="107")
    assert dns(calls) == [("10000", "Dialing"), ("103", "Ringing"), ("107", "Ringing")]


def test_attach_data(calls: CallEngine, ringing: Leg, changes: list[Change]) -> None:
    calls.act("103", ringing.id, "attach_participant_data", attached_data={"case": "7"})
    calls.act("103", ringing.id, "attach_party_data", attached_data={"vip": "yes"})
    assert (ringing.data, ringing.party_data) == ({"case": "7"}, {"vip": "yes"})
    assert ringing.call.attached_data == {"case": "7", "vip": "yes"}
    assert [each.kind for each in changes] == ["upsert", "upsert"]
    assert refuse(calls, "103", ringing.id, "attach_party_data") == 422


def test_the_route_point_of_a_program_is_answered_by_it(calls: CallEngine) -> None:
    calls.inbound(NUMBER, to="900")
    leg = ring(calls, "900")
    assert leg.direct_control
    assert refuse(calls, "900", leg.id, "answer", own_dn="901") == 403
    calls.act("900", leg.id, "answer", own_dn="900")
    assert dns(calls) == [("10000", "Connected"), ("900", "Connected")]


def test_a_person_answers_at_any_phone(calls: CallEngine) -> None:
    calls.inbound(NUMBER, to="101")
    phone = calls.participants("101")[0]
    assert not phone.direct_control
    assert refuse(calls, "101", phone.id, "answer") == 422
    assert calls.pick_up("101", phone.id).final_status == "success"
    assert calls.participants("101") == [phone]
