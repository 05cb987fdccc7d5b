"""Fuzzing from the simulator's own document: no internal error, and no response that violates the document.

Schemathesis runs as a process against a real server: with the document's examples, then the limits of every
parameter and property of every operation, then generated values. The seed is fixed, so that failures can be
repeated.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import zlib
from collections import Counter
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import httpx
import jsonschema_rs
import pytest

from threecx_node.catalog import load_catalog
from threecx_node.simulator import Simulator
from threecx_node.simulator.odata.openapi_document import build_openapi_document

pytestmark = pytest.mark.slow

RELEASE = "20.0.10"
CATALOG = load_catalog()
DOCUMENT = build_openapi_document(CATALOG, RELEASE)
CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_schema_conformance",
)
# The set and the property that a text argument of a path refers to.
NAMED = {
    "number": ("Users", "Number"),
    "Number": ("Users", "Number"),
    "dnNumber": ("Users", "Number"),
    "template": ("TrunkTemplates", "Id"),
}
CONFIG = """
[phases.coverage]
unexpected-methods = ["PUT"]
"""
_KEY = re.compile(r"^/(\w+)\(\{(\w+)\}\)")


def with_known_keys(pbx: Simulator, document: dict[str, Any]) -> None:
    """Make the path's parameters refer to existing entities, so that not every response is a 404."""
    for path, methods in document["paths"].items():
        key = _KEY.match(path)
        for operation in methods.values():
            for parameter in operation["parameters"]:
                known = _known(pbx, parameter, key)
                if known:
                    parameter["schema"] = {"anyOf": [{"enum": known}, parameter["schema"]]}


def _known(pbx: Simulator, parameter: dict[str, Any], key: re.Match[str] | None) -> list[Any]:
    if parameter["in"] != "path":
        return []
    set_name, name = NAMED.get(parameter["name"], ("", ""))
    if key is not None and parameter["name"] == key[2]:
        set_name, name = key.groups()
    if not set_name:
        return []
    values = [entity[name] for entity in pbx.state.entities(set_name)][:4]
    return [
        f"'{value.replace(chr(39), chr(39) * 2)}'" if isinstance(value, str) else value for value in values
    ]


def with_flat_bodies(document: dict[str, Any]) -> None:
    """Remove everything below the first level of a body, which has too many properties to test all limits."""
    schemas = document["components"]["schemas"]

    def flat(schema: Any, depth: int) -> Any:
        if isinstance(schema, list):
            return [flat(each, depth) for each in schema]
        if not isinstance(schema, dict):
            return schema
        target = schema.get("$ref", "").rpartition("/")[2]
        if "properties" not in schemas.get(target, {}):
            return {name: flat(value, depth) for name, value in schema.items()}
        name = f"Body{depth}.{target}"
        if name not in schemas:
            whole = schemas[target]
            kept = {
                each: flat(value, depth + 1)
                for each, value in whole["properties"].items()
                if depth == 0 or not _refers_to_objects(schemas, value)
            }
            schemas[name] = {**whole, "properties": kept}
        return {"$ref": f"#/components/schemas/{name}"}

    for methods in document["paths"].values():
        for operation in methods.values():
            for content in operation.get("requestBody", {}).get("content", {}).values():
                content["schema"] = flat(content["schema"], 0)


def with_few_queries(document: dict[str, Any]) -> None:
    """Give query options to a quarter of the reads, with few names each: they share one implementation."""
    for methods in document["paths"].values():
        for operation in methods.values():
            chosen = zlib.crc32(operation["operationId"].encode()) % 4 == 0
            operation["parameters"] = [
                parameter for parameter in operation["parameters"] if chosen or parameter["in"] != "query"
            ]
            for parameter in operation["parameters"]:
                names = parameter["schema"].get("items", {}).get("enum", [])
                del names[6:]


def _refers_to_objects(schemas: dict[str, Any], schema: Any) -> bool:
    targets = re.findall(r'"#/components/schemas/([^"]+)"', json.dumps(schema))
    return any("properties" in schemas[target] for target in targets)


@pytest.fixture(scope="module")
def fuzzed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Simulator, str, int]]:
    """The server after the run, the output, and the exit status."""
    work: Path = tmp_path_factory.mktemp("schemathesis")
    # The client is not a service principal of the office, so that no operation can end its key or token.
    with Simulator(release=RELEASE, client_id="fuzzer") as pbx:
        document = deepcopy(DOCUMENT)
        with_known_keys(pbx, document)
        with_flat_bodies(document)
        with_few_queries(document)
        (work / "openapi.json").write_text(json.dumps(document), encoding="utf-8")
        (work / "schemathesis.toml").write_text(CONFIG, encoding="utf-8")
        command = [
            *(sys.executable, "-m", "schemathesis.cli", "run", "openapi.json"),
            *("--url", f"{pbx.base_url}/xapi/v1", "--header", f"Authorization: Bearer {pbx.token()}"),
            *("--phases", "examples,coverage,fuzzing", "--max-examples", "3", "--seed", "1"),
            *("--checks", ",".join(CHECKS), "--continue-on-failure"),
            *("--generation-database", "none", "--warnings", "off", "--no-color"),
        ]
        done = subprocess.run(
            command, cwd=work, capture_output=True, text=True, encoding="utf-8", timeout=900, check=False
        )
        yield pbx, done.stdout + done.stderr, done.returncode


def test_every_response_is_in_the_document(fuzzed: tuple[Simulator, str, int]) -> None:
    _, printed, status = fuzzed
    assert status == 0, printed[-20_000:]
    operations = sum(len(methods) for methods in DOCUMENT["paths"].values())
    assert f"Tested: {operations}" in printed, printed[-2_000:]


def test_requests_are_logged_in(fuzzed: tuple[Simulator, str, int]) -> None:
    pbx, _, _ = fuzzed
    statuses = Counter(request.status for request in pbx.requests)
    assert sum(statuses.values()) > 500
    assert statuses[401] == statuses[403] == 0
    assert sum(count for status, count in statuses.items() if status < 300) > 100


def test_the_server_survives(fuzzed: tuple[Simulator, str, int]) -> None:
    pbx, _, _ = fuzzed
    headers = {"Authorization": f"Bearer {pbx.token()}"}
    numbers: set[str] = set()
    with httpx.Client(base_url=f"{pbx.base_url}/xapi/v1/", headers=headers, timeout=30) as client:
        for path, methods in DOCUMENT["paths"].items():
            if methods.get("get", {}).get("operationId", "").startswith("List") and "(" not in path:
                answer = client.get(path[1:], params={"$top": 100})
                assert answer.status_code == 200, answer.text
    for name in ("Users", "Groups", "Queues", "RingGroups", "Receptionists", "Fax", "Trunks", "Parkings"):
        validator = validator_of(name)
        for entity in pbx.state.entities(name):
            validator.validate(entity)
            assert entity["Number"] not in numbers
            numbers.add(entity["Number"])
    assert "100" in numbers
    members = [member["Number"] for group in pbx.state.entities("Groups") for member in group["Members"]]
    agents = [agent["Number"] for queue in pbx.state.entities("Queues") for agent in queue["Agents"]]
    everyone = {peer["Number"] for peer in peers(pbx)}
    assert numbers | set(members) | set(agents) <= everyone
    pbx.state.reset()
    assert pbx.state.count("Users") == 25


def validator_of(set_name: str) -> Any:
    operation = DOCUMENT["paths"][f"/{set_name}"]["post"]
    schema = operation["requestBody"]["content"]["application/json"]["schema"]
    return jsonschema_rs.Draft202012Validator({**schema, "components": DOCUMENT["components"]})


def peers(pbx: Simulator) -> list[dict[str, Any]]:
    headers = {"Authorization": f"Bearer {pbx.token()}"}
    found: list[dict[str, Any]] = []
    with httpx.Client(base_url=f"{pbx.base_url}/xapi/v1/", headers=headers, timeout=30) as client:
        while True:
            page = client.get("Peers", params={"$top": 100, "$skip": len(found)}).json()["value"]
            found += page
            if len(page) < 100:
                return found
