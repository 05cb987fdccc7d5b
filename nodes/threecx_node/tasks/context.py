"""The means of a task for one item: read, find, change and write, each by an operation of the catalog."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from dataclasses import replace
from datetime import datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, TypeVar

from ..errors import ResponseError
from .failures import naming
from .finding import find_entity
from .outcome import Change

if TYPE_CHECKING:
    from collections.abc import (
        AsyncGenerator,
        AsyncIterator,
        Awaitable,
        Callable,
        Hashable,
        Mapping,
        Sequence,
    )
    from datetime import tzinfo

    from ..catalog import Catalog
    from ..execution.journal import ItemRecord
    from ..execution.recording import Recorder
    from ..execution.results import Result
    from ..messages import HttpRequest
    from ..options import Options
    from .batch import SharedState
    from .requests import OperationRunner
    from .values import Reference, Values

    Edit = Callable[[dict[str, Any]], Mapping[str, Any]]

T = TypeVar("T")
_CHANGED_AGAIN = "Another program changes it at the same time. Run the item again when it has ended."


class TaskContext:
    """The means of the task of item `index`. A dry run reads, and collects in `requests` what it would send.

    `done` has a text for each change that was carried out, `doing` that of the last change, `under_way` the change that
    was sent and has no answer yet, `last_change` the change that was sent last.
    """

    def __init__(
        self,
        index: int,
        catalog: Catalog,
        release: str,
        options: Options,
        runner: OperationRunner,
        state: SharedState,
        recorder: Recorder,
        stop: asyncio.Event,
    ) -> None:
        self.index = index
        self.catalog = catalog
        self.release = release
        self.options = options
        self.requests: list[dict[str, Any]] = []
        self.done: list[str] = []
        self.doing = ""
        self.under_way: HttpRequest | None = None
        self.last_change: HttpRequest | None = None
        self.attempts = 1
        self._runner = runner
        self._state = state
        self._recorder = recorder
        self._stop = stop
        self._never = asyncio.Event()

    @property
    def is_dry_run(self) -> bool:
        """Return whether nothing may be changed."""
        return self.options.dry_run

    @property
    def all_values(self) -> Sequence[Values]:
        """Return the values of all items of the batch that have no error."""
        return self._state.all_values

    @property
    def time_zone(self) -> tzinfo:
        """Return the time zone of times without an offset."""
        return self.options.tzinfo

    def now(self) -> datetime:
        """Return the present moment in the time zone of the batch."""
        return datetime.now(self.time_zone)

    async def read(self, operation: str, parameters: Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
        """Return what an operation that only reads returns: whole entities, and a list to its end. Raises ThreeCxError.

        `parameters` are its path parameters and query options (`{"Id": 20, "$expand": "Groups"}`); a `limit` bounds a
        list.
        """
        given = dict(parameters or {})
        if self.catalog.operation(operation).version(self.release).is_paged and "limit" not in given:
            given["returnAll"] = True
        return _items_of(await self._run(operation, given))

    async def pages(
        self, operation: str, parameters: Mapping[str, Any] | None = None
    ) -> AsyncGenerator[list[dict[str, Any]]]:
        """Yield what an operation that lists returns, to its end, a page at a time. Raises ThreeCxError."""
        given = {**(parameters or {}), "returnAll": True}
        async with aclosing(self._runner.pages(operation, given, self, self._stop)) as pages:
            async for page in pages:
                yield [dict(each["json"]) for each in page]

    async def find(self, reference: Reference) -> dict[str, Any]:
        """Return the key, the number and the names of the entity that a parameter names; each is read once for a batch.

        Raises ParameterError where it is not there, or several are.
        """

        async def find() -> dict[str, Any]:
            return await find_entity(self, reference)

        key = ("find", reference.entity_set, reference.id, reference.text.casefold(), reference.written)
        return await self._state.get(key, find)

    async def change(
        self,
        reader: str,
        updater: str,
        key: Mapping[str, Any],
        edit: Edit,
        *,
        what: str,
        query: Mapping[str, Any] | None = None,
    ) -> Change:
        """Read an entity, and set the fields that `edit` returns for it; where it returns none, nothing is sent.

        `reader` and `updater` are the operations that get and update it, `key` are their path parameters, `query` are
        options of the reader. Items of one batch that change the same entity wait for each other. An entity with an
        ETag is changed only as it was read; where another program has changed it in between, it is read and edited
        once more. `what` names the entity for messages ("user 100"). Raises ThreeCxError.
        """
        async with self._state.lock((updater, *key.values())):
            with naming(what):
                return await self._change(reader, updater, key, edit, what, query or {})

    async def _change(
        self,
        reader: str,
        updater: str,
        key: Mapping[str, Any],
        edit: Edit,
        what: str,
        query: Mapping[str, Any],
    ) -> Change:
        # In a dry run, the entity as the items before this one would have left it.
        planned = self._state.planned[updater, *key.values()]
        for is_last in (False, True):
            [read] = await self.read(reader, {**key, **query})
            entity = {**read, **planned}
            fields = dict(edit(entity))
            if not fields:
                break
            try:
                await self.write(
                    updater,
                    {**key, "body": fields},
                    done=f"{what} was updated ({', '.join(fields)})",
                    if_match=read_etag(entity),
                )
                if self.is_dry_run:
                    planned.update(fields)
                break
            except ResponseError as error:
                if error.http_code != HTTPStatus.PRECONDITION_FAILED or is_last:
                    raise
        return Change(entity, fields)

    async def write(
        self, operation: str, parameters: Mapping[str, Any], *, done: str, if_match: str = ""
    ) -> list[dict[str, Any]]:
        """Send one request that changes something, and return its items. Raises ThreeCxError.

        `done` says in the past what it does ("user 100 was added to queue 800"): an error of a later request names it.
        In a dry run the request is only described, and nothing is returned.
        """
        self.doing = done
        result = await self._run(operation, parameters, if_match=if_match, dry_run=self.is_dry_run)
        if self.is_dry_run:
            self.requests.append(_describe(_request_of(result)))
            self._state.created[operation].append(parameters.get("body") or {})
            return []
        if result.error is not None and result.error.http_code == HTTPStatus.PRECONDITION_FAILED:
            result.error.description = _CHANGED_AGAIN
        items = _items_of(result)
        self.done.append(done)
        return items

    def list_planned(self, operation: str) -> Sequence[Mapping[str, Any]]:
        """Return the bodies with which a dry run would have called an operation for this item and those before it."""
        return self._state.created[operation]

    async def shared(self, key: Hashable, make: Callable[[], Awaitable[T]]) -> T:
        """Return a value that all items of the batch share; `make` gets it once, when the first item needs it."""
        return await self._state.get(("shared", key), make)

    def lock(self, key: Hashable) -> asyncio.Lock:
        """Return the lock of something that only one item of the batch may work on at a time (`async with`)."""
        return self._state.lock(("task", key))

    # The journal of the runs of single operations, which has no records: the item is recorded as a whole.

    records: Mapping[int, ItemRecord] = {}
    is_complete = False

    async def before(self, index: int, request: HttpRequest) -> None:
        """Take note that a change is about to be sent. Raise JournalError."""
        del index
        await self._recorder.announce(self.index, request)
        self.under_way = self.last_change = request

    async def after(self, result: Result, *, is_effect: bool, is_waiting: bool = False) -> None:
        """Take a result; one that is known while a call is waited for is recorded in case that the run ends."""
        del is_effect
        if is_waiting:
            await self._recorder.record_interim(replace(result, index=self.index))

    async def end(self) -> None:
        """Do nothing: the item goes on after a single operation."""

    async def restore(self, index: int) -> AsyncIterator[Result]:
        """Yield nothing: a single operation has no earlier run."""
        nothing: tuple[Result, ...] = ()
        for each in nothing:
            yield replace(each, index=index)

    async def _run(
        self,
        operation: str,
        parameters: Mapping[str, Any],
        *,
        if_match: str = "",
        dry_run: bool = False,
    ) -> Result:
        # Once something was changed the task goes on to its end, so that a stop leaves nothing half done.
        stop = self._never if self.done else self._stop
        result = await self._runner.run(operation, parameters, self, stop, if_match=if_match, dry_run=dry_run)
        self.under_way = None
        self.attempts = max(self.attempts, result.attempts)
        return result


def read_etag(entity: Mapping[str, Any]) -> str:
    """Return the ETag with which an entity was read, empty where 3CX sent none."""
    return str(entity.get("@odata.etag") or "")


def _items_of(result: Result) -> list[dict[str, Any]]:
    if result.error is not None:
        raise result.error
    return [dict(each["json"]) for each in result.items or ()]


def _request_of(result: Result) -> Mapping[str, Any]:
    if result.error is not None:
        raise result.error
    return result.request or {}


def _describe(request: Mapping[str, Any]) -> dict[str, Any]:
    """Return method, URL and body of a request, and its If-Match; where a look-up comes first, those of the change."""
    request = request.get("then", request)
    if_match = request.get("headers", {}).get("If-Match")
    described = {"method": request.get("method"), "url": request.get("url"), "body": request.get("body")}
    return {**described, **({"ifMatch": if_match} if if_match else {})}
