"""Run one cell of the fault matrix, and judge what its results say by what the PBX did."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from tests.reliability.faults import FAULTS, LOGIN_FAULTS, MAX_RESPONSE, Fault
from tests.reliability.hostile import HostilePbx, serving
from tests.reliability.kinds import ALL_ROWS, KINDS, Kind
from tests.reliability.pbx import PAGE_SIZE
from threecx_credentials import Credential, MemoryTokenStore
from threecx_node.errors import NotAttemptedError
from threecx_node.execution.executor import Executor
from threecx_node.execution.results import Result
from threecx_node.options import DEFAULT_RETRY_TIME, Options
from threecx_node.transport.retry import RetryPolicy

Outcome = Literal["done", "failed", "not tried", "unknown"]
Bad = Literal["LIE", "DOUBLED", "HANG", "CRASH", "NEEDLESS", "LEAK", "UNMET"]

SHORT_TIMEOUT = 1.0
LONG_TIMEOUT = 15.0
HANG_AFTER = 40.0
_LOGIN_KINDS = ("get", "delete")


@dataclass(frozen=True)
class Cell:
    """A fault, a kind of operation, and whether the fault occurs once or from then on always."""

    fault: Fault
    kind: Kind
    always: bool

    def __str__(self) -> str:
        return f"{self.fault.name} / {self.kind.name} / {'always' if self.always else 'once'}"


@dataclass
class Verdict:
    """The outcome of the item that met the fault, and what is wrong with the cell, in words for a person."""

    cell: Cell
    outcome: Outcome | None = None
    bad: dict[Bad, str] = field(default_factory=dict)
    attempts: int = 0

    def __str__(self) -> str:
        return f"{self.cell}: {'; '.join(f'{kind} {words}' for kind, words in self.bad.items())}"


def cells(names: Sequence[str] = ()) -> list[Cell]:
    """Return all cells, or those of the faults with these names."""
    kinds = [(fault, kind) for fault in FAULTS for kind in KINDS if kind.name not in fault.not_for]
    kinds += [(fault, kind) for fault in LOGIN_FAULTS for kind in KINDS if kind.name in _LOGIN_KINDS]
    return [
        Cell(fault, kind, always)
        for fault, kind in kinds
        for always in (False, True)
        if not names or fault.name in names
    ]


async def run_cells(chosen: Sequence[Cell], at_once: int = 48) -> list[Verdict]:
    """Return the verdicts, in order; this many cells run at once.

    On a busy machine an honest response may take longer than the short time limit of some cells. They run apart from
    the others, and once more, alone, before an item is called failed needlessly.
    """
    slots = asyncio.Semaphore(at_once)
    verdicts: dict[Cell, Verdict] = {}

    async def run(cell: Cell) -> None:
        async with slots:
            verdicts[cell] = await run_cell(cell)

    for is_timed in (False, True):
        await asyncio.gather(*(run(each) for each in chosen if each.fault.is_timed is is_timed))
    for cell, verdict in verdicts.items():
        if _may_be_late(verdict):
            verdicts[cell] = await run_cell(cell)
    return [verdicts[each] for each in chosen]


def _may_be_late(verdict: Verdict) -> bool:
    return verdict.cell.fault.is_timed and bool(verdict.bad) and not set(verdict.bad) - {"NEEDLESS", "UNMET"}


async def run_cell(cell: Cell) -> Verdict:
    """Run the batch of a cell on a hostile PBX of its own and judge it."""
    verdict = Verdict(cell)
    async with serving(cell.fault, cell.kind.before, cell.kind.target, always=cell.always) as hostile:
        results: list[Result] = []
        try:
            async with asyncio.timeout(HANG_AFTER):
                results = await _run_batch(cell, hostile)
        except TimeoutError:
            verdict.bad["HANG"] = f"no end after {HANG_AFTER:g} s"
        except Exception as error:  # noqa: BLE001 (any exception is a finding)
            verdict.bad["CRASH"] = repr(error)
        if not await hostile.is_left(within=5):
            verdict.bad["LEAK"] = "connections stay open"
        if not hostile.faults:
            verdict.bad["UNMET"] = "the fault did not occur"
        for result, key in zip(results, cell.kind.keys, strict=bool(results)):
            _judge(verdict, hostile, result, key)
        if results:
            is_at_first = cell.fault.where == "login" or len(results) == 1
            verdict.outcome = outcome_of(results[0 if is_at_first else 1])
            verdict.attempts = len(hostile.requests)
    return verdict


async def _run_batch(cell: Cell, hostile: HostilePbx) -> list[Result]:
    async def wait(seconds: float) -> None:
        del seconds
        await hostile.on_wait()

    credential = Credential.of(f"http://127.0.0.1:{hostile.port}", "workflow", "s3cr3t-key")
    options = Options(
        continue_on_fail=True,
        concurrency=1,
        page_size=PAGE_SIZE,
        max_response_bytes=MAX_RESPONSE,
        timeout=SHORT_TIMEOUT if cell.fault.is_timed else LONG_TIMEOUT,
        # A fault that stays is not worth waiting for; one that passes gets all the time of a busy machine.
        retry_time=1.0 if cell.always else DEFAULT_RETRY_TIME,
    )
    items = [{"key": key} for key in cell.kind.keys]
    async with Executor(
        credential, retry=RetryPolicy(sleep=wait), token_store=MemoryTokenStore()
    ) as executor:
        batch = await executor.run(cell.kind.operation, items, cell.kind.parameters, options=options)
    return list(batch.results)


def outcome_of(result: Result) -> Outcome:
    """Return what a result says of its item."""
    if result.error is None:
        return "done"
    if isinstance(result.error, NotAttemptedError):
        return "not tried"
    return "unknown" if result.error.to_json().get("outcome") == "unknown" else "failed"


def _judge(verdict: Verdict, hostile: HostilePbx, result: Result, key: int) -> None:
    """Compare what a result says with what the PBX did."""
    cell, outcome, rows = verdict.cell, outcome_of(result), result.items or ()
    kind = cell.kind
    effects = hostile.pbx.effects[kind.effect(key)]
    said = f"item {key} {outcome}{_words(result)}"
    if result.error is not None and result.error.code == "bug":
        verdict.bad["CRASH"] = said
    if effects > 1:
        verdict.bad["DOUBLED"] = f"item {key} was carried out {effects} times"
    if kind.changes and outcome == "done" and not effects:
        verdict.bad["LIE"] = f"{said}, though nothing was done"
    if kind.changes and outcome in ("failed", "not tried") and effects:
        verdict.bad["LIE"] = f"{said}, though it was done"
    if outcome == "done" and not kind.is_true(hostile.pbx, key, rows):
        verdict.bad["LIE"] = f"{said}, with data that are not those of the PBX: {str(rows)[:150]}"
    if kind.name == "list" and (
        not kind.is_true(hostile.pbx, key, rows) or (outcome == "done" and len(rows) != ALL_ROWS)
    ):
        verdict.bad["LIE"] = f"{said}, with {len(rows)} of {ALL_ROWS} rows, or others"
    # A request that is repeated with another token counts once.
    came = 0 if kind.name == "list" or cell.fault.replaces_token else hostile.count(kind.text(key))
    if came > result.attempts:
        verdict.bad["LIE"] = f"{said} after {result.attempts} attempts, though {came} requests came"
    wanted = _wanted(cell, is_met=key == 2 or len(kind.keys) == 1)
    if wanted and outcome not in wanted:
        verdict.bad["NEEDLESS"] = f"{said}; could be {' or '.join(wanted)}"


def _wanted(cell: Cell, *, is_met: bool) -> tuple[Outcome, ...]:
    """Return the outcomes of an able client, for the item that met the fault or for another; () is any."""
    fault, kind = cell.fault, cell.kind
    if cell.always:
        # A PBX that certainly did nothing leaves nothing unknown.
        certain = fault.is_visible or fault.is_final or not kind.changes
        return ("done", "failed", "not tried") if certain else ()
    if fault.where == "login" and (fault.is_final or fault.may_fail):
        # 3CX blocks addresses after repeated failures: what may be a refusal is not repeated.
        return ("done", "failed", "not tried")
    if not is_met:
        return ("done",)
    if fault.is_final or fault.may_fail:
        return ()
    if not kind.changes or kind.is_settled or fault.is_visible:
        return ("done",)
    return ("done", "unknown")


def _words(result: Result) -> str:
    return f" ({result.error.code}: {result.error.message[:90]})" if result.error is not None else ""


class Complaints(logging.Handler):
    """Collects what the event loop and the libraries complain about while the matrix runs."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.words: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Store the text of a record."""
        self.words.append(f"{record.name}: {record.getMessage()}")

    def take(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """Store what the event loop reports, as its exception handler."""
        del loop
        self.words.append(f"{context.get('message')}: {context.get('exception')!r}")
