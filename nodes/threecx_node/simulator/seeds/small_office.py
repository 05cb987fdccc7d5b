"""A small office of 25 people with queues, call flow apps, trunks, contacts and a call history."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from ..odata.literals import format_date_time
from .devices import create_devices
from .empty_office import (
    DEFAULT_GROUP,
    DEFAULT_GROUP_NUMBER,
    create_owner,
    create_person,
    create_system,
    monitor_calls,
)
from .office_builder import OfficeBuilder, to_ascii

if TYPE_CHECKING:
    from ..pbx.pbx import Pbx

# The date of seeded calls, recordings and backups: fixed, so that every run has the same ones.
_EPOCH = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)

# The extensions from 101 on, with their groups; 100 is the owner.
_FIRST_EXTENSION = 101
_PEOPLE = (
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
    ("VMAILBOXSIZE", "60", "Minutes of messages in a mailbox"),
    ("CLEANUP_DAYS", "90", "Days that recordings are kept"),
    ("ALLOWEXTERNAL", "1", "Whether transfers to the outside are allowed"),
)
_PROPERTIES = (
    ("COMPANY", "Marlow & Partners", "The company's name"),
    ("O'Brien & Söhne/1", "wholesale", "A customer whose name needs every kind of escaping"),
    ("OFFICE_CITY", "Limassol", "Where the office is"),
)


def fill_small_office(pbx: Pbx) -> None:
    """Create the small office in an empty PBX."""
    office = OfficeBuilder(pbx)
    office.create("Groups", Number=DEFAULT_GROUP_NUMBER, Name=DEFAULT_GROUP, IsDefault=True)
    for name in dict.fromkeys(team for _, _, team in _PEOPLE):
        office.create("Groups", Name=name)
    create_owner(office)
    for index, (first, last, team) in enumerate(_PEOPLE, start=_FIRST_EXTENSION):
        create_person(office, str(index), first, last, team)
    create_system(office)
    _create_services(office)
    _create_trunks(office)
    _create_lists(office)
    _create_history(office)
    create_devices(office.create, _EPOCH)
    monitor_calls(office)


def _create_services(office: OfficeBuilder) -> None:
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


def _create_trunks(office: OfficeBuilder) -> None:
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


def _create_lists(office: OfficeBuilder) -> None:
    for company, first, last, phone in _CONTACTS:
        email = f"{to_ascii(first)}@{to_ascii(company.split()[0])}.example"
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


def _create_history(office: OfficeBuilder) -> None:
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
            DstDisplayName=" ".join(_PEOPLE[int(inside) - _FIRST_EXTENSION][:2]),
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
