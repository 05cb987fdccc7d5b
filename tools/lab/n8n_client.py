"""Call n8n's own REST interface as its editor does: owner, credentials, workflows, executions."""

from __future__ import annotations

import itertools
import json
import re
import time
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import httpx

from tools.lab.processes import LabError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

EMAIL = "owner@example.com"
PASSWORD = "Try-3CX-here-1"  # noqa: S105 (of an n8n that listens on this machine only)
_ENDED = frozenset({"success", "error", "crashed", "canceled"})


@dataclass(frozen=True)
class Execution:
    """An execution that has ended; `run_data` is n8n's own, by node name."""

    id: str
    status: str
    run_data: Mapping[str, list[dict[str, Any]]]
    error: Mapping[str, Any] | None

    def items(self, node: str, output: int = 0) -> list[dict[str, Any]]:
        """Return the items of one output of a node in its last run."""
        outputs = ((self.run_data[node][-1].get("data") or {}).get("main")) or []
        return list(outputs[output] or []) if output < len(outputs) else []

    def node_error(self, node: str) -> dict[str, Any]:
        """Return the error of a node's last run."""
        return dict(self.run_data[node][-1].get("error") or {})


class N8nClient:
    """The calls of a signed-in browser; they need an owner, which `sign_in` creates where there is none yet."""

    def __init__(self, url: str) -> None:
        # Each call has a connection of its own: n8n closes a kept one, and the request on it, after 5 s of work.
        limits = httpx.Limits(max_keepalive_connections=0)
        headers = {"browser-id": "threecx-node"}
        self._http = httpx.Client(base_url=url, headers=headers, timeout=60, limits=limits)

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def sign_in(self) -> None:
        """Create the owner, or log in where it exists."""
        owner = {"email": EMAIL, "firstName": "Olivia", "lastName": "Owner", "password": PASSWORD}
        if self._http.post("/rest/owner/setup", json=owner).status_code != httpx.codes.OK:
            self.call("POST", "/login", {"emailOrLdapLoginId": EMAIL, "password": PASSWORD})

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """Return the `data` of the response to one call. Raise LabError with n8n's message."""
        response = self._http.request(method, f"/rest{path}", json=body)
        if not response.is_success:
            raise LabError(f"{method} {path}: {response.status_code} {response.text[:500]}")
        content = response.json()
        return content["data"] if isinstance(content, dict) and "data" in content else content

    def binary(self, file_id: str) -> bytes:
        """Return a file that n8n stores outside an execution's data."""
        return self._http.get("/rest/binary-data", params={"id": file_id, "action": "download"}).content

    def node_type(self, name: str) -> dict[str, Any]:
        """Return a node's entry in the list that the editor loads. Raise LabError where n8n does not offer the node."""
        types = self._http.get("/types/nodes.json")
        for each in types.json():
            if each["name"] == name:
                return dict(each)
        raise LabError(f"n8n offers no node {name}")

    def output_schema(self, node: str, resource: str, operation: str) -> dict[str, Any]:
        """Return the schema from which the editor shows the fields of a node that has not run yet.

        Raise LabError where n8n has none.
        """
        response = self._http.get(f"/schemas/{node}/1.0.0/{resource}/{operation}.json")
        if not response.is_success:
            raise LabError(f"{node} has no schema of {operation}: {response.status_code}")
        return dict(response.json())

    def create_credential(self, name: str, type_: str, data: Mapping[str, Any]) -> dict[str, str]:
        """Create a credential and return the reference by which a node names it: id and name."""
        created = self.call("POST", "/credentials", {"name": name, "type": type_, "data": dict(data)})
        return {"id": created["id"], "name": created["name"]}

    def test_credential(self, reference: Mapping[str, str], type_: str, data: Mapping[str, Any]) -> Any:
        """Return the result of the credential's test: status and message."""
        return self.call(
            "POST", "/credentials/test", {"credentials": {**reference, "type": type_, "data": dict(data)}}
        )

    def create_workflow(
        self,
        name: str,
        nodes: Sequence[Mapping[str, Any]],
        connections: Mapping[str, Any] | None = None,
        settings: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        """Save a workflow and return it. If there are no `connections`, each node leads to the next."""
        placed = [
            {
                "id": str(uuid.uuid4()),
                "typeVersion": 1,
                "parameters": {},
                "position": [220 * index, 0],
                **node,
            }
            for index, node in enumerate(nodes)
        ]
        if connections is None:
            pairs = itertools.pairwise(nodes)
            connections = {
                one["name"]: {"main": [[{"node": other["name"], "type": "main", "index": 0}]]}
                for one, other in pairs
            }
        body = {
            "name": name,
            "nodes": placed,
            "connections": dict(connections),
            "settings": dict(settings or {}),
        }
        created: dict[str, Any] = self.call("POST", "/workflows", body)
        return created

    def publish(self, workflow: Mapping[str, Any], timeout: float = 60) -> None:
        """Publish a saved workflow and wait until its triggers listen. Raise LabError where they do not in time."""
        self.call("POST", f"/workflows/{workflow['id']}/activate", {"versionId": workflow["versionId"]})
        # n8n responds before a webhook exists: a queue of its own registers it some hundred milliseconds later.
        deadline = time.monotonic() + timeout
        while True:
            found = self.call("GET", f"/workflows/{workflow['id']}/publication-status")
            if found["status"] == "published":
                return
            if found["status"] in {"failed", "partial"} or time.monotonic() > deadline:
                raise LabError(f"workflow {workflow['id']} was not published: {json.dumps(found)}")
            time.sleep(0.1)

    def unpublish(self, workflow: Mapping[str, Any]) -> None:
        """End the triggers of a published workflow."""
        self.call("POST", f"/workflows/{workflow['id']}/deactivate", {})

    def submit_form(self, path: str, values: Sequence[str]) -> None:
        """Open a published form that is for users of this n8n, let it know the user, and submit the values."""
        self._open(f"/form/{path}")
        agreed = self.call("POST", "/consent/approve", {"approved": True})
        page = self._open(agreed["redirectUrl"])
        token = re.search(r"const authToken = '([^']+)'", page)
        if token is None:
            raise LabError(f"the form {path} did not open: {page[:500]}")
        fields = {f"field-{index}": (None, value) for index, value in enumerate(values)}
        response = self._http.post(f"/form/{path}", files=fields, headers={"x-auth-token": token[1]})
        if not response.is_success:
            raise LabError(f"the form {path}: {response.status_code} {response.text[:500]}")

    def _open(self, address: str) -> str:
        """Return the page at an address of this n8n, whatever its host is called."""
        response = self._http.get(httpx.URL(address).raw_path.decode())
        while response.has_redirect_location:
            response = self._http.get(httpx.URL(response.headers["location"]).raw_path.decode())
        return response.text

    def start(self, workflow: Mapping[str, Any], **more: Any) -> str:
        """Start a saved workflow at its first node and return the execution's id. `more` are members of the call."""
        trigger = {"name": workflow["nodes"][0]["name"]}
        body = {"workflowData": workflow, "triggerToStartFrom": trigger, **more}
        started = self.call("POST", f"/workflows/{workflow['id']}/run?partialExecutionVersion=2", body)
        return str(started["executionId"])

    def wait(self, execution: str, timeout: float = 120) -> Execution:
        """Return the execution once it has ended. Raise LabError after `timeout` seconds."""
        deadline = time.monotonic() + timeout
        while True:
            found = self.call("GET", f"/executions/{execution}")
            if found["status"] in _ENDED:
                data = unflatten(found["data"]) if isinstance(found["data"], str) else found["data"]
                result = data.get("resultData") or {}
                return Execution(execution, found["status"], result.get("runData") or {}, result.get("error"))
            if time.monotonic() > deadline:
                raise LabError(f"execution {execution} was still {found['status']} after {timeout} seconds")
            time.sleep(0.1)

    def executions(self, workflow: Mapping[str, Any]) -> list[str]:
        """Return the ids of all executions of a workflow, the oldest first."""
        wanted = json.dumps({"workflowId": workflow["id"]})
        found = self.call("GET", f"/executions?{urlencode({'filter': wanted, 'limit': 100})}")
        # n8n lists those that run and those that ended one after the other: one that ends meanwhile is in both.
        return sorted({str(each["id"]) for each in found["results"]}, key=int)

    def run(self, workflow: Mapping[str, Any], timeout: float = 120) -> Execution:
        """Run a saved workflow to its end."""
        return self.wait(self.start(workflow), timeout)

    def stop(self, execution: str) -> None:
        """Stop a running execution, as the editor's Stop button does."""
        self.call("POST", f"/executions/{execution}/stop")


def unflatten(text: str) -> Any:
    """Return the value that n8n stores as `flatted`: a list of values in which texts are positions in the list."""
    table = json.loads(text)
    built: dict[int, Any] = {}

    def at(position: int) -> Any:
        if position in built:
            return built[position]
        raw = table[position]
        if isinstance(raw, list):
            # Registered before it is filled, since a value may contain itself.
            filled_list: list[Any] = []
            built[position] = filled_list
            filled_list.extend(resolve(each) for each in raw)
        elif isinstance(raw, dict):
            filled: dict[str, Any] = {}
            built[position] = filled
            filled.update({key: resolve(each) for key, each in raw.items()})
        else:
            built[position] = raw
        return built[position]

    def resolve(value: Any) -> Any:
        return at(int(value)) if isinstance(value, str) else value

    return at(0)
