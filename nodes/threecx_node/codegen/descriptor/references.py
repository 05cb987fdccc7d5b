"""Build the properties whose value names another entity: one from a list with search, or several from a list.

n8n does not say which field asks for a list, so that there is a method of the node for each kind of value.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .list_texts import CHOOSE_NUMBERS
from .locators import draft_locator, draft_written_mode

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ...catalog.references import Reference

# Listing and value → the end of the method's name, and the name of the mode in which a person writes the value; a value
# that is written in expressions alone has none.
KINDS: Mapping[tuple[str, str], tuple[str, str]] = {
    ("GeCrmtTemplates", "Name"): ("CrmTemplates", "By Name"),
    ("ListCustomPrompt", "Filename"): ("Prompts", "By Name"),
    ("ListDeviceInfo", "MAC"): ("Phones", "By MAC Address"),
    ("ListEmergencyGeoLocation", "Id"): ("Locations", "By ID"),
    ("ListGroup", "Id"): ("Groups", "By ID"),
    ("ListGroup", "Number"): ("GroupNumbers", "By Number"),
    ("ListParameter", "Name"): ("Parameters", "By Name"),
    ("ListPeer", "Number"): ("Numbers", "By Number"),
    ("ListPlaylist", "Name"): ("Playlists", "By Name"),
    ("ListPromptSet", "Folder"): ("PromptSets", ""),
    ("ListPromptSet", "LanguageCode"): ("Languages", "By Code"),
    ("ListRecording", "Id"): ("Recordings", "By ID"),
    ("ListRecording", "RecordingUrl"): ("RecordingNames", "By Name"),
    ("ListTimeZones", "Id"): ("TimeZones", ""),
    ("ListTrunkTemplate", "Id"): ("TrunkTemplates", "By ID"),
    ("ListUser", "Id"): ("Users", "By ID"),
    ("ListUser", "Number"): ("Extensions", "By Number"),
}
# Listing → the method that lists numbers, and the word for one of them.
_SEVERAL: Mapping[str, tuple[str, str]] = {
    "ListGroup": ("getGroups", "Department"),
    "ListQueue": ("getQueues", "Queue"),
    "ListRingGroup": ("getRingGroups", "Ring Group"),
    "ListTrunk": ("getTrunks", "Trunk"),
    "ListUser": ("getUsers", "Extension"),
}


def draft_reference(reference: Reference, placeholder: str = "") -> Any:
    """Return type, default and what depends on them of a property for `reference`.

    Of several values, the display name and the description are those that n8n requires.
    """
    if reference.several:
        method, word = _SEVERAL[reference.listing]
        return {
            "displayName": f"{word} Names or IDs",
            "type": "multiOptions",
            "default": [],
            "description": CHOOSE_NUMBERS,
            "typeOptions": {"loadOptionsMethod": method},
        }
    ending, mode = KINDS[reference.listing, reference.value]
    written = [draft_written_mode(mode, "id", placeholder)] if mode else []
    return draft_locator(f"search{ending}", *written)
