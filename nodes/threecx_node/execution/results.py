"""What goes into a run and what comes out of it: items, options, results, and the batch as a whole."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..errors import NotAttemptedError, ThreeCxError, UnreachableError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence


@dataclass(frozen=True, slots=True)
class Item:
    """One input item: its data, and parameters of its own, which are taken literally.

    Only parameters that all items share may hold expressions: what came out of an item's data is never run.
    """

    json: Mapping[str, Any]
    parameters: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Result:
    """What one input item gave: result items, or its error, or (dry run) the request that would be sent."""

    index: int
    items: Sequence[Mapping[str, Any]] | None = None
    error: ThreeCxError | None = None
    request: Mapping[str, Any] | None = None

    def to_json(self) -> dict[str, Any]:
        """`{"items": […]}`, `{"error": {…}}`, `{"request": {…}}`, or `{}` of an item that was only prepared."""
        if self.error is not None:
            return {"error": self.error.to_json()}
        if self.request is not None:
            return {"request": self.request}
        return {} if self.items is None else {"items": self.items}


@dataclass(frozen=True, slots=True)
class Batch:
    """All results, one per input item, in order."""

    results: Sequence[Result]

    @property
    def failed(self) -> list[Result]:
        """Results with an error, those that were never tried left out."""
        return [each for each in self.results if each.error and not isinstance(each.error, NotAttemptedError)]

    @property
    def not_tried(self) -> list[Result]:
        """Results of items that were never tried."""
        return [each for each in self.results if isinstance(each.error, NotAttemptedError)]

    @property
    def exit_code(self) -> int:
        """0 all succeeded, 1 some item failed, 3 the PBX was not reached or refused the login."""
        codes = [each.error.exit_code for each in self.failed if each.error]
        if not codes:
            return 1 if self.not_tried else 0
        return UnreachableError.exit_code if UnreachableError.exit_code in codes else 1

    def summary(self) -> str:
        """One line: the first error, and which items were done, failed and not tried; empty when all were done."""
        unhappy = self.failed or self.not_tried
        if not unhappy:
            return ""
        first = unhappy[0].error
        done = [each.index for each in self.results if each.error is None]
        parts = [f"done: {ranges(done)}" if done else "done: none"]
        if not self.failed:
            return f"stopped ({parts[0]}; not tried: {ranges(each.index for each in self.not_tried)})"
        unknown = [each.index for each in self.failed if each.error and each.error.outcome_unknown]
        failed = [each.index for each in self.failed if each.index not in unknown]
        if len(failed) > 1 or (failed and unknown):
            parts.append(f"failed: {ranges(failed)}")
        if unknown:
            parts.append(f"unknown whether carried out: {ranges(unknown)}")
        if self.not_tried:
            parts.append(f"not tried: {ranges(each.index for each in self.not_tried)}")
        return f"{first.one_line() if first else ''} ({'; '.join(parts)})"


def ranges(indexes: Iterable[int]) -> str:
    """`[0, 1, 2, 5]` → `items 0-2, 5`."""
    runs: list[list[int]] = []
    for index in sorted(indexes):
        if runs and index == runs[-1][-1] + 1:
            runs[-1].append(index)
        else:
            runs.append([index])
    texts = [str(run[0]) if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in runs]
    plural = "item" if sum(len(run) for run in runs) == 1 else "items"
    return f"{plural} {', '.join(texts)}"
