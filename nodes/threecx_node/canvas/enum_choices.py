"""Build the choices of an enum."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..catalog.labels import title_of

if TYPE_CHECKING:
    from ..catalog import Catalog


def list_members(catalog: Catalog, type_name: str, release: str | None) -> list[dict[str, Any]]:
    """Return `name` and `value` of each member, empty where the type is not an enum or takes several members."""
    enum = catalog.enums.get(type_name)
    if enum is None or enum.flags:
        return []
    return [{"name": title_of(each), "value": each} for each in enum.members_in(release)]
