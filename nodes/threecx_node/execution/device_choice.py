"""Choose the phone that makes a call, where no device is named: the only one that is registered."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ..callcontrol.entities import Dn
from ..catalog.call_control import DEVICE_ID
from ..errors import ParameterError

if TYPE_CHECKING:
    from ..messages import HttpRequest

# A message names this many devices.
_NAMED = 10
_PLACE = f"/devices/{{{DEVICE_ID}}}"


def choose_device(document: Any, host: str) -> str | None:
    """Return the ID of the only device of a DN, None where it has none: then the PBX decides how it calls.

    `document` is the DN as the PBX returns it. Raises ParameterError, which names the devices, where there are several.
    """
    dn = Dn.from_json(document, host=host)
    devices = {each.device_id: each.user_agent for each in dn.devices if each.device_id}
    if len(devices) <= 1:
        return next(iter(devices), None)
    named = ", ".join(f"{name} ({agent})" if agent else name for name, agent in [*devices.items()][:_NAMED])
    rest = f", and {len(devices) - _NAMED} more" if len(devices) > _NAMED else ""
    raise ParameterError(
        f"{DEVICE_ID}: {dn.dn or 'the extension'} has {len(devices)} registered devices: {named}{rest}",
        field=DEVICE_ID,
        description="Set it to the ID of the device that makes the call; nothing was sent for this item.",
    )


def leave_out_device(request: HttpRequest) -> HttpRequest:
    """Return the request of a call that names no device."""
    return replace(request, path=request.path.replace(_PLACE, ""))
