"""Accounts of a directory elsewhere (Microsoft 365, Google): those of the office's own people, page by page."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from ..dialplan import display_name
from .common import made, set_records

if TYPE_CHECKING:
    from ..pbx import Pbx
    from ..state import Entity

_NAMESPACE = uuid.UUID("7f6f2f2e-3b5e-5c0e-9a52-0e8f2f6d1c11")
_PAGE = 100


def accounts(pbx: Pbx) -> list[Entity]:
    """One account for every user with an e-mail address."""
    return [
        {
            "Id": external_id(user["EmailAddress"]),
            "Email": user["EmailAddress"],
            "Name": display_name("Users", user),
        }
        for user in set_records(pbx, "Users")
        if user["EmailAddress"]
    ]


def groups(pbx: Pbx) -> list[Entity]:
    """One group for every group of the PBX."""
    return [
        {"Id": external_id(group["Number"]), "DisplayName": group["Name"] or "", "Description": ""}
        for group in set_records(pbx, "Groups")
    ]


def page(pbx: Pbx, schema: str, member: str, rows: list[Entity], options: Entity | None) -> Entity:
    """A page of rows: those that hold `Search`, `Count` of them, from where `NextPageToken` says."""
    options = options or {}
    wanted = (options.get("Search") or "").casefold()
    found = [row for row in rows if not wanted or any(wanted in str(v).casefold() for v in row.values())]
    token = options.get("NextPageToken") or ""
    start = int(token) if token.isdecimal() and len(token) < 9 else max(0, options.get("Start") or 0)
    count = options.get("Count") or 0
    end = start + (count if 0 < count <= _PAGE else _PAGE)
    following = str(end) if end < len(found) else None
    return made(pbx, schema, **{member: found[start:end], "NextPageToken": following, "Total": len(found)})


def external_id(name: str) -> str:
    """The id that a name has elsewhere: always the same."""
    return str(uuid.uuid5(_NAMESPACE, name))
