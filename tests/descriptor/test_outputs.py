"""The results of operations as a canvas knows them: output schemas of the package, and fields that are secrets."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import orjson
from jsonschema import Draft202012Validator

from tests.descriptor.committed import CATALOG, DEFINITION, OPERATIONS
from threecx_credentials import Credential
from threecx_node.codegen.descriptor.everyday import NAME as EVERYDAY
from threecx_node.codegen.descriptor.output_schemas import build_schema, main
from threecx_node.codegen.descriptor.sensitive_fields import find_sensitive_fields
from threecx_node.descriptor import load_definition
from threecx_node.execution.executor import Executor
from threecx_node.simulator import Simulator

SECRETS = {"AuthPassword", "VMPIN", "AccessPassword", "Password", "PrivateKey", "ApiKey", "ClientSecret"}


def properties(operation_id: str) -> dict[str, Any]:
    schema: dict[str, dict[str, Any]] = build_schema(CATALOG, CATALOG.operation(operation_id))
    return schema["properties"]


def test_each_operation_of_a_node_has_a_file(tmp_path: Path) -> None:
    (tmp_path / "ThreeCx").mkdir()
    assert main([str(tmp_path)]) == 0
    folder = tmp_path / "ThreeCx" / "__schema__" / "v1.0.0"
    files = {path.stem: path for path in folder.rglob("*.json")}
    assert set(files) == {each.id for each in OPERATIONS}
    assert files["ListUser"].parent.name == "Users"
    for path in files.values():
        schema = orjson.loads(path.read_bytes())
        Draft202012Validator.check_schema(schema)
        assert schema["type"] == "object"


def test_usage(tmp_path: Path) -> None:
    assert main([]) == 2
    assert main([str(tmp_path)]) == 2


def test_the_schema_is_that_of_the_defaults_of_a_node() -> None:
    assert len(properties("ListUser")) == 10
    assert properties("DeleteUser") == {"deleted": {"type": "boolean"}, "Id": {"type": "integer"}}
    assert properties("UpdateUser") == {"updated": {"type": "boolean"}, "Id": {"type": "integer"}}
    assert properties("DownloadCallLog")["fileName"] == {"type": "string"}
    hours = properties("ListHoliday")
    assert hours["IsRecurrent"] == {"type": "boolean"}
    assert properties("OffboardUser")["action"] == {"type": "string"}


def test_results_have_the_fields_of_their_schemas() -> None:
    names = ("ListUser", "ListQueue", "ListTrunk", "ListContact", "GetSystemStatus", "ListCallFlowApp")

    async def main() -> dict[str, list[dict[str, Any]]]:
        found = {}
        with Simulator() as pbx:
            credential = Credential.of(pbx.base_url, pbx.client_id, pbx.client_secret)
            async with Executor(credential) as executor:
                for name in names:
                    batch = await executor.run(name, [{}], {"simplify": True})
                    batch.raise_for_error()
                    found[name] = [item["json"] for item in batch.results[0].items or ()]
        return found

    for name, items in asyncio.run(main()).items():
        assert items
        known = properties(name)
        for item in items:
            assert {each for each in item if not each.startswith("@")} <= set(known), name
            for field, value in item.items():
                if field in known and value is not None:
                    Draft202012Validator(known[field]).validate(value)


def test_secrets_are_named() -> None:
    sensitive = find_sensitive_fields(CATALOG)
    assert DEFINITION["sensitiveOutputFields"] == sensitive
    assert set(sensitive) >= SECRETS
    assert "Location.FtpPassword" in sensitive
    # n8n's path of a field in each entry of a list.
    assert "Phones[*].Settings.Secret" in load_definition(node=EVERYDAY)["sensitiveOutputFields"]
    assert {"Phones[*].Settings.Secret", "RefreshTokens[*].Token", "ConfiguredServers[*].Secret"} <= set(
        sensitive
    )
    # Switches and names of secrets are shown.
    assert not {"AllowChangePassword", "PinProtected", "CertificateName", "Key"} & set(sensitive)
