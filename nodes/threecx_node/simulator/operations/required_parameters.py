"""Check the required parameters of a function or action by their schema, before its handler runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..odata.errors import REQUIRED, ErrorDetail, ODataError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ..odata.release_model import ReleaseModel, SchemaField
    from .dispatch import Invocation

# Parameters that are not nullable in the schema, but that a PBX does not require: it has defaults for them.
# None means all parameters.
_OPTIONAL: Mapping[str, frozenset[str] | None] = {
    "Copy": None,
    "CreateContactByNumber": frozenset({"number"}),
    "GetDirectoryInfo": None,
    "Regenerate": None,
    "RegeneratePasswords": frozenset({"opts"}),
    "Restore": None,
    "Test": frozenset({"number", "query"}),
    "TestEmail": frozenset({"email"}),
    "TestOutboundCall": frozenset({"contact"}),
}


def check_required(model: ReleaseModel, invocation: Invocation) -> None:
    """Raise ODataError (400) with one detail per missing parameter; a missing boolean is false."""
    optional = _OPTIONAL.get(invocation.route.operation.id, frozenset())
    if optional is None:
        return
    fields = model.body_fields(invocation.route.version)
    details = [
        detail
        for name, field in fields.items()
        if name not in optional
        for detail in _find_missing(model, field, invocation.body.get(name))
    ]
    if details:
        raise ODataError.of(400, *details)


def _find_missing(model: ReleaseModel, field: SchemaField, value: Any) -> Iterator[ErrorDetail]:
    if field.nullable or field.type == "Boolean":
        return
    if value is None or value == "":
        yield ErrorDetail(field.name, REQUIRED)
    elif field.kind == "complex" and not field.collection and field.type not in _list_entity_schemas(model):
        for inner in model.schema(field.type).values():
            is_text = inner.type == "String" and not inner.nullable and not inner.collection
            if is_text and not value.get(inner.name):
                yield ErrorDetail(f"{field.name}/{inner.name}", REQUIRED)


def _list_entity_schemas(model: ReleaseModel) -> frozenset[str]:
    # Entities inside a body are completed as in a create: the PBX chooses keys and numbers.
    return frozenset(entity_set.schema for entity_set in model.sets.values())
