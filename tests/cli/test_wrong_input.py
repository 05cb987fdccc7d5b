"""Wrong input of `threecx execute`: one line on stderr, an exit code, and nothing sent."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Threecx, run
from tests.transport.servers import free_port
from threecx_node.simulator import Simulator

DELETE = ("execute", "DeleteCallFlowApp")
BY_ID = ("-p", "Id=={{ $json.Id }}")


def write(path: Path, value: Any) -> str:
    path.write_text(value if isinstance(value, str) else json.dumps(value))
    return str(path)


NOTHING_SENT = [
    (("DeleteCallFlowAp",), 2, "Did you mean 'DeleteCallFlowApp'?"),
    (("DeleteCallFlowApp", "-p", "Idd=5"), 2, "Did you mean 'Id'?"),
    (("DeleteCallFlowApp", "-p", "Id"), 2, "Write it like -p Id=5"),
    (("DeleteCallFlowApp", "-p", "Id=5", "-p", "Id=6"), 2, "given twice"),
    (("DeleteCallFlowApp",), 1, "item 0: Id is required"),
    (("DeleteCallFlowApp", "-p", "Id=abc"), 1, 'item 0: Id: expected a whole number, got "abc"'),
    (("DeleteCallFlowApp", "-p", "Id=2147483648"), 1, "item 0: Id: expected a whole number from"),
    (
        ("DeleteCallFlowApp", "-p", "Id=5", "-p", "If-Match=a\r\nX-Evil: 1"),
        1,
        "item 0: If-Match: a header cannot have a line break",
    ),
    (("UpdateUser", "-p", "Id=5", "--body", "{"), 2, "body is not valid JSON at line 1, column 2"),
    (("UpdateUser", "-p", "Id=5", "--body", "@nowhere.json"), 2, "cannot read body nowhere.json"),
    (("UpdateUser", "-p", "Id=5", "--body", '{"FirstNam": "A"}'), 1, "Did you mean 'FirstName'?"),
    (
        ("UpdateUser", "-p", "Id=5", "--body", '{"FirstName": "A"}', "--max-body-bytes", "5"),
        1,
        "item 0: the body",
    ),
    (("UpdateUser", "-p", "Id=5"), 1, "item 0: UpdateUser has nothing to update"),
    (("GetUser", "-p", "Id=5", "--release", "21.0.0"), 2, "Choose one of 20.0.4"),
    (("GetUser", "-p", "Id=5", "--base-url", "https://ada:hunter2@pbx.example"), 2, "user name or password"),
    (("GetUser", "-p", "Id=5", "--catalog", "nowhere.json"), 2, "cannot read the catalog"),
    ((), 2, "OPERATION is missing"),
    (("GetUser", "--node", "x.json"), 2, "both OPERATION and --node are given"),
    (("GetUser", "-p", "Id=5", "--output", "xml"), 2, "xml"),
]


@pytest.mark.parametrize(("arguments", "code", "says"), NOTHING_SENT, ids=lambda value: str(value)[:40])
def test_wrong_input(
    threecx: Threecx, pbx: Simulator, arguments: tuple[str, ...], code: int, says: str
) -> None:
    ran = threecx("execute", *arguments)
    assert ran.code == code
    assert says in ran.err
    if "Usage:" not in ran.err:
        assert len(ran.err.splitlines()) == 1, ran.err
    assert "hunter2" not in ran.err
    assert pbx.requests == []


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ('{"Id": 5}', "must be a list of objects, not an object"),
        ("5", "must be a list of objects, not a number"),
        ("[1, 2]", "item 0 must be an object, not a number"),
        ('[{"Id": 1}, null]', "item 1 must be an object, not null"),
        ('[\n  {"Id": 1,}\n]', "is not valid JSON at line 2, column"),
        ("", "is not valid JSON at line 1, column 1"),
    ],
)
def test_wrong_items(threecx: Threecx, pbx: Simulator, tmp_path: Path, content: str, says: str) -> None:
    ran = threecx(*DELETE, *BY_ID, "--items", write(tmp_path / "items.json", content))
    assert ran.code == 2
    assert says in ran.err
    assert len(ran.err.splitlines()) == 1
    assert pbx.requests == []


def test_items_not_in_utf_8(threecx: Threecx, tmp_path: Path) -> None:
    path = tmp_path / "items.json"
    path.write_bytes(b'[{"Name": "S\xf6hne"}]')
    ran = threecx(*DELETE, *BY_ID, "--items", str(path))
    assert ran.code == 2
    assert "is not UTF-8 (byte 12)" in ran.err


def test_error_in_the_last_item_sends_nothing(threecx: Threecx, pbx: Simulator, tmp_path: Path) -> None:
    items = write(tmp_path / "items.json", [{"Id": 40}, {"Id": 41}, {}])
    ran = threecx(*DELETE, *BY_ID, "--items", items)
    assert ran.code == 1
    assert "item 2: Id is required, but it is undefined" in ran.err
    assert pbx.requests == []
    assert [each["error"]["code"] for each in ran.json] == ["not_attempted", "not_attempted", "parameter"]


def test_missing_credential() -> None:
    ran = run(*DELETE, "-p", "Id=5")
    assert ran.code == 2
    assert "--base-url is missing. Give --base-url or set THREECX_BASE_URL." in ran.err


def test_wrong_key(pbx: Simulator) -> None:
    env = {
        "THREECX_BASE_URL": pbx.base_url,
        "THREECX_CLIENT_ID": pbx.client_id,
        "THREECX_CLIENT_SECRET": "wr0ng-key",
    }
    ran = run(*DELETE, "-p", "Id=40", env=env)
    assert ran.code == 3
    assert "refused the login" in ran.err
    assert "API key" in ran.err
    assert "wr0ng-key" not in ran.out + ran.err


def test_unreachable_pbx() -> None:
    env = {
        "THREECX_BASE_URL": f"http://127.0.0.1:{free_port()}",
        "THREECX_CLIENT_ID": "x",
        "THREECX_CLIENT_SECRET": "s3cr3t-key",
    }
    ran = run(*DELETE, "-p", "Id=40", "--continue-on-fail", env=env)
    assert ran.code == 3
    assert "refused the connection" in ran.err
    assert "s3cr3t-key" not in ran.out + ran.err


def test_key_on_the_command_line(pbx: Simulator) -> None:
    ran = run(*DELETE, "-p", "Id=40", "--client-secret", "s3cr3t-key")
    assert ran.code == 2
    assert "Use --client-secret-file instead, or set THREECX_CLIENT_SECRET" in " ".join(ran.err.split())
    assert "s3cr3t-key" not in ran.out + ran.err
    assert pbx.requests == []


def test_expression_in_an_option_of_the_batch(threecx: Threecx, pbx: Simulator) -> None:
    node = {
        "type": "n8n-nodes-threecx.threeCx",
        "name": "Delete",
        "parameters": {
            "resource": "CallFlowApps",
            "operation": "DeleteCallFlowApp",
            "Id": {"__rl": True, "mode": "id", "value": "={{ $json.Id }}"},
            "options": {"dryRun": "={{ $json.Id > 40 }}"},
        },
    }
    ran = threecx("execute", "--node", "-", stdin=json.dumps(node))
    assert ran.code == 2
    assert "dryRun" in ran.err
    assert "expression" in ran.err
    assert len(ran.err.splitlines()) == 1
    assert pbx.requests == []
