"""A client that openapi-generator generated from 3CX's own document, unchanged, works with the simulator.

Every scenario is one run of tests/simulator/foreign/driver.ts in its own process, with a new office.
The driver checks the results of its client; these tests check the recorded requests.
"""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from tests.support import shared
from threecx_node.simulator import Simulator
from threecx_node.simulator.instruments.recorder import RecordedRequest
from tools.build_foreign_client import build

from .foreign_driver import build_or_fail, check_list, run_driver

pytestmark = pytest.mark.slow

_BY_NUMBER = {"GET X(Number='…') 200", "GET X(Number='…') 404"}
_LIFE = {
    "POST X 201",
    "GET X 200",
    "GET X(…) 200",
    "GET X(…) 404",
    "PATCH X(…) 204",
    "PATCH X(…) 400",
    "DELETE X(…) 204",
}


def _life(name: str, *more: str, by_number: bool = True) -> set[str]:
    return {each.replace("X", name) for each in (_LIFE | _BY_NUMBER if by_number else _LIFE)} | set(more)


# The exact requests that must be recorded; keys and arguments are written as an ellipsis.
SCENARIOS = {
    "users": _life("Users"),
    "groups": _life("Groups", by_number=False),
    "group-members": {
        "POST Groups 201",
        "POST Users 201",
        "GET Groups(…)/Members 200",
        "PATCH Groups(…) 204",
        "GET Groups(…) 200",
        "DELETE Groups(…) 400",
        "PATCH Users(…) 204",
        "GET Users(…) 200",
        "DELETE Users(…) 204",
        "DELETE Groups(…) 204",
    },
    "queues": _life("Queues"),
    "ring-groups": _life("RingGroups"),
    "receptionists": _life("Receptionists"),
    "parkings": _life("Parkings"),
    "fax": _life("Fax", "GET Fax/Pbx.InitFax() 200"),
    "trunks": _life(
        "Trunks",
        "GET TrunkTemplates 200",
        "GET Trunks/Pbx.InitTrunk(template='…') 200",
        "GET Trunks/Pbx.InitTrunk(template='…') 404",
    ),
    "contacts": {
        "POST Contacts 201",
        "POST Contacts 400",
        "GET Contacts 200",
        "GET Contacts(…) 200",
        "GET Contacts(…) 404",
        "GET Contacts/Pbx.GetContactsByNumber(number='…') 200",
        "PATCH Contacts(…) 204",
        "DELETE Contacts(…) 204",
    },
    "service-principals": _life("ServicePrincipals", by_number=False),
    "system-status": {"GET SystemStatus 200", "GET Users 200"},
    "health": {"GET SystemStatus/Pbx.SystemHealthStatus() 200"},
    "parameters": {"GET Defs/Pbx.GetSystemParameters() 200"},
    "licence": {"GET LicenseStatus 200"},
    "other-lists": {"GET OutboundRules 200", "GET SipDevices 200"},
}


@pytest.fixture(scope="session")
def driver() -> Path:
    document = shared("spec", "xapi-20.0.10.yaml")
    return build_or_fail(lambda: build(document))


def test_every_scenario_is_run(driver: Path) -> None:
    check_list(driver, SCENARIOS)


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_scenario(pbx: Simulator, driver: Path, scenario: str) -> None:
    before = held(pbx)
    done = run_driver(
        driver,
        scenario,
        XAPI_URL=pbx.base_url,
        XAPI_CLIENT_ID=pbx.client_id,
        XAPI_CLIENT_SECRET=pbx.client_secret,
    )
    assert done.returncode == 0, done.stderr
    login, *calls = pbx.requests
    assert (login.method, login.path, login.status) == ("POST", "/connect/token", 200)
    assert login.headers["content-type"].startswith("multipart/form-data")
    assert {written(call) for call in calls} == SCENARIOS[scenario]
    # It deletes everything that it creates.
    assert held(pbx) == before


def test_a_refused_login(pbx: Simulator, driver: Path) -> None:
    done = run_driver(
        driver, "users", XAPI_URL=pbx.base_url, XAPI_CLIENT_ID=pbx.client_id, XAPI_CLIENT_SECRET="wrong"
    )
    assert done.returncode == 1
    assert "401" in done.stderr
    assert Counter(call.path for call in pbx.requests) == {"/connect/token": 1}


def written(call: RecordedRequest) -> str:
    path = re.sub(r"'.*?'|%27.*?%27", "'…'", call.path.removeprefix("/xapi/v1/"))
    path = re.sub(r"\(\d+\)", "(…)", path)
    return f"{call.method} {path} {call.status}"


def held(pbx: Simulator) -> dict[str, int]:
    sets = (
        "Users",
        "Groups",
        "Queues",
        "RingGroups",
        "Receptionists",
        "Parkings",
        "Fax",
        "Trunks",
        "Contacts",
    )
    return {name: pbx.state.count(name) for name in (*sets, "ServicePrincipals")}
