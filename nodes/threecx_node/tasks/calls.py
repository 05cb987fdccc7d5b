"""The tasks about live calls."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from ..catalog.call_control import ALREADY_GONE, DEVICE_ID, DN, PARTICIPANT_ID
from ..errors import ParameterError, ResponseError
from ..parameters.call_handle import HANDLE
from ..parameters.wait import WAIT_FOR, WAIT_TIMEOUT
from ..values.call_inputs import read_destination
from ..values.coerce import CoercionError
from .code import TaskCode, keep_no_order
from .outcome import Outcome

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .context import TaskContext
    from .values import Values

_DEVICE = "device"
_RINGING, _DIALING = "ringing", "dialing"


async def make_call(context: TaskContext, values: Values) -> Outcome:
    """Make a call from an extension. It is one request, which is never repeated."""
    parameters: dict[str, Any] = {
        DN: values.fromExtension.text,
        WAIT_FOR: values.waitFor,
        WAIT_TIMEOUT: values.waitTimeout,
        "body": {"destination": values.to},
    }
    if values.device is not None:
        parameters[DEVICE_ID] = values.device.text
    done = f"{values.fromExtension.text} called {values.to}"
    try:
        return Outcome(await context.write("PlaceCall", parameters, done=done))
    except ParameterError as error:
        # The task's parameters have other names than those of the request.
        name = {DEVICE_ID: _DEVICE, DN: values.fromExtension.field}.get(error.field or "")
        if name is None:
            raise
        message = error.message.replace(str(error.field), name, 1)
        raise ParameterError(message, field=name, description=error.description) from error


async def transfer_call(context: TaskContext, values: Values) -> Outcome:
    """Send a call on: 3CX transfers a connected one, and diverts one that rings."""
    leg = {DN: values.call["dn"], PARTICIPANT_ID: values.call["participantId"]}
    try:
        [participant] = await context.read("GetParticipant", leg)
    except ResponseError as error:
        if error.http_code != HTTPStatus.NOT_FOUND:
            raise
        # A DN that does not exist, or an API that is turned off, is another error.
        await context.read("ListParticipant", {DN: leg[DN]})
        raise _refuse_transfer(f"the call has ended, or {leg[DN]} is not part of it any more") from error
    status = str(participant.get("status") or "").casefold()
    if status == _DIALING:
        raise _refuse_transfer(f"{leg[DN]} is still calling, and is not connected")
    rings = status == _RINGING
    operation = "DivertParticipant" if rings else "TransferParticipant"
    items = await context.write(
        operation,
        {HANDLE: values.call, "body": {"destination": values.to}},
        done=f"the call was transferred to {values.to}",
    )
    action = "diverted" if rings else "transferred"
    return Outcome([{"action": action, **each} for each in items])


def _refuse_transfer(problem: str) -> ParameterError:
    return ParameterError(
        f"{HANDLE}: {problem}",
        field=HANDLE,
        description="Only a call that rings or is connected can be transferred; nothing was changed for this item.",
    )


async def hang_up_call(context: TaskContext, values: Values) -> Outcome:
    """End a call; one that has ended already stays as it is."""
    items = await context.write("DropParticipant", {HANDLE: values.call}, done="the call was ended")
    return Outcome([{"action": "unchanged" if each.get(ALREADY_GONE) else "ended", **each} for each in items])


def put_number(values: Values, name: str) -> None:
    """Put the number in a parameter into the form that is dialled. Raises ParameterError."""
    try:
        values.put(name, read_destination(values[name]))
    except CoercionError as error:
        raise ParameterError(f"{name}: {error}", field=name, description=error.advice) from error


def _check_destination(values: Values) -> None:
    put_number(values, "to")


def require_call(values: Values) -> None:
    """Raise ParameterError where nothing names the call."""
    if values.call is None:
        raise ParameterError(
            f"{HANDLE} is required, but the item has no call",
            field=HANDLE,
            description=f"Set {HANDLE} to the handle of a call, such as {{{{ $json.call }}}}; nothing was sent for "
            "this item.",
        )


def _check_transfer(values: Values) -> None:
    require_call(values)
    put_number(values, "to")


CODES: Mapping[str, TaskCode] = {
    # Calls are not an order of changes: two calls of one extension are two calls.
    "MakeCallFromExtension": TaskCode(make_call, _check_destination, order_by=keep_no_order),
    "TransferCall": TaskCode(transfer_call, _check_transfer),
    "HangUpCall": TaskCode(hang_up_call, require_call),
}
