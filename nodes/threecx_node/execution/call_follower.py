"""Watch the calls that a batch has made, by looking at their participants, as long as the batch waits for them.

A look only reads, so it is repeated after whatever fault. The request that made the call is never sent again.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from ..callcontrol.entities import Participant
from ..catalog.call_control import DESTINATION, DN, GET_PARTICIPANT, LIST_PARTICIPANTS, PARTICIPANT_ID
from ..errors import LoginError, ResponseError, ThreeCxError
from ..messages import RequestValues
from ..request.build import RequestBuilder
from ..response.decode import decode
from ..transport.retry import RetryBudget
from ..values.json import loads
from .call_watch import WAIT_STOPPED, WAIT_TIMEOUT, WATCH_FAILED, CallWatch

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from ..messages import HttpRequest, HttpResponse
    from ..parameters.wait import Wait
    from ..response.payload import Payload
    from ..transport.client import PbxClient
    from ..transport.gate import Caller
    from .plan import Plan, PlannedItem

# Seconds between two looks: before the call is answered, and after.
_SOON, _LATER = 0.5, 1.0
_NOT_FOUND = 404
_STOPPED = WAIT_STOPPED, "the batch was stopped while it waited for the call"
# An answer that will be the same for every further look.
_FINAL = frozenset({400, 401, 403, 405, 422, 501})
_IN_WORDS: Mapping[str, str] = {
    "ringing": "did not ring",
    "answered": "was not answered",
    "ended": "had not ended",
}


@dataclass(frozen=True, slots=True)
class _Leg:
    """The DN that calls, and the number that it calls."""

    dn: str
    destination: str


class CallFollower:
    """Follows the calls of one batch. `stop` ends each wait."""

    def __init__(self, plan: Plan, client: PbxClient, caller: Caller, stop: asyncio.Event) -> None:
        self._plan = plan
        self._client = client
        self._caller = caller
        self._stop = stop
        # The participants of the calls that are followed.
        self._claimed: set[int] = set()

    async def follow(
        self,
        planned: PlannedItem,
        request: HttpRequest,
        made: Payload,
        keep: Callable[[Payload], Awaitable[None]],
    ) -> Payload:
        """Return the answer `made` to the request of a call with what became of the call until the wait was over.

        `keep` takes what is known if the run ends while it waits.
        """
        if made.kind == "nothing":
            # The PBX accepted the request, and said nothing more.
            made = _answer(replace(made, kind="entity"), {})
        wait, watch = planned.wait, _open_watch(made)
        assert wait is not None  # noqa: S101 (called only for an item that waits)
        if watch.participant is not None:
            self._claimed.add(watch.participant.id)
        if not watch.has_reached(wait.goal):
            await keep(_answer(made, watch.describe_unfinished(*_STOPPED)))
            leg = _Leg(str(request.keys[DN]), _read_destination(request))
            return _answer(made, await self._watch(watch, leg, wait))
        return _answer(made, watch.describe())

    async def _watch(self, watch: CallWatch, leg: _Leg, wait: Wait) -> dict[str, Any]:
        """Return what became of a call. Raises nothing: that would hide that the call was made."""
        left = wait.timeout
        problem: ThreeCxError | None = None
        attempts = RetryBudget(0, stop=self._stop).open()
        while not watch.has_reached(wait.goal):
            if left <= 0:
                return _describe_timeout(watch, wait, problem)
            pause = min(left, _LATER if watch.was_answered else _SOON)
            if not await self._client.rest(pause, attempts):
                return watch.describe_unfinished(*_STOPPED)
            left -= pause
            began = time.monotonic()
            try:
                async with asyncio.timeout(max(left, _SOON)):
                    await self._look(watch, leg)
                problem = None
            except TimeoutError:
                problem = problem or ThreeCxError("the PBX did not answer in time")
            except ThreeCxError as error:
                if _is_final(error):
                    return watch.describe_unfinished(
                        WATCH_FAILED, f"the call cannot be watched: {error.message}"
                    )
                problem = error
            left -= time.monotonic() - began
        return watch.describe()

    async def _look(self, watch: CallWatch, leg: _Leg) -> None:
        known = watch.participant
        if known is not None:
            try:
                document = await self._get(GET_PARTICIPANT, {DN: leg.dn, PARTICIPANT_ID: known.id})
                watch.see(Participant.from_json(document, host=self._client.host))
                return
            except ResponseError as error:
                if error.http_code != _NOT_FOUND:
                    raise
        # The leg may have been replaced by another one of the same call, for example when another phone took it.
        found = watch.find(await self._list_legs(leg.dn), leg.destination, self._claimed)
        if found is not None:
            self._claimed.add(found.id)
            watch.see(found)
        elif known is not None:
            watch.see_gone()

    async def _list_legs(self, dn: str) -> list[Participant]:
        try:
            document = await self._get(LIST_PARTICIPANTS, {DN: dn})
        except ResponseError as error:
            if error.http_code != _NOT_FOUND:
                raise
            return []
        return [Participant.from_json(each, host=self._client.host) for each in document]

    async def _get(self, operation_id: str, keys: Mapping[str, Any]) -> Any:
        catalog = self._plan.catalog
        operation = catalog.operation(operation_id)
        version = operation.version(self._plan.version.releases[-1])
        request = RequestBuilder(catalog, operation, version.releases[-1]).build(RequestValues(keys))

        def read(response: HttpResponse) -> Payload:
            return decode(operation, version, response, self._client.host, request, catalog)

        attempts = RetryBudget(0, stop=self._stop).open()
        payload = await self._client.exchange(
            request, read, timeout=self._plan.options.timeout, attempts=attempts, caller=self._caller
        )
        return payload.value


def _open_watch(made: Payload) -> CallWatch:
    try:
        return CallWatch(made.value)
    except ThreeCxError as error:
        # The PBX answered with a success that cannot be read.
        error.mark_unknown()
        raise


def _answer(made: Payload, document: dict[str, Any]) -> Payload:
    return replace(made, value=document, document=document)


def _read_destination(request: HttpRequest) -> str:
    body = loads(request.body) if request.body else {}
    return str(body.get(DESTINATION, ""))


def _describe_timeout(watch: CallWatch, wait: Wait, problem: ThreeCxError | None) -> dict[str, Any]:
    if watch.participant is None:
        text = "the call cannot be watched: 3CX did not name its participant, and none was found that is certainly it"
        return watch.describe_unfinished(WATCH_FAILED, text)
    if problem is not None:
        return watch.describe_unfinished(WATCH_FAILED, f"the call cannot be watched: {problem.message}")
    text = f"the call {_IN_WORDS[wait.goal]} within {wait.timeout:g} s"
    return watch.describe_unfinished(WAIT_TIMEOUT, text)


def _is_final(error: ThreeCxError) -> bool:
    """Return whether every further look would fail in the same way, or must not be sent."""
    if isinstance(error, LoginError):
        return True
    return isinstance(error, ResponseError) and error.http_code in _FINAL
