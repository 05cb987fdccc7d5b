"""An empty office: the owner, the default group, the client, and the lists of the system."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .devices import list_prompts
from .office_builder import OfficeBuilder, to_ascii

if TYPE_CHECKING:
    from ..pbx.pbx import Pbx

DEFAULT_CLIENT_ID = "900"
DEFAULT_GROUP = "DEFAULT"
DEFAULT_GROUP_NUMBER = "GRP0000"
_SERVICES = ("Call Manager", "Configuration", "IVR", "Management Console", "Media Server", "Queue Manager")

# ID, name, and the name in Windows. The IDs are those of this list: a PBX has more of them.
_TIME_ZONES = (
    ("2", "Pacific/Honolulu", "Hawaiian"),
    ("3", "America/Anchorage", "Alaskan"),
    ("4", "America/Los_Angeles", "Pacific"),
    ("7", "America/Denver", "Mountain"),
    ("10", "America/Chicago", "Central"),
    ("13", "America/New_York", "Eastern"),
    ("16", "America/Halifax", "Atlantic"),
    ("19", "America/Sao_Paulo", "E. South America"),
    ("25", "Atlantic/Azores", "Azores"),
    ("28", "UTC", "UTC"),
    ("29", "Europe/London", "GMT"),
    ("31", "Europe/Berlin", "W. Europe"),
    ("32", "Europe/Paris", "Romance"),
    ("33", "Europe/Budapest", "Central Europe"),
    ("36", "Africa/Johannesburg", "South Africa"),
    ("40", "Africa/Cairo", "Egypt"),
    ("44", "Asia/Jerusalem", "Israel"),
    ("47", "Europe/Moscow", "Russian"),
    ("51", "Europe/Nicosia", "GTB"),
    ("54", "Asia/Dubai", "Arabian"),
    ("58", "Asia/Karachi", "Pakistan"),
    ("60", "Asia/Kolkata", "India"),
    ("64", "Asia/Bangkok", "SE Asia"),
    ("66", "Asia/Singapore", "Singapore"),
    ("68", "Asia/Taipei", "Taipei"),
    ("70", "Asia/Tokyo", "Tokyo"),
    ("73", "Australia/Brisbane", "E. Australia"),
    ("76", "Australia/Sydney", "AUS Eastern"),
    ("80", "Pacific/Auckland", "New Zealand"),
)
# The extensions at which no phone is registered.
_WITHOUT_PHONE = frozenset({"105", "110"})


def fill_empty_office(pbx: Pbx) -> None:
    """Create the default group, the owner, the client and the lists of the system."""
    office = OfficeBuilder(pbx)
    office.create("Groups", Number=DEFAULT_GROUP_NUMBER, Name=DEFAULT_GROUP, IsDefault=True)
    create_owner(office)
    create_system(office)


def create_owner(office: OfficeBuilder) -> None:
    """Create the owner and the client, which monitors the owner's calls."""
    create_person(office, "100", "Olivia", "Marlow", DEFAULT_GROUP, role="system_owners")
    office.create(
        "ServicePrincipals",
        Number=DEFAULT_CLIENT_ID,
        XAPIEnabled=True,
        CallControlEnabled=True,
        Peers=[{"Number": "100"}],
    )


def monitor_calls(office: OfficeBuilder) -> None:
    """Let the client monitor the calls of all extensions, queues, ring groups and receptionists."""
    [(key, _)] = office.pbx.store.table("ServicePrincipals").items()
    monitored = [
        {"Number": record.value["Number"]}
        for set_name in ("Users", "Queues", "RingGroups", "Receptionists")
        for record in office.pbx.store.table(set_name).values()
    ]
    office.pbx.entities.update("ServicePrincipals", key, {"Peers": monitored})


def create_person(
    office: OfficeBuilder, number: str, first: str, last: str, team: str, role: str = "users"
) -> None:
    """Create a user with a group (`team`) and its rights."""
    office.create(
        "Users",
        Number=number,
        FirstName=first,
        LastName=last,
        EmailAddress=f"{to_ascii(first)}.{to_ascii(last)}@office.example",
        Mobile=f"+35799555{number}",
        IsRegistered=number not in _WITHOUT_PHONE,
        Groups=[{"Name": team, "Rights": {"RoleName": role}}],
        Hours={"Type": "OfficeHours"},
        Greetings=[{"Filename": "greeting.wav", "DisplayName": "greeting", "Type": "Default"}],
    )


def create_system(office: OfficeBuilder) -> None:
    """Create the lists of the system, and its singletons."""
    for name in _SERVICES:
        office.create("Services", Name=name.replace(" ", ""), DisplayName=name, MemoryUsed=64 * 2**20)
    office.create(
        "PromptSets",
        PromptSetName="English Prompts Set",
        LanguageCode="EN",
        CultureCode="en-GB",
        # Fields that name a prompt set contain its folder.
        Folder="8210986B-9412-497F-AD77-3A554F4A9BDB",
        Prompts=list_prompts(),
    )
    office.create("Countries", Name="Cyprus", CountryCode="357", ExitCode="00", Continent="Europe")
    office.create("Countries", Name="Germany", CountryCode="49", ExitCode="00", Continent="Europe")
    office.create("NetworkInterfaces", Id="eth0")
    office.create("CrmTemplates", Name="Generic REST")
    office.create("TrunkTemplates", Id="generic.pv.xml", Name="Generic SIP Trunk", AddAllowed=True)
    # The template that 3CX's published examples use for their trunk.
    office.create("TrunkTemplates", Id="1cx.pv.xml", Name="1CX", AddAllowed=True)
    office.create("PhoneTemplates", Id="softphone.ph.xml", TemplateType="Preferred")
    office.create(
        "EmailTemplate", TemplatePath="welcome/en", Name="Welcome", Subject="Your extension", Lang="EN"
    )
    office.change_singleton(
        "SystemStatus",
        Activated=True,
        FQDN="office.example",
        Version=office.pbx.version,
        LicenseActive=True,
        LicenseKey="0000-0000-0000-0000",
        ProductCode="3CXENT",
        MaxSimCalls=16,
        OS="Linux",
        TotalDiskSpace=100 * 2**30,
        FreeDiskSpace=64 * 2**30,
        DiskUsage=36,
    )
    office.change_singleton(
        "LicenseStatus",
        Activated=True,
        LicenseActive=True,
        LicenseKey="0000-0000-0000-0000",
        CompanyName="Marlow & Partners",
        ProductCode="3CXENT",
        MaxSimCalls=16,
        Version=office.pbx.version,
    )
    office.change_singleton(
        "Defs",
        Id=1,
        Codecs=[
            {"Id": 1, "Name": "G.711 A-law", "RfcName": "PCMA"},
            {"Id": 2, "Name": "OPUS", "RfcName": "opus"},
        ],
        TimeZones=[
            {"Id": key, "Name": iana, "IanaName": iana, "WindowsName": f"{windows} Standard Time"}
            for key, iana, windows in _TIME_ZONES
        ],
    )
