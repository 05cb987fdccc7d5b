"""Outbound rules in their order, call costs, emergency locations."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..odata.errors import DUPLICATE, ErrorDetail, ODataError
from ..pbx.defaults import complete
from .common import clear_table, get_records, list_entities, require
from .dispatch import Invocation, handles

if TYPE_CHECKING:
    from ..odata.records import Entity, Key
    from ..pbx.pbx import Pbx


@handles("GetEmergencyOutboundRules")
def _list_emergency_rules(pbx: Pbx, _invocation: Invocation) -> list[Entity]:
    return [rule for rule in list_entities(pbx, "OutboundRules") if rule["EmergencyRule"]]


@handles("MoveUpDown")
def _move_rule(pbx: Pbx, invocation: Invocation) -> None:
    wanted = require(invocation, "id")
    pbx.entities.record("OutboundRules", wanted)
    rules: list[tuple[Key, Entity]] = sorted(
        ((key, record.value) for key, record in pbx.store.table("OutboundRules").items()),
        key=lambda rule: rule[1]["Priority"] or 0,
    )
    place = next(index for index, (key, _) in enumerate(rules) if key == wanted)
    other = place - 1 if invocation.body.get("up") else place + 1
    if 0 <= other < len(rules):
        rules[place], rules[other] = rules[other], rules[place]
        for priority, (key, rule) in enumerate(rules, start=1):
            pbx.store.put("OutboundRules", key, {**rule, "Priority": priority})


@handles("Purge")
def _delete_rules(pbx: Pbx, invocation: Invocation) -> None:
    """Delete the rules with the given ids, or all rules if no ids are given."""
    ids = (invocation.body.get("purgeObject") or {}).get("Ids")
    keys = (
        [key for key, _ in get_records(pbx, "OutboundRules", ids)]
        if ids
        else list(pbx.store.table("OutboundRules"))
    )
    for key in keys:
        pbx.entities.delete("OutboundRules", key)


@handles("UpdateCost")
def _replace_costs(pbx: Pbx, invocation: Invocation) -> None:
    """Replace the table of costs."""
    costs = require(invocation, "costs")
    prefixes = [cost.get("Prefix") for cost in costs]
    if len(set(prefixes)) != len(prefixes):
        raise ODataError.of(400, ErrorDetail("costs/Prefix", DUPLICATE))
    clear_table(pbx, "CallCostSettings")
    for cost in costs:
        pbx.entities.create("CallCostSettings", cost)


@handles("Update")
def _replace_locations(pbx: Pbx, invocation: Invocation) -> Entity:
    """Replace the emergency locations."""
    locations = require(invocation, "locations")
    ids = [location.get("Id") for location in locations]
    if len(set(ids)) != len(ids):
        raise ODataError.of(400, ErrorDetail("locations/Id", DUPLICATE))
    clear_table(pbx, "EmergencyGeoLocations")
    for location in locations:
        values = complete(pbx.model, "Pbx.EmergencyGeoLocation", location)
        pbx.entities.create("EmergencyGeoLocations", values)
    return {}
