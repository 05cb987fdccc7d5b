"""The batch options of a copied node: Dry Run, Concurrency and Timeout apply to all items of a run."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import run
from threecx_node.catalog import load_catalog
from threecx_node.errors import InputError
from threecx_node.n8n.node_json import Node, read_node
from threecx_node.options import BatchOptions

CATALOG = load_catalog()
DELETE = {"resource": "CallFlowApps", "operation": "DeleteCallFlowApp", "Id": "={{ $json.Id }}"}
TYPE = "n8n-nodes-threecx.threeCx"


def read(parameters: dict[str, Any]) -> Node:
    return read_node({"parameters": parameters, "type": TYPE, "name": "3CX"}, CATALOG)


def test_they_are_split_from_the_parameters() -> None:
    node = read({**DELETE, "options": {"dryRun": True, "concurrency": 2, "timeout": 5, "retryTime": 0}})
    assert node.batch_options == BatchOptions(dry_run=True, concurrency=2, timeout=5, retry_time=0)
    assert "options" not in node.parameters


def test_other_options_stay() -> None:
    users = {"resource": "Users", "operation": "ListUser"}
    node = read({**users, "options": {"$filter": "={{ $json.filter }}", "timeout": 5}})
    assert node.parameters["options"] == {"$filter": "={{ $json.filter }}"}
    assert node.batch_options == BatchOptions(timeout=5)


def test_at_the_top_level() -> None:
    node = read({**DELETE, "dryRun": "true"})
    assert node.batch_options == BatchOptions(dry_run=True)
    assert "dryRun" not in node.parameters


def test_a_node_without_them() -> None:
    assert read(DELETE).batch_options == BatchOptions()


def test_field_with_the_same_name() -> None:
    receptionist = {"resource": "Receptionists", "operation": "UpdateReceptionist", "Id": 5}
    node = read({**receptionist, "Timeout": "={{ $json.t }}", "options": {"timeout": 9}})
    assert node.parameters["Timeout"] == "={{ $json.t }}"
    assert node.batch_options == BatchOptions(timeout=9)
    services = {"resource": "Services", "operation": "Restart"}
    assert (
        read({**services, "options": "={{ $json.options }}"}).parameters["options"] == "={{ $json.options }}"
    )


@pytest.mark.parametrize("name", ["dryRun", "concurrency", "timeout", "retryTime"])
def test_expression_is_refused(name: str) -> None:
    expression = "={{ $json.Id === 40 }}"
    with pytest.raises(InputError, match=f"options.{name} cannot be an expression") as caught:
        read({**DELETE, "options": {name: expression}})
    assert caught.value.field == f"options.{name}"
    with pytest.raises(InputError, match=f"^{name} cannot be an expression"):
        read({**DELETE, name: expression})


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"dryRun": "perhaps"}, "dryRun: expected true or false"),
        ({"dryRun": None}, "dryRun is set but empty"),
        ({"concurrency": 0}, "concurrency: expected a number of 1 or more"),
        ({"timeout": "soon"}, "timeout: expected a number"),
    ],
)
def test_value_that_is_not_valid(options: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError, match=words):
        read({**DELETE, "options": options})


def execute(tmp_path: Path, options: dict[str, Any]) -> Any:
    """Run a copied node for two items on a PBX that does not exist."""
    path = tmp_path / "node.json"
    path.write_text(json.dumps({"parameters": {**DELETE, "options": options}, "type": TYPE}))
    items = tmp_path / "items.json"
    items.write_text('[{"Id": 40}, {"Id": 41}]')
    return run("execute", "--node", str(path), "--items", str(items))


@pytest.mark.slow
def test_execute_with_a_dry_run(tmp_path: Path) -> None:
    """A dry run needs no credential."""
    ran = execute(tmp_path, {"dryRun": True})
    assert ran.code == 0, ran.err
    assert [each["request"]["url"] for each in json.loads(ran.out)] == [
        "/xapi/v1/CallFlowApps(40)",
        "/xapi/v1/CallFlowApps(41)",
    ]


@pytest.mark.slow
def test_execute_with_a_dry_run_of_one_item(tmp_path: Path) -> None:
    ran = execute(tmp_path, {"dryRun": "={{ $json.Id === 40 }}"})
    assert (ran.code, ran.out) == (2, "")
    assert "options.dryRun cannot be an expression" in ran.err
