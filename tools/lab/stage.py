"""Set the stage for trying the node: a simulated PBX, an executor and an n8n that has the built package."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Self

from threecx_node.simulator import Client, Simulator
from tools.build_node import build
from tools.install_n8n import install
from tools.lab.executor import ExecutorProcess
from tools.lab.n8n import N8nInstance, place_package
from tools.lab.n8n_client import N8nClient

if TYPE_CHECKING:
    from pathlib import Path

NODE_TYPE = "n8n-nodes-threecx.threeCx"
TRIGGER_TYPE = "n8n-nodes-threecx.threeCxPhoneSystemTrigger"
CREDENTIAL_TYPE = "threeCxApi"
CLIENT_ID = "900"
CLIENT_SECRET = "simulator-secret"  # noqa: S105 (the simulator's own, shown on its page)
# With the client of the executor, a test that logs in would end the executor's token.
TEST_CLIENT = Client("test", "test-secret")


class Stage:
    """Simulator, executor and n8n together, in one folder; a context manager."""

    def __init__(
        self,
        folder: Path,
        *,
        n8n_port: int | None = None,
        executor_port: int | None = None,
        pbx_port: int | None = None,
        past_days: int = 0,
    ) -> None:
        self.folder = folder
        self.installation = install()
        self.package = build(self.installation)
        self.pbx = Simulator(port=pbx_port or 0, clients=[TEST_CLIENT], past_days=past_days)
        self.executor = ExecutorProcess(folder, executor_port)
        self.n8n = N8nInstance(self.installation, folder / "n8n", port=n8n_port)
        self.client = N8nClient(self.n8n.url)
        self._ending = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as started:
            started.enter_context(self.pbx)
            started.enter_context(self.executor)
            place_package(self.package, self.n8n.user_folder)
            started.enter_context(self.n8n)
            started.callback(self.client.close)
            self.client.sign_in()
            self._ending = started.pop_all()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._ending.close()

    def credential_data(self, **changes: object) -> dict[str, object]:
        """Return the credential's fields that lead to this stage's executor and PBX, with `changes`."""
        data: dict[str, object] = {
            "connection": "direct",
            "baseUrl": self.pbx.base_url,
            "clientId": CLIENT_ID,
            "apiKey": CLIENT_SECRET,
            "verifyTls": True,
            "executorUrl": self.executor.url,
            "executorKey": "",
        }
        return data | changes
