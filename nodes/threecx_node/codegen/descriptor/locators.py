"""Draft fields whose value is an entity: chosen from a list that the PBX fills, or written."""

from __future__ import annotations

from typing import Any

NOTHING_CHOSEN = {"mode": "list", "value": ""}
"""The default of a field whose value is an entity."""


def _draft_list_mode(method: str) -> dict[str, Any]:
    """Return the mode in which a person chooses from the list of a method of the node."""
    return {
        "displayName": "From List",
        "name": "list",
        "type": "list",
        "typeOptions": {"searchListMethod": method, "searchable": True},
    }


def draft_written_mode(title: str, name: str, placeholder: str = "") -> dict[str, Any]:
    """Return a mode in which a person writes the value; `name` says to the executor what it is."""
    mode = {"displayName": title, "name": name, "type": "string"}
    return {**mode, "placeholder": placeholder} if placeholder else mode


def draft_modes(method: str, *written: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the modes of a field: a list first, then those in which a person writes the value."""
    return [_draft_list_mode(method), *written]


def draft_locator(method: str, *written: dict[str, Any]) -> Any:
    """Return type, default and modes of a field, by which the draft of another type is replaced."""
    return {"type": "resourceLocator", "default": NOTHING_CHOSEN, "modes": draft_modes(method, *written)}


def draft_entity_locator(entity_set: str, *, by_number: bool) -> Any:
    """Return type, default and modes of a field whose value is an entity of a set."""
    modes = [draft_written_mode("By ID", "id")]
    if by_number:
        by_name = entity_set == "Groups"
        title, placeholder = ("By Name or Number", "e.g. Sales") if by_name else ("By Number", "e.g. 100")
        modes.insert(0, draft_written_mode(title, "number", placeholder))
    return draft_locator(f"search{entity_set}", *modes)
