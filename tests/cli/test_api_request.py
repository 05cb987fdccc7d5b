"""`threecx execute ApiRequest`, from parameters and from a copied node."""

from __future__ import annotations

import json
from pathlib import Path

from tests.cli.conftest import Threecx
from threecx_node.simulator import Simulator


def test_read_and_change(threecx: Threecx, pbx: Simulator) -> None:
    command = ("execute", "ApiRequest", "-p", "method=GET", "-p", "path=/xapi/v1/Users")
    ran = threecx(*command, "-p", 'query={"$top": 2, "$select": "Id,Number"}')
    assert ran.code == 0, ran.err
    first, second = (each["json"] for each in ran.json[0]["items"])
    assert set(first) >= {"Id", "Number"}
    change = ("execute", "ApiRequest", "-p", "method=PATCH", "-p", f"path=/xapi/v1/Users({second['Id']})")
    ran = threecx(*change, "--body", '{"FirstName": "Ada"}')
    assert ran.code == 0, ran.err
    assert ran.json[0]["items"][0]["json"] == {"updated": True}
    assert [each.json() for each in pbx.requests if each.method == "PATCH"] == [{"FirstName": "Ada"}]


def test_a_path_that_leads_elsewhere(threecx: Threecx, pbx: Simulator) -> None:
    ran = threecx("execute", "ApiRequest", "-p", "path=https://other.example/xapi/v1/Users")
    assert ran.code == 1
    assert "is not below /xapi/v1 or /callcontrol" in ran.err
    assert not [each for each in pbx.requests if each.path.startswith("/xapi")]


def test_a_copied_node(threecx: Threecx, tmp_path: Path) -> None:
    node = {
        "parameters": {
            "resource": "Api",
            "operation": "ApiRequest",
            "path": "=/xapi/v1/Users({{ $json.Id }})",
            "query": '{"$select": "Id"}',
            "options": {"dryRun": True},
        },
        "type": "n8n-nodes-threecx.threeCx",
    }
    (tmp_path / "node.json").write_text(json.dumps(node))
    (tmp_path / "items.json").write_text('[{"Id": 5}]')
    ran = threecx("execute", "--node", str(tmp_path / "node.json"), "--items", str(tmp_path / "items.json"))
    assert ran.code == 0, ran.err
    assert ran.json[0]["request"]["url"].endswith("/xapi/v1/Users(5)?$select=Id")
