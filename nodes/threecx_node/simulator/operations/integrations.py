"""Integrations: Google, Amazon, CRM systems, the data connector, syslog, email, website links."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from ..http.files import FileDownload
from ..odata.errors import ALREADY_IN_USE, INVALID, EntityNotFoundError, ErrorDetail, ODataError
from .accounts import build_account_page, list_accounts
from .common import (
    DOCUMENTS,
    build_entity,
    format_now,
    generate_secret,
    list_entities,
    require,
    store_document,
)
from .dispatch import Invocation, handles

if TYPE_CHECKING:
    from ..odata.records import Entity
    from ..pbx.pbx import Pbx

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
def _list_google_users(pbx: Pbx, invocation: Invocation) -> Entity:
    return build_account_page(
        pbx, "Pbx.ExternalAccountsPage", "Users", list_accounts(pbx), invocation.body.get("options")
    )


@handles("GenerateIamPolicyFile")
def _generate_iam_policy(_pbx: Pbx, _invocation: Invocation) -> FileDownload:
    actions = ["s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:ListBucket"]
    policy = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": actions, "Resource": ["arn:aws:s3:::pbx-archive"]}],
    }
    # A file, not a JSON response of the API: a client saves it for Amazon.
    return FileDownload(json.dumps(policy, indent=2).encode(), "application/octet-stream", "iam-policy.json")


@handles("GeCrmtTemplates")
def _list_crm_templates(pbx: Pbx, _invocation: Invocation) -> list[Entity]:
    return list_entities(pbx, "CrmTemplates")


@handles("GetCrmTemplateSource")
def _get_crm_source(pbx: Pbx, invocation: Invocation) -> Entity:
    name = pbx.entities.record("CrmTemplates", invocation.arguments["name"], "name").value["Name"]
    text = f'<?xml version="1.0"?>\n<Crm Name="{name}" Version="1" />\n'
    return build_entity(pbx, "Pbx.CrmTemplateSource", Value=text)


@handles("GetOAuth")
def _get_crm_oauth(pbx: Pbx, invocation: Invocation) -> Entity:
    kept = pbx.store.get(DOCUMENTS, _name_oauth_document(invocation.arguments["variable"]))
    return build_entity(
        pbx, "Pbx.CrmChoice", Key=invocation.arguments["variable"], Value=kept.value["State"] if kept else ""
    )


@handles("SetOAuthState")
def _set_crm_oauth(pbx: Pbx, invocation: Invocation) -> Entity:
    given = require(invocation, "state")
    state = generate_secret()
    store_document(pbx, _name_oauth_document(given["Variable"]), {"State": state})
    return build_entity(
        pbx,
        "Pbx.OauthState",
        State=state,
        CodeChallenge=generate_secret() if given.get("PKCECodeVerifier") else None,
    )


@handles("Test")
def _test_crm(pbx: Pbx, invocation: Invocation) -> Entity:
    """Look a number, text or address up in the PBX's own contacts, in place of the CRM's."""
    # Before release 20.0.10, only numbers could be looked up.
    mode = invocation.body.get("mode") or "PhoneExact"
    wanted = (invocation.body.get("number") if mode == "PhoneExact" else invocation.body.get("query")) or ""
    found = [
        _build_crm_contact(contact)
        for contact in list_entities(pbx, "Contacts")
        if _matches_query(contact, mode, wanted)
    ]
    message = f"{len(found)} found"
    log = f"{format_now()} {mode} {wanted!r}: {message}"
    return build_entity(pbx, "Pbx.CrmTestResult", IsError=False, Log=log, Message=message, SearchResult=found)


@handles("Synchronize")
def _synchronize(pbx: Pbx, _invocation: Invocation) -> None:
    store_document(pbx, "data connector", {"SynchronizedAt": format_now()})


@handles("TestDataConnector")
def _test_connector(_pbx: Pbx, _invocation: Invocation) -> None:
    return None


@handles("TestConnection")
def _test_syslog(_pbx: Pbx, invocation: Invocation) -> None:
    require(invocation, "config")


@handles("TestEmail")
def _test_email(pbx: Pbx, invocation: Invocation) -> Entity:
    email = invocation.body.get("email")
    success = not email or _EMAIL.fullmatch(email) is not None
    error = None if success else "The address is not valid."
    return build_entity(pbx, "Pbx.TestResult", Success=success, Error=error)


@handles("SendEmail")
def _send_email(_pbx: Pbx, invocation: Invocation) -> None:
    if not _EMAIL.fullmatch(require(invocation, "sendEmail")["Destination"]):
        raise ODataError.of(400, ErrorDetail("sendEmail/Destination", INVALID))


@handles("ValidateLink")
def _validate_link(pbx: Pbx, invocation: Invocation) -> None:
    """Raise ODataError (400) if a website link already has this name."""
    name = require(invocation, "model")["FriendlyName"]
    if pbx.store.get("WebsiteLinks", name) is not None:
        raise ODataError.of(400, ErrorDetail("FriendlyName", ALREADY_IN_USE))


def _name_oauth_document(variable: str) -> str:
    if not variable:
        raise EntityNotFoundError("variable")
    return f"crm oauth {variable}"


def _matches_query(contact: Entity, mode: str, wanted: str) -> bool:
    if not wanted:
        return False
    if mode == "PhoneExact":
        return any(contact.get(name) == wanted for name in _CRM_PHONES)
    if mode == "Email":
        return bool(contact["Email"]) and contact["Email"].casefold() == wanted.casefold()
    texts = (contact.get(name) or "" for name in (*_CRM_SAME, *_CRM_PHONES))
    return any(wanted.casefold() in text.casefold() for text in texts)


def _build_crm_contact(contact: Entity) -> dict[str, Any]:
    same = {name: contact[name] for name in _CRM_SAME}
    return {**same, **{crm: contact[name] for name, crm in _CRM_PHONES.items()}}
