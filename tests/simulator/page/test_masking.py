"""Secrets on the page are masked, and texts that reverse their direction are escaped."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.simulator.page.reading import text_of
from threecx_node.simulator import Simulator
from threecx_node.simulator.page.masking import escape_invisible, mask_text, mask_value


def test_secrets_are_masked(browser: httpx.Client, pbx: Simulator) -> None:
    form = {
        "grant_type": "client_credentials",
        "client_id": pbx.client_id,
        "client_secret": pbx.client_secret,
    }
    token = httpx.post(f"{pbx.base_url}/connect/token", data=form).json()["access_token"]
    headers = {"authorization": f"Bearer {token}"}
    with httpx.Client(base_url=f"{pbx.base_url}/xapi/v1/", headers=headers) as api:
        made = api.post(
            "Users", json={"FirstName": "Ann", "AccessPassword": "hunter2-hunter2", "VMPIN": "864209"}
        )
        api.get(f"Users({made.json()['Id']})?$select=VMPIN,AccessPassword")
        api.get("Users")
    assert made.status_code == 201, made.text
    pages = [
        "/",
        f"/?set=Users&key={made.json()['Id']}",
        *(f"/?request={seen.number}" for seen in pbx.requests),
    ]
    assert len(pages) == 6
    together = "".join(browser.get(page).text for page in pages)
    for secret in (token, pbx.client_secret, "hunter2-hunter2", "864209"):
        assert secret not in together
    assert "***" in together
    assert "No entity matches" in text_of(browser.get("/?set=Users&search=hunter2"))


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"AuthPassword": "x", "Name": "x"}, {"AuthPassword": "***", "Name": "x"}),
        ({"Password": {"Value": "x", "IsSet": True}}, {"Password": {"Value": "***", "IsSet": True}}),
        ([{"VMPIN": "1", "PinProtected": True}], [{"VMPIN": "***", "PinProtected": True}]),
        ({"access_token": "x", "licenseKey": "x"}, {"access_token": "***", "licenseKey": "***"}),
        ({"DeskphonePassword": "", "Secret": None}, {"DeskphonePassword": "", "Secret": None}),
        ({"Shipping": "x", "TokenEndpoint": "x"}, {"Shipping": "x", "TokenEndpoint": "x"}),
    ],
)
def test_masking(value: Any, expected: Any) -> None:
    assert mask_value(value) == expected


@pytest.mark.parametrize(
    "text",
    [
        '{"a": 1, "AuthPassword": "hid\\"den", "b": [',
        '{"AuthPassword":"hidden',
        '{"AuthPassword":"hidden\\',
        '{"Password": {"Value": "hidden',
        '[{"VMPIN" : "hidden"}, {"VMPIN": "hidden"},',
    ],
)
def test_masking_a_cut_text(text: str) -> None:
    assert "hid" not in mask_text(text)
    assert "***" in mask_text(text)


def test_masking_is_linear() -> None:
    assert mask_text('"a' * 200_000 + '"Secret":{' * 1000).startswith('"a')


def test_direction_characters_are_escaped(browser: httpx.Client, api: httpx.Client) -> None:
    assert api.post("Contacts", json={"FirstName": "a\u202efdp.exe", "LastName": "x"}).status_code == 201
    html = browser.get("/?set=Contacts").text
    assert "\u202e" not in html
    assert "a\\u202efdp.exe" in html
    assert escape_invisible("שלום\u2066") == "שלום\\u2066"
