"""Register the handlers of functions and actions, and find the handler of an operation.

A handler gets the PBX and the invocation, changes the state if necessary, and returns the payload that the
operation's `returns` describes: the values of an entity, a list, a value, a `FileDownload`, or None if the
response has no body.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..http.forms import UploadedFile
    from ..odata.records import Entity
    from ..odata.routes import Route
    from ..pbx.pbx import Pbx


@dataclass(frozen=True, slots=True)
class Invocation:
    """A request to a function or action: the parsed arguments of the path and the validated body.

    `file` is the file of an upload, whose body describes it.
    """

    route: Route
    arguments: dict[str, Any]
    body: Entity
    file: UploadedFile | None = None


Handler = Callable[["Pbx", Invocation], Any]

_HANDLERS: dict[str, Handler] = {}
# Handlers of all operations whose path begins with a word.
_BY_PREFIX: dict[str, Handler] = {}


def handles(*operations: str) -> Callable[[Handler], Handler]:
    """Register a handler for operation ids."""

    def register(handler: Handler) -> Handler:
        for operation in operations:
            if operation in _HANDLERS:
                raise ValueError(f"two handlers for {operation}")
            _HANDLERS[operation] = handler
        return handler

    return register


def handles_prefix(prefix: str) -> Callable[[Handler], Handler]:
    """Register a handler for the operations that have none and whose path begins with `prefix`."""

    def register(handler: Handler) -> Handler:
        _BY_PREFIX[prefix] = handler
        return handler

    return register


def find_handler(route: Route) -> Handler | None:
    """Return the handler of a function or action, None if the catalog is newer than the simulator."""
    found = _HANDLERS.get(route.operation.id)
    if found is None:
        found = next((each for prefix, each in _BY_PREFIX.items() if route.head.startswith(prefix)), None)
    return found


def list_handled_operations() -> frozenset[str]:
    """Return the ids of all operations that have a handler."""
    return frozenset(_HANDLERS)
