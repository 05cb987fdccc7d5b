"""An empty office: the owner, the default group, the client, and the lists of the system."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .devices import list_prompts
from .office_builder import OfficeBuilder, to_ascii

if TYPE_CHECKING:
    from ..pbx.pbx import Pbx

DEFAULT_CLIENT_ID = "900"
DEFAULT_GROUP = "DEFAULT"
_SERVICES = ("Call Manager", "Configuration", "IVR", "Management Console", "Media Server", "Queue Manager")


def fill_empty_office(pbx: Pbx) -> None:
    """Create the default group, the owner, the client and the lists of the system."""
    office = OfficeBuilder(pbx)
    office.create("Groups", Name=DEFAULT_GROUP, IsDefault=True)
    create_owner(office)
    create_system(office)


def create_owner(office: OfficeBuilder) -> None:
    """Create the owner and the client."""
    create_person(office, "100", "Olivia", "Marlow", DEFAULT_GROUP, role="system_owners")
    office.create("ServicePrincipals", Number=DEFAULT_CLIENT_ID, XAPIEnabled=True, CallControlEnabled=True)


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
        IsRegistered=int(number) % 5 != 0,
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
            {
                "Id": "51",
                "Name": "Europe/Nicosia",
                "IanaName": "Europe/Nicosia",
                "WindowsName": "GTB Standard Time",
            }
        ],
    )
