"""One token for many processes: commands and services that use one client of a PBX, which has one valid token."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.cli.conftest import COMMAND, environment
from tests.service.conftest import Started, batch, pbx_of, read_url, start
from threecx_node.simulator import Simulator
from tools.lab.redis import RedisServer

DELETE = "DeleteContact"
COUNT = 100


def logins(simulator: Simulator) -> int:
    return sum(each.path.endswith("/connect/token") for each in simulator.requests)


@contextmanager
def pbx_with_contacts(folder: Path, count: int) -> Iterator[Simulator]:
    """A PBX with contacts to delete, whose clients have one valid token each."""
    contacts = [{"FirstName": f"Contact {number}", "PhoneNumber": f"{number:05}"} for number in range(count)]
    seed = folder / "seed.json"
    seed.write_text(json.dumps({"Contacts": contacts}))
    with Simulator(seed=seed) as simulator:
        yield simulator


def ids_of(simulator: Simulator) -> list[int]:
    return [each["Id"] for each in simulator.state.entities("Contacts")]


def assert_each_deleted_once(simulator: Simulator, count: int) -> None:
    done = Counter(each.path for each in simulator.requests if each.method == "DELETE" and each.status == 204)
    assert len(done) == count
    assert set(done.values()) == {1}


@contextmanager
def services(count: int, **variables: str) -> Iterator[list[httpx.Client]]:
    """Services, each a process of its own."""
    with ExitStack() as stack:
        clients = []
        for _ in range(count):
            process: Started = stack.enter_context(start("--without-key", "--port", "0", env=variables))
            stack.callback(process.send_signal, signal.SIGTERM)
            clients.append(stack.enter_context(httpx.Client(base_url=read_url(process), timeout=60)))
        yield clients


def run_batches(clients: list[httpx.Client], ids: list[int], pbx: dict[str, Any], batches: int) -> list[Any]:
    """Run `batches` batches at once at each service; return all results."""

    def run(number: int) -> list[Any]:
        part = ids[number * COUNT : (number + 1) * COUNT]
        body = batch(DELETE, [{"Id": each} for each in part], pbx, continueOnFail=True)
        results: list[Any] = clients[number % len(clients)].post("/v1/execute", json=body).json()["results"]
        return results

    with ThreadPoolExecutor(len(clients) * batches) as threads:
        return [each for results in threads.map(run, range(len(clients) * batches)) for each in results]


def delete_by_commands(simulator: Simulator, processes: int, *options: str, **variables: str) -> list[Any]:
    """Delete the contacts by commands that run at once, each some of them; return the results of all."""
    env = environment(
        {
            "THREECX_BASE_URL": simulator.base_url,
            "THREECX_CLIENT_ID": simulator.client_id,
            "THREECX_CLIENT_SECRET": simulator.client_secret,
            **variables,
        }
    )
    command = [*COMMAND, "execute", DELETE, "-p", "Id=={{ $json.Id }}", "--items", "-", "--continue-on-fail"]
    running, ids = [], ids_of(simulator)
    for number in range(processes):
        items = [{"Id": each} for each in ids[number * COUNT : (number + 1) * COUNT]]
        process = subprocess.Popen(
            [*command, *options],
            env=env,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        assert process.stdin is not None
        process.stdin.write(json.dumps(items).encode())
        process.stdin.close()
        process.stdin = None
        running.append(process)
    results = []
    for process in running:
        out, err = process.communicate(timeout=120)
        assert b"Traceback" not in err, err.decode()
        results += json.loads(out)
    return results


@pytest.mark.parametrize("options", [(), ("--concurrency", "1")], ids=["8 at once", "one at a time"])
def test_eight_commands_need_at_most_three_tokens(tmp_path: Path, options: tuple[str, ...]) -> None:
    with pbx_with_contacts(tmp_path, 8 * COUNT) as simulator:
        results = delete_by_commands(simulator, 8, *options)
        assert not [each["error"] for each in results if "error" in each]
        assert_each_deleted_once(simulator, 8 * COUNT)
        assert logins(simulator) <= 3


def test_commands_that_do_not_share_say_why_their_tokens_end(tmp_path: Path) -> None:
    with pbx_with_contacts(tmp_path, 4 * COUNT) as simulator:
        results = delete_by_commands(simulator, 4, THREECX_TOKEN_STORE="memory")
        failed = [each["error"] for each in results if "error" in each]
        explained = [each for each in failed if "other program" in each.get("description", "").lower()]
        # How many of them end depends on the machine; each that does is explained, and none was carried out.
        assert [each for each in failed if each["code"] != "not_attempted"] == explained
        assert logins(simulator) <= 4 * 40


def test_two_services_need_at_most_three_tokens(tmp_path: Path) -> None:
    with pbx_with_contacts(tmp_path, 16 * COUNT) as simulator, services(2) as clients:
        results = run_batches(clients, ids_of(simulator), pbx_of(simulator), 8)
        assert not [each["error"] for each in results if "error" in each]
        assert_each_deleted_once(simulator, 16 * COUNT)
        assert logins(simulator) <= 3


@pytest.mark.skipif(shutil.which("redis-server") is None, reason="redis-server is installed by make programs")
def test_three_services_share_tokens_through_redis(tmp_path: Path) -> None:
    with (
        RedisServer(tmp_path) as redis,
        pbx_with_contacts(tmp_path, 6 * COUNT) as simulator,
        ExitStack() as stack,
    ):
        clients = []
        for number in range(3):
            # As on three machines: they share no state folder.
            variables = {
                "THREECX_TOKEN_STORE": f"redis://127.0.0.1:{redis.port}/0",
                "XDG_STATE_HOME": str(tmp_path / str(number)),
            }
            clients += stack.enter_context(services(1, **variables))
        results = run_batches(clients, ids_of(simulator), pbx_of(simulator), 2)
        assert not [each["error"] for each in results if "error" in each]
        assert_each_deleted_once(simulator, 6 * COUNT)
        assert logins(simulator) <= 3
        assert not list(tmp_path.glob("*/threecx/tokens/*"))
