"""The records of a batch, so that it can be continued after a crash, and the interface of what stores them.

A record is one JSON object. The first describes the batch; then one says that a request that changes something is about
to be sent (`before`), and one what became of the item (`after`). docs/journal.md describes the format.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from .. import __version__
from ..errors import InputError, JournalError, NotAttemptedError, ThreeCxError
from ..values.json import dumps, dumps_sorted, loads
from .results import Item, Result

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence

    from threecx_credentials import Credential

    from ..messages import HttpRequest
    from ..options import Options

FORMAT = 1
FORMAT_KEY = "threecx_journal"
# The parts of a batch that are compared by their digests, in words.
_DIGESTS = {
    "items": "the input items",
    "parameters": "the parameters",
    "options": "the options (--release, --allow-incomplete-lists, time zone)",
}


class Status(StrEnum):
    """The state of an item in a journal. `sent`: a request was about to be sent, and nothing is known after that."""

    SENT = "sent"
    DONE = "done"
    FAILED = "failed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class BatchIdentity:
    """The facts that make two batches the same: operation, PBX, number of items, and digests of all that is sent.

    It contains no secret. `digests` are by the names `items`, `parameters` and `options`.
    """

    operation: str
    count: int
    base_url: str
    client_id: str
    digests: Mapping[str, str]

    @classmethod
    def of(
        cls,
        operation: str,
        items: Sequence[Item | Mapping[str, Any]],
        parameters: Mapping[str, Any],
        options: Options,
        credential: Credential,
    ) -> BatchIdentity:
        """Return the identity of a batch. The content of files that are named by their path counts too."""
        given = [each if isinstance(each, Item) else Item(each) for each in items]
        changing = {
            "allowIncompleteLists": options.allow_incomplete_lists,
            "release": options.release,
            "timeZone": options.time_zone,
        }
        digests = {
            "items": _digest([[each.json, each.parameters, each.binary, each.is_written] for each in given]),
            "parameters": _digest(parameters),
            "options": _digest(changing),
        }
        return cls(operation, len(items), credential.base_url, credential.client_id, digests)

    def to_json(self) -> dict[str, Any]:
        """Return the first record of a journal."""
        return {
            FORMAT_KEY: FORMAT,
            "version": __version__,
            "operation": self.operation,
            "count": self.count,
            "pbx": {"baseUrl": self.base_url, "clientId": self.client_id},
            "digests": dict(self.digests),
        }

    @classmethod
    def from_json(cls, header: Any) -> BatchIdentity:
        """Return the identity in a first record. Raise ValueError, or JournalError for another format."""
        if not isinstance(header, dict) or not isinstance(header.get(FORMAT_KEY), int):
            raise ValueError("this is not the first line of a journal")
        if header[FORMAT_KEY] != FORMAT:
            raise JournalError(
                f"the journal has format {header[FORMAT_KEY]}, but this version writes format {FORMAT}",
                description="Use the version of threecx that wrote it.",
            )
        pbx, digests = header.get("pbx"), header.get("digests")
        texts = (header.get("operation"), *(pbx.values() if isinstance(pbx, dict) else (None,)))
        if (
            not all(isinstance(each, str) for each in texts)
            or not _is_index(header.get("count"))
            or not isinstance(digests, dict)
            or not isinstance(pbx, dict)
            or set(pbx) != {"baseUrl", "clientId"}
        ):
            raise ValueError("this is not the first line of a journal")
        return cls(header["operation"], header["count"], pbx["baseUrl"], pbx["clientId"], digests)

    def find_difference(self, earlier: BatchIdentity) -> str | None:
        """Return what differs from the batch of an earlier run, in words; None where it is the same batch."""
        if self.operation != earlier.operation:
            return f"the operation is {self.operation}, and was {earlier.operation}"
        if (self.base_url, self.client_id) != (earlier.base_url, earlier.client_id):
            now, was = (f"{each.base_url} (client {each.client_id})" for each in (self, earlier))
            return f"the PBX is {now}, and was {was}"
        if self.count != earlier.count:
            return f"the number of items is {self.count}, and it was {earlier.count}"
        for name, words in _DIGESTS.items():
            if self.digests.get(name) != earlier.digests.get(name):
                return f"{words} have changed"
        return None


@dataclass(frozen=True, slots=True)
class SentRequest:
    """A request that was about to be sent: method, path with query below the API, and a digest of its body."""

    method: str
    target: str
    body: str | None

    @classmethod
    def of(cls, request: HttpRequest) -> SentRequest:
        """Return what is recorded of a request; of a body only a digest, because it may be large and personal."""
        content = request.body if request.part is None else request.part.file.content
        digest = None if content is None else hashlib.sha256(content).hexdigest()
        return cls(request.method, request.target, digest)


@dataclass(slots=True)
class ItemRecord:
    """The record of one item. `places` are where the records with its result are, for the journal itself.

    `is_waiting` says that the item was carried out, and that its run still waited for something.
    """

    status: Status
    sent: SentRequest | None = None
    places: list[Any] = field(default_factory=list)
    is_waiting: bool = False

    @property
    def is_ambiguous(self) -> bool:
        """Return whether a request was sent of which it is not known whether it was carried out."""
        return self.status in (Status.SENT, Status.UNKNOWN)


class Journal(Protocol):
    """Records one batch. BatchRun calls it; a batch without a journal has None in its place.

    `records` are those of earlier runs, by the index of the item.
    """

    @property
    def records(self) -> Mapping[int, ItemRecord]:
        """The records by the index of the item."""

    @property
    def is_complete(self) -> bool:
        """Return whether nothing remains to be sent or settled."""

    async def before(self, index: int, request: HttpRequest) -> None:
        """Record that `request` is about to be sent; it is stored durably on return. Raise JournalError."""

    async def after(self, result: Result, *, is_effect: bool, is_waiting: bool = False) -> None:
        """Record a result, or a part of one; that of an effect is stored durably on return. Raise JournalError.

        `is_waiting` marks what is known while the run still waits for something: another result follows.
        """

    async def end(self) -> None:
        """Record that the run has ended. Raise JournalError."""

    def restore(self, index: int) -> AsyncIterator[Result]:
        """Yield the results that an earlier run recorded for an item."""


def encode_before(index: int, request: HttpRequest) -> bytes:
    """Return the record of a request that is about to be sent."""
    sent = SentRequest.of(request)
    body = {} if sent.body is None else {"body": sent.body}
    return dumps({"before": index, "method": sent.method, "target": sent.target, **body})


def encode_after(result: Result, *, with_items: bool = True, is_waiting: bool = False) -> bytes:
    """Return the record of a result, or of a part of one.

    `with_items` keeps what the PBX returned, so that a resumed run can output it. `is_waiting` is that of `after`.
    """
    if result.more:
        return dumps({"part": result.index, "items": list(result.items or ())})
    shape: dict[str, Any] = {"after": result.index, "status": status_of(result.error)}
    if is_waiting:
        shape["waits"] = True
    if with_items or result.error is not None:
        shape["result"] = result.to_json()
    return dumps(shape)


def status_of(error: ThreeCxError | None) -> Status:
    """Return the status of an item that ended with `error`, or without one."""
    if error is None:
        return Status.DONE
    return Status.UNKNOWN if error.outcome_unknown else Status.FAILED


class History:
    """The records of a batch of `count` items, read one by one."""

    def __init__(self, count: int) -> None:
        self.count = count
        self.records: dict[int, ItemRecord] = {}
        self.is_ended = False
        self._parts: dict[int, list[Any]] = {}

    def add(self, record: Any, place: Any) -> None:
        """Take one record; `place` is where it is. Raise ValueError for what is not a record of this batch."""
        if not isinstance(record, dict):
            raise ValueError("this is not a record of a journal")
        if "resumed" in record:
            # Parts of a list that was not read to its end are read again.
            self._parts.clear()
            self.is_ended = False
        elif "end" in record:
            self.is_ended = True
        elif "before" in record:
            self._add_before(record)
        elif "part" in record:
            parse_result(record)
            self._parts.setdefault(self._index(record["part"]), []).append(place)
        elif "after" in record:
            self._add_after(record, place)
        else:
            raise ValueError("this is not a record of a journal")

    def count_statuses(self) -> dict[str, int]:
        """Return how many items have each status, and how many were `not_tried`."""
        counts = {each.value: 0 for each in Status}
        for record in self.records.values():
            counts[record.status] += 1
        return {**counts, "not_tried": self.count - len(self.records)}

    @property
    def is_complete(self) -> bool:
        """Return whether nothing remains to be sent or settled: all items are done, or unknown and never repeated."""
        return len(self.records) == self.count and not any(
            each.status is Status.FAILED or (each.is_ambiguous and _can_be_settled(each))
            for each in self.records.values()
        )

    def _add_before(self, record: Mapping[str, Any]) -> None:
        index = self._index(record["before"])
        method, target, body = (record.get(name) for name in ("method", "target", "body"))
        if not isinstance(method, str) or not isinstance(target, str) or not isinstance(body, str | None):
            raise ValueError("a record of a request has no method or target")
        self.records[index] = ItemRecord(Status.SENT, SentRequest(method, target, body))

    def _add_after(self, record: Mapping[str, Any], place: Any) -> None:
        index = self._index(record["after"])
        status = Status(record.get("status", ""))
        if status is Status.SENT or not isinstance(record.get("result", {}), dict):
            raise ValueError("a record of a result has no status")
        parse_result(record)
        known = self.records.get(index)
        parts = self._parts.pop(index, ())
        # A service does not keep what a read returned.
        places = [*parts, place] if "result" in record else []
        sent = known.sent if known else None
        self.records[index] = ItemRecord(status, sent, places, is_waiting=record.get("waits") is True)

    def _index(self, value: Any) -> int:
        if not _is_index(value) or value >= self.count:
            raise ValueError(f"there is no item {value!r:.20}")
        return int(value)


def parse_record(line: bytes) -> Any:
    """Return the record in a line. Raise ValueError."""
    return loads(line)


def parse_result(record: Mapping[str, Any]) -> Result:
    """Return the result, or the part of one, that a record contains. Raise ValueError where it is not one."""
    if "part" in record:
        return Result(record["part"], items=_list_of(record), more=True)
    result = record.get("result", {})
    index, error, attempts = record["after"], result.get("error"), result.get("attempts", 1)
    items = _list_of(result) if "items" in result else None
    if not _is_index(attempts):
        raise ValueError("the number of attempts in a journal is not a number")
    parsed = None if error is None else _parse_error(error, index)
    return Result(index, items=items, error=parsed, attempts=attempts)


def refuse_journal_for_dry_run() -> None:
    """Raise JournalError: a dry run sends nothing that a journal could record."""
    raise JournalError(
        "a dry run has no journal", description="Give --dry-run, or --journal or --resume, not both."
    )


def is_recorded(result: Result) -> bool:
    """Return whether a result is about something that was tried."""
    return not isinstance(result.error, NotAttemptedError) and result.request is None


def _can_be_settled(record: ItemRecord) -> bool:
    return record.sent is not None and record.sent.method in ("DELETE", "PATCH")


def _parse_error(given: Any, index: int) -> ThreeCxError:
    if not isinstance(given, dict):
        raise ValueError("an error in a journal is not an object")
    return ThreeCxError(
        str(given.get("message", "")),
        description=str(given.get("description", "")),
        code=str(given.get("code", "")),
        field=given.get("field"),
        http_code=given.get("httpCode"),
        item_index=index,
        request=given.get("request"),
        outcome_unknown=given.get("outcome") == "unknown",
    )


def _list_of(shape: Mapping[str, Any]) -> list[Any]:
    items = shape.get("items")
    if not isinstance(items, list) or not all(isinstance(each, dict) for each in items):
        raise ValueError("the items in a journal are not a list of objects")
    return items


def _is_index(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _digest(value: Any) -> str:
    try:
        content = dumps_sorted(value, _describe)
    except RecursionError as error:
        raise InputError(
            "an item or a parameter is nested too deeply", description="Make it flatter."
        ) from error
    return hashlib.sha256(content).hexdigest()


def _describe(value: Any) -> Any:
    """Return a value that JSON does not have as one that it has; a file by its content."""
    if isinstance(value, Path):
        try:
            with value.open("rb") as file:
                return hashlib.file_digest(file, "sha256").hexdigest()
        except OSError:
            # The plan reports it.
            return str(value)
    return repr(value)
