"""Write the requests of the Call Control API: plain path segments, and values that are checked before they are sent."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from ..catalog.call_control import ATTACHED_DATA, DESTINATION, DEVICE_ID, DN, RING_TIME
from ..errors import ParameterError
from ..values.call_inputs import MOST_DATA_BYTES, read_attached_data, read_destination, read_ring_time
from ..values.coerce import CoercionError, coerce, coerce_integer
from ..values.json import dumps
from ..values.undefined import UNDEFINED, is_missing
from .odata import encode
from .required import missing_value

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from ..catalog import Parameter

# The client ID of an application is the number of a DN too, and may have letters.
_DN = re.compile(r"[A-Za-z0-9*#+_.-]{1,64}")
# A contact of SIP, such as `sip:150@127.0.0.1:5063;rinstance=1a2b`.
_DEVICE_ID = re.compile(r"[!-~]{1,512}")
# A client of HTTP takes these for the folder itself and the one above it.
_DOTS = frozenset({".", ".."})
_FORMS = {
    DN: (_DN, "the number of a DN (letters, digits, * and #)"),
    DEVICE_ID: (_DEVICE_ID, "a device ID, such as sip:150@127.0.0.1:5063"),
}


def make_segment_encoder(parameter: Parameter) -> Callable[[Any], tuple[str, Any]]:
    """Return a function that gives the path segment of a parameter's value and the value itself.

    The segment is percent-encoded, without quotes. The function raises CoercionError.
    """

    def encode_segment(value: Any) -> tuple[str, Any]:
        coerced = coerce(parameter.type, value)
        if isinstance(coerced, int):
            if coerced < 0:
                raise CoercionError("a number of 0 or more", value)
            return str(coerced), coerced
        text = coerced.strip()
        form, expected = _FORMS.get(parameter.name, (None, "a text"))
        if text in _DOTS or (form is not None and not form.fullmatch(text)):
            raise CoercionError(expected, value)
        return encode(text, safe=""), text

    return encode_segment


def check_call_body(body: Mapping[Any, Any], required: Collection[str]) -> dict[Any, Any]:
    """Return the body of an action with the values that it sends. Raises ParameterError, which names the field.

    An empty value is not sent, unless it is one of the `required` fields, which must be set.
    """
    checked = dict(body)
    for name, read in _READERS.items():
        if name not in checked and name not in required:
            continue
        value = checked.get(name, UNDEFINED)
        if is_missing(value):
            if name in required:
                shown = _SHOWN.get(name, name)
                raise missing_value(shown, {shown: value} if name in checked else {})
            checked.pop(name, None)
            continue
        try:
            checked[name] = read(value)
        except CoercionError as error:
            shown = _SHOWN.get(name, name)
            raise ParameterError(f"{shown}: {error}", field=shown, description=error.advice) from error
    return checked


def _read_data(value: Any) -> Mapping[str, Any]:
    data = read_attached_data(value)
    try:
        size = len(dumps(data))
    except (TypeError, ValueError):
        # The walk over the body names what cannot be written.
        return data
    if size > MOST_DATA_BYTES:
        raise ParameterError(
            f"{_SHOWN[ATTACHED_DATA]} has {size:,} bytes, more than the limit of {MOST_DATA_BYTES:,}",
            field=_SHOWN[ATTACHED_DATA],
            description="Attach a key of your own, and keep the data elsewhere; nothing was sent for this item.",
        )
    return data


_SHOWN = {ATTACHED_DATA: "attachedData"}
_READERS: dict[str, Callable[[Any], Any]] = {
    DESTINATION: read_destination,
    RING_TIME: lambda value: read_ring_time(coerce_integer(value)),
    ATTACHED_DATA: _read_data,
}
