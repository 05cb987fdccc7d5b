"""What goes wrong on purpose: answers that take their time, errors, ended tokens, connections that close.

A plan is a text of parts with commas between them, each `what:rate%` and, for some, one value more:

    429:5%          429 (or any status from 400 to 599) with `retry-after: 1`; `429:5%:30` says 30 seconds
    401:1%          401, and the token that the request came with has ended
    drop:1%         the connection closes without an answer, and nothing was done
    drop-after:1%   the same after the request was carried out
    slow:1%:3000    the answer comes 3,000 ms later
    token-503:50%   the same faults on /connect/token, which is spared by all others

A request meets one fault at most, and one number is drawn for every request whatever it is: the same seed and
the same sequence of requests meet the same faults.
"""

from __future__ import annotations

import asyncio
import random
import re
from dataclasses import dataclass
from typing import Literal

from ..errors import ConfigurationError

FaultKind = Literal["status", "drop", "drop-after", "slow"]

_PART = re.compile(
    r"(?P<token>token-)?(?P<what>[a-z-]+|[0-9]+):(?P<rate>[0-9]+(?:\.[0-9]+)?)%(?::(?P<value>[0-9]{1,6}))?"
)
_FORM = "A fault looks like 429:5%, 503:2%:10, 401:1%, drop:1%, drop-after:1%, slow:1%:3000 or token-503:50%."
_MOST_MS = 600_000
_SLOW_MS = 1_000
_RETRY_AFTER = 1


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault: `status` for kind "status", and `value` in the unit of its kind (seconds, milliseconds)."""

    kind: FaultKind
    rate: float
    status: int = 0
    value: int = 0


@dataclass(frozen=True, slots=True)
class Plan:
    """The faults of the API and those of the token endpoint."""

    api: tuple[Fault, ...] = ()
    token: tuple[Fault, ...] = ()


def parse_plan(text: str) -> Plan:
    """The plan that a text describes; raises ConfigurationError that names the part that cannot be used."""
    api: list[Fault] = []
    token: list[Fault] = []
    for part in (piece.strip() for piece in text.split(",")):
        if not part:
            continue
        match = _PART.fullmatch(part)
        if match is None:
            raise ConfigurationError(f"the fault {part[:60]!r} cannot be read", description=_FORM)
        (token if match["token"] else api).append(_fault(part, match))
    for faults in (api, token):
        if sum(fault.rate for fault in faults) > 1 + 1e-9:
            raise ConfigurationError("the faults' rates add up to more than 100%", description=_FORM)
    return Plan(tuple(api), tuple(token))


def _fault(part: str, match: re.Match[str]) -> Fault:
    rate, what = float(match["rate"]) / 100, match["what"]
    value = None if match["value"] is None else int(match["value"])
    if rate > 1:
        raise ConfigurationError(f"the fault {part!r} has a rate over 100%", description=_FORM)
    if what == "slow":
        wait = _SLOW_MS if value is None else value
        if wait > _MOST_MS:
            raise ConfigurationError(f"the fault {part!r} waits longer than {_MOST_MS} ms", description=_FORM)
        return Fault("slow", rate, value=wait)
    if what in ("drop", "drop-after"):
        if value is not None:
            raise ConfigurationError(f"the fault {part!r} takes no value", description=_FORM)
        return Fault("drop" if what == "drop" else "drop-after", rate)
    if not what.isdigit() or not 400 <= int(what) <= 599:
        raise ConfigurationError(
            f"the fault {part!r} names no fault and no status from 400 to 599", description=_FORM
        )
    return Fault("status", rate, int(what), _RETRY_AFTER if value is None else value)


class Faults:
    """The plan, the dice and the latency of a server; all may be changed while it runs.

    `latency_ms` is waited before every answer.
    """

    def __init__(self, latency_ms: float = 0, plan: str = "", seed: int | None = None) -> None:
        self.latency_ms = latency_ms
        self._text = ""
        self._plan = Plan()
        self._seed = seed
        self.set(plan, seed)

    @property
    def latency_ms(self) -> float:
        """How long every answer waits."""
        return self._latency_ms

    @latency_ms.setter
    def latency_ms(self, value: float) -> None:
        if not 0 <= value <= _MOST_MS:
            raise ConfigurationError(f"a latency of {value} ms is not between 0 and {_MOST_MS:,}")
        self._latency_ms = value

    @property
    def plan(self) -> str:
        """The plan as it was given, "" for none."""
        return self._text

    @property
    def seed(self) -> int | None:
        """What the dice were started with, None where every run is another."""
        return self._seed

    def set(self, plan: str, seed: int | None = None) -> None:
        """Another plan ("" for none); the sequence of its faults begins anew. Raises ConfigurationError."""
        self._plan = parse_plan(plan)
        self._text = plan
        self._seed = seed
        # Two dice, so that a login more or less does not shift what the API's requests meet.
        self._api_dice = random.Random(None if seed is None else f"{seed}:api")  # noqa: S311 - no secret
        self._token_dice = random.Random(None if seed is None else f"{seed}:token")  # noqa: S311 - no secret

    def of_api(self) -> Fault | None:
        """The fault that the next request of the API meets."""
        return _drawn(self._plan.api, self._api_dice)

    def of_token(self) -> Fault | None:
        """The fault that the next login meets."""
        return _drawn(self._plan.token, self._token_dice)

    async def before_answer(self, fault: Fault | None = None) -> None:
        """Waits as long as latency and fault want."""
        wait = self._latency_ms + (fault.value if fault is not None and fault.kind == "slow" else 0)
        if wait:
            await asyncio.sleep(wait / 1000)


def _drawn(faults: tuple[Fault, ...], dice: random.Random) -> Fault | None:
    if not faults:
        return None
    number = dice.random()
    for fault in faults:
        number -= fault.rate
        if number < 0:
            return fault
    return None
