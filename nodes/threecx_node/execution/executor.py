"""Runs one operation for a batch of items on one PBX: one result per item, in order.

A batch has two halves. First every item becomes a planned request, so that a mistake in the last item stops the
batch before anything is sent. Then the plan is sent.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple, Self
from urllib.parse import urlsplit

from ..catalog import Catalog, Operation, load_catalog
from ..errors import NotAttemptedError, UnknownNameError, UnreachableError
from ..messages import HttpRequest
from ..options import DEFAULT_CONNECT_TIMEOUT, DEFAULT_CONNECTIONS, Options, check_bounds
from ..transport.client import PbxClient
from .abort import AbortedError, run_until_aborted
from .delete_guard import check_deletes, count_deletes
from .early_ends import untried_result
from .plan import Plan, Planner
from .results import Batch, Item, Result
from .run import BatchRun
from .verify import Verification

if TYPE_CHECKING:
    from threecx_credentials import Credential, TokenStore

    from ..observer import Observer
    from ..transport.exchange import Transport
    from ..transport.retry import RetryPolicy
    from .item_run import Deliver, ItemRun
    from .journal import Journal

__all__ = ["Batch", "Executor", "Item", "Options", "Result"]

_VERSION_PROBE = HttpRequest("GET", "/Defs", "$select=Id", operation="version")

OnResult = Callable[[Result], None]
OnPart = Callable[[Result], Awaitable[None]]
OnNote = Callable[[str], None]


class Executor:
    """Runs batches on one PBX with one pool of connections and one token. An async context manager.

    `connections` bounds the requests of all batches at once, `connect_timeout` is in seconds. `transport` sends the
    requests in place of the default one, `token_store` keeps the token in place of the store that the environment
    variable THREECX_TOKEN_STORE names: by default files that all processes of this user share. `observer` counts the
    requests. All executors in the event loop share the limits of a PBX.
    """

    def __init__(
        self,
        credential: Credential,
        *,
        connections: int = DEFAULT_CONNECTIONS,
        connect_timeout: float = DEFAULT_CONNECT_TIMEOUT,
        catalog: Catalog | None = None,
        token_store: TokenStore | None = None,
        retry: RetryPolicy | None = None,
        transport: Transport | None = None,
        observer: Observer | None = None,
    ) -> None:
        check_bounds("connections", connections)
        check_bounds("connect_timeout", connect_timeout)
        self.credential = credential
        self.catalog = catalog or load_catalog()
        self._connections = connections
        self._connect_timeout = connect_timeout
        self._token_store = token_store
        self._retry = retry
        self._transport = transport
        self._observer = observer
        self._client: PbxClient | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close all connections. The next batch opens new ones."""
        client, self._client = self._client, None
        if client is not None:
            await client.aclose()

    @property
    def client(self) -> PbxClient:
        """The client of the PBX; it is made on first use, and shared by all batches."""
        if self._client is None:
            self._client = PbxClient(
                self.credential,
                connections=self._connections,
                connect_timeout=self._connect_timeout,
                token_store=self._token_store,
                retry=self._retry,
                transport=self._transport,
                observer=self._observer,
            )
        return self._client

    async def run(
        self,
        operation: str,
        items: Sequence[Item | Mapping[str, Any]],
        parameters: Mapping[str, Any] | None = None,
        *,
        options: Options | None = None,
        on_result: OnResult | None = None,
        on_part: OnPart | None = None,
        stop: asyncio.Event | None = None,
        abort: asyncio.Event | None = None,
        journal: Journal | None = None,
    ) -> Batch:
        """Return one result per item, in order; `on_result` sees each as soon as it is there.

        `on_part` takes the results instead, those of a long list page by page, as `stream` yields them; it is awaited
        before more is requested, and the returned results then have no items. Once `stop` is set no further item is
        sent; requests under way end and are reported. Once `abort` is set they are cut off too, and reported with an
        unknown outcome where they may have been carried out. `journal` records the batch, or continues the one that it
        has. Raises UsageError where operation, parameters or options are wrong: then nothing was sent.
        """
        collector = _Collector(len(items), on_result, on_part)
        control = Control(stop or asyncio.Event(), abort, journal)
        ending = await self._run(operation, items, parameters, options, collector.add, control)
        return replace(collector.batch(), notes=ending.notes, deletes=ending.deletes)

    async def stream(
        self,
        operation: str,
        items: Sequence[Item | Mapping[str, Any]],
        parameters: Mapping[str, Any] | None = None,
        *,
        options: Options | None = None,
        on_note: OnNote | None = None,
        stop: asyncio.Event | None = None,
        journal: Journal | None = None,
    ) -> AsyncGenerator[Result]:
        """Yield results as they come, those of a long list page by page: `more` says that its list goes on.

        `on_note` takes each note of the batch, when all results have come and before the iteration ends.

        The PBX is asked for more only when results have been taken, so that memory does not grow with the length of a
        list. Leaving the iteration (`aclose()`) sends nothing further: requests under way that only read are cut off,
        others end. Where the task is cancelled, all are cut off. Raises UsageError.
        """
        queue: asyncio.Queue[Result | None] = asyncio.Queue(maxsize=self._connections)
        stop = stop or asyncio.Event()

        async def produce() -> None:
            try:
                control = Control(stop, None, journal)
                ending = await self._run(operation, items, parameters, options, queue.put, control)
                if on_note is not None:
                    for each in ending.notes:
                        on_note(each)
            finally:
                await queue.put(None)

        task = asyncio.create_task(produce(), name="threecx-batch")
        try:
            while (result := await queue.get()) is not None:
                yield result
            await task
        except asyncio.CancelledError:
            # The connections are free at once, for other callers of this PBX.
            task.cancel()
            raise
        finally:
            if not task.done():
                stop.set()
                if self.catalog.operation(operation).effect == "read":
                    task.cancel()
                await _drain(queue, task)

    async def _run(
        self,
        operation: str,
        items: Sequence[Item | Mapping[str, Any]],
        parameters: Mapping[str, Any] | None,
        options: Options | None,
        deliver: Deliver,
        control: Control,
    ) -> _Ending:
        """Deliver the results."""
        options = options or Options()
        found = self.catalog.operation(operation)
        inputs = [item if isinstance(item, Item) else Item(item) for item in items]
        if not inputs:
            return _Ending()
        try:
            release = await run_until_aborted(
                self._choose_release(found, options, control.journal), control.abort
            )
        except AbortedError:
            for index in range(len(inputs)):
                await deliver(untried_result(index, "the batch was stopped"))
            return _Ending(self._notes)
        except UnreachableError as error:
            await _report_unreachable(error, len(inputs), deliver)
            return _Ending(self._notes)
        planner = self._make_planner(found, release, options)
        # Expressions may wait for V8: in a thread, so that other batches of this process continue.
        plan = await asyncio.to_thread(planner.plan, inputs, parameters or {})
        refusal = check_deletes(plan.items, plan.options)
        if _sends(plan.options, found):
            # A credential that cannot be used is an error of the call, before anything is sent.
            _ = self.client
        if plan.options.dry_run and plan.options.verify and found.task is None:
            await Verification(plan, self.client, self.credential.base_url, deliver, control.stop).run()
            return _Ending((*self._notes, *plan.notes, *((refusal,) if refusal else ())))
        run = self._make_run(plan, deliver, control)
        await run.run()
        notes = (*self._notes, *plan.notes, *((refusal,) if refusal else ()), *run.notes)
        return _Ending(notes, count_deletes(plan.items)[0] if plan.options.prepare_only else 0)

    def _make_planner(self, operation: Operation, release: str, options: Options) -> Planner:
        """Return what plans a batch of `operation`. Raises UnknownNameError for a task, which `tasks.executor` runs."""
        if operation.task is not None:
            raise UnknownNameError(
                f"{operation.id} is a task, not an operation of 3CX",
                description="Run it by threecx_node.Executor.",
            )
        return Planner(self.catalog, operation, release, options, urlsplit(self.credential.base_url).netloc)

    def _make_run(self, plan: Plan, deliver: Deliver, control: Control) -> ItemRun:
        """Return what carries out a plan."""
        return BatchRun(
            plan,
            lambda: self.client,
            self.credential.base_url,
            deliver,
            control.stop,
            control.abort,
            control.journal,
        )

    @property
    def _notes(self) -> tuple[str, ...]:
        own = (self.credential.note,) if self.credential.note else ()
        return (*own, *(self._client.notes if self._client else ()))

    async def _choose_release(self, operation: Operation, options: Options, journal: Journal | None) -> str:
        """Return the release whose form the requests take: the PBX's own, else the one asked for, else the newest."""
        if options.release is not None:
            self.catalog.check_release(options.release)
        version = self._client.version if self._client else None
        # A task may use operations that differ between releases, or that some releases lack.
        differs = operation.task is not None or len(operation.versions) > 1
        is_ambiguous = version is None and options.release is None and differs
        if is_ambiguous and _sends(options, operation) and not (journal is not None and journal.is_complete):
            # The operation differs between releases, and the release of this PBX is not known yet.
            caller = self.client.make_caller(is_short=True, traceparent=options.traceparent)
            await self.client.send(
                _VERSION_PROBE, timeout=options.timeout, retry_time=options.retry_time, caller=caller
            )
            version = self.client.version
        release = (self.catalog.release_of(version) if version else None) or options.release
        if release is None:
            return operation.releases[-1]
        if release not in operation.releases:
            raise UnknownNameError(
                f"3CX {release} has no operation {operation.id}",
                description=f"It exists in {operation.releases[0]} to {operation.releases[-1]}.",
            )
        return release


@dataclass(frozen=True, slots=True)
class Control:
    """The events that stop a batch, and the journal that records it."""

    stop: asyncio.Event
    abort: asyncio.Event | None
    journal: Journal | None


class _Ending(NamedTuple):
    """The notes of a batch, and how many entities one that was only prepared would delete."""

    notes: Sequence[str] = ()
    deletes: int = 0


def _sends(options: Options, operation: Operation) -> bool:
    """Return whether a batch sends anything: a dry run of a task reads."""
    return not (options.prepare_only or (options.dry_run and operation.task is None))


class _Collector:
    """Collects the results of a batch; the parts of a long list become one result."""

    def __init__(self, size: int, on_result: OnResult | None, on_part: OnPart | None) -> None:
        self._results: list[Result | None] = [None] * size
        self._parts: dict[int, list[Mapping[str, Any]]] = {}
        self._on_result = on_result
        self._on_part = on_part

    async def add(self, result: Result) -> None:
        """Take a result, or a part of one."""
        if self._on_part is not None:
            await self._on_part(result)
            if not result.more:
                self._results[result.index] = replace(result, items=None)
            return
        if result.more:
            self._parts.setdefault(result.index, []).extend(result.items or ())
            return
        parts = self._parts.pop(result.index, None)
        if parts:
            result = replace(result, items=[*parts, *(result.items or ())])
        self._results[result.index] = result
        if self._on_result is not None and not isinstance(result.error, NotAttemptedError):
            self._on_result(result)

    def batch(self) -> Batch:
        """Return all results, in order."""
        return Batch([each for each in self._results if each is not None])


async def _report_unreachable(error: UnreachableError, size: int, deliver: Deliver) -> None:
    """Deliver the results of a batch that ended before it began: its first item has the error."""
    error.item_index = 0
    await deliver(Result(0, error=error))
    for index in range(1, size):
        await deliver(untried_result(index, "an earlier item failed"))


async def _drain(queue: asyncio.Queue[Result | None], task: asyncio.Task[None]) -> None:
    """Discard results until `task` has ended, so that it does not wait for room in the queue."""

    async def discard() -> None:
        while True:
            await queue.get()

    discarding = asyncio.create_task(discard())
    try:
        await asyncio.wait({task})
    finally:
        discarding.cancel()
