"""JSON to and from the engine: orjson, and the standard library for what orjson refuses.

That is lone surrogates (JavaScript's strings may hold them) and integers of more than 64 bits.
"""

from __future__ import annotations

import json
from typing import Any

import orjson


def dumps(value: Any) -> bytes:
    """One line of JSON; raises TypeError or ValueError for what has no JSON."""
    try:
        return orjson.dumps(value)
    except TypeError:
        return json.dumps(value, allow_nan=False).encode()


def loads(data: bytes) -> Any:
    """The value; raises ValueError for what is no JSON."""
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError:
        return json.loads(data)
