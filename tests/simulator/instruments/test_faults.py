"""Fault injection: the same seed gives the same faults, at the rates of the plan."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from tests.cli.conftest import run
from threecx_node.errors import ConfigurationError
from threecx_node.simulator import Simulator

# A client sees a dropped connection as closed, or as reset if it was still sending.
DROPPED = (httpx.RemoteProtocolError, httpx.ReadError)


def logged_in(pbx: Simulator) -> httpx.Client:
    headers = {"authorization": f"Bearer {pbx.token()}"}
    return httpx.Client(base_url=f"{pbx.base_url}/xapi/v1/", headers=headers, timeout=10)


def what_comes(pbx: Simulator, requests: int) -> list[str]:
    """Return the status of each of many requests, with a new login after a token has ended."""
    seen = []
    with logged_in(pbx) as api:
        for _ in range(requests):
            try:
                status = api.get("Defs?$select=Id").status_code
            except DROPPED:
                seen.append("dropped")
                continue
            if status == 401:
                api.headers["authorization"] = f"Bearer {pbx.token()}"
            seen.append(str(status))
    return seen


def test_rates_and_repetition() -> None:
    plan = "429:20%,503:10%,drop:10%,401:5%"
    runs = []
    for _ in range(2):
        with Simulator(faults=plan, fault_seed=7) as pbx:
            runs.append(what_comes(pbx, 1_000))
    assert runs[0] == runs[1]
    counts = Counter(runs[0])
    assert counts.keys() == {"200", "429", "503", "dropped", "401"}
    for what, expected in (("429", 200), ("503", 100), ("dropped", 100), ("401", 50), ("200", 550)):
        assert abs(counts[what] - expected) < 5 * expected**0.5, counts
    with Simulator(faults=plan, fault_seed=8) as pbx:
        assert what_comes(pbx, 200) != runs[0][:200]


def test_without_a_seed_runs_differ() -> None:
    seen = []
    for _ in range(2):
        with Simulator(faults="500:50%") as pbx:
            seen.append(what_comes(pbx, 64))
    assert seen[0] != seen[1]


@pytest.mark.parametrize(
    ("plan", "status", "after"),
    [("429:100%", 429, "1"), ("503:100%:30", 503, "30"), ("429:100%:0", 429, "0"), ("502:100%", 502, None)],
)
def test_statuses(plan: str, status: int, after: str | None) -> None:
    with Simulator(faults=plan) as pbx, logged_in(pbx) as api:
        answer = api.post("Contacts", json={"FirstName": "Ada"})
        assert (answer.status_code, answer.headers.get("retry-after")) == (status, after)
        assert answer.json()["error"]["message"]
        assert pbx.state.count("Contacts") == 6
        assert [(seen.method, seen.status) for seen in pbx.requests] == [("POST", status)]


@pytest.mark.parametrize(("plan", "contacts"), [("drop:100%", 6), ("drop-after:100%", 7)])
def test_dropped_connections(plan: str, contacts: int) -> None:
    with Simulator(faults=plan) as pbx, logged_in(pbx) as api:
        with pytest.raises(DROPPED):
            api.post("Contacts", json={"FirstName": "Ada"})
        assert pbx.state.count("Contacts") == contacts
        assert [seen.status for seen in pbx.requests] == [0]
        pbx.faults.set("")
        assert api.get("Contacts").status_code == 200


def test_an_ended_token_stays_ended() -> None:
    with Simulator(faults="401:100%") as pbx, logged_in(pbx) as api:
        answer = api.get("Users")
        assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
        pbx.faults.set("")
        assert api.get("Users").status_code == 401
        api.headers["authorization"] = f"Bearer {pbx.token()}"
        assert api.get("Users").status_code == 200


def test_slow_responses_block_no_other_client() -> None:
    with (
        Simulator(faults="slow:100%:1500") as pbx,
        logged_in(pbx) as api,
        ThreadPoolExecutor(1) as pool,
    ):
        begin = time.monotonic()
        slow = pool.submit(api.get, "Defs?$select=Id")
        assert httpx.get(f"{pbx.base_url}/nothing").status_code == 404
        assert not slow.done()
        assert slow.result().status_code == 200
        assert time.monotonic() - begin >= 1.5


def test_faults_of_the_login() -> None:
    def login(pbx: Simulator) -> httpx.Response:
        form = {"grant_type": "client_credentials", "client_id": "900", "client_secret": pbx.client_secret}
        return httpx.post(f"{pbx.base_url}/connect/token", data=form)

    with Simulator(faults="503:100%") as pbx:
        assert login(pbx).status_code == 200
        pbx.faults.set("token-503:100%:9")
        assert (login(pbx).status_code, login(pbx).headers["retry-after"]) == (503, "9")
        with logged_in(pbx) as api:
            assert api.get("Users").status_code == 200
        for plan in ("token-drop:100%", "token-drop-after:100%"):
            pbx.faults.set(plan)
            with pytest.raises(DROPPED):
                login(pbx)
        pbx.faults.set("token-slow:100%:200")
        begin = time.monotonic()
        assert login(pbx).status_code == 200
        assert time.monotonic() - begin >= 0.2


def test_logins_do_not_change_the_faults_of_the_api() -> None:
    with Simulator(faults="500:50%,token-500:50%", fault_seed=3) as pbx:
        plain = what_comes(pbx, 40)
        pbx.faults.set("500:50%,token-500:50%", 3)
        with logged_in(pbx) as api:
            mixed = []
            for _ in range(40):
                httpx.post(f"{pbx.base_url}/connect/token", data={"grant_type": "x"})
                mixed.append(str(api.get("Defs?$select=Id").status_code))
    assert mixed == plain


@pytest.mark.parametrize(
    ("plan", "message"),
    [
        ("429", "'429' is not valid"),
        ("429:5", "'429:5' is not valid"),
        ("429:5%%", "is not valid"),
        ("429:-5%", "is not valid"),
        ("200:5%", "neither a fault nor a status from 400 to 599"),
        ("999:5%", "neither a fault nor a status"),
        ("explode:5%", "neither a fault nor a status"),
        ("drop:101%", "over 100%"),
        ("drop:60%,429:50%", "add up to more than 100%"),
        ("token-drop:60%,token-503:50%", "add up to more than 100%"),
        ("slow:1%:700000", "waits longer"),
        ("drop:1%:5", "takes no value"),
    ],
)
def test_invalid_plans(plan: str, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message) as caught:
        Simulator(faults=plan)
    assert "\n" not in caught.value.one_line()


@pytest.mark.parametrize("plan", ["", " ", "429:5%, 503:2.5% ,", "drop:50%,503:50%,token-drop:100%"])
def test_valid_plans(plan: str) -> None:
    assert Simulator(faults=plan).faults.plan == plan


def test_on_the_command_line() -> None:
    ran = run("simulator", "--port", "0", "--faults", "429:lots")
    assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1)
    assert "'429:lots' is not valid" in ran.err


def test_changing_the_plan(pbx: Simulator, api: httpx.Client) -> None:
    check: Callable[[], int] = lambda: api.get("Defs?$select=Id").status_code  # noqa: E731 - three times the same
    assert check() == 200
    pbx.faults.set("418:100%")
    assert check() == 418
    with pytest.raises(ConfigurationError):
        pbx.faults.set("nonsense")
    assert check() == 418
    pbx.faults.set("")
    assert check() == 200
