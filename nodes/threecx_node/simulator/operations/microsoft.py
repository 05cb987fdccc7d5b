"""Microsoft 365 and Teams: accounts, groups, presence, the scripts for an administrator."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..http.files import FileDownload
from .accounts import build_account_page, derive_external_id, list_accounts, list_groups
from .common import build_entity, generate_secret, list_entities, require, store_document
from .dispatch import Invocation, handles

if TYPE_CHECKING:
    from ..odata.records import Entity
    from ..pbx.pbx import Pbx

_PRESENCE = "microsoft presence"


@handles("GetM365Users", "GetUsers")
def _list_users(pbx: Pbx, invocation: Invocation) -> Entity:
    return build_account_page(
        pbx,
        invocation.route.version.returns.type,
        "Users",
        list_accounts(pbx),
        invocation.body.get("options"),
    )


@handles("GetM365Groups")
def _list_groups(pbx: Pbx, invocation: Invocation) -> Entity:
    return build_account_page(
        pbx, invocation.route.version.returns.type, "Groups", list_groups(pbx), invocation.body.get("options")
    )


@handles("GetUsersByPrincipalNames")
def _list_users_by_name(pbx: Pbx, invocation: Invocation) -> list[Entity]:
    wanted = {name.casefold() for name in require(invocation, "principalNames")}
    return [account for account in list_accounts(pbx) if account["Email"].casefold() in wanted]


@handles("GetMicrosoft365Directory")
def _get_directory(pbx: Pbx, _invocation: Invocation) -> Entity:
    application = pbx.views.singleton("Microsoft365Integration").value["ApplicationId"]
    return build_entity(
        pbx,
        "Pbx.Microsoft365Status",
        ApplicationId=application or derive_external_id("application"),
        ProvisionUrl="https://office.example/m365",
    )


@handles("GetMicrosoftAccessToken")
def _issue_access_token(_pbx: Pbx, _invocation: Invocation) -> str:
    return generate_secret()


@handles("AuthorizePresence", "DeauthorizePresence")
def _authorize_presence(pbx: Pbx, invocation: Invocation) -> None:
    store_document(pbx, _PRESENCE, {"Authorized": invocation.route.operation.id == "AuthorizePresence"})


@handles("TestPresence")
def _test_presence(_pbx: Pbx, _invocation: Invocation) -> None:
    return None


@handles("TestSubscription")
def _test_subscription(pbx: Pbx, _invocation: Invocation) -> Entity:
    return build_entity(
        pbx, "Pbx.Microsoft365SubscriptionTestResult", Fqdn="office.example", IsSubscriptionAvailable=True
    )


@handles("CheckFqdnRecord")
def _check_fqdn(_pbx: Pbx, invocation: Invocation) -> bool:
    return "." in invocation.arguments["fqdn"].strip(".")


@handles("CheckMapUsersScript")
def _check_script(pbx: Pbx, _invocation: Invocation) -> bool:
    return any(user["MS365TeamsEnabled"] for user in list_entities(pbx, "Users"))


@handles("GetDialPlanScript")
def _build_dial_plan_script(_pbx: Pbx, _invocation: Invocation) -> FileDownload:
    text = "# Lets Teams send what it dials to the PBX.\nNew-CsTenantDialPlan -Identity 'PBX'\n"
    return FileDownload(text.encode(), "text/plain", "dial-plan.ps1")


@handles("GetMapUsersScript")
def _build_map_users_script(pbx: Pbx, _invocation: Invocation) -> FileDownload:
    lines = ["# Gives every user the number of the extension."]
    for user in list_entities(pbx, "Users"):
        if user["EmailAddress"]:
            name, number = user["EmailAddress"].replace("'", "''"), user["Number"]
            lines.append(
                f"Set-CsPhoneNumberAssignment -Identity '{name}' -PhoneNumber '{number}' "
                "-PhoneNumberType DirectRouting"
            )
    return FileDownload(("\n".join(lines) + "\n").encode(), "text/plain", "map-users.ps1")
