"""Name the feed of a credential: one PBX as one client sees it."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from threecx_credentials import Credential

_DEFAULT_PORT = re.compile(r"^(?:(https://[^/]*?)\.?:443|(http://[^/]*?)\.?:80|(https?://[^/]*?)\.?)(?=/|$)")
_LENGTH = 32


def make_feed_key(credential: Credential) -> str:
    """Return the key of a feed: the same for all spellings of the address, and for all keys of the client."""
    address = _DEFAULT_PORT.sub(lambda match: next(filter(None, match.groups())), credential.base_url.lower())
    text = f"threecx feed\0{address}\0{credential.client_id}".encode("utf-8", "surrogatepass")
    return hashlib.sha256(text).hexdigest()[:_LENGTH]
