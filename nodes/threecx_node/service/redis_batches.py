"""Keep the journals of batches in Redis, so that any of several executors knows what became of a batch.

A journal is a list of records. Beside it, the executor that runs the batch renews a lease; when the lease ends, the
batch was interrupted. A record is added only by the holder of the lease.
"""

from __future__ import annotations

import asyncio
import secrets
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from threecx_credentials.redis_client import EXAMPLE, INSTALL, describe_redis_error, name_redis, open_redis

from ..errors import ConfigurationError, JournalError, OtherBatchError
from ..execution.journal import (
    BatchIdentity,
    History,
    encode_after,
    encode_before,
    is_recorded,
    parse_record,
    parse_result,
)
from ..values.json import dumps
from .batch_store import DAYS, BatchExistsError, describe_batch

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Mapping

    from ..execution.journal import ItemRecord
    from ..execution.results import Result
    from ..messages import HttpRequest

_PREFIX = "threecx:batch:"
_LEASE_SECONDS = 15
_RENEW_EVERY = 5.0
_TIMEOUT = 5.0
# Adds a record and renews the lease, if the caller still has it.
_APPEND = """
if redis.call('get', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('expire', KEYS[1], ARGV[2])
redis.call('rpush', KEYS[2], ARGV[4])
redis.call('expire', KEYS[2], ARGV[3])
return 1
"""
_RELEASE = "if redis.call('get', KEYS[1]) == ARGV[1] then redis.call('del', KEYS[1]) end"
_RENEW = "if redis.call('get', KEYS[1]) == ARGV[1] then redis.call('expire', KEYS[1], ARGV[2]) end"


class RedisBatchStore:
    """Journals in the Redis at `url`. Raise ConfigurationError if the URL or the package cannot be used."""

    def __init__(self, url: str) -> None:
        try:
            self.client = open_redis(url, _TIMEOUT)
        except ImportError as error:
            raise ConfigurationError(
                "batches cannot be stored in Redis: the package redis is not installed", description=INSTALL
            ) from error
        except ValueError as error:
            raise ConfigurationError(
                "the URL of Redis in THREECX_BATCH_STORE cannot be used",
                description=f"It looks like {EXAMPLE}.",
            ) from error
        self.host = name_redis(url)

    async def open(self, batch_id: str, identity: BatchIdentity, *, resume: bool) -> RedisJournal:
        """Start a batch, or with `resume` continue one. Raise BatchExistsError or JournalError."""
        journal = RedisJournal(self, batch_id, identity)
        await journal.start(resume=resume)
        return journal

    async def describe(self, batch_id: str) -> dict[str, Any] | None:
        """Return what became of a batch, None if it is not known. Raise JournalError."""
        lease, lines = (f"{_PREFIX}{batch_id}:{name}" for name in ("lease", "records"))
        # The lease first: a batch that ends in between is finished, and not interrupted.
        running = bool(await self.ask(self.client.exists(lease)))
        records: list[bytes] = await self.ask(self.client.lrange(lines, 0, -1))
        if not records:
            return None
        return describe_batch(batch_id, parse_records(records), lambda place: records[place], running=running)

    async def aclose(self) -> None:
        """Close the connections."""
        with suppress(Exception):
            await self.client.aclose()

    async def ask(self, answer: Awaitable[Any]) -> Any:
        """Return an answer of Redis. Raise JournalError."""
        from redis.exceptions import RedisError

        try:
            return await asyncio.wait_for(answer, _TIMEOUT)
        except (RedisError, OSError, TimeoutError) as error:
            raise JournalError(
                f"the journal in Redis at {self.host} cannot be written or read: "
                f"{describe_redis_error(error, f'{_PREFIX}*')}",
                description="Nothing is sent without its record. Check that Redis is running and reachable.",
            ) from error


class RedisJournal:
    """The journal of one batch in Redis."""

    def __init__(self, store: RedisBatchStore, batch_id: str, identity: BatchIdentity) -> None:
        self._store = store
        self._identity = identity
        self._token = secrets.token_hex(8)
        self._lease = f"{_PREFIX}{batch_id}:lease"
        self._lines = f"{_PREFIX}{batch_id}:records"
        self._history = History(identity.count)
        self._earlier: list[bytes] = []
        self._is_ended = False
        self._renewing: asyncio.Task[None] | None = None

    @property
    def journal(self) -> RedisJournal:
        """The journal itself."""
        return self

    @property
    def records(self) -> Mapping[int, ItemRecord]:
        """The records by the index of the item."""
        return self._history.records

    @property
    def is_complete(self) -> bool:
        """Return whether nothing remains to be sent or settled."""
        return self._history.is_complete

    async def start(self, *, resume: bool) -> None:
        """Take the lease, and read what an earlier run recorded. Raise BatchExistsError or JournalError."""
        client = self._store.client
        if not await self._store.ask(client.set(self._lease, self._token, nx=True, ex=_LEASE_SECONDS)):
            raise BatchExistsError(is_running=True)
        try:
            self._earlier = await self._store.ask(client.lrange(self._lines, 0, -1))
            if self._earlier and not resume:
                raise BatchExistsError(is_running=False)
            if self._earlier:
                earlier, self._history = parse_records(self._earlier)
                if difference := self._identity.find_difference(earlier):
                    raise OtherBatchError(f"the batch is another one: {difference}")
                await self._append({"resumed": _now()})
            else:
                await self._append({**self._identity.to_json(), "started": _now()})
        except BaseException:
            await self._release()
            raise
        self._renewing = asyncio.create_task(self._renew(), name="threecx-lease")

    async def before(self, index: int, request: HttpRequest) -> None:
        """Record that `request` is about to be sent; Redis has it on return. Raise JournalError."""
        await self._add(encode_before(index, request))

    async def after(self, result: Result, *, is_effect: bool, is_waiting: bool = False) -> None:
        """Record a result; that of a read without what it returned. Raise JournalError."""
        if is_recorded(result) and (is_effect or not result.more):
            await self._add(encode_after(result, with_items=is_effect, is_waiting=is_waiting))

    async def end(self) -> None:
        """Record that the run has ended. Raise JournalError."""
        if not self._is_ended:
            self._is_ended = True
            await self._append({"end": _now()})

    async def restore(self, index: int) -> AsyncIterator[Result]:
        """Yield the results that an earlier run recorded for an item."""
        for place in self._history.records[index].places:
            yield parse_result(parse_record(self._earlier[place]))

    async def close(self) -> None:
        """Give the lease back: the batch has ended."""
        # A batch that was refused or cancelled has not recorded its end.
        with suppress(JournalError):
            await self.end()
        if self._renewing is not None:
            self._renewing.cancel()
        await self._release()

    async def _release(self) -> None:
        # A lease that is not given back ends by itself.
        with suppress(JournalError):
            await self._store.ask(self._store.client.eval(_RELEASE, 1, self._lease, self._token))

    async def _append(self, record: Mapping[str, Any]) -> None:
        await self._add(dumps(record))

    async def _add(self, record: bytes) -> None:
        arguments = (self._token, _LEASE_SECONDS, DAYS * 86_400, record)
        added = await self._store.ask(
            self._store.client.eval(_APPEND, 2, self._lease, self._lines, *arguments)
        )
        if not added:
            raise JournalError(
                "another executor may continue this batch, because this one did not reach Redis in time",
                description="Ask for the batch again: GET /v1/batches/{batchId}.",
            )

    async def _renew(self) -> None:
        while True:
            await asyncio.sleep(_RENEW_EVERY)
            # The next time may succeed; if it does not, the next record is refused.
            with suppress(JournalError):
                await self._store.ask(
                    self._store.client.eval(_RENEW, 1, self._lease, self._token, _LEASE_SECONDS)
                )


def parse_records(records: list[bytes]) -> tuple[BatchIdentity, History]:
    """Return the batch of a list of records; places are indexes. Raise JournalError where it is not a journal."""
    try:
        identity = BatchIdentity.from_json(parse_record(records[0]))
        history = History(identity.count)
        for place, each in enumerate(records[1:], 1):
            history.add(parse_record(each), place)
    except (ValueError, RecursionError) as error:
        raise JournalError("the journal of the batch in Redis is corrupt") from error
    return identity, history


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
