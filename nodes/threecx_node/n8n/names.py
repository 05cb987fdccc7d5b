"""Read the names of a generated node's parameters: newer generators write them percent-encoded (`%24top`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote


def decode_name(name: str) -> str:
    """Return a name without percent-encoding: `$top` for `%24top`. No parameter of 3CX has "%" in its name."""
    return unquote(name)


def decode_parameters(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Return parameters with their names decoded, those in `options` and the names of resource and operation too."""
    decoded = {decode_name(name): value for name, value in parameters.items()}
    if isinstance(options := decoded.get("options"), Mapping):
        decoded["options"] = {decode_name(name): value for name, value in options.items()}
    for name in ("resource", "operation"):
        if isinstance(text := decoded.get(name), str):
            decoded[name] = decode_name(text)
    return decoded
