"""Faults of events, reads and actions of calls, and the control of open WebSockets."""

from __future__ import annotations

from collections.abc import Callable

import httpx
import pytest
from websockets.exceptions import InvalidMessage, InvalidStatus
from websockets.sync.client import ClientConnection

from threecx_node.errors import ConfigurationError
from threecx_node.simulator import Simulator
from threecx_node.simulator.instruments.faults import parse_faults

from .client import (
    list_events,
    make_call,
    open_socket,
    receive_close_code,
    receive_event,
    request,
)


def call_and_hang_up(http: httpx.Client) -> str:
    """Make a call that has ended, and return the path of its caller."""
    path = f"/101/participants/{make_call(http, '101', '102')['id']}"
    assert http.post(f"{path}/drop", json={}).status_code == 200
    return f"/callcontrol{path}"


def events_of(ws: ClientConnection, path: str) -> list[int]:
    return [kind for kind, entity in list_events(ws) if entity == path]


@pytest.mark.parametrize(
    ("plan", "code"),
    [("socket-cut:100%", None), ("socket-close:100%", 4401), ("socket-close:100%:1011", 1011)],
)
def test_the_socket_ends_instead_of_an_event(
    pbx: Simulator, http: httpx.Client, ws: ClientConnection, plan: str, code: int | None
) -> None:
    pbx.faults.set(plan)
    make_call(http, "101", "102")
    assert receive_close_code(ws) == code
    # The token is still live.
    assert http.get("/101").status_code == 200


def test_the_token_ends_instead_of_an_event(pbx: Simulator, http: httpx.Client, ws: ClientConnection) -> None:
    pbx.faults.set("kill-token:100%")
    make_call(http, "101", "102")
    assert receive_close_code(ws) == 4401
    assert http.get("/101").status_code == 401


@pytest.mark.parametrize(
    ("plan", "events"),
    [
        ("", [0, 1]),
        ("event-twice:100%", [0, 0, 1, 1]),
        ("upsert-gone:100%", [0, 0, 1]),
        ("remove-lost:100%", [0]),
    ],
)
def test_events_that_repeat_or_are_lost(
    pbx: Simulator, http: httpx.Client, ws: ClientConnection, plan: str, events: list[int]
) -> None:
    pbx.faults.set(plan)
    assert events_of(ws, call_and_hang_up(http)) == events


def test_the_end_of_a_participant_is_reported_late(
    pbx: Simulator, http: httpx.Client, ws: ClientConnection
) -> None:
    pbx.faults.set("remove-late:100%:300")
    path = call_and_hang_up(http)
    assert request(ws, path)["StatusCode"] == 404
    while receive_event(ws)[:2] != (1, path):
        pass


def test_a_slow_entity_shows_how_it_was(pbx: Simulator, http: httpx.Client, ws: ClientConnection) -> None:
    participant = make_call(http, "101", "102")
    pbx.faults.set("entity-slow:100%:1")
    assert http.get(f"/101/participants/{participant['id']}").json() == participant
    assert request(ws, f"/callcontrol/101/participants/{participant['id']}")["Response"] == participant


@pytest.mark.parametrize("status", [403, 422, 424])
def test_actions_that_fail(pbx: Simulator, http: httpx.Client, ws: ClientConnection, status: int) -> None:
    path = f"/101/participants/{make_call(http, '101', '102')['id']}"
    pbx.faults.set(f"leg-{status}:100%")
    answer = http.post(f"{path}/drop", json={})
    assert (answer.status_code, answer.json()["finalstatus"]) == (status, "Failed")
    assert request(ws, f"/callcontrol{path}/drop", {})["StatusCode"] == status
    assert http.get(path).status_code == 200


def test_faults_of_all_requests_meet_calls_too(pbx: Simulator, http: httpx.Client) -> None:
    pbx.faults.set("503:100%:7")
    answer = http.get("")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "7")
    with pytest.raises(InvalidStatus, match="503"), open_socket(pbx, http.headers["Authorization"]):
        pass
    pbx.faults.set("drop-after:100%")
    with pytest.raises(httpx.RemoteProtocolError):
        http.post("/101/makecall", json={"destination": "102"})
    pbx.faults.set("drop:100%")
    with pytest.raises(httpx.RemoteProtocolError):
        http.post("/101/makecall", json={"destination": "102"})
    with pytest.raises(InvalidMessage), open_socket(pbx, http.headers["Authorization"]):
        pass
    pbx.faults.set("")
    assert len(pbx.calls.calls()) == 1
    pbx.faults.set("401:100%")
    assert http.get("").status_code == 401
    pbx.faults.set("")
    assert http.get("").status_code == 401


@pytest.mark.parametrize(
    "plan",
    [
        "socket-cut:1%:5",
        "socket-close:1%:99",
        "socket-close:1%:5000",
        "remove-late:1%:700000",
        "leg-404:1%",
        "leg-403:1%:5",
        "event-twice:60%,remove-lost:60%",
        "token-socket-cut:1%",
        "entity-slow",
    ],
)
def test_plans_that_are_not_valid(plan: str) -> None:
    with pytest.raises(ConfigurationError):
        parse_faults(plan)


def test_rates_of_different_groups_are_not_added() -> None:
    plan = parse_faults("503:60%,event-twice:60%,entity-slow:60%,leg-403:60%")
    assert len(plan.api) == len(plan.events) == len(plan.reads) == len(plan.actions) == 1


def test_the_same_seed_gives_the_same_faults(
    pbx: Simulator, http: httpx.Client, ws: ClientConnection
) -> None:
    counts = []
    for _ in range(2):
        pbx.faults.set("event-twice:50%", seed=3)
        for _ in range(10):
            call_and_hang_up(http)
        counts.append(len(list_events(ws)))
    assert counts[0] == counts[1]


def test_open_sockets_are_cut_closed_and_frozen(
    pbx: Simulator, connect: Callable[[], ClientConnection]
) -> None:
    first = connect()
    assert pbx.sockets.cut() == 1
    assert receive_close_code(first) is None
    second = connect()
    pbx.sockets.close(1012)
    assert receive_close_code(second) == 1012
    third = connect()
    request(third, "/callcontrol/900")
    pbx.sockets.freeze()
    pinged = third.ping()
    third.send('{"RequestID": "late", "Path": "/callcontrol/900"}')
    assert not pinged.is_set()
    pbx.sockets.cut()
    assert receive_close_code(third) is None


@pytest.mark.threecx_simulator(control=True)
def test_the_control_endpoint(threecx_simulator: Simulator) -> None:
    pbx = threecx_simulator
    control = f"{pbx.base_url}/_simulator"
    with open_socket(pbx, f"Bearer {pbx.token()}") as ws:
        request(ws, "/callcontrol/900")
        [listed] = httpx.get(f"{control}/sockets").json()
        assert (listed["client"], listed["events"]) == ("900", 1)
        received, sent = httpx.get(f"{control}/messages").json()
        assert (received["direction"], sent["direction"]) == ("received", "sent")
        assert httpx.delete(f"{control}/sockets?code=4").status_code == 400
        assert httpx.delete(f"{control}/sockets?code=4402").json() == {"sockets": 1}
        assert receive_close_code(ws) == 4402
    with open_socket(pbx, f"Bearer {pbx.token()}") as ws:
        httpx.put(f"{control}/faults", json={"faults": "event-twice:1%"}).raise_for_status()
        assert httpx.delete(f"{control}/sockets").json() == {"sockets": 1}
        assert receive_close_code(ws) is None
    with open_socket(pbx, f"Bearer {pbx.token()}") as ws:
        assert httpx.delete(f"{control}/tokens").status_code == 204
        assert receive_close_code(ws) == 4401
