"""The input items of a batch, the result of each, and the batch as a whole."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..errors import BadItemsError, ItemError, NotAttemptedError, ThreeCxError, UnreachableError
from ..values.record import record

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence


@record
class Item:
    """One input item: its data, parameters of its own, which are taken literally, and its binary data.

    Only parameters that all items share may contain expressions: the data of an item is never executed. The binary data
    are files by name, as results contain them: `{"data": {"fileName", "mimeType", "data"}}` with the bytes in Base64.
    `is_written` says that a person wrote the parameters in a canvas, so that a resource locator, a mapper or a group of
    options among them is one. Without it, each of them is a value.
    """

    json: Mapping[str, Any]
    parameters: Mapping[str, Any] = field(default_factory=dict)
    binary: Mapping[str, Any] = field(default_factory=dict, repr=False)
    is_written: bool = False

    def find_written(self, shared: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return the parameters that a person wrote, of this item and of those that all items share."""
        if self.is_written:
            return {**shared, **self.parameters}
        return {name: value for name, value in shared.items() if name not in self.parameters}


@record
class Result:
    """The result of one input item: result items, or its error, or (dry run) the request that would be sent.

    Where the error ended a list, `items` are the entities before it. With `more` the items are one part of a list
    that goes on: other results of the same index follow. `attempts` is how often its request was sent, looks at what
    became of it included; of the requests of a long list, the one that was sent most often counts.
    """

    index: int
    items: Sequence[Mapping[str, Any]] | None = None
    error: ThreeCxError | None = None
    request: Mapping[str, Any] | None = None
    more: bool = False
    attempts: int = 1

    def to_json(self) -> dict[str, Any]:
        """Return `{"items": […]}`, `{"error": {…}}`, `{"request": {…}}`, or `{}` of an item that was only prepared.

        A part of a list that goes on has `"more": true` beside its items. A list that was read in part has its items
        and the error that ended it. `attempts` is there where it is more than 1.
        """
        repeated = {"attempts": self.attempts} if self.attempts > 1 else {}
        if self.error is not None:
            received = {"items": self.items} if self.items else {}
            return {**received, "error": self.error.to_json(), **repeated}
        if self.request is not None:
            return {"request": self.request}
        if self.items is None:
            return {}
        more = {"more": True} if self.more else {}
        return {"items": self.items, **more, **repeated}


@dataclass(frozen=True, slots=True)
class Batch:
    """The results of a batch, one per input item, in order.

    `notes` are sentences for the user about the batch as a whole; none of them is an error. `deletes` is how many
    entities a batch that was only prepared would delete.
    """

    results: Sequence[Result]
    notes: Sequence[str] = ()
    deletes: int = 0

    @property
    def failed(self) -> list[Result]:
        """The results with an error, without those that were never tried."""
        return [each for each in self.results if each.error and not isinstance(each.error, NotAttemptedError)]

    @property
    def not_tried(self) -> list[Result]:
        """The results of items that were never tried."""
        return [each for each in self.results if isinstance(each.error, NotAttemptedError)]

    @property
    def exit_code(self) -> int:
        """The exit code: 0 all succeeded, 1 some item failed, 3 the PBX was not reached or refused the login."""
        codes = [each.error.exit_code for each in self.failed if each.error]
        if not codes:
            return 1 if self.not_tried else 0
        return UnreachableError.exit_code if UnreachableError.exit_code in codes else 1

    @property
    def error(self) -> ThreeCxError | None:
        """The error of the batch: of the first item that failed, or one for several that cannot be sent."""
        failed = [each.error for each in self.failed if each.error]
        if len(failed) > 1 and self._is_unsent:
            return BadItemsError(failed, len(self.results))
        return failed[0] if failed else None

    def raise_for_error(self) -> None:
        """Raise the error of the batch, if it has one."""
        if (error := self.error) is not None:
            raise error

    def outcomes(self) -> str:
        """Return which items were done, failed, unknown and not tried: `done: items 0-2; not tried: items 3-9`."""
        unknown = [each.index for each in self.failed if each.error and each.error.outcome_unknown]
        groups = {
            "done": [each.index for each in self.results if each.error is None],
            "failed": [each.index for each in self.failed if each.index not in unknown],
            "unknown whether carried out": unknown,
            "not tried": [each.index for each in self.not_tried],
        }
        return "; ".join(f"{name}: {format_ranges(found)}" for name, found in groups.items() if found)

    @property
    def _is_unsent(self) -> bool:
        """Return whether nothing was sent because of the items themselves."""
        return all(
            isinstance(each.error, NotAttemptedError)
            or (isinstance(each.error, ItemError) and each.error.request is None)
            or each.request is not None
            for each in self.results
        )

    def summary(self) -> str:
        """Return one line: the error, and which items were done, failed and not tried; empty if all were done."""
        unsuccessful = self.failed or self.not_tried
        if not unsuccessful:
            return ""
        if isinstance(error := self.error, BadItemsError):
            return error.one_line()
        first = unsuccessful[0].error
        done = [each.index for each in self.results if each.error is None]
        parts = [f"done: {format_ranges(done)}" if done else "done: none"]
        if not self.failed:
            return f"stopped ({parts[0]}; not tried: {format_ranges(each.index for each in self.not_tried)})"
        unknown = [each.index for each in self.failed if each.error and each.error.outcome_unknown]
        failed = [each.index for each in self.failed if each.index not in unknown]
        if len(failed) > 1 or (failed and unknown):
            parts.append(f"failed: {format_ranges(failed)}")
        if unknown:
            parts.append(f"unknown whether carried out: {format_ranges(unknown)}")
        if self.not_tried:
            parts.append(f"not tried: {format_ranges(each.index for each in self.not_tried)}")
        return f"{first.one_line() if first else ''} ({'; '.join(parts)})"


def format_ranges(indexes: Iterable[int]) -> str:
    """Return `items 0-2, 5` for `[0, 1, 2, 5]`."""
    runs: list[list[int]] = []
    for index in sorted(indexes):
        if runs and index == runs[-1][-1] + 1:
            runs[-1].append(index)
        else:
            runs.append([index])
    texts = [str(run[0]) if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in runs]
    plural = "item" if sum(len(run) for run in runs) == 1 else "items"
    return f"{plural} {', '.join(texts)}"
