"""Perform the requests of the Call Control API; REST and the WebSocket share this."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import orjson

from ..calls.models import CallError
from ..odata.errors import ODataError
from .delivery import Delivery
from .entities import render_device, render_dn, render_outcome, render_participant
from .paths import Kind, Target

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..calls.engine import CallEngine
    from ..instruments.faults import Faults
    from ..pbx.pbx import Pbx
    from .rights import Access, Rights

log = logging.getLogger(__name__)

# A PBX answers a new call with "accepted", and an action with "OK".
_MAKE_CALL_STATUS = 202
_ACTION_STATUS = 200
_MAX_ATTACHED_DATA = 8 * 1024
_MAX_TIMEOUT = 3600
_NEEDS_DESTINATION = frozenset({"divert", "routeto", "transferto"})
_NEEDS_DATA = frozenset({"attach_participant_data", "attach_party_data"})
_REASONS = frozenset({
    "None", "NoAnswer", "PhoneBusy", "PhoneNotRegistered", "ForwardAll", "BasedOnCallerID", "BasedOnDID",
    "OutOfOfficeHours", "BreakTime", "Holiday", "OfficeHours", "NoDestinations", "Polling", "CallbackRequested",
    "Callback",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Reply:
    """The status of a request, its result as JSON values, and the seconds by which a fault delays it.

    With a `delivery`, the reply counts only if that succeeds: see `finish`.
    """

    status: int
    value: Any
    delay: float = 0
    delivery: Delivery | None = None

    async def finish(self, calls: CallEngine) -> Reply:
        """Wait for the delivery, or for the delay of a fault, and return the reply to send."""
        if self.delivery is None:
            await asyncio.sleep(self.delay)
            return self
        reason = await self.delivery.wait(calls)
        if reason is None:
            return self
        return refuse(424, f"{self.delivery.destination} was not reached: {reason}.", reason)


@dataclass(frozen=True, slots=True)
class CallBody:
    """The fields of a request's body, in any case: REST has `attacheddata`, the WebSocket `AttachedData`."""

    destination: str = ""
    reason: str = ""
    timeout: int | None = None
    attached_data: Mapping[str, Any] | None = None


class Performer:
    """Performs the requests of all clients of one PBX; the caller has the store's lock."""

    def __init__(self, pbx: Pbx, rights: Rights, faults: Faults) -> None:
        self._pbx = pbx
        self._rights = rights
        self._faults = faults

    def perform(self, access: Access, method: str, target: Target, body: Any) -> Reply:
        """Perform a request; raise ODataError for one that does not reach a call."""
        target.check_method(method)
        if target.kind is Kind.ALL:
            return Reply(200, [render_dn(self._pbx.calls, dn) for dn in self._rights.list_dns(access)])
        self._rights.check_dn(access, target.dn)
        if method == "GET":
            fault = self._faults.draw("reads") if target.kind is Kind.PARTICIPANT else None
            return Reply(200, self._read(target), fault.value / 1000 if fault is not None else 0)
        given = parse_body(body)
        try:
            if target.kind is Kind.MAKE_CALL:
                return self._make_call(target, given)
            return self._act(access, target, given)
        except CallError as error:
            return refuse(error.status, error.message, error.reason or "None")

    def _read(self, target: Target) -> Any:
        calls = self._pbx.calls
        if target.kind is Kind.DN:
            return render_dn(calls, target.dn)
        if target.kind is Kind.DEVICES:
            return [render_device(each) for each in calls.devices(target.dn)]
        if target.kind is Kind.DEVICE:
            for each in calls.devices(target.dn):
                if each.device_id == target.device_id:
                    return render_device(each)
            raise ODataError(404, f"The DN {target.dn} has no device {(target.device_id or '')[:100]!r}.")
        if target.kind is Kind.PARTICIPANTS:
            return [render_participant(each) for each in calls.participants(target.dn)]
        leg = calls.participant(target.dn, target.participant_id)
        if leg is None:
            raise ODataError(404, f"The DN {target.dn} has no participant {target.participant_id}.")
        return render_participant(leg)

    def _make_call(self, target: Target, given: CallBody) -> Reply:
        if not given.destination:
            return refuse(422, "The destination is missing.")
        outcome = self._pbx.calls.make_call(
            target.dn,
            given.destination,
            device_id=target.device_id,
            timeout=given.timeout,
            attached_data=given.attached_data,
        )
        return Reply(_MAKE_CALL_STATUS, render_outcome(outcome))

    def _act(self, access: Access, target: Target, given: CallBody) -> Reply:
        fault = self._faults.draw("actions")
        if fault is not None:
            return refuse(fault.status, "This error was injected by the fault plan of the simulator.")
        if target.action in _NEEDS_DESTINATION and not given.destination:
            return refuse(422, f"The action {target.action} needs a destination.")
        if target.action in _NEEDS_DATA and given.attached_data is None:
            return refuse(422, f"The action {target.action} needs attached data.")
        outcome = self._pbx.calls.act(
            target.dn,
            target.participant_id,
            target.action,
            reason=given.reason,
            destination=given.destination,
            timeout=given.timeout,
            attached_data=given.attached_data,
            own_dn=access.client_id,
        )
        reply = Reply(_ACTION_STATUS, render_outcome(outcome))
        if target.action == "routeto" and target.dn == access.client_id and outcome.leg is not None:
            return replace(reply, delivery=Delivery(outcome.leg, given.destination))
        return reply


def fail(error: Exception) -> Reply:
    """Return the reply to a request that failed before it reached a call."""
    if not isinstance(error, ODataError):
        # A bug of the simulator; the client gets a response.
        log.error("a request of the Call Control API failed", exc_info=error)
        error = ODataError(500, "Internal error in the simulator: see its log.")
    return Reply(error.status, error.to_json())


def refuse(status: int, text: str, reason: str = "None") -> Reply:
    """Return the reply to a request that a call refused."""
    return Reply(status, {"finalstatus": "Failed", "reason": reason, "result": None, "reasontext": text})


def parse_body(body: Any) -> CallBody:
    """Return the fields of a body; raise ODataError (400) for one that is not valid."""
    if not isinstance(body, dict):
        raise ODataError(400, "The body must be a JSON object.")
    given = {str(name).lower(): value for name, value in body.items()}
    return CallBody(
        _read_text(given, "destination"),
        _read_reason(given),
        _read_timeout(given),
        _read_attached_data(given),
    )


def _read_text(given: Mapping[str, Any], name: str) -> str:
    value = given.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise ODataError(400, f"{name} must be a text.")
    return value.strip()


def _read_reason(given: Mapping[str, Any]) -> str:
    reason = _read_text(given, "reason")
    if reason and reason not in _REASONS:
        raise ODataError(400, f"The reason {reason[:50]!r} does not exist.")
    return reason


def _read_timeout(given: Mapping[str, Any]) -> int | None:
    value = given.get("timeout")
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= _MAX_TIMEOUT:
        raise ODataError(400, f"timeout must be a whole number of seconds from 0 to {_MAX_TIMEOUT}.")
    # A PBX takes 0 as its own default.
    return value or None


def _read_attached_data(given: Mapping[str, Any]) -> Mapping[str, Any] | None:
    value = given.get("attacheddata")
    if value is None:
        return None
    if not isinstance(value, dict):
        raise ODataError(400, "attacheddata must be a JSON object.")
    try:
        size = len(orjson.dumps(value))
    except TypeError as error:
        raise ODataError(400, "attacheddata is nested too deeply.") from error
    if size > _MAX_ATTACHED_DATA:
        raise ODataError(400, f"attacheddata is larger than {_MAX_ATTACHED_DATA} bytes.")
    return value
