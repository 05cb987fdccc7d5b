"""A PBX to work against where there is none: real HTTP, real OData, state in memory.

It shares the catalog of the API with the executor and nothing else, or both would share one bug.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .server import CLIENT_ID, CLIENT_SECRET, Client, Simulator, run

__all__ = ["CLIENT_ID", "CLIENT_SECRET", "Client", "Simulator", "run"]


def __getattr__(name: str) -> Any:
    # pytest imports this package at every start, to learn of the fixtures; only their use loads the simulator.
    if name in __all__:
        from . import server

        return getattr(server, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
