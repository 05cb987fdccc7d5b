"""What an action's body must hold, read from its schema: refused with REQUIRED before a handler sees it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..refusals import REQUIRED, Problem, refuse

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ..model import Field, Model
    from ..registry import Call

# Parameters that the schema does not call nullable and a caller may nevertheless leave out: their defaults
# are what a PBX does without them. None: all of them.
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


def check_required(model: Model, call: Call) -> None:
    """Refuses with 400 and one problem per parameter that is missing; booleans are false where they are."""
    optional = _OPTIONAL.get(call.route.operation.id, frozenset())
    if optional is None:
        return
    fields = model.body_fields(call.route.shape)
    problems = [
        problem
        for name, field in fields.items()
        if name not in optional
        for problem in _missing(model, field, call.body.get(name))
    ]
    if problems:
        raise refuse(400, *problems)


def _missing(model: Model, field: Field, value: Any) -> Iterator[Problem]:
    if field.nullable or field.type == "Boolean":
        return
    if value is None or value == "":
        yield Problem(field.name, REQUIRED)
    elif field.kind == "complex" and not field.collection and field.type not in _entity_schemas(model):
        for inner in model.schema(field.type).values():
            is_text = inner.type == "String" and not inner.nullable and not inner.collection
            if is_text and not value.get(inner.name):
                yield Problem(f"{field.name}/{inner.name}", REQUIRED)


def _entity_schemas(model: Model) -> frozenset[str]:
    # Entities inside a body are completed like a create's: keys and numbers are the PBX's to choose.
    return frozenset(entity_set.schema for entity_set in model.sets.values())
