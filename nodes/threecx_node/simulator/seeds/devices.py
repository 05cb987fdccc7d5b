"""Devices and other entities of the small office: phones, firmware, gateways, sounds, tokens, chats."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from ..odata.literals import format_date_time

if TYPE_CHECKING:
    from collections.abc import Callable

_PHONES = (
    ("101", "Ada Lindqvist", "00:15:65:AA:00:01", "T46S"),
    ("102", "Ben Okafor", "00:15:65:AA:00:02", "T46S"),
    ("106", "Farid Haddad", "00:15:65:AA:00:03", "T53W"),
)
_PROMPTS = (
    ("WELCOME", "welcome.wav", "Welcome."),
    ("BUSY", "busy.wav", "All lines are busy."),
    ("GOODBYE", "goodbye.wav", "Goodbye."),
)
_TOKEN = {
    "CreatedByIp": "192.0.2.10",
    "CreatedByUserAgent": "Office browser",
    "LoginType": "Password",
    "Scopes": ["openid"],
    "UsedByIp": "192.0.2.10",
    "UsedByUserAgent": "Office browser",
    "Username": "100",
}


def create_devices(create: Callable[..., int], epoch: datetime) -> None:
    """Create all of them with `create`, which takes the name of a set and values (see `OfficeBuilder.create`)."""
    _create_phones(create, epoch)
    _create_gateways(create)
    _create_sounds(create)
    _create_tokens(create, epoch)
    _create_chats(create, epoch)
    _create_other_entities(create)


def _create_phones(create: Callable[..., int], epoch: datetime) -> None:
    for model, version in (("T46S", "66.86.0.15"), ("T53W", "96.86.0.70"), ("T19P", "31.72.0.48")):
        name = f"{model.lower()}-{version}.rom"
        create("Firmwares", Id=name, Filename=name, Model=model, Vendor="Yealink", Version=version)
    for number, name, mac, model in _PHONES:
        registrar = {
            "MAC": mac,
            "Model": model,
            "Vendor": "Yealink",
            "UserAgent": f"Yealink SIP-{model}",
            "FirmwareVersion": "66.85.0.5",
            "IpAddress": f"192.0.2.{number}",
        }
        peer = {"Number": number, "Name": name, "Type": "Extension"}
        create("SipDevices", DN=peer, Registrar=registrar)
    create(
        "DeviceInfos",
        MAC="00:15:65:AA:00:09",
        Model="T46S",
        Vendor="Yealink",
        UserAgent="Yealink SIP-T46S",
        NetworkAddress="192.0.2.109",
        DetectedAt=format_date_time(epoch),
    )


def _create_gateways(create: Callable[..., int]) -> None:
    key = "warehouse-key"
    create("Sbcs", Name="warehouse", DisplayName="Warehouse", Password=key, Version="20.0")
    create("FxsTemplates", Id="gateway.ph.xml", Brand="Generic", NumberOfExtensions=4, IsCustom=False)
    create("Fxs", MacAddress="001565BB0001", Name="Lift and door", Brand="Generic", FxsLineCount=4)
    create("PhoneLogos", Filename="office.png", DisplayName="Office")


def _create_sounds(create: Callable[..., int]) -> None:
    create(
        "CustomPrompts",
        Filename="closed.wav",
        DisplayName="closed",
        FileLink="/prompts/closed.wav",
        CanBeDeleted=True,
    )
    create("Playlists", Name="Waiting", Files=["river.wav", "rain.wav"], Shuffle=True, MaxVolumePercent=80)


def _create_tokens(create: Callable[..., int], epoch: datetime) -> None:
    created, expires = format_date_time(epoch), format_date_time(epoch + timedelta(days=365))
    dates = {"Created": created, "Expires": expires, "Used": created}
    create("OAuthClients", ClientId="dashboard", CreatedAt=created, CreatedBy="100", Scopes=["openid"])
    create("MyTokens", Token="my-token-1", **dates, **_TOKEN)  # noqa: S106 - names a token, opens nothing
    for name in ("token-1", "token-2"):
        create("SecurityTokens", Token=name, **dates, **_TOKEN)


def _create_chats(create: Callable[..., int], epoch: datetime) -> None:
    for index in range(6):
        moment = format_date_time(epoch + timedelta(hours=4 * index))
        # Every third visitor leaves before an agent answers.
        agent = "" if index % 3 == 2 else "106"
        shared: dict[str, Any] = {
            "ConversationId": index + 1,
            "Message": "When is my parcel coming?",
            "QueueNumber": "800",
            "IsExternal": True,
            "TimeSent": moment,
        }
        create(
            "ChatHistoryView",
            ChatName="Website",
            FromNo=agent,
            FromName="Farid Haddad" if agent else "Visitor",
            ParticipantPhone=f"+1202555013{index}",
            Source="LiveChat",
            ProviderType="LiveChat",
            **shared,
        )
        create("ChatMessagesHistoryView", SenderParticipantNo=agent, Recipients="Website", **shared)


def _create_other_entities(create: Callable[..., int]) -> None:
    create(
        "WebsiteLinks", Link="office", Name="Website", Website=["https://office.example"], ChatEnabled=True
    )
    create(
        "ScheduledReports", Name="Weekly queues", ReportType="QueuePerformanceOverview", ScheduleType="Weekly"
    )
    create("CallFlowScripts", Id="blank", Description="An empty script", Versions=["1.0"])
    create("EmergencyGeoLocations", Id="office", FriendlyName="Office, Limassol")
    for name, prefix, rate in (
        ("Cyprus", "357", 0.02),
        ("Germany", "49", 0.03),
        ("United States", "1", 0.05),
    ):
        create("CallCostSettings", CountryName=name, Prefix=prefix, Rate=rate)


def list_prompts() -> list[dict[str, Any]]:
    """Return the prompts of the seeded prompt set."""
    return [{"Id": name, "Filename": file, "Transcription": text} for name, file, text in _PROMPTS]
