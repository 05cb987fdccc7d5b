"""List the choices of a query option or of a parameter whose type is an enum."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..catalog.labels import title_of
from ..errors import UnknownNameError
from .enum_choices import list_members

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ..catalog import Catalog, Property


def load_options(
    catalog: Catalog, operation: str, parameter: str, release: str | None
) -> list[dict[str, Any]]:
    """Return `name` and `value` of each choice for `$select`, `$expand`, `$orderby` or a parameter with an enum.

    Raises UnknownNameError where the operation does not have the parameter.
    """
    found = catalog.operation(operation)
    version = found.version(release)
    if parameter in ("$select", "$expand", "$orderby"):
        schema = version.returns.type
        if parameter not in version.query or not catalog.is_schema(schema):
            raise UnknownNameError(
                f"{operation} does not accept {parameter}", description="Leave it out.", field=parameter
            )
        return list(_list_properties(catalog.properties(schema), parameter))
    types = {each.name: each.type for each in version.parameters}
    types |= {name: each.type.name for name, each in catalog.body_properties(version, release).items()}
    if parameter not in types:
        raise UnknownNameError(f"{operation} has no parameter {parameter!r}", field=parameter)
    return list_members(catalog, types[parameter], release)


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
