"""Properties of DNs: pairs of name and value."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..odata.errors import ALREADY_IN_USE, EntityNotFoundError, ErrorDetail, ODataError
from ..pbx.defaults import complete
from .common import require, require_dn
from .dispatch import Invocation, handles

if TYPE_CHECKING:
    from ..odata.records import Entity
    from ..pbx.pbx import Pbx

_TABLE = "DNProperties"


@handles("GetPropertiesByDn")
def _list_properties(pbx: Pbx, invocation: Invocation) -> list[Entity]:
    number = invocation.arguments["dnNumber"]
    if pbx.store.find_owner(number) is None:
        raise EntityNotFoundError("dnNumber")
    prefix = _build_key(number, "")
    return [r.value for key, r in pbx.store.table(_TABLE).items() if str(key).startswith(prefix)]


@handles("GetDNPropertyByName")
def _get_property(pbx: Pbx, invocation: Invocation) -> Entity:
    record = pbx.store.get(_TABLE, _build_key(invocation.arguments["dnNumber"], invocation.arguments["name"]))
    if record is None:
        raise EntityNotFoundError("name")
    return record.value


@handles("CreateDNProperty", "UpdateDNProperty")
def _put_property(pbx: Pbx, invocation: Invocation) -> None:
    number, given = require(invocation, "dnNumber"), require(invocation, "property")
    require_dn(pbx, number, "dnNumber")
    key = _build_key(number, given["Name"])
    old = pbx.store.get(_TABLE, key)
    creating = invocation.route.operation.id == "CreateDNProperty"
    if creating and old is not None:
        raise ODataError.of(400, ErrorDetail("property/Name", ALREADY_IN_USE))
    if not creating and old is None:
        raise EntityNotFoundError("propertyName")
    own_id = old.value["Id"] if old else pbx.store.next_id(_TABLE)
    values = {**(old.value if old else {}), **given, "Id": own_id}
    pbx.store.put(_TABLE, key, complete(pbx.model, "Pbx.DNProperty", values))


@handles("DeleteDNProperty")
def _delete_property(pbx: Pbx, invocation: Invocation) -> None:
    if not pbx.store.delete(
        _TABLE, _build_key(require(invocation, "dnNumber"), require(invocation, "propertyName"))
    ):
        raise EntityNotFoundError("propertyName")


def _build_key(number: str, name: str) -> str:
    return f"{number}\n{name}"
