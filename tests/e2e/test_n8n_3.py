"""The defaults of n8n 3, as far as n8n 2 has them: refused private addresses, and no unverified packages."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from tests.e2e.conftest import TRIGGER
from tools.lab.n8n import N8nInstance, place_package
from tools.lab.n8n_client import Execution, N8nClient
from tools.lab.stage import CREDENTIAL_TYPE, NODE_TYPE, Stage


@pytest.fixture(scope="module")
def client(stage: Stage, tmp_path_factory: pytest.TempPathFactory) -> Iterator[N8nClient]:
    """An n8n that sends nothing to private addresses but those of `localhost`."""
    folder = tmp_path_factory.mktemp("n8n-3")
    place_package(stage.package, folder)
    env = {
        "N8N_SSRF_PROTECTION_ENABLED": "true",
        "N8N_SSRF_ALLOWED_HOSTNAMES": "localhost",
        "N8N_UNVERIFIED_PACKAGES_ENABLED": "false",
    }
    with N8nInstance(stage.installation, folder, env=env) as n8n:
        client = N8nClient(n8n.url)
        client.sign_in()
        yield client
        client.close()


def list_apps(client: N8nClient, credential: Mapping[str, object]) -> Execution:
    reference = client.create_credential("3CX", CREDENTIAL_TYPE, credential)
    node: dict[str, Any] = {
        "name": "3CX",
        "type": NODE_TYPE,
        "parameters": {"operation": "ListCallFlowApp", "limit": 1},
        "credentials": {CREDENTIAL_TYPE: reference},
    }
    return client.run(client.create_workflow("n8n 3", [TRIGGER, node]))


def test_a_refused_address_has_a_remedy(stage: Stage, client: N8nClient) -> None:
    execution = list_apps(client, stage.credential_data())
    assert execution.status == "error"
    assert execution.error is not None
    assert (
        execution.error["message"] == "n8n refuses to send requests to 127.0.0.1, the address of the executor"
    )
    assert "N8N_SSRF_ALLOWED_HOSTNAMES" in execution.error["description"]
    assert "Unknown" not in execution.error["description"]


def test_an_allowed_name(stage: Stage, client: N8nClient) -> None:
    url = stage.executor.url.replace("127.0.0.1", "localhost")
    execution = list_apps(client, stage.credential_data(executorUrl=url))
    assert execution.status == "success"
