"""`threecx execute` as a process, against a simulated PBX over HTTP."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import COMMAND, Threecx, environment, run
from tests.support import ROOT, shared
from tests.transport.servers import response, running
from threecx_node.simulator import Simulator

DELETE = ("execute", "DeleteCallFlowApp")
BY_ID = ("-p", "Id=={{ $json.Id }}")


def write(path: Path, value: Any) -> str:
    path.write_text(value if isinstance(value, str) else json.dumps(value))
    return str(path)


def test_deletes_from_a_file(threecx: Threecx, pbx: Simulator, tmp_path: Path) -> None:
    items = write(tmp_path / "items.json", [{"Id": 40}, {"Id": 41}])
    ran = threecx(*DELETE, *BY_ID, "--items", items)
    assert ran.code == 0, ran.err
    assert ran.json == [
        {"items": [{"json": {"deleted": True, "Id": 40}, "pairedItem": {"item": 0}}]},
        {"items": [{"json": {"deleted": True, "Id": 41}, "pairedItem": {"item": 1}}]},
    ]
    left = [each["json"]["Id"] for each in threecx("execute", "ListCallFlowApp").json[0]["items"]]
    assert left == [42, 43, 44, 45, 46, 47]
    deletes = [each.path for each in pbx.requests if each.method == "DELETE"]
    assert sorted(deletes) == ["/xapi/v1/CallFlowApps(40)", "/xapi/v1/CallFlowApps(41)"]


def test_copied_node(threecx: Threecx, tmp_path: Path) -> None:
    node = str(ROOT / "examples" / "delete-call-flow-apps" / "node.json")
    items = write(tmp_path / "items.json", [{"Id": 40}, {"Id": 44, "etag": 'W/"1"'}, {"Id": 9999}])
    ran = threecx("execute", "--node", node, "--items", items, "--continue-on-fail")
    assert ran.code == 1
    done, changed, gone = ran.json
    assert done["items"][0]["json"] == {"deleted": True, "Id": 40}
    assert changed["error"]["httpCode"] == 412
    assert "current ETag" in changed["error"]["description"]
    assert gone["error"]["httpCode"] == 404
    assert gone["error"]["itemIndex"] == 2
    assert "done: item 0; failed: items 1-2" in ran.err


def test_generated_node(threecx: Threecx, pbx: Simulator) -> None:
    node = str(shared("workflows", "generated-node-cleanup.json"))
    listed = threecx("execute", "--node", node, "--node-name", "List apps")
    assert listed.code == 0, listed.err
    items = json.dumps([each["json"] for each in listed.json[0]["items"]][:2])
    ran = threecx("execute", "--node", node, "--node-name", "Delete app", "--items", "-", stdin=items)
    assert ran.code == 0, ran.err
    deletes = [each for each in pbx.requests if each.method == "DELETE"]
    assert len(deletes) == len(json.loads(items))
    assert all(each.headers.get("if-match") for each in deletes)


@pytest.mark.parametrize("output", ["json", "ndjson", "table"])
def test_outputs(threecx: Threecx, tmp_path: Path, output: str) -> None:
    items = write(tmp_path / "items.json", [{"Id": 40}, {"Id": 9999}, {"Id": 41}])
    ran = threecx(*DELETE, *BY_ID, "--items", items, "--continue-on-fail", "--output", output)
    assert ran.code == 1
    if output == "json":
        assert [list(each) for each in ran.json] == [["items"], ["error"], ["items"]]
    elif output == "ndjson":
        lines = [json.loads(line) for line in ran.out.splitlines()]
        assert sorted(each["item"] for each in lines) == [0, 1, 2]
    else:
        rows = ran.out.splitlines()
        assert any("deleted" in row for row in rows)
        assert any("failed" in row and "NOT_FOUND" in row for row in rows)


def test_error_stops_the_batch(threecx: Threecx, tmp_path: Path) -> None:
    items = write(tmp_path / "items.json", [{"Id": 40}, {"Id": 9999}, {"Id": 41}, {"Id": 42}])
    ran = threecx(*DELETE, *BY_ID, "--items", items, "--concurrency", "1")
    assert ran.code == 1
    assert [each.get("error", {}).get("code") for each in ran.json] == [
        None,
        "WARNINGS.XAPI.NOT_FOUND",
        "not_attempted",
        "not_attempted",
    ]
    assert "done: item 0; not tried: items 2-3" in ran.err


def test_string_keys(threecx: Threecx) -> None:
    name = "O'Hara & Söhne/2?"
    body = json.dumps({"Name": name, "Value": "x"})
    assert threecx("execute", "CreateProperty", "--body", body).code == 0
    ran = threecx("execute", "GetProperty", "-p", f"Name={name}")
    assert ran.code == 0, ran.err
    assert ran.json[0]["items"][0]["json"]["Name"] == name
    assert threecx("execute", "DeleteProperty", "-p", f"Name={name}").json[0]["items"][0]["json"] == {
        "deleted": True,
        "Name": name,
    }


def test_update_of_one_field(threecx: Threecx, pbx: Simulator) -> None:
    [user] = threecx("execute", "ListUser", "-p", "limit=1").json[0]["items"]
    before = threecx("execute", "GetUser", "-p", f"Id={user['json']['Id']}").json[0]["items"][0]["json"]
    ran = threecx("execute", "UpdateUser", "-p", f"Id={before['Id']}", "--body", '{"FirstName": "Ada"}')
    assert ran.code == 0, ran.err
    after = threecx("execute", "GetUser", "-p", f"Id={before['Id']}").json[0]["items"][0]["json"]
    assert {name for name in before if before[name] != after[name]} <= {"FirstName", "DisplayName"}
    assert after["FirstName"] == "Ada"
    [patch] = [each for each in pbx.requests if each.method == "PATCH"]
    assert json.loads(patch.body) == {"FirstName": "Ada"}


def test_list_of_several_pages(threecx: Threecx, pbx: Simulator, tmp_path: Path) -> None:
    items = write(tmp_path / "items.json", [{"n": number} for number in range(130)])
    body = '{"FirstName": "={{ $json.n }}", "PhoneNumber": "1"}'
    made = threecx("execute", "CreateContact", "--items", items, "--body", body.replace("={{", "=C {{"))
    assert made.code == 0, made.err
    everything = threecx("execute", "ListContact", "-p", "returnAll=true").json[0]["items"]
    assert len(everything) >= 130
    assert len(threecx("execute", "ListContact").json[0]["items"]) == 50
    assert len(threecx("execute", "ListContact", "-p", "limit=110").json[0]["items"]) == 110
    assert pbx.requests[-1].method == "GET"


def test_partial_failure(threecx: Threecx) -> None:
    [user] = threecx("execute", "ListUser", "-p", "limit=1", "-p", "$skip=3").json[0]["items"]
    ids = json.dumps({"ids": [user["json"]["Id"], 999999]})
    ran = threecx("execute", "BatchDelete", "--body", ids)
    assert ran.code == 1
    assert ran.json[0]["error"]["code"] == "partial_failure"
    assert ran.json[0]["error"]["failures"]


def test_release_of_the_pbx_is_used() -> None:
    with Simulator(release="20.0.4") as old:
        env = {
            "THREECX_BASE_URL": f"{old.base_url}/xapi/v1/",
            "THREECX_CLIENT_ID": old.client_id,
            "THREECX_CLIENT_SECRET": old.client_secret,
        }
        ran = run("execute", "GetUserByNumber", "-p", "Number=100", env=env)
        assert ran.code == 0, ran.err
        assert any("Pbx.GetByNumber" in each.path for each in old.requests)


def test_dry_runs_of_the_readme() -> None:
    ran = run("execute", "GetProperty", "-p", "Name=O'Brien & Söhne/1", "--dry-run")
    assert ran.json[0]["request"]["url"] == "/xapi/v1/TenantProperties('O''Brien%20%26%20S%C3%B6hne%2F1')"
    ran = run("execute", "UpdateUser", "-p", "Id=5", "--body", '{"FirstName":"Ada"}', "--dry-run")
    assert ran.json[0]["request"]["body"] == {"FirstName": "Ada"}
    assert ran.code == 0


def test_dry_run_needs_no_credential(threecx: Threecx, pbx: Simulator) -> None:
    ran = threecx(*DELETE, "-p", "Id=40", "--dry-run")
    assert ran.json[0]["request"]["url"] == f"{pbx.base_url}/xapi/v1/CallFlowApps(40)"
    assert ran.json[0]["request"]["headers"] == {"Authorization": "Bearer ********"}
    assert pbx.requests == []


def test_empty_list_of_items(tmp_path: Path) -> None:
    ran = run(*DELETE, *BY_ID, "--items", write(tmp_path / "items.json", []))
    assert (ran.code, ran.json, ran.err) == (0, [], "")


def test_items_of_n8n_with_byte_order_mark(threecx: Threecx) -> None:
    ran = threecx(
        *DELETE, *BY_ID, "--items", "-", stdin='\ufeff[{"json": {"Id": 40}, "pairedItem": {"item": 0}}]'
    )
    assert ran.code == 0, ran.err
    assert ran.json[0]["items"][0]["json"] == {"deleted": True, "Id": 40}


def test_key_file(pbx: Simulator, tmp_path: Path) -> None:
    key = write(tmp_path / "key", pbx.client_secret + "\n")
    arguments = ("--base-url", pbx.base_url, "--client-id", pbx.client_id, "--client-secret-file", key)
    assert run(*DELETE, "-p", "Id=40", *arguments).code == 0


def test_closed_pipe() -> None:
    process = subprocess.Popen(
        [*COMMAND, "operations", "--json"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment()
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.read(10)
    process.stdout.close()
    assert b"Traceback" not in process.stderr.read()
    process.stderr.close()
    process.wait(20)


def test_ctrl_c(tmp_path: Path) -> None:
    with Simulator(latency_ms=200) as slow:
        env = {
            "THREECX_BASE_URL": slow.base_url,
            "THREECX_CLIENT_ID": slow.client_id,
            "THREECX_CLIENT_SECRET": slow.client_secret,
        }
        items = write(tmp_path / "items.json", [{"Id": number} for number in range(40, 48)])
        process = subprocess.Popen(
            [*COMMAND, *DELETE, *BY_ID, "--items", items, "--concurrency", "1"],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment(env), text=True,
        )  # fmt: skip
        deadline = time.monotonic() + 20
        while not any(each.method == "DELETE" for each in slow.requests):
            assert time.monotonic() < deadline
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=20)
        deleted = {40, 41, 42, 43, 44, 45, 46, 47} - {
            each["Id"] for each in slow.state.entities("CallFlowApps")
        }
    assert process.returncode == 1
    told = {entry["items"][0]["json"]["Id"] for entry in json.loads(out) if "items" in entry}
    assert told == deleted
    assert 0 < len(told) < 8
    assert "stopped (done: item" in err
    assert "Traceback" not in err


def test_tls_options_and_their_variables() -> None:
    with Simulator(tls=True) as secure:
        env = {
            "THREECX_BASE_URL": secure.base_url,
            "THREECX_CLIENT_ID": secure.client_id,
            "THREECX_CLIENT_SECRET": secure.client_secret,
        }
        trusted = {**env, "THREECX_CA_FILE": str(secure.ca_file)}
        unverified = {**env, "THREECX_VERIFY_TLS": "off"}
        assert run("check", env=env).code == 3
        assert run("check", env=trusted).code == 0
        assert run("check", env=unverified).code == 0
        assert run("check", "--verify-tls", env=unverified).code == 3
        assert run("check", "--no-verify-tls", env=env).code == 0


def test_a_reader_that_leaves_ends_the_command_silently() -> None:
    with Simulator(seed="large") as large:
        command = [*COMMAND, "execute", "ListUser", "-p", "returnAll=true", "--output", "ndjson"]
        env = environment(
            {
                "THREECX_BASE_URL": large.base_url,
                "THREECX_CLIENT_ID": "900",
                "THREECX_CLIENT_SECRET": "simulator-secret",
            }
        )
        with subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            assert process.stdout is not None
            assert process.stderr is not None
            assert json.loads(process.stdout.readline())["more"] is True
            process.stdout.close()
            said = process.stderr.read()
            assert process.wait(60) == 1
    assert said == b""


def test_columns_that_were_left_out_are_noted(threecx: Threecx, tmp_path: Path) -> None:
    mapper = {"mappingMode": "autoMapInputData", "value": None}
    node = {"type": "threeCx", "parameters": {"operation": "CreateUser", "body": mapper}}
    items = write(tmp_path / "items.json", [{"number": "0401", "shoeSize": 37}, {"number": "0402"}])
    arguments = ("--node", write(tmp_path / "node.json", node), "--items", items)
    ran = threecx("execute", *arguments, "--dry-run")
    assert ran.code == 0, ran.err
    assert ran.err == (
        "threecx: note: automatic mapping left out a column that is not a field of CreateUser: shoeSize\n"
    )
    assert [each["request"]["body"] for each in ran.json] == [{"Number": "0401"}, {"Number": "0402"}]


@pytest.mark.parametrize("form", ["json", "ndjson", "table"])
def test_a_list_in_pages_of_10_is_complete(form: str) -> None:
    with Simulator(page_size=10) as pbx:
        ran = run("execute", "ListUser", "-p", "returnAll=true", "-o", form, env=variables(pbx))
        assert ran.code == 0, ran.err
        assert ran.out.count("pairedItem") == pbx.state.count("Users") or form == "table"
        pages = [each.query for each in pbx.requests if each.path == "/xapi/v1/Users"]
        assert [each.rpartition("=")[2] for each in pages[1:]] == ["10", "20", "25"]


@pytest.mark.parametrize("form", ["json", "ndjson", "table"])
def test_a_list_that_an_error_ended_is_shown(form: str) -> None:
    def answer(head: str) -> bytes:
        if "$skip" in head:
            return response(500, b'{"error": {"message": "page 2 is broken"}}')
        return response(body=b'{"value": [{"Id": 101}, {"Id": 102}]}')

    with running(answer) as server:
        given = {
            "THREECX_BASE_URL": f"http://127.0.0.1:{server.port}",
            "THREECX_CLIENT_ID": "900",
            "THREECX_CLIENT_SECRET": "x",
        }
        ran = run("execute", "ListUser", "-p", "returnAll=true", "-o", form, env=given)
    assert ran.code == 1
    assert "page 2 is broken" in ran.out
    assert all(number in ran.out for number in ("101", "102"))
    assert "page 2 is broken" in ran.err


def variables(pbx: Simulator) -> dict[str, str]:
    return {
        "THREECX_BASE_URL": pbx.base_url,
        "THREECX_CLIENT_ID": pbx.client_id,
        "THREECX_CLIENT_SECRET": pbx.client_secret,
    }
