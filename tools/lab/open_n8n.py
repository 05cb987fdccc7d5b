"""Open a real n8n with the node, a simulated PBX and an executor, for a person to try: `make n8n`.

    python -m tools.lab.open_n8n      # until Ctrl-C; nothing is kept

n8n contains the workflows of examples/workflows, with a credential that works.
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
from tools.lab.n8n_client import EMAIL, PASSWORD
from tools.lab.pbx_client import create
from tools.lab.processes import LabError
from tools.lab.stage import CLIENT_ID, CLIENT_SECRET, CREDENTIAL_TYPE, Stage

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from types import FrameType

_WORKFLOWS = Path(__file__).resolve().parents[2] / "examples" / "workflows"
EXAMPLES = tuple(sorted(_WORKFLOWS.glob("*.json")))
DELETES = _WORKFLOWS / "delete-call-flow-apps.json"
CALLS = _WORKFLOWS / "make-call-and-branch.json"
# Workflows that the trigger starts, once they are published.
TRIGGERED = tuple(
    _WORKFLOWS / f"{name}.json"
    for name in (
        "after-hours-divert",
        "missed-call-message",
        "recording-store",
        "ringing-popup",
        "trunk-alert",
    )
)
# The types of our nodes begin with the name of the package.
_OUR_TYPES = "n8n-nodes-threecx."
# The ports that people know; another one where it is in use.
_N8N_PORT = 5678
_EXECUTOR_PORT = 8765
_PBX_PORT = 5001
_CREDENTIAL = "Simulated 3CX"
_BLOCKED = 40
# Workflows ask for the calls of yesterday and of the last seven days.
_PAST_DAYS = 7


def put_example(stage: Stage, path: Path) -> dict[str, Any]:
    """Save an example workflow, with a credential that works, on the stage's canvas; return it as n8n saved it."""
    [saved] = put_examples(stage, [path])
    return saved


def put_examples(stage: Stage, paths: Iterable[Path]) -> list[dict[str, Any]]:
    """Save example workflows that share one credential, and return them as n8n saved them."""
    reference = stage.client.create_credential(_CREDENTIAL, CREDENTIAL_TYPE, stage.credential_data())
    workflows = [with_credential(json.loads(path.read_text(encoding="utf-8")), reference) for path in paths]
    return [stage.client.call("POST", "/workflows", each) for each in workflows]


def with_credential(workflow: dict[str, Any], reference: Mapping[str, str]) -> dict[str, Any]:
    """Return the workflow, whose 3CX nodes have the credential now."""
    for node in workflow["nodes"]:
        if node["type"].startswith(_OUR_TYPES):
            node["credentials"] = {CREDENTIAL_TYPE: dict(reference)}
    return workflow


def main() -> int:
    """Run until interrupted; the exit code is 1 when n8n cannot be installed or started, or the node not built."""

    def end(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    # SIGINT too: a shell starts background commands with SIGINT ignored.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, end)
    print("preparing n8n (the first time some minutes, then half a minute) ...", file=sys.stderr)
    try:
        with (
            tempfile.TemporaryDirectory(prefix="threecx-n8n-") as folder,
            _build_stage(Path(folder)) as stage,
        ):
            put_examples(stage, EXAMPLES)
            _block_numbers(stage)
            print(describe(stage), flush=True)
            signal.pause()
    except (BuildError, LabError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 0
    return 0


def describe(stage: Stage) -> str:
    """Return what a person needs to log in, and to create a credential by hand."""
    return f"""
n8n            {stage.n8n.url}/home/workflows
  Email        {EMAIL}
  Password     {PASSWORD}
simulated 3CX  {stage.pbx.base_url}/   (ring a number on its page, and a trigger has an event)

The example workflows are in n8n, and use the credential "{_CREDENTIAL}". For a credential of your own, enter:
  PBX URL      {stage.pbx.base_url}
  Client ID    {CLIENT_ID}
  API Key      {CLIENT_SECRET}
  Executor URL {stage.executor.url}
  Executor Key (leave it empty: this executor has none)

Ctrl-C ends all, and nothing is kept: export your workflows first."""


def _block_numbers(stage: Stage) -> None:
    """Block the numbers that the example with a bulk delete looks for, as another program would."""
    blocked = [
        {"CallerId": f"+49305557{number:03}", "Description": "Campaign of spring"}
        for number in range(_BLOCKED)
    ]
    create(stage.pbx.base_url, "BlackListNumbers", *blocked)


def _build_stage(folder: Path) -> Stage:
    return Stage(
        folder,
        n8n_port=_choose_port(_N8N_PORT),
        executor_port=_choose_port(_EXECUTOR_PORT),
        pbx_port=_choose_port(_PBX_PORT),
        past_days=_PAST_DAYS,
    )


def _choose_port(port: int) -> int | None:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return None
    return port


if __name__ == "__main__":
    sys.exit(main())
