"""The outcome of a task for one item."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Action = Literal["created", "updated", "unchanged", "deleted"]


@dataclass(frozen=True, slots=True)
class Change:
    """The change of one entity: as it was `before`, and the `fields` that were set, none where nothing differed."""

    before: Mapping[str, Any]
    fields: Mapping[str, Any]

    @property
    def action(self) -> Action:
        """Return what was done: updated or unchanged."""
        return "updated" if self.fields else "unchanged"


@dataclass(frozen=True, slots=True)
class Outcome:
    """The items that a task returns for one input item."""

    items: Sequence[Mapping[str, Any]]


def report(action: Action, changed: Sequence[str] = (), **fields: Any) -> Outcome:
    """Return the outcome `{action, changed, …}` of a task that changes something."""
    return Outcome([{"action": action, "changed": list(changed), **fields}])
