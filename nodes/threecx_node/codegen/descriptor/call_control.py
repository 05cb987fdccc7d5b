"""Build the properties of operations on live calls that are not like those of entities."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...catalog.call_control import DEVICE_ID, DN, PARTICIPANT_ID
from .locators import NOTHING_CHOSEN, draft_modes, draft_written_mode

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
        return {
            "displayName": "Extension",
            "name": DN,
            "type": "resourceLocator",
            "default": NOTHING_CHOSEN,
            "modes": draft_modes("searchEntities", draft_written_mode("By Number", "id", "e.g. 102")),
            "description": "Number of an extension, queue or route point",
        }
    if parameter.name == PARTICIPANT_ID:
        return _PARTICIPANT
    if parameter.name != DEVICE_ID:
        return None
    return {
        "displayName": "Device",
        "name": DEVICE_ID,
        "type": "resourceLocator",
        "default": NOTHING_CHOSEN,
        "modes": draft_modes(
            "searchDevices", draft_written_mode("By ID", "id", "e.g. sip:102@192.0.2.7:5060")
        ),
        "description": "Phone or app of the extension; a call takes the only registered one where this is empty",
        "typeOptions": {"loadOptionsDependsOn": [f"{DN}.value"]},
    }
