"""What people look at, made fit to be seen: no secrets, and no characters that turn a text around.

Secrets are known by the names of their fields, in values and in JSON texts that were cut in the middle.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

MASK = "***"

_NAMES = r"(?:password|secret|pin|pinnumber|token|(?:api|access|secret|private|license)key|transcribekeygrok)"
_NAME = re.compile(rf"{_NAMES}$", re.IGNORECASE)
# A field of that name with its text or object, to its end or to where the text was cut.
_IN_TEXT = re.compile(
    rf"(\"\w*{_NAMES}\"\s*:\s*)(?:\"(?:[^\"\\]|\\.)*(?:\"|\\?$)|\{{[^{{}}]*(?:\}}|$))", re.IGNORECASE
)
# Characters that change the direction of what follows: a file named "…gpj.exe" could pass for a picture.
_TURNING = {
    code: f"\\u{code:04x}"
    for code in (0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A))
}


@lru_cache(maxsize=4096)
def is_secret(name: str) -> bool:
    """Whether a field of this name holds something that nobody should read over a shoulder."""
    return _NAME.search(name) is not None


def masked(value: Any, *, secret: bool = False) -> Any:
    """A copy of a JSON value with the texts of secret fields masked; empty ones stay, they tell no secret."""
    if isinstance(value, dict):
        return {name: masked(inner, secret=secret or is_secret(name)) for name, inner in value.items()}
    if isinstance(value, list):
        return [masked(inner, secret=secret) for inner in value]
    return MASK if secret and isinstance(value, str) and value else value


def masked_text(text: str) -> str:
    """The same for a text that begins as JSON but need not be whole."""
    return _IN_TEXT.sub(rf'\1"{MASK}"', text)


def readable(text: str) -> str:
    """The text with invisible characters that would turn it around as their escapes."""
    return text.translate(_TURNING)
