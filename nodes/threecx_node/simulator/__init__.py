"""A PBX to work against where there is none: real HTTP, real OData, state in memory.

It shares the catalog of the API with the executor and nothing else, or both would share one bug.
"""

from .server import CLIENT_ID, CLIENT_SECRET, Simulator, run

__all__ = ["CLIENT_ID", "CLIENT_SECRET", "Simulator", "run"]
