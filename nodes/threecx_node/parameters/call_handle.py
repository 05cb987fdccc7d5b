"""Read the handle of a call, `{pbx, dn, participantId, callId}`, which items of calls carry as `call`.

It names the participant that an action is about, so that no IDs have to be mapped. Parameters that are set take
precedence over it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..catalog.call_control import DN, PARTICIPANT_ID
from ..errors import ParameterError
from ..values.coerce import CoercionError, coerce, coerce_object, describe
from ..values.undefined import is_missing

HANDLE = "call"
_FORM = "{pbx, dn, participantId, callId}"
_DEFAULT_PORTS = (":443", ":80")


@dataclass(frozen=True, slots=True)
class CallHandle:
    """The participant that a handle names, on the PBX at `pbx` (host name and port); empty values are not known."""

    pbx: str
    dn: Any
    participant_id: Any
    call_id: int | None


def fill_from_handle(
    operation: str, path: dict[str, Any], given: Any, item: Mapping[str, Any], pbx: str
) -> int | None:
    """Set the DN and the participant in `path` that no parameter has set, and return the ID of the call if known.

    `given` is the handle that was given as a parameter; without one it is that of the item. `pbx` is the host name and
    port of the PBX that the batch is sent to. Raises ParameterError for a handle of another PBX, one that cannot be
    read, and where nothing names the participant.
    """
    if isinstance(path.get(PARTICIPANT_ID), Mapping):
        given = path.pop(PARTICIPANT_ID)
    dn, participant = path.get(DN), path.get(PARTICIPANT_ID)
    if not is_missing(dn) and not is_missing(participant):
        return None
    handle = read_handle(item.get(HANDLE) if is_missing(given) else given)
    if handle is None:
        missing = [name for name in (PARTICIPANT_ID, DN) if is_missing(path.get(name))]
        raise ParameterError(
            f"{operation} needs a call, but {' and '.join(missing)} {'is' if len(missing) == 1 else 'are'} not set",
            field=missing[0],
            description=f"Set {HANDLE} to the handle of a call, such as {{{{ $json.call }}}}, or set {PARTICIPANT_ID} "
            f"and {DN}; nothing was sent for this item.",
        )
    check_pbx(handle, pbx)
    if not is_missing(dn) and str(dn).strip() != str(handle.dn):
        raise ParameterError(
            f"{DN}: {describe(dn)} is not the DN of the call, which is {handle.dn}",
            field=DN,
            description=f"Set {PARTICIPANT_ID} too, or leave {DN} out; nothing was sent for this item.",
        )
    path[DN] = handle.dn
    if is_missing(participant):
        path[PARTICIPANT_ID] = handle.participant_id
        return handle.call_id
    return None


def read_handle(value: Any) -> CallHandle | None:
    """Return the handle in an object or its JSON text, None where there is none. Raises ParameterError."""
    if is_missing(value):
        return None
    try:
        handle = coerce_object(value)
    except CoercionError as error:
        raise _refuse(f"expected a handle {_FORM}, got {describe(value)}") from error
    if handle is None:
        return None
    for name in (DN, PARTICIPANT_ID):
        if is_missing(handle.get(name)):
            raise _refuse(f"the handle has no {name}")
    dn, participant = handle[DN], handle[PARTICIPANT_ID]
    if not isinstance(dn, (str, int)) or isinstance(dn, bool):
        raise _refuse(f"the handle's {DN} is {describe(dn)}")
    pbx = handle.get("pbx")
    if not is_missing(pbx) and not isinstance(pbx, str):
        raise _refuse(f"the handle's pbx is {describe(pbx)}")
    return CallHandle(pbx or "", dn, participant, _read_call_id(handle.get("callId")))


def check_pbx(handle: CallHandle, pbx: str) -> None:
    """Raise ParameterError where a handle is that of a call on another PBX than `pbx`, a host name and port."""
    if handle.pbx and pbx and _fold_host(handle.pbx) != _fold_host(pbx):
        raise ParameterError(
            f"{HANDLE}: the call is on the PBX {handle.pbx[:100]}, but the credential is for {pbx}",
            field=HANDLE,
            description="Use the credential of the PBX that the call is on; nothing was sent for this item.",
        )


def _fold_host(name: str) -> str:
    name = name.strip().casefold()
    for port in _DEFAULT_PORTS:
        name = name.removesuffix(port)
    try:
        return name.encode("idna").decode()
    except UnicodeError:
        return name


def _read_call_id(value: Any) -> int | None:
    try:
        return int(coerce("Int64", value))
    except CoercionError:
        return None


def _refuse(problem: str) -> ParameterError:
    return ParameterError(
        f"{HANDLE}: {problem}",
        field=HANDLE,
        description=f"Set it to the handle that an item of a call has ({{{{ $json.call }}}}), or set {PARTICIPANT_ID} "
        f"and {DN}; nothing was sent for this item.",
    )
