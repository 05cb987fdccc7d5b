"""n8n's queue mode: main, webhook and two worker processes with Redis and PostgreSQL, and one executor for all."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.e2e.conftest import Canvas, create_apps
from tests.e2e.trigger_desk import Desk
from threecx_node.simulator import Simulator
from tools.lab.executor import ExecutorProcess
from tools.lab.n8n import N8nInstance, place_package
from tools.lab.n8n_client import N8nClient
from tools.lab.postgres import PostgresServer
from tools.lab.redis import RedisServer
from tools.lab.stage import CREDENTIAL_TYPE, NODE_TYPE, TEST_CLIENT, Stage

EXECUTIONS = 20
DELETES = 100
WORKERS = 2


class Queue:
    """Main, workers, Redis, PostgreSQL, executor and PBX together; n8n's processes share one folder and database."""

    def __init__(self, stage: Stage, folder: Path, started: ExitStack) -> None:
        # Of the stage only what is installed and built: the processes are this test's own.
        place_package(stage.package, folder / "n8n")
        self.pbx = started.enter_context(Simulator(clients=[TEST_CLIENT]))
        self.executor = ExecutorProcess(folder).start()
        started.callback(self.executor.stop)
        redis = started.enter_context(RedisServer(folder / "redis"))
        env = started.enter_context(PostgresServer()).environment | {
            "EXECUTIONS_MODE": "queue",
            "OFFLOAD_MANUAL_EXECUTIONS_TO_WORKERS": "true",
            "QUEUE_BULL_REDIS_HOST": "127.0.0.1",
            "QUEUE_BULL_REDIS_PORT": str(redis.port),
            "QUEUE_HEALTH_CHECK_ACTIVE": "true",
        }

        def process(*command: str) -> N8nInstance:
            made = N8nInstance(stage.installation, folder / "n8n", command=command, env=env)
            return started.enter_context(made)

        self.main = process("start")
        # A webhook processor: it receives webhooks in place of the main process.
        self.webhook = process("webhook")
        self.workers = [process("worker", "--concurrency=5") for _ in range(WORKERS)]
        self.client = N8nClient(self.main.url)
        started.callback(self.client.close)
        self.client.sign_in()
        data = stage.credential_data(baseUrl=self.pbx.base_url, executorUrl=self.executor.url)
        self.credential = self.client.create_credential("3CX", CREDENTIAL_TYPE, data)

    def publish(self) -> str:
        """The address of a published workflow that deletes the apps whose IDs are posted, and gives what it did."""
        split = {
            "name": "Items",
            "type": "n8n-nodes-base.code",
            "typeVersion": 2,
            "parameters": {"jsCode": "return $input.first().json.body.ids.map((Id) => ({ json: { Id } }));"},
        }
        delete = {
            "name": "3CX",
            "type": NODE_TYPE,
            "parameters": {
                "resource": "CallFlowApps",
                "operation": "DeleteCallFlowApp",
                "Id": {"__rl": True, "mode": "id", "value": "={{ $json.Id }}"},
            },
            "credentials": {CREDENTIAL_TYPE: self.credential},
        }
        made = self.client.create_workflow("Delete apps", [Canvas.webhook("delete-apps"), split, delete])
        self.client.publish(made)
        return f"{self.main.url}/webhook/delete-apps"


@pytest.fixture(scope="module")
def queue(stage: Stage, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Queue]:
    with ExitStack() as started:
        yield Queue(stage, tmp_path_factory.mktemp("queue"), started)


def test_every_item_is_deleted_once(queue: Queue) -> None:
    ids = create_apps(queue.pbx.base_url, EXECUTIONS * DELETES)
    address = queue.publish()
    parts = [ids[start : start + DELETES] for start in range(0, len(ids), DELETES)]

    def execute(part: list[int]) -> list[dict[str, Any]]:
        answer = httpx.post(address, json={"ids": part}, timeout=180)
        assert answer.status_code == 200, answer.text[:500]
        items: list[dict[str, Any]] = answer.json()
        return items

    before = queue.pbx.requests[-1].number
    with ThreadPoolExecutor(EXECUTIONS) as threads:
        done = list(threads.map(execute, parts))
    # In order within each execution, every item once.
    assert done == [[{"deleted": True, "Id": each} for each in part] for part in parts]
    # One request per app and one token for all: the executor asked for it once.
    assert queue.pbx.requests[-1].number - before == len(ids) + 1
    statuses = {each.status for each in queue.pbx.requests[-1_000:] if each.method == "DELETE"}
    assert statuses == {204}
    for worker in queue.workers:
        assert "started execution" in worker.log.read_text(errors="replace"), "this worker had nothing to do"


@pytest.fixture
def desk(queue: Queue, stage: Stage, tmp_path: Path) -> Iterator[Desk]:
    made = Desk(stage, tmp_path, queue.client)
    yield made
    made.close()


def test_each_event_starts_each_workflow_once(queue: Queue, desk: Desk) -> None:
    # Code takes a moment: n8n's main process can wait for ever for a job that ends before it begins to wait.
    after = Canvas.items([{"done": True}])
    processor = {"n8nUrl": queue.webhook.url}
    workflows = [
        desk.publish(desk.trigger(), after),
        desk.publish(desk.trigger(options=processor), after),
    ]
    extensions = ["101", "102", "103", "104"]
    for each in extensions:
        desk.miss_call(to=each)
    for workflow in workflows:
        items = desk.items(workflow, len(extensions))
        assert sorted(item["extension"] for item in items) == extensions
        assert len({item["id"] for item in items}) == len(extensions)
        desk.unpublish(workflow)
