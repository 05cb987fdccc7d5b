"""The commands other than execute: their output, and their errors."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import COMMAND, Threecx, environment, run
from tests.sounds import telephone_wav
from tests.support import ADDED_OPERATIONS, OPERATIONS, ROOT, shared
from tests.transport.servers import free_port, response, running
from threecx_node.catalog import load_catalog
from threecx_node.simulator import Simulator

CATALOG = load_catalog()


TASKS = [CATALOG.operation(each) for each in CATALOG.task_ids]
OLD_TASKS = [each for each in TASKS if "20.0.4" in each.releases]


@pytest.mark.parametrize(
    ("arguments", "count"),
    [
        ((), OPERATIONS + len(TASKS) + 1),  # with API Request, which is not part of the catalog
        (("--release", "20.0.10"), 601 + len(ADDED_OPERATIONS) + len(TASKS) + 1),
        (("--release", "20.0.4"), 526 + len(ADDED_OPERATIONS) + len(OLD_TASKS) + 1),
        (("--resource", "Call Flow Apps"), 9),
        (("--resource", "API"), 1),
        (("--search", "api request"), 1),
    ],
)
def test_operations(arguments: tuple[str, ...], count: int) -> None:
    listed = run("operations", "--json", *arguments).json
    assert len(listed) == count
    assert len({each["operation"] for each in listed}) == count
    assert {"operation", "resource", "kind", "action", "method", "path", "releases"} == set(listed[0])


def test_operations_as_a_table() -> None:
    ran = run("operations", "--search", "delete call-flow app")
    assert "DeleteCallFlowApp" in ran.out
    assert "Delete call flow app" in ran.out
    assert "DELETE /CallFlowApps({Id})" in ran.out


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("operations", "--resource", "CallFlowAps"), "Did you mean 'CallFlowApps'?"),
        (("operations", "--release", "20.0"), "Choose one of 20.0.4"),
        (("describe", "GetUsr"), "Did you mean 'GetUser'?"),
    ],
)
def test_unknown_names(arguments: tuple[str, ...], says: str) -> None:
    ran = run(*arguments)
    assert ran.code == 2
    assert says in ran.err
    assert len(ran.err.splitlines()) == 1


def test_describe_as_text() -> None:
    text = run("describe", "DeleteCallFlowApp").out
    assert "DELETE /CallFlowApps({Id})" in text
    assert re.search(r"Id +Int32\n", text)
    assert re.search(r"If-Match +String, optional\n", text)
    assert "TranscriptionMode" in run("describe", "UpdateUser").out
    assert (
        "3CX 20.0.4 to 20.0.7: GET /Users/Pbx.GetByNumber(number={number})"
        in run("describe", "GetUserByNumber").out
    )


def test_describe_every_operation() -> None:
    from threecx_node.cli.describe import describe_operation, to_text
    from threecx_node.messages import FileContent
    from threecx_node.parameters.resolve import resolve_parameters
    from threecx_node.parameters.table import ParameterTable
    from threecx_node.request.build import RequestBuilder

    for operation in CATALOG.operations():
        described = describe_operation(CATALOG, operation)
        assert described["action"] in to_text(described)
        words = shlex.split(described["example"])
        assert words[:3] == ["threecx", "execute", operation.id]
        given: dict[str, object] = {}
        for option, value in zip(words[3:-1:2], words[4::2], strict=True):
            name, _, text = value.partition("=") if option == "-p" else ("body", "", value)
            given[name] = text
        version = operation.version()
        if version.upload:
            given[version.upload.name] = FileContent("closed.wav", telephone_wav())
        resolved = resolve_parameters(ParameterTable(CATALOG, operation, version, None), given, {})
        # The device that makes a call is looked up where it is not given.
        open_keys = ("deviceId",) if operation.id == "PlaceCall" else ()
        request = RequestBuilder(CATALOG, operation).build(resolved.values, open_keys=open_keys)
        assert request.method == version.method


def test_check(threecx: Threecx) -> None:
    found = threecx("check", "--json")
    assert found.code == 0, found.err
    assert found.json["ok"] is True
    assert found.json["version"].startswith("20.0.10")
    assert found.json["role"] == "System Owner"
    assert "logged in as" in threecx("check").out


def test_check_of_another_server() -> None:
    env = {"THREECX_CLIENT_ID": "x", "THREECX_CLIENT_SECRET": "s3cr3t-key"}
    with running(lambda _: response(body=b"<html>hello", media_type="text/html")) as server:
        ran = run("check", "--base-url", f"http://127.0.0.1:{server.port}", env=env)
        assert ran.code == 3
        assert "not 3CX's API" in ran.err
    ran = run("check", "--base-url", f"http://127.0.0.1:{free_port()}", env=env)
    assert ran.code == 3
    assert "refused the connection" in ran.err
    assert "s3cr3t-key" not in ran.out + ran.err


def test_simulator() -> None:
    port = free_port()
    process = subprocess.Popen(
        [*COMMAND, "simulator", "--port", str(port)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(),
    )
    try:
        assert process.stderr is not None
        lines = [process.stderr.readline().decode()]
        while "threecx execute" not in lines[-1]:
            lines.append(process.stderr.readline().decode())
            assert lines[-1], lines
        assert f"http://127.0.0.1:{port}" in lines[0]
        # A user pastes the lines that it prints.
        exports = [shlex.split(line)[1:] for line in lines if line.lstrip().startswith("export ")]
        env = dict(pair.split("=", 1) for words in exports for pair in words)
        ran = run("execute", "ListCallFlowApp", "--output", "table", env=env)
        assert ran.code == 0, ran.err
        assert "Appointment reminder" in ran.out
    finally:
        process.terminate()
        assert process.wait(10) == 0
        assert process.stdout is not None
        process.stdout.close()
        assert process.stderr is not None
        process.stderr.close()


def test_simulator_port_in_use(pbx: Simulator) -> None:
    ran = run("simulator", "--port", pbx.base_url.rpartition(":")[2])
    assert ran.code == 2
    assert "cannot listen on" in ran.err


def test_demo(tmp_path: Path) -> None:
    shown = run("demo", cwd=ROOT)
    assert shown.code == 0, shown.err
    for part in (
        "4 of 6 items done, 2 failed with advice how to fix it",
        "404",
        "412",
        '"deleted": true',
        "examples/delete-call-flow-apps/",
    ):
        assert part in shown.out
    items = tmp_path / "items.json"
    items.write_text('[{"Id": 42}]')
    other = run("demo", "--items", str(items))
    assert "1 of 1 items done, 0 failed" in other.out
    assert '"Id": 42' in other.out


def test_import_spec(tmp_path: Path) -> None:
    document = shared("spec", "xapi-20.0.10.yaml")
    copy = tmp_path / "document.yaml"
    copy.write_bytes(document.read_bytes())
    target = tmp_path / "catalog.json"
    assert run("import-spec", str(copy), "--output", str(target)).code == 2
    ran = run("import-spec", f"21.0.0={copy}", "--output", str(target))
    assert ran.code == 0, ran.err
    count = 601 + len(ADDED_OPERATIONS) + len(TASKS) + 1
    assert len(run("operations", "--json", "--release", "21.0.0", "--catalog", str(target)).json) == count
    env = {"THREECX_CATALOG": str(target)}
    assert len(run("operations", "--json", env=env).json) == count


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("xapi-1.0.0.yaml", "a: ]", "is not valid YAML or JSON at line 1"),
        ("xapi-1.0.0.yaml", "a: b", "is not an OpenAPI document"),
        ("xapi-1.0.0.yaml", "[]", "is not an OpenAPI document"),
        ("xapi.yaml", "a: b", "does not contain a release"),
        ("xapi-1.0.0.json", '{"paths": {"/A": {"get": {}}}, "components": {}}', "has no operationId"),
        (
            "xapi-1.0.0.json",
            '{"paths": {"/A({Id})": {"get": {"operationId": "A", "tags": ["A"], "responses": {}}}}, "components": {}}',
            "path parameters do not match",
        ),
    ],
)
def test_import_spec_of_wrong_documents(tmp_path: Path, name: str, content: str, says: str) -> None:
    path = tmp_path / name
    path.write_text(content)
    ran = run("import-spec", str(path), "--output", str(tmp_path / "out.json"))
    assert ran.code == 2
    assert says in ran.err
    assert len(ran.err.splitlines()) == 1
    assert not (tmp_path / "out.json").exists()


def test_import_spec_of_one_release_twice(tmp_path: Path) -> None:
    document = shared("spec", "xapi-20.0.4.yaml")
    ran = run("import-spec", str(document), f"20.0.4={document}", "--output", str(tmp_path / "out.json"))
    assert ran.code == 2
    assert "two documents describe release 20.0.4" in ran.err


@pytest.mark.parametrize("content", ["", "[]", '{"format": 99}', "{"])
def test_wrong_catalogs(tmp_path: Path, content: str) -> None:
    path = tmp_path / "catalog.json"
    path.write_text(content)
    ran = run("operations", "--catalog", str(path))
    assert ran.code == 2
    assert len(ran.err.splitlines()) == 1


def test_help() -> None:
    text = run("--help").out
    for command in ("operations", "describe", "execute", "simulator", "check", "import-spec", "demo"):
        assert re.search(rf"^  {command} ", text, re.MULTILINE)
    execute = run("execute", "--help").out
    for option in (
        "-p", "--body", "--items", "--node", "--output", "--dry-run", "--continue-on-fail", "--concurrency",
        "--release", "--base-url", "--client-id", "--client-secret-file",
    ):  # fmt: skip
        assert option in execute
    assert "--client-secret " not in execute, "a key on the command line is seen by all users of the machine"


def test_completion() -> None:
    ran = run(env={"_THREECX_COMPLETE": "complete_bash", "COMP_WORDS": "threecx ex", "COMP_CWORD": "1"})
    assert "execute" in ran.out


def test_version() -> None:
    import threecx_node

    assert run("--version").out.strip() == f"threecx {threecx_node.__version__}"


def test_no_progress_bar_in_a_pipe(threecx: Threecx) -> None:
    items = json.dumps([{"Id": 5}] * 30)
    ran = threecx("execute", "GetUser", "-p", "Id=={{ $json.Id }}", "--items", "-", stdin=items)
    assert "\x1b" not in ran.out + ran.err
    assert ran.json


def test_python_m() -> None:
    command = [sys.executable, "-m", "threecx_node.cli", "--version"]
    done = subprocess.run(command, capture_output=True, text=True, env=environment(), check=True)
    assert done.stdout.startswith("threecx ")


def test_an_address_from_the_browser_is_understood(threecx: Threecx, pbx: Simulator) -> None:
    address = f"{pbx.base_url}/webclient/#/people?token=x"
    note = f"threecx: note: the PBX URL is read as {pbx.base_url}: /webclient/#/people is not a part of the address\n"
    checked = threecx("check", "--base-url", address)
    assert checked.code == 0, checked.err
    assert checked.err == note
    assert note.strip().endswith(threecx("check", "--json", "--base-url", address).json["note"])
    listed = threecx("execute", "ListUser", "--base-url", address)
    assert (listed.code, listed.err) == (0, note)
    assert len(listed.json[0]["items"]) > 1
