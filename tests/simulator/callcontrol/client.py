"""Open WebSockets, and read and write their messages."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

import httpx
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from threecx_node.simulator import Simulator

# Seconds after which a test that waits for a message fails.
TIMEOUT = 20


def open_socket(pbx: Simulator, authorization: str | None, query: str = "") -> ClientConnection:
    headers = {} if authorization is None else {"Authorization": authorization}
    url = f"{pbx.base_url.replace('http', 'ws', 1)}/callcontrol/ws{query}"
    return connect(url, additional_headers=headers, compression=None, open_timeout=TIMEOUT)


def receive(ws: ClientConnection) -> dict[str, Any]:
    message: dict[str, Any] = json.loads(ws.recv(timeout=TIMEOUT))
    return message


def receive_event(ws: ClientConnection) -> tuple[int, str, Any]:
    """Return type, entity and attached data of the next event."""
    event = receive(ws)["event"]
    return event["event_type"], event["entity"], event["attached_data"]


def receive_until(ws: ClientConnection, request_id: str) -> list[tuple[int, str, Any]]:
    """Return the events until the response to a request, which is the last."""
    events = [receive_event(ws)]
    while events[-1][0] != 4 or events[-1][2]["RequestID"] != request_id:
        events.append(receive_event(ws))
    return events


def list_events(ws: ClientConnection, path: str = "/callcontrol/900") -> list[tuple[int, str]]:
    """Return type and entity of all events until the response to a request of this path."""
    ws.send(json.dumps({"RequestID": "until now", "Path": path}))
    return [(kind, entity) for kind, entity, _ in receive_until(ws, "until now")[:-1]]


def request(ws: ClientConnection, path: str, data: Any = None) -> dict[str, Any]:
    """Send a request and return its response; events before it are dropped."""
    message = {"RequestID": "one", "Path": path}
    ws.send(json.dumps(message if data is None else {**message, "RequestData": data}))
    response: dict[str, Any] = receive_until(ws, "one")[-1][2]
    return response


def receive_close_code(ws: ClientConnection) -> int | None:
    """Return the code with which the server closes, None if it only cuts the connection."""
    try:
        while True:
            ws.recv(timeout=TIMEOUT)
    except ConnectionClosed as error:
        return error.rcvd.code if error.rcvd is not None else None


def make_call(http: httpx.Client, dn: str, destination: str) -> dict[str, Any]:
    """Make a call from the first device of a DN, and return the caller's participant."""
    device = http.get(f"/{dn}/devices").json()[0]["device_id"]
    path = f"/{dn}/devices/{quote(device, safe='')}/makecall"
    answer = http.post(path, json={"destination": destination})
    assert answer.status_code == 202, answer.text
    participant: dict[str, Any] = answer.json()["result"]
    return participant


def find_participant(http: httpx.Client, dn: str) -> dict[str, Any]:
    """Return the first participant of a DN."""
    participant: dict[str, Any] = http.get(f"/{dn}/participants").json()[0]
    return participant


def answer_call(http: httpx.Client, dn: str) -> dict[str, Any]:
    """Answer the call of a DN on the device that the API controls, and return the participant."""
    ringing = http.get(f"/{dn}/participants").json()
    participant: dict[str, Any] = next(each for each in ringing if each["direct_control"])
    answered = http.post(f"/{dn}/participants/{participant['id']}/answer", json={})
    assert answered.status_code == 200, answered.text
    return participant
