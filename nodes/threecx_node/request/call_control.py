"""Write the requests of the Call Control API: plain path segments, and values that are checked before they are sent."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from ..catalog.call_control import DEVICE_ID, DN
from ..values.coerce import CoercionError, coerce
from .odata import encode

if TYPE_CHECKING:
    from collections.abc import Callable

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
