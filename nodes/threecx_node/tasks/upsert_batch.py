"""The state that the items of one batch of upserts share: the entities as they were read, and the turns of items."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from ..catalog.summary_fields import shown_fields
from ..errors import ResponseError
from ..execution.stored_fields import compare_fields
from .finding import check_rows
from .matching import KEY, Directory
from .turns import Turns

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from ..catalog import Catalog
    from .context import TaskContext
    from .matching import Entity, MatchRules

FRESH = 5.0
"""The seconds for which a list that was read counts as the present one."""

_clock = time.monotonic


@dataclass(frozen=True)
class EntitySet:
    """The entities of a task: their type, the operations on them, and how a row is compared with them.

    A row for which no fields to match on are chosen is matched by the first of `matched_by` that it has. `fixed` are
    fields that no update changes.
    """

    task: str
    type: str
    lister: str
    getter: str
    creator: str
    updater: str
    rules: MatchRules
    matched_by: tuple[str, ...]
    fixed: tuple[str, ...] = ()

    def read_row(self, body: Any, *, empty_erases: bool) -> dict[str, Any]:
        """Return the fields of a row; empty ones only where they erase what is stored. The ID is that of the entity.

        The number that an entity is known by is what the PBX compares, so that it has no separators.
        """
        row = dict(body) if isinstance(body, dict) else {}
        row.pop(KEY, None)
        number = self.rules.number_field
        if isinstance(row.get(number), str):
            row[number] = self.rules.write_number(row[number])
        return row if empty_erases else {name: value for name, value in row.items() if not _is_empty(value)}

    def choose_match(self, row: Mapping[str, Any]) -> tuple[str, ...]:
        """Return the field that a row is matched on where none are chosen."""
        return (next((name for name in self.matched_by if row.get(name)), self.matched_by[0]),)

    def find_differences(
        self, row: Mapping[str, Any], entity: Mapping[str, Any], match_on: Collection[str] = ()
    ) -> dict[str, Any]:
        """Return the fields of a row that are not stored as they are.

        Of a number, and of a field that was matched on, it does not matter how it is written.
        """
        return {
            name: value
            for name, value in row.items()
            if not self._is_stored(name, value, entity, is_matched=name in match_on)
        }

    def _is_stored(self, name: str, value: Any, entity: Mapping[str, Any], *, is_matched: bool) -> bool:
        stored = entity.get(name)
        if _is_empty(value) and _is_empty(stored):
            return name in entity
        if isinstance(value, str) and isinstance(stored, str) and value.strip() == stored.strip():
            return True
        is_same = is_matched or self.rules.is_number(name)
        return (is_same and self.rules.are_alike(name, value, stored)) or compare_fields(
            {name: value}, entity
        ) == "equal"

    def show(self, catalog: Catalog, entity: Mapping[str, Any], fields: Iterable[str]) -> dict[str, Any]:
        """Return an entity as a result has it, with these fields among others."""
        shown = {*shown_fields(catalog, self.type), *fields}
        return {name: value for name, value in entity.items() if name in shown}

    def list_plain_fields(self, context: TaskContext) -> list[str]:
        """Return the fields that a list of the entities has: neither objects nor lists."""
        known = context.catalog.properties_in(self.type, context.release)
        return [
            name
            for name, each in known.items()
            if not (each.navigation or each.type.collection or context.catalog.is_schema(each.type.name))
        ]


def _is_empty(value: Any) -> bool:
    return value is None or value in ("", [], {}) or (isinstance(value, str) and not value.strip())


class UpsertBatch:
    """The entities of one batch. They are read once, and kept as the items change them.

    Items that have the same value in one of `turn_fields` take turns.
    """

    def __init__(
        self, entities: EntitySet, match_fields: Sequence[str], turn_fields: Collection[str]
    ) -> None:
        self.turns = Turns()
        self.turn_fields = turn_fields
        self.directory = Directory(entities.rules, match_fields)
        self._entities = entities
        self._reading = asyncio.Lock()
        self._read_at: float | None = None
        self._planned = 0

    async def open(self, context: TaskContext) -> None:
        """Read the entities, if they are not read yet. Raises ThreeCxError."""
        async with self._reading:
            if self._read_at is None:
                await self._read_all(context)

    async def refresh(self, context: TaskContext) -> None:
        """Read what was created since, if the list was read a while ago. Raises ThreeCxError."""
        async with self._reading:
            if self._read_at is not None and _clock() - self._read_at < FRESH:
                return
            highest = self.directory.highest
            if highest is None:
                await self._read_all(context)
            else:
                # The PBX counts its IDs up, so that new entities have higher ones.
                await self._read_some(context, {"$filter": f"{KEY} gt {highest}"})

    async def reload(self, context: TaskContext) -> None:
        """Read all entities again. Raises ThreeCxError."""
        async with self._reading:
            await self._read_all(context)

    async def read(
        self, context: TaskContext, key: Any, fields: Iterable[str], *, is_fresh: bool
    ) -> Entity | None:
        """Return an entity with these fields, None where it is not there any more. Raises ThreeCxError.

        It is read from the PBX where a list has not all of the fields, or a fresh state is wanted.
        """
        entity = self.directory.get(key)
        known = context.catalog.properties_in(self._entities.type, context.release)
        missing = [name for name in fields if name in known and (entity is None or name not in entity)]
        if self.is_planned(key) or not (missing or is_fresh):
            return entity
        expand = [name for name in fields if name in known and known[name].navigation]
        try:
            [found] = await context.read(
                self._entities.getter, {KEY: key, **({"$expand": expand} if expand else {})}
            )
        except ResponseError as error:
            if error.http_code != HTTPStatus.NOT_FOUND:
                raise
            self.directory.remove(key)
            return None
        self.directory.put({**(entity or {}), **found})
        return self.directory.get(key)

    def is_planned(self, key: Any) -> bool:
        """Return whether an entity is one that a dry run would have created."""
        return isinstance(key, _PlannedKey)

    def add_created(self, row: Mapping[str, Any], created: Sequence[Mapping[str, Any]]) -> Entity:
        """Take over an entity that was created from a row; in a dry run it has no ID of the PBX."""
        self._planned += 1
        entity = {KEY: _PlannedKey(self._planned), **row, **(created[0] if created else {})}
        self.directory.put(entity)
        return entity

    def change(self, key: Any, fields: Mapping[str, Any]) -> Entity:
        """Take over the fields of an update."""
        before = self.directory.get(key) or {KEY: key}
        # Its ETag is that of the state before.
        entity = {name: value for name, value in {**before, **fields}.items() if not name.startswith("@")}
        self.directory.put(entity)
        return entity

    async def _read_all(self, context: TaskContext) -> None:
        planned = [each for each in self.directory if self.is_planned(each[KEY])]
        self.directory.clear()
        await self._read_some(context, {})
        for each in planned:
            self.directory.put(each)

    async def _read_some(self, context: TaskContext, query: Mapping[str, Any]) -> None:
        # The state is that of the time before the request.
        read_at = _clock()
        select = self._entities.list_plain_fields(context)
        rows = await context.read(self._entities.lister, {**query, "$select": select})
        check_rows(rows, KEY, self._entities.rules.title)
        for each in rows:
            self.directory.put(each)
        self._read_at = read_at


class _PlannedKey(str):
    """The key of an entity that a dry run would have created."""

    __slots__ = ()

    def __new__(cls, number: int) -> _PlannedKey:
        return super().__new__(cls, f"(new {number})")
