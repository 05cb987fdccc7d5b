"""The table of references: complete by rule, and about lists that 3CX has."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

import pytest

from threecx_node.catalog import Catalog, Property, load_catalog
from threecx_node.catalog.references import (
    FIELDS,
    FIELDS_OF,
    PARAMETERS,
    PARAMETERS_OF,
    Reference,
    find_field_reference,
    find_reference,
)
from threecx_node.simulator.pbx.references import REFERENCES as CHECKED_BY_THE_SIMULATOR

CATALOG = load_catalog()
# The names of parameters and fields that may name another entity.
_NAMES = re.compile(
    r"(Id|ID|Ids|id|ids|Number|Numbers|number|(?<!q)(?<!Q)[Dd][Nn]|Dns|DnStr|groupStr|Group|Groups|GroupNames|Queue|Trunk\w*"
    r"|Prompt|Prompts|PromptSet|File|Files|\w*[Ff]ile[nN]ame|fileid|vectorid|Profile\w*|Zone|TimeZone\w*|Lang"
    r"|Languages?|[tT]emplate|TemplateName|Model|ModelName|RoleName|Extensions?|extension|(extension|group|source|destination)Filter|MAC|macs?"
    r"|SbcName|MusicOnHold|Provider|provider|Codecs|CountryName|ServiceNames|playlistKey|recName)$"
)
_OWN = "the entity's own ID, number or name, or a new one"
_OUTSIDE = "an ID or a name of another system"
_TEXT = "a number or a text that no list of 3CX has"
_OF_ENTITY = "depends on the entity: it has its own list"
_FILES = "music and files that several lists of 3CX have"
_FIXED = "a name of 3CX's own that its documents do not list"
# Why a name refers to nothing. The names of fields in one schema alone are written with it.
EXCEPTIONS: Mapping[str, str] = {
    **dict.fromkeys(
        (
            *("Id", "Ids", "Number", "Filename", "Files", "fileName", "filename", "DidNumbers", "SIPID"),
            *("AuthID", "AuthId", "SeparateAuthId", "ClickToCallId", "DisplayNumbers", "Extension", "Lang"),
            *("FakeId", "ExternalNumber", "ExternalNumbers", "NumberOfExtensions", "StartingExtensionNumber"),
            *("MaxCallersInQueue", "TrunkNumberFrom", "TrunkNumberTo", "TrunksMaxCount", "UserId", "VlanId"),
            *("ModelName", "Model", "McuId", "EventId", "Prompt", "Languages", "TimeZones"),
        ),
        _OWN,
    ),
    **dict.fromkeys(
        (
            *(
                "AccountSid",
                "ApplicationId",
                "ClientId",
                "CompletionModel",
                "FileIds",
                "ProjectId",
                "Provider",
            ),
            *(
                "RealtimeModel",
                "ResellerId",
                "SelectedGroups",
                "Sid",
                "TenantId",
                "VectorId",
                "fileid",
                "guid",
            ),
            *("provider", "resellerId", "vectorid", "id"),
        ),
        _OUTSIDE,
    ),
    **dict.fromkeys(
        (
            *("AllowedExtensions", "AutoPickupForwardExternalNumber", "CallerID", "CallerId", "DID"),
            *(
                "OutboundCallerID",
                "OutboundCallerId",
                "PhoneNumber",
                "PinNumber",
                "SkillGroup",
                "SystemPrompt",
            ),
            *("call_id", "cdrId", "destinationFilter", "dstCallerId", "dstNumber", "requestId"),
            *("sourceFilter", "srcCallerId", "srcNumber", "DialCodeHideCallerID", "DialCodeLoggedInQueue"),
            *("DialCodeLoggedOutQueue", "number", "PhoneMAC"),
        ),
        _TEXT,
    ),
    **dict.fromkeys(("CurrentProfileName", "ParamId", "ValueId", "promptId"), _OF_ENTITY),
    **dict.fromkeys(("MusicOnHold",), _FILES),
    **dict.fromkeys(
        (
            *(
                "CustomDNDProfile",
                "FirmwareLang",
                "Language",
                "PhoneLanguage",
                "PublicInfoGroups",
                "RoleName",
            ),
            *("ProfileAvailable", "ProfileAway", "ProfileDND", "SystemLanguage", "TimeZone", "Zone"),
            *("clientTimeZone", "DialCodeProfileStatus", "FaxServerId"),
        ),
        _FIXED,
    ),
}


def list_candidates() -> Iterator[tuple[str, str, bool]]:
    """Yield owner and name of each parameter and field that may name an entity, and whether it is a reference."""
    seen: set[str] = set()
    for operation_id in CATALOG.operation_ids:
        operation = CATALOG.operation(operation_id)
        version = operation.version()
        if version.base_path != CATALOG.operation("GetUser").version().base_path:
            continue
        for each in version.parameters:
            if each != version.key and each.type in ("String", "Int32", "Guid") and _NAMES.search(each.name):
                is_reference = find_reference(CATALOG, operation, each.name) is not None
                yield operation_id, each.name, is_reference
        if isinstance(version.body, str):
            yield from _walk(version.body, CATALOG.properties(version.body), seen)
        elif version.body is not None:
            for name, declared in version.body.items():
                is_reference = find_reference(CATALOG, operation, name) is not None
                if _is_candidate(declared):
                    yield operation_id, name, is_reference
            yield from _walk(operation_id, version.body, seen)


def _walk(owner: str, properties: Mapping[str, Property], seen: set[str]) -> Iterator[tuple[str, str, bool]]:
    for declared in properties.values():
        name = declared.type.name
        if CATALOG.is_schema(name):
            if name not in seen:
                seen.add(name)
                yield from _walk(name, CATALOG.properties(name), seen)
        elif CATALOG.is_schema(owner) and _is_candidate(declared):
            yield owner, declared.name, find_field_reference(CATALOG, owner, declared) is not None


def _is_candidate(declared: Property) -> bool:
    return declared.type.name in ("String", "Int32", "Guid") and bool(_NAMES.search(declared.name))


ALL: list[Reference] = sorted(
    {*PARAMETERS.values(), *PARAMETERS_OF.values(), *FIELDS.values(), *FIELDS_OF.values()},
    key=lambda each: (each.listing, each.value, each.several),
)
CANDIDATES = sorted(set(list_candidates()))


def test_every_name_of_an_entity_is_a_reference_or_an_exception() -> None:
    missing = {f"{owner}/{name}" for owner, name, found in CANDIDATES if not found and name not in EXCEPTIONS}
    assert missing == set()


def test_the_exceptions_are_needed() -> None:
    needed = {name for _, name, found in CANDIDATES if not found}
    assert set(EXCEPTIONS) - needed == set()


def test_every_reference_is_used() -> None:
    used = {name for _, name, found in CANDIDATES if found}
    assert {*PARAMETERS, *FIELDS} - used == set()
    for owner, name in (*PARAMETERS_OF, *FIELDS_OF):
        known = CATALOG.properties(owner) if CATALOG.is_schema(owner) else None
        if known is not None:
            assert name in known, owner
        else:
            assert find_reference(CATALOG, CATALOG.operation(owner), name), (owner, name)


@pytest.mark.parametrize("reference", ALL, ids=lambda each: f"{each.listing}-{each.value}-{each.several}")
def test_its_list_has_the_value(reference: Reference) -> None:
    listing = CATALOG.operation(reference.listing)
    version = listing.version()
    assert version.returns.kind == "collection"
    assert version.parameters == ()
    assert reference.value in CATALOG.properties(version.returns.type)
    assert not listing.releases or listing.effect == "read"


def test_what_the_simulator_checks_is_offered() -> None:
    """A value that a PBX refuses because it names nothing is one that a person chooses."""
    of_objects = {
        ("Pbx.AgentSettings", "PhonebookOverride"),
        ("Pbx.EmergencyGeoTrunkLocation", "Location"),
        ("Pbx.EmergencyNotificationsSettings", "EmergencyDNPrompt"),
        ("Pbx.InboundRule", "TrunkDN"),
        ("Pbx.Weblink", "DN"),
        # 3CX's names of roles are a list of the tasks.
        ("Pbx.Rights", "RoleName"),
    }
    found = {
        (owner, name)
        for owner, name in CHECKED_BY_THE_SIMULATOR
        if find_field_reference(CATALOG, owner, CATALOG.properties(owner)[name]) is None
    }
    assert found == of_objects


@pytest.mark.parametrize(
    ("operation", "name", "listing", "value"),
    [
        ("CreateUser", "PrimaryGroupId", "ListGroup", "Id"),
        ("CreateQueue", "Agents/Number", "ListUser", "Number"),
        ("GetInboundCalls", "trunkDns", "ListTrunk", "Number"),
        ("UpdateGroup", "TimeZoneId", "ListTimeZones", "Id"),
        ("CreateReceptionist", "PromptFilename", "ListCustomPrompt", "Filename"),
        ("UpdateTrunk", "Gateway/TemplateFilename", "ListTrunkTemplate", "Id"),
        ("BatchDelete", "ids", "ListUser", "Id"),
        ("BulkNumbersDelete", "ids", "ListBlackListNumber", "Id"),
    ],
)
def test_references(operation: str, name: str, listing: str, value: str) -> None:
    found = find_reference(CATALOG, CATALOG.operation(operation), name)
    assert found is not None
    assert (found.listing, found.value) == (listing, value)


@pytest.mark.parametrize(
    ("operation", "name"),
    [
        ("CreateUser", "Number"),
        ("CreateUser", "FirstName"),
        ("CreateUser", "Groups"),
        ("CreateUser", "Groups/Nowhere"),
        ("CreateUser", "Nowhere/Number"),
        ("CreateUser", "QueueStatus"),
        ("DeleteVectorStore", "id"),
        ("DeleteUser", "Id"),
        ("GetUserByNumber", "Number"),
    ],
)
def test_what_refers_to_nothing(operation: str, name: str) -> None:
    assert find_reference(CATALOG, CATALOG.operation(operation), name) is None


def test_a_catalog_without_the_list() -> None:
    catalog = Catalog(
        {
            "releases": ["21.0.0"],
            "resources": {"Fresh": {"name": "Fresh", "singular": "fresh"}},
            "operations": {
                "GetFresh": {
                    "resource": "Fresh",
                    "kind": "function",
                    "name": "Get",
                    "action": "Get fresh",
                    "versions": [
                        {
                            "method": "GET",
                            "path": "/Fresh/Pbx.Get(queueDns={queueDns})",
                            "parameters": {"queueDns": "String"},
                        }
                    ],
                }
            },
            "schemas": {},
            "enums": {},
        }
    )
    assert find_reference(catalog, catalog.operation("GetFresh"), "queueDns") is None
