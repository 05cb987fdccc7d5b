"""What functions and actions are made of: a handler per operation id, found here by the server.

A handler gets the PBX and the call, changes the state if it must, and returns the payload that the
operation's `returns` describes: an entity's values, a list, a value, a `FileAnswer`, or None where nothing
comes back.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .pbx import Pbx
    from .routes import Route
    from .state import Entity


@dataclass(frozen=True, slots=True)
class Call:
    """A function's or action's call: parsed arguments of the path and the checked body."""

    route: Route
    arguments: dict[str, Any]
    body: Entity


Handler = Callable[["Pbx", Call], Any]

_HANDLERS: dict[str, Handler] = {}
# Handlers of all operations whose path begins with a word, for kinds of operations that are all alike.
_BY_HEAD: dict[str, Handler] = {}


def handles(*operations: str) -> Callable[[Handler], Handler]:
    """Registers a handler for operation ids."""

    def register(handler: Handler) -> Handler:
        for operation in operations:
            if operation in _HANDLERS:
                raise ValueError(f"two handlers for {operation}")
            _HANDLERS[operation] = handler
        return handler

    return register


def handles_heads(prefix: str) -> Callable[[Handler], Handler]:
    """Registers a handler for every operation, without one of its own, whose path begins with `prefix`."""

    def register(handler: Handler) -> Handler:
        _BY_HEAD[prefix] = handler
        return handler

    return register


def handler_of(route: Route) -> Handler | None:
    """The handler of a function or action, None where nobody wrote one (a catalog newer than the simulator)."""
    found = _HANDLERS.get(route.operation.id)
    if found is None:
        found = next((each for prefix, each in _BY_HEAD.items() if route.head.startswith(prefix)), None)
    return found


def handled() -> frozenset[str]:
    """All operation ids that have a handler."""
    return frozenset(_HANDLERS)
