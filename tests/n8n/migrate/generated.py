"""Workflows of a generated 3CX node, and their migration."""

from __future__ import annotations

import json
from typing import Any

from threecx_node.catalog import load_catalog
from threecx_node.n8n.migrate import migrate

CATALOG = load_catalog()
OLD = "n8n-nodes-3cx.threecx"
NEW = "n8n-nodes-threecx.threeCx"


def workflow(*parameters: dict[str, Any], **more: Any) -> dict[str, Any]:
    nodes = [
        {
            "parameters": each,
            "id": f"{index}",
            "name": f"Old {index}",
            "type": OLD,
            "typeVersion": 1,
            "position": [0, 0],
        }
        for index, each in enumerate(parameters)
    ]
    return {
        "name": "Flow",
        "nodes": [{**node, **more} for node in nodes],
        "connections": {},
        "pinData": {"x": [1.50]},
    }


def migrate_one(parameters: dict[str, Any], **more: Any) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Migrate one node and return its parameters and the notes."""
    done = migrate(json.dumps(workflow(parameters, **more)), CATALOG)
    [report] = done.reports
    assert not report.problems, report.problems
    node = json.loads(done.text)["nodes"][0]
    assert node["type"] == NEW
    return node["parameters"], report.notes


def find_problems(parameters: dict[str, Any]) -> str:
    """Return the problems of a node that is not migrated."""
    text = json.dumps(workflow(parameters))
    done = migrate(text, CATALOG)
    assert done.text == text
    [report] = done.reports
    return "; ".join(report.problems)


def delete(**more: Any) -> dict[str, Any]:
    return {
        "resource": "Call Flow Apps",
        "operation": "Delete Call Flow App",
        "Id": "={{ $json.Id }}",
        **more,
    }
