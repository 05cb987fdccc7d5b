"""JSON bodies: malformed ones, content types, valid and invalid values."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.simulator.support import create, list_details
from threecx_node.simulator import Simulator


@pytest.mark.parametrize("content", [b"", b"null", b"[]", b"{", b'"x"', b"5", b"\xff", b"{'a':1}"])
def test_a_malformed_patch(api: httpx.Client, content: bytes) -> None:
    user = api.get("Users(Number='101')").json()
    headers = {"content-type": "application/json"}
    answer = api.patch(f"Users({user['Id']})", content=content, headers=headers)
    assert answer.status_code == 400
    message = answer.json()["error"]["message"]
    assert message == "The input was not valid.\n\ndelta:\nThe delta field is required."


@pytest.mark.parametrize("content", [b"null", b"[]", b"{", b"\xff", b'{"FirstName": NaN}', b"[" * 100_000])
def test_a_malformed_post(api: httpx.Client, content: bytes) -> None:
    answer = api.post("Users", content=content, headers={"content-type": "application/json"})
    assert answer.status_code == 400
    assert answer.json()["error"]["message"].startswith("The input was not valid.")


@pytest.mark.parametrize(
    "content_type", ["text/plain", "application/xml", "", "application/x-www-form-urlencoded"]
)
def test_wrong_content_type(api: httpx.Client, content_type: str) -> None:
    user = api.get("Users(Number='101')").json()
    for method, path in (
        ("PATCH", f"Users({user['Id']})"),
        ("POST", "Users"),
        ("POST", "Users/Pbx.MakeCall"),
    ):
        answer = api.request(
            method, path, content=b'{"FirstName":"X"}', headers={"content-type": content_type}
        )
        assert answer.status_code == 415
    answer = api.patch(
        f"Users({user['Id']})",
        content=b'{"FirstName":"X"}',
        headers={"content-type": "Application/JSON; charset=utf-8; odata.metadata=none"},
    )
    assert answer.status_code == 204


@pytest.mark.parametrize(
    ("values", "target"),
    [
        ({"Colour": "red"}, "Colour"),
        ({"firstName": "x"}, "firstName"),
        ({"FirstName": 5}, "FirstName"),
        ({"FirstName": ["x"]}, "FirstName"),
        ({"Enabled": "true"}, "Enabled"),
        ({"Enabled": 1}, "Enabled"),
        ({"PinProtectTimeout": "5"}, "PinProtectTimeout"),
        ({"PinProtectTimeout": 5.5}, "PinProtectTimeout"),
        ({"PinProtectTimeout": True}, "PinProtectTimeout"),
        ({"PinProtectTimeout": 2**31}, "PinProtectTimeout"),
        ({"PinProtectTimeout": 10**30}, "PinProtectTimeout"),
        ({"QueueStatus": "Sleeping"}, "QueueStatus"),
        ({"QueueStatus": 1}, "QueueStatus"),
        ({"TranscriptionMode": "Voicemail, Sleeping"}, "TranscriptionMode"),
        ({"Hours": "always"}, "Hours"),
        ({"Hours": {"Typ": "AllHours"}}, "Hours/Typ"),
        ({"Hours": {"Type": None}}, "Hours/Type"),
        ({"Hours": {"Periods": [{"Start": "25:00:00"}]}}, "Hours/Periods/0/Start"),
        ({"Tags": "MS"}, "Tags"),
        ({"Tags": [None]}, "Tags/0"),
        ({"Tags": ["MS", "Nope"]}, "Tags/1"),
        ({"Groups": {}}, "Groups"),
        ({"Groups": [5]}, "Groups/0"),
        ({"Blfs": "x" * 20481}, "Blfs"),
    ],
)
def test_invalid_values(pbx: Simulator, api: httpx.Client, values: dict[str, Any], target: str) -> None:
    before = pbx.state.entities("Users")
    user = before[1]
    for answer in (api.patch(f"Users({user['Id']})", json=values), api.post("Users", json=values)):
        assert [name for name, _ in list_details(answer)] == [target]
        assert f"{target}:\n" in answer.json()["error"]["message"]
    assert pbx.state.entities("Users") == before


def test_valid_values(api: httpx.Client) -> None:
    holiday = create(
        api, "Holidays", Name="Trip", Day=31, Month=12, Year=2026, DayEnd=2, MonthEnd=1, YearEnd=2027,
        TimeOfStartDate="PT8H30M", Group=None,
    )  # fmt: skip
    assert holiday["TimeOfStartDate"] == "PT8H30M"
    assert list_details(api.post("Holidays", json={"Name": "x", "Day": 256})) == [
        ("Day", "WARNINGS.XAPI.OUT_OF_THE_RANGE")
    ]
    assert (
        list_details(api.post("Holidays", json={"Name": "x", "TimeOfStartDate": "8:30"}))[0][0]
        == "TimeOfStartDate"
    )
    flags = create(api, "Users", TranscriptionMode="Voicemail,Recordings")
    assert flags["TranscriptionMode"] == "Voicemail, Recordings"
    for given, stored in (
        ("2030-01-02T03:04:05+02:00", "2030-01-02T01:04:05.000Z"),
        ("2030-01-02T03:04:05.1234567Z", "2030-01-02T03:04:05.123Z"),
    ):
        address = create(api, "Blocklist", IPAddrMask=given, ExpiresAt=given)
        assert address["ExpiresAt"] == stored
    for bad in ("2030-01-02", "2030-01-02T03:04:05", "0001-01-01T00:00:00+14:00", "soon"):
        assert (
            list_details(api.post("Blocklist", json={"IPAddrMask": bad, "ExpiresAt": bad}))[0][0]
            == "ExpiresAt"
        )
