"""Outbound rules in their order, call costs, emergency locations."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..defaults import complete
from ..refusals import DUPLICATE, Problem, refuse
from ..registry import Call, handles
from .common import all_of, required, set_records

if TYPE_CHECKING:
    from ..pbx import Pbx
    from ..state import Entity, Key


@handles("GetEmergencyOutboundRules")
def _emergency(pbx: Pbx, _call: Call) -> list[Entity]:
    return [rule for rule in set_records(pbx, "OutboundRules") if rule["EmergencyRule"]]


@handles("MoveUpDown")
def _move(pbx: Pbx, call: Call) -> None:
    wanted = required(call, "id")
    pbx.entities.record("OutboundRules", wanted)
    rules: list[tuple[Key, Entity]] = sorted(
        ((key, record.value) for key, record in pbx.store.table("OutboundRules").items()),
        key=lambda rule: rule[1]["Priority"] or 0,
    )
    place = next(index for index, (key, _) in enumerate(rules) if key == wanted)
    other = place - 1 if call.body.get("up") else place + 1
    if 0 <= other < len(rules):
        rules[place], rules[other] = rules[other], rules[place]
        for priority, (key, rule) in enumerate(rules, start=1):
            pbx.store.put("OutboundRules", key, {**rule, "Priority": priority})


@handles("Purge")
def _purge(pbx: Pbx, call: Call) -> None:
    """Deletes the rules of these ids, without ids all of them."""
    ids = (call.body.get("purgeObject") or {}).get("Ids")
    keys = (
        [key for key, _ in all_of(pbx, "OutboundRules", ids)]
        if ids
        else list(pbx.store.table("OutboundRules"))
    )
    for key in keys:
        pbx.entities.delete("OutboundRules", key)


@handles("UpdateCost")
def _update_costs(pbx: Pbx, call: Call) -> None:
    """Replaces the table of costs: a prefix costs what was given, those that were not given go."""
    costs = required(call, "costs")
    prefixes = [cost.get("Prefix") for cost in costs]
    if len(set(prefixes)) != len(prefixes):
        raise refuse(400, Problem("costs/Prefix", DUPLICATE))
    for key in list(pbx.store.table("CallCostSettings")):
        pbx.store.delete("CallCostSettings", key)
    for cost in costs:
        pbx.entities.create("CallCostSettings", cost)


@handles("Update")
def _update_locations(pbx: Pbx, call: Call) -> Entity:
    """Replaces the emergency locations."""
    locations = required(call, "locations")
    ids = [location.get("Id") for location in locations]
    if len(set(ids)) != len(ids):
        raise refuse(400, Problem("locations/Id", DUPLICATE))
    for key in list(pbx.store.table("EmergencyGeoLocations")):
        pbx.store.delete("EmergencyGeoLocations", key)
    for location in locations:
        values = complete(pbx.model, "Pbx.EmergencyGeoLocation", location)
        pbx.entities.create("EmergencyGeoLocations", values)
    return {}
