"""The accounts of an external directory (Microsoft 365, Google): one for each user of the PBX."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from ..pbx.dial_plan import build_display_name
from .common import build_entity, list_entities

if TYPE_CHECKING:
    from ..odata.records import Entity
    from ..pbx.pbx import Pbx

_NAMESPACE = uuid.UUID("7f6f2f2e-3b5e-5c0e-9a52-0e8f2f6d1c11")
_PAGE = 100


def list_accounts(pbx: Pbx) -> list[Entity]:
    """Return one account for every user with an email address."""
    return [
        {
            "Id": derive_external_id(user["EmailAddress"]),
            "Email": user["EmailAddress"],
            "Name": build_display_name("Users", user),
        }
        for user in list_entities(pbx, "Users")
        if user["EmailAddress"]
    ]


def list_groups(pbx: Pbx) -> list[Entity]:
    """Return one group for every group of the PBX."""
    return [
        {"Id": derive_external_id(group["Number"]), "DisplayName": group["Name"] or "", "Description": ""}
        for group in list_entities(pbx, "Groups")
    ]


def build_account_page(
    pbx: Pbx, schema: str, member: str, rows: list[Entity], options: Entity | None
) -> Entity:
    """Return a page of the rows that contain `Search`: `Count` of them, starting at `NextPageToken`."""
    options = options or {}
    wanted = (options.get("Search") or "").casefold()
    found = [row for row in rows if not wanted or any(wanted in str(v).casefold() for v in row.values())]
    token = options.get("NextPageToken") or ""
    start = int(token) if token.isdecimal() and len(token) < 9 else max(0, options.get("Start") or 0)
    count = options.get("Count") or 0
    end = start + (count if 0 < count <= _PAGE else _PAGE)
    following = str(end) if end < len(found) else None
    return build_entity(
        pbx, schema, **{member: found[start:end], "NextPageToken": following, "Total": len(found)}
    )


def derive_external_id(name: str) -> str:
    """Return the external id of a name, which never changes."""
    return str(uuid.uuid5(_NAMESPACE, name))
