"""Fault injection: slow responses, errors, ended tokens, connections that close.

A plan is a text: parts separated by commas, each of the form `kind:rate%` and, for some kinds, `kind:rate%:value`:

    429:5%          429 (or any status from 400 to 599) with `retry-after: 1`; `429:5%:30` means 30 seconds
    401:1%          401, and the token of the request ends
    drop:1%         the connection closes without a response, and the request has no effect
    drop-after:1%   the same, but the request takes effect
    slow:1%:3000    the response is sent 3,000 ms later
    token-503:50%   the same faults on /connect/token, which the others do not affect

Faults of the Call Control API, besides those above:

    socket-cut:1%          instead of an event, the connection of the WebSocket closes without a closing handshake
    socket-close:1%        instead of an event, the WebSocket closes with 4401; `socket-close:1%:1011` with 1011
    kill-token:1%          instead of an event, the token of the WebSocket ends
    event-twice:1%         an event is sent twice
    upsert-gone:1%         before the event that removes an entity, one says that it has changed
    remove-late:1%:3000    the event that removes an entity is sent 3,000 ms later
    remove-lost:1%         the event that removes an entity is not sent
    entity-slow:1%:3000    what was read of an entity is sent 3,000 ms later
    leg-403:1%             an action returns 403, as for the leg of a foreign call; `leg-422`, `leg-424` these statuses

A request meets one fault at most, and one random number is drawn for every request, and for every event of every
connection. So the same seed and the same sequence of requests give the same faults.
"""

from __future__ import annotations

import asyncio
import random
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, cast, get_args

from ...errors import ConfigurationError
from ..http.asgi import ServerResponse, build_error_response
from ..odata.errors import ODataError

if TYPE_CHECKING:
    from collections.abc import Mapping

FaultKind = Literal[
    "status", "drop", "drop-after", "slow",
    "socket-cut", "socket-close", "kill-token", "event-twice", "upsert-gone", "remove-late", "remove-lost",
    "entity-slow", "leg",
]  # fmt: skip
FaultGroup = Literal["api", "token", "events", "reads", "actions"]

_PART = re.compile(
    r"(?P<token>token-)?(?P<kind>[a-z]+(?:-[a-z]+)*(?:-[0-9]+)?|[0-9]+):(?P<rate>[0-9]+(?:\.[0-9]+)?)%(?::(?P<value>[0-9]{1,6}))?"
)
_FORM = "A fault looks like 429:5%, 503:2%:10, 401:1%, drop:1%, drop-after:1%, slow:1%:3000 or token-503:50%."
_MAX_DELAY_MS = 600_000
_DEFAULT_DELAY_MS = 1_000
_DEFAULT_RETRY_AFTER = 1
# The faults of the Call Control API by their groups, with the default of those that take a value.
_CALL_FAULTS: Mapping[str, tuple[FaultGroup, int | None]] = {
    "socket-cut": ("events", None),
    "socket-close": ("events", 4401),
    "kill-token": ("events", None),
    "event-twice": ("events", None),
    "upsert-gone": ("events", None),
    "remove-late": ("events", _DEFAULT_DELAY_MS),
    "remove-lost": ("events", None),
    "entity-slow": ("reads", _DEFAULT_DELAY_MS),
    "leg-403": ("actions", None),
    "leg-422": ("actions", None),
    "leg-424": ("actions", None),
}


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault: `status` for the kinds "status" and "leg", `value` in the unit of its kind (seconds, milliseconds)."""

    kind: FaultKind
    rate: float
    status: int = 0
    value: int = 0


@dataclass(frozen=True, slots=True)
class FaultPlan:
    """The faults of requests to the APIs, of the token endpoint, and of events, reads and actions of calls."""

    api: tuple[Fault, ...] = ()
    token: tuple[Fault, ...] = ()
    events: tuple[Fault, ...] = ()
    reads: tuple[Fault, ...] = ()
    actions: tuple[Fault, ...] = ()


def parse_faults(text: str) -> FaultPlan:
    """Return the plan in a text; raise ConfigurationError that names the part that cannot be used."""
    groups: dict[str, list[Fault]] = {}
    for part in (piece.strip() for piece in text.split(",")):
        if not part:
            continue
        match = _PART.fullmatch(part)
        if match is None:
            raise ConfigurationError(f"the fault {part[:60]!r} is not valid", description=_FORM)
        group, _ = _CALL_FAULTS.get(match["kind"], ("api", None))
        if match["token"]:
            group = "token"
        groups.setdefault(group, []).append(_parse_fault(part, match))
    for faults in groups.values():
        if sum(fault.rate for fault in faults) > 1 + 1e-9:
            raise ConfigurationError("the rates of the faults add up to more than 100%", description=_FORM)
    return FaultPlan(**{name: tuple(faults) for name, faults in groups.items()})


def _parse_fault(part: str, match: re.Match[str]) -> Fault:
    rate, kind = float(match["rate"]) / 100, match["kind"]
    value = None if match["value"] is None else int(match["value"])
    if rate > 1:
        raise ConfigurationError(f"the fault {part!r} has a rate over 100%", description=_FORM)
    if kind in _CALL_FAULTS and not match["token"]:
        return _parse_call_fault(part, kind, rate, value)
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


def _parse_call_fault(part: str, kind: str, rate: float, value: int | None) -> Fault:
    _, default = _CALL_FAULTS[kind]
    if default is None and value is not None:
        raise ConfigurationError(f"the fault {part!r} takes no value", description=_FORM)
    chosen = (default or 0) if value is None else value
    if kind == "socket-close" and not 1000 <= chosen <= 4999:
        raise ConfigurationError(
            f"the fault {part!r} has a code that is not between 1000 and 4999", description=_FORM
        )
    if chosen > _MAX_DELAY_MS:
        raise ConfigurationError(
            f"the fault {part!r} waits longer than {_MAX_DELAY_MS} ms", description=_FORM
        )
    name, _, status = kind.partition("-")
    if name == "leg":
        return Fault("leg", rate, int(status))
    return Fault(cast("FaultKind", kind), rate, value=chosen)


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
        # One generator for each group, so that the number of logins does not change the faults of the API's requests.
        self._generators = {
            group: random.Random(None if seed is None else f"{seed}:{group}")  # noqa: S311 - no secret
            for group in get_args(FaultGroup)
        }

    def draw_api_fault(self) -> Fault | None:
        """Draw the fault of the next request to an API."""
        return self.draw("api")

    def draw_token_fault(self) -> Fault | None:
        """Draw the fault of the next login."""
        return self.draw("token")

    def draw(self, group: FaultGroup) -> Fault | None:
        """Draw the next fault of a group."""
        faults: tuple[Fault, ...] = getattr(self._plan, group)
        return _draw(faults, self._generators[group]) if faults else None

    async def delay_response(self, fault: Fault | None = None) -> None:
        """Wait for the latency, and longer if the fault is a slow response."""
        wait = self._latency_ms + (fault.value if fault is not None and fault.kind == "slow" else 0)
        if wait:
            await asyncio.sleep(wait / 1000)


def build_fault_error(fault: Fault) -> ODataError:
    """Return the error of a fault, as a proxy in front of the PBX could send it."""
    headers = {"retry-after": str(fault.value)} if fault.status in (429, 503) else {}
    return ODataError(
        fault.status, "This error was injected by the fault plan of the simulator.", headers=headers
    )


def build_fault_response(fault: Fault) -> ServerResponse:
    """Return the error response of a fault."""
    return build_error_response(build_fault_error(fault))


def _draw(faults: tuple[Fault, ...], generator: random.Random) -> Fault | None:
    number = generator.random()
    for fault in faults:
        number -= fault.rate
        if number < 0:
            return fault
    return None
