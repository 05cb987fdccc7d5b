"""What handlers of many topics need: answers of a schema, documents that are kept, members that must exist."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from ..defaults import complete, new_entity
from ..literals import format_date_time
from ..refusals import FILE_NOT_FOUND, NON_EXISTENT_NUMBER, REQUIRED, Problem, Refusal, not_found, refuse

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..dialplan import Dn
    from ..pbx import Pbx
    from ..registry import Call
    from ..state import Entity, Key, Record

# Single documents that no set or singleton holds, by name.
DOCUMENTS = "(settings)"


def now() -> str:
    """This moment, as the API writes it."""
    return format_date_time(datetime.now(UTC))


def required(call: Call, name: str) -> Any:
    """A body's member; refuses with 400 where it is missing, null or empty text."""
    value = call.body.get(name)
    if value is None or value == "":
        raise refuse(400, Problem(name, REQUIRED))
    return value


def made(pbx: Pbx, schema: str, **values: Any) -> Entity:
    """An object of `schema` with `values` and defaults; what this release lacks falls away."""
    fields = pbx.model.schema(schema)
    known = {
        name: value
        for name, value in values.items()
        if name in fields and (fields[name].kind != "enum" or value in pbx.model.enum(fields[name].type))
    }
    return complete(pbx.model, schema, known)


def template(pbx: Pbx, schema: str, **values: Any) -> Entity:
    """What an Init function gives: an entity that POST takes back, with Id 0 and without what needs $expand."""
    return pbx.plain(schema, complete(pbx.model, schema, {"Id": 0, **values}))


def document(pbx: Pbx, name: str, schema: str) -> Entity:
    """The kept document of a name, its defaults where nobody ever set it."""
    record = pbx.store.get(DOCUMENTS, name)
    return record.value if record else new_entity(pbx.model, schema)


def keep(pbx: Pbx, name: str, value: Entity) -> None:
    """Puts a document in the place of its older self."""
    pbx.store.put(DOCUMENTS, name, value)


def number_owner(pbx: Pbx, number: str, target: str) -> Dn:
    """Who owns a number; refuses with 400 that names the body's member."""
    dn = pbx.entities.dial_plan.by_number(number)
    if dn is None:
        raise refuse(400, Problem(target, NON_EXISTENT_NUMBER))
    return dn


def owned(pbx: Pbx, set_name: str, call: Call) -> Record:
    """The entity that the path's key names; refuses with 404."""
    key = call.route.arguments[0].name
    return pbx.entities.record(set_name, call.arguments[key], key)


def all_of(pbx: Pbx, set_name: str, keys: Iterable[Key]) -> list[tuple[Key, Record]]:
    """The records of all keys, each once; refuses with 404 at the first that is not there."""
    return [(key, pbx.entities.record(set_name, key)) for key in dict.fromkeys(keys)]


def changed(pbx: Pbx, set_name: str, key: Key, **values: Any) -> None:
    """Changes properties of a stored entity, those that this release has."""
    old = pbx.entities.record(set_name, key).value
    pbx.store.put(set_name, key, {**old, **{name: value for name, value in values.items() if name in old}})


def change_singleton(pbx: Pbx, name: str, **values: Any) -> None:
    """Changes properties of a singleton, those that this release has."""
    fields = pbx.model.schema(pbx.model.singletons[name])
    known = {name: value for name, value in values.items() if name in fields}
    pbx.entities.update_singleton(name, known)


def set_records(pbx: Pbx, set_name: str) -> list[Entity]:
    """The stored entities of a set, none where this release has no such set."""
    return [record.value for record in pbx.store.table(set_name).values()]


def no_file(target: str) -> Refusal:
    """The 404 of a file that is not there."""
    return refuse(404, Problem(target, FILE_NOT_FOUND))


def new_secret() -> str:
    """A key or password that nobody can guess."""
    return secrets.token_urlsafe(24)


__all__ = [
    "DOCUMENTS",
    "all_of",
    "change_singleton",
    "changed",
    "document",
    "keep",
    "made",
    "new_secret",
    "no_file",
    "not_found",
    "now",
    "number_owner",
    "owned",
    "required",
    "set_records",
    "template",
]
