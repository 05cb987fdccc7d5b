"""Names for people: acronyms, small words, releases."""

from __future__ import annotations

import re

import pytest

from threecx_node.catalog import load_catalog
from threecx_node.catalog.labels import describe_releases, phrase_of, split_words, title_of

RELEASES = ("20.0.4", "20.0.5", "20.0.6", "20.0.7")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("periodFrom", "Period From"),
        ("dnNumber", "DN Number"),
        ("Id", "ID"),
        ("call_id", "Call ID"),
        ("queueDnStr", "Queue DNs"),
        ("ringGroupDns", "Ring Group DNs"),
        ("MusicOnHoldSettings", "Music on Hold Settings"),
        ("CRMContactsBulkDelete", "CRM Contacts Bulk Delete"),
        ("E164Settings", "E.164 Settings"),
        ("Microsoft365TeamsIntegration", "Microsoft 365 Teams Integration"),
        ("DeleteOpenAiFile", "Delete OpenAI File"),
        ("OAuthClients", "OAuth Clients"),
        ("Require2FA", "Require 2FA"),
        ("IpV6BindingEnabled", "IPv6 Binding Enabled"),
        ("RetreivePeersByNumbers", "Retrieve Peers by Numbers"),
        ("VMPIN", "VM PIN"),
        ("TrunkDN", "Trunk DN"),
        ("hidePcalls", "Hide P-Calls"),
        ("CallFlowApps", "Call Flow Apps"),
        ("HuntBy3s", "Hunt by Threes"),
        ("VmailToMembers", "Voicemail to Members"),
        ("BXfer", "Blind Transfer"),
        ("GPT_4o_mini", "GPT 4o Mini"),
        ("RegistrarIsIPaddress", "Registrar Is IP Address"),
        ("T1", "T1"),
    ],
)
def test_words(name: str, expected: str) -> None:
    assert title_of(name) == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("DNProperty", "DN property"),
        ("GoogleUsers", "Google users"),
        ("FirstName", "first name"),
        ("Sbcs", "SBCs"),
    ],
)
def test_phrase(name: str, expected: str) -> None:
    assert phrase_of(name) == expected


def test_every_name_of_the_api_comes_out_as_words() -> None:
    catalog = load_catalog()
    names = {name for schema in catalog.schema_names for name in catalog.properties(schema)}
    assert len(names) > 1500
    for name in names:
        made = title_of(name)
        assert re.fullmatch(r"[\w.-]+( [\w.-]+)*", made), name
        assert len(split_words(name)) >= 1
        # No word of the table below may be left in the API's casing.
        assert not re.search(r"\b(Id|Ids|Url|Uri|Dn|Did|Crm|Sip|Ip|Mac|Pbx|Api|Fqdn|Sms|Tls|Ssl)\b", made), (
            made
        )


@pytest.mark.parametrize(
    ("releases", "expected"),
    [
        (RELEASES, ""),
        (RELEASES[2:], "Since 3CX 20.0.6"),
        (RELEASES[3:], "Since 3CX 20.0.7"),
        (RELEASES[:1], "Only in 3CX 20.0.4"),
        (RELEASES[:3], "Only in 3CX 20.0.4 to 20.0.6"),
        (("20.0.4", "20.0.6"), "Only in 3CX 20.0.4 and 20.0.6"),
    ],
)
def test_availability(releases: tuple[str, ...], expected: str) -> None:
    assert describe_releases(releases, RELEASES) == expected
