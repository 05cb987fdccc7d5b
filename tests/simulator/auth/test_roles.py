"""The roles of clients, and the rights of service principals that select their role."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from threecx_node.errors import ConfigurationError
from threecx_node.simulator import Client, Simulator

LEFT_BEHIND = ("CallHistoryView", "ChatHistoryView", "Recordings", "ScheduledReports")


def as_client(pbx: Simulator, client_id: str, secret: str) -> httpx.Client:
    form = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": secret}
    token = httpx.post(f"{pbx.base_url}/connect/token", data=form).json()["access_token"]
    headers = {"authorization": f"Bearer {token}"}
    return httpx.Client(base_url=f"{pbx.base_url}/xapi/v1/", headers=headers)


@pytest.fixture(scope="module")
def three() -> Iterator[Simulator]:
    clients = [Client("admin", "a", "System Administrator"), Client("user", "u", "User")]
    with Simulator(clients=clients) as pbx:
        yield pbx


def test_an_owner_sees_all(three: Simulator) -> None:
    with as_client(three, "900", three.client_secret) as api:
        for name in (*LEFT_BEHIND, "Users", "Groups"):
            assert api.get(f"{name}?$top=1").status_code == 200


def test_an_administrator_cannot_read_records_of_calls(three: Simulator) -> None:
    with as_client(three, "admin", "a") as api:
        for name in LEFT_BEHIND:
            answer = api.get(f"{name}?$top=1")
            assert answer.status_code == 403
            error = answer.json()["error"]
            assert error["code"] == ""
            assert name in error["message"]
        assert api.get("Recordings/Pbx.DownloadRecording(recId=1)").status_code == 403
        for name in ("Users", "Groups", "ActiveCalls", "SystemStatus"):
            assert api.get(name).status_code == 200
        assert api.post("Contacts", json={"FirstName": "Ada"}).status_code == 201


def test_a_user_can_read_little(three: Simulator) -> None:
    before = three.state.entities("Contacts")
    with as_client(three, "user", "u") as api:
        for name in (*LEFT_BEHIND, "Users", "Groups", "Queues", "SystemStatus", "Users(7)"):
            assert api.get(name).status_code == 403
        assert api.get("Defs?$select=Id").status_code == 200
        assert api.get("MyUser").status_code == 200
        assert api.get("Contacts").status_code == 200
        assert api.post("Contacts", json={"FirstName": "Ada"}).status_code == 403
        assert api.delete("Contacts(1)").status_code == 403
        assert api.patch("MyUser", json={"Mobile": "+2"}).status_code == 204
        assert api.get("NoSuchSet").status_code == 404
    assert three.state.entities("Contacts") == before


@pytest.mark.parametrize(("role", "history", "users"), [("user", 403, 403), ("system_admins", 403, 200)])
def test_role_of_the_main_client(role: str, history: int, users: int) -> None:
    with Simulator(role=role) as pbx, as_client(pbx, "900", pbx.client_secret) as api:
        assert api.get("CallHistoryView?$top=1").status_code == history
        assert api.get("Users?$top=1").status_code == users


def test_invalid_clients() -> None:
    with pytest.raises(ConfigurationError, match="role 'Boss' does not exist"):
        Simulator(role="Boss")
    with pytest.raises(ConfigurationError, match="same id"):
        Simulator(clients=[Client("900", "x")])
    with pytest.raises(ConfigurationError, match="secret"):
        Simulator(clients=[Client("crm", "")])


def test_rights_of_a_service_principal(pbx: Simulator, api: httpx.Client) -> None:
    def rights(role: str) -> dict[str, object]:
        return {"Groups": [{"Name": "DEFAULT", "Rights": {"RoleName": role}}]}

    made = api.post("ServicePrincipals", json={"Number": "crm", **rights("system_owners")}).json()
    path = f"ServicePrincipals({made['Id']})"
    first = api.post(f"{path}/Pbx.GenerateAppToken").json()["value"]
    with as_client(pbx, "crm", first) as crm:
        assert crm.get("CallHistoryView?$top=1").status_code == 200
        # The role is checked at every request, not only at the login.
        assert api.patch(path, json=rights("system_admins")).status_code == 204
        assert crm.get("CallHistoryView?$top=1").status_code == 403
        assert crm.get("Users?$top=1").status_code == 200
        assert api.patch(path, json=rights("users")).status_code == 204
        assert crm.get("Users?$top=1").status_code == 403
        assert crm.get("Defs?$select=Id").status_code == 200
        # A new key ends the older one and its token.
        second = api.post(f"{path}/Pbx.GenerateAppToken").json()["value"]
        assert crm.get("Defs?$select=Id").status_code == 401
    with as_client(pbx, "crm", second) as crm:
        assert crm.get("Defs?$select=Id").status_code == 200
        assert api.patch(path, json={"XAPIEnabled": False}).status_code == 204
        assert crm.get("Defs?$select=Id").status_code == 401
        assert api.patch(path, json={"XAPIEnabled": True}).status_code == 204
        assert api.delete(path).status_code == 204
        assert crm.get("Defs?$select=Id").status_code == 401
    # A later principal with the same number does not inherit the key.
    api.post("ServicePrincipals", json={"Number": "crm", **rights("system_owners")})
    form = {"grant_type": "client_credentials", "client_id": "crm", "client_secret": second}
    assert httpx.post(f"{pbx.base_url}/connect/token", data=form).status_code == 401


def test_a_principal_without_rights_is_a_user(pbx: Simulator, api: httpx.Client) -> None:
    made = api.post("ServicePrincipals", json={"Number": "plain"}).json()
    secret = api.post(f"ServicePrincipals({made['Id']})/Pbx.GenerateAppToken").json()["value"]
    with as_client(pbx, "plain", secret) as crm:
        assert crm.get("Defs?$select=Id").status_code == 200
        assert crm.get("Users?$top=1").status_code == 403
