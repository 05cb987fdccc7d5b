"""Choose the fields of an entity that Simplify keeps, and the fields that name it in a list.

For the entities that people use daily they are chosen by hand; for all others, and for the schemas of a newer PBX, by
the names and types of the fields.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from .call_control import NAMESPACE as CALL_CONTROL
from .list_entries import whole_schemas

if TYPE_CHECKING:
    from collections.abc import Callable

    from .catalog import Catalog
    from .models import Property

MAX_FIELDS = 10
# A larger entity fills the screen.
_MOST_SHOWN = 20

_KEYS = ("Id", "Number", "Name", "FileName", "Filename", "MacAddress", "Link", "TemplatePath")
_LABELS = (
    "DisplayName",
    "Name",
    "RuleName",
    "CompanyName",
    "Subject",
    "FileName",
    "Filename",
    "Model",
    "ExternalNumber",
)

_CHOSEN = {
    "Pbx.CallHistoryView": (
        "SegmentId SegmentStartTime SegmentEndTime SrcDn SrcDisplayName SrcCallerNumber DstDn "
        "DstDisplayName DstCallerNumber CallAnswered"
    ),
    "Pbx.CallLogData": (
        "StartTime Direction Status SourceDn SourceDisplayName SourceCallerId DestinationDn "
        "DestinationDisplayName RingingDuration TalkingDuration"
    ),
    "Pbx.Contact": (
        "Id FirstName LastName CompanyName Title Department Email PhoneNumber Business ContactType"
    ),
    "Pbx.DeviceInfo": (
        "Id MAC Vendor Model FirmwareVersion NetworkAddress Assigned AssignedUser SbcName DetectedAt"
    ),
    "Pbx.Holiday": "Id Name Group IsRecurrent Day Month Year DayEnd MonthEnd YearEnd",
    "Pbx.InboundCall": (
        "StartTime Status SourceDisplayName SourceCallerId DestinationDn DestinationDisplayName Did "
        "TrunkName RingingDuration TalkingDuration"
    ),
    "Pbx.OutboundCall": (
        "StartTime Status SourceDn SourceDisplayName DestinationCalleeId DestinationDisplayName "
        "TrunkName RingingDuration TalkingDuration CallCost"
    ),
    "Pbx.Queue": (
        "Id Number Name IsRegistered PollingStrategy RingTimeout MasterTimeout MaxCallersInQueue "
        "SLATime WrapUpTime"
    ),
    "Pbx.Recording": (
        "Id StartTime EndTime CallType FromDisplayName FromCallerNumber ToDisplayName "
        "ToCallerNumber IsArchived RecordingUrl"
    ),
    "Pbx.RingGroup": (
        "Id Number Name IsRegistered RingStrategy RingTime TranscriptionMode CallUsEnableChat "
        "CallUsEnablePhone CallUsEnableVideo"
    ),
    "Pbx.ServiceInfo": (
        "Name DisplayName Status CpuUsage MemoryUsed ThreadCount HandleCount RestartEnabled "
        "StartStopEnabled SampleTime"
    ),
    "Pbx.SystemStatus": (
        "FQDN Version LicenseActive CallsActive ExtensionsRegistered ExtensionsTotal "
        "TrunksRegistered TrunksTotal HasNotRunningServices DiskUsage"
    ),
    "Pbx.Trunk": (
        "Id Number ExternalNumber Direction IsOnline EnableInboundCalls EnableOutboundCalls "
        "SimultaneousCalls OutboundCallerID"
    ),
}
# Patterns of field names, the most informative first; each pattern is one rank.
_RANKS: tuple[re.Pattern[str], ...] = tuple(
    re.compile(pattern)
    for pattern in (
        rf"^({'|'.join(_KEYS)})$",
        r"^(DisplayName|FirstName|LastName|RuleName|CompanyName|Title|Subject|Description)$",
        r"^(Email|EmailAddress|PhoneNumber|Mobile|Fqdn|FQDN|Host|Brand|Model|Extension|Version)$",
        r"^(Status|State|QueueStatus|CurrentProfileName|Type|Direction|Enabled|Is[A-Z]\w*|Has[A-Z]\w*|Activated|Active)$",
        r"^(StartTime|CallTime|TimeSent|SegmentStartTime|Created|CreatedAt|Expires|ExpirationDate|loggedInDt)$",
        r"(DisplayName|CallerId|CallerNumber|Dn|DN|No|Number|Name)$",
        r"(Duration|Time|Count|Percent|Total|Usage|Active)$",
        r"(Status|State|Type|Mode|Strategy|Enabled)$",
        r"",
    )
)
# Long texts, secrets and data for machines do not belong to a summary.
_NEVER = re.compile(
    r"(Password|Secret|PIN|Token|Key|Certificate|Script|ScriptCode|Content|Contents|Image|Transcription|Summary|Blfs"
    r"|Html|Raw\w*|Variables|Config|Install\w*)$"
)
_PERSON = ("FirstName", "LastName")

_cache: WeakKeyDictionary[Catalog, dict[str, tuple[str, ...]]] = WeakKeyDictionary()


def simple_fields(catalog: Catalog, schema: str) -> tuple[str, ...]:
    """Return at most ten fields of `schema`: first its keys, then its names, then its state.

    Collections, complex values and long texts are not among them. Of a schema with ten fields or fewer, all other
    fields are.
    """
    known = _cache.setdefault(catalog, {})
    if schema not in known:
        plain = [each for each in catalog.properties(schema).values() if _is_plain(catalog, each)]
        chosen = [name for name in _CHOSEN.get(schema, "").split() if name in catalog.properties(schema)]
        ranked = chosen or [each.name for each in sorted(plain, key=_rank(plain))]
        known[schema] = tuple(ranked[:MAX_FIELDS])
    return known[schema]


def shown_fields(catalog: Catalog, schema: str) -> tuple[str, ...]:
    """Return the fields that the result of a change shows: all of a small entity, otherwise those of Simplify."""
    known = tuple(catalog.properties(schema))
    return known if len(known) <= _MOST_SHOWN else simple_fields(catalog, schema)


def label_fields(catalog: Catalog, schema: str) -> tuple[str, ...]:
    """Return the fields that name an entity, such as `("FirstName", "LastName")`; empty where only its key can."""
    properties = catalog.properties(schema)
    if all(name in properties for name in _PERSON):
        return _PERSON
    for name in _LABELS:
        if name in properties and properties[name].type.name == "String":
            return (name,)
    return ()


def is_worth_simplifying(catalog: Catalog, schema: str) -> bool:
    """Return whether an entity of `schema` has so many fields that Simplify is useful.

    Settings are read for one field, and no rule can say which: they are never simplified. Neither are the entries of a
    list that an update takes back as a whole, such as forwarding profiles, nor the participants of calls.
    """
    return (
        "Settings" not in schema
        and not schema.startswith(CALL_CONTROL)
        and catalog.is_schema(schema)
        and len(catalog.properties(schema)) > MAX_FIELDS
        and schema not in whole_schemas(catalog)
    )


def _is_plain(catalog: Catalog, each: Property) -> bool:
    if each.navigation or each.type.collection or catalog.is_schema(each.type.name):
        return False
    return each.type.name not in ("Untyped", "Binary", "Stream") and not _NEVER.search(each.name)


def _rank(plain: list[Property]) -> Callable[[Property], tuple[int, int]]:
    place = {each.name: position for position, each in enumerate(plain)}

    def rank(each: Property) -> tuple[int, int]:
        first = next(number for number, pattern in enumerate(_RANKS) if pattern.search(each.name))
        order = _KEYS.index(each.name) if each.name in _KEYS else place[each.name]
        return first, order

    return rank
