"""Find the entity that a row of values is about: by telephone numbers, however they are written, or by other fields."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..errors import ParameterError
from ..values.coerce import describe
from ..values.phone_numbers import is_shortened, join_digits, join_extension, normalize_number

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

Entity = dict[str, Any]
Token = tuple[str, str]

KEY = "Id"

_DIGIT = re.compile(r"[0-9]")
_NUMBER = "number"
# A message names this many of the entities that match.
_NAMED = 5
_CHOOSE = "or choose other fields to match on (matchOn)"


@dataclass(frozen=True, slots=True)
class MatchRules:
    """How the entities of a set are compared with rows.

    `title` is what a message calls one. `phone_fields` contain telephone numbers, any of which may be the same.
    `number_field` is another field with a number, where a text without digits counts too; it is that of an extension
    where `has_extension` says so. `labels` are the fields that name an entity in a message. `any_phone` stands for all
    phone fields among the fields to match on.
    """

    title: str
    phone_fields: tuple[str, ...] = ()
    number_field: str = ""
    has_extension: bool = False
    labels: tuple[str, ...] = ()
    any_phone: str = ""

    def list_tokens(self, entity: Mapping[str, Any], fields: Iterable[str]) -> Iterator[Token]:
        """Yield what entities are compared by: the values of these fields, however they are written."""
        for field in fields:
            if text := self._normalize(field, entity.get(field)):
                yield (_NUMBER if field in self.phone_fields else field, text)

    def _normalize(self, field: str, value: Any) -> str:
        text = "" if value is None else str(value)
        if not self.is_number(field):
            return " ".join(text.split()).casefold()
        if field == self.number_field and self.has_extension:
            return join_extension(text).casefold()
        number = normalize_number(text).casefold()
        return number if field == self.number_field or _DIGIT.search(number) else ""

    def write_number(self, number: str) -> str:
        """Return the value of the number field as the PBX compares it."""
        return join_extension(number) if self.has_extension else join_digits(number)

    def check_numbers(self, row: Mapping[str, Any]) -> None:
        """Raise ParameterError for a telephone number whose last digits a spreadsheet has left out."""
        for name, value in row.items():
            if self.is_number(name) and isinstance(value, str) and is_shortened(value):
                raise ParameterError(
                    f"{name}: expected a telephone number with all its digits, got {describe(value.strip())}",
                    field=name,
                    description="Format the column of the spreadsheet as text, and fill in the numbers again; nothing "
                    "was sent for this item.",
                )

    def list_fields(self, match_on: Iterable[str]) -> Iterator[str]:
        """Yield the fields that are meant by the fields to match on."""
        for name in match_on:
            yield from self.phone_fields if name == self.any_phone else (name,)

    def is_number(self, field: str) -> bool:
        """Return whether a field has a telephone number."""
        return field in self.phone_fields or field == self.number_field

    def are_alike(self, field: str, first: Any, second: Any) -> bool:
        """Return whether two values of a field differ at most in how they are written."""
        return bool(text := self._normalize(field, first)) and text == self._normalize(field, second)

    def read_keys(self, row: Mapping[str, Any], match_on: Sequence[str]) -> list[set[Token]]:
        """Return the tokens of a row: an entity matches if it has one of each set.

        Raises ParameterError where a field to match on is empty, or has no number.
        """
        keys = []
        for name in match_on:
            tokens = set(self.list_tokens(row, self.list_fields([name])))
            if not tokens:
                raise self._refuse_empty(name, row)
            keys.append(tokens)
        return keys

    def _refuse_empty(self, name: str, row: Mapping[str, Any]) -> ParameterError:
        if name == self.any_phone:
            filled = [each for each in self.phone_fields if row.get(each)]
            what = f"{filled[0]} has no digits" if filled else "no field has a telephone number"
            return ParameterError(
                f"the {self.title} cannot be matched: {what}",
                field="body",
                description=f"Fill {self.phone_fields[0]} or another number, {_CHOOSE}.",
            )
        what = "has no digits" if row.get(name) else "is empty"
        return ParameterError(
            f"the {self.title} cannot be matched: {name} {what}",
            field=name,
            description=f"Fill {name}, {_CHOOSE}. Nothing was sent for this item.",
        )

    def describe(self, entity: Mapping[str, Any]) -> str:
        """Return the ID and the name of an entity for a message."""
        key = f"ID {entity.get(KEY)}"
        name = self.name(entity)
        return f"{name} ({key})" if name else key

    def name(self, entity: Mapping[str, Any]) -> str:
        """Return what people call an entity, empty where it has no name."""
        return " ".join(str(entity[each]) for each in self.labels if entity.get(each))

    def refuse_several(self, found: Sequence[Mapping[str, Any]], match_on: Sequence[str]) -> ParameterError:
        """Return the error of a row that matches more than one entity."""
        named = ", ".join(self.describe(each) for each in found[:_NAMED])
        more = f" and {len(found) - _NAMED} more" if len(found) > _NAMED else ""
        by = " and ".join("number" if each == self.any_phone else each for each in match_on)
        return ParameterError(
            f"{len(found)} {self.title}s have the same {by}: {named}{more}",
            field="matchOn",
            description=f"Delete the ones that are too many, {_CHOOSE}. Nothing was sent for this item.",
        )


class Directory:
    """The entities of a set, found by their tokens."""

    def __init__(self, rules: MatchRules, fields: Sequence[str]) -> None:
        self._rules = rules
        self._fields = fields
        self._entities: dict[Any, Entity] = {}
        self._ids: dict[Token, dict[Any, None]] = {}

    def __iter__(self) -> Iterator[Entity]:
        yield from self._entities.values()

    @property
    def highest(self) -> int | None:
        """Return the highest ID, None where IDs are not numbers."""
        return max((key for key in self._entities if isinstance(key, int)), default=None)

    def clear(self) -> None:
        """Remove all entities."""
        self._entities.clear()
        self._ids.clear()

    def get(self, key: Any) -> Entity | None:
        """Return the entity with this ID, None where there is none."""
        return self._entities.get(key)

    def put(self, entity: Mapping[str, Any]) -> None:
        """Add an entity, or take over what it is now."""
        key = entity[KEY]
        self.remove(key)
        self._entities[key] = dict(entity)
        for token in self._rules.list_tokens(entity, self._fields):
            self._ids.setdefault(token, {})[key] = None

    def remove(self, key: Any) -> None:
        """Remove an entity, if it is there."""
        if (before := self._entities.pop(key, None)) is not None:
            for token in self._rules.list_tokens(before, self._fields):
                self._ids.get(token, {}).pop(key, None)

    def find(self, keys: Sequence[set[Token]]) -> list[Entity]:
        """Return the entities that have one token of each set."""
        matched = [
            {key: None for token in sorted(tokens) for key in self._ids.get(token, ())} for tokens in keys
        ]
        first, *others = matched
        return [self._entities[key] for key in first if all(key in other for other in others)]
