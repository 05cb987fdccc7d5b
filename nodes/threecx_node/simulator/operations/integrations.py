"""Google, Amazon, CRM systems, the data connector, syslog, mail, website links: what they are asked."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from ..files import FileAnswer
from ..refusals import ALREADY_IN_USE, INVALID, Problem, refuse
from ..registry import Call, handles
from .accounts import accounts, page
from .common import DOCUMENTS, keep, made, new_secret, not_found, now, required, set_records

if TYPE_CHECKING:
    from ..pbx import Pbx
    from ..state import Entity

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_CRM_PHONES = {
    "PhoneNumber": "PhoneMobile",
    "Mobile2": "PhoneMobile2",
    "Home": "PhoneHome",
    "Business": "PhoneBusiness",
    "Business2": "PhoneBusiness2",
    "Other": "PhoneOther",
    "Pager": "Pager",
}
_CRM_SAME = ("CompanyName", "Department", "Email", "FirstName", "LastName", "Title")


@handles("GetGoogleUsers")
def _google_users(pbx: Pbx, call: Call) -> Entity:
    return page(pbx, "Pbx.ExternalAccountsPage", "Users", accounts(pbx), call.body.get("options"))


@handles("GenerateIamPolicyFile")
def _iam_policy(_pbx: Pbx, _call: Call) -> FileAnswer:
    actions = ["s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:ListBucket"]
    policy = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": actions, "Resource": ["arn:aws:s3:::pbx-archive"]}],
    }
    # As bytes of a file, not as an answer of the API: a client saves it and gives it to Amazon.
    return FileAnswer(json.dumps(policy, indent=2).encode(), "application/octet-stream", "iam-policy.json")


@handles("GeCrmtTemplates")
def _crm_templates(pbx: Pbx, _call: Call) -> list[Entity]:
    return set_records(pbx, "CrmTemplates")


@handles("GetCrmTemplateSource")
def _crm_source(pbx: Pbx, call: Call) -> Entity:
    name = pbx.entities.record("CrmTemplates", call.arguments["name"], "name").value["Name"]
    text = f'<?xml version="1.0"?>\n<Crm Name="{name}" Version="1" />\n'
    return made(pbx, "Pbx.CrmTemplateSource", Value=text)


@handles("GetOAuth")
def _crm_oauth(pbx: Pbx, call: Call) -> Entity:
    kept = pbx.store.get(DOCUMENTS, _oauth_name(call.arguments["variable"]))
    return made(
        pbx, "Pbx.CrmChoice", Key=call.arguments["variable"], Value=kept.value["State"] if kept else ""
    )


@handles("SetOAuthState")
def _set_crm_oauth(pbx: Pbx, call: Call) -> Entity:
    given = required(call, "state")
    state = new_secret()
    keep(pbx, _oauth_name(given["Variable"]), {"State": state})
    return made(
        pbx,
        "Pbx.OauthState",
        State=state,
        CodeChallenge=new_secret() if given.get("PKCECodeVerifier") else None,
    )


@handles("Test")
def _crm_test(pbx: Pbx, call: Call) -> Entity:
    """Looks the number, text or address up in the PBX's own contacts, as the CRM would in its."""
    # Before release 20.0.10 a number was all that could be looked up.
    mode = call.body.get("mode") or "PhoneExact"
    wanted = (call.body.get("number") if mode == "PhoneExact" else call.body.get("query")) or ""
    found = [
        _crm_contact(contact) for contact in set_records(pbx, "Contacts") if _matches(contact, mode, wanted)
    ]
    message = f"{len(found)} found"
    log = f"{now()} {mode} {wanted!r}: {message}"
    return made(pbx, "Pbx.CrmTestResult", IsError=False, Log=log, Message=message, SearchResult=found)


@handles("Synchronize")
def _synchronize(pbx: Pbx, _call: Call) -> None:
    keep(pbx, "data connector", {"SynchronizedAt": now()})


@handles("TestDataConnector")
def _test_connector(_pbx: Pbx, _call: Call) -> None:
    return None


@handles("TestConnection")
def _test_syslog(_pbx: Pbx, call: Call) -> None:
    required(call, "config")


@handles("TestEmail")
def _test_email(pbx: Pbx, call: Call) -> Entity:
    email = call.body.get("email")
    success = not email or _EMAIL.fullmatch(email) is not None
    error = None if success else "The address is not one."
    return made(pbx, "Pbx.TestResult", Success=success, Error=error)


@handles("SendEmail")
def _send_email(_pbx: Pbx, call: Call) -> None:
    if not _EMAIL.fullmatch(required(call, "sendEmail")["Destination"]):
        raise refuse(400, Problem("sendEmail/Destination", INVALID))


@handles("ValidateLink")
def _validate_link(pbx: Pbx, call: Call) -> None:
    """204 where a website link may have this name."""
    name = required(call, "model")["FriendlyName"]
    if pbx.store.get("WebsiteLinks", name) is not None:
        raise refuse(400, Problem("FriendlyName", ALREADY_IN_USE))


def _oauth_name(variable: str) -> str:
    if not variable:
        raise not_found("variable")
    return f"crm oauth {variable}"


def _matches(contact: Entity, mode: str, wanted: str) -> bool:
    if not wanted:
        return False
    if mode == "PhoneExact":
        return any(contact.get(name) == wanted for name in _CRM_PHONES)
    if mode == "Email":
        return bool(contact["Email"]) and contact["Email"].casefold() == wanted.casefold()
    texts = (contact.get(name) or "" for name in (*_CRM_SAME, *_CRM_PHONES))
    return any(wanted.casefold() in text.casefold() for text in texts)


def _crm_contact(contact: Entity) -> dict[str, Any]:
    same = {name: contact[name] for name in _CRM_SAME}
    return {**same, **{crm: contact[name] for name, crm in _CRM_PHONES.items()}}
