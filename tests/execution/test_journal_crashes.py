"""The journal under random crashes, losses of power and torn lines, and its reader under random bytes."""

from __future__ import annotations

import asyncio
import json
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from tests.execution.journals import BY_ID, DELETE, done, identity, ids, sent
from tests.support import FakePbx, odata_error
from threecx_node import Batch, Options
from threecx_node.errors import JournalError
from threecx_node.execution.journal_file import FileJournal

TORN = st.sampled_from([b"", b"{", b'{"after": 1, "status": "do', b'{"before": 0}', b"\0\0\0", b"\xff\xfe"])
CREATE = "CreateContact"


class CrashError(BaseException):
    """The process has ended in this moment."""


class Journals(RuleBasedStateMachine):
    """A batch that is run again and again from its journal, against a PBX that counts what it carries out."""

    @initialize(count=st.integers(1, 6), deletes=st.booleans(), concurrency=st.integers(1, 4))
    def begin(self, count: int, deletes: bool, concurrency: int) -> None:
        """Choose a batch."""
        self.folder = Path(tempfile.mkdtemp())
        self.path = self.folder / "journal"
        self.items = ids(count)
        self.operation = DELETE if deletes else CREATE
        self.parameters: Mapping[str, Any] = BY_ID if deletes else {"body": {"FirstName": "={{ $json.Id }}"}}
        self.options = Options(concurrency=concurrency)
        self.effects: Counter[str] = Counter()
        self.changes = 0
        self.crash_at: tuple[int, bool] | None = None

    def answer(self, request: httpx.Request) -> httpx.Response:
        """Carry out a change, or end the process before or after it."""
        name = str(request.url.path) if self.operation == DELETE else request.content.decode()
        if request.method == "GET":
            is_gone = self.effects[name]
            return (
                odata_error(404, "not found") if is_gone else httpx.Response(200, json={"Id": number(name)})
            )
        self.changes += 1
        crash, is_before = self.crash_at or (0, False)
        if self.changes == crash and is_before:
            raise CrashError
        if self.operation == DELETE and self.effects[name]:
            return odata_error(404, "not found")
        self.effects[name] += 1
        if self.changes == crash:
            raise CrashError
        return httpx.Response(204) if self.operation == DELETE else httpx.Response(201, json={"Id": 7})

    def run_batch(self) -> Batch | None:
        """Run the batch from its journal; None if it crashed."""
        mine = identity(self.items, self.operation, self.parameters, self.options)
        is_known = self.path.exists()
        journal = FileJournal.resume(self.path, mine) if is_known else FileJournal.create(self.path, mine)

        async def main() -> Batch:
            async with FakePbx(self.answer).executor() as executor:
                return await executor.run(
                    self.operation, self.items, self.parameters, options=self.options, journal=journal
                )

        try:
            return asyncio.run(main())
        except (CrashError, BaseExceptionGroup):
            return None
        finally:
            self.synced = journal._synced
            journal.close()

    @rule(at=st.integers(1, 8), is_before=st.booleans(), kept=st.floats(0, 1), torn=TORN)
    def crash(self, at: int, is_before: bool, kept: float, torn: bytes) -> None:
        """End the process at a change. Lines that are not on the disk yet may be lost, and the last one torn."""
        self.changes, self.crash_at = 0, (at, is_before)
        self.run_batch()
        size = self.path.stat().st_size
        with self.path.open("r+b") as file:
            file.truncate(self.synced + int((size - self.synced) * kept) if self.synced < size else size)
            file.seek(0, 2)
            file.write(torn)

    @rule()
    def finish(self) -> None:
        """Run the batch to its end."""
        self.crash_at = None
        batch = self.run_batch()
        assert batch is not None
        unknown = [each.index for each in batch.failed if each.error and each.error.outcome_unknown]
        assert len(batch.failed) == len(unknown)
        if self.operation == DELETE:
            assert not unknown
        carried_out = sum(self.effects.values())
        assert len(self.items) - len(unknown) <= carried_out <= len(self.items)

    @invariant()
    def nothing_is_carried_out_twice(self) -> None:
        """Compare the effects at the PBX."""
        assert all(count == 1 for count in getattr(self, "effects", Counter()).values())

    def teardown(self) -> None:
        """Finish the batch, and remove the files."""
        if hasattr(self, "path"):
            self.finish()
            shutil.rmtree(self.folder)


def number(path: str) -> int:
    return int(path.rpartition("(")[2].rstrip(")"))


TestJournals = Journals.TestCase
TestJournals.settings = settings(max_examples=25, stateful_step_count=5)

LINES = st.sampled_from(
    [json.dumps(each).encode() + b"\n" for each in (sent(0), done(0), sent(1), {"end": ""}, {"resumed": ""})]
    + [b'{"part": 0, "items": []}\n', b'{"part": 1}\n', b'{"after": 1e400}\n', b"[" * 100_000 + b"\n"]
)


@settings(max_examples=150)
@given(content=st.lists(LINES | st.binary(max_size=40)).map(b"".join), has_header=st.booleans())
def test_no_content_of_a_journal_gives_a_fault(content: bytes, has_header: bool) -> None:
    mine = identity(ids(2))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "journal"
        if has_header:
            FileJournal.create(path, mine).close()
        with path.open("ab") as file:
            file.write(content)
        began = time.process_time()
        try:
            with FileJournal.resume(path, mine) as journal:
                counts = journal.history.count_statuses()
                assert sum(counts.values()) == 2
        except JournalError as refused:
            said = refused.one_line()
            # One line for the user, whatever the file contains.
            assert said.isprintable()
        assert time.process_time() - began < 1
