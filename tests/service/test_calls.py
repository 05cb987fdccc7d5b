"""Operations on live calls through the service: waits for a call, and each action with the handle of an item."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from tests.service.conftest import NDJSON, pbx_of
from threecx_node.simulator import Simulator


def execute(
    service: httpx.Client, simulator: Simulator, operation: str, item: Any = None, **parameters: Any
) -> Any:
    body = {
        "operation": operation,
        "items": [{"json": item or {}, "parameters": parameters}],
        "options": {"continueOnFail": True},
        "pbx": pbx_of(simulator),
    }
    response = service.post("/v1/execute", json=body)
    assert response.status_code == 200, response.text
    return response.json()["results"][0]


def read(*arguments: Any, **parameters: Any) -> Any:
    [item] = execute(*arguments, **parameters)["items"]
    return item["json"]


@pytest.mark.parametrize(
    ("goal", "statuses"),
    [("ringing", ["Dialing", "Connected"]), ("answered", ["Connected"]), ("ended", ["Ended"])],
)
def test_the_service_waits_for_a_call(service: httpx.Client, goal: str, statuses: list[str]) -> None:
    with Simulator(answer_after=0.1, hang_up_after=1) as pbx:
        made = read(service, pbx, "PlaceCall", dn="100", destination="115", waitFor=goal)
    assert (made["finalStatus"], made["reason"]) == ("success", "None")
    assert made["status"] in statuses
    assert made["call"]["participantId"] == made["participantId"]


def test_a_wait_that_is_over_is_a_result(service: httpx.Client, simulator: Simulator) -> None:
    given = {"dn": "100", "destination": "115", "waitFor": "answered", "waitTimeout": 0.1}
    made = read(service, simulator, "PlaceCall", **given)
    assert (made["status"], made["finalStatus"], made["reason"]) == ("Dialing", "success", "WaitTimeout")
    simulator.calls.refuse_calls("120")
    busy = read(service, simulator, "PlaceCall", dn="109", destination="120", waitFor="ended")
    assert (busy["status"], busy["reason"]) == ("Ended", "PhoneBusy")


def test_ndjson_has_the_result_of_a_wait(service: httpx.Client) -> None:
    with Simulator(answer_after=0.1) as pbx:
        given = {"dn": "100", "destination": "115", "waitFor": "answered"}
        body = {"operation": "PlaceCall", "items": [{"parameters": given}], "pbx": pbx_of(pbx)}
        text = service.post("/v1/execute", json=body, headers=NDJSON).text
    # An empty line says that the connection is alive.
    result, last = (json.loads(each) for each in text.splitlines() if each)
    assert result["items"][0]["json"]["status"] == "Connected"
    assert last["done"] is True


def test_actions_take_the_handle_of_an_item(service: httpx.Client) -> None:
    with Simulator(manual_clock=True) as pbx:

        def act(operation: str, item: Any, **parameters: Any) -> Any:
            result = read(service, pbx, operation, item, **parameters)
            assert result["finalStatus"] == "success"
            return result

        made = read(service, pbx, "PlaceCall", dn="100", destination="115", waitFor="ringing")
        act("DivertParticipant", read(service, pbx, "ListParticipant", dn="115"), destination="104")
        pbx.calls.clock.advance(2)
        ringing = read(service, pbx, "ListParticipant", dn="104")
        assert act("AnswerParticipant", ringing)["status"] == "Connected"
        for operation in ("AttachParticipantData", "AttachPartyData"):
            act(operation, made, attachedData={"customer": "4711"})
        act("RouteParticipant", made, destination="106")
        act("TransferParticipant", made, destination="(030) 123 45")
        assert "alreadyGone" not in act("DropParticipant", ringing)
        assert act("DropParticipant", ringing)["alreadyGone"] is True


@pytest.mark.parametrize(
    ("operation", "given", "words"),
    [
        ("PlaceCall", {"dn": "9999", "destination": "101"}, "'9999'"),
        ("PlaceCall", {"dn": "100", "destination": "9999"}, "'9999'"),
        ("PlaceCall", {"dn": "100", "deviceId": "sip:x", "destination": "101"}, "'sip:x'"),
        ("PlaceCall", {"dn": "100", "destination": "Ada L"}, "destination"),
        ("PlaceCall", {"dn": "100", "destination": "115", "attachedData": {"a": "x" * 10_000}}, "8192"),
        ("PlaceCall", {"dn": "100", "destination": "115", "attachedData": "x"}, "attachedData"),
        ("AnswerParticipant", {"call": {"pbx": "other:5001", "dn": "1", "participantId": 1}}, "other:5001"),
        ("TransferParticipant", {"dn": "100", "participantId": 99, "destination": "101"}, "99"),
    ],
)
def test_bad_input_is_an_error_with_advice(
    service: httpx.Client, simulator: Simulator, operation: str, given: dict[str, Any], words: str
) -> None:
    error = execute(service, simulator, operation, **given)["error"]
    assert words in error["message"]
    assert error["description"]
    assert "outcome" not in error
