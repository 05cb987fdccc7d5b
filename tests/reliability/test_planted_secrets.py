"""Secrets that a PBX, a proxy or a failure repeats: no output contains them.

The API key and the token are planted in every place of a response that has room for text, in every way to write them,
and looked for in everything that leaves the package. The file in which tokens are stored is the exception: it contains
the token, and never the key.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import logging
import subprocess
import traceback
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from tests.cli.conftest import COMMAND, environment
from tests.reliability.echo_pbx import KEY, PLACES, WRITINGS, EchoPbx, Where, echo_pbx, find_secrets
from tests.reliability.watched import watched_service
from threecx_credentials import Credential, MemoryTokenStore
from threecx_node.execution.executor import Executor
from threecx_node.execution.results import Batch
from threecx_node.options import Options
from threecx_node.transport.retry import RetryPolicy

# Each place with one way to write the secrets: all of them are tried with the library.
PLANTED: list[tuple[Where, str, str]] = [
    (where, writing, place)
    for where in ("login", "api")
    for writing, place in zip(itertools.cycle(WRITINGS), PLACES, strict=False)
]


@pytest.fixture(scope="module")
def pbx() -> Iterator[EchoPbx]:
    with echo_pbx() as running:
        yield running


def plant(pbx: EchoPbx, where: Where, writing: str, place: str) -> None:
    pbx.where, pbx.writing, pbx.place = where, writing, place


async def _run(pbx: EchoPbx) -> list[Batch]:
    """Return the batches of a delete, and of an action whose response may be a list of errors."""

    async def no_wait(seconds: float) -> None:
        del seconds

    # Without certificates, which take long to read.
    credential = Credential.of(f"http://127.0.0.1:{pbx.port}", "workflow", KEY, verify_tls=False)
    policy, options = RetryPolicy(sleep=no_wait), Options(timeout=5)
    async with Executor(credential, retry=policy, token_store=MemoryTokenStore()) as executor:
        return [
            await executor.run("DeleteUser", [{}], {"Id": 5}, options=options),
            await executor.run("BatchDelete", [{}], {"ids": [5]}, options=options),
        ]


def _words(batch: Batch) -> str:
    """Return everything that a program can make of the errors of a batch, tracebacks included."""
    errors = [each.error for each in batch.results if each.error is not None]
    # Data of the PBX may be anything.
    failed = replace(batch, results=[each for each in batch.results if each.error is not None])
    words = [repr(failed), failed.summary(), json.dumps([each.to_json() for each in failed.results])]
    for each in errors:
        words += [repr(each), str(each), each.one_line(), "".join(traceback.format_exception(each))]
    return "\n".join(words)


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("where", ["login", "api"])
def test_no_error_of_the_library_repeats_a_secret(
    pbx: EchoPbx, where: Where, place: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    found = []
    for writing in WRITINGS:
        plant(pbx, where, writing, place)
        words = "\n".join(map(_words, asyncio.run(_run(pbx))))
        found += [f"planted {writing}: {each}" for each in find_secrets(words)]
    found += [f"log: {each}" for each in find_secrets(caplog.text)]
    assert found == []


def _command_environment(pbx: EchoPbx) -> dict[str, str]:
    return environment(
        {
            "THREECX_BASE_URL": f"http://127.0.0.1:{pbx.port}",
            "THREECX_CLIENT_ID": "workflow",
            "THREECX_CLIENT_SECRET": KEY,
        }
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    ("where", "writing", "place"),
    [
        ("login", "in JSON", "login error"),
        ("login", "in HTML", "title of a page"),
        ("api", "in JSON", "message of 3CX"),
        ("api", "in HTML", "a page of success"),
        ("api", "in a URL", "redirect"),
    ],
)
def test_no_output_of_the_command_line_contains_a_secret(
    pbx: EchoPbx, where: Where, writing: str, place: str, tmp_path: Path
) -> None:
    plant(pbx, where, writing, place)
    command = [*COMMAND, "execute", "DeleteUser", "-p", "Id=5", "-o", "json", "--journal", "of.journal"]
    done = subprocess.run(
        command,
        env=_command_environment(pbx) | {"XDG_STATE_HOME": str(tmp_path)},
        capture_output=True,
        cwd=tmp_path,
        timeout=60,
        check=False,
    )
    assert done.returncode in (1, 3)
    assert find_secrets((done.stdout + done.stderr).decode()) == []
    assert (tmp_path / "of.journal").exists()
    assert find_in_files(tmp_path, is_token_allowed="tokens") == []


@pytest.mark.slow
@pytest.mark.parametrize("address", ["127.0.0.1:1/0", "127.0.0.1:x/0", "127.0.0.1:1/x"])
def test_no_output_contains_the_password_of_the_token_store(pbx: EchoPbx, address: str) -> None:
    plant(pbx, "api", "as it is", "text")
    env = _command_environment(pbx) | {"THREECX_TOKEN_STORE": f"redis://user:r3dis-planted@{address}"}
    command = [*COMMAND, "execute", "DeleteUser", "-p", "Id=5"]
    done = subprocess.run(command, env=env, capture_output=True, timeout=60, check=False)
    assert done.returncode in (1, 2, 3)
    assert b"Redis" in done.stderr
    assert b"r3dis-planted" not in done.stdout + done.stderr


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="the process list is read from /proc")
def test_the_process_list_contains_no_secret(pbx: EchoPbx) -> None:
    plant(pbx, "api", "as it is", "text")
    env = _command_environment(pbx)
    expression = "={{ [1].map(x => { while (true) {} }) }}"
    command = [*COMMAND, "execute", "DeleteUser", "-p", f"Id={expression}", "--timeout", "5"]
    with subprocess.Popen(
        command, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        lines: list[str] = []
        while process.poll() is None and len(lines) < 2:
            lines = _process_list(process.pid)
        assert lines, "the command line of a process was not seen"
        process.kill()
        process.communicate()
    assert find_secrets("\n".join(lines)) == []


def _process_list(pid: int) -> list[str]:
    """Return the command lines of a process and of its children."""
    pids = [str(pid)]
    for each in Path(f"/proc/{pid}/task").glob("*/children"):
        pids += each.read_text().split()
    return [Path(f"/proc/{each}/cmdline").read_text().replace("\0", " ") for each in pids]


def find_in_files(folder: Path, *, is_token_allowed: str = "") -> list[str]:
    """Return the secrets in all files below a folder; tokens may be in folders of the name `is_token_allowed`."""
    return [
        f"{path.name}: {each}"
        for path in folder.rglob("*")
        if path.is_file()
        for each in find_secrets(path.read_bytes().decode(errors="replace"))
        if not (is_token_allowed in path.parts and each.startswith("token "))
    ]


@pytest.mark.slow
def test_no_answer_log_or_file_of_the_service_contains_a_secret(
    pbx: EchoPbx, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = tmp_path / "state"
    monkeypatch.setenv("XDG_STATE_HOME", str(state))
    folder = tmp_path / "service"
    folder.mkdir()
    found = []
    with watched_service(folder) as (_, url), httpx.Client(base_url=url, timeout=60) as client:
        credential = {"baseUrl": f"http://127.0.0.1:{pbx.port}", "clientSecret": KEY}
        for number, (where, writing, place) in enumerate(PLANTED):
            plant(pbx, where, writing, place)
            # A refused login is remembered for a moment, by credential.
            body = {"pbx": credential | {"clientId": f"workflow-{number % 40}-{where}-{place[:3]}"}}
            batch = {
                "operation": "BatchDelete",
                "items": [{"parameters": {"ids": [5]}}],
                "options": {"timeout": 5},
            }
            answers = [client.post("/v1/execute", json=batch | body)]
            if writing == "as it is":
                answers.append(client.post("/v1/check", json=body))
                search = {"operation": "DeleteUser", "parameter": "Id"}
                answers.append(client.post("/v1/search", json=search | body))
            words = "\n".join(f"{each.text} {each.headers}" for each in answers)
            found += [f"{where}, {writing}, {place}: {each}" for each in find_secrets(words)]
        pages = ("/health", "/openapi.json", "/metrics", "/v1/batches/none")
        found += [f"{page}: {each}" for page in pages for each in find_secrets(client.get(page).text)]
    found += find_in_files(folder)
    found += find_in_files(state, is_token_allowed="tokens")
    assert found == []
