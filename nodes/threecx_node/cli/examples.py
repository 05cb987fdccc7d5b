"""Build the example of an operation: a command that can be pasted, and that runs on the simulator as it is."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any

from ..catalog.api_request import API_REQUEST, EXAMPLE
from ..values.json import dumps
from .example_values import BY_NAME, BY_OPERATION, BY_TYPE, KEYS, NUMBERS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..catalog import Catalog, Operation, OperationVersion, Parameter, Property

_SAMPLE_FILES = {"audio/wav": "closed.wav"}
_FIELDS_IN_EXAMPLE = 2
_READS = "GET"


def build_example(
    catalog: Catalog, operation: Operation, version: OperationVersion, fields: Mapping[str, Property]
) -> str:
    """Return the command; one that changes something has `--dry-run`, so that pasting it changes nothing.

    `fields` are the fields of the body in the release of `version`.
    """
    if operation.id == API_REQUEST:
        return EXAMPLE
    words = ["threecx", "execute", operation.id]
    for parameter in version.parameters:
        value = _choose_argument(operation, version, parameter)
        if value is not None:
            text = str(value).lower() if isinstance(value, bool) else value
            words += ["-p", f"{parameter.name}={text}"]
    if version.upload:
        words += ["-p", f"{version.upload.name}=@{_SAMPLE_FILES.get(version.upload.media_type, 'FILE')}"]
    if fields:
        names = _choose_names(catalog, operation, fields)
        body = {name: _choose_field(catalog, operation, version.releases[-1], fields[name]) for name in names}
        words += ["--body", dumps(body).decode()]
    if version.method != _READS:
        words.append("--dry-run")
    return shlex.join(words)


def _choose_argument(operation: Operation, version: OperationVersion, parameter: Parameter) -> Any:
    """Return the value of a path parameter, None for an optional one whose values are not known."""
    own = BY_OPERATION.get(operation.id, {})
    if parameter.name in own:
        return own[parameter.name]
    if version.key is not None and parameter.name == version.key.name and version.entity_set in KEYS:
        return KEYS[version.entity_set]
    if parameter.name.casefold() == "number" and version.entity_set in NUMBERS:
        return NUMBERS[version.entity_set]
    if (known := BY_NAME.get(parameter.name.casefold())) is not None:
        return known
    return None if parameter.optional else BY_TYPE.get(parameter.type, "text")


def _choose_names(catalog: Catalog, operation: Operation, fields: Mapping[str, Property]) -> list[str]:
    """Return the names of the fields that an example shows: those that 3CX requires, and two at least."""
    if own := [name for name in BY_OPERATION.get(operation.id, {}) if name in fields]:
        return own
    # Simple fields make the clearest example; keys are set by the PBX.
    plain = sorted(
        (name for name in fields if name not in ("Id", "Number")),
        key=lambda name: fields[name].type.name not in BY_TYPE or fields[name].type.collection,
    )
    choices = [each[0] for each in catalog.required_choices(operation) if len(each) > 1]
    needed = [*catalog.required_fields(operation), *choices]
    needed = [name for name in needed if name in fields]
    chosen = [*needed, *(name for name in plain if name not in needed)]
    return chosen[: max(_FIELDS_IN_EXAMPLE, len(needed))]


def _choose_field(catalog: Catalog, operation: Operation, release: str, field: Property) -> Any:
    own = BY_OPERATION.get(operation.id, {})
    if field.name in own:
        value = own[field.name]
        if not isinstance(value, dict) or not catalog.is_schema(field.type.name):
            return value
        known = catalog.properties_in(field.type.name, release)
        return {name: each for name, each in value.items() if name in known}
    if field.type.collection:
        return []
    if enum := catalog.enums.get(field.type.name):
        return enum.members[0]
    if field.type.name == "String" and field.name.endswith("DN"):
        return NUMBERS["Users"]
    if operation.kind == "update" and catalog.is_schema(field.type.name):
        # An object without a value would update nothing.
        return _fill_object(catalog.properties_in(field.type.name, release))
    sample = BY_NAME.get(field.name.casefold()) if operation.kind == "action" else None
    return BY_TYPE.get(field.type.name, {}) if sample is None else sample


def _fill_object(fields: Mapping[str, Property]) -> dict[str, Any]:
    """Return an object with its first simple field."""
    simple = (name for name, each in fields.items() if each.type.name in BY_TYPE and not each.type.collection)
    name = next(simple, None)
    return {} if name is None else {name: BY_TYPE[fields[name].type.name]}
