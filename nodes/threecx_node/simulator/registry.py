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


def handles(*operations: str) -> Callable[[Handler], Handler]:
    """Registers a handler for operation ids."""

    def register(handler: Handler) -> Handler:
        for operation in operations:
            if operation in _HANDLERS:
                raise ValueError(f"two handlers for {operation}")
            _HANDLERS[operation] = handler
        return handler

    return register


def handler_of(operation: str) -> Handler | None:
    """The handler of an operation id, None where there is none yet."""
    return _HANDLERS.get(operation)


def handled() -> frozenset[str]:
    """All operation ids that have a handler."""
    return frozenset(_HANDLERS)
