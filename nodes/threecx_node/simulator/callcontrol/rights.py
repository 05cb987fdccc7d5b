"""The rights of the Call Control API: which clients may use it, and which DNs they see.

A client sees its own DN, whose number is its ID, and the DNs that it monitors: those of its configuration, or else the
peers of its service principal.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..auth.roles import ALL_DNS, OWNER
from ..odata.errors import ODataError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..pbx.pbx import Pbx


@dataclass(frozen=True, slots=True)
class Access:
    """The DNs that a client sees, its own first, in the order of lists; `client_id` is the number of its own DN."""

    client_id: str
    dns: tuple[str, ...]

    def sees(self, dn: str) -> bool:
        """Return whether the client sees a DN."""
        return dn in self.dns


class Rights:
    """The rights of all clients of one PBX. `is_on` is whether the PBX has the API at all.

    With `owner_sees_all`, clients with the role System Owner see every DN.
    """

    def __init__(self, pbx: Pbx, *, is_on: bool, owner_sees_all: bool) -> None:
        self._pbx = pbx
        self._is_on = is_on
        self._owner_sees_all = owner_sees_all
        self._known: dict[str, tuple[int, Access | None]] = {}

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
        version = self._pbx.store.version
        known = self._known.get(client_id)
        if known is None or known[0] != version:
            known = version, self._build(client_id)
            self._known[client_id] = known
        return known[1]

    def check_dn(self, access: Access, dn: str) -> None:
        """Raise ODataError: 404 for a DN that does not exist, 403 for one that the client does not see."""
        if access.sees(dn):
            return
        if self._pbx.entities.dial_plan.find_by_number(dn) is None:
            raise ODataError(404, f"The DN {dn[:50]!r} does not exist.")
        raise ODataError(403, f"Forbidden: the client {access.client_id} does not monitor the DN {dn}.")

    def check_own(self, access: Access, dn: str) -> None:
        """Raise ODataError (403, 404) for every DN but the client's own."""
        self.check_dn(access, dn)
        if dn != access.client_id:
            raise ODataError(403, f"Forbidden: the audio of {dn} is not for the client {access.client_id}.")

    def _build(self, client_id: str) -> Access | None:
        if not self._pbx.auth.may_log_in(client_id):
            return None
        client = self._pbx.auth.clients.get(client_id)
        principal = self._find_principal(client_id)
        monitored = client.monitored if client is not None else None
        allowed = client.call_control if client is not None else None
        if allowed is None:
            has_right = principal is not None and bool(principal["CallControlEnabled"])
            allowed = monitored is not None or has_right
        if not allowed:
            return None
        if monitored is None:
            monitored = [peer["Number"] for peer in (principal or {}).get("Peers") or ()]
        plan = self._pbx.entities.dial_plan
        sees_all = self._owner_sees_all and self._pbx.auth.find_role(client_id) == OWNER
        if sees_all or monitored == ALL_DNS:
            monitored = [dn.number for dn in plan.list_dns() if dn.set_name != "Groups"]
        wanted = dict.fromkeys([client_id, *monitored])
        return Access(client_id, tuple(number for number in wanted if plan.find_by_number(number)))

    def _find_principal(self, client_id: str) -> Mapping[str, Any] | None:
        owner = self._pbx.store.find_owner(client_id)
        if owner is None or owner[0] != "ServicePrincipals":
            return None
        record = self._pbx.store.get(*owner)
        return record.value if record is not None else None
