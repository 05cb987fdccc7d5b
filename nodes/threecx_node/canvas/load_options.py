"""List the choices of a query option, of the parts of a condition, or of a parameter whose type is an enum."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from ..catalog import nearest_hint
from ..catalog.filter_fields import FilterField, filter_fields, find_filter_field, takes_filter
from ..catalog.labels import title_of
from ..errors import UnknownNameError
from ..messages import FILTERS
from .enum_choices import list_members
from .task_choices import list_task_choices

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ..catalog import Catalog, Property


# Entities are not looked for by their secrets.
_SECRET = re.compile(r"(Password|Secret|PIN|Token|Key|Certificate)$")


def load_options(
    catalog: Catalog,
    operation: str,
    parameter: str,
    release: str | None,
    parameters: Mapping[str, Any] | None = None,
) -> list[dict[str, Any]]:
    """Return `name` and `value` of each choice for `$select`, `$expand`, `$orderby` or a parameter with an enum.

    The parts of a condition are `filters.field`, whose choices also have the `kind` of their values, and
    `filters.operator` and `filters.value` of the field that `parameters` names. Raises UnknownNameError where the
    operation does not have the parameter, or its entities not the field.
    """
    found = catalog.operation(operation)
    version = found.version(release)
    if parameter.startswith(f"{FILTERS}."):
        if not takes_filter(catalog, version):
            raise UnknownNameError(
                f"{operation} does not accept {FILTERS}", description="Leave it out.", field=parameter
            )
        return _list_condition_parts(catalog, version.returns.type, parameter, release, parameters or {})
    if parameter in ("$select", "$expand", "$orderby"):
        schema = version.returns.type
        if parameter not in version.query or not catalog.is_schema(schema):
            raise UnknownNameError(
                f"{operation} does not accept {parameter}", description="Leave it out.", field=parameter
            )
        return list(_list_properties(catalog.properties(schema), parameter))
    if found.task is not None and any(each.name == parameter for each in found.task.parameters):
        return list_task_choices(found.task, parameter)
    types = {each.name: each.type for each in version.parameters}
    types |= {name: each.type.name for name, each in catalog.body_properties(version, release).items()}
    if parameter not in types:
        raise UnknownNameError(f"{operation} has no parameter {parameter!r}", field=parameter)
    return list_members(catalog, types[parameter], release)


def _list_condition_parts(
    catalog: Catalog, schema: str, parameter: str, release: str | None, parameters: Mapping[str, Any]
) -> list[dict[str, Any]]:
    part = parameter.removeprefix(f"{FILTERS}.")
    fields = filter_fields(catalog, schema, release)
    if part == "field":
        return [
            {"name": each.title, "value": each.path, "kind": each.kind}
            for each in fields.values()
            if not _SECRET.search(each.path)
        ]
    name = str(parameters.get("field") or "").partition("|")[0]
    field = find_filter_field(catalog, schema, release, name)
    if part not in ("operator", "value") or not isinstance(field, FilterField):
        raise UnknownNameError(
            f"{parameter} has no choices"
            if isinstance(field, FilterField)
            else f"there is no field {name!r}"[:200],
            description=nearest_hint(name, tuple(fields)) or "Choose the field first.",
            field=parameter,
        )
    if part == "operator":
        return [{"name": title, "value": operator} for operator, title in field.operators.items()]
    if field.kind == "boolean":
        return [{"name": "False", "value": "false"}, {"name": "True", "value": "true"}]
    members = catalog.enums[field.type].members_in(release) if field.kind == "enum" else ()
    return [{"name": title_of(each), "value": each} for each in members]


def _list_properties(properties: Mapping[str, Property], parameter: str) -> Iterator[dict[str, Any]]:
    for name, each in sorted(properties.items()):
        label = title_of(name)
        if parameter == "$expand":
            if each.navigation:
                yield {"name": label, "value": name}
        elif parameter == "$select":
            if not each.navigation:
                yield {"name": label, "value": name}
        elif not each.navigation and not each.type.collection:
            yield {"name": label, "value": name}
            yield {"name": f"{label} (Descending)", "value": f"{name} desc"}
