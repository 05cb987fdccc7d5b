"""Build the properties of operations on live calls that are not like those of entities."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...catalog.call_control import DEVICE_ID, DN, PARTICIPANT_ID

if TYPE_CHECKING:
    from ...catalog import Parameter
    from ...descriptor.definition import NodeProperty


# An expression that gives the handle of a call is enough; a participant's ID needs the extension too.
_PARTICIPANT: NodeProperty = {
    "displayName": "Call or Participant ID",
    "name": "participantId",
    "type": "string",
    "default": "={{ $json.call }}",
    "description": "Handle of the call, which an item of a call has in its field call; or the ID of a participant, "
    "with its extension",
}


def draft_call_parameter(parameter: Parameter) -> NodeProperty | None:
    """Return the property of a DN, a device or a participant, None for any other parameter."""
    if parameter.name == DN:
        draft = _draft_locator(DN, "Extension", "searchEntities", ("By Number", "e.g. 102"))
        return {**draft, "description": "Number of an extension, queue or route point"}
    if parameter.name == PARTICIPANT_ID:
        return _PARTICIPANT
    if parameter.name != DEVICE_ID:
        return None
    draft = _draft_locator(DEVICE_ID, "Device", "searchDevices", ("By ID", "e.g. sip:102@192.0.2.7:5060"))
    return {
        **draft,
        "description": "Phone or app of the extension; a call takes the only registered one where this is empty",
        "typeOptions": {"loadOptionsDependsOn": [f"{DN}.value"]},
    }


def _draft_locator(name: str, title: str, method: str, by_value: tuple[str, str]) -> NodeProperty:
    by_title, placeholder = by_value
    return {
        "displayName": title,
        "name": name,
        "type": "resourceLocator",
        "default": {"mode": "list", "value": ""},
        "modes": [
            {
                "displayName": "From List",
                "name": "list",
                "type": "list",
                "typeOptions": {"searchListMethod": method, "searchable": True},
            },
            {"displayName": by_title, "name": "id", "type": "string", "placeholder": placeholder},
        ],
    }
