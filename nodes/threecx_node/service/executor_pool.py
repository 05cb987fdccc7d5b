"""One executor per PBX and client, shared by all requests: one token, one limited pool of connections."""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections import OrderedDict
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from threecx_credentials import close_token_store

from ..options import DEFAULT_CONNECTIONS
from ..tasks.executor import Executor
from ..transport.login import open_store
from .log import log

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from threecx_credentials import Credential, TokenStore

    from ..catalog import Catalog
    from ..observer import Observer

_MAX_EXECUTORS = 64
_IDLE_TIMEOUT = 900.0


class _Entry:
    def __init__(self, executor: Executor) -> None:
        self.executor = executor
        self.users = 0
        self.last_used = time.monotonic()


class ExecutorPool:
    """Executors by credential. An executor that is not in use is closed after a while, or if there are too many."""

    def __init__(
        self,
        connections: int = DEFAULT_CONNECTIONS,
        catalog: Catalog | None = None,
        observer: Observer | None = None,
    ) -> None:
        self._connections = connections
        self._observer = observer
        self._catalog = catalog
        self._entries: OrderedDict[bytes, _Entry] = OrderedDict()
        # Of all executors: a client that is used in two ways (with and without Verify TLS) still has one valid token.
        self.token_store: TokenStore = open_store(log.warning)
        """The tokens, also for those who connect to a PBX besides the executors."""

    @asynccontextmanager
    async def executor(self, credential: Credential) -> AsyncIterator[Executor]:
        """Lend the executor of a credential, which is kept open while it is in use."""
        key = _key(credential)
        entry = self._entries.get(key)
        if entry is None:
            entry = self._entries[key] = _Entry(self._create(credential))
        self._entries.move_to_end(key)
        entry.users += 1
        try:
            yield entry.executor
        finally:
            entry.users -= 1
            entry.last_used = time.monotonic()
            await self._close_unused()

    async def aclose(self) -> None:
        """Close all connections."""
        entries = [*self._entries.values()]
        self._entries.clear()
        await asyncio.gather(*(each.executor.aclose() for each in entries))
        await close_token_store(self.token_store)

    def _create(self, credential: Credential) -> Executor:
        # Callers that share an executor may have typed the URL in different ways.
        credential = replace(credential, left_out="")
        return Executor(
            credential,
            connections=self._connections,
            catalog=self._catalog,
            token_store=self.token_store,
            observer=self._observer,
        )

    async def _close_unused(self) -> None:
        now = time.monotonic()
        oldest_first = [(key, each) for key, each in self._entries.items() if each.users == 0]
        to_close = []
        # Removed before the first await, so that no request can begin to use an executor that is being closed.
        for key, entry in oldest_first:
            if len(self._entries) > _MAX_EXECUTORS or now - entry.last_used > _IDLE_TIMEOUT:
                to_close.append(self._entries.pop(key))
        # An error when an old connection is closed does not concern the batch that has just ended.
        await asyncio.gather(*(each.executor.aclose() for each in to_close), return_exceptions=True)


def _key(credential: Credential) -> bytes:
    parts = (
        credential.base_url,
        credential.client_id,
        credential.client_secret.reveal(),
        str(credential.verify_tls),
        str(credential.ca_file),
    )
    # A digest, so that no secret is the key of a table.
    return hashlib.sha256("\0".join(parts).encode()).digest()
