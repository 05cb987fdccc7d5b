"""Fill a PBX from a seed file: a JSON object of entity sets and singletons, added to an empty office.

    {"Groups": [{"Name": "Sales"}],
     "Users": [{"Number": "101", "FirstName": "Ada", "Groups": [{"Name": "Sales"}]}],
     "SystemStatus": {"FQDN": "pbx.example"}}

Entities are created in the order of the file, as by POST requests: with defaults for missing properties, by the
same rules and with the same errors. An entity must precede the references to it. The owner (100), the default
group and the client (900) of the office exist already; an entry with the number or key of one of them changes it.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from ...catalog import nearest_hint
from ...errors import ConfigurationError
from ..odata.errors import ErrorDetail, ODataError
from ..odata.payload import is_annotation, read_payload
from .empty_office import fill_empty_office

if TYPE_CHECKING:
    from ..odata.records import Entity, Key
    from ..odata.release_model import EntitySet
    from ..pbx.pbx import Pbx

_FORM = 'A seed file looks like {"Users": [{"Number": "101", "FirstName": "Ada"}]}.'


class SeedFile:
    """The content of a seed file; raises ConfigurationError if it is not a JSON object of sets."""

    def __init__(self, name: str, text: str) -> None:
        self.name = name
        try:
            self._content = json.loads(
                text, object_pairs_hook=_reject_repeats, parse_constant=_reject_constant
            )
        except json.JSONDecodeError as error:
            raise ConfigurationError(
                f"the seed {name} is not valid JSON: {error.msg} at line {error.lineno}, column {error.colno}",
                description=_FORM,
            ) from error
        except (ValueError, RecursionError) as error:
            raise ConfigurationError(f"the seed {name} cannot be read: {error}", description=_FORM) from error
        if not isinstance(self._content, dict):
            raise self._build_error("it is not a JSON object")

    def fill(self, pbx: Pbx) -> None:
        """Create the file's entities in an empty office; raise ConfigurationError for the first invalid one."""
        fill_empty_office(pbx)
        for name, given in self._content.items():
            if name in pbx.model.sets:
                if not isinstance(given, list):
                    raise self._build_error(f"{name} is not a list of entities")
                for index, entity in enumerate(given):
                    self._create(pbx, name, index, entity)
            elif name in pbx.model.singletons:
                self._change_singleton(pbx, name, given)
            else:
                known = (*pbx.model.sets, *pbx.model.singletons)
                raise self._build_error(
                    f"3CX {pbx.model.release} has no set {name!r}", nearest_hint(name, known)
                )

    def _create(self, pbx: Pbx, set_name: str, index: int, given: Any) -> None:
        place = f"{set_name}[{index}]"
        entity_set = pbx.model.sets[set_name]
        values = self._read(pbx, entity_set.schema, given, place)
        try:
            existing = _find_existing(pbx, entity_set, values)
            if existing is not None:
                values.pop(entity_set.key or "", None)
                pbx.entities.update(set_name, existing, values)
            else:
                pbx.entities.create(set_name, values)
        except ODataError as error:
            raise self._explain(place, error) from error

    def _change_singleton(self, pbx: Pbx, name: str, given: Any) -> None:
        values = self._read(pbx, pbx.model.singletons[name], given, name)
        try:
            if alias := pbx.views.alias(name):
                pbx.entities.update(*alias, values)
            else:
                pbx.entities.update_singleton(name, values)
        except ODataError as error:
            raise self._explain(name, error) from error

    def _read(self, pbx: Pbx, schema: str, given: Any, place: str) -> Entity:
        fields = pbx.model.schema(schema)
        try:
            return read_payload(pbx.model, fields, given, schema)
        except ODataError as error:
            hint = ""
            if isinstance(given, dict):
                unknown = [name for name in given if name not in fields and not is_annotation(name)]
                hint = nearest_hint(unknown[0], tuple(fields)) if unknown else ""
            raise self._explain(place, error, hint) from error

    def _explain(self, place: str, error: ODataError, hint: str = "") -> ConfigurationError:
        details = error.details or [ErrorDetail("", error.message)]
        first = details[0]
        target = f"{first.target}: " if first.target else ""
        more = f" (and {len(details) - 1} more)" if len(details) > 1 else ""
        return self._build_error(f"{place}: {target}{first.message}{more}", hint)

    def _build_error(self, what: str, hint: str = "") -> ConfigurationError:
        return ConfigurationError(f"the seed {self.name} cannot be used: {what}", description=hint or _FORM)


def _find_existing(pbx: Pbx, entity_set: EntitySet, values: Entity) -> Key | None:
    """Return the key of the entity that an entry changes, None for a new one; it is found by number or by key."""
    if entity_set.is_dn:
        owner = pbx.store.find_owner(values.get("Number") or "")
        if owner is not None and owner[0] == entity_set.name and owner[1] in _list_seeded_keys(pbx):
            return owner[1]
        return None
    key = values.get(entity_set.key or "")
    # The PBX chooses numeric keys; a text identifies its entity.
    return key if isinstance(key, str) and pbx.store.get(entity_set.name, key) else None


def _list_seeded_keys(pbx: Pbx) -> tuple[Key | None, ...]:
    # The entities of an empty office. Two entries with the same other number are an error in the file.
    owners = (pbx.store.find_owner(number) for number in ("100", "900"))
    groups = [key for key, record in pbx.store.table("Groups").items() if record.value["IsDefault"]]
    return (*(owner[1] if owner else None for owner in owners), *groups)


def _reject_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    read: dict[str, Any] = {}
    for name, value in pairs:
        if name in read:
            raise ValueError(f"{name!r} occurs twice in one object")
        read[name] = value
    return read


def _reject_constant(text: str) -> Any:
    raise ValueError(f"{text} is not a JSON number")
