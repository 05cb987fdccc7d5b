"""A simulated 3CX PBX for tests: real HTTP, real OData, state in memory or in a file.

It shares the catalog and the ground floor with the executor and nothing else: a bug in shared code would hide itself
in every test of one against the other.

    simulator.py    start and stop a PBX           config.py    all its options
    app.py          the ASGI application           api.py       requests under /xapi/v1/
    http/           bodies, responses, files       odata/       schemas, paths, queries, payloads, errors
    store/          tables with transactions       pbx/         the rules of the PBX's entities
    calls/          the engine of the calls        callcontrol/ the Call Control API over it
    auth/           clients, roles, tokens         seeds/       the contents of a new PBX
    operations/     functions and actions          instruments/ fault injection, recorder, control endpoint
    page/           the page for browsers
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .auth.roles import Client
    from .calls.models import CallError
    from .config import CLIENT_ID, CLIENT_SECRET, SimulatorConfig
    from .simulator import Simulator, run

__all__ = ["CLIENT_ID", "CLIENT_SECRET", "CallError", "Client", "Simulator", "SimulatorConfig", "run"]


def __getattr__(name: str) -> Any:
    # pytest imports this package at every start to find the fixtures; the simulator is loaded when it is used.
    if name in ("Simulator", "run"):
        from . import simulator

        return getattr(simulator, name)
    if name == "CallError":
        from .calls.models import CallError

        return CallError
    if name in __all__:
        from . import config

        return getattr(config, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
