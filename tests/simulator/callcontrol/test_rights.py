"""Rights: which clients may use the API, and which DNs they see."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import httpx
import pytest
from websockets.exceptions import InvalidStatus

from threecx_node.errors import ConfigurationError
from threecx_node.simulator import Client, Simulator

from .client import list_events, make_call, open_socket, receive_close_code

Start = Callable[..., Simulator]


LogIn = Callable[[Simulator, str, str], httpx.Client]


@pytest.fixture
def log_in() -> Iterator[LogIn]:
    """A function that logs a client in; what it returns has /callcontrol as its base."""
    with ExitStack() as stack:

        def start(pbx: Simulator, client_id: str, secret: str) -> httpx.Client:
            form = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": secret}
            answer = httpx.post(f"{pbx.base_url}/connect/token", data=form)
            assert answer.status_code == 200, answer.text
            headers = {"Authorization": f"Bearer {answer.json()['access_token']}"}
            base = f"{pbx.base_url}/callcontrol"
            return stack.enter_context(httpx.Client(base_url=base, headers=headers, timeout=10))

        yield start


def list_dns(http: httpx.Client) -> list[str]:
    answer = http.get("")
    assert answer.status_code == 200, answer.text
    return [each["dn"] for each in answer.json()]


def create_client(pbx: Simulator, number: str, **values: object) -> str:
    """Create a client through the Configuration API, and return its key."""
    headers = {"Authorization": f"Bearer {pbx.token()}"}
    with httpx.Client(base_url=f"{pbx.base_url}/xapi/v1/", headers=headers, timeout=10) as api:
        created = api.post("ServicePrincipals", json={"Number": number, **values})
        assert created.status_code == 201, created.text
        key = api.post(f"ServicePrincipals({created.json()['Id']})/Pbx.GenerateAppToken")
        assert key.status_code == 200, key.text
    return str(key.json()["value"])


def test_without_a_token(anyone: httpx.Client) -> None:
    answer = anyone.get("/callcontrol")
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")


def test_the_api_is_turned_off(threecx_simulator_factory: Start) -> None:
    pbx = threecx_simulator_factory(call_control=False)
    authorization = f"Bearer {pbx.token()}"
    answer = httpx.get(f"{pbx.base_url}/callcontrol", headers={"Authorization": authorization})
    assert answer.status_code == 404
    with pytest.raises(InvalidStatus, match="404"), open_socket(pbx, authorization):
        pass


def test_a_client_without_the_right(threecx_simulator_factory: Start, log_in: LogIn) -> None:
    pbx = threecx_simulator_factory(clients=[Client("crm", "key")])
    http = log_in(pbx, "crm", "key")
    assert http.get("").status_code == 403
    assert http.get("/101").status_code == 403
    with pytest.raises(InvalidStatus, match="403"), open_socket(pbx, http.headers["Authorization"]):
        pass


def test_a_configured_client_sees_what_it_monitors(threecx_simulator_factory: Start, log_in: LogIn) -> None:
    clients = [
        Client("830", "a", monitored=["101", "102", "none"]),
        Client("crm", "b", "User", call_control=True),
        Client("831", "c", "User", monitored="all"),
    ]
    pbx = threecx_simulator_factory(clients=clients, monitored=["103"])
    assert list_dns(log_in(pbx, "830", "a")) == ["830", "101", "102"]
    assert list_dns(log_in(pbx, "crm", "b")) == []
    everything = list_dns(log_in(pbx, "831", "c"))
    assert everything[0] == "831"
    assert {"100", "124", "10000", "SP11", "800"} < set(everything)
    assert list_dns(log_in(pbx, pbx.client_id, pbx.client_secret)) == ["900", "103"]


def test_monitored_is_a_list() -> None:
    with pytest.raises(ConfigurationError, match="monitored"):
        Simulator(monitored="101")


def test_owners_may_see_all_dns(threecx_simulator_factory: Start, log_in: LogIn) -> None:
    strict, lenient = (threecx_simulator_factory(seed="empty", owner_sees_all=each) for each in (False, True))
    for pbx, seen in ((strict, ["900"]), (lenient, ["900", "100"])):
        httpx.patch(
            f"{pbx.base_url}/xapi/v1/ServicePrincipals({pbx.state.entities('ServicePrincipals')[0]['Id']})",
            json={"Peers": []},
            headers={"Authorization": f"Bearer {pbx.token()}"},
        ).raise_for_status()
        assert list_dns(log_in(pbx, pbx.client_id, pbx.client_secret)) == seen


def test_a_client_that_is_created_through_the_api(pbx: Simulator, log_in: LogIn) -> None:
    peers = [{"Number": "101"}, {"Number": "800"}]
    http = log_in(
        pbx, "950", create_client(pbx, "950", CallControlEnabled=True, XAPIEnabled=False, Peers=peers)
    )
    assert list_dns(http) == ["950", "101", "800"]
    assert http.get("/102").status_code == 403
    assert http.get("/199").status_code == 404
    # The Configuration API is another right.
    users = httpx.get(
        f"{pbx.base_url}/xapi/v1/Users", headers={"Authorization": http.headers["Authorization"]}
    )
    assert users.status_code == 403


def test_the_right_of_a_created_client_is_its_own(pbx: Simulator, log_in: LogIn) -> None:
    http = log_in(pbx, "950", create_client(pbx, "950", XAPIEnabled=True, CallControlEnabled=False))
    assert http.get("").status_code == 403


def test_events_are_for_those_who_see_the_dn(pbx: Simulator, log_in: LogIn) -> None:
    http = log_in(pbx, "950", create_client(pbx, "950", CallControlEnabled=True, Peers=[{"Number": "102"}]))
    with open_socket(pbx, http.headers["Authorization"]) as ws:
        owner = log_in(pbx, pbx.client_id, pbx.client_secret)
        make_call(owner, "101", "102")
        events = list_events(ws, "/callcontrol/950")
    assert events
    assert all(entity.startswith("/callcontrol/102/") for _, entity in events)


def test_a_right_that_is_taken_away_ends_the_socket(pbx: Simulator, log_in: LogIn) -> None:
    http = log_in(
        pbx,
        "950",
        create_client(pbx, "950", CallControlEnabled=True, XAPIEnabled=True, Peers=[{"Number": "101"}]),
    )
    with open_socket(pbx, http.headers["Authorization"]) as ws:
        owner = log_in(pbx, pbx.client_id, pbx.client_secret)
        [principal] = [each for each in pbx.state.entities("ServicePrincipals") if each["Number"] == "950"]
        httpx.patch(
            f"{pbx.base_url}/xapi/v1/ServicePrincipals({principal['Id']})",
            json={"CallControlEnabled": False},
            headers={"Authorization": owner.headers["Authorization"]},
        ).raise_for_status()
        assert http.get("").status_code == 403
        make_call(owner, "101", "102")
        assert receive_close_code(ws) == 4401


def test_an_expired_token_ends_the_socket(threecx_simulator_factory: Start) -> None:
    pbx = threecx_simulator_factory(token_lifetime=1)
    with open_socket(pbx, f"Bearer {pbx.token()}") as ws:
        assert receive_close_code(ws) == 4401


def test_a_deleted_dn_is_not_seen_any_more(pbx: Simulator, log_in: LogIn) -> None:
    http = log_in(pbx, pbx.client_id, pbx.client_secret)
    assert "101" in list_dns(http)
    [user] = [each for each in pbx.state.entities("Users") if each["Number"] == "101"]
    httpx.delete(
        f"{pbx.base_url}/xapi/v1/Users({user['Id']})",
        headers={"Authorization": http.headers["Authorization"]},
    ).raise_for_status()
    assert "101" not in list_dns(http)
    assert http.get("/101").status_code == 404
