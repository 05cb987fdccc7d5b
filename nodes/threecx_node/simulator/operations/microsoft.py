"""Microsoft 365 and Teams: accounts, groups, presence, the scripts that an administrator runs there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..files import FileAnswer
from ..registry import Call, handles
from .accounts import accounts, external_id, groups, page
from .common import keep, made, new_secret, required, set_records

if TYPE_CHECKING:
    from ..pbx import Pbx
    from ..state import Entity

_PRESENCE = "microsoft presence"


@handles("GetM365Users", "GetUsers")
def _users(pbx: Pbx, call: Call) -> Entity:
    return page(pbx, call.route.shape.returns.type, "Users", accounts(pbx), call.body.get("options"))


@handles("GetM365Groups")
def _groups(pbx: Pbx, call: Call) -> Entity:
    return page(pbx, call.route.shape.returns.type, "Groups", groups(pbx), call.body.get("options"))


@handles("GetUsersByPrincipalNames")
def _users_by_name(pbx: Pbx, call: Call) -> list[Entity]:
    wanted = {name.casefold() for name in required(call, "principalNames")}
    return [account for account in accounts(pbx) if account["Email"].casefold() in wanted]


@handles("GetMicrosoft365Directory")
def _directory(pbx: Pbx, _call: Call) -> Entity:
    application = pbx.views.singleton("Microsoft365Integration").value["ApplicationId"]
    return made(
        pbx,
        "Pbx.Microsoft365Status",
        ApplicationId=application or external_id("application"),
        ProvisionUrl="https://office.example/m365",
    )


@handles("GetMicrosoftAccessToken")
def _access_token(_pbx: Pbx, _call: Call) -> str:
    return new_secret()


@handles("AuthorizePresence", "DeauthorizePresence")
def _presence(pbx: Pbx, call: Call) -> None:
    keep(pbx, _PRESENCE, {"Authorized": call.route.operation.id == "AuthorizePresence"})


@handles("TestPresence")
def _test_presence(_pbx: Pbx, _call: Call) -> None:
    return None


@handles("TestSubscription")
def _test_subscription(pbx: Pbx, _call: Call) -> Entity:
    return made(
        pbx, "Pbx.Microsoft365SubscriptionTestResult", Fqdn="office.example", IsSubscriptionAvailable=True
    )


@handles("CheckFqdnRecord")
def _check_fqdn(_pbx: Pbx, call: Call) -> bool:
    return "." in call.arguments["fqdn"].strip(".")


@handles("CheckMapUsersScript")
def _check_script(pbx: Pbx, _call: Call) -> bool:
    return any(user["MS365TeamsEnabled"] for user in set_records(pbx, "Users"))


@handles("GetDialPlanScript")
def _dial_plan_script(_pbx: Pbx, _call: Call) -> FileAnswer:
    text = "# Lets Teams send what it dials to the PBX.\nNew-CsTenantDialPlan -Identity 'PBX'\n"
    return FileAnswer(text.encode(), "text/plain", "dial-plan.ps1")


@handles("GetMapUsersScript")
def _map_users_script(pbx: Pbx, _call: Call) -> FileAnswer:
    lines = ["# Gives every user the number of the extension."]
    for user in set_records(pbx, "Users"):
        if user["EmailAddress"]:
            name, number = user["EmailAddress"].replace("'", "''"), user["Number"]
            lines.append(
                f"Set-CsPhoneNumberAssignment -Identity '{name}' -PhoneNumber '{number}' "
                "-PhoneNumberType DirectRouting"
            )
    return FileAnswer(("\n".join(lines) + "\n").encode(), "text/plain", "map-users.ps1")
