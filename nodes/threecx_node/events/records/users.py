"""Follows users: the list is compared with how it was before, because a user has no time of change."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from ...errors import ResponseError
from ...values.row_values import read_number, read_text
from .rows import Query
from .snapshot import Snapshot
from .source import Findings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .rows import Row
    from .snapshot import Change
    from .source import Request

USER_CREATED, USER_UPDATED, USER_DELETED = "user.created", "user.updated", "user.deleted"
OPERATION = "ListUser"
# The fields in the API and in events, in the order of the digests.
_FIELDS: Mapping[str, str] = {
    "Number": "number",
    "FirstName": "firstName",
    "LastName": "lastName",
    "DisplayName": "displayName",
    "EmailAddress": "email",
    "Mobile": "mobile",
    "Enabled": "enabled",
    "OutboundCallerID": "outboundCallerId",
    "Language": "language",
    "CurrentProfileName": "profile",
}
_WAIT = 60.0
# Seconds for each user: a list of 10,000 takes 100 requests, and is read every ten minutes.
_WAIT_PER_USER = 0.06
_CONFIRM = 10.0


class Users:
    """The source of changes of users."""

    types = frozenset({USER_CREATED, USER_UPDATED, USER_DELETED})
    name = "users"
    title = "users"
    right = "the role System Administrator or System Owner"

    def forget(self) -> None:
        """Forget nothing: all that is known is in the cursor."""

    def probe(self, release: str) -> Query:  # noqa: ARG002 (the same in all releases)
        """Return a query of one row."""
        return Query(OPERATION, select=("Id",), top=1)

    async def poll(self, request: Request) -> Findings:
        """Return the changes. Raises ThreeCxError."""
        rows = await request.reader.read(Query(OPERATION, select=("Id", *_FIELDS)))
        users = {str(row["Id"]): row for row in rows if read_number(row.get("Id"))}
        wait = max(_WAIT, len(users) * _WAIT_PER_USER)
        if request.cursor is None:
            snapshot = Snapshot(f"{request.utc_now:%Y%m%dT%H%M%S}")
            await asyncio.to_thread(snapshot.begin, users, tuple(_FIELDS))
            snapshot.labels = _read_numbers(users)
            return Findings(snapshot.to_json(), wait)
        snapshot = Snapshot.from_json(request.cursor)
        if not users and snapshot.entries:
            # There is always at least one: the client does not see them any more.
            raise ResponseError(
                "the list of users is empty",
                description="Check the role and the department of the API client in Admin > Integrations > API.",
                code="users_not_visible",
            )
        # Many users take a while, in which other events must not wait.
        changes = await asyncio.to_thread(snapshot.compare, users, tuple(_FIELDS))
        snapshot.labels |= _read_numbers(users)
        events = [
            _build_event(request, each, users.get(each.key))
            for each in changes
            if f"user.{each.kind}" in request.types
        ]
        return Findings(snapshot.to_json(), _CONFIRM if snapshot.has_missing else wait, events)


def _read_numbers(users: Mapping[str, Row]) -> dict[str, str]:
    return {key: number for key, row in users.items() if (number := read_text(row.get("Number")))}


def _build_event(request: Request, change: Change, row: Row | None) -> Any:
    user: dict[str, Any] = {"id": int(change.key)}
    for name, shown in _FIELDS.items():
        value = row.get(name) if row is not None else None
        if value not in (None, ""):
            user[shown] = value
    if change.kind == "updated":
        user["changedFields"] = [_FIELDS[name] for name in change.fields]
    key = f"users/{change.key}"
    extension = read_text(row.get("Number")) if row is not None else change.label
    if row is None and extension:
        user["number"] = extension
    data = {"extension": extension, "user": user}
    return request.build(
        f"user.{change.kind}", request.utc_now, f"{key}/{change.kind}/{change.mark}", key, data
    )
