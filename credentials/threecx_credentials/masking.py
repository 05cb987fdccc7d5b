"""Replace secrets in texts that a server wrote: a server may repeat what it was sent, in its own way to write it."""

from __future__ import annotations

import html
import json
import re
from functools import lru_cache
from typing import TYPE_CHECKING

from .fields import MASK

if TYPE_CHECKING:
    from collections.abc import Iterable

# A shorter text is a part of too many words; no key and no token is as short.
_SHORTEST = 4


def mask_text(text: str, secrets: Iterable[str]) -> str:
    """Return a text without the secrets, whether they are written as they are, in a URL, a form, HTML or JSON."""
    for secret in secrets:
        if len(secret) >= _SHORTEST:
            text = _pattern(secret).sub(MASK, text)
    return text


def mask_bytes(content: bytes, secrets: Iterable[str]) -> bytes:
    """Return a body in UTF-8 or UTF-16 without the secrets."""
    secrets = [each for each in secrets if len(each) >= _SHORTEST]
    for secret in secrets:
        for encoding in ("utf-16-le", "utf-16-be"):
            content = content.replace(secret.encode(encoding, "replace"), MASK.encode(encoding))
    text = content.decode("utf-8", "surrogateescape")
    return mask_text(text, secrets).encode("utf-8", "surrogateescape")


@lru_cache(maxsize=256)
def _pattern(secret: str) -> re.Pattern[str]:
    """Return a pattern for the secret, each of its characters in any of the ways to write it."""
    return re.compile("".join(f"(?:{'|'.join(_writings(each))})" for each in secret))


def _writings(character: str) -> list[str]:
    """Return patterns of the ways to write a character, the longest first."""
    code = ord(character)
    in_json = (json.dumps(character)[1:-1], json.dumps(character, ensure_ascii=False)[1:-1])
    plain = {character, *in_json, html.escape(character)} | ({"+"} if character == " " else set())
    in_url = "".join(f"%{byte:02x}" for byte in character.encode("utf-8", "replace"))
    # Digits of escapes may be of either case.
    escaped = [rf"(?i:\\u{code:04x})", f"(?i:{in_url})", f"(?i:&#x0*{code:x};)", f"&#0*{code};"]
    return [*escaped, *(re.escape(each) for each in sorted(plain, key=len, reverse=True))]
