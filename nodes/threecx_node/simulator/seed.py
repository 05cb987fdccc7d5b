"""The offices that a new PBX may hold: a small one of 25 people, or nothing but its owner.

Entries hold only what differs from the defaults. What a release does not have (a set, a property) is left
out, so one office serves all releases.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from .defaults import complete
from .literals import format_date_time
from .seed_devices import furnish, prompts

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .model import Model
    from .pbx import Pbx
    from .state import Entity

DEFAULT_CLIENT_ID = "900"
DEFAULT_GROUP = "DEFAULT"
# The calendar that seeded calls, recordings and backups lie in: fixed, so that two runs show the same.
_EPOCH = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)

_PEOPLE = (
    ("Olivia", "Marlow", "Office"),
    ("Ada", "Lindqvist", "Sales"),
    ("Ben", "Okafor", "Sales"),
    ("Carla", "Rossi", "Sales"),
    ("Dmitri", "Volkov", "Sales"),
    ("Elena", "Papadakis", "Sales"),
    ("Farid", "Haddad", "Support"),
    ("Grace", "Nakamura", "Support"),
    ("Hugo", "Bernard", "Support"),
    ("Ines", "Almeida", "Support"),
    ("Jonas", "Weber", "Support"),
    ("Kirsten", "Dahl", "Support"),
    ("Liam", "O'Brien", "Support"),
    ("Mei", "Chen", "Support"),
    ("Noah", "Fischer", "Warehouse"),
    ("Oona", "Virtanen", "Warehouse"),
    ("Pavel", "Novák", "Warehouse"),
    ("Quinn", "Murphy", "Warehouse"),
    ("Rosa", "García", "Warehouse"),
    ("Sven", "Söderberg", "Accounts"),
    ("Tara", "Singh", "Accounts"),
    ("Umar", "Yilmaz", "Accounts"),
    ("Vera", "Horváth", "Office"),
    ("Will", "Jenkins", "Office"),
    ("Yara", "Santos", "Office"),
)
_CALL_FLOW_APPS = (
    "Appointment reminder",
    "Callback request",
    "Customer survey",
    "Delivery status",
    "Old voicemail tree",
    "Order hotline",
    "Password reset",
    "Test flow",
)
_CONTACTS = (
    ("Alpine Supplies", "Greta", "Moser", "+43512555010"),
    ("Bright Print", "Tom", "Hale", "+442075550111"),
    ("Café Central", "Luc", "Martin", "+33155501012"),
    ("Delta Freight", "Ana", "Costa", "+351215550113"),
    ("Evergreen Gardens", "Ivy", "Stone", "+12025550114"),
    ("Fjord Analytics", "Nils", "Berg", "+4721555015"),
)
_HOLIDAYS = (("New Year", 1, 1), ("Labour Day", 5, 1), ("Christmas", 12, 25), ("Boxing Day", 12, 26))
_PARAMETERS = (
    ("MAXLIMIT", "50", "Most calls at once"),
    ("VMAILBOXSIZE", "60", "Minutes a mailbox holds"),
    ("CLEANUP_DAYS", "90", "Days that recordings are kept"),
    ("ALLOWEXTERNAL", "1", "Whether transfers to the outside are allowed"),
)
_PROPERTIES = (
    ("COMPANY", "Marlow & Partners", "The company's name"),
    ("O'Brien & Söhne/1", "wholesale", "A customer whose name needs every kind of escaping"),
    ("OFFICE_CITY", "Limassol", "Where the office is"),
)
_SERVICES = ("Call Manager", "Configuration", "IVR", "Management Console", "Media Server", "Queue Manager")


class _Office:
    """Puts entities in, bending each to what the release has."""

    def __init__(self, pbx: Pbx) -> None:
        self.pbx = pbx
        self.model = pbx.model

    def create(self, set_name: str, **values: Any) -> int:
        """One entity; its id, 0 where the release has no such set."""
        if set_name not in self.model.sets:
            return 0
        schema = self.model.sets[set_name].schema
        key, _ = self.pbx.entities.create(set_name, known(self.model, schema, values))
        return key if isinstance(key, int) else 0

    def singleton(self, name: str, **values: Any) -> None:
        """Changes a singleton."""
        if name in self.model.singletons:
            schema = self.model.singletons[name]
            self.pbx.entities.update_singleton(name, known(self.model, schema, values))


def empty(pbx: Pbx) -> None:
    """The least that works: the default group, the owner, the client, the system's own lists."""
    office = _Office(pbx)
    office.create("Groups", Name=DEFAULT_GROUP, IsDefault=True)
    _owner(office)
    _system(office)


def small_office(pbx: Pbx) -> None:
    """25 users, their groups, queues, ring groups, receptionists, call flow apps, trunks and the rest."""
    office = _Office(pbx)
    office.create("Groups", Name=DEFAULT_GROUP, IsDefault=True)
    for name in dict.fromkeys(team for _, _, team in _PEOPLE):
        office.create("Groups", Name=name)
    _owner(office)
    for index, (first, last, team) in enumerate(_PEOPLE[1:], start=101):
        _person(office, str(index), first, last, team)
    _system(office)
    _services(office)
    _trunks(office)
    _lists(office)
    _history(office)
    furnish(office.create, _EPOCH)


def _owner(office: _Office) -> None:
    first, last, _ = _PEOPLE[0]
    _person(office, "100", first, last, DEFAULT_GROUP, role="system_owners")
    office.create("ServicePrincipals", Number=DEFAULT_CLIENT_ID, XAPIEnabled=True, CallControlEnabled=True)


def _person(office: _Office, number: str, first: str, last: str, team: str, role: str = "users") -> None:
    office.create(
        "Users",
        Number=number,
        FirstName=first,
        LastName=last,
        EmailAddress=f"{_ascii(first)}.{_ascii(last)}@office.example",
        Mobile=f"+35799555{number}",
        IsRegistered=int(number) % 5 != 0,
        Groups=[{"Name": team, "Rights": {"RoleName": role}}],
        Hours={"Type": "OfficeHours"},
        Greetings=[{"Filename": "greeting.wav", "DisplayName": "greeting", "Type": "Default"}],
    )


def _system(office: _Office) -> None:
    for name in _SERVICES:
        office.create("Services", Name=name.replace(" ", ""), DisplayName=name, MemoryUsed=64 * 2**20)
    office.create(
        "PromptSets",
        PromptSetName="English Prompts Set",
        LanguageCode="EN",
        CultureCode="en-GB",
        Prompts=prompts(),
    )
    office.create("Countries", Name="Cyprus", CountryCode="357", ExitCode="00", Continent="Europe")
    office.create("Countries", Name="Germany", CountryCode="49", ExitCode="00", Continent="Europe")
    office.create("NetworkInterfaces", Id="eth0")
    office.create("CrmTemplates", Name="Generic REST")
    office.create("TrunkTemplates", Id="generic.pv.xml", Name="Generic SIP Trunk", AddAllowed=True)
    # The one that 3CX's published examples make their trunk from.
    office.create("TrunkTemplates", Id="1cx.pv.xml", Name="1CX", AddAllowed=True)
    office.create("PhoneTemplates", Id="softphone.ph.xml", TemplateType="Preferred")
    office.create(
        "EmailTemplate", TemplatePath="welcome/en", Name="Welcome", Subject="Your extension", Lang="EN"
    )
    office.singleton(
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
    office.singleton(
        "LicenseStatus",
        Activated=True,
        LicenseActive=True,
        LicenseKey="0000-0000-0000-0000",
        CompanyName="Marlow & Partners",
        ProductCode="3CXENT",
        MaxSimCalls=16,
        Version=office.pbx.version,
    )
    office.singleton(
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


def _services(office: _Office) -> None:
    support = [{"Number": str(number)} for number in range(106, 114)]
    office.create(
        "Queues", Number="800", Name="Support", Agents=support, Managers=[{"Number": "106"}], RingTimeout=15
    )
    office.create("Queues", Number="801", Name="Sales", Agents=[{"Number": "101"}, {"Number": "102"}])
    office.create("Queues", Number="802", Name="Accounts", Agents=[{"Number": "120"}])
    office.create(
        "RingGroups", Number="810", Name="Warehouse", Members=[{"Number": "114"}, {"Number": "115"}]
    )
    office.create("RingGroups", Number="811", Name="Front desk", Members=[{"Number": "122"}])
    office.create(
        "Receptionists",
        Number="820",
        Name="Main menu",
        Forwards=[
            {"Id": 1, "Input": "1", "ForwardType": "Queue", "ForwardDN": "801", "PeerType": "Queue"},
            {"Id": 2, "Input": "2", "ForwardType": "Queue", "ForwardDN": "800", "PeerType": "Queue"},
        ],
    )
    office.create("Receptionists", Number="821", Name="Out of office")
    for number, name in enumerate(_CALL_FLOW_APPS, start=830):
        office.create("CallFlowApps", Number=str(number), Name=name, RoutingType="DialCode")
    office.create("Fax", Number="888", FaxServer=True)
    office.create("Parkings", Number="SP11")
    office.create("Parkings", Number="SP12")


def _trunks(office: _Office) -> None:
    for number, name, dids in (
        ("10000", "Island Telecom", ["+35725555100", "+35725555101"]),
        ("10001", "Backup Carrier", ["+35722555200"]),
    ):
        office.create(
            "Trunks",
            Number=number,
            DidNumbers=dids,
            ExternalNumber=dids[0],
            Gateway={
                "Name": name,
                "Host": f"sip{number}.carrier.example",
                "TemplateFilename": "generic.pv.xml",
            },
        )
    office.create(
        "InboundRules",
        RuleName="Main number",
        Condition="BasedOnDID",
        Data="+35725555100",
        TrunkDN={"Number": "10000"},
        OfficeHoursDestination={"To": "IVR", "Number": "820", "Type": "IVR", "Name": "Main menu"},
    )
    office.create("OutboundRules", Name="International", Prefix="00", Priority=1)
    office.create("OutboundRules", Name="Emergency", Prefix="112", Priority=2, EmergencyRule=True)


def _lists(office: _Office) -> None:
    for company, first, last, phone in _CONTACTS:
        email = f"{_ascii(first)}@{_ascii(company.split()[0])}.example"
        office.create(
            "Contacts", CompanyName=company, FirstName=first, LastName=last, PhoneNumber=phone, Email=email
        )
    for name, month, day in _HOLIDAYS:
        office.create(
            "Holidays", Name=name, Month=month, MonthEnd=month, Day=day, DayEnd=day, IsRecurrent=True
        )
    for name, value, description in _PARAMETERS:
        office.create("Parameters", Name=name, Value=value, Description=description)
    for name, value, description in _PROPERTIES:
        office.create("TenantProperties", Name=name, Value=value, Description=description)
    office.create("BlackListNumbers", CallerId="+18005550199", Description="Silent calls")
    office.create("BlackListNumbers", CallerId="+4930555*", Description="Advertising")
    office.create("Blocklist", IPAddrMask="203.0.113.7", BlockType="Block", Description="Port scanner")
    for days in (0, 7, 14):
        moment = _EPOCH + timedelta(days=days)
        name = f"office-{moment:%Y-%m-%d}.zip"
        office.create(
            "Backups",
            FileName=name,
            CreationTime=format_date_time(moment),
            DownloadLink=f"/backups/{name}",
            Size=48 * 2**20,
        )


def _history(office: _Office) -> None:
    numbers = ("101", "102", "106", "107", "120")
    for index in range(40):
        start = _EPOCH + timedelta(hours=index)
        inside = numbers[index % len(numbers)]
        _, first, last, phone = _CONTACTS[index % len(_CONTACTS)]
        seconds = 0 if index % 7 == 3 else 20 + index * 11 % 240
        office.create(
            "CallHistoryView",
            SrcDn="10000",
            SrcDnType=1,
            SrcExternal=True,
            SrcCallerNumber=phone,
            SrcDisplayName=f"{first} {last}",
            DstDn=inside,
            DstInternal=True,
            DstCallerNumber=inside,
            DstDisplayName=" ".join(_PEOPLE[int(inside) - 100][:2]),
            CallAnswered=seconds > 0,
            CallTime=f"PT{seconds}S",
            SegmentStartTime=format_date_time(start),
            SegmentEndTime=format_date_time(start + timedelta(seconds=seconds)),
        )
    for index in range(5):
        start = _EPOCH + timedelta(hours=3 * index)
        office.create(
            "Recordings",
            FromDn="10000",
            FromCallerNumber=_CONTACTS[index][3],
            ToDn=numbers[index],
            StartTime=format_date_time(start),
            EndTime=format_date_time(start + timedelta(seconds=60)),
            RecordingUrl=f"{numbers[index]}/recording-{index + 1}.wav",
        )
    office.create(
        "EventLogs",
        EventId=4097,
        Type="Info",
        Message="The PBX has started",
        TimeGenerated=format_date_time(_EPOCH),
    )


def known(model: Model, schema: str, values: Mapping[str, Any]) -> Entity:
    """The part of `values` that the model's release knows."""
    fields = model.schema(schema)
    kept: Entity = {}
    for name, value in values.items():
        field = fields.get(name)
        if field is None:
            continue
        if field.kind == "enum" and isinstance(value, str) and value not in model.enum(field.type):
            continue
        kept[name] = _known_part(model, field.type, value) if field.kind == "complex" else value
    return kept


def _known_part(model: Model, schema: str, value: Any) -> Any:
    if isinstance(value, list):
        return [complete(model, schema, known(model, schema, item)) for item in value]
    return known(model, schema, value) if isinstance(value, dict) else value


def _ascii(text: str) -> str:
    replaced = text.lower().translate(str.maketrans("áéíóöüç", "aeioouc"))
    return "".join(character for character in replaced if character.isascii() and character.isalnum())
