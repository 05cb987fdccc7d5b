"""Mask secrets, and escape characters that reverse the direction of a text.

Secrets are recognized by the names of their fields, in values and in JSON texts that were cut.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

MASK = "***"

_NAMES = r"(?:password|secret|pin|pinnumber|token|(?:api|access|secret|private|license)key|transcribekeygrok)"
_NAME = re.compile(rf"{_NAMES}$", re.IGNORECASE)
# A field of such a name with its text or object, up to its end or to the cut.
_IN_TEXT = re.compile(
    rf"(\"\w*{_NAMES}\"\s*:\s*)(?:\"(?:[^\"\\]|\\.)*(?:\"|\\?$)|\{{[^{{}}]*(?:\}}|$))", re.IGNORECASE
)
# Characters that change the direction of the following text: "…gpj.exe" would look like a picture's name.
_DIRECTION_CHARACTERS = {
    code: f"\\u{code:04x}"
    for code in (0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A))
}


@lru_cache(maxsize=4096)
def is_secret(name: str) -> bool:
    """Return whether a field of this name contains a secret."""
    return _NAME.search(name) is not None


def mask_value(value: Any, *, secret: bool = False) -> Any:
    """Return a copy of a JSON value with the texts of secret fields masked, except empty ones."""
    if isinstance(value, dict):
        return {name: mask_value(inner, secret=secret or is_secret(name)) for name, inner in value.items()}
    if isinstance(value, list):
        return [mask_value(inner, secret=secret) for inner in value]
    return MASK if secret and isinstance(value, str) and value else value


def mask_text(text: str) -> str:
    """Mask secrets in a text that begins as JSON and may be cut."""
    return _IN_TEXT.sub(rf'\1"{MASK}"', text)


def escape_invisible(text: str) -> str:
    """Return the text with invisible direction characters written as escapes."""
    return text.translate(_DIRECTION_CHARACTERS)
