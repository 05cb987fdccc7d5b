"""Run the example that `threecx describe` prints for each operation, as it is, on a simulated PBX.

An example that changes something has `--dry-run`; without it, it must run too.
"""

from __future__ import annotations

import asyncio
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from tests.sounds import telephone_wav
from threecx_credentials import Credential, MemoryTokenStore
from threecx_node import Executor
from threecx_node.catalog import Operation, load_catalog
from threecx_node.cli import app
from threecx_node.cli.describe import describe_operation
from threecx_node.simulator import Simulator

CATALOG = load_catalog()
# The examples of these operations need something that the small office does not have.
LACKING = {
    "an active call": {
        "AnswerParticipant", "AttachParticipantData", "AttachPartyData", "DivertParticipant", "DropCall",
        "GetParticipant", "RouteParticipant", "TransferParticipant",
    },
    "a fax extension besides the fax server": {"DeleteFax"},
    "a greeting of a user": {"DownloadGreeting"},
    "a group without members": {"DeleteGroup", "DeleteCompanyById", "DeleteCompanyByNumber"},
    "a property of a DN": {"DeleteDNProperty", "GetDNPropertyByName", "UpdateDNProperty"},
    "a converter": {"DeleteConverterConfiguration"},
    "an OAuth client whose ID is known before": {
        "DeleteOAuthClient", "GetOAuthClient", "RefreshClientMetadata",
    },
    "an update whose ID is known before": {"GetUpdateDetails", "InstallUpdates"},
    "a vector store with a file": {
        "AddVectorStoreFiles", "BatchDeleteFiles", "DeleteOpenAiFile", "DeleteVectorStore",
        "DeleteVectorStoreFile", "GetVectorStore", "GetVectorStoreFiles", "UpdateVectorStore",
    },
}  # fmt: skip
EXCEPTIONS = {name for names in LACKING.values() for name in names}
# An example that creates something must not be the reason why another one runs.
ORDER = ("get", "list", "function", "delete", "update", "action", "create")


class Shell:
    """Runs command lines in this process, with one executor for all of them."""

    def __init__(self, pbx: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
        self.pbx = pbx
        # Each call of `app` would build it again.
        self._command = get_command(app)
        self._loop = asyncio.new_event_loop()
        self._executor = self._connect()
        for name, value in (
            ("BASE_URL", pbx.base_url),
            ("CLIENT_ID", pbx.client_id),
            ("CLIENT_SECRET", pbx.client_secret),
        ):
            monkeypatch.setenv(f"THREECX_{name}", value)
        monkeypatch.setattr("threecx_node.cli.run_batch.run_batch", self._run)
        # Loading it takes longer than all else that a command does.
        monkeypatch.setattr("threecx_node.catalog.load_catalog", lambda _=None: CATALOG)

    def _connect(self) -> Executor:
        credential = Credential.of(self.pbx.base_url, self.pbx.client_id, self.pbx.client_secret)
        # A login that an example has spoiled is not remembered for the next PBX.
        return Executor(credential, catalog=CATALOG, token_store=MemoryTokenStore())

    def close(self) -> None:
        self._loop.run_until_complete(self._executor.aclose())
        self._loop.close()

    def execute(self, line: str) -> int:
        """Return the exit code of a line as a user pastes it."""
        program, *words = shlex.split(line)
        assert program == "threecx"
        return int(self._command.main(words, "threecx", standalone_mode=False))

    def runs(self, line: str) -> bool:
        """Return whether a line succeeds, if not after the others then on a PBX with the data of its start."""
        if self.execute(line) == 0:
            return True
        self.pbx.state.reset()
        self._loop.run_until_complete(self._executor.aclose())
        self._executor = self._connect()
        return self.execute(line) == 0

    def _run(
        self,
        _facts: Any,
        operation: Operation,
        items: Any,
        parameters: Any,
        _credential: Any,
        options: Any,
        *_output: Any,
        **_others: Any,
    ) -> int:
        batch = self._loop.run_until_complete(
            self._executor.run(operation.id, items, parameters, options=options)
        )
        sys.stderr.write(batch.summary())
        return batch.exit_code


def examples(release: str) -> Iterator[tuple[str, str]]:
    """Yield the operations whose version ends with a release, in ORDER, with their examples."""
    found = [
        each
        for each in CATALOG.operations()
        if any(version.releases[-1] == release for version in each.versions)
    ]
    for each in sorted(found, key=lambda each: ORDER.index(each.kind)):
        chosen = None if each.releases[-1] == release else release
        yield each.id, describe_operation(CATALOG, each, chosen)["example"]


@pytest.mark.slow
@pytest.mark.parametrize("release", CATALOG.releases)
def test_every_example_of_describe_runs(
    release: str,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("closed.wav").write_bytes(telephone_wav())
    failed = []
    with Simulator(release=release) as pbx:
        shell = Shell(pbx, monkeypatch)
        for operation, example in examples(release):
            asks_only = example.removesuffix(" --dry-run") == example
            assert shell.execute(example) == 0 or asks_only, example
            is_run = shell.runs(example.removesuffix(" --dry-run"))
            if is_run == (operation in EXCEPTIONS):
                failed.append((example, capsys.readouterr().err[-300:]))
            capsys.readouterr()
        shell.close()
    assert not failed


def test_an_example_that_changes_something_is_a_dry_run() -> None:
    for each in CATALOG.operations():
        example = describe_operation(CATALOG, each)["example"]
        assert example.endswith(" --dry-run") == (each.version().method != "GET"), example
    assert "--dry-run" not in describe_operation(CATALOG, CATALOG.operation("GetCallLogData"))["example"]
