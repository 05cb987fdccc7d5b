"""Create an entity, or update the one that is there already: contacts, users and blocked numbers.

The entities are read once for a batch, and each row is compared with them: a row that changes nothing sends nothing.
Items about the same entity take turns, so that two rows with one number become one entity. Before an entity is created,
a list that was read a while ago is brought up to date. Where the response to a creation is lost, the entity is looked
for and not created a second time.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from ..catalog.tasks.upserts import ANY_PHONE, MATCHED_FIELDS, PHONE_FIELDS
from ..errors import ParameterError, ResponseError, ThreeCxError
from .code import TaskCode, keep_no_order
from .context import read_etag
from .matching import KEY, MatchRules
from .outcome import report
from .upsert_batch import EntitySet, UpsertBatch

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .context import TaskContext
    from .matching import Entity, Token
    from .outcome import Outcome
    from .values import Values

PAUSE = 1.0
"""The seconds that a PBX has to finish a creation whose response was lost."""

_IN_USE = "ALREADY_IN_USE"
# An entity that is deleted while it is updated is created again, but not for ever.
_MOST_ROUNDS = 3

CONTACTS = EntitySet(
    "UpsertContact",
    "Pbx.Contact",
    "ListContact",
    "GetContact",
    "CreateContact",
    "UpdateContact",
    MatchRules(
        "contact",
        phone_fields=PHONE_FIELDS,
        labels=("FirstName", "LastName", "CompanyName"),
        any_phone=ANY_PHONE,
    ),
    matched_by=(ANY_PHONE,),
)
USERS = EntitySet(
    "UpsertUser",
    "Pbx.User",
    "ListUser",
    "GetUser",
    "CreateUser",
    "UpdateUser",
    MatchRules("user", number_field="Number", has_extension=True, labels=("Number", "FirstName", "LastName")),
    matched_by=("Number", "EmailAddress"),
    fixed=("Number",),
)
BLOCKED_NUMBERS = EntitySet(
    "UpsertBlockedNumber",
    "Pbx.BlackListNumber",
    "ListBlackListNumber",
    "GetBlackListNumber",
    "CreateBlackListNumber",
    "UpdateBlackListNumber",
    MatchRules("blocked number", number_field="CallerId", labels=("CallerId", "Description")),
    matched_by=("CallerId",),
)


def _read_row(
    entities: EntitySet, values: Values
) -> tuple[dict[str, Any], list[set[Token]], tuple[str, ...]]:
    """Return a row, what it is compared by, and the fields that it is matched on. Raises ParameterError."""
    row = entities.read_row(values.body, empty_erases=values.emptyErases)
    match_on = _choose_match(entities, values)
    return row, entities.rules.read_keys(row, match_on), match_on


def _choose_match(entities: EntitySet, values: Values) -> tuple[str, ...]:
    """Return the fields that a row is matched on: those that are chosen, or the usual ones."""
    chosen: tuple[str, ...] = values.matchOn
    return chosen or entities.choose_match(entities.read_row(values.body, empty_erases=False))


async def _upsert(entities: EntitySet, context: TaskContext, values: Values) -> Outcome:
    row, keys, match_on = _read_row(entities, values)

    async def make() -> UpsertBatch:
        # Each item may be matched on other fields, and waits for those before it that have one of its values in them.
        matched = [name for each in context.all_values for name in _choose_match(entities, each)]
        return UpsertBatch(entities, MATCHED_FIELDS[entities.task], set(entities.rules.list_fields(matched)))

    batch = await context.shared(entities.task, make)
    with batch.turns.take(set(entities.rules.list_tokens(row, batch.turn_fields))) as wait:
        await wait()
        return await _Upsert(context, entities, batch, row, keys, match_on).run()


@dataclass(frozen=True, slots=True)
class _Upsert:
    """One row, in its turn: what it is compared by, and the fields that it is matched on."""

    _context: TaskContext
    _entities: EntitySet
    _batch: UpsertBatch
    _row: Mapping[str, Any]
    _keys: Sequence[set[Token]]
    _match_on: Sequence[str]

    async def run(self) -> Outcome:
        """Return what was done. Raises ThreeCxError."""
        await self._batch.open(self._context)
        for _ in range(_MOST_ROUNDS):
            found = self._find()
            if found is None:
                await self._batch.refresh(self._context)
                found = self._find()
            outcome = await (self._create() if found is None else self._update(found))
            if outcome is not None:
                return outcome
        raise ParameterError(
            f"the {self._title} was created and deleted several times meanwhile",
            description="Run the item again when no other program changes it.",
        )

    @property
    def _title(self) -> str:
        return self._entities.rules.title

    def _find(self) -> Entity | None:
        """Return the entity that matches the row, None where there is none. Raises ParameterError for several."""
        found = self._batch.directory.find(self._keys)
        if len(found) > 1:
            raise self._entities.rules.refuse_several(found, self._match_on)
        return found[0] if found else None

    async def _create(self) -> Outcome | None:
        """Create the entity, and return None where it is there by now."""
        try:
            created = await self._context.write(
                self._entities.creator,
                {"body": self._row},
                done=f"{self._title} {self._entities.rules.name(self._row)} was created",
            )
        except ThreeCxError as error:
            if error.outcome_unknown:
                return await self._look_for_created(error)
            if _IN_USE not in error.code:
                raise
            # Another client has created it meanwhile.
            await self._batch.reload(self._context)
            if self._find() is None:
                raise
            return None
        return self._report("created", self._batch.add_created(self._row, created), self._row)

    async def _look_for_created(self, error: ThreeCxError) -> Outcome:
        """Return the outcome of a creation whose response was lost. Raises `error` where it cannot be known."""
        await asyncio.sleep(PAUSE)
        try:
            await self._batch.reload(self._context)
        except ThreeCxError:
            raise error from None
        found = self._find()
        if found is None or self._entities.find_differences(self._row, found, self._match_on):
            # A slow PBX may still create it. Another run looks for it first.
            raise error
        return self._report("created", found, self._row)

    async def _update(self, found: Entity) -> Outcome | None:
        """Update the entity, and return None where it is not there any more."""
        key = found[KEY]
        async with self._context.lock((self._entities.task, key)):
            for is_fresh in (False, True):
                entity = await self._batch.read(self._context, key, self._row, is_fresh=is_fresh)
                if entity is None:
                    return None
                self._check_fixed(entity)
                fields = self._entities.find_differences(self._row, entity, self._match_on)
                if not fields:
                    return self._report("unchanged", entity, ())
                if await self._write(key, entity, fields, is_last=is_fresh):
                    return self._report("updated", self._batch.change(key, fields), fields)
        return None

    async def _write(self, key: Any, entity: Entity, fields: Mapping[str, Any], *, is_last: bool) -> bool:
        """Send the fields that differ, and return False where the entity has changed or gone since it was read."""
        # An entity that only a dry run has created has no ID yet.
        known_key = 0 if self._batch.is_planned(key) else key
        try:
            await self._context.write(
                self._entities.updater,
                {KEY: known_key, "body": fields},
                done=f"{self._title} {self._entities.rules.name(entity)} was updated ({', '.join(fields)})",
                if_match=read_etag(entity),
            )
        except ThreeCxError as error:
            if is_last or error.http_code not in (HTTPStatus.PRECONDITION_FAILED, HTTPStatus.NOT_FOUND):
                if isinstance(error, ResponseError):
                    error.message = f"{self._title} {self._entities.rules.name(entity)}: {error.message}"
                raise
            return False
        return True

    def _check_fixed(self, entity: Entity) -> None:
        """Raise ParameterError for a field that no update changes, such as the number of a user."""
        for name in self._entities.fixed:
            wanted, stored = self._row.get(name), entity.get(name)
            if wanted not in (None, "") and not self._entities.rules.are_alike(name, wanted, stored):
                raise ParameterError(
                    f"{name}: the {self._title} with this {' and '.join(self._match_on)} has {stored}, not {wanted}, "
                    "and 3CX cannot change it",
                    field=name,
                    description=f"Set {name} to {stored}, leave it out, or match on {name}.",
                )

    def _report(self, action: Any, entity: Entity, changed: Any) -> Outcome:
        shown = self._entities.show(self._context.catalog, entity, self._row)
        return report(action, tuple(changed), **shown)


def _make_code(entities: EntitySet) -> TaskCode:
    async def run(context: TaskContext, values: Values) -> Outcome:
        return await _upsert(entities, context, values)

    def check(values: Values) -> None:
        if isinstance(values.body, dict):
            entities.rules.check_numbers(values.body)
        _read_row(entities, values)

    # The items take turns by what they are compared by.
    return TaskCode(run, check=check, order_by=keep_no_order)


CODES = {each.task: _make_code(each) for each in (CONTACTS, USERS, BLOCKED_NUMBERS)}
