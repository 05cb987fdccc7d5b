"""One executor per PBX and client, shared by all requests: one token, one bounded pool of connections."""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections import OrderedDict
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from ..executor import Executor
from ..transport.client import PbxClient
from ..transport.limits import Limits

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from threecx_credentials import Credential

    from ..batch import Options

_MOST = 64
_IDLE_SECONDS = 900.0


class _Entry:
    def __init__(self, executor: Executor) -> None:
        self.executor = executor
        self.users = 0
        self.last_used = time.monotonic()


class ExecutorPool:
    """Executors by credential. The one used longest ago is closed when there are too many, or when it is idle."""

    def __init__(self, limits: Limits | None = None) -> None:
        self._limits = limits or Limits()
        self._entries: OrderedDict[bytes, _Entry] = OrderedDict()

    @asynccontextmanager
    async def executor(self, credential: Credential) -> AsyncIterator[Executor]:
        """The executor of a credential, kept open while it is used."""
        key = _key(credential)
        entry = self._entries.get(key)
        if entry is None:
            entry = self._entries[key] = _Entry(Executor(credential, client=self._client))
        self._entries.move_to_end(key)
        entry.users += 1
        try:
            yield entry.executor
        finally:
            entry.users -= 1
            entry.last_used = time.monotonic()
            await self._close_unused()

    async def aclose(self) -> None:
        """Closes all connections."""
        entries = [*self._entries.values()]
        self._entries.clear()
        await asyncio.gather(*(each.executor.__aexit__() for each in entries))

    def _client(self, credential: Credential, options: Options) -> PbxClient:
        # The service's bounds, not those of the batch that happens to come first.
        del options
        return PbxClient(credential, limits=self._limits)

    async def _close_unused(self) -> None:
        oldest_first = [(key, each) for key, each in self._entries.items() if each.users == 0]
        now = time.monotonic()
        for key, entry in oldest_first:
            if len(self._entries) > _MOST or now - entry.last_used > _IDLE_SECONDS:
                del self._entries[key]
                await entry.executor.__aexit__()


def _key(credential: Credential) -> bytes:
    parts = (
        credential.base_url,
        credential.client_id,
        credential.client_secret.reveal(),
        str(credential.verify_tls),
        str(credential.ca_file),
    )
    # A digest, so that no secret is a key of a table.
    return hashlib.sha256("\0".join(parts).encode()).digest()
