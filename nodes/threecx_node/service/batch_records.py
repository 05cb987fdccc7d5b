"""Record the batches of the service, if it has a store for them, and report them by their IDs."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

from ..errors import JournalError, OtherBatchError
from ..execution.journal import BatchIdentity
from .batch_store import DAYS, BatchExistsError
from .problems import ProblemError
from .requests import build_options

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from threecx_credentials import Credential

    from ..execution.journal import Journal
    from ..execution.results import Item
    from .batch_store import BatchStore, OpenJournal
    from .models import ExecuteRequest

BATCH_HEADER = "Threecx-Batch"


@dataclass(frozen=True, slots=True)
class BatchRecord:
    """The record of one batch; without an ID and a journal where none is kept."""

    batch_id: str | None = None
    opened: OpenJournal | None = None

    @property
    def journal(self) -> Journal | None:
        """The journal of the batch, None where none is kept."""
        return None if self.opened is None else self.opened.journal

    @property
    def headers(self) -> Mapping[str, str]:
        """The header of a response that has the ID."""
        return {} if self.batch_id is None else {BATCH_HEADER: self.batch_id}

    def describe(self) -> Mapping[str, Any]:
        """Return the member of a response that has the ID."""
        return {} if self.batch_id is None else {"batchId": self.batch_id}

    async def close(self) -> None:
        """Release the journal: the batch has ended."""
        if self.opened is not None:
            await self.opened.close()


def read_batch_id(body: ExecuteRequest, headers: Mapping[str, str]) -> UUID | None:
    """Return the ID that the caller gave the batch, in the body or in BATCH_HEADER. Raise ProblemError."""
    given = headers.get(BATCH_HEADER)
    if body.batch_id is not None or given is None:
        return body.batch_id
    try:
        return UUID(given)
    except ValueError as error:
        raise ProblemError(
            422, f"{BATCH_HEADER} is not a UUID", "Send a random UUID, or no such header."
        ) from error


async def open_record(
    store: BatchStore | None,
    body: ExecuteRequest,
    given_id: UUID | None,
    items: Sequence[Item],
    credential: Credential,
) -> BatchRecord:
    """Return the record of a batch. Raise ProblemError where its ID is taken, or where it cannot be recorded."""
    if body.resume and given_id is None:
        raise ProblemError(422, "resume needs a batchId", "Send the batchId of the batch to continue.")
    if store is None:
        if body.resume:
            raise _no_store()
        return BatchRecord()
    options = build_options(body.options)
    if options.dry_run or options.prepare_only:
        # Nothing is sent.
        return BatchRecord()
    batch_id = str(given_id or uuid4())
    # In a thread: the files of uploads may be large.
    identity = await asyncio.to_thread(BatchIdentity.of, body.operation, items, {}, options, credential)
    try:
        return BatchRecord(batch_id, await store.open(batch_id, identity, resume=body.resume))
    except BatchExistsError as error:
        state = "is running" if error.is_running else "has ended"
        raise ProblemError(
            409,
            f"the batch {batch_id} exists already: it {state}",
            f"Ask for its results: GET /v1/batches/{batch_id}. To run the items again, send another batchId.",
            "batch_running" if error.is_running else "batch_exists",
        ) from error
    except JournalError as error:
        status = 409 if isinstance(error, OtherBatchError) else 503
        raise ProblemError(status, error.message, error.description, error.code) from error


async def describe_record(store: BatchStore | None, batch_id: str) -> dict[str, Any]:
    """Return what became of a batch. Raise ProblemError."""
    if store is None:
        raise _no_store()
    try:
        found = await store.describe(batch_id)
    except JournalError as error:
        raise ProblemError(503, error.message, error.description, error.code) from error
    if found is None:
        raise ProblemError(
            404,
            f"the executor has no batch {batch_id}",
            f"It was never received, it is older than {DAYS} days, or another executor without a shared store ran it.",
            "unknown_batch",
        )
    return found


def _no_store() -> ProblemError:
    return ProblemError(
        404, "this executor keeps no journals of batches", "Start it without --no-journal.", "no_journal"
    )
