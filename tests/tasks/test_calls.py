"""Make Call, Transfer Call and Hang Up, on a simulator."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.tasks.support import do, plan, read, refuse, run_task
from threecx_node import Item
from threecx_node.simulator import Simulator, SimulatorConfig

MAKE, TRANSFER, HANG_UP = "MakeCallFromExtension", "TransferCall", "HangUpCall"


def call(pbx: Simulator, to: str = "101", **more: Any) -> dict[str, Any]:
    return do(pbx, MAKE, fromExtension="100", to=to, **more)


def test_a_call_is_made_transferred_and_ended(threecx_simulator: Simulator) -> None:
    pbx = threecx_simulator
    made = call(pbx, to="1 01", waitFor="ringing")
    assert (made["dn"], made["finalStatus"]) == ("100", "success")
    ringing = find_leg(pbx, "101", "Ringing")
    diverted = do(pbx, TRANSFER, call=ringing["call"], to="102")
    assert diverted["action"] == "diverted"
    [result] = run_task(pbx, HANG_UP, [Item(made)])
    assert result.items is not None
    assert result.items[0]["json"]["action"] == "ended"
    assert do(pbx, HANG_UP, call=made["call"])["action"] == "unchanged"


def find_leg(pbx: Simulator, dn: str, status: str) -> dict[str, Any]:
    """Return a participant of a DN; each of its phones has one."""
    return next(each for each in read(pbx, "ListParticipant", dn=dn) if each["status"] == status)


def test_an_extension_with_two_phones_asks_for_the_device(threecx_simulator: Simulator) -> None:
    error = refuse(threecx_simulator, MAKE, fromExtension="101", to="102")
    assert "device: 101 has 2 registered devices: sip:101@" in error


def test_a_connected_call_is_transferred(threecx_simulator: Simulator) -> None:
    pbx = threecx_simulator
    made = pbx.calls.inbound("+4930123456", to="101")
    made.answer("101")
    connected = find_leg(pbx, "101", "Connected")
    moved = do(pbx, TRANSFER, call=connected["call"], to="102")
    assert moved["action"] == "transferred"
    assert moved["callId"] == made.id


def test_a_dry_run_of_calls(threecx_simulator: Simulator) -> None:
    pbx = threecx_simulator
    [request] = plan(pbx, MAKE, fromExtension="100", to="101", waitFor="ended")
    assert request["url"].endswith("/callcontrol/100/devices/{deviceId}/makecall")
    assert request["body"] == {"destination": "101"}


@pytest.mark.parametrize(
    ("parameters", "says"),
    [
        ({"fromExtension": "100", "to": "Reception desk"}, "to: expected a number"),
        ({"fromExtension": "", "to": "101"}, "fromExtension is required, but it is empty"),
        ({"fromExtension": "100", "to": None}, "to is required, but it is null"),
        ({"fromExtension": "100", "to": "101", "waitFor": "anserwed"}, "Did you mean 'Answered'?"),
        ({"fromExtension": "100", "to": "101", "waitTimeout": "soon"}, "waitTimeout: expected a number"),
        ({"fromExtension": "4711", "to": "101"}, "4711"),
    ],
)
def test_bad_input(threecx_simulator: Simulator, parameters: dict[str, Any], says: str) -> None:
    assert says in refuse(threecx_simulator, MAKE, **parameters)


def test_a_call_that_is_not_there(threecx_simulator: Simulator) -> None:
    pbx = threecx_simulator
    gone = {"dn": "100", "participantId": 4711}
    assert "call: the call has ended" in refuse(pbx, TRANSFER, call=gone, to="101")
    assert "call is required, but the item has no call" in refuse(pbx, HANG_UP)
    other = {**gone, "pbx": "other.example"}
    assert "the call is on the PBX other.example" in refuse(pbx, HANG_UP, call=other)
    made = call(pbx)
    assert "100 is still calling" in refuse(pbx, TRANSFER, call=made["call"], to="102")


@pytest.mark.parametrize(
    ("dn", "options", "says"),
    [
        ("4711", {}, "The DN '4711' does not exist"),
        ("100", {"call_control": False}, "The Call Control API is turned off"),
    ],
)
def test_a_call_of_a_dn_that_cannot_be_read(
    threecx_simulator_factory: Callable[..., Simulator], dn: str, options: dict[str, Any], says: str
) -> None:
    """That is not a call that has ended."""
    pbx = threecx_simulator_factory(SimulatorConfig(**options))
    assert says in refuse(pbx, TRANSFER, call={"dn": dn, "participantId": 1}, to="101")
