"""Turn names of the API into names for people: "dnNumber" becomes "DN Number", or "DN number" in a sentence.

The generators use it, and the running executor for fields that no generated text describes. It needs no data but its
own tables.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

# Terms whose capitals do not follow the rule that a capital begins a word.
_TERMS = {
    "3CXFQDN": ("3CX", "FQDN"),
    "3CX": ("3CX",),
    "Microsoft365": ("Microsoft", "365"),
    "Office365": ("Office", "365"),
    "MS365": ("Microsoft", "365"),
    "M365": ("Microsoft", "365"),
    "OAuth": ("OAuth",),
    "Oauth": ("OAuth",),
    "OpenAI": ("OpenAI",),
    "OpenAi": ("OpenAI",),
    "OpenIdConnect": ("OpenID", "Connect"),
    "BigQuery": ("BigQuery",),
    "ReCaptcha": ("reCAPTCHA",),
    "E164": ("E.164",),
    "IPv4": ("IPv4",),
    "IpV4": ("IPv4",),
    "IPv6": ("IPv6",),
    "IpV6": ("IPv6",),
    "LlDp": ("LLDP",),
    "G711": ("G.711",),
    "T38": ("T.38",),
    "2FA": ("2FA",),
    "S3": ("S3",),
    "By3s": ("By", "Threes"),
    "BXfer": ("Blind", "Transfer"),
    "4o": ("4o",),
    "E1": ("E1",),
    "T1": ("T1",),
    "NaN": ("NaN",),
    "IPaddress": ("IP", "Address"),
    "SIPID": ("SIP", "ID"),
    "VMPIN": ("VM", "PIN"),
    "VMail": ("Voicemail",),
    "Vmail": ("Voicemail",),
    "EMail": ("Email",),
    "VMenu": ("Voicemail", "Menu"),
    "PublicIPinSIP": ("Public", "IP", "in", "SIP"),
    "SharePoint": ("SharePoint",),
    "MySql": ("MySQL",),
    "Postgre": ("PostgreSQL",),
    "AddressStr": ("Address",),
    "Pcalls": ("P-Calls",),
    "queueDnStr": ("Queue", "DNs"),
    "agentDnStr": ("Agent", "DNs"),
    "groupStr": ("Groups",),
    "IDs": ("IDs",),
    "DNs": ("DNs",),
    "IPs": ("IPs",),
    "URLs": ("URLs",),
    # Words that 3CX writes as one.
    "fileid": ("File", "ID"),
    "vectorid": ("Vector", "ID"),
    "sessionid": ("Session", "ID"),
    "useragent": ("User", "Agent"),
    "canchangemedia": ("Can", "Change", "Media"),
    "clicktocall": ("Click", "to", "Call"),
    "forcemoderator": ("Force", "Moderator"),
    "friendlyname": ("Friendly", "Name"),
    "hideparticipants": ("Hide", "Participants"),
    "meetingduration": ("Meeting", "Duration"),
    "meetingid": ("Meeting", "ID"),
    "meetingprofile": ("Meeting", "Profile"),
    "meetingtitle": ("Meeting", "Title"),
    "moderateparticipants": ("Moderate", "Participants"),
    "needorganizer": ("Need", "Organizer"),
    # 3CX's misspellings.
    "Retreive": ("Retrieve",),
    "GeCrmtTemplates": ("Get", "CRM", "Templates"),
    "Maintaince": ("Maintenance",),
    "Maintanance": ("Maintenance",),
    "Subcription": ("Subscription",),
    "Preffix": ("Prefix",),
    "Tunnnel": ("Tunnel",),
}
_ACRONYMS = """
    3CX ACL ACPRMSET AD AI API APIs BLF BLFs CA CDR CFD CID CORS CPU CRM CSV DB DCR DECT DHCP DID
    DIDs DN DND DNs DNS DTMF ENL ERP ETA FQDN FTP FXS GA GDPR GPT GPU GUID HD HTML HTTP HTTPS IAM IANA
    ID IDs IP IPs ISO IVR JSON JWKS LAN LED LLDP MAC MACs MCP MCU MOS MS OData OS PBX PIN PKCE PSTN
    QoS RFC RPC RPS RTP RTT SBC SBCs SFTP SIP SLA SMS SMTP SQL SRTP SSL SSO STUN TLS TTL UDP UI URI
    URIs URL URLs UUID VAD VLAN VM VoIP VTT XAPI XML
"""
# A word's own casing or its long form, by its lower case.
_CASED = {word.lower(): word for word in _ACRONYMS.split()}
_CASED |= {
    # In this API "dns" is always the plural of DN.
    "dns": "DNs",
    "addr": "Address",
    "avg": "Average",
    "dst": "Destination",
    "dt": "Date",
    "dur": "Duration",
    "fwd": "Forward",
    "ifaces": "Interfaces",
    "info": "Info",
    "infos": "Infos",
    "msg": "Message",
    "opts": "Options",
    "perc": "Percent",
    "prov": "Provisioning",
    "rec": "Recording",
    "reg": "Registration",
    "src": "Source",
    "sips": "SIPS",
    "cimd": "CIMD",
    "mac": "MAC",
    "macs": "MACs",
    "sid": "SID",
    "mcus": "MCUs",
    "tcx": "3CX",
}
# Names keep their capital in the middle of a sentence.
_PROPER = frozenset(
    ("Amazon", "Debian", "Fanvil", "Google", "Grandstream", "Grok", "Microsoft", "Snom", "Yealink")
)
# Words that are lower case inside a title; n8n's lint requires it.
_SMALL_WORDS = """
    a ad an and as at because but by en for if in neither nor of on only or over per so some than
    that the to up upon v versus via vs when with without yet
"""
_SMALL = frozenset(_SMALL_WORDS.split())
# Letters beyond ASCII have no rule of their own: a run with one of them is one word.
_OTHER_SCRIPTS = r"[^\W_]*[^\W\d_\x00-\x7f][^\W_]*"
_WORD = re.compile(
    "|".join(
        [
            _OTHER_SCRIPTS,
            *map(re.escape, sorted(_TERMS, key=len, reverse=True)),
            r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+",
        ]
    )
)


@lru_cache(maxsize=8192)
def split_words(name: str) -> tuple[str, ...]:
    """Return the words of a name, each capitalized or in the case of its term: `("DN", "Number")`."""
    found: list[str] = []
    for match in _WORD.finditer(name):
        word = match.group()
        found += _TERMS.get(word) or (_CASED.get(word.lower()) or word[0].upper() + word[1:].lower(),)
    return tuple(found) or (name,)


def title_of(name: str) -> str:
    """Return a name as a title: "periodFrom" becomes "Period From", "Id" "ID", "MusicOnHold" "Music on Hold"."""
    return join_title(split_words(name))


def phrase_of(name: str) -> str:
    """Return a name as it is written inside a sentence: "DNProperty" becomes "DN property"."""
    return " ".join(lower_words(split_words(name)))


def lower_words(parts: Iterable[str]) -> list[str]:
    """Return words as they are written inside a sentence: lower case, except terms and proper names."""
    return [part if _keeps_case(part) else part.lower() for part in parts]


def join_title(parts: Sequence[str]) -> str:
    """Return words as a title; prepositions, articles and conjunctions inside it are lower case."""
    last = len(parts) - 1
    return " ".join(
        part.lower() if part.lower() in _SMALL and 0 < position < last else part
        for position, part in enumerate(parts)
    )


def describe_releases(releases: Sequence[str], known: Sequence[str]) -> str:
    """Return in words which of the `known` releases have something, and an empty text where all have it.

    Examples: "Since 3CX 20.0.9", "Only in 3CX 20.0.4 to 20.0.8", "Only in 3CX 20.0.6".
    """
    positions = [known.index(release) for release in releases]
    if len(positions) == len(known):
        return ""
    first, last = positions[0], positions[-1]
    if last - first + 1 != len(positions):
        return f"Only in 3CX {', '.join(releases[:-1])} and {releases[-1]}"
    if last == len(known) - 1:
        return f"Since 3CX {releases[0]}"
    return f"Only in 3CX {releases[0]}" + (f" to {releases[-1]}" if first != last else "")


def _keeps_case(part: str) -> bool:
    return (
        part in _PROPER
        or any(letter.isupper() or letter.isdigit() for letter in part[1:])
        or part[:1].isdigit()
    )
