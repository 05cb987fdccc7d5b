"""One real n8n for all tests of this folder, with a simulated PBX and an executor beside it."""

from __future__ import annotations

import base64
import itertools
import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from tests.e2e.trigger_desk import Desk
from tools.lab.n8n_client import Execution
from tools.lab.pbx_client import create
from tools.lab.stage import CREDENTIAL_TYPE, NODE_TYPE, Stage

_NUMBERS = itertools.count(1)
TRIGGER = {"name": "Start", "type": "n8n-nodes-base.manualTrigger"}


class Canvas:
    """The nodes of a test, and the workflows that it runs."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.credential = stage.client.create_credential("3CX", CREDENTIAL_TYPE, stage.credential_data())

    def node(self, operation: str, parameters: Mapping[str, Any], **settings: Any) -> dict[str, Any]:
        """Return our node as the editor saves it; `settings` are members of the node, such as onError."""
        return {
            "name": "3CX",
            "type": NODE_TYPE,
            "parameters": {"operation": operation, **parameters},
            "credentials": {CREDENTIAL_TYPE: self.credential},
            **settings,
        }

    @staticmethod
    def webhook(path: str) -> dict[str, Any]:
        """Return a node that starts a published workflow on a POST and responds with the last node's items."""
        return {
            "name": "Webhook",
            "type": "n8n-nodes-base.webhook",
            "typeVersion": 2,
            "webhookId": path,
            "parameters": {
                "path": path, "httpMethod": "POST", "responseMode": "lastNode", "responseData": "allEntries",
            },
        }  # fmt: skip

    @staticmethod
    def items(items: list[dict[str, Any]]) -> dict[str, Any]:
        """Return a node that outputs these items."""
        code = f"return {items!r}.map((json) => ({{ json }}));"
        code = code.replace("None", "null").replace("True", "true").replace("False", "false")
        return {
            "name": "Items",
            "type": "n8n-nodes-base.code",
            "typeVersion": 2,
            "parameters": {"jsCode": code},
        }

    @staticmethod
    def files(files: Mapping[str, bytes], name: str = "Files") -> dict[str, Any]:
        """Return a node that outputs an item for each file, with the file as its binary data."""
        items = [
            {"json": {"name": each}, "binary": {"data": _to_binary(each, content)}}
            for each, content in files.items()
        ]
        return {
            "name": name,
            "type": "n8n-nodes-base.code",
            "typeVersion": 2,
            "parameters": {"jsCode": f"return {json.dumps(items)};"},
        }

    def run(self, *nodes: Mapping[str, Any], timeout: float = 120) -> Execution:
        """Save a workflow of a manual trigger and these nodes, and run it."""
        workflow = self.stage.client.create_workflow("A test", [TRIGGER, *nodes])
        return self.stage.client.run(workflow, timeout)

    def make_apps(self, count: int) -> list[int]:
        """Return IDs of new call flow apps that a test may delete."""
        return create_apps(self.stage.pbx.base_url, count)


def _to_binary(name: str, content: bytes) -> dict[str, str]:
    data = base64.b64encode(content).decode()
    return {"data": data, "mimeType": "audio/wav", "fileName": name, "fileExtension": "wav"}


def create_apps(pbx_url: str, count: int) -> list[int]:
    """Create call flow apps on a simulated PBX as another program would; return their IDs."""
    numbers = [str(90_000 + next(_NUMBERS)) for _ in range(count)]
    apps = [{"Name": f"Test app {each}", "Number": each} for each in numbers]
    return [int(each) for each in create(pbx_url, "CallFlowApps", *apps)]


@pytest.fixture(scope="session")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with Stage(tmp_path_factory.mktemp("stage")) as running:
        yield running


@pytest.fixture(scope="session")
def desk(stage: Stage, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    made = Desk(stage, tmp_path_factory.mktemp("desk"))
    yield made
    made.close()


@pytest.fixture(scope="session")
def canvas(stage: Stage) -> Canvas:
    return Canvas(stage)
