"""The WebSocket: authorization, events, requests, and its end."""

from __future__ import annotations

import json
from collections.abc import Callable

import httpx
import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import ClientConnection
from websockets.sync.client import connect as connect_to

from threecx_node.simulator import Simulator
from threecx_node.simulator.callcontrol import session, sockets

from .client import (
    TIMEOUT,
    answer_call,
    find_participant,
    list_events,
    make_call,
    open_socket,
    receive,
    receive_close_code,
    receive_event,
    request,
)

# A value with more levels than can be written again.
DEEP = '{"a":' * 300 + "1" + "}" * 300


@pytest.mark.parametrize("authorization", [None, "", "Bearer ", "Bearer nonsense", "Basic OTAwOng="])
def test_bad_authorization_closes_with_4401(pbx: Simulator, authorization: str | None) -> None:
    # A token in the query does not count.
    with open_socket(pbx, authorization, f"?access_token={pbx.token()}") as ws:
        assert receive_close_code(ws) == 4401


def test_events_of_a_call_in_order(http: httpx.Client, ws: ClientConnection) -> None:
    caller = make_call(http, "101", "102")
    called = find_participant(http, "102")
    http.post(f"/101/participants/{caller['id']}/drop", json={})
    events = list_events(ws)
    for dn, participant in (("101", caller), ("102", called)):
        path = f"/callcontrol/{dn}/participants/{participant['id']}"
        assert [kind for kind, entity in events if entity == path] == [0, 1]
    assert events[0] == (0, f"/callcontrol/101/participants/{caller['id']}")


def test_the_sequence_counts_per_connection(
    http: httpx.Client, connect: Callable[[], ClientConnection]
) -> None:
    first = connect()
    request(first, "/callcontrol/900")
    second = connect()
    make_call(http, "101", "102")
    assert receive(first)["sequence"] == 2
    message = receive(second)
    assert message["sequence"] == 1
    assert set(message) == {"sequence", "event"}
    assert set(message["event"]) == {"event_type", "entity", "attached_data"}
    assert receive(second)["sequence"] == 2


def test_requests_over_the_socket(http: httpx.Client, ws: ClientConnection) -> None:
    response = request(ws, "/callcontrol")
    assert response == {
        "RequestID": "one",
        "Path": "/callcontrol",
        "StatusCode": 200,
        "Response": http.get("").json(),
    }
    made = request(ws, "/callcontrol/101/makecall", {"Destination": "102", "Timeout": 20})
    assert (made["StatusCode"], made["Response"]["finalstatus"]) == (202, "Success")
    path = f"/callcontrol/101/participants/{made['Response']['result']['id']}"
    assert request(ws, path)["Response"] == made["Response"]["result"]
    # An action without data is one with no fields.
    assert request(ws, f"{path}/drop")["StatusCode"] == 200
    assert request(ws, path)["StatusCode"] == 404


def test_a_snapshot_is_in_order_with_the_events(http: httpx.Client, ws: ClientConnection) -> None:
    caller = make_call(http, "101", "102")
    ws.send(json.dumps({"RequestID": "snapshot", "Path": "/callcontrol/101/participants"}))
    assert receive_event(ws)[:2] == (0, f"/callcontrol/101/participants/{caller['id']}")
    while (event := receive_event(ws))[0] != 4:
        pass
    assert [each["id"] for each in event[2]["Response"]] == [caller["id"]]


@pytest.mark.parametrize(
    ("message", "status"),
    [
        ("nonsense", 400),
        ("[]", 400),
        ("{}", 400),
        ('{"Path": 7}', 400),
        ('{"RequestID": {"a": 1}, "Path": "/callcontrol"}', 400),
        ('{"Path": "/xapi/v1/Users"}', 404),
        ('{"Path": "callcontrol/ws"}', 404),
        ('{"Path": "/callcontrol/101/participants/1/stream"}', 404),
        ('{"Path": "/callcontrol/101/makecall", "RequestData": "102"}', 400),
        ('{"Path": "/callcontrol/101/makecall", "RequestData": {"AttachedData": ' + DEEP + "}}", 400),
        ('{"Path": "/callcontrol/101/makecall", "RequestData": {"Destination": ""}}', 422),
        ('{"Path": "/callcontrol/10001"}', 403),
        ('{"Path": "/callcontrol/unknown"}', 404),
    ],
)
def test_bad_requests_over_the_socket(ws: ClientConnection, message: str, status: int) -> None:
    ws.send(message)
    kind, _, data = receive_event(ws)
    assert (kind, data["StatusCode"]) == (4, status)
    assert request(ws, "/callcontrol/900")["StatusCode"] == 200


def test_bytes_are_read_as_text(ws: ClientConnection) -> None:
    ws.send(b'{"RequestID": "b", "Path": "/callcontrol/900"}')
    assert receive_event(ws)[2]["StatusCode"] == 200
    ws.send(b"\xff\xfe")
    assert receive_event(ws)[2]["StatusCode"] == 400


def test_a_large_message_closes_the_socket(ws: ClientConnection) -> None:
    ws.send("x" * 100_000)
    assert receive_close_code(ws) == 1009


def test_a_large_response_is_refused(ws: ClientConnection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sockets, "MAX_RESPONSE", 1000)
    assert request(ws, "/callcontrol")["StatusCode"] == 413
    assert request(ws, "/callcontrol/900")["StatusCode"] == 200


def test_pings_are_answered(ws: ClientConnection) -> None:
    assert ws.ping().wait(TIMEOUT)


def test_a_second_login_ends_the_socket_of_the_first(
    pbx: Simulator, http: httpx.Client, ws: ClientConnection
) -> None:
    form = {
        "grant_type": "client_credentials",
        "client_id": pbx.client_id,
        "client_secret": pbx.client_secret,
    }
    # 3CX's example programs send the form in parts.
    parts = {name: (None, value) for name, value in form.items()}
    token = httpx.post(f"{pbx.base_url}/connect/token", files=parts).json()["access_token"]
    assert receive_close_code(ws) == 4401
    assert http.get("").status_code == 401
    with open_socket(pbx, f"Bearer {token}") as second:
        assert request(second, "/callcontrol/900")["StatusCode"] == 200


def test_one_token_may_have_several_sockets(
    connect: Callable[[], ClientConnection], http: httpx.Client
) -> None:
    first, second = connect(), connect()
    make_call(http, "101", "102")
    assert list_events(first) == list_events(second)


def test_other_paths_have_no_websocket(pbx: Simulator, http: httpx.Client) -> None:
    headers = {"Authorization": http.headers["Authorization"]}
    with (
        pytest.raises(InvalidStatus, match="404"),
        connect_to(f"ws://127.0.0.1:{pbx.ports[0]}/xapi/v1/Users", additional_headers=headers),
    ):
        pass


def test_dtmf_is_for_the_own_dn(http: httpx.Client, ws: ClientConnection, pbx: Simulator) -> None:
    own = make_call(http, "900", "101")
    called = answer_call(http, "101")
    pbx.calls.get_handle(called["callid"]).press("12#", "101")
    events = [each for each in list_events(ws) if each[0] == 2]
    assert events == [(2, f"/callcontrol/900/participants/{own['id']}")]
    sent = [each.json()["event"] for each in pbx.socket_messages if each.direction == "sent"]
    assert [each["attached_data"] for each in sent if each["event_type"] == 2] == [{"dtmf_input": "12#"}]


def test_a_client_that_does_not_read_is_cut_off(
    http: httpx.Client, ws: ClientConnection, pbx: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session, "MAX_WAITING", 3)
    # The messages wait, because the connection is frozen.
    pbx.sockets.freeze()
    for _ in range(2):
        participant = make_call(http, "101", "102")
        http.post(f"/101/participants/{participant['id']}/drop", json={})
    assert receive_close_code(ws) is None


def test_messages_are_recorded(ws: ClientConnection, pbx: Simulator) -> None:
    pbx.forget_requests()
    request(ws, "/callcontrol/900")
    received, sent = pbx.socket_messages
    assert (received.direction, received.client_id) == ("received", "900")
    assert received.json() == {"RequestID": "one", "Path": "/callcontrol/900"}
    assert sent.direction == "sent"
    assert sent.json()["event"]["event_type"] == 4
