"""Helpers of the handlers: check input, read and change entities, build results."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from ..odata.errors import NON_EXISTENT_NUMBER, REQUIRED, ErrorDetail, ODataError
from ..odata.literals import format_date_time
from ..pbx.defaults import build_default_entity, complete

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..odata.records import Entity, Key, Record
    from ..pbx.dial_plan import Dn
    from ..pbx.pbx import Pbx
    from .dispatch import Invocation

# The table of documents that belong to no set and no singleton, by name.
DOCUMENTS = "(settings)"


def format_now() -> str:
    """Return the current time in the API's form."""
    return format_date_time(datetime.now(UTC))


def generate_secret() -> str:
    """Return a random key or password."""
    return secrets.token_urlsafe(24)


# Check input.


def require(invocation: Invocation, name: str) -> Any:
    """Return a member of the body; raise ODataError (400) if it is missing, null or an empty text."""
    value = invocation.body.get(name)
    if value is None or value == "":
        raise ODataError.of(400, ErrorDetail(name, REQUIRED))
    return value


def require_dn(pbx: Pbx, number: str, target: str) -> Dn:
    """Return the DN of a number; raise ODataError (400) that names the body's member `target`."""
    dn = pbx.entities.dial_plan.find_by_number(number)
    if dn is None:
        raise ODataError.of(400, ErrorDetail(target, NON_EXISTENT_NUMBER))
    return dn


# Read and change entities.


def get_addressed(pbx: Pbx, set_name: str, invocation: Invocation) -> Record:
    """Return the record of the key in the path; raise EntityNotFoundError."""
    key = invocation.route.arguments[0].name
    return pbx.entities.record(set_name, invocation.arguments[key], key)


def get_records(pbx: Pbx, set_name: str, keys: Iterable[Key]) -> list[tuple[Key, Record]]:
    """Return the records of all keys, each once; raise EntityNotFoundError for the first missing one."""
    return [(key, pbx.entities.record(set_name, key)) for key in dict.fromkeys(keys)]


def list_entities(pbx: Pbx, set_name: str) -> list[Entity]:
    """Return the stored entities of a set, an empty list if the release has no such set."""
    return [record.value for record in pbx.store.table(set_name).values()]


def clear_table(pbx: Pbx, name: str) -> None:
    """Delete all records of a table."""
    for key in list(pbx.store.table(name)):
        pbx.store.delete(name, key)


def change_entity(pbx: Pbx, set_name: str, key: Key, **values: Any) -> None:
    """Change properties of a stored entity; skip those that the release does not have."""
    old = pbx.entities.record(set_name, key).value
    pbx.store.put(set_name, key, {**old, **{name: value for name, value in values.items() if name in old}})


def change_singleton(pbx: Pbx, name: str, **values: Any) -> None:
    """Change properties of a singleton; skip those that the release does not have."""
    fields = pbx.model.schema(pbx.model.singletons[name])
    supported = {name: value for name, value in values.items() if name in fields}
    pbx.entities.update_singleton(name, supported)


def read_document(pbx: Pbx, name: str, schema: str) -> Entity:
    """Return the stored document of a name, the defaults of `schema` if none is stored."""
    record = pbx.store.get(DOCUMENTS, name)
    return record.value if record else build_default_entity(pbx.model, schema)


def store_document(pbx: Pbx, name: str, value: Entity) -> None:
    """Store a document in place of the older one."""
    pbx.store.put(DOCUMENTS, name, value)


# Build results.


def build_entity(pbx: Pbx, schema: str, **values: Any) -> Entity:
    """Return an object of `schema` with `values` and defaults; skip values that the release does not have."""
    fields = pbx.model.schema(schema)
    supported = {
        name: value
        for name, value in values.items()
        if name in fields and (fields[name].kind != "enum" or value in pbx.model.enum(fields[name].type))
    }
    return complete(pbx.model, schema, supported)


def build_template(pbx: Pbx, schema: str, **values: Any) -> Entity:
    """Return the result of an Init function: an entity that POST accepts, with Id 0 and nothing expanded."""
    return pbx.select_plain(schema, complete(pbx.model, schema, {"Id": 0, **values}))
