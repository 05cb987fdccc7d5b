"""Replace secrets in texts that a server wrote: a server may repeat what it was sent, in its own way to write it.

The forms are those of URLs, JSON, HTML and Base64, also mixed in one text; a body in JSON is read first. Every text is
read in one pass, whatever it contains.
"""

from __future__ import annotations

import base64
import html
import json
import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, quote_plus

from .fields import MASK

if TYPE_CHECKING:
    from collections.abc import Iterable

# A shorter text is a part of too many words; no key and no token is as short.
_SHORTEST = 4
# The Base64 form of a shorter text, within that of a longer one, occurs by chance.
_SHORTEST_CODED = 6
# An API key is shorter than this, most access tokens are longer.
_LONGEST_BY_CHARACTER = 200
_HTML_NAMES = {"&": "amp", "<": "lt", ">": "gt", '"': "quot", "'": "apos"}
_MAX_DEPTH = 100
# The search for all forms takes half a second for a megabyte; no error of 3CX is as long as this.
LONGEST_BODY = 256 * 1024


def mask_text(text: str, secrets: Iterable[str]) -> str:
    """Return a text without the secrets, whether they are written as they are, in a URL, a form, HTML, JSON or Base64.

    Base64 includes that of Basic authentication.
    """
    for secret in secrets:
        if len(secret) >= _SHORTEST:
            text = _compile(secret).sub(MASK, text)
    return text


def mask_bytes(content: bytes, secrets: Iterable[str]) -> bytes:
    """Return a body in UTF-8 or UTF-16 without the secrets; all names and texts of JSON are masked as they are read.

    The bytes beyond LONGEST_BODY are left out.
    """
    content = content[:LONGEST_BODY]
    secrets = [each for each in secrets if len(each) >= _SHORTEST]
    for secret in secrets:
        for encoding in ("utf-16-le", "utf-16-be"):
            content = content.replace(secret.encode(encoding, "replace"), MASK.encode(encoding))
    try:
        document = json.loads(content)
        masked = _mask_document(document, secrets)
        content = content if masked == document else json.dumps(masked).encode()
    except (ValueError, RecursionError):
        # It is not JSON, or JSON that is not read.
        pass
    text = content.decode("utf-8", "surrogateescape")
    return mask_text(text, secrets).encode("utf-8", "surrogateescape")


def _mask_document(document: Any, secrets: list[str], depth: int = 0) -> Any:
    """Return a JSON document without the secrets. Raises ValueError for one that is nested too deeply."""
    if depth > _MAX_DEPTH:
        raise ValueError("the document is nested too deeply")
    if isinstance(document, str):
        return mask_text(document, secrets)
    if isinstance(document, list):
        return [_mask_document(each, secrets, depth + 1) for each in document]
    if isinstance(document, dict):
        return {
            mask_text(name, secrets): _mask_document(each, secrets, depth + 1)
            for name, each in document.items()
        }
    return document


@lru_cache(maxsize=256)
def _compile(secret: str) -> re.Pattern[str]:
    """Return the pattern of all forms of a secret, the longest first."""
    forms = []
    for raw in {secret.encode("utf-8", "replace"): None, quote_plus(secret, errors="replace").encode(): None}:
        if len(raw) >= _SHORTEST_CODED:
            forms += [_within_base64(raw, offset) for offset in range(3)]
            forms.append(re.escape(raw.hex()))
        forms += _base64_forms(raw)
    if len(secret) <= _LONGEST_BY_CHARACTER:
        forms.append("".join(_character_forms(each) for each in secret))
    else:
        # A pattern of each character would take long to compile.
        forms += [re.escape(each) for each in sorted(_write(secret), key=len, reverse=True)]
    return re.compile("|".join(forms), re.IGNORECASE)


def _character_forms(character: str) -> str:
    """Return the pattern of one character: itself, or as URLs, JSON and HTML write it."""
    number = ord(character)
    octets = character.encode("utf-8", "replace")
    forms = [
        # A "%" that is encoded again is "%25".
        "".join(f"%(?:25){{0,3}}{each:02x}" for each in octets),
        "".join(rf"\\{{1,7}}u{int.from_bytes(pair, 'big'):04x}" for pair in _utf16_units(character)),
        rf"\\{{1,7}}x{number:02x}",
        f"&(?:amp;)?#0{{0,6}}{number};",
        f"&(?:amp;)?#x0{{0,6}}{number:x};",
        rf"\\{{0,7}}{re.escape(character)}",
    ]
    if not character.isprintable():
        forms.append(rf"\\{{0,7}}{re.escape(json.dumps(character)[1:-1])}")
    if character == " ":
        forms.append(r"\+")
    if character in _HTML_NAMES:
        forms.append(f"&(?:amp;){{0,3}}{_HTML_NAMES[character]};")
    return f"(?:{'|'.join(forms)})"


def _write(secret: str) -> set[str]:
    """Return a long secret in the forms of whole texts."""
    texts = {secret, html.escape(secret), json.dumps(secret)[1:-1]}
    return texts | {write(each, errors="replace") for write in (quote, quote_plus) for each in list(texts)}


def _utf16_units(character: str) -> list[bytes]:
    units = character.encode("utf-16-be", "surrogatepass")
    return [units[start : start + 2] for start in range(0, len(units), 2)]


def _base64_forms(raw: bytes) -> list[str]:
    """Return patterns of the whole text in Base64, for URLs too, with padding or not."""
    texts = {base64.b64encode(raw).decode(), base64.urlsafe_b64encode(raw).decode()}
    return [_escape_base64(text.rstrip("=")) + "(?:=|%3d)*" for text in sorted(texts)]


def _within_base64(raw: bytes, offset: int) -> str:
    """Return a pattern of the text in the Base64 of a longer one, in which it begins at byte `offset` of three."""
    coded = base64.b64encode(b"\0" * offset + raw).decode().rstrip("=")
    # The first characters depend on what is before the text, the last one on what is behind it.
    begin = -(-offset * 8 // 6)
    end = (offset + len(raw)) * 8 // 6
    return f"{_escape_base64(coded[begin:end])}[a-z0-9+/_-]*=*"


def _escape_base64(text: str) -> str:
    forms = {"+": r"(?:[+-]|%2b)", "/": r"(?:\\?/|_|%2f)"}
    return "".join(forms.get(each, re.escape(each)) for each in text)
