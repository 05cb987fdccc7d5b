"""The base of stores that several processes share: a store that fails costs sharing, and nothing else."""

from __future__ import annotations

import json
import time
from abc import ABC, abstractmethod
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING, Any

from .errors import LoginRefusedError
from .fields import Secret
from .token import Token, is_sendable
from .token_store import MemoryTokenStore

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable
    from contextlib import AbstractAsyncContextManager

    from .daemon_thread import Value
    from .token_store import Report

# A store that did not answer in time is not asked for this many seconds.
_PAUSE = 30.0
_LONGEST_REASON = 200
_MAX_SEEN = 4096
_REFUSAL = "-refusal"


class SharedStore(ABC):
    """Keeps tokens in this process's memory and in a place that others share.

    A place that cannot be used is reported once, by a sentence to `report`. `timeout` bounds each access, in seconds.
    """

    def __init__(self, report: Report | None, timeout: float) -> None:
        self._memory = MemoryTokenStore()
        self._report = report
        self._timeout = timeout
        self._silent_until = 0.0
        # The version of each entry that was read last: a change ends the wait for its lock.
        self._seen: dict[str, object] = {}

    @property
    @abstractmethod
    def name(self) -> str:
        """The name of the store in messages."""

    @abstractmethod
    async def _read(self, key: str) -> dict[str, Any] | None:
        """Return the record under `key`. Raises OSError, TimeoutError or ValueError."""

    @abstractmethod
    async def _write(self, key: str, record: dict[str, Any], seconds: float) -> None:
        """Store a record, which is needed for some seconds. Raises as `_read` does."""

    @abstractmethod
    def _lock(self, key: str) -> AbstractAsyncContextManager[None]:
        """Return the lock of all that share the store; entering it raises as `_read` does."""

    async def load(self, key: str) -> Token | None:
        """Return the token stored under `key`, or None."""

        async def read() -> Token | None:
            record = await self._read(key)
            return None if record is None else _read_token(record)

        token = await self._try(read)
        return token or await self._memory.load(key)

    async def save(self, key: str, token: Token) -> None:
        """Store `token` under `key`, in place of an older one."""
        await self._memory.save(key, token)
        record = {"access_token": token.access_token.reveal(), "renew_at": token.renew_at}
        await self._try(lambda: self._write(key, record, token.renew_at - time.time()))

    async def load_refusal(self, key: str) -> LoginRefusedError | None:
        """Return the refusal of a login for `key` that another caller received a moment ago, or None."""
        record = await self._try(lambda: self._read(key + _REFUSAL))
        return _read_refusal(record) if record else None

    async def save_refusal(self, key: str, refusal: LoginRefusedError, seconds: float) -> None:
        """Share a refusal for some seconds."""
        record = {
            "status": refusal.status,
            "code": refusal.code,
            "description": refusal.description,
            "content": refusal.content.decode("utf-8", "replace"),
            "until": time.time() + seconds,
            "seconds": seconds,
        }
        await self._try(lambda: self._write(key + _REFUSAL, record, seconds))

    @asynccontextmanager
    async def lock(self, key: str) -> AsyncIterator[None]:
        """Return the lock for `key`: of this process, and of all that share the store where it can be used."""
        async with self._memory.lock(key), AsyncExitStack() as stack:
            await self._try(lambda: stack.enter_async_context(self._lock(key)))
            yield

    def _note_seen(self, key: str, version: object) -> None:
        if len(self._seen) > _MAX_SEEN:
            self._seen.clear()
        self._seen[key] = version

    async def _try(self, access: Callable[[], Awaitable[Value]]) -> Value | None:
        """Return what an access returns, None where the store cannot be used."""
        if time.monotonic() < self._silent_until:
            return None
        try:
            return await access()
        except TimeoutError:
            self._silent_until = time.monotonic() + _PAUSE
            self._complain(f"it did not answer within {self._timeout:g} seconds")
        except (OSError, ValueError) as error:
            self._complain(_reason(error))
        return None

    def _complain(self, reason: str) -> None:
        report, self._report = self._report, None
        if report is not None:
            report(
                f"access tokens are not shared with other processes, because {self.name} cannot be used: {reason}; "
                "fix it, or set THREECX_TOKEN_STORE=memory if they need not be shared"
            )


def parse_record(content: bytes, name: str) -> dict[str, Any]:
    """Return a stored record. Raises ValueError that says what `name` contains instead."""
    try:
        record = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{name} is not valid JSON") from error
    if not isinstance(record, dict):
        raise ValueError(f"{name} does not contain a JSON object")
    return record


def _read_token(record: dict[str, Any]) -> Token:
    token, renew_at = record.get("access_token"), record.get("renew_at")
    if not is_sendable(token) or isinstance(renew_at, bool) or not isinstance(renew_at, (int, float)):
        raise ValueError("an entry has no access token")
    return Token(Secret(str(token)), float(renew_at))


def _read_refusal(record: dict[str, Any]) -> LoginRefusedError | None:
    """Return the refusal of a record, if it is still valid; a clock that was set makes it invalid."""
    try:
        status, until, seconds = int(record["status"]), float(record["until"]), float(record["seconds"])
        code, description, content = (str(record[name]) for name in ("code", "description", "content"))
    except (KeyError, TypeError, ValueError, OverflowError):
        return None
    if not time.time() < until <= time.time() + seconds:
        return None
    return LoginRefusedError(status, code, description, content.encode("utf-8", "replace"))


def _reason(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror.lower()
    return " ".join(str(error).split())[:_LONGEST_REASON] or type(error).__name__
