"""A client of the Call Control API in TypeScript, which shares no code with this package, works with the simulator.

Every scenario is one run of tests/simulator/foreign/callControlDriver.ts in a process, over TLS. The driver checks the
responses and events; these tests check the recorded requests.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from threecx_node.simulator import Simulator
from tools.build_foreign_client import build_call_control

from .foreign_driver import build_or_fail, check_list, run_driver

pytestmark = pytest.mark.slow

SCENARIOS = (
    "access",
    "one-token",
    "dtmf",
    "keys-of-others",
    "own-dn",
    "ring-group",
    "socket-requests",
    "audio",
    "reconnect",
    "events-tell-all",
    "unreliable-events",
    "make-call",
    "make-call-older",
    "make-call-in-vain",
    "time-limit",
    "answer",
    "two-devices",
    "divert",
    "route-to",
    "route-to-cancelled",
    "transfer",
    "transfer-back",
    "attached-data",
    "errors",
)


@pytest.fixture(scope="module")
def driver() -> Path:
    return build_or_fail(build_call_control)


@pytest.fixture(scope="module")
def server() -> Iterator[Simulator]:
    with Simulator(tls=True, control=True) as simulator:
        yield simulator


@pytest.fixture
def pbx(server: Simulator) -> Iterator[Simulator]:
    """The PBX of the module, without calls and faults of an earlier scenario."""
    yield server
    server.faults.set("")
    server.calls.clear()


def test_every_scenario_is_run(driver: Path) -> None:
    check_list(driver, SCENARIOS)


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_scenario(pbx: Simulator, driver: Path, scenario: str) -> None:
    [group, *_] = pbx.state.entities("RingGroups")
    before = len(pbx.requests)
    done = run_driver(
        driver,
        scenario,
        PBX_URL=pbx.base_url,
        PBX_CLIENT_ID=pbx.client_id,
        PBX_CLIENT_SECRET=pbx.client_secret,
        NODE_EXTRA_CA_CERTS=str(pbx.ca_file),
        RING_GROUP=group["Number"],
    )
    assert done.returncode == 0, done.stderr
    requests = pbx.requests[before:]
    assert (requests[0].method, requests[0].path) == ("POST", "/connect/token")
    assert requests[0].headers["content-type"].startswith("multipart/form-data")
    assert not [each for each in requests if each.status >= 500]


def test_a_refused_login(pbx: Simulator, driver: Path) -> None:
    done = run_driver(
        driver,
        "answer",
        PBX_URL=pbx.base_url,
        PBX_CLIENT_ID=pbx.client_id,
        PBX_CLIENT_SECRET="wrong",
        NODE_EXTRA_CA_CERTS=str(pbx.ca_file),
    )
    assert done.returncode == 1
    assert "401" in done.stderr
