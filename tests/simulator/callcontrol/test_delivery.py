"""`routeto` of the own route point: the response comes when the destination has answered, or will not."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest
from websockets.sync.client import ClientConnection

from threecx_node.simulator import Simulator

from .client import answer_call, list_events, receive_until

TIMEOUT = 20


@pytest.fixture
def path(pbx: Simulator, http: httpx.Client) -> str:
    """A connected participant of the own route point, which an extension has called."""
    call = pbx.calls.internal("104", "900")
    [own] = http.get("/900/participants").json()
    if own["status"] == "Ringing":
        http.post(f"/900/participants/{own['id']}/answer", json={}).raise_for_status()
    assert call.legs
    return f"/900/participants/{own['id']}"


@contextmanager
def routing(http: httpx.Client, path: str, to: str) -> Iterator[list[httpx.Response]]:
    """Send `routeto` and continue; at the end its response is there."""
    answers: list[httpx.Response] = []
    thread = threading.Thread(
        target=lambda: answers.append(http.post(f"{path}/routeto", json={"destination": to}))
    )
    thread.start()
    yield answers
    thread.join(TIMEOUT)
    assert answers


def wait_until_ringing(ws: ClientConnection, to: str) -> None:
    while not any(entity.startswith(f"/callcontrol/{to}/") for _, entity in list_events(ws)):
        pass


def test_it_succeeds_when_the_destination_has_answered(
    http: httpx.Client, ws: ClientConnection, path: str
) -> None:
    with routing(http, path, "101") as answers:
        wait_until_ringing(ws, "101")
        # The participant is still there, and nothing has been answered.
        assert http.get(path).status_code == 200
        assert answers == []
        answer_call(http, "101")
    assert (answers[0].status_code, answers[0].json()["finalstatus"]) == (200, "Success")
    assert http.get(path).status_code == 404
    assert http.post(f"{path}/drop", json={}).status_code == 404
    [caller] = http.get("/104/participants").json()
    assert (caller["status"], caller["party_dn"]) == ("Connected", "101")


def test_it_fails_when_the_destination_does_not_answer(
    pbx: Simulator, http: httpx.Client, ws: ClientConnection, path: str
) -> None:
    with routing(http, path, "101") as answers:
        wait_until_ringing(ws, "101")
        pbx.calls.clock.advance(60)
    assert (answers[0].status_code, answers[0].json()["finalstatus"]) == (424, "Failed")
    assert answers[0].json()["reason"] == "NoAnswer"
    assert http.get(path).json()["status"] == "Connected"


def test_dropping_the_participant_cancels_it(http: httpx.Client, ws: ClientConnection, path: str) -> None:
    with routing(http, path, "101") as answers:
        wait_until_ringing(ws, "101")
        assert http.post(f"{path}/drop", json={}).status_code == 200
    assert answers[0].status_code == 424
    assert http.get("/101/participants").json() == []


def test_other_requests_over_the_socket_go_on(http: httpx.Client, ws: ClientConnection, path: str) -> None:
    message = {
        "RequestID": "route",
        "Path": f"/callcontrol{path}/routeto",
        "RequestData": {"Destination": "101"},
    }
    ws.send(json.dumps(message))
    wait_until_ringing(ws, "101")
    answer_call(http, "101")
    assert receive_until(ws, "route")[-1][2]["StatusCode"] == 200
