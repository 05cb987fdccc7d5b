"""The rights of the Call Control API: which clients may use it, and which DNs they see.

A client sees its own DN, whose number is its ID, and the DNs that it monitors: those of its configuration, or else the
peers of its service principal.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..auth.roles import ALL_DNS, OWNER
from ..odata.errors import ODataError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..auth.roles import Client
    from ..odata.records import Record
    from ..pbx.pbx import Pbx


@dataclass(frozen=True, slots=True)
class Access:
    """The DNs that a client sees: its own, whose number is `client_id`, and those in `monitored`; None means all."""

    client_id: str
    monitored: Mapping[str, None] | None

    def sees(self, dn: str) -> bool:
        """Return whether the client sees a DN, if it exists."""
        return self.monitored is None or dn in self.monitored or dn == self.client_id


class Rights:
    """The rights of all clients of one PBX. `is_on` is whether the PBX has the API at all.

    With `owner_sees_all`, clients with the role System Owner see every DN.
    """

    def __init__(self, pbx: Pbx, *, is_on: bool, owner_sees_all: bool) -> None:
        self._pbx = pbx
        self._is_on = is_on
        self._owner_sees_all = owner_sees_all
        # The access of each client, with the version of its service principal from which it was built.
        self._known: dict[str, tuple[int, Access]] = {}

    def check(self, authorization: str) -> Access:
        """Return the access of a request by its Authorization header; raise ODataError (401, 403, 404)."""
        if not self._is_on:
            raise ODataError(404, "The Call Control API is turned off.")
        client_id = self._pbx.auth.find_client(authorization)
        if client_id is None or not self._pbx.auth.may_log_in(client_id):
            raise ODataError(
                401,
                "Unauthorized: the access token is missing, has expired, or was replaced by a newer one.",
                headers={"www-authenticate": "Bearer"},
            )
        access = self.find(client_id)
        if access is None:
            raise ODataError(403, f"Forbidden: the client {client_id} may not use the Call Control API.")
        return access

    def find(self, client_id: str) -> Access | None:
        """Return the access of a client, None if it has none."""
        if not self._pbx.auth.may_log_in(client_id):
            return None
        client = self._pbx.auth.clients.get(client_id)
        principal = self._find_principal(client_id)
        if not _has_right(client, principal):
            return None
        if self._owner_sees_all and self._pbx.auth.find_role(client_id) == OWNER:
            return Access(client_id, None)
        version = principal.version if principal is not None else 0
        known = self._known.get(client_id)
        # This is asked for each event.
        if known is None or known[0] != version:
            known = self._known[client_id] = version, _build_access(client_id, client, principal)
        return known[1]

    def list_dns(self, access: Access) -> list[str]:
        """Return the DNs that a client sees, its own first."""
        plan = self._pbx.entities.dial_plan
        if access.monitored is None:
            numbers = [dn.number for dn in plan.list_dns() if dn.set_name != "Groups"]
        else:
            numbers = [number for number in access.monitored if plan.find_by_number(number)]
        own = [access.client_id] if plan.find_by_number(access.client_id) else []
        return list(dict.fromkeys([*own, *numbers]))

    def check_dn(self, access: Access, dn: str) -> None:
        """Raise ODataError: 404 for a DN that does not exist, 403 for one that the client does not see."""
        if self._pbx.entities.dial_plan.find_by_number(dn) is None:
            raise ODataError(404, f"The DN {dn[:50]!r} does not exist.")
        if not access.sees(dn):
            raise ODataError(403, f"Forbidden: the client {access.client_id} does not monitor the DN {dn}.")

    def check_own(self, access: Access, dn: str) -> None:
        """Raise ODataError (403, 404) for every DN but the client's own."""
        self.check_dn(access, dn)
        if dn != access.client_id:
            raise ODataError(403, f"Forbidden: the audio of {dn} is not for the client {access.client_id}.")

    def _find_principal(self, client_id: str) -> Record | None:
        owner = self._pbx.store.find_owner(client_id)
        if owner is None or owner[0] != "ServicePrincipals":
            return None
        return self._pbx.store.get(*owner)


def _has_right(client: Client | None, principal: Record | None) -> bool:
    if client is not None and client.call_control is not None:
        return client.call_control
    if client is not None and client.monitored is not None:
        return True
    return principal is not None and bool(principal.value["CallControlEnabled"])


def _build_access(client_id: str, client: Client | None, principal: Record | None) -> Access:
    monitored = client.monitored if client is not None else None
    if monitored == ALL_DNS:
        return Access(client_id, None)
    if monitored is None:
        peers = principal.value["Peers"] if principal is not None else ()
        monitored = [peer["Number"] for peer in peers or ()]
    return Access(client_id, dict.fromkeys(monitored))
