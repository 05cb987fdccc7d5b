"""Find out what became of a change whose response does not say it.

After a deletion the entity is looked up: gone is done. After an update the fields that were sent are compared with
those stored. Where the change was certainly not carried out, the same request is sent again, If-Match included. This is
safe for both: an entity whose key is never used again can be deleted only once, and an update sets the same values. A
slow PBX may still carry out the first request, so a deletion that is repeated and finds nothing is done, and a change
that stays without a response is unknown, whatever was seen in between. Creations and actions are not looked for: an
entity that looks like the one sent may be another's.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from threecx_credentials.fields import BASE_PATH

from ..catalog.api_request import API_REQUEST
from ..errors import ResponseError, ThreeCxError, UnusableResponseError
from ..messages import HttpRequest
from ..request.odata import query_string
from ..response.decode import Payload, decode
from ..transport.client import VERSION_HEADER
from ..transport.retry import MOST_ATTEMPTS
from ..values.error_body import is_odata_error, is_problem
from ..values.json import loads
from .stored_fields import Comparison, compare_fields

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..catalog import Catalog, Operation, OperationVersion
    from ..messages import HttpResponse
    from ..transport.client import PbxClient
    from ..transport.gate import Caller
    from ..transport.retry import Attempts

State = Literal["done", "not_done", "unclear"]

_NOT_FOUND, _PRECONDITION_FAILED = 404, 412
# Keys that the PBX gives, and never gives again.
_LASTING_KEYS = frozenset({"Int32", "Int64", "Guid"})
_STATES: Mapping[Comparison, State] = {"equal": "done", "different": "not_done", "unclear": "unclear"}
# The path of an entity by its key, or of settings.
_ENTITY_PATH = re.compile(r"/(\w+)(\((?:[^()'=]|'[^']*')+\))?")


@dataclass(frozen=True, slots=True)
class Check:
    """A look at the entity of a change: the request for it and its operation.

    `sent` are the fields of an update, None for a deletion. `is_repeatable` is false where another entity may have got
    the same key meanwhile.
    """

    request: HttpRequest
    operation: Operation
    version: OperationVersion
    sent: Mapping[str, Any] | None
    is_repeatable: bool


class OutcomeChecker:
    """Plans the looks at entities for the changes of one operation in one release."""

    def __init__(self, catalog: Catalog, operation: Operation, release: str | None) -> None:
        self._catalog = catalog
        self._operation = operation
        self._release = release

    def plan(self, request: HttpRequest) -> Check | None:
        """Return how the outcome of `request` is found out, None where it cannot be."""
        sent = _read_fields(request.body) if request.method in ("PATCH", "PUT") else None
        if request.part is not None or (request.method != "DELETE" and not sent):
            return None
        reader = self._find_reader(request)
        if reader is None:
            return None
        version = reader.version(self._release)
        key = version.key
        look = HttpRequest(
            "GET",
            request.path,
            self._build_query(version, sent, key.name if key else ""),
            keys=request.keys,
            base_path=request.base_path,
            operation=reader.id,
        )
        is_lasting = key is not None and (key.type in _LASTING_KEYS or key.name == "Id")
        return Check(look, reader, version, sent, is_repeatable=is_lasting or sent is not None)

    def _find_reader(self, request: HttpRequest) -> Operation | None:
        if self._operation.id != API_REQUEST:
            is_change = self._operation.kind in ("delete", "update")
            return self._catalog.reader(self._operation, self._release) if is_change else None
        match = _ENTITY_PATH.fullmatch(request.path)
        if match is None or request.base_path != BASE_PATH:
            return None
        return self._catalog.entity_reader(match[1], by_key=match[2] is not None)

    def _build_query(self, version: OperationVersion, sent: Mapping[str, Any] | None, key: str) -> str:
        """Return the query that asks for the fields sent, or for the key alone."""
        known = self._catalog.properties_in(version.returns.type, self._release)
        names = [name for name in sent or () if name in known]
        options = {
            "$select": [name for name in names if not known[name].navigation]
            or ([key] if key in known else []),
            "$expand": [name for name in names if known[name].navigation],
        }
        return query_string({name: value for name, value in options.items() if name in version.query})


def _read_fields(body: bytes | None) -> Mapping[str, Any] | None:
    try:
        document = loads(body) if body else None
    except ValueError:
        return None
    return document if isinstance(document, Mapping) else None


@dataclass(slots=True)
class Settler:
    """Finds out what became of a change, and sends it again where it was certainly not carried out.

    `timeout` is in seconds, `attempts` counts all requests. `is_ambiguous` is set where the request was sent
    before, and may still be carried out.
    """

    client: PbxClient
    checker: OutcomeChecker
    timeout: float
    attempts: Attempts
    caller: Caller | None = None
    is_ambiguous: bool = False
    _last: HttpResponse | None = None

    async def settle(
        self,
        request: HttpRequest,
        read: Callable[[HttpResponse], Payload],
        error: ThreeCxError | None = None,
    ) -> Payload:
        """Return the payload of a change, empty where a look at the entity showed that it was carried out.

        `error` is that of its first attempt, None where an earlier run has sent it. Raises what `PbxClient.exchange`
        raises; the error says so where the outcome stays unknown.
        """
        if error is not None and await self._is_done(request, error):
            return Payload("nothing")

        def note(response: HttpResponse) -> Payload:
            self._last = response
            return read(response)

        while True:
            self._last = None
            try:
                return await self.client.exchange(
                    request, note, timeout=self.timeout, attempts=self.attempts, caller=self.caller
                )
            except ThreeCxError as failure:
                if await self._is_done(request, failure):
                    return Payload("nothing")
                # Certainly not carried out: the same request again.

    async def _is_done(self, request: HttpRequest, error: ThreeCxError) -> bool:
        """Return whether a change that failed was carried out, or False to send it again. Raises `error` otherwise."""
        if self.is_ambiguous and request.method == "DELETE" and is_missing(self._last, self.client.version):
            # The first request was carried out after the look.
            return True
        is_precondition = self.is_ambiguous and error.http_code == _PRECONDITION_FAILED
        if not error.outcome_unknown and not is_precondition:
            if self.is_ambiguous and not _is_refusal(error):
                error.mark_unknown()
            raise error
        check = self.checker.plan(request)
        if check is None:
            raise error
        self.is_ambiguous = True
        # A slow PBX may finish meanwhile.
        await self.client.pause(self.attempts)
        state = await self.look(check)
        if state == "done":
            return True
        if is_precondition:
            if state == "unclear" or check.sent is not None:
                # The first request may have changed the ETag.
                error.mark_unknown()
            raise error
        has_time = self.attempts.time_left > 0 and self.attempts.count < MOST_ATTEMPTS
        if state != "not_done" or not check.is_repeatable or not has_time:
            raise error
        return False

    async def find_outcome(self, request: HttpRequest) -> Payload | Literal[False] | None:
        """Return the payload of a change that was carried out, False of one that was not, None if it is not known."""
        check = self.checker.plan(request)
        if check is None:
            return None
        state = await self.look(check)
        if state == "done":
            return Payload("nothing")
        return False if state == "not_done" and check.is_repeatable else None

    async def look(self, check: Check) -> State:
        """Return what the PBX shows of a change. Whatever is not clear proves nothing."""
        client = self.client

        def read(response: HttpResponse) -> State:
            if response.status >= 300:
                is_gone = check.sent is None and is_missing(response, client.version)
                return "done" if is_gone else "unclear"
            payload = decode(check.operation, check.version, response, client.host, check.request)
            if payload.kind != "entity":
                raise UnusableResponseError(client.host, response.status, "a body that is not the entity")
            return _compare(check, payload.value)

        try:
            return await client.exchange(
                check.request, read, timeout=self.timeout, attempts=self.attempts, caller=self.caller
            )
        except ThreeCxError:
            return "unclear"


def _compare(check: Check, stored: Mapping[str, Any]) -> State:
    if check.sent is not None:
        return _STATES[compare_fields(check.sent, stored)]
    key = check.version.key
    wanted = check.request.keys.get(key.name) if key else None
    is_entity = wanted is None or key is None or str(stored.get(key.name)) == str(wanted)
    return "not_done" if is_entity else "unclear"


def is_missing(response: HttpResponse | None, version: str | None) -> bool:
    """Return whether a response is the PBX's 404; a proxy whose PBX is down may answer one too.

    `version` is the X-3CX-Version that the PBX has reported, None if it reports none.
    """
    if response is None or response.status != _NOT_FOUND:
        return False
    if response.content.strip():
        return is_odata_error(response.content) or is_problem(response.content)
    return version is None or VERSION_HEADER in response.headers


def _is_refusal(error: ThreeCxError) -> bool:
    """Return whether an error refuses the request itself, and so an earlier one like it; a 404 may be a proxy's."""
    return isinstance(error, ResponseError) and error.http_code not in (_NOT_FOUND, 429, 503)
