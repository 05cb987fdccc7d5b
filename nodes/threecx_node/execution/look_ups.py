"""Look up what a request needs before it is sent: the ID of an entity by its number, the device that makes a call."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..catalog.call_control import DEVICE_ID
from ..errors import ParameterError
from .device_choice import choose_device, leave_out_device

if TYPE_CHECKING:
    from ..catalog import Operation, OperationVersion
    from ..messages import HttpRequest
    from ..request.build import RequestBuilder
    from ..response.payload import Payload

    Exchange = Callable[[HttpRequest, Operation, OperationVersion], Awaitable[Payload]]

ENTITY_KEY = "Id"


@dataclass(frozen=True, slots=True)
class LookUp:
    """A request that finds the value of a path parameter; it is sent before the request of the item."""

    parameter: str
    operation: Operation
    version: OperationVersion
    request: HttpRequest

    def read(self, document: Any, host: str) -> Any:
        """Return the value in the PBX's answer, None for a call without a device. Raises ParameterError."""
        if self.parameter == DEVICE_ID:
            return choose_device(document, host)
        found = document.get(ENTITY_KEY) if isinstance(document, Mapping) else None
        if found is None:
            raise ParameterError(
                f"{self.parameter}: no entity with that number was found", field=self.parameter
            )
        return found


async def find_keys(look_ups: Sequence[LookUp], exchange: Exchange, host: str) -> dict[str, Any]:
    """Return the path parameters that are looked up before an item is sent, by their names. Raises ThreeCxError."""
    return {
        each.parameter: each.read((await exchange(each.request, each.operation, each.version)).value, host)
        for each in look_ups
    }


def fill_keys(builder: RequestBuilder, request: HttpRequest, keys: Mapping[str, Any]) -> HttpRequest:
    """Return a planned request with the keys that look-ups found. Raises ParameterError."""
    for name, value in keys.items():
        if name == DEVICE_ID and value is None:
            request = leave_out_device(request)
        else:
            request = builder.fill_key(request, name, value)
    return request
