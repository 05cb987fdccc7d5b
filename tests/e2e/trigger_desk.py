"""Workflows that the 3CX Trigger starts, for tests: a PBX and an executor of their own beside the stage's n8n."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import httpx

from threecx_node.simulator import Simulator
from tools.lab.executor import ExecutorProcess
from tools.lab.n8n_client import N8nClient
from tools.lab.processes import find_free_port
from tools.lab.stage import CREDENTIAL_TYPE, TEST_CLIENT, TRIGGER_TYPE, Stage

# The machine may be busy; nothing waits longer than it must.
TIME = 120
CALLER = "+4930123456"

Found = TypeVar("Found")


class Desk:
    """One trigger at a time, and the parts that a test restarts under it."""

    def __init__(self, stage: Stage, folder: Path, client: N8nClient | None = None) -> None:
        self.stage = stage
        self.client = client or stage.client
        self._pbx_port = find_free_port()
        self.pbx = self._start_pbx()
        # A restarted executor has the same address, and finds its subscriptions and journal again.
        options = ("--state-dir", str(folder / "events"))
        self.executor = ExecutorProcess(folder, options=options).start()
        data = stage.credential_data(baseUrl=self.pbx.base_url, executorUrl=self.executor.url)
        self.credential = self.client.create_credential("3CX events", CREDENTIAL_TYPE, data)

    def _start_pbx(self) -> Simulator:
        return Simulator(port=self._pbx_port, clients=[TEST_CLIENT]).__enter__()

    def restart_pbx(self) -> None:
        """End the PBX with all its calls, and start it again at the same address; wait until it is listened to."""
        self.pbx.__exit__(None, None, None)
        self.pbx = self._start_pbx()
        wait_for(lambda: self.pbx.sockets.count)

    def close(self) -> None:
        """End the executor and the PBX."""
        self.executor.stop()
        self.pbx.__exit__(None, None, None)

    def trigger(self, events: Sequence[str] = ("call.missed",), **parameters: Any) -> dict[str, Any]:
        """Return our trigger as the editor saves it."""
        return {
            "name": "3CX Trigger",
            "type": TRIGGER_TYPE,
            "webhookId": f"trigger-{find_free_port()}-{time.monotonic_ns()}",
            "parameters": {"events": list(events), "filters": {}, "options": {}, **parameters},
            "credentials": {CREDENTIAL_TYPE: self.credential},
        }

    def listen(self, workflow: dict[str, Any]) -> None:
        """Listen for a test event, as a click on the trigger's button does. Raises LabError with n8n's message."""
        path = f"/workflows/{workflow['id']}/run?partialExecutionVersion=2"
        trigger = {"name": workflow["nodes"][0]["name"]}
        body = {"workflowData": workflow, "triggerToStartFrom": trigger}
        assert self.client.call("POST", path, body)["waitingForWebhook"] is True

    def publish(self, *nodes: dict[str, Any]) -> dict[str, Any]:
        """Save and publish a workflow of these nodes; return it."""
        workflow = self.client.create_workflow("Events", nodes)
        self.client.publish(workflow)
        return workflow

    def unpublish(self, workflow: dict[str, Any]) -> None:
        """End the trigger of a published workflow, and wait until its subscription is removed."""
        # In the address of the webhook.
        ids = [each["webhookId"] for each in workflow["nodes"] if each["type"] == TRIGGER_TYPE]
        self.client.unpublish(workflow)
        wait_for(
            lambda: not [each for each in self.subscriptions() if any(one in each["url"] for one in ids)]
        )

    def subscriptions(self) -> list[dict[str, Any]]:
        """Return the subscriptions of the executor."""
        found = httpx.get(f"{self.executor.url}/v1/subscriptions").json()["subscriptions"]
        return list(found)

    def miss_call(self, caller: str = CALLER, to: str = "101") -> None:
        """Let a caller give up while an extension rings, once the executor has seen that it rings."""
        wait_for(self.is_listening)
        call = self.pbx.calls.inbound(caller, to=to)
        paths = {f"/callcontrol/{to}/participants/{each.id}" for each in call.legs if each.dn == to}
        wait_for(lambda: [each for each in self.pbx.requests if each.path in paths])
        call.hang_up()

    def is_listening(self) -> bool:
        """Return whether the executor hears of the calls of the PBX now."""
        metrics = httpx.get(f"{self.executor.url}/metrics").text
        return bool(re.search(r"^threecx_feed_connected\{.*\} 1", metrics, re.MULTILINE))

    def items(self, workflow: dict[str, Any], count: int, node: str = "3CX Trigger") -> list[dict[str, Any]]:
        """Return the items of the first `count` executions, as soon as there are so many."""
        found = wait_for(lambda: _enough(self.client.executions(workflow), count))
        ended = [self.client.wait(each) for each in found]
        assert [each.status for each in ended] == ["success"] * len(ended), [each.error for each in ended]
        return [each.items(node)[0]["json"] for each in ended]


def _enough(found: list[str], count: int) -> list[str] | None:
    return found if len(found) >= count else None


def wait_for(find: Callable[[], Found | None]) -> Found:
    """Return what `find` returns, as soon as it returns something."""
    end = time.monotonic() + TIME
    while not (found := find()):
        assert time.monotonic() < end
        time.sleep(0.1)
    return found
