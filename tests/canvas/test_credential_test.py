"""The test of a credential: what the client may read, and whether it may use Call Control."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest

from tests.support import FakePbx
from threecx_credentials.check import CheckResult
from threecx_node.canvas.credential_test import check_client
from threecx_node.errors import LoginError

DNS = httpx.Response(200, json=[{"dn": "900"}])


def check(**responses: Any) -> CheckResult:
    """Test the credential of a PBX in which the last part of a path has this status, response or error."""

    def answer(request: httpx.Request) -> httpx.Response:
        value = responses.get(request.url.path.rpartition("/")[2], 200)
        if isinstance(value, Exception):
            raise value
        return value if isinstance(value, httpx.Response) else httpx.Response(value, json={"value": []})

    async def main() -> CheckResult:
        async with FakePbx(answer).executor() as executor:
            return await check_client(executor.client)

    return asyncio.run(main())


@pytest.mark.parametrize(
    ("responses", "rights", "may"),
    [
        ({"callcontrol": DNS}, "System Owner, with Call Control", ("users", "callHistory", "callControl")),
        ({"callcontrol": 403}, "System Owner", ("users", "callHistory")),
        ({"callcontrol": DNS, "CallHistoryView": 403}, "System Administrator, with Call Control", None),
        ({"Users": 403, "CallHistoryView": 403, "callcontrol": 404}, "User", ()),
        ({"Defs": 403, "callcontrol": DNS}, "Call Control only", ("callControl",)),
        # Neither is an error: the Configuration API works without it.
        ({"callcontrol": httpx.ReadTimeout("late")}, "System Owner", ("users", "callHistory")),
        ({"callcontrol": 401}, "System Owner", ("users", "callHistory")),
        # A page, or an object, is not from 3CX.
        ({"callcontrol": httpx.Response(200, text="<html>")}, "System Owner", ("users", "callHistory")),
        ({"callcontrol": 200}, "System Owner", ("users", "callHistory")),
    ],
)
def test_rights(responses: dict[str, Any], rights: str, may: tuple[str, ...] | None) -> None:
    result = check(**responses)
    assert (result.ok, result.describe_rights()) == (True, rights)
    if may is not None:
        assert tuple(name for name, allowed in result.may.items() if allowed) == may


@pytest.mark.parametrize("responses", [{"Defs": 403, "callcontrol": 403}, {"Defs": 404}, {"Defs": 500}])
def test_a_client_without_any_right(responses: dict[str, Any]) -> None:
    with pytest.raises(LoginError):
        check(**responses)
