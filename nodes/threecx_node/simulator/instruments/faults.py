"""Fault injection: slow responses, errors, ended tokens, connections that close.

A plan is a text: parts separated by commas, each of the form `kind:rate%` and, for some kinds, `kind:rate%:value`:

    429:5%          429 (or any status from 400 to 599) with `retry-after: 1`; `429:5%:30` means 30 seconds
    401:1%          401, and the token of the request ends
    drop:1%         the connection closes without a response, and the request has no effect
    drop-after:1%   the same, but the request takes effect
    slow:1%:3000    the response is sent 3,000 ms later
    token-503:50%   the same faults on /connect/token, which the others do not affect

A request meets one fault at most, and one random number is drawn for every request. So the same seed and the
same sequence of requests give the same faults.
"""

from __future__ import annotations

import asyncio
import random
import re
from dataclasses import dataclass
from typing import Literal

from ...errors import ConfigurationError
from ..http.asgi import ServerResponse, build_error_response
from ..odata.errors import ODataError

FaultKind = Literal["status", "drop", "drop-after", "slow"]

_PART = re.compile(
    r"(?P<token>token-)?(?P<kind>[a-z-]+|[0-9]+):(?P<rate>[0-9]+(?:\.[0-9]+)?)%(?::(?P<value>[0-9]{1,6}))?"
)
_FORM = "A fault looks like 429:5%, 503:2%:10, 401:1%, drop:1%, drop-after:1%, slow:1%:3000 or token-503:50%."
_MAX_DELAY_MS = 600_000
_DEFAULT_DELAY_MS = 1_000
_DEFAULT_RETRY_AFTER = 1


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault: `status` for the kind "status", `value` in the unit of its kind (seconds, milliseconds)."""

    kind: FaultKind
    rate: float
    status: int = 0
    value: int = 0


@dataclass(frozen=True, slots=True)
class FaultPlan:
    """The faults of the API and those of the token endpoint."""

    api: tuple[Fault, ...] = ()
    token: tuple[Fault, ...] = ()


def parse_faults(text: str) -> FaultPlan:
    """Return the plan in a text; raise ConfigurationError that names the part that cannot be used."""
    api: list[Fault] = []
    token: list[Fault] = []
    for part in (piece.strip() for piece in text.split(",")):
        if not part:
            continue
        match = _PART.fullmatch(part)
        if match is None:
            raise ConfigurationError(f"the fault {part[:60]!r} is not valid", description=_FORM)
        (token if match["token"] else api).append(_parse_fault(part, match))
    for faults in (api, token):
        if sum(fault.rate for fault in faults) > 1 + 1e-9:
            raise ConfigurationError("the rates of the faults add up to more than 100%", description=_FORM)
    return FaultPlan(tuple(api), tuple(token))


def _parse_fault(part: str, match: re.Match[str]) -> Fault:
    rate, kind = float(match["rate"]) / 100, match["kind"]
    value = None if match["value"] is None else int(match["value"])
    if rate > 1:
        raise ConfigurationError(f"the fault {part!r} has a rate over 100%", description=_FORM)
    if kind == "slow":
        wait = _DEFAULT_DELAY_MS if value is None else value
        if wait > _MAX_DELAY_MS:
            raise ConfigurationError(
                f"the fault {part!r} waits longer than {_MAX_DELAY_MS} ms", description=_FORM
            )
        return Fault("slow", rate, value=wait)
    if kind in ("drop", "drop-after"):
        if value is not None:
            raise ConfigurationError(f"the fault {part!r} takes no value", description=_FORM)
        return Fault("drop" if kind == "drop" else "drop-after", rate)
    if not kind.isdigit() or not 400 <= int(kind) <= 599:
        raise ConfigurationError(
            f"the fault {part!r} names neither a fault nor a status from 400 to 599", description=_FORM
        )
    return Fault("status", rate, int(kind), _DEFAULT_RETRY_AFTER if value is None else value)


class Faults:
    """The fault plan, its random numbers and the latency of a server; all may be changed while it runs."""

    def __init__(self, latency_ms: float = 0, plan: str = "", seed: int | None = None) -> None:
        self.latency_ms = latency_ms
        self._text = ""
        self._plan = FaultPlan()
        self._seed = seed
        self.set(plan, seed)

    @property
    def latency_ms(self) -> float:
        """The delay of every response in milliseconds."""
        return self._latency_ms

    @latency_ms.setter
    def latency_ms(self, value: float) -> None:
        if not 0 <= value <= _MAX_DELAY_MS:
            raise ConfigurationError(f"the latency {value} ms is not between 0 and {_MAX_DELAY_MS:,}")
        self._latency_ms = value

    @property
    def plan(self) -> str:
        """The text of the plan, "" for none."""
        return self._text

    @property
    def seed(self) -> int | None:
        """The seed of the random numbers, None if every run differs."""
        return self._seed

    def set(self, plan: str, seed: int | None = None) -> None:
        """Set another plan ("" for none) and restart the random numbers.

        Raises ConfigurationError for an invalid plan.
        """
        self._plan = parse_faults(plan)
        self._text = plan
        self._seed = seed
        # Two generators, so that the number of logins does not change the faults of the API's requests.
        self._api_random = random.Random(None if seed is None else f"{seed}:api")  # noqa: S311 - no secret
        self._token_random = random.Random(None if seed is None else f"{seed}:token")  # noqa: S311 - no secret

    def draw_api_fault(self) -> Fault | None:
        """Draw the fault of the next request to the API."""
        return _draw(self._plan.api, self._api_random)

    def draw_token_fault(self) -> Fault | None:
        """Draw the fault of the next login."""
        return _draw(self._plan.token, self._token_random)

    async def delay_response(self, fault: Fault | None = None) -> None:
        """Wait for the latency, and longer if the fault is a slow response."""
        wait = self._latency_ms + (fault.value if fault is not None and fault.kind == "slow" else 0)
        if wait:
            await asyncio.sleep(wait / 1000)


def build_fault_response(fault: Fault) -> ServerResponse:
    """Return the error response of a fault, as a proxy in front of the PBX could send it."""
    headers = {"retry-after": str(fault.value)} if fault.status in (429, 503) else {}
    return build_error_response(
        ODataError(
            fault.status, "This error was injected by the fault plan of the simulator.", headers=headers
        )
    )


def _draw(faults: tuple[Fault, ...], generator: random.Random) -> Fault | None:
    if not faults:
        return None
    number = generator.random()
    for fault in faults:
        number -= fault.rate
        if number < 0:
            return fault
    return None
