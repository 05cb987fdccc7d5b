"""Seeds from files: a JSON object of entity sets and singletons, put on top of an empty office.

    {"Groups": [{"Name": "Sales"}],
     "Users": [{"Number": "101", "FirstName": "Ada", "Groups": [{"Name": "Sales"}]}],
     "SystemStatus": {"FQDN": "pbx.example"}}

Entities are created in the order of the file, as POST requests would: defaults for what is not said, the
same rules and refusals. What names an entity must come after it. The office's owner (100), its default group
and its client (900) are there already; an entry of theirs, told by its number or key, changes them.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from ..catalog import nearest_hint
from ..errors import ConfigurationError
from .body import read_body
from .refusals import Problem, Refusal
from .seed import empty

if TYPE_CHECKING:
    from .model import EntitySet
    from .pbx import Pbx
    from .state import Entity, Key

_FORM = 'A seed file looks like {"Users": [{"Number": "101", "FirstName": "Ada"}]}.'


class SeedFile:
    """A seed file's content; raises ConfigurationError where it is no JSON object of sets."""

    def __init__(self, name: str, text: str) -> None:
        self.name = name
        try:
            self._content = json.loads(text, object_pairs_hook=_without_repeats, parse_constant=_no_constant)
        except json.JSONDecodeError as error:
            raise ConfigurationError(
                f"the seed {name} is not JSON: {error.msg} at line {error.lineno}, column {error.colno}",
                description=_FORM,
            ) from error
        except (ValueError, RecursionError) as error:
            raise ConfigurationError(f"the seed {name} cannot be read: {error}", description=_FORM) from error
        if not isinstance(self._content, dict):
            raise self._error("it is no JSON object")

    def fill(self, pbx: Pbx) -> None:
        """Puts the file's entities into an empty office; raises ConfigurationError that says which cannot be."""
        empty(pbx)
        for name, given in self._content.items():
            if name in pbx.model.sets:
                if not isinstance(given, list):
                    raise self._error(f"{name} is no list of entities")
                for index, entity in enumerate(given):
                    self._create(pbx, name, index, entity)
            elif name in pbx.model.singletons:
                self._change(pbx, name, given)
            else:
                known = (*pbx.model.sets, *pbx.model.singletons)
                raise self._error(f"3CX {pbx.model.release} has no set {name!r}", nearest_hint(name, known))

    def _create(self, pbx: Pbx, set_name: str, index: int, given: Any) -> None:
        place = f"{set_name}[{index}]"
        entity_set = pbx.model.sets[set_name]
        values = self._read(pbx, entity_set.schema, given, place)
        try:
            there = _key_of_existing(pbx, entity_set, values)
            if there is not None:
                values.pop(entity_set.key or "", None)
                pbx.entities.update(set_name, there, values)
            else:
                pbx.entities.create(set_name, values)
        except Refusal as refusal:
            raise self._refused(place, refusal) from refusal

    def _change(self, pbx: Pbx, name: str, given: Any) -> None:
        values = self._read(pbx, pbx.model.singletons[name], given, name)
        try:
            if alias := pbx.views.alias(name):
                pbx.entities.update(*alias, values)
            else:
                pbx.entities.update_singleton(name, values)
        except Refusal as refusal:
            raise self._refused(name, refusal) from refusal

    def _read(self, pbx: Pbx, schema: str, given: Any, place: str) -> Entity:
        fields = pbx.model.schema(schema)
        try:
            return read_body(pbx.model, fields, given, schema)
        except Refusal as refusal:
            hint = ""
            if isinstance(given, dict):
                unknown = [name for name in given if name not in fields and "@" not in name]
                hint = nearest_hint(unknown[0], tuple(fields)) if unknown else ""
            raise self._refused(place, refusal, hint) from refusal

    def _refused(self, place: str, refusal: Refusal, hint: str = "") -> ConfigurationError:
        problems = refusal.problems or [Problem("", refusal.message)]
        first = problems[0]
        target = f"{first.target}: " if first.target else ""
        more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        return self._error(f"{place}: {target}{first.message}{more}", hint)

    def _error(self, what: str, hint: str = "") -> ConfigurationError:
        return ConfigurationError(f"the seed {self.name} cannot be used: {what}", description=hint or _FORM)


def _key_of_existing(pbx: Pbx, entity_set: EntitySet, values: Entity) -> Key | None:
    """The key of what an entry means that an empty office has already: by number, by name, by the set's key."""
    if entity_set.is_dn:
        owner = pbx.store.owner_of(values.get("Number") or "")
        if owner is not None and owner[0] == entity_set.name and owner[1] in _seeded(pbx):
            return owner[1]
        return None
    key = values.get(entity_set.key or "")
    # Numeric keys are the PBX's to choose; texts name their entity.
    return key if isinstance(key, str) and pbx.store.get(entity_set.name, key) else None


def _seeded(pbx: Pbx) -> tuple[Key | None, ...]:
    # What an empty office owns; a second entry with the number of a first one is a mistake in the file.
    owners = (pbx.store.owner_of(number) for number in ("100", "900"))
    groups = [key for key, record in pbx.store.table("Groups").items() if record.value["IsDefault"]]
    return (*(owner[1] if owner else None for owner in owners), *groups)


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    read: dict[str, Any] = {}
    for name, value in pairs:
        if name in read:
            raise ValueError(f"{name!r} stands twice in one object")
        read[name] = value
    return read


def _no_constant(text: str) -> Any:
    raise ValueError(f"{text} is no number of JSON")
