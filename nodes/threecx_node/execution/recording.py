"""Record what a run sends and what became of it, and find in the journal what an earlier run left."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ..advice import UNKNOWN_OUTCOME
from ..errors import JournalError, ThreeCxError
from .journal import SentRequest, Status
from .results import Result

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable

    from ..messages import HttpRequest
    from .journal import ItemRecord, Journal
    from .plan import PlannedItem


@dataclass(frozen=True, slots=True)
class AmbiguousItem:
    """An item that an earlier run sent, and whose outcome it did not record.

    `request` is what was sent; None if it cannot be known, for example because of an expression such as `$now`.
    """

    request: HttpRequest | None


class Recorder:
    """Records one run in its journal, if it has one, and remembers the requests that are under way.

    `error` is why the journal cannot be written; then nothing more may be sent.
    """

    def __init__(self, journal: Journal | None) -> None:
        self._journal = journal
        # Without a journal nothing is recorded, and there is nothing to ask for.
        self.has_journal = journal is not None
        self.error: JournalError | None = None
        # Items whose request may change something, and results that are not delivered yet.
        self._sent: set[int] = set()
        self._results: dict[int, Result] = {}

    async def announce(self, index: int, request: HttpRequest) -> None:
        """Record that a request is sent, if it may change something. Raise JournalError."""
        if request.effect == "read":
            return
        if self._journal is not None:
            try:
                await self._journal.before(index, request)
            except JournalError as error:
                self.error = error
                raise
        self._sent.add(index)

    async def record(self, result: Result, *, is_waiting: bool = False) -> None:
        """Record a result, or a part of one. A failure is in `error`: the result itself is as true as before."""
        if self._journal is None:
            return
        if not result.more:
            self._results[result.index] = result
        if self.error is not None:
            return
        try:
            is_effect = result.index in self._sent
            await self._journal.after(result, is_effect=is_effect, is_waiting=is_waiting)
        except JournalError as error:
            self.error = error

    async def record_interim(self, result: Result) -> None:
        """Record the result of an item that still waits for something: it is known if the run ends meanwhile."""
        self._results[result.index] = result
        await self.record(result, is_waiting=True)

    def forget_interim(self, index: int) -> None:
        """Forget the result of an item that has waited, because its last result follows."""
        self._results.pop(index, None)

    async def end(self) -> None:
        """Record that the run has ended."""
        if self._journal is None or self.error is not None:
            return
        try:
            await self._journal.end()
        except JournalError as error:
            self.error = error

    def forget(self, index: int) -> None:
        """Forget an item whose result is delivered."""
        self._sent.discard(index)
        self._results.pop(index, None)

    def divide(self, ready: Iterable[PlannedItem]) -> tuple[list[int], list[PlannedItem]]:
        """Return the items that an earlier run finished, and the remaining ones, the ambiguous ones first."""
        if self._journal is None:
            return [], [*ready]
        finished: list[int] = []
        ambiguous: list[PlannedItem] = []
        untouched: list[PlannedItem] = []
        for each in ready:
            record = self._find(each.index)
            if record is None or record.status is Status.FAILED:
                untouched.append(each)
            elif record.status is Status.DONE and record.sent is None and not record.places:
                # A read whose result is not kept: it is read again.
                untouched.append(each)
            elif record.status is Status.DONE:
                finished.append(each.index)
            else:
                ambiguous.append(each)
        return finished, [*ambiguous, *untouched]

    async def restore(self, index: int) -> AsyncIterator[Result]:
        """Yield the results of a finished item."""
        assert self._journal is not None  # noqa: S101 (`divide` has found the item in it)
        is_empty = True
        async for each in self._journal.restore(index):
            is_empty = False
            yield each
        if is_empty:
            yield Result(index)

    def find_ambiguous(self, index: int, planned: HttpRequest) -> AmbiguousItem | None:
        """Return what is known of an item whose last request may have been carried out, None for any other item.

        The journal has the path, with the keys that look-ups found; the planned request has body and headers.
        """
        record = self._find(index)
        if record is None or not record.is_ambiguous:
            return None
        self._sent.add(index)
        if record.sent is None:
            return AmbiguousItem(None)
        path, _, query = record.sent.target.partition("?")
        request = replace(planned, method=record.sent.method, path=path, query=query)
        return AmbiguousItem(request if SentRequest.of(request) == record.sent else None)

    def is_ambiguous(self, index: int) -> bool:
        """Return whether an earlier run sent a change for the item, and it is not known what became of the item."""
        record = self._find(index)
        return record is not None and record.is_ambiguous

    def was_sent(self, index: int, request: HttpRequest) -> bool:
        """Return whether an earlier run sent a change for the item, and did not record what became of it."""
        record = self._find(index) if request.effect == "change" else None
        return record is not None and record.is_ambiguous

    async def restore_unknown(self, index: int, api_url: str) -> Result:
        """Return the result of an item of an earlier run whose outcome cannot be found out: it is not sent again."""
        record = self._find(index)
        if record is not None and record.status is Status.UNKNOWN:
            async for each in self.restore(index):
                if not each.more and each.error is not None:
                    return each
        sent = record.sent if record is not None else None
        request = None if sent is None else {"method": sent.method, "url": f"{api_url}{sent.target}"}
        return _unknown(index, "an earlier run ended before the response arrived", request)

    def known_results(self) -> list[Result]:
        """Return the results that are being recorded, and are not delivered yet."""
        return [*self._results.values()]

    def _find(self, index: int) -> ItemRecord | None:
        return None if self._journal is None else self._journal.records.get(index)


def _unknown(index: int, why: str, request: dict[str, str] | None) -> Result:
    error = ThreeCxError(
        f"it is unknown whether the item was carried out: {why}",
        description=UNKNOWN_OUTCOME,
        code="interrupted",
        item_index=index,
        request=request,
        outcome_unknown=True,
    )
    return Result(index, error=error)
