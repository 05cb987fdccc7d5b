"""Each release has its own operations: its lists work, others are 404, and no response is 500."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from tests.sounds import telephone_wav
from threecx_node.catalog import load_catalog
from threecx_node.simulator import Simulator

if TYPE_CHECKING:
    from collections.abc import Iterator

CATALOG = load_catalog()

# One literal of each type.
LITERALS = {
    "Int32": "99999",
    "Int64": "99999",
    "Byte": "1",
    "String": "'none'",
    "Boolean": "true",
    "Guid": "00000000-0000-0000-0000-000000000001",
    "DateTimeOffset": "2026-03-01T00:00:00Z",
}


@pytest.fixture(scope="module", params=CATALOG.releases)
def released(request: pytest.FixtureRequest) -> Iterator[tuple[str, httpx.Client]]:
    with Simulator(release=request.param) as pbx:
        headers = {"Authorization": f"Bearer {pbx.token()}"}
        with httpx.Client(base_url=f"{pbx.base_url}/xapi/v1", headers=headers) as client:
            yield request.param, client


def paths(release: str, *kinds: str) -> Iterator[tuple[str, str, str, str]]:
    """Yield operation id, kind, method and a path with all parameters of each operation of the Configuration API."""
    for operation in CATALOG.operations(release=release):
        version = operation.version(release)
        if not version.is_odata:
            continue
        types = {parameter.name: parameter.type for parameter in version.parameters}
        path = version.path
        for name, edm in types.items():
            path = path.replace(f"{{{name}}}", LITERALS[edm])
        if not kinds or operation.kind in kinds:
            yield operation.id, operation.kind, version.method, path


def test_every_list(released: tuple[str, httpx.Client]) -> None:
    release, client = released
    first_id = {
        name: client.get(f"/{name}?$top=1").json()["value"][0]["Id"]
        for name in ("Users", "Queues", "RingGroups", "Receptionists", "Groups", "PromptSets", "Parkings")
    }
    checked = 0
    for operation, _, _, path in paths(release, "list"):
        known = re.sub(r"^/(\w+)\(99999\)", lambda match: f"/{match[1]}({first_id[match[1]]})", path)
        answer = client.get(f"{known}?$top=5&$count=true&$skip=0")
        assert answer.status_code == 200, operation
        body = answer.json()
        assert len(body["value"]) == min(5, body["@odata.count"]), operation
        assert answer.headers["x-3cx-version"].startswith(f"{release}.")
        checked += 1
    assert checked > 60


def test_every_singleton(released: tuple[str, httpx.Client]) -> None:
    release, client = released
    for operation, _, _, path in paths(release, "get"):
        if "(" not in path:
            answer = client.get(path)
            assert answer.status_code == 200, operation
            assert answer.json()["@odata.context"].endswith(f"$metadata#{path[1:]}")


def test_no_internal_errors(released: tuple[str, httpx.Client]) -> None:
    """Check that every operation returns a valid response to a request without a body."""
    release, client = released
    allowed = {
        "list": {200, 404},
        "get": {200, 404},
        "create": {201, 400},
        "update": {204, 404},
        "delete": {204, 404},
        "function": {200, 404},
        "action": {200, 204, 400, 404},
    }
    for operation, kind, method, path in paths(release):
        sent: dict[str, Any] = {"json": {}} if method in ("POST", "PATCH") else {}
        if CATALOG.operation(operation).version(release).upload:
            sent = {"files": {"file": ("closed.wav", telephone_wav())}}
        answer = client.request(method, path, **sent)
        assert answer.status_code in allowed[kind], f"{operation}: {answer.status_code} {answer.text}"


def test_operations_of_other_releases_are_404(released: tuple[str, httpx.Client]) -> None:
    release, client = released
    own = {(method, re.sub(r"\(.*?\)", "()", path)) for _, _, method, path in paths(release)}
    checked = 0
    for other in CATALOG.releases:
        for operation, _, method, path in paths(other):
            if (method, re.sub(r"\(.*?\)", "()", path)) in own:
                continue
            answer = client.request(method, path, json={} if method in ("POST", "PATCH") else None)
            assert answer.status_code in (404, 405), f"{operation} of {other} in {release}"
            checked += 1
    assert checked > 0


def test_properties_of_the_release(released: tuple[str, httpx.Client]) -> None:
    release, client = released
    user = client.get("/Users?$top=1").json()["value"][0]
    assert ("AIAgent" in user) == (release in ("20.0.9", "20.0.10"))
    assert ("ForbidRecording" in user) == (release == "20.0.10")
    answer = client.patch(f"/Users({user['Id']})", json={"ForbidRecording": True})
    assert answer.status_code == (204 if release == "20.0.10" else 400)
