"""The control endpoint: off by default, for this machine only."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from threecx_node.simulator import Simulator


@pytest.fixture
def controlled() -> Iterator[Simulator]:
    with Simulator(control=True) as pbx:
        yield pbx


@pytest.fixture
def control(controlled: Simulator) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=f"{controlled.base_url}/_simulator/") as client:
        yield client


def reads(pbx: Simulator, path: str, token: str | None = None) -> int:
    headers = {"authorization": f"Bearer {token or pbx.token()}"}
    return httpx.get(f"{pbx.base_url}/xapi/v1/{path}", headers=headers).status_code


def test_off_by_default(anyone: httpx.Client) -> None:
    for method, path in (("GET", "requests"), ("POST", "reset"), ("GET", "state"), ("PUT", "faults")):
        assert anyone.request(method, f"/_simulator/{path}").status_code == 404


def test_requests(controlled: Simulator, control: httpx.Client) -> None:
    reads(controlled, "Users?$top=1")
    seen = control.get("requests").json()
    assert [(each["method"], each["path"], each["query"], each["status"]) for each in seen] == [
        ("GET", "/xapi/v1/Users", "$top=1", 200)
    ]
    assert seen[0]["headers"]["authorization"] == "***"
    assert control.delete("requests").status_code == 204
    assert control.get("requests").json() == []


def test_state_and_reset(controlled: Simulator, control: httpx.Client) -> None:
    before = control.get("state").json()
    assert len(before["Users"]) == control.get("counts").json()["Users"] == 25
    token = controlled.token()
    headers = {"authorization": f"Bearer {token}"}
    assert httpx.delete(f"{controlled.base_url}/xapi/v1/Contacts(1)", headers=headers).status_code == 204
    changed = control.get("state?sets=Contacts,Groups").json()
    assert changed.keys() == {"Contacts", "Groups"}
    assert len(changed["Contacts"]) == 5
    assert control.get("state?sets=Nothing").status_code == 400
    assert control.post("reset").status_code == 204
    assert control.get("state?sets=Contacts").json()["Contacts"] == before["Contacts"]
    assert reads(controlled, "Users", token) == 401
    assert len(control.get("requests").json()) == 1


def test_faults(controlled: Simulator, control: httpx.Client) -> None:
    assert control.get("faults").json() == {"faults": "", "seed": None, "latency": 0}
    assert control.put("faults", json={"faults": "429:100%", "seed": 5}).json() == {
        "faults": "429:100%",
        "seed": 5,
        "latency": 0,
    }
    assert reads(controlled, "Users") == 429
    assert control.put("faults", json={"latency": 1}).json()["faults"] == "429:100%"
    bad: list[object] = [
        {"faults": "x"},
        {"latency": -1},
        {"seed": "5"},
        {"seed": True},
        {"other": 1},
        [],
        "x",
    ]
    for wrong in bad:
        answer = control.put("faults", json=wrong)
        assert answer.status_code == 400, wrong
        assert answer.json()["error"]["message"]
    # A refused change has no effect, not even its valid half.
    assert control.put("faults", json={"latency": 99, "faults": "x"}).status_code == 400
    assert control.get("faults").json() == {"faults": "429:100%", "seed": 5, "latency": 1}
    assert control.put("faults", json={"faults": "", "latency": 0}).status_code == 200
    assert reads(controlled, "Users") == 200


def test_tokens(controlled: Simulator, control: httpx.Client) -> None:
    token = controlled.token()
    assert control.delete("tokens").status_code == 204
    assert reads(controlled, "Users", token) == 401


def test_unknown_paths_and_methods(control: httpx.Client) -> None:
    assert control.get("nothing").status_code == 404
    assert control.get("").status_code == 404
    answer = control.put("requests")
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, DELETE")


@pytest.mark.parametrize(
    "headers",
    [{"host": "evil.example"}, {"sec-fetch-site": "cross-site"}, {"sec-fetch-site": "same-site"}],
)
def test_websites_are_refused(control: httpx.Client, headers: dict[str, str]) -> None:
    assert control.post("reset", headers=headers).status_code == 403


def test_faults_do_not_affect_it(control: httpx.Client) -> None:
    control.put("faults", json={"faults": "drop:100%"})
    assert control.get("faults").status_code == 200


def test_trunks_are_switched(control: httpx.Client) -> None:
    down = {"number": "10000", "online": False}
    assert control.put("trunks", json=down).json() == {"changed": True}
    assert control.put("trunks", json=down).json() == {"changed": False}
    assert control.put("trunks", json={"number": "10000", "online": True}).json() == {"changed": True}
    bodies: list[object] = [
        [],
        {},
        {"number": "10000"},
        {"number": 10000, "online": True},
        {**down, "number": "999"},
    ]
    for wrong in bodies:
        assert control.put("trunks", json=wrong).status_code == 400
    assert control.put("trunks", content=b"{").status_code == 400
