"""Look up what a batch would change, without changing it: for each item the entity before and after."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from ..advice import advice_for
from ..catalog.call_control import RESOURCE as CALL_CONTROL
from ..errors import (
    ResponseError,
    ThreeCxError,
    UnreachableError,
    UnusableResponseError,
)
from ..messages import HttpRequest
from ..transport.retry import RetryBudget
from ..values.json import loads
from .dry_run import describe_item
from .early_ends import internal_error, untried_result
from .look_ups import fill_keys
from .results import Result
from .settle import is_missing
from .stored_fields import compare_fields

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from ..messages import HttpResponse
    from ..transport.client import PbxClient
    from .plan import Plan, PlannedItem

# The field that names an entity beside its key, in the sets that have numbers.
_NUMBER = "Number"
_LONGEST_VALUE = 200


class Verification:
    """The dry run of one plan with look-ups; sends GET requests only.

    The request of each result has `change` (what would happen), `exists`, and the fields of the entity `before` and
    `after`: None where there is none.
    """

    def __init__(
        self,
        plan: Plan,
        client: PbxClient,
        base_url: str,
        deliver: Callable[[Result], Awaitable[None]],
        stop: asyncio.Event,
    ) -> None:
        self._plan = plan
        self._client = client
        self._base_url = base_url
        self._deliver = deliver
        self._stop = stop
        self._slots = asyncio.Semaphore(plan.options.concurrency)
        self._caller = client.make_caller()
        self._is_failed = False

    async def run(self) -> None:
        """Deliver one result per item."""
        async with asyncio.TaskGroup() as group:
            for each in self._plan.items:
                group.create_task(self._verify(each))

    async def _verify(self, planned: PlannedItem) -> None:
        async with self._slots:
            try:
                if planned.error is not None:
                    raise planned.error
                if self._is_failed or self._stop.is_set():
                    why = "an earlier item failed" if self._is_failed else "the batch was stopped"
                    await self._deliver(untried_result(planned.index, why))
                    return
                change = await self._describe_change(planned)
            except ThreeCxError as error:
                error.item_index = planned.index
                is_final = isinstance(error, UnreachableError) and error.is_final
                self._is_failed = self._is_failed or is_final or not self._plan.options.continue_on_fail
                await self._deliver(Result(planned.index, error=error))
                return
            except Exception as error:  # noqa: BLE001 (an internal error of one item must not lose the others' results)
                await self._deliver(Result(planned.index, error=internal_error(error, is_unknown=False)))
                return
            # The change comes first, and wins over the request's own members of these names.
            request = {**change, **describe_item(planned, self._base_url), **change}
            await self._deliver(Result(planned.index, request=request))

    async def _describe_change(self, planned: PlannedItem) -> dict[str, Any]:
        request = planned.request
        assert request is not None  # noqa: S101 (an item without a request has an error)
        if request.effect == "read":
            return _change("nothing: it only reads")
        keys: dict[str, Any] = {}
        for each in planned.look_ups:
            keys[each.parameter] = each.read(await self._read(each.request), self._client.host)
        request = fill_keys(self._plan.builder, request, keys)
        body = _read_object(request.body)
        if request.method == "DELETE":
            entity = await self._read(HttpRequest("GET", request.path, base_path=request.base_path))
            if entity is None:
                return _change("nothing: it does not exist", exists=False)
            return _change("delete", exists=True, before=_select(entity))
        if request.method in ("PATCH", "PUT"):
            return await self._describe_update(request, body)
        is_creation = "/Pbx." not in request.path and self._plan.operation.resource != CALL_CONTROL
        if request.method == "POST" and is_creation and body:
            return await self._describe_create(request, body)
        return _change("not known: an action cannot be looked up")

    async def _describe_update(self, request: HttpRequest, body: Mapping[str, Any]) -> dict[str, Any]:
        entity = await self._read(HttpRequest("GET", request.path, base_path=request.base_path))
        if entity is None:
            return _change("nothing: it does not exist", exists=False)
        changed = {
            name: value for name, value in body.items() if compare_fields({name: value}, entity) != "equal"
        }
        if not changed:
            return _change("nothing: all fields have these values", exists=True)
        before = {name: entity.get(name) for name in changed}
        return _change("update", exists=True, before=before, after=changed)

    async def _describe_create(self, request: HttpRequest, body: Mapping[str, Any]) -> dict[str, Any]:
        number = body.get(_NUMBER)
        if not isinstance(number, str) or not number:
            return _change("create", after=body)
        condition = quote(f"{_NUMBER} eq '{number.replace(chr(39), chr(39) * 2)}'", safe="'")
        query = f"$top=1&$filter={condition}"
        found = await self._read(HttpRequest("GET", request.path, query, base_path=request.base_path))
        rows = found.get("value") if found else None
        if isinstance(rows, list) and rows and isinstance(rows[0], Mapping):
            return _change(
                "create: the number exists already", exists=True, before=_select(rows[0]), after=body
            )
        return _change("create", exists=False, after=body)

    async def _read(self, request: HttpRequest) -> Mapping[str, Any] | None:
        """Return an entity, None where there is none. Raises ThreeCxError."""
        options = self._plan.options
        client = self._client

        def read(response: HttpResponse) -> Mapping[str, Any] | None:
            if is_missing(response, client.version):
                return None
            if response.status >= 300:
                raise ResponseError(
                    f"{client.host} answered {response.status} when this entry was looked up",
                    description=advice_for(response.status),
                    http_code=response.status,
                )
            found = _read_object(response.content)
            if not found or "error" in found:
                raise UnusableResponseError(client.host, response.status, "a body that is not the entity")
            return found

        attempts = RetryBudget(options.retry_time, stop=self._stop).open()
        return await client.exchange(
            request, read, timeout=options.timeout, attempts=attempts, caller=self._caller
        )


def _change(
    words: str,
    *,
    exists: bool | None = None,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    return {"change": words, "exists": exists, "before": before, "after": after}


def _read_object(content: bytes | None) -> Mapping[str, Any]:
    try:
        document = loads(content) if content else None
    except ValueError:
        document = None
    return document if isinstance(document, Mapping) else {}


def _select(entity: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of an entity that are set and are single values."""
    return {
        name: value[:_LONGEST_VALUE] if isinstance(value, str) else value
        for name, value in entity.items()
        if "@" not in name and value not in (None, "") and not isinstance(value, (Mapping, list))
    }
