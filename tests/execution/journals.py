"""Journals for tests, and batches that are recorded in them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.support import FakePbx, credential
from threecx_node import Batch, Options
from threecx_node.execution.journal import BatchIdentity
from threecx_node.execution.journal_file import FileJournal

DELETE = "DeleteCallFlowApp"
BY_ID = {"Id": "={{ $json.Id }}"}


def ids(count: int) -> list[dict[str, Any]]:
    return [{"Id": number} for number in range(count)]


def identity(
    items: Sequence[Mapping[str, Any]],
    operation: str = DELETE,
    parameters: Mapping[str, Any] = BY_ID,
    options: Options | None = None,
) -> BatchIdentity:
    return BatchIdentity.of(operation, items, parameters, options or Options(), credential())


def run(
    pbx: FakePbx,
    journal: FileJournal,
    items: Sequence[Mapping[str, Any]],
    operation: str = DELETE,
    parameters: Mapping[str, Any] = BY_ID,
    options: Options | None = None,
) -> Batch:
    async def main() -> Batch:
        async with pbx.executor() as executor:
            return await executor.run(operation, items, parameters, options=options, journal=journal)

    with journal:
        return asyncio.run(main())


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def write_lines(path: Path, *added: Mapping[str, Any] | str) -> None:
    with path.open("a") as file:
        for each in added:
            file.write(each if isinstance(each, str) else json.dumps(each) + "\n")


def start(path: Path, items: Sequence[Mapping[str, Any]], *added: Mapping[str, Any] | str) -> None:
    """Write the journal of a run that ended after these records."""
    FileJournal.create(path, identity(items)).close()
    write_lines(path, *added)


def sent(index: int) -> dict[str, Any]:
    return {"before": index, "method": "DELETE", "target": f"/CallFlowApps({index})"}


def done(index: int) -> dict[str, Any]:
    result = {"items": [{"json": {"deleted": True, "Id": index}, "pairedItem": {"item": index}}]}
    return {"after": index, "status": "done", "result": result}
