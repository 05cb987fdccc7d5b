"""The client of the Call Control API of one PBX: read DNs and calls, act on calls, and listen to what happens."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeVar

from ..errors import ResponseError, ThreeCxError, UnusableResponseError
from ..messages import HttpRequest
from ..options import DEFAULT_CONNECT_TIMEOUT, DEFAULT_CONNECTIONS
from ..transport.client import PbxClient
from ..transport.retry import RetryBudget, RetryPolicy
from ..values.call_results import is_accepted, is_result, read_failed_call
from ..values.error_body import is_web_page
from ..values.json import loads
from .entities import ActionResult, Device, Dn, Participant
from .failures import make_access_error, make_error
from .inputs import check_destination, check_participant, check_segment, make_body
from .legs import Outcome
from .listener import Listener, ListenerTimes
from .snapshot import set_dn
from .snapshots import SnapshotReader
from .wire import BASE_PATH, make_participant_path, make_path, name_parameters

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Mapping

    from threecx_credentials import Credential, TokenStore

    from ..messages import HttpResponse
    from .changes import LegChange
    from .wire import Key

    Read = Callable[[Any], "Entity"]

Entity = TypeVar("Entity")

DEFAULT_TIMEOUT = 20.0
"""Seconds for an attempt of a request: calls go on meanwhile, so a late response is of little use."""
# Seconds for repeats of the fetch of one participant; a snapshot shows its state anyway.
_FETCH_TIME = 5.0
_SNAPSHOT_TIMEOUT = 5.0
_DN_ADVICE = "Set it to the number of an extension or another DN, as ListCallControlDn returns it."
_DEVICE_ADVICE = "Use the ID of a device, as ListDnDevice returns it."


class CallControlClient:
    """Reads and controls the calls of one PBX. Use it as an async context manager, within one event loop.

    Listening requires a client ID of its own: 3CX ends the token of a client, and its socket with it, when another
    program logs in with the same client ID. `connections` bounds the requests at a time, and `timeout` is the seconds
    of each attempt. `retry` is how the client waits, before requests are repeated and before the socket is opened
    again. `times` are those of the socket. Actions are never repeated where they may have been carried out.
    """

    def __init__(
        self,
        credential: Credential,
        *,
        connections: int = DEFAULT_CONNECTIONS,
        connect_timeout: float = DEFAULT_CONNECT_TIMEOUT,
        timeout: float = DEFAULT_TIMEOUT,
        token_store: TokenStore | None = None,
        retry: RetryPolicy | None = None,
        times: ListenerTimes | None = None,
    ) -> None:
        self._retry = retry or RetryPolicy()
        self._connections = connections
        self._timeout = timeout
        self._times = times or ListenerTimes()
        self._client = PbxClient(
            credential,
            connections=connections,
            connect_timeout=connect_timeout,
            token_store=token_store,
            retry=self._retry,
        )
        self._listeners: list[Listener] = []

    async def __aenter__(self) -> CallControlClient:
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """End the iterators of `events`, and close all connections."""
        for listener in list(self._listeners):
            await listener.aclose()
        await self._client.aclose()

    @property
    def pbx(self) -> str:
        """Host name and port of the PBX, as handles of calls contain it."""
        return self._client.host

    @property
    def is_live(self) -> bool:
        """Return whether all that happens is reported now.

        So it is while each iterator of `events` has an open socket, and has returned all that its last snapshot showed.
        """
        return bool(self._listeners) and all(each.is_live for each in self._listeners)

    @property
    def settled_until(self) -> datetime:
        """Return a time in UTC: the iterators of `events` have returned all that the PBX has reported before it."""
        return min((each.settled_until for each in self._listeners), default=datetime.now(UTC))

    async def list_dns(self) -> list[Dn]:
        """Return the DNs that the client may watch, with their devices and the participants of their calls."""
        document = await self._read_all()
        if not isinstance(document, list):
            raise UnusableResponseError(self.pbx, 200, "a list of DNs that is not a JSON array")
        return [Dn.from_json(each, host=self.pbx) for each in document]

    async def get_dn(self, dn: str) -> Dn:
        """Return one DN."""
        return await self._get(make_path(_check_dn(dn)), self._read_dn)

    async def list_devices(self, dn: str) -> list[Device]:
        """Return the devices that are registered at a DN."""
        return await self._get(make_path(_check_dn(dn), "devices"), self._read_devices)

    async def get_device(self, dn: str, device_id: str) -> Device:
        """Return one device."""
        path = make_path(_check_dn(dn), "devices", check_segment("deviceId", device_id, _DEVICE_ADVICE))
        return await self._get(path, lambda document: Device.from_json(document, host=self.pbx))

    async def list_participants(self, dn: str) -> list[Participant]:
        """Return the participants of the calls of a DN."""
        path = make_path(_check_dn(dn), "participants")
        return await self._get(path, lambda document: self._read_participants(document, dn))

    async def get_participant(self, dn: str, participant_id: int | str) -> Participant:
        """Return one participant. One that is gone is a ResponseError with status 404."""
        path = make_path(_check_dn(dn), "participants", check_participant(participant_id))
        return await self._get(path, lambda document: self._read_participant(document, dn))

    async def make_call(
        self,
        dn: str,
        destination: str,
        *,
        device_id: str | None = None,
        timeout: float | None = None,
        attached_data: Mapping[str, Any] | None = None,
    ) -> ActionResult:
        """Call `destination` from a DN: its device rings, and when it answers, the destination.

        Without `device_id` the PBX chooses the device, and may not name the participant in the result. `timeout` is the
        seconds for which the destination rings. Busy, not answered and not registered are results.
        """
        device = (
            [] if device_id is None else ["devices", check_segment("deviceId", device_id, _DEVICE_ADVICE)]
        )
        body = make_body(
            destination=check_destination(destination), timeout=timeout, attached_data=attached_data
        )
        return await self._post(make_path(_check_dn(dn), *device, "makecall"), body, is_call=True)

    async def answer(self, dn: str, participant_id: int | str) -> ActionResult:
        """Answer a call that rings, at a device that the PBX controls."""
        return await self._act(dn, participant_id, "answer", make_body())

    async def drop(self, dn: str, participant_id: int | str) -> ActionResult:
        """End a participant. One that is gone already is a success, and `other` then contains `alreadyGone`."""
        try:
            return await self._act(dn, participant_id, "drop", make_body())
        except ResponseError as error:
            if error.http_code != 404 or not await self._is_gone(dn, participant_id):
                raise
        return ActionResult(final_status="success", other={"alreadyGone": True})

    async def divert(
        self, dn: str, participant_id: int | str, destination: str, *, reason: str | None = None
    ) -> ActionResult:
        """Send a call that rings on to another destination."""
        body = make_body(destination=check_destination(destination), reason=reason)
        return await self._act(dn, participant_id, "divert", body)

    async def route_to(
        self,
        dn: str,
        participant_id: int | str,
        destination: str,
        *,
        reason: str | None = None,
        timeout: float | None = None,
        attached_data: Mapping[str, Any] | None = None,
    ) -> ActionResult:
        """Ring another destination too. The participant stays until that one answers."""
        body = make_body(
            destination=check_destination(destination),
            reason=reason,
            timeout=timeout,
            attached_data=attached_data,
        )
        return await self._act(dn, participant_id, "routeto", body)

    async def transfer(
        self,
        dn: str,
        participant_id: int | str,
        destination: str,
        *,
        reason: str | None = None,
        timeout: float | None = None,
        attached_data: Mapping[str, Any] | None = None,
    ) -> ActionResult:
        """Transfer a call that is connected. It comes back where the transfer fails."""
        body = make_body(
            destination=check_destination(destination),
            reason=reason,
            timeout=timeout,
            attached_data=attached_data,
        )
        return await self._act(dn, participant_id, "transferto", body)

    async def attach_participant_data(
        self, dn: str, participant_id: int | str, attached_data: Mapping[str, Any]
    ) -> ActionResult:
        """Attach data to a participant."""
        return await self._act(
            dn, participant_id, "attach_participant_data", make_body(attached_data=attached_data)
        )

    async def attach_party_data(
        self, dn: str, participant_id: int | str, attached_data: Mapping[str, Any]
    ) -> ActionResult:
        """Attach data to the other party of a participant."""
        return await self._act(
            dn, participant_id, "attach_party_data", make_body(attached_data=attached_data)
        )

    async def events(self, *, on_note: Callable[[str], None] | None = None) -> AsyncGenerator[LegChange]:
        """Yield the changes of all legs of calls, first those that exist already, until the iterator is closed.

        Lost connections are made again for as long as it takes; `on_note` gets a line for each of them and for each
        return. A comparison then finds the changes that were missed; these are `inferred`. Raises LoginError for a
        refused login, and ResponseError where the client may not use the API.
        """
        listener = Listener(
            self._client.sockets,
            SnapshotReader(self._read_all, host=self.pbx, timeout=_SNAPSHOT_TIMEOUT),
            self._fetch,
            host=self.pbx,
            retry=self._retry,
            concurrency=self._connections,
            times=self._times,
            on_note=on_note,
        )
        self._listeners.append(listener)
        try:
            listener.start()
            while (change := await listener.take()) is not None:
                yield change
        finally:
            with suppress(ValueError):
                self._listeners.remove(listener)
            await listener.aclose()

    async def _read_all(self) -> Any:
        """Return the document with all DNs."""

        def read(response: HttpResponse) -> Any:
            if response.status != 200:
                raise make_access_error(response, self.pbx)
            return self._parse(response)

        request = HttpRequest("GET", "", base_path=BASE_PATH, operation="ListCallControlDn")
        return await self._client.exchange(request, read, timeout=self._timeout)

    async def _fetch(self, key: Key) -> Participant | Outcome:
        """Return the state of a participant for a listener."""

        def read(response: HttpResponse) -> Participant | Outcome:
            status = response.status
            if status == 404 and not is_web_page(response.content):
                return Outcome.GONE
            if status == 403 and not is_web_page(response.content):
                return Outcome.FORBIDDEN
            if not 200 <= status < 300:
                raise make_error(response, self.pbx)
            return self._read_participant(self._parse(response), key[0])

        request = HttpRequest(
            "GET", make_participant_path(key), base_path=BASE_PATH, operation="GetParticipant"
        )
        caller = self._client.make_caller(is_short=True)
        attempts = RetryBudget(min(_FETCH_TIME, self._retry.retry_time)).open()
        return await self._client.exchange(
            request, read, timeout=self._timeout, attempts=attempts, caller=caller
        )

    async def _get(self, path: str, read_entity: Read[Entity]) -> Entity:
        def read(response: HttpResponse) -> Entity:
            if not 200 <= response.status < 300:
                raise make_error(response, self.pbx, parameters=name_parameters(path))
            return read_entity(self._parse(response))

        request = HttpRequest("GET", path, base_path=BASE_PATH)
        return await self._client.exchange(request, read, timeout=self._timeout)

    async def _act(self, dn: str, participant_id: int | str, action: str, body: bytes) -> ActionResult:
        path = make_path(_check_dn(dn), "participants", check_participant(participant_id), action)
        return await self._post(path, body)

    async def _is_gone(self, dn: str, participant_id: int | str) -> bool:
        """Return whether the DN is there and certainly does not have the participant."""
        try:
            participants = await self.list_participants(dn)
        except ThreeCxError:
            return False
        return check_participant(participant_id) not in {str(each.id) for each in participants}

    async def _post(self, path: str, body: bytes, *, is_call: bool = False) -> ActionResult:
        def read(response: HttpResponse) -> ActionResult:
            status, content = response.status, response.content
            if is_accepted(status, content):
                return ActionResult(final_status="success")
            if 200 <= status < 300:
                document = self._parse(response)
            else:
                may_have_failed = is_call and not response.outcome_unknown
                document = read_failed_call(status, content) if may_have_failed else None
                if document is None:
                    raise make_error(response, self.pbx, parameters=name_parameters(path))
            if not is_result(document):
                raise UnusableResponseError(self.pbx, status, "something other than the result of an action")
            return ActionResult.from_json(document, host=self.pbx)

        request = HttpRequest("POST", path, body=body, base_path=BASE_PATH, may_change=True)
        return await self._client.exchange(request, read, timeout=self._timeout)

    def _parse(self, response: HttpResponse) -> Any:
        try:
            return loads(response.content)
        except (ValueError, RecursionError) as error:
            raise UnusableResponseError(self.pbx, response.status, "JSON that cannot be read") from error

    def _read_dn(self, document: Any) -> Dn:
        return Dn.from_json(document, host=self.pbx)

    def _read_devices(self, document: Any) -> list[Device]:
        return [Device.from_json(each, host=self.pbx) for each in self._check_list(document, "devices")]

    def _read_participants(self, document: Any, dn: str) -> list[Participant]:
        return [self._read_participant(each, dn) for each in self._check_list(document, "participants")]

    def _read_participant(self, document: Any, dn: str) -> Participant:
        return set_dn(Participant.from_json(document, host=self.pbx), str(dn).strip())

    def _check_list(self, document: Any, what: str) -> list[Any]:
        if not isinstance(document, list):
            raise UnusableResponseError(self.pbx, 200, f"a list of {what} that is not a JSON array")
        return document


def _check_dn(dn: str) -> str:
    return check_segment("dn", dn, _DN_ADVICE)
