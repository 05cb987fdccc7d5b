"""Properties of DNs: names with values that a number carries."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..defaults import complete
from ..refusals import ALREADY_IN_USE, Problem, refuse
from ..registry import Call, handles
from .common import not_found, number_owner, required

if TYPE_CHECKING:
    from ..pbx import Pbx
    from ..state import Entity

_TABLE = "DNProperties"


@handles("GetPropertiesByDn")
def _of_dn(pbx: Pbx, call: Call) -> list[Entity]:
    number = call.arguments["dnNumber"]
    if pbx.store.owner_of(number) is None:
        raise not_found("dnNumber")
    prefix = _key(number, "")
    return [r.value for key, r in pbx.store.table(_TABLE).items() if str(key).startswith(prefix)]


@handles("GetDNPropertyByName")
def _by_name(pbx: Pbx, call: Call) -> Entity:
    record = pbx.store.get(_TABLE, _key(call.arguments["dnNumber"], call.arguments["name"]))
    if record is None:
        raise not_found("name")
    return record.value


@handles("CreateDNProperty", "UpdateDNProperty")
def _put(pbx: Pbx, call: Call) -> None:
    number, given = required(call, "dnNumber"), required(call, "property")
    number_owner(pbx, number, "dnNumber")
    key = _key(number, given["Name"])
    old = pbx.store.get(_TABLE, key)
    creating = call.route.operation.id == "CreateDNProperty"
    if creating and old is not None:
        raise refuse(400, Problem("property/Name", ALREADY_IN_USE))
    if not creating and old is None:
        raise not_found("propertyName")
    own_id = old.value["Id"] if old else pbx.store.next_id(_TABLE)
    values = {**(old.value if old else {}), **given, "Id": own_id}
    pbx.store.put(_TABLE, key, complete(pbx.model, "Pbx.DNProperty", values))


@handles("DeleteDNProperty")
def _delete(pbx: Pbx, call: Call) -> None:
    if not pbx.store.delete(_TABLE, _key(required(call, "dnNumber"), required(call, "propertyName"))):
        raise not_found("propertyName")


def _key(number: str, name: str) -> str:
    return f"{number}\n{name}"
