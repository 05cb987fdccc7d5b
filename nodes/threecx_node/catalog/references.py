"""Find what the parameters and fields that name another entity refer to: the list to choose from, and its value.

A value that names an entity is an ID, a number or a name of it, as the API expects it. The tables are complete: a test
goes through all parameters and fields with such names, and lists those that refer to nothing that 3CX lists.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .catalog import Catalog
    from .models import Operation, Property


@dataclass(frozen=True, slots=True)
class Reference:
    """The operation that lists the entities, and the property of them that is the value.

    With `several`, the value is a text with the values of several entities, separated by commas.
    """

    listing: str
    value: str
    several: bool = False


_USER, _USERS = Reference("ListUser", "Number"), Reference("ListUser", "Number", several=True)
_USER_ID = Reference("ListUser", "Id")
_QUEUES = Reference("ListQueue", "Number", several=True)
_GROUP, _GROUPS = Reference("ListGroup", "Number"), Reference("ListGroup", "Number", several=True)
_GROUP_ID = Reference("ListGroup", "Id")
_DN = Reference("ListPeer", "Number")
_TRUNK, _TRUNK_ID = Reference("ListTrunk", "Number"), Reference("ListTrunk", "Id")
_PROMPT = Reference("ListCustomPrompt", "Filename")
_PROMPT_SET = Reference("ListPromptSet", "Folder")
_LANGUAGE = Reference("ListPromptSet", "LanguageCode")
_TIME_ZONE = Reference("ListTimeZones", "Id")
_SBC = Reference("ListSbc", "Name")
_LOCATION = Reference("ListEmergencyGeoLocation", "Id")
_PHONE = Reference("ListDeviceInfo", "MAC")
_PLAYLIST = Reference("ListPlaylist", "Name")
_COUNTRY = Reference("ListCountry", "Name")
_CODEC = Reference("ListCodecs", "RfcName")

PARAMETERS: Mapping[str, Reference] = {
    "agentDnStr": _USERS,
    "dnNumber": _DN,
    "extension": _USER,
    "extensionDns": _USERS,
    "extensionFilter": _USERS,
    "fromExtension": _USER,
    "groupFilter": _GROUP,
    "groupNumber": _GROUP,
    "groupStr": _GROUPS,
    "mac": _PHONE,
    "playlistKey": _PLAYLIST,
    "queueDns": _QUEUES,
    "queueDnStr": _QUEUES,
    "recId": Reference("ListRecording", "Id"),
    "recName": Reference("ListRecording", "RecordingUrl"),
    "ringGroupDns": Reference("ListRingGroup", "Number", several=True),
    "template": Reference("ListTrunkTemplate", "Id"),
    "toExtension": _USER,
    "trunkDns": Reference("ListTrunk", "Number", several=True),
    "userId": _USER_ID,
}
"""The path parameters that are not the key of an entity, by name."""

PARAMETERS_OF: Mapping[tuple[str, str], Reference] = {
    ("GetCallLog", "dn"): _DN,
    ("GetContactsByNumber", "number"): _DN,
    ("GetParameterByName", "name"): Reference("ListParameter", "Name"),
    ("GetCrmTemplateSource", "name"): Reference("GeCrmtTemplates", "Name"),
}
"""The path parameters whose name says too little, by operation and name."""

FIELDS: Mapping[str, Reference] = {
    "AutoPickupForwardDN": _DN,
    "CallbackOfferPrompt": _PROMPT,
    "Codecs": _CODEC,
    "ComfortPrompts": _PROMPT,
    "CountryName": _COUNTRY,
    "CustomPrompt": _PROMPT,
    "DestinationNoAnswerPrompt": _PROMPT,
    "DnNumbers": _DN,
    "EmergencyLocationId": _LOCATION,
    "EmergencyPlayPrompt": _PROMPT,
    "ForwardDN": _DN,
    "GreetingFile": _PROMPT,
    "Group": _GROUP,
    "GroupID": _GROUP_ID,
    "GroupId": _GROUP_ID,
    "GroupIds": _GROUP_ID,
    "GroupNames": Reference("ListGroup", "Name"),
    "HolidayPrompt": _PROMPT,
    "HotelGroups": _GROUP,
    "IntroFile": _PROMPT,
    "InvalidKeyForwardDN": _DN,
    "OnHoldFile": _PROMPT,
    "OperatorExtension": _DN,
    "PhoneUserId": _USER_ID,
    "PrimaryGroupId": _GROUP_ID,
    "PromptFilename": _PROMPT,
    "PromptSet": _PROMPT_SET,
    "Queue": Reference("ListQueue", "Number"),
    "SbcName": _SBC,
    "ServiceNames": Reference("ListServiceInfo", "Name"),
    "TimeZoneId": _TIME_ZONE,
    "TimeoutForwardDN": _DN,
    "TranscribeLanguage": Reference("GetTranscribeLanguages", "Code"),
    "TrunkDn": _TRUNK,
    "TrunkId": _TRUNK_ID,
    "dn": _DN,
    "dnNumber": _DN,
    "extension": _DN,
    "firmwareId": Reference("ListFirmware", "Id"),
    "mac": _PHONE,
    "macs": _PHONE,
    "playlistKey": _PLAYLIST,
    "userId": _USER_ID,
}
"""The fields of bodies and of the objects in them, by name."""

FIELDS_OF: Mapping[tuple[str, str], Reference] = {
    ("CreateContactByNumber", "number"): _DN,
    ("DeleteCompanyByNumber", "number"): _GROUP,
    ("DeleteContactsByType", "number"): _DN,
    ("GetRoutes", "ids"): Reference("ListPeer", "Id"),
    ("LinkGroupPartner", "groupId"): _GROUP_ID,
    ("ReplaceGroupLicenseKey", "groupId"): _GROUP_ID,
    ("DeleteCompanyById", "id"): _GROUP_ID,
    ("Pbx.AgentRoutingAction", "Number"): _DN,
    ("Pbx.AgentRoutingDirectory", "Number"): _DN,
    ("Pbx.AgentSettings", "Language"): _LANGUAGE,
    ("Pbx.Destination", "Number"): _DN,
    ("Pbx.DeviceLine", "Number"): _DN,
    ("Pbx.Gateway", "TemplateFilename"): Reference("ListTrunkTemplate", "Id"),
    ("Pbx.Group", "Language"): _LANGUAGE,
    ("Pbx.OutboundRoute", "TrunkName"): Reference("ListTrunk", "Number"),
    ("Pbx.Phone", "TemplateName"): Reference("ListPhoneTemplate", "Id"),
    ("Pbx.QueueAgent", "Number"): _USER,
    ("Pbx.QueueManager", "Number"): _USER,
    ("Pbx.RingGroupMember", "Number"): _USER,
    ("Pbx.Route", "Prompt"): _PROMPT,
    ("Pbx.ScheduledReport", "DN"): Reference("ListPeer", "Number", several=True),
    ("Pbx.SendEmail", "Template"): Reference("ListEmailTemplate", "TemplatePath"),
    ("Pbx.User", "Language"): _LANGUAGE,
}
"""The fields whose name says too little, by the schema or the operation that has them, and their name."""

# The entities that an action is about, where its path names the set alone.
_OWN_KEYS = frozenset({"id", "ids", "Ids"})


def find_reference(catalog: Catalog, operation: Operation, name: str) -> Reference | None:
    """Return what a parameter or a field of the body refers to, None where it refers to nothing.

    The path of a field inside an object or a list is written with slashes: `Agents/Number`.
    """
    version = operation.version()
    if any(each.name == name and each != version.key for each in version.parameters):
        found = PARAMETERS_OF.get((operation.id, name)) or PARAMETERS.get(name)
        return found if found is not None and _is_listed(catalog, found) else None
    owner = version.body if isinstance(version.body, str) else operation.id
    properties = catalog.body_properties(version)
    *parents, last = name.split("/")
    for parent in parents:
        declared = properties.get(parent)
        if declared is None or not catalog.is_schema(declared.type.name):
            return None
        owner = declared.type.name
        properties = catalog.properties(owner)
    if last not in properties:
        return None
    if not parents and last in _OWN_KEYS and (owner, last) not in FIELDS_OF and not operation.task:
        return _find_own(catalog, operation)
    found = find_field_reference(catalog, owner, properties[last])
    return found if found is not None and _is_listed(catalog, found) else None


def find_field_reference(catalog: Catalog, owner: str, declared: Property) -> Reference | None:
    """Return what a field of a schema, or of an operation's body, refers to, None where it refers to nothing."""
    if declared.type.name in catalog.enums or catalog.is_schema(declared.type.name):
        return None
    return FIELDS_OF.get((owner, declared.name)) or FIELDS.get(declared.name)


def _find_own(catalog: Catalog, operation: Operation) -> Reference | None:
    """Return the entities of the set at which an action is."""
    listing = catalog.listing(operation.version().entity_set)
    key = catalog.entity_key(listing.version()) if listing is not None else None
    return Reference(listing.id, key or "Id") if listing is not None else None


def _is_listed(catalog: Catalog, reference: Reference) -> bool:
    """Return whether the catalog, which may be that of an older PBX, has the list."""
    return reference.listing in catalog.operation_ids
