"""Opens a real n8n with our node, a simulated PBX and an executor, for a person to try: `make n8n`.

    python -m tools.open_n8n          # until Ctrl-C; nothing of it is kept

The canvas holds the workflow of examples/n8n, with a credential that works.
"""

from __future__ import annotations

import json
import signal
import socket
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tools.cache import BuildError
from tools.n8n_client import EMAIL, PASSWORD
from tools.n8n_instance import N8nError
from tools.stage import CREDENTIAL_TYPE, NODE_TYPE, Stage

if TYPE_CHECKING:
    from types import FrameType

WORKFLOW = Path(__file__).resolve().parent.parent / "examples" / "n8n" / "delete-call-flow-apps.json"
# The ports that people know; another where one is taken.
_N8N_PORT = 5678
_EXECUTOR_PORT = 8765


def put_example(stage: Stage) -> dict[str, Any]:
    """The example workflow on the stage's canvas, with a credential of its own; as n8n saved it."""
    reference = stage.client.create_credential("Simulated 3CX", CREDENTIAL_TYPE, stage.credential_data())
    workflow = json.loads(WORKFLOW.read_text(encoding="utf-8"))
    for node in workflow["nodes"]:
        if node["type"] == NODE_TYPE:
            node["credentials"] = {CREDENTIAL_TYPE: reference}
    made: dict[str, Any] = stage.client.call("POST", "/workflows", workflow)
    return made


def main() -> int:
    """Runs until it is interrupted; the exit code is 1 when n8n could not be brought, built or started."""

    def end(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    # SIGINT too: it is ignored in what a script starts in the background.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, end)
    print("preparing n8n (the first time some minutes, then half a minute) ...", file=sys.stderr)
    try:
        with tempfile.TemporaryDirectory(prefix="threecx-n8n-") as folder, _stage(Path(folder)) as stage:
            workflow = put_example(stage)
            ending = "Ctrl-C ends all, and nothing is kept: export your workflows first"
            print(f"simulated 3CX: {stage.pbx.base_url}   executor: {stage.executor.url}   {ending}")
            address = f"{stage.n8n.url}/workflow/{workflow['id']}"
            print(f"n8n: {address}   login: {EMAIL}   password: {PASSWORD}", flush=True)
            signal.pause()
    except (BuildError, N8nError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 0
    return 0


def _stage(folder: Path) -> Stage:
    return Stage(folder, n8n_port=_if_free(_N8N_PORT), executor_port=_if_free(_EXECUTOR_PORT))


def _if_free(port: int) -> int | None:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return None
    return port


if __name__ == "__main__":
    sys.exit(main())
