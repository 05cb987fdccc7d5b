"""Read the executions of a workflow from n8n's own database: many of them, and those of an n8n that was killed."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tools.lab.n8n import N8nInstance, place_package
from tools.lab.n8n_client import N8nClient, unflatten
from tools.lab.stage import Stage


@dataclass(frozen=True)
class StoredExecution:
    """One execution; `event` is that with which the trigger has started it."""

    status: str
    event: dict[str, Any]


def find_database(n8n: N8nInstance) -> Path:
    """Return n8n's SQLite file."""
    return n8n.user_folder / ".n8n" / "database.sqlite"


def read_executions(n8n: N8nInstance, workflow: dict[str, Any]) -> list[StoredExecution]:
    """Return all executions of a workflow, in the order in which they were started."""
    query = (
        "SELECT status, data FROM execution_entity JOIN execution_data ON executionId = id"
        " WHERE execution_entity.workflowId = ? ORDER BY id"
    )
    with closing(sqlite3.connect(f"file:{find_database(n8n)}?mode=ro", uri=True)) as database:
        rows = database.execute(query, (workflow["id"],)).fetchall()
    return [StoredExecution(status, _find_event(unflatten(data))) for status, data in rows]


def _find_event(data: dict[str, Any]) -> dict[str, Any]:
    """Return the trigger's item: of its run, or of the run that n8n had created when it was killed."""
    runs = data["resultData"]["runData"].get("3CX Trigger")
    task = runs[-1] if runs else data["executionData"]["nodeExecutionStack"][0]
    event: dict[str, Any] = task["data"]["main"][0][0]["json"]
    return event


@contextmanager
def copying(stage: Stage, folder: Path) -> Iterator[tuple[N8nInstance, N8nClient]]:
    """Run a copy of the stage's n8n, as it is now, with a database and an address of its own."""
    copied = N8nInstance(stage.installation, folder)
    place_package(stage.package, folder)
    source, target = find_database(stage.n8n), find_database(copied)
    with closing(sqlite3.connect(source)) as before, closing(sqlite3.connect(target)) as after:
        before.backup(after)
    with copied:
        client = N8nClient(copied.url)
        client.sign_in()
        yield copied, client
        client.close()
