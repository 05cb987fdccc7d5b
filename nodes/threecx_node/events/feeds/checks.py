"""Check whether a PBX lets a client have events of some types, before a subscription is made."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING

from ...callcontrol.client import CallControlClient
from ...errors import ThreeCxError
from ...execution.executor import Executor
from ...messages import HttpRequest
from ...transport.retry import RetryPolicy
from ..model.status import UNKNOWN_NUMBER, FeedProblem
from ..records.poller import RecordPoller
from .filter_names import find_unknown
from .monitoring import describe_unmonitored
from .problems import CALL_CONTROL, EITHER_TYPES, LIVE_TYPES, RECORD_TYPES, describe_error
from .record_source import describe_problems

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence
    from datetime import datetime

    from threecx_credentials import Credential, TokenStore

    from ...catalog import Catalog
    from ..model.clock import Clock

# Seconds for a check. A PBX that is slow does not prevent a subscription.
_TIMEOUT = 6.0
_RETRY_TIME = 2.0
_REMEMBERED = timedelta(minutes=1)
_LOGIN = HttpRequest("GET", "/Defs", "$select=Id", operation="version")


class Checker:
    """Checks events before they are wanted.

    It remembers for a minute that nothing was in the way: a reader that connects again and again asks the PBX once.
    Problems are not remembered, because people remove them and try again.
    """

    def __init__(self, clock: Clock, token_store: TokenStore | None, catalog: Catalog | None) -> None:
        self._clock = clock
        self._token_store = token_store
        self._catalog = catalog
        self._good: dict[tuple[Credential, frozenset[str], tuple[str, ...], str], datetime] = {}

    async def check(
        self, credential: Credential, types: frozenset[str], extensions: Sequence[str] = (), group: str = ""
    ) -> tuple[FeedProblem, ...]:
        """Return why events of these types would not come, within a few seconds.

        `extensions` and `group` are those of the filter.
        """
        now = self._clock.now()
        # A clock that was set back must not keep them for longer.
        self._good = {key: at for key, at in self._good.items() if now - _REMEMBERED < at <= now}
        key = (credential, types, tuple(extensions), group)
        if key in self._good:
            return ()
        problems = await check_types(
            credential, types, extensions, group, token_store=self._token_store, catalog=self._catalog
        )
        if not problems:
            self._good[key] = now
        return problems


async def check_types(
    credential: Credential,
    types: frozenset[str],
    extensions: Sequence[str] = (),
    group: str = "",
    *,
    token_store: TokenStore | None,
    catalog: Catalog | None,
) -> tuple[FeedProblem, ...]:
    """Return why events of these types would not come, within a few seconds.

    `extensions` and `group` are those of the filter.
    """

    async def check_records(executor: Executor) -> list[FeedProblem]:
        poller = RecordPoller(executor, executor.client.host)
        return describe_problems(await poller.check(types & RECORD_TYPES))

    async def check_names(executor: Executor) -> list[FeedProblem]:
        return await find_unknown(executor, types, extensions, group)

    live, records, unknown = await asyncio.gather(
        _check_live(credential, types & LIVE_TYPES, extensions, token_store),
        _check_by_executor(check_records, credential, types & RECORD_TYPES, token_store, catalog),
        _check_by_executor(
            check_names, credential, types if extensions or group else frozenset(), token_store, catalog
        ),
    )
    # Why the names cannot be read is a problem of the others.
    unknown = [each for each in unknown if each.code == UNKNOWN_NUMBER]
    # Missed calls come from either source.
    missing_live = {name for each in live for name in each.events if each.code in CALL_CONTROL}
    missing_records = {name for each in records for name in each.events}
    replaced = (EITHER_TYPES & missing_live) - missing_records
    unneeded = EITHER_TYPES - missing_live
    found = (*_leave_out(live, replaced), *_leave_out(records, unneeded), *unknown)
    return tuple(dict.fromkeys(found))


async def log_in(credential: Credential, *, token_store: TokenStore | None, catalog: Catalog | None) -> None:
    """Raise the error of the login where a PBX does not accept a credential."""
    async with Executor(credential, catalog=catalog, token_store=token_store) as executor:
        await executor.client.send(_LOGIN, retry_time=_RETRY_TIME)


async def _check_live(
    credential: Credential,
    types: frozenset[str],
    extensions: Sequence[str],
    token_store: TokenStore | None,
) -> list[FeedProblem]:
    if not types:
        return []
    try:
        async with (
            CallControlClient(credential, token_store=token_store, retry=RetryPolicy(_RETRY_TIME)) as client,
            asyncio.timeout(_TIMEOUT),
        ):
            monitored = frozenset(each.dn for each in await client.list_dns())
    except ThreeCxError as error:
        return [describe_error(error, types)]
    except TimeoutError:
        return [_late(types)]
    return list(describe_unmonitored(monitored, types, extensions))


async def _check_by_executor(
    check: Callable[[Executor], Awaitable[list[FeedProblem]]],
    credential: Credential,
    types: frozenset[str],
    token_store: TokenStore | None,
    catalog: Catalog | None,
) -> list[FeedProblem]:
    if not types:
        return []
    try:
        async with (
            Executor(
                credential, catalog=catalog, token_store=token_store, retry=RetryPolicy(_RETRY_TIME)
            ) as executor,
            asyncio.timeout(_TIMEOUT),
        ):
            return await check(executor)
    except ThreeCxError as error:
        return [describe_error(error, types)]
    except TimeoutError:
        return [_late(types)]


def _late(types: frozenset[str]) -> FeedProblem:
    return FeedProblem(
        events=tuple(sorted(types)),
        code="timeout",
        message=f"the PBX did not answer within {_TIMEOUT:g} seconds whether it sends these events",
        advice="Check that 3CX is running. The executor keeps trying.",
    )


def _leave_out(problems: list[FeedProblem], types: frozenset[str] | set[str]) -> list[FeedProblem]:
    return [
        FeedProblem(
            events=left,
            code=each.code,
            message=each.message,
            advice=each.advice,
            is_final=each.is_final,
        )
        for each in problems
        if (left := tuple(name for name in each.events if name not in types))
    ]
