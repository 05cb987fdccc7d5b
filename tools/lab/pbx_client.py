"""Read and change a simulated PBX as another program than the executor does."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import httpx

from tools.lab.stage import TEST_CLIENT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from threecx_node.simulator import Client


@contextmanager
def connect(pbx_url: str, client: Client = TEST_CLIENT) -> Iterator[httpx.Client]:
    """Log in, and return an HTTP client of the Configuration API; its paths are like `Users(20)`."""
    form = {"grant_type": "client_credentials", "client_id": client.id, "client_secret": client.secret}
    with httpx.Client(base_url=f"{pbx_url}/xapi/v1/") as http:
        answer = http.post(f"{pbx_url}/connect/token", data=form).raise_for_status()
        http.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
        yield http


def create(pbx_url: str, path: str, *entities: dict[str, str]) -> list[int | str]:
    """Create entities of the set at `path`, and return their IDs."""
    with connect(pbx_url) as http:
        answers = [http.post(path, json=each).raise_for_status() for each in entities]
    return [each.json()["Id"] for each in answers]
