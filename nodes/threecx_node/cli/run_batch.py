"""Run a batch from the command line: results to standard output, its journal, and the signals that end it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from ..errors import JournalError, UsageError
from ..tasks.executor import Executor
from .interrupts import InterruptedWriteError, Interruption
from .output import progress, write_json, write_line, write_results
from .stats import Statistics, describe
from .streams import OutputError, discard_stream, has_reader, is_output_closed, say

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from threecx_credentials import Credential

    from ..catalog import Catalog, Operation
    from ..execution.journal import BatchIdentity
    from ..execution.journal_file import FileJournal
    from ..execution.results import Batch, Item, Result
    from ..options import Options

# The exit code where the results could not be written.
_LOST_OUTPUT = 1


class ResultWriter:
    """Writes the results of a batch in one form. Where that fails, `lost` says why, and the batch is stopped."""

    def __init__(self, form: str, columns: Sequence[str], interruption: Interruption) -> None:
        if is_output_closed():
            raise UsageError(
                "standard output is closed", description="Redirect it to a file, or to /dev/null."
            )
        self.lost: OutputError | None = None
        self.is_streaming = form == "ndjson"
        self._form = form
        self._columns = tuple(columns)
        self._interruption = interruption

    def write_result(self, result: Result) -> None:
        """Write one result, or a part of one, as a line."""
        self._try(lambda: write_line({"item": result.index, **result.to_json()}))

    def write_all(self, results: Sequence[Result]) -> None:
        """Write all results, in the forms that are one document."""
        if self._form == "json":
            self._try(lambda: write_json([each.to_json() for each in results]))
        elif self._form == "table":
            self._try(lambda: write_results(results, self._columns))

    def check_reader(self) -> None:
        """Notice that the reader of the results has gone before there is something to write."""
        if self.lost is None and not has_reader():
            self.lost = OutputError("its reader has closed it", is_closed=True)

    def _try(self, write: Callable[[], None]) -> None:
        if self.lost is not None:
            return
        try:
            with self._interruption.writing():
                write()
        except OutputError as error:
            self.lost = error
        except InterruptedWriteError:
            discard_stream(1)
            self.lost = OutputError("interrupted")


def run_batch(
    facts: Catalog,
    operation: Operation,
    items: list[Mapping[str, Any] | Item],
    parameters: Mapping[str, Any],
    credential: Credential,
    options: Options,
    form: str,
    journal: FileJournal | None,
    *,
    with_stats: bool = False,
) -> int:
    """Run a batch, write its results and what is to be said of it, and return the exit code."""
    statistics = Statistics() if with_stats else None
    with Interruption() as interruption:
        writer = ResultWriter(form, _choose_columns(facts, operation), interruption)

        async def run() -> Batch:
            stop, abort = asyncio.Event(), asyncio.Event()
            interruption.attach(asyncio.get_running_loop(), stop, abort)
            async with Executor(
                credential, connections=options.concurrency, catalog=facts, observer=statistics
            ) as executor:
                with progress(len(items), operation.id) as advance:

                    def notice(result: Result) -> None:
                        if not result.more:
                            advance()
                        writer.check_reader()
                        if writer.lost is not None:
                            stop.set()

                    async def write(result: Result) -> None:
                        writer.write_result(result)
                        notice(result)

                    done = await executor.run(
                        operation.id,
                        items,
                        parameters,
                        options=options,
                        on_result=notice,
                        on_part=write if writer.is_streaming else None,
                        stop=stop,
                        abort=abort,
                        journal=journal,
                    )
                if statistics is not None and statistics.requests:
                    statistics.limit = executor.client.limit
                return done

        batch = asyncio.run(run())
        interruption.detach()
        writer.write_all(batch.results)
        _report(batch, writer.lost, journal, changes=operation.effect == "change")
        if statistics is not None:
            stats = statistics.to_json()
            say(f"threecx: stats: {describe(stats)}", stats=stats)
    code = batch.exit_code if writer.lost is None else max(batch.exit_code, _LOST_OUTPUT)
    return code if interruption.exit_code is None else interruption.exit_code


def open_journal(journal: Path | None, resume: Path | None, identity: BatchIdentity) -> FileJournal | None:
    """Return the journal that the options name, None without them. Raise JournalError."""
    from ..execution.journal_file import FileJournal

    if journal is not None and resume is not None:
        raise JournalError(
            "both --journal and --resume are given",
            description="--resume continues an earlier batch, and records what it does in the same file.",
        )
    if journal is not None:
        return FileJournal.create(journal, identity)
    if resume is None:
        return None
    opened = FileJournal.resume(resume, identity)
    counts = opened.history.count_statuses()
    known = f"{counts['done']} of {identity.count} items are done"
    if opened.is_complete:
        say(f"threecx: the journal {resume} is finished, so nothing is sent: {known}")
    else:
        unclear = counts["sent"] + counts["unknown"]
        settled = f", {unclear} are looked up first" if unclear else ""
        rest = counts["failed"] + counts["not_tried"]
        say(f"threecx: continuing {resume}: {known}{settled}, {rest} remain")
    return opened


def _report(batch: Batch, lost: OutputError | None, journal: FileJournal | None, *, changes: bool) -> None:
    """Say on standard error what is to be known of a batch besides its results."""
    for note in batch.notes:
        say(f"threecx: note: {note}")
    summary = batch.summary()
    # A reader of a list that has enough, such as head, is not an error, and nothing was changed.
    if lost is not None and (changes or not lost.is_closed):
        summary = f"{lost} ({batch.outcomes()})"
        if journal is not None:
            summary += f"; the results are in the journal {journal.path}"
    elif lost is not None:
        summary = ""
    if summary:
        say(f"threecx: {summary}")
    if journal is None:
        return
    if journal.failure is not None:
        say(f"threecx: {journal.failure.one_line()}")
    if not journal.has_changes and all(each.error for each in batch.results):
        # The corrected command can name the same file.
        journal.discard()
        say(f"threecx: nothing was changed, so the journal {journal.path} is removed")
    elif batch.not_tried or any(each.error for each in batch.results):
        say(f"threecx: to continue, run the same command with --resume {journal.path}")


def _choose_columns(facts: Catalog, operation: Operation) -> tuple[str, ...]:
    from ..catalog.summary_fields import simple_fields

    if operation.task is not None:
        return tuple(each.name for each in operation.task.returns)
    type_name = operation.version().returns.type
    return simple_fields(facts, type_name) if facts.is_schema(type_name) else ()
