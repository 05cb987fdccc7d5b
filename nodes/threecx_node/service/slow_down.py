"""Slow down callers with wrong executor keys, by their address.

A right key is never delayed: behind a proxy all callers have one address. Delays are bounded, so that they are not an
attack on the service itself: how long a caller waits, how many addresses are remembered, how many callers wait at once.
"""

from __future__ import annotations

import asyncio
import ipaddress
import time
from collections import OrderedDict
from contextlib import suppress
from dataclasses import dataclass

# Wrong keys of an address that are answered at once: someone corrects a credential.
_FREE = 3
_FIRST_DELAY = 0.25
LONGEST_DELAY = 10.0
# After this many seconds without a wrong key an address is forgotten.
_MEMORY = 900.0
_MOST_ADDRESSES = 10_000
_MOST_WAITING = 100
_MOST_WAITING_OF_ONE = 10


@dataclass(slots=True)
class _Caller:
    refused: int = 0
    waiting: int = 0
    last: float = 0.0


class SlowDown:
    """Delays refusals. The delay doubles with each one of an address, up to LONGEST_DELAY seconds."""

    def __init__(self) -> None:
        self._callers: OrderedDict[str, _Caller] = OrderedDict()
        self._waiting = 0
        self._ended = asyncio.Event()

    async def wait(self, address: str) -> bool:
        """Wait as long as the next refusal of an address is delayed; return False if too many wait already."""
        caller = self._find(address)
        caller.refused += 1
        exponent = caller.refused - _FREE - 1
        if exponent < 0:
            return True
        if self._waiting >= _MOST_WAITING or caller.waiting >= _MOST_WAITING_OF_ONE:
            return False
        self._waiting += 1
        caller.waiting += 1
        try:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._ended.wait(), compute_delay(exponent))
        finally:
            self._waiting -= 1
            caller.waiting -= 1
        return True

    def end(self) -> None:
        """Delay no longer, because the service ends."""
        self._ended.set()

    def _find(self, address: str) -> _Caller:
        name = _network(address)
        now = time.monotonic()
        caller = self._callers.get(name)
        if caller is None or now - caller.last > _MEMORY:
            caller = self._callers[name] = _Caller()
        caller.last = now
        self._callers.move_to_end(name)
        if len(self._callers) > _MOST_ADDRESSES:
            self._callers.popitem(last=False)
        return caller


def compute_delay(exponent: int) -> float:
    """Return the seconds of a delay that was doubled `exponent` times."""
    return min(LONGEST_DELAY, _FIRST_DELAY * float(2 ** min(exponent, 16)))


def _network(address: str) -> str:
    """Return what identifies a caller: its IPv4 address, or its IPv6 network, which has any number of addresses."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return "unknown"
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped is not None:
            return str(parsed.ipv4_mapped)
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return str(parsed)
