"""Keep tokens between requests, and let only one caller request the next.

The store of this module serves one process. file_store.py serves the processes of one user, redis_store.py several
machines; open_store.py chooses one of them. A store of another kind needs the same three methods; its lock then spans
those that share it.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import re
from collections import OrderedDict
from collections.abc import Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from contextlib import AbstractAsyncContextManager

    from .errors import LoginRefusedError
    from .fields import Credential
    from .token import Token

# More tokens than this are not kept by one process; the oldest is then requested again.
_MAX_TOKENS = 4096
_DEFAULT_PORT = re.compile(r"^(?:(https://[^/]*?)\.?:443|(http://[^/]*?)\.?:80|(https?://[^/]*?)\.?)(?=/|$)")

Report = Callable[[str], None]
"""Takes a sentence about a store that cannot be used."""


class TokenStore(Protocol):
    """Tokens by key, as `build_key` makes it of a credential."""

    async def load(self, key: str) -> Token | None:
        """Return the token stored under `key`, or None."""

    async def save(self, key: str, token: Token) -> None:
        """Store `token` under `key`, in place of an older one."""

    def lock(self, key: str) -> AbstractAsyncContextManager[None]:
        """Return the lock that a caller holds open while it requests a token for `key`."""


@runtime_checkable
class RefusalStore(Protocol):
    """A store that also shares refused logins: 3CX blocks addresses after repeated failures."""

    async def load_refusal(self, key: str) -> LoginRefusedError | None:
        """Return the refusal of a login for `key` that another caller received a moment ago, or None."""

    async def save_refusal(self, key: str, refusal: LoginRefusedError, seconds: float) -> None:
        """Share a refusal for some seconds."""


class MemoryTokenStore:
    """Tokens of one process, in one event loop."""

    def __init__(self) -> None:
        self._tokens: OrderedDict[str, Token] = OrderedDict()
        self._locks: dict[str, tuple[asyncio.Lock, list[None]]] = {}

    async def load(self, key: str) -> Token | None:
        """Return the token stored under `key`, or None."""
        return self._tokens.get(key)

    async def save(self, key: str, token: Token) -> None:
        """Store `token` under `key`."""
        self._tokens[key] = token
        self._tokens.move_to_end(key)
        while len(self._tokens) > _MAX_TOKENS:
            self._tokens.popitem(last=False)

    @asynccontextmanager
    async def lock(self, key: str) -> AsyncIterator[None]:
        """Return the lock of this process for `key`."""
        lock, users = self._locks.setdefault(key, (asyncio.Lock(), []))
        users.append(None)
        try:
            async with lock:
                yield
        finally:
            users.pop()
            if not users:
                self._locks.pop(key, None)


def build_key(credential: Credential) -> str:
    """Return the key of a credential's token: it depends on PBX, client and secret, and reveals none of them.

    With the secret, so that a wrong one cannot use the token of the right one; keyed by it, so that a store does not
    contain what a list of digests would find it with.
    """
    address = _DEFAULT_PORT.sub(lambda match: next(filter(None, match.groups())), credential.base_url)
    secret = credential.client_secret.reveal().encode("utf-8", "surrogatepass")
    message = f"threecx token\0{address}\0{credential.client_id}".encode("utf-8", "surrogatepass")
    return hmac.new(secret, message, hashlib.sha256).hexdigest()
