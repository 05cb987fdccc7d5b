"""Helpers of several tests: paths, the official documents, a fake PBX with prepared responses."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from threecx_credentials import Credential
from threecx_node.execution.results import Batch, Item, Result
from threecx_node.options import Options
from threecx_node.tasks.executor import Executor
from threecx_node.transport.retry import RetryPolicy

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared"
# Operations that 3CX's documents describe, and those that the documents of this package add: to the Configuration API,
# and of the Call Control API.
OPERATIONS_OF_3CX = 624
OWN_OPERATIONS = ("UploadPrompt",)
CALL_CONTROL_OPERATIONS = (
    "AnswerParticipant",
    "AttachParticipantData",
    "AttachPartyData",
    "DivertParticipant",
    "DropParticipant",
    "GetCallControlDn",
    "GetDnDevice",
    "GetParticipant",
    "ListCallControlDn",
    "ListDnDevice",
    "ListParticipant",
    "PlaceCall",
    "RouteParticipant",
    "TransferParticipant",
)
ADDED_OPERATIONS = OWN_OPERATIONS + CALL_CONTROL_OPERATIONS
OPERATIONS = OPERATIONS_OF_3CX + len(ADDED_OPERATIONS)
RELEASES = ("20.0.4", "20.0.5", "20.0.6", "20.0.7", "20.0.8", "20.0.9", "20.0.10")


def shared(*parts: str) -> Path:
    """A file beside the checkout; the test that needs it is skipped, and says so, where it is not there."""
    path = SHARED.joinpath(*parts)
    if not path.exists():
        pytest.skip(f"../shared/{'/'.join(parts)} is not there, so nothing is compared with it")
    return path


@lru_cache(maxsize=8)
def document(release: str) -> dict[str, Any]:
    """The official OpenAPI document of a release, read without our own importer."""
    path = shared("spec", f"xapi-{release}.yaml")
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    loaded: dict[str, Any] = yaml.load(path.read_bytes(), Loader=loader)  # noqa: S506 (one of the two safe loaders)
    return loaded


def operations_of(doc: Mapping[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """(method, path, operation) of a document."""
    for path, item in doc["paths"].items():
        for method in ("get", "post", "patch", "put", "delete"):
            if method in item:
                yield method.upper(), path, item[method]


Handler = Callable[[httpx.Request], httpx.Response]


@dataclass
class FakePbx:
    """Answers by a function, remembers every API request; tokens are given freely."""

    handler: Handler
    requests: list[httpx.Request] = field(default_factory=list)
    logins: int = 0
    waits: list[float] = field(default_factory=list)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.url.path == "/connect/token":
            self.logins += 1
            return httpx.Response(200, json={"access_token": f"token-{self.logins}", "expires_in": 60})
        self.requests.append(request)
        return self.handler(request)

    @property
    def targets(self) -> list[str]:
        """`METHOD path?query` of each API request, below the base path."""
        return [
            f"{each.method} {each.url.raw_path.decode().removeprefix('/xapi/v1')}" for each in self.requests
        ]

    def executor(self, **options: Any) -> Executor:
        """Return an executor whose network is this PBX, and which never really waits."""

        async def sleep(seconds: float) -> None:
            self.waits.append(seconds)

        transport = httpx.MockTransport(self)
        return Executor(
            credential(), retry=RetryPolicy(sleep=sleep, jitter=lambda: 1.0), transport=transport, **options
        )


def credential() -> Credential:
    """A credential for tests; its key must never show up anywhere."""
    return Credential.of("https://pbx.example", "workflow", "s3cr3t-key")


def odata_error(status: int, message: str, target: str | None = None) -> httpx.Response:
    """An error as 3CX writes it."""
    detail = {"code": "", "message": message, **({"target": target} if target else {})}
    text = f"{target}:\n{message}" if target else message
    return httpx.Response(status, json={"error": {"code": "", "message": text, "details": [detail]}})


def run(
    pbx: FakePbx,
    operation: str,
    items: Sequence[Item | Mapping[str, Any]],
    parameters: Mapping[str, Any] | None = None,
    options: Options | None = None,
    on_result: Callable[[Result], None] | None = None,
) -> Batch:
    """Runs one batch on `pbx`."""

    async def main() -> Batch:
        async with pbx.executor() as executor:
            return await executor.run(operation, items, parameters, options=options, on_result=on_result)

    return asyncio.run(main())


def deleting(failing: Mapping[int, httpx.Response] | None = None) -> FakePbx:
    """A PBX that deletes whatever it is asked to, but for the IDs with an answer of their own."""

    def answer(request: httpx.Request) -> httpx.Response:
        number = int(request.url.path.rpartition("(")[2].rstrip(")"))
        return (failing or {}).get(number) or httpx.Response(204)

    return FakePbx(answer)


def run_generator(module: str, target: Path) -> None:
    """Run a generator of committed files, which must not depend on the order of sets, and write to `target`."""
    done = subprocess.run(
        [sys.executable, "-m", module, str(target)],
        cwd=ROOT,
        env={"PYTHONPATH": "nodes:credentials", "PYTHONHASHSEED": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
