"""All operations of the 3CX Configuration API as a node for workflow canvases, validated before anything is sent.

The names below are the public API. Their modules are loaded on first use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from .tasks.executor import Batch, Executor, Item, Options, Result, execute

__all__ = ["Batch", "Executor", "Item", "Options", "Result", "__version__", "execute"]


def __getattr__(name: str) -> Any:
    if name in __all__:
        from .tasks import executor

        return getattr(executor, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
