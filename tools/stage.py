"""The stage for trying the node: a simulated PBX, an executor and an n8n that has the built package."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from contextlib import ExitStack, suppress
from typing import TYPE_CHECKING, Self

import httpx
from tools.build_node import build
from tools.install_n8n import install
from tools.n8n_client import N8nClient
from tools.n8n_instance import N8nError, N8nInstance, free_port, place_package
from tools.processes import end

from threecx_node.simulator import Simulator

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

NODE_TYPE = "n8n-nodes-threecx.threeCx"
CREDENTIAL_TYPE = "threeCxApi"
CLIENT_ID = "900"
CLIENT_SECRET = "simulator-secret"  # noqa: S105 (the simulator's own, told on its page)


class ExecutorProcess:
    """`threecx serve` as a process of its own, on loopback and without a key; `options` are more of its own."""

    def __init__(self, folder: Path, port: int | None = None, *, options: Sequence[str] = ()) -> None:
        self._options = options
        self.port = port or free_port()
        self.log = folder / f"executor-{self.port}.log"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        """The id of the running process."""
        if self._process is None:
            raise N8nError("the executor is not running")
        return self._process.pid

    def start(self) -> Self:
        """Starts it and waits until it answers."""
        command = [
            sys.executable,
            "-m",
            "threecx_node.cli",
            "serve",
            "--without-key",
            "--port",
            str(self.port),
            *self._options,
        ]
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                command, stdout=log, stderr=subprocess.STDOUT, env=dict(os.environ)
            )
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline and self._process.poll() is None:
            with suppress(httpx.TransportError):
                if httpx.get(f"{self.url}/health", timeout=5).status_code == httpx.codes.OK:
                    return self
            time.sleep(0.1)
        self.stop()
        raise N8nError(f"the executor did not start:\n{self.log.read_text(errors='replace')[-2000:]}")

    def stop(self) -> None:
        """Ends it in order."""
        process, self._process = self._process, None
        if process is not None:
            end(process, 20)

    def kill(self) -> None:
        """Ends it as a crash would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None


class Stage:
    """Simulator, executor and n8n together, in one folder; a context manager."""

    def __init__(
        self, folder: Path, *, n8n_port: int | None = None, executor_port: int | None = None
    ) -> None:
        self.folder = folder
        self.installation = install()
        self.package = build(self.installation)
        self.pbx = Simulator()
        self.executor = ExecutorProcess(folder, executor_port)
        self.n8n = N8nInstance(self.installation, folder / "n8n", port=n8n_port)
        self.client = N8nClient(self.n8n.url)
        self._ending = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as started:
            started.enter_context(self.pbx)
            self.executor.start()
            started.callback(self.executor.stop)
            place_package(self.package, self.n8n.user_folder)
            started.enter_context(self.n8n)
            started.callback(self.client.close)
            self.client.sign_in()
            self._ending = started.pop_all()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._ending.close()

    def credential_data(self, **changes: object) -> dict[str, object]:
        """The credential's fields, leading to this stage's executor and PBX."""
        data: dict[str, object] = {
            "connection": "direct",
            "baseUrl": self.pbx.base_url,
            "clientId": CLIENT_ID,
            "clientSecret": CLIENT_SECRET,
            "verifyTls": True,
            "executorUrl": self.executor.url,
            "executorKey": "",
        }
        return data | changes
